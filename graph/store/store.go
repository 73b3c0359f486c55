package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// FormatVersion is the layout of keys and system records that this program reads and writes.
const FormatVersion = 1

// Defaults of Options.
const (
	defaultCacheBytes    = 64 << 20
	defaultMemTableBytes = 16 << 20
)

// Options tune a store. The zero value is the default.
type Options struct {
	CacheBytes    int64
	MemTableBytes uint64
	Logger        *slog.Logger

	fs vfs.FS
}

// WithFS returns the options on another file system: for crash tests.
func (o Options) WithFS(fs vfs.FS) Options {
	o.fs = fs
	return o
}

func (o Options) fileSystem() vfs.FS {
	if o.fs != nil {
		return o.fs
	}
	return vfs.Default
}

// Store is an open store. Safe for concurrent use, but one batch at a time may be committed.
type Store struct {
	db      *pebble.DB
	dir     string
	fs      vfs.FS
	applied atomic.Pointer[position]
}

// position is how far the store has come in the log.
type position struct{ index, term uint64 }

// ErrForeign says that a directory holds something else than a store of this format.
var ErrForeign = errors.New("not a store of this format")

// Open opens the store in dir, or makes an empty one.
func Open(dir string, o Options) (*Store, error) {
	fs := o.fileSystem()
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the store directory %s: %w", dir, err)
	}
	db, err := pebble.Open(dir, pebbleOptions(o, fs))
	if err != nil {
		return nil, fmt.Errorf("open the store in %s: %w (if its files are torn, move the directory away and let the node fetch a snapshot from the cluster)", dir, err)
	}
	s := &Store{db: db, dir: dir, fs: fs}
	if err := s.check(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the store in %s: %w", dir, err), db.Close())
	}
	return s, nil
}

func pebbleOptions(o Options, fs vfs.FS) *pebble.Options {
	cacheBytes, memTableBytes := o.CacheBytes, o.MemTableBytes
	if cacheBytes == 0 {
		cacheBytes = defaultCacheBytes
	}
	if memTableBytes == 0 {
		memTableBytes = defaultMemTableBytes
	}
	p := &pebble.Options{
		FS:                 fs,
		DisableWAL:         true,
		CacheSize:          cacheBytes,
		MemTableSize:       memTableBytes,
		FormatMajorVersion: pebble.FormatNewest,
		Logger:             pebbleLogger{o.Logger},
	}
	for i := range p.Levels {
		p.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	return p
}

// check reads the format version and the applied position, or writes them into an empty store.
func (s *Store) check() error {
	format, found, err := s.System().Read(systemFormat, nil)
	if err != nil {
		return err
	}
	if !found {
		if empty, err := s.empty(); err != nil || !empty {
			return errors.Join(err, fmt.Errorf("%w: it holds records but no format version", ErrForeign))
		}
		return s.create()
	}
	if len(format) != 4 || binary.BigEndian.Uint32(format) != FormatVersion {
		return fmt.Errorf("%w: format %x, this program reads format %d", ErrForeign, format, FormatVersion)
	}
	raw, _, err := s.System().Read(systemApplied, nil)
	if err != nil {
		return err
	}
	at, err := decodePosition(raw)
	if err != nil {
		return err
	}
	s.applied.Store(&at)
	return nil
}

func (s *Store) empty() (bool, error) {
	it, err := s.db.NewIter(nil)
	if err != nil {
		return false, err
	}
	first := it.First()
	return !first, it.Close()
}

func (s *Store) create() error {
	b := s.db.NewBatch()
	if err := b.Set(systemKey(systemFormat, nil), binary.BigEndian.AppendUint32(nil, FormatVersion), nil); err != nil {
		return err
	}
	if err := b.Set(systemKey(systemApplied, nil), encodePosition(position{}), nil); err != nil {
		return err
	}
	if err := b.Commit(pebble.NoSync); err != nil {
		return fmt.Errorf("write the format version: %w", err)
	}
	s.applied.Store(&position{})
	return s.Flush()
}

// Applied returns the index and term of the last log entry whose effect the store holds; 0, 0 in a fresh store.
func (s *Store) Applied() (index, term uint64) {
	at := s.applied.Load()
	return at.index, at.term
}

// Flush makes everything committed so far durable.
func (s *Store) Flush() error {
	if err := s.db.Flush(); err != nil {
		return fmt.Errorf("flush the store: %w", err)
	}
	return nil
}

// DiskUsage returns how many bytes of disk the store takes.
func (s *Store) DiskUsage() uint64 { return s.db.Metrics().DiskSpaceUsage() }

// Dir returns the directory of the store.
func (s *Store) Dir() string { return s.dir }

// Close flushes and closes. Open snapshots and batches must be closed before.
func (s *Store) Close() error {
	if err := errors.Join(s.db.Flush(), s.db.Close()); err != nil {
		return fmt.Errorf("close the store: %w", err)
	}
	return nil
}

func encodePosition(p position) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, p.index), p.term)
}

func decodePosition(raw []byte) (position, error) {
	if len(raw) != 16 {
		return position{}, fmt.Errorf("an applied position of %d bytes, not 16", len(raw))
	}
	return position{binary.BigEndian.Uint64(raw), binary.BigEndian.Uint64(raw[8:])}, nil
}

// pebbleLogger passes Pebble's notes on.
type pebbleLogger struct{ logger *slog.Logger }

// Infof implements pebble.Logger; routine notes are left out.
func (pebbleLogger) Infof(string, ...any) {}

// Errorf implements pebble.Logger.
func (l pebbleLogger) Errorf(format string, args ...any) {
	if l.logger != nil {
		l.logger.Error("store", "detail", fmt.Sprintf(format, args...))
	}
}

// Fatalf implements pebble.Logger: the store cannot go on, and the node must stop.
func (l pebbleLogger) Fatalf(format string, args ...any) {
	panic("graph/store: " + fmt.Sprintf(format, args...))
}
