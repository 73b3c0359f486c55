package store

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/hivellm/nexus/tenancy"
)

// Batch is a set of pending writes. It belongs to one goroutine and ends with Commit or Discard.
//
// Its errors stick: a write that fails makes Commit fail, so writers need not check each one.
type Batch struct {
	store *Store
	batch *pebble.Batch
	err   error
}

// NewBatch begins a batch whose own writes can be read back through its spaces.
func (s *Store) NewBatch() *Batch {
	return &Batch{store: s, batch: s.db.NewIndexedBatch()}
}

// Commit puts the batch and the position of the log it brings the store to in atomically. It is not synced: the Raft log
// is the durable copy (R16). index must be above the store's.
func (b *Batch) Commit(index, term uint64) error {
	if applied, _ := b.store.Applied(); index <= applied {
		return fmt.Errorf("commit a batch at index %d: the store is at %d already", index, applied)
	}
	at := position{index, term}
	b.set(systemKey(systemApplied, nil), encodePosition(at))
	if b.err != nil {
		return fmt.Errorf("fill a batch: %w", b.err)
	}
	if err := b.batch.Commit(pebble.NoSync); err != nil {
		return fmt.Errorf("commit a batch: %w", err)
	}
	b.store.applied.Store(&at)
	return b.batch.Close()
}

// Discard drops the batch. After Commit it must not be called.
func (b *Batch) Discard() error { return b.batch.Close() }

// Len returns the size of the pending writes in bytes.
func (b *Batch) Len() int { return b.batch.Len() }

func (b *Batch) set(key, value []byte) {
	if b.err == nil {
		b.err = b.batch.Set(key, value, nil)
	}
}

func (b *Batch) delete(key []byte) {
	if b.err == nil {
		b.err = b.batch.Delete(key, nil)
	}
}

func (b *Batch) deleteRange(prefix []byte) {
	if b.err == nil {
		b.err = b.batch.DeleteRange(prefix, after(prefix), nil)
	}
}

// BatchSpace is one tenant's database within a batch: what is read through it sees the batch's own writes.
type BatchSpace struct {
	Space
	batch *Batch
}

// Space opens the way to one tenant's database within the batch.
func (b *Batch) Space(t tenancy.ID, db tenancy.DatabaseID) BatchSpace {
	return BatchSpace{Space: Space{from: b.batch, prefix: spacePrefix(t, db)}, batch: b}
}

// Set writes a record. Key and value are copied.
func (s BatchSpace) Set(kind Kind, suffix, value []byte) { s.batch.set(s.key(kind, suffix), value) }

// Delete removes a record; one that is not there is no error.
func (s BatchSpace) Delete(kind Kind, suffix []byte) { s.batch.delete(s.key(kind, suffix)) }

// DropAll removes everything of the database in one range.
func (s BatchSpace) DropAll() { s.batch.deleteRange(s.prefix[:]) }

// DropTenant removes everything of a tenant, all its databases, in one range.
func (b *Batch) DropTenant(t tenancy.ID) {
	prefix := tenantPrefix(t)
	b.deleteRange(prefix[:])
}

// BatchSystem is the system space within a batch: what is read through it sees the batch's own writes.
type BatchSystem struct {
	System
	batch *Batch
}

// System opens the way to the system space within the batch.
func (b *Batch) System() BatchSystem { return BatchSystem{System: System{from: b.batch}, batch: b} }

// Set writes a record. Key and value are copied.
func (s BatchSystem) Set(kind SystemKind, suffix, value []byte) {
	s.batch.set(systemKey(kind, suffix), value)
}

// Delete removes a record; one that is not there is no error.
func (s BatchSystem) Delete(kind SystemKind, suffix []byte) { s.batch.delete(systemKey(kind, suffix)) }

// DropPrefix removes the records of a kind whose suffix begins with prefix.
func (s BatchSystem) DropPrefix(kind SystemKind, prefix []byte) {
	s.batch.deleteRange(systemKey(kind, prefix))
}
