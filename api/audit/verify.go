package audit

import (
	"fmt"
	"path/filepath"
)

// Report is what Verify saw of a chain that holds.
type Report struct {
	Files, Records uint64
	// First is the oldest sequence number kept; above 1 the files before it were let go, or taken.
	First uint64
	Head  Head
}

// BrokenError names the first place where a chain does not hold.
type BrokenError struct {
	File string // its base name
	Seq  uint64 // of the line that was expected there
	What string
}

// Error implements error.
func (e *BrokenError) Error() string {
	return fmt.Sprintf("audit chain broken in %s, where record %d should be: %s", e.File, e.Seq, e.What)
}

// Verify walks the files of a node's log. Known heads, kept elsewhere, must be lines of it: a chain that ends before one
// was cut short. nodeID is the node whose log it must be; "" does not ask. The error is a *BrokenError where the chain does
// not hold.
func Verify(dir, nodeID string, known ...Head) (Report, error) {
	list, err := segments(dir)
	if err != nil {
		return Report{}, err
	}
	v := verifier{known: map[uint64]string{}}
	for _, head := range known {
		v.known[head.Seq] = head.Hash
	}
	for i, s := range list {
		if err := v.segment(s, nodeID, i == 0, i == len(list)-1); err != nil {
			return v.report, err
		}
	}
	for _, head := range known {
		if head.Seq > v.report.Head.Seq {
			return v.report, &BrokenError{"the last file", v.report.Head.Seq + 1, fmt.Sprintf("the log ends, but record %d was written", head.Seq)}
		}
	}
	return v.report, nil
}

// verifier walks a chain.
type verifier struct {
	report Report
	known  map[uint64]string
}

func (v *verifier) segment(s segment, nodeID string, first, last bool) error {
	name := filepath.Base(s.path)
	if first {
		v.report.First = s.first
		v.report.Head.Seq = s.first - 1
		if s.first == 1 && nodeID != "" {
			v.report.Head.Hash = genesis(nodeID)
		}
	}
	if want := v.report.Head.Seq + 1; s.first != want {
		return &BrokenError{name, want, fmt.Sprintf("the file begins at %d: records between are gone", s.first)}
	}
	v.report.Files++
	torn, err := s.lines(func(line []byte) error { return v.line(name, line) })
	if err == nil && torn > 0 && !last {
		err = &BrokenError{name, v.report.Head.Seq + 1, "the file ends within a line"}
	}
	return err
}

func (v *verifier) line(name string, line []byte) error {
	want := v.report.Head.Seq + 1
	entry, err := parseLine(line)
	switch {
	case err != nil:
		return &BrokenError{name, want, "the line was changed"}
	case entry.Seq != want:
		return &BrokenError{name, want, fmt.Sprintf("record %d stands there", entry.Seq)}
	case v.report.Head.Hash != "" && entry.Prev != v.report.Head.Hash:
		return &BrokenError{name, want, "it does not follow on the record before it"}
	}
	if hash, told := v.known[want]; told && hash != entry.Hash {
		return &BrokenError{name, want, "another record was written in its place"}
	}
	v.report.Records++
	v.report.Head = Head{entry.Seq, entry.Hash}
	return nil
}
