package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	hraft "github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// HangLimit is how long a log write may take before the process ends, besides the time its bytes need on a slow disk.
const HangLimit = 3 * time.Second

// slowDiskBytesPerSecond is the pace below which a disk counts as hanging.
const slowDiskBytesPerSecond = 8 << 20

// lockTimeout bounds the wait for another process's hold of raft.db.
const lockTimeout = time.Second

// FileName is the log's file in the data directory.
const FileName = "raft.db"

// Store is the durable store beneath the log: raft-boltdb's, or a test's.
type Store interface {
	hraft.LogStore
	hraft.StableStore
}

// Log is Raft's log and stable store with a watchdog and counters. Raft calls it from several goroutines.
type Log struct {
	store  Store
	closer func() error
	limit  time.Duration
	fatal  func(reason string)

	scanning atomic.Bool // entries read count as since the snapshot
	mu       sync.Mutex
	after    uint64 // guarded by mu: entries beyond this index count
	entries  uint64 // guarded by mu
	bytes    uint64 // guarded by mu
	stored   atomic.Uint64
}

// Open opens raft.db in a directory. fatal is called, once a write, when one hangs.
func Open(directory string, fatal func(reason string)) (*Log, error) {
	path := filepath.Join(directory, FileName)
	if err := compactFile(path, minCompactBytes); err != nil {
		return nil, err
	}
	bolt, err := raftboltdb.New(raftboltdb.Options{Path: path, BoltOptions: boltOptions()})
	if err != nil {
		return nil, openError(path, err)
	}
	log := Watch(bolt, HangLimit, fatal)
	log.closer = bolt.Close
	return log, nil
}

// openError says what to do.
func openError(path string, err error) error {
	if errors.Is(err, berrors.ErrTimeout) {
		return fmt.Errorf("open raft log %s: another process holds it: stop the node that runs on this data directory", path)
	}
	return fmt.Errorf("open raft log %s: %w (if the file is torn, remove the node and let it join again with an empty data directory)", path, err)
}

// Watch wraps a store. Tests give it one that hangs.
func Watch(store Store, limit time.Duration, fatal func(reason string)) *Log {
	return &Log{store: store, closer: func() error { return nil }, limit: limit, fatal: fatal}
}

func boltOptions() *bbolt.Options {
	return &bbolt.Options{Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType, NoFreelistSync: true}
}

// Close closes the file.
func (l *Log) Close() error { return l.closer() }

// IsMonotonic tells Raft to drop old entries after a snapshot was installed.
func (l *Log) IsMonotonic() bool { return true }

// FirstIndex implements hraft.LogStore.
func (l *Log) FirstIndex() (uint64, error) { return l.store.FirstIndex() }

// LastIndex implements hraft.LogStore.
func (l *Log) LastIndex() (uint64, error) { return l.store.LastIndex() }

// GetLog implements hraft.LogStore.
func (l *Log) GetLog(index uint64, entry *hraft.Log) error {
	if err := l.store.GetLog(index, entry); err != nil {
		return err
	}
	if l.scanning.Load() {
		l.count(entry)
	}
	return nil
}

// StoreLog implements hraft.LogStore.
func (l *Log) StoreLog(entry *hraft.Log) error { return l.StoreLogs([]*hraft.Log{entry}) }

// StoreLogs implements hraft.LogStore under the watchdog.
func (l *Log) StoreLogs(entries []*hraft.Log) error {
	size := 0
	for _, entry := range entries {
		size += len(entry.Data)
	}
	defer l.watch("StoreLogs", size)()
	if err := l.store.StoreLogs(entries); err != nil {
		return err
	}
	for _, entry := range entries {
		l.count(entry)
	}
	l.stored.Add(uint64(len(entries)))
	return nil
}

// Stored is how many entries were written since the start.
func (l *Log) Stored() uint64 { return l.stored.Load() }

// DeleteRange implements hraft.LogStore. It is not watched: dropping much may take long and stops nobody.
func (l *Log) DeleteRange(low, high uint64) error { return l.store.DeleteRange(low, high) }

// Set implements hraft.StableStore under the watchdog.
func (l *Log) Set(key, value []byte) error {
	defer l.watch("Set", len(value))()
	return l.store.Set(key, value)
}

// Get implements hraft.StableStore.
func (l *Log) Get(key []byte) ([]byte, error) { return l.store.Get(key) }

// SetUint64 implements hraft.StableStore under the watchdog.
func (l *Log) SetUint64(key []byte, value uint64) error {
	defer l.watch("SetUint64", 8)()
	return l.store.SetUint64(key, value)
}

// GetUint64 implements hraft.StableStore.
func (l *Log) GetUint64(key []byte) (uint64, error) { return l.store.GetUint64(key) }

// Since returns how many entries, of how many bytes, were written after the last snapshot.
func (l *Log) Since() (entries, sizeBytes uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entries, l.bytes
}

// Snapshotted begins to count anew, after a snapshot at index. Entries beyond it that were counted already are
// forgotten: the next trigger comes a little late, never early.
func (l *Log) Snapshotted(index uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.after, l.entries, l.bytes = index, 0, 0
}

// Scan runs a start that reads the whole log (NewRaft does) and counts what it reads beyond the last snapshot.
func (l *Log) Scan(run func() error) error {
	l.scanning.Store(true)
	defer l.scanning.Store(false)
	return run()
}

func (l *Log) count(entry *hraft.Log) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if entry.Index > l.after {
		l.entries++
		l.bytes += uint64(len(entry.Data))
	}
}

// watch ends the process when the write it was called for does not return in time.
func (l *Log) watch(write string, sizeBytes int) func() bool {
	limit := l.limit + time.Duration(sizeBytes)*time.Second/slowDiskBytesPerSecond
	timer := time.AfterFunc(limit, func() {
		l.fatal(fmt.Sprintf("a write of %d bytes to the raft log (%s) hangs for more than %s: the disk does not answer",
			sizeBytes, write, limit))
	})
	return timer.Stop
}

// compactFile rewrites raft.db when it has least bytes and more than half of it is free.
func compactFile(path string, least int64) error {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || (err == nil && info.Size() < least) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at raft log: %w", err)
	}
	source, err := bbolt.Open(path, 0o600, boltOptions())
	if err != nil {
		return openError(path, err)
	}
	defer source.Close()
	free := int64(source.Stats().FreePageN) * int64(source.Info().PageSize)
	if free*2 <= info.Size() {
		return nil
	}
	return rewrite(source, path)
}

const (
	// minCompactBytes is the size below which raft.db is left as it is.
	minCompactBytes = 16 << 20
	// compactTxBytes bounds one transaction of the rewrite.
	compactTxBytes = 8 << 20
)

func rewrite(source *bbolt.DB, path string) error {
	beside := path + ".compact"
	if err := os.Remove(beside); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove a half-made raft log: %w", err)
	}
	target, err := bbolt.Open(beside, 0o600, boltOptions())
	if err != nil {
		return fmt.Errorf("compact raft log: %w", err)
	}
	if err := bbolt.Compact(target, source, compactTxBytes); err != nil {
		return errors.Join(fmt.Errorf("compact raft log: %w", err), target.Close())
	}
	if err := errors.Join(target.Sync(), target.Close()); err != nil {
		return fmt.Errorf("compact raft log: %w", err)
	}
	if err := os.Rename(beside, path); err != nil {
		return fmt.Errorf("compact raft log: %w", err)
	}
	return syncDirectory(filepath.Dir(path))
}

func syncDirectory(directory string) error {
	handle, err := os.Open(directory)
	if err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	return errors.Join(handle.Sync(), handle.Close())
}
