package tck

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

var (
	ratchet    = flag.Bool("ratchet", false, "add newly won scenarios to testdata/won.txt and lower testdata/silent.txt")
	reportFile = flag.String("report", "", "write failing scenarios, grouped by reason, to this file")
)

// kitSize is how many scenarios the kit has when its outlines are expanded.
const kitSize = 3897

// verdict is how a scenario ended.
type verdict uint8

const (
	won     verdict = iota
	silent          // answered wrongly without an error
	refused         // an error that names something unsupported
	failed          // another error
	crashed
)

var verdictNames = [...]string{"won", "wrong in silence", "refused by name", "wrong error", "crashed"}

// ending is a scenario's verdict and, unless won, the reason.
type ending struct {
	scenario scenario
	verdict  verdict
	reason   string
}

// finalWords are printed when all tests have run, so that they stand last even with -v.
var finalWords string

func TestMain(m *testing.M) {
	code := m.Run()
	fmt.Print(finalWords)
	os.Exit(code)
}

// TestKit runs every scenario. One that testdata/won.txt lists must pass; another may fail, counted and skipped.
func TestKit(t *testing.T) {
	folder := kitFolder(t)
	scenarios := loadKit(t, folder)
	if len(scenarios) != kitSize {
		t.Fatalf("%d scenarios, expected %d", len(scenarios), kitSize)
	}
	wonBefore := readWon(t)
	named := loadGraphs(t, folder, realEngine{})
	endings := make([]ending, len(scenarios))
	var lost sync.Map
	t.Run("scenarios", func(t *testing.T) {
		for i, s := range scenarios {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				endings[i] = judge(realEngine{}, named, s)
				if endings[i].verdict == won {
					return
				}
				if wonBefore[s.name] {
					lost.Store(s.name, true)
					t.Fatalf("lost: %s", endings[i].reason)
				}
				t.Skipf("not won yet: %s", firstLine(endings[i].reason))
			})
		}
	})
	if slices.ContainsFunc(endings, func(e ending) bool { return e.scenario.name == "" }) {
		t.Log("a part of the kit was run (-run): no totals")
		return
	}
	conclude(t, endings, wonBefore)
}

func judge(e engine, named namedGraphs, s scenario) ending {
	r, err := perform(e, named, s)
	if err == nil {
		return ending{scenario: s}
	}
	return ending{scenario: s, verdict: verdictOf(r), reason: err.Error()}
}

func verdictOf(r *run) verdict {
	switch f := r.result.failure; {
	case f == nil && r.executed:
		return silent
	case f == nil:
		return failed
	case f.crashed:
		return crashed
	case f.refused():
		return refused
	}
	return failed
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// conclude prints totals, holds the ratchets and writes the report.
func conclude(t *testing.T, endings []ending, wonBefore map[string]bool) {
	finalWords = totals(endings)
	if *reportFile != "" {
		if err := os.WriteFile(*reportFile, []byte(totals(endings)+"\n"+report(endings)), 0o644); err != nil {
			t.Error(err)
		}
	}
	wonNow := map[string]bool{}
	wrong := 0
	for _, e := range endings {
		if e.verdict == won {
			wonNow[e.scenario.name] = true
		}
		if e.verdict == silent {
			wrong++
			t.Logf("answered wrongly in silence: %s: %s", e.scenario.name, e.reason)
		}
	}
	for name := range wonBefore {
		if !slices.ContainsFunc(endings, func(e ending) bool { return e.scenario.name == name }) {
			t.Errorf("testdata/won.txt names a scenario that does not exist: %s", name)
		}
	}
	bound := readSilent(t)
	if *ratchet {
		writeRatchets(t, wonBefore, wonNow, min(wrong, bound))
	}
	if wrong > bound {
		t.Errorf("%d scenarios answered wrongly in silence, testdata/silent.txt allows %d", wrong, bound)
	}
}

func readWon(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "won.txt"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if name := strings.TrimSuffix(line, "\n"); name != "" {
			names[name] = true
		}
	}
	return names
}

func readSilent(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "silent.txt"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func writeRatchets(t *testing.T, wonBefore, wonNow map[string]bool, wrong int) {
	t.Helper()
	all := maps.Clone(wonBefore)
	maps.Copy(all, wonNow)
	names := slices.Sorted(maps.Keys(all))
	if err := os.WriteFile(filepath.Join("testdata", "won.txt"), []byte(strings.Join(names, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("testdata", "silent.txt"), fmt.Appendln(nil, wrong), 0o644); err != nil {
		t.Fatal(err)
	}
}
