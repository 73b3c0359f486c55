package disk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	hraft "github.com/hashicorp/raft"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hangingStore's writes hang until the test lets them go.
type hangingStore struct {
	*hraft.InmemStore
	release chan struct{}
}

func (s hangingStore) StoreLogs(entries []*hraft.Log) error {
	<-s.release
	return s.InmemStore.StoreLogs(entries)
}

func TestLog_AHangingWriteIsFatal(t *testing.T) {
	store := hangingStore{hraft.NewInmemStore(), make(chan struct{})}
	reasons := make(chan string, 1)
	log := Watch(store, 20*time.Millisecond, func(reason string) { reasons <- reason })
	done := make(chan error, 1)
	go func() { done <- log.StoreLog(&hraft.Log{Index: 1}) }()
	if reason := <-reasons; !strings.Contains(reason, "StoreLogs") || !strings.Contains(reason, "hangs") {
		t.Errorf("reason %q", reason)
	}
	close(store.release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := log.StoreLog(&hraft.Log{Index: 2}); err != nil {
		t.Error(err)
	}
	select {
	case reason := <-reasons:
		t.Errorf("a write that did not hang is fatal: %s", reason)
	case <-time.After(50 * time.Millisecond):
	}
}

func open(t *testing.T, directory string) *Log {
	t.Helper()
	log, err := Open(directory, func(reason string) { t.Log(reason) }) // a shared disk may be that slow
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func TestLog_CountsSinceTheSnapshot(t *testing.T) {
	log := open(t, t.TempDir())
	defer log.Close()
	entry := func(index uint64) *hraft.Log { return &hraft.Log{Index: index, Data: make([]byte, 100)} }
	if err := log.StoreLogs([]*hraft.Log{entry(1), entry(2), entry(3)}); err != nil {
		t.Fatal(err)
	}
	if entries, sizeBytes := log.Since(); entries != 3 || sizeBytes != 300 {
		t.Errorf("%d entries, %d bytes", entries, sizeBytes)
	}
	log.Snapshotted(2)
	if err := log.Scan(func() error {
		var read hraft.Log
		for index := uint64(1); index <= 3; index++ {
			if err := log.GetLog(index, &read); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if entries, sizeBytes := log.Since(); entries != 1 || sizeBytes != 100 {
		t.Errorf("after a snapshot at 2 and a scan: %d entries, %d bytes", entries, sizeBytes)
	}
	if !log.IsMonotonic() || log.Stored() != 3 {
		t.Errorf("monotonic %v, stored %d", log.IsMonotonic(), log.Stored())
	}
}

func TestCompactFile_RewritesAFileThatIsMostlyFree(t *testing.T) {
	directory := t.TempDir()
	log := open(t, directory)
	data := make([]byte, 180_000)
	var batch []*hraft.Log
	for index := uint64(1); index <= 20; index++ {
		batch = append(batch, &hraft.Log{Index: index, Data: data})
	}
	if err := log.StoreLogs(batch); err != nil {
		t.Fatal(err)
	}
	if err := log.DeleteRange(1, 19); err != nil {
		t.Fatal(err)
	}
	if err := log.SetUint64([]byte("term"), 7); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	before := size(t, directory)
	path := filepath.Join(directory, FileName)
	if err := compactFile(path, before+1); err != nil || size(t, directory) != before {
		t.Fatalf("a small file was rewritten: %v", err)
	}
	if err := compactFile(path, before); err != nil {
		t.Fatal(err)
	}
	log = open(t, directory)
	defer log.Close()
	if after := size(t, directory); after*2 > before {
		t.Errorf("%d bytes before, %d after", before, after)
	}
	var kept hraft.Log
	if err := log.GetLog(20, &kept); err != nil || len(kept.Data) != len(data) {
		t.Errorf("entry 20: %d bytes, %v", len(kept.Data), err)
	}
	if term, err := log.GetUint64([]byte("term")); err != nil || term != 7 {
		t.Errorf("term %d, %v", term, err)
	}
}

func size(t *testing.T, directory string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(directory, FileName))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestOpen_SaysWhatIsWrong(t *testing.T) {
	directory := t.TempDir()
	log := open(t, directory)
	if _, err := Open(directory, nil); err == nil || !strings.Contains(err.Error(), "another process holds it") {
		t.Errorf("second open: %v", err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(directory, FileName), []byte(strings.Repeat("torn", 5000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(directory, nil); err == nil || !strings.Contains(err.Error(), "torn") {
		t.Errorf("torn file: %v", err)
	}
}

func TestFree_TellsSomething(t *testing.T) {
	if free, err := Free(t.TempDir()); err != nil || free == 0 {
		t.Errorf("%d, %v", free, err)
	}
	if _, err := Free(filepath.Join(t.TempDir(), "nowhere")); err == nil {
		t.Error("a directory that does not exist has free space")
	}
}
