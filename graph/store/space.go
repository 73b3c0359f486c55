package store

import (
	"errors"
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2"

	"github.com/hivellm/nexus/tenancy"
)

// reader is what Pebble reads from: the database, a snapshot or an indexed batch.
type reader interface {
	Get(key []byte) ([]byte, io.Closer, error)
	NewIter(o *pebble.IterOptions) (*pebble.Iterator, error)
}

// Space is one tenant's database, for reading. It is a small value, safe for concurrent use while its store, snapshot
// or batch is open.
type Space struct {
	from   reader
	prefix [spacePrefixSize]byte
}

// Space opens the way to one tenant's database. The zero tenant is a broken invariant: it panics.
func (s *Store) Space(t tenancy.ID, db tenancy.DatabaseID) Space {
	return Space{from: s.db, prefix: spacePrefix(t, db)}
}

// Read returns a copy of a record's value; false where there is none.
func (sp Space) Read(kind Kind, suffix []byte) ([]byte, bool, error) {
	return read(sp.from, sp.key(kind, suffix))
}

// Scan visits the records of a kind whose suffix is at least from, in order. Suffix and value are valid during the call
// only. An error of fn ends the scan and is returned as it is.
func (sp Space) Scan(kind Kind, from []byte, fn func(suffix, value []byte) error) error {
	return scan(sp.from, sp.key(kind, nil), from, fn)
}

func (sp Space) key(kind Kind, suffix []byte) []byte {
	key := make([]byte, 0, spacePrefixSize+1+len(suffix))
	key = append(key, sp.prefix[:]...)
	key = append(key, byte(kind))
	return append(key, suffix...)
}

// System is the system space, for reading.
type System struct{ from reader }

// System opens the way to the system space.
func (s *Store) System() System { return System{from: s.db} }

// Read returns a copy of a record's value; false where there is none.
func (sy System) Read(kind SystemKind, suffix []byte) ([]byte, bool, error) {
	return read(sy.from, systemKey(kind, suffix))
}

// Scan visits the records of a kind whose suffix begins with prefix, in order. Suffix (whole, with the prefix) and value
// are valid during the call only. An error of fn ends the scan and is returned as it is.
func (sy System) Scan(kind SystemKind, prefix []byte, fn func(suffix, value []byte) error) error {
	return scan(sy.from, systemKey(kind, prefix), nil, func(rest, value []byte) error {
		return fn(append(append([]byte(nil), prefix...), rest...), value)
	})
}

func systemKey(kind SystemKind, suffix []byte) []byte {
	key := make([]byte, 0, 2+len(suffix))
	key = append(key, partSystem, byte(kind))
	return append(key, suffix...)
}

// ErrCorrupt says that what lies on the disk is not what was written there: a checksum, or the form of a file, is wrong.
var ErrCorrupt = errors.New("corrupt store")

func readFailure(what string, err error) error {
	if pebble.IsCorruptionError(err) {
		return fmt.Errorf("%s the store: %w: %w", what, ErrCorrupt, err)
	}
	return fmt.Errorf("%s the store: %w", what, err)
}

func read(from reader, key []byte) ([]byte, bool, error) {
	value, closer, err := from.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, readFailure("read", err)
	}
	owned := append(make([]byte, 0, len(value)), value...)
	return owned, true, closer.Close()
}

// scan visits the keys that begin with prefix, from prefix+from on; fn gets what follows the prefix.
func scan(from reader, prefix, start []byte, fn func(suffix, value []byte) error) error {
	it, err := from.NewIter(&pebble.IterOptions{
		LowerBound: append(append([]byte(nil), prefix...), start...),
		UpperBound: after(prefix),
	})
	if err != nil {
		return readFailure("scan", err)
	}
	defer it.Close()
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return readFailure("scan", err)
		}
		if err := fn(it.Key()[len(prefix):], value); err != nil {
			return err
		}
	}
	if err := it.Error(); err != nil {
		return readFailure("scan", err)
	}
	return nil
}
