package store

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
)

// Snapshot is a consistent view of the whole store at one applied position. Safe for concurrent use until Close.
type Snapshot struct {
	view *pebble.Snapshot
	at   position
}

// Snapshot opens a view. The caller must not let a batch be committed meanwhile: position and view would part.
func (s *Store) Snapshot() *Snapshot {
	return &Snapshot{view: s.db.NewSnapshot(), at: *s.applied.Load()}
}

// Applied returns the position of the view.
func (s *Snapshot) Applied() (index, term uint64) { return s.at.index, s.at.term }

// Space opens the way to one tenant's database in the view.
func (s *Snapshot) Space(t tenancy.ID, db tenancy.DatabaseID) Space {
	return Space{from: s.view, prefix: spacePrefix(t, db)}
}

// System opens the way to the system space in the view.
func (s *Snapshot) System() System { return System{from: s.view} }

// Close ends the view.
func (s *Snapshot) Close() error { return s.view.Close() }

// Checkpoint makes dir, which must not exist, a store of its own with everything committed so far: flush, then hard
// links, so that its cost follows what changed. It returns the position that the checkpoint itself holds, read back
// from its files (R23).
func (s *Store) Checkpoint(dir string) (index, term uint64, err error) {
	if !planted.On("checkpoint-without-flush") {
		if err := s.Flush(); err != nil {
			return 0, 0, err
		}
	}
	if err := s.db.Checkpoint(dir); err != nil {
		return 0, 0, fmt.Errorf("checkpoint the store into %s: %w", dir, err)
	}
	return PeekApplied(dir, Options{fs: s.fs})
}

// PeekApplied reads the applied position of a closed store without changing it.
func PeekApplied(dir string, o Options) (index, term uint64, err error) {
	p := pebbleOptions(o, o.fileSystem())
	p.ReadOnly = true
	db, err := pebble.Open(dir, p)
	if err != nil {
		return 0, 0, fmt.Errorf("look into the store in %s: %w", dir, err)
	}
	raw, found, err := read(db, systemKey(systemApplied, nil))
	if err == nil && !found {
		err = fmt.Errorf("%w: no applied position in %s", ErrForeign, dir)
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return 0, 0, err
	}
	at, err := decodePosition(raw)
	return at.index, at.term, err
}
