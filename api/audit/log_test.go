package audit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, c Config) *Log {
	t.Helper()
	c.NodeID, c.Node = "id-1", "n1"
	l, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func record(i int) Record {
	return Record{
		Time: time.UnixMilli(int64(i)), TenantID: fmt.Sprintf("t%d", i%3), KeyID: "k", Function: "cypher.read",
		Outcome: OK, Rows: int64(i), Duration: time.Duration(i) * time.Millisecond, RequestID: fmt.Sprint(i),
	}
}

// fill writes n records and closes the log.
func fill(t *testing.T, c Config, n int) Head {
	t.Helper()
	l := open(t, c)
	for i := range n {
		if err := l.Append(record(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Head()
}

func TestLog_KeepsEveryRecordOfEveryWriterInOneChain(t *testing.T) {
	dir := t.TempDir()
	c := Config{Dir: dir, SegmentBytes: 20_000, Segments: 1000}
	const writers, each = 8, 500
	for run := range 3 {
		l := open(t, c)
		var wait sync.WaitGroup
		for w := range writers {
			wait.Go(func() {
				for i := range each {
					if err := l.Append(record(w*each + i)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		report, err := Verify(dir, "id-1", l.Head())
		if err != nil || report.Records != uint64((run+1)*writers*each) || report.Head != l.Head() || report.Files < 2 {
			t.Fatalf("%+v, %v; head %+v", report, err, l.Head())
		}
	}
	if l := open(t, c); l.Head().Seq != 3*writers*each {
		t.Fatalf("opened again at %+v", l.Head())
	}
}

func TestLog_LetsTheOldestFilesGo(t *testing.T) {
	dir := t.TempDir()
	fill(t, Config{Dir: dir, SegmentBytes: 2000, Segments: 3}, 200)
	report, err := Verify(dir, "id-1")
	if err != nil || report.Files != 3 || report.First == 1 || report.Head.Seq != 200 {
		t.Fatalf("%+v, %v", report, err)
	}
}

func TestLog_GoesOnBehindATornLine(t *testing.T) {
	dir := t.TempDir()
	c := Config{Dir: dir}
	fill(t, c, 10)
	path := segmentAt(dir, 1).path
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, whole[:len(whole)-30], 0o600); err != nil {
		t.Fatal(err)
	}
	fill(t, c, 5)
	report, err := Verify(dir, "id-1")
	if err != nil || report.Records != 9+5 {
		t.Fatalf("%+v, %v", report, err)
	}
}

// While the disk refuses, the log says so and keeps what it took; when the disk takes again, everything is there.
func TestLog_LosesNothingWhileTheDiskRefuses(t *testing.T) {
	var full atomic.Bool
	dir := t.TempDir()
	l := open(t, Config{Dir: dir, SegmentBytes: 2000, refuse: func() error {
		if full.Load() {
			return errors.New("no space left")
		}
		return nil
	}})
	full.Store(true)
	for i := range 50 {
		if err := l.Append(record(i)); err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.Now().Add(10 * time.Second)
	for l.Check() == nil && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	if err := l.Check(); !errors.Is(err, ErrUnavailable) || l.Failures() == 0 {
		t.Errorf("a full disk: %v", err)
	}
	full.Store(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(record(3)); !errors.Is(err, ErrUnavailable) {
		t.Errorf("after the end: %v", err)
	}
	if report, err := Verify(dir, "id-1"); err != nil || report.Records != 50 {
		t.Errorf("%d records, %v", report.Records, err)
	}
}

// What a dead disk takes away at the end is told.
func TestLog_CloseSaysWhatIsLost(t *testing.T) {
	l := open(t, Config{Dir: t.TempDir(), refuse: func() error { return errors.New("no disk") }})
	if err := l.Append(record(1)); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err == nil {
		t.Error("a record was lost without a word")
	}
}

func TestLog_Read(t *testing.T) {
	dir := t.TempDir()
	c := Config{Dir: dir, SegmentBytes: 3000}
	fill(t, c, 100)
	l := open(t, c)
	var seen []string
	for from := uint64(0); ; {
		page, err := l.Read(from, Filter{TenantID: "t1"}, 7)
		if err != nil || len(page.Entries) > 7 || page.Next < from {
			t.Fatalf("%+v, %v", page, err)
		}
		for _, e := range page.Entries {
			seen = append(seen, e.RequestID)
			if e.TenantID != "t1" || e.Node != "n1" || e.Rows != e.Time.UnixMilli() || e.Duration.Milliseconds() != e.Rows {
				t.Fatalf("%+v", e)
			}
		}
		if from = page.Next; !page.More {
			break
		}
	}
	if len(seen) != 33 || seen[0] != "1" || seen[32] != "97" {
		t.Fatalf("%d: %v", len(seen), seen)
	}
}

func TestRecord_HostileTexts(t *testing.T) {
	r := Record{Function: strings.Repeat("\x00\"\n\u2028é", 1000), RequestID: "\xff\xfe\",\"hash\":\"", Rows: -1}
	line, hash := appendLine(nil, &r, strings.Repeat("\x01", 10_000), 7, genesis("x"))
	entry, err := parseLine(line)
	if err != nil || entry.Hash != hash || entry.Seq != 7 || entry.Rows != -1 || len(line) > maxLine || bytes.ContainsAny(line, "\n\x00\x01") {
		t.Fatalf("%v: %d bytes, %q", err, len(line), line)
	}
}

func TestRecord_Golden(t *testing.T) {
	line, _ := appendLine(nil, &Record{
		Time: time.UnixMilli(1_764_000_000_123), TenantID: "t1", KeyID: "abc", Function: "cypher.write", Outcome: Denied,
		Code: "STORAGE_QUOTA_EXCEEDED", Rows: -1, Duration: 3 * time.Millisecond, RequestID: "r1",
	}, "n1", 1, genesis("00000000-0000-4000-8000-000000000001"))
	golden, err := os.ReadFile("testdata/line.golden")
	if err != nil || string(golden) != string(line)+"\n" {
		t.Fatalf("%v\n%s\n%s", err, line, golden)
	}
}

func BenchmarkAppend(b *testing.B) {
	l := open(b, Config{Dir: b.TempDir()})
	r := record(5)
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Append(r); err != nil {
			b.Fatal(err)
		}
	}
}
