package audit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"
)

// tampered is a chain of three files to which something was done.
func tampered(t *testing.T, change func(t *testing.T, dir string, list []segment)) (dir string, head Head) {
	t.Helper()
	dir = t.TempDir()
	head = fill(t, Config{Dir: dir, SegmentBytes: 3000}, 30)
	list, err := segments(dir)
	if err != nil || len(list) < 3 {
		t.Fatalf("%d files, %v", len(list), err)
	}
	change(t, dir, list)
	return dir, head
}

func edit(t *testing.T, s segment, change func(lines [][]byte) [][]byte) {
	t.Helper()
	data, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	lines := change(bytes.SplitAfter(data, []byte{'\n'}))
	if err := os.WriteFile(s.path, bytes.Join(lines, nil), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestVerify_FindsWhatWasDone(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(t *testing.T, dir string, list []segment)
		head   bool // found only with a head kept elsewhere
	}{
		{name: "an edit", change: func(t *testing.T, _ string, list []segment) {
			edit(t, list[1], func(lines [][]byte) [][]byte {
				lines[2] = bytes.Replace(lines[2], []byte(`"key_id":"k"`), []byte(`"key_id":"j"`), 1)
				return lines
			})
		}},
		{name: "an edit with its own hash made anew", change: func(t *testing.T, _ string, list []segment) {
			edit(t, list[1], func(lines [][]byte) [][]byte {
				entry, err := parseLine(bytes.TrimSpace(lines[2]))
				if err != nil {
					t.Fatal(err)
				}
				entry.KeyID = "j"
				line, _ := appendLine(nil, &entry.Record, entry.Node, entry.Seq, entry.Prev)
				lines[2] = append(line, '\n')
				return lines
			})
		}},
		{name: "a deletion", change: func(t *testing.T, _ string, list []segment) {
			edit(t, list[0], func(lines [][]byte) [][]byte { return append(lines[:2:2], lines[3:]...) })
		}},
		{name: "a swap", change: func(t *testing.T, _ string, list []segment) {
			edit(t, list[0], func(lines [][]byte) [][]byte {
				lines[2], lines[3] = lines[3], lines[2]
				return lines
			})
		}},
		{name: "a file gone from the middle", change: func(t *testing.T, _ string, list []segment) {
			if err := os.Remove(list[1].path); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "another node's chain", change: func(t *testing.T, dir string, _ []segment) {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			l, err := Open(Config{Dir: dir, NodeID: "id-2", Node: "n1"})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(l.Append(record(1)), l.Close()); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "a truncation", head: true, change: func(t *testing.T, _ string, list []segment) {
			last := list[len(list)-1]
			if err := os.Remove(last.path); err != nil {
				t.Fatal(err)
			}
			edit(t, list[len(list)-2], func(lines [][]byte) [][]byte { return lines[:len(lines)-2] })
		}},
		{name: "a chain made anew from the middle on", head: true, change: func(t *testing.T, dir string, list []segment) {
			for _, s := range list[2:] {
				if err := os.Remove(s.path); err != nil {
					t.Fatal(err)
				}
			}
			fill(t, Config{Dir: dir, SegmentBytes: 3000}, 30)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, head := tampered(t, c.change)
			_, err := Verify(dir, "id-1")
			if broken := (*BrokenError)(nil); errors.As(err, &broken) == c.head {
				t.Errorf("without a head: %v", err)
			}
			_, err = Verify(dir, "id-1", head)
			if broken := (*BrokenError)(nil); !errors.As(err, &broken) {
				t.Errorf("with a head: %v", err)
			}
		})
	}
}

func FuzzVerify(f *testing.F) {
	line, _ := appendLine(nil, &Record{Function: "f", Outcome: OK}, "n1", 1, genesis("id-1"))
	f.Add(append(line, '\n'))
	f.Add([]byte(fmt.Sprintf("{%0*d%s}\n", 10, 0, hashKey)))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(segmentAt(dir, 1).path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		report, err := Verify(dir, "id-1")
		if err == nil && report.Records != uint64(bytes.Count(data, []byte{'\n'})) {
			t.Fatalf("%d records of %d lines hold", report.Records, bytes.Count(data, []byte{'\n'}))
		}
	})
}
