// Package storetest does to the store of a stopped node what only a broken disk or a bug does: for tests of whether it is
// found. No product code imports it.
package storetest

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/tenancy"
)

// Change puts other values in the place of records of the live store in a machine's directory, and tells of how many.
// change returns nil for a record that stays. The machine must be closed. fs is the disk's where nil.
func Change(machineDir string, fs vfs.FS, change func(key store.DecodedKey, value []byte) []byte) (changed int, err error) {
	options := store.Options{}
	if fs != nil {
		options = options.WithFS(fs)
	}
	live, err := store.NewLive(machineDir, options).Open(options)
	if err != nil {
		return 0, err
	}
	dir := live.Dir()
	if err := live.Close(); err != nil {
		return 0, err
	}
	if fs == nil {
		fs = vfs.Default
	}
	db, err := pebble.Open(dir, &pebble.Options{FS: fs, DisableWAL: true, FormatMajorVersion: pebble.FormatNewest, Logger: silent{}})
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", dir, err)
	}
	changed, err = changeAll(db, change)
	return changed, errors.Join(err, db.Flush(), db.Close())
}

// ReplaceText changes one property: in the first node record of a database that holds the text `from`, `to` of the same
// length stands in its place.
func ReplaceText(machineDir string, fs vfs.FS, t tenancy.ID, db tenancy.DatabaseID, from, to string) error {
	if len(from) != len(to) || from == to {
		return fmt.Errorf("%q and %q must differ and be of one length", from, to)
	}
	done := false
	_, err := Change(machineDir, fs, func(key store.DecodedKey, value []byte) []byte {
		own := !key.System && key.Tenant == t && key.Database == db && key.Kind == store.Node
		if done || !own || !bytes.Contains(value, []byte(from)) {
			return nil
		}
		done = true
		return bytes.Replace(value, []byte(from), []byte(to), 1)
	})
	if err == nil && !done {
		err = fmt.Errorf("no node of database %d of tenant %s holds %q", db, t, from)
	}
	return err
}

func changeAll(db *pebble.DB, change func(key store.DecodedKey, value []byte) []byte) (changed int, err error) {
	it, err := db.NewIter(nil)
	if err != nil {
		return 0, err
	}
	defer it.Close()
	for ok := it.First(); ok; ok = it.Next() {
		key, err := store.DecodeKey(it.Key())
		if err != nil {
			return changed, err
		}
		if value := change(key, it.Value()); value != nil {
			if err := db.Set(it.Key(), value, pebble.NoSync); err != nil {
				return changed, err
			}
			changed++
		}
	}
	return changed, it.Error()
}

// silent is a pebble.Logger that says nothing, and panics where the store cannot go on.
type silent struct{}

// Infof implements pebble.Logger.
func (silent) Infof(string, ...any) {}

// Errorf implements pebble.Logger.
func (silent) Errorf(string, ...any) {}

// Fatalf implements pebble.Logger.
func (silent) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
