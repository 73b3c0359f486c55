package launch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, script string) (*Process, string) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	p, err := Start(Spec{Name: "p", Executable: "/bin/sh", Arguments: []string{"-c", script}, LogFile: log})
	if err != nil {
		t.Fatal(err)
	}
	return p, log
}

func TestProcess_TellsOfItsEnd(t *testing.T) {
	p, log := start(t, "echo out; echo err >&2; exit 3")
	<-p.Done()
	content, err := os.ReadFile(log)
	if err != nil || string(content) != "out\nerr\n" || p.Outcome() != "exit status 3" {
		t.Errorf("log %q, outcome %q, %v", content, p.Outcome(), err)
	}
}

func TestProcess_StopAsksFirst(t *testing.T) {
	p, _ := start(t, "cat >/dev/null") // ends with its standard input
	if err := p.Stop(10 * time.Second); err != nil {
		t.Error(err)
	}
}

func TestProcess_StopKillsAtLast(t *testing.T) {
	p, log := start(t, "trap '' TERM; echo deaf; while :; do read x; done")
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for content := ""; content == ""; <-look.C { // until the trap is set
		read, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		content = string(read)
	}
	err := p.Stop(100 * time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "was killed") {
		t.Errorf("answers %v", err)
	}
}
