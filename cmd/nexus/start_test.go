package main

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/hivellm/nexus/cmd/nexus/config"
)

func TestExplainStart_SaysWhatToDo(t *testing.T) {
	c := &config.Config{DataDir: "/data/n1"}
	for says, cause := range map[string]error{
		"the disk under /data/n1 is full": fmt.Errorf("open the machine: %w", syscall.ENOSPC),
		"another process listens there":   fmt.Errorf("open http.listen: %w", syscall.EADDRINUSE),
		"start it as the files' owner":    &fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission},
		"needs its whole folder":          &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist},
	} {
		err := explainStart(cause, c)
		if !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), cause.Error()) {
			t.Errorf("%v is told as %v", cause, err)
		}
	}
}

func TestLockData_OneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	lock, err := lockData(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockData(dir); err == nil || !strings.Contains(err.Error(), "in use by process "+strconv.Itoa(os.Getpid())) {
		t.Errorf("a second lock answers %v", err)
	}
	if err := lock.release(); err != nil {
		t.Fatal(err)
	}
	again, err := lockData(dir)
	if err != nil {
		t.Fatalf("after the release: %v", err)
	}
	if err := again.release(); err != nil {
		t.Error(err)
	}
}

func TestHumanBytes(t *testing.T) {
	for text, want := range map[string]string{"0": "0 B", "1023": "1023 B", "1536": "1.5 KiB", "157286400": "150 MiB", "5497558138880": "5.0 TiB", "x": "x"} {
		if got := humanBytes(text); got != want {
			t.Errorf("%s is %s, wanted %s", text, got, want)
		}
	}
}
