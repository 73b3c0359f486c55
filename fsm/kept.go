package fsm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/tenancy"
)

// Rules of kept ids (R10).
const (
	// keptWindowMs is how old a request under a kept id may be when its command is applied.
	keptWindowMs = 10 * 60 * 1000
	// keptForMs is how long an id is kept.
	keptForMs = 20 * 60 * 1000
	// maxKeptIDs bounds the kept ids of a tenant.
	maxKeptIDs = 100_000
	// maxKeptRowsBytes bounds the rows of one kept id, maxTenantRowsBytes those of all of a tenant's.
	maxKeptRowsBytes   = 16 << 10
	maxTenantRowsBytes = 16 << 20
	// expireSlackMs lets expired ids gather, so that one look removes many; maxExpire bounds what one command removes.
	expireSlackMs = 1000
	maxExpire     = 64
)

// keptFigures are one tenant's: exact, so that the bounds hold.
type keptFigures struct{ count, rowsBytes uint64 }

func encodeKeptFigures(f keptFigures) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, f.count), f.rowsBytes)
}

func decodeKeptFigures(raw []byte) (keptFigures, error) {
	if len(raw) != 16 {
		return keptFigures{}, malformed("a tenant's kept figures of %d bytes", len(raw))
	}
	return keptFigures{binary.BigEndian.Uint64(raw), binary.BigEndian.Uint64(raw[8:])}, nil
}

// check refuses an id that cannot be one.
func (k *Kept) check() error {
	if len(k.Key) == 0 || len(k.Key) > MaxKeptKey {
		return &InvalidError{fmt.Errorf("a kept id of %d bytes", len(k.Key))}
	}
	for i := range len(k.Key) {
		if c := k.Key[i]; c < 0x21 || c > 0x7e {
			return &InvalidError{errors.New("a kept id that is not visible ASCII")}
		}
	}
	return nil
}

// name is what the id is kept under: a part that is not the last has its own record.
func (k *Kept) name() []byte {
	if k.Last {
		return []byte(k.Key)
	}
	return binary.BigEndian.AppendUint32(append([]byte(k.Key), 0), k.Part)
}

// keptSuffix is the suffix of a kept record's key.
func keptSuffix(t tenancy.ID, name []byte) []byte { return append(tenantSuffix(t), name...) }

// orderSuffix is the suffix of the key by which kept ids expire.
func orderSuffix(expiresMs int64, t tenancy.ID, name []byte) []byte {
	suffix := binary.BigEndian.AppendUint64(nil, uint64(expiresMs))
	suffix = binary.BigEndian.AppendUint64(suffix, t.Number())
	return append(suffix, name...)
}

// errStop ends a scan early.
var errStop = errors.New("enough seen")

// earliestExpiry finds when the first kept id expires, math.MaxInt64 for none.
func earliestExpiry(sys store.System) (int64, error) {
	earliest := int64(math.MaxInt64)
	err := sys.Scan(store.KeptOrder, nil, func(suffix, _ []byte) error {
		if len(suffix) < 16 {
			return malformed("an expiry's key of %d bytes", len(suffix))
		}
		earliest = int64(binary.BigEndian.Uint64(suffix))
		return errStop
	})
	if errors.Is(err, errStop) {
		err = nil
	}
	return earliest, err
}

// lookUp decides by what is kept under the command's id. A non-nil result is the answer.
func (b *batch) lookUp(t *tenant, c *GraphWrite) *Result {
	if err := c.Kept.check(); err != nil {
		return &Result{Err: err}
	}
	raw, found, err := b.records.System().Read(store.KeptIDs, keptSuffix(c.Tenant, c.Kept.name()))
	b.must(err)
	if found {
		record, err := decodeKept(raw)
		b.must(err)
		if record.Hash != c.Kept.Hash {
			return &Result{Err: ErrIdempotencyMismatch}
		}
		return &Result{Replay: record, Stats: record.Stats}
	}
	switch {
	case b.state.clock.logTimeMs-c.Kept.ArrivedMs > keptWindowMs:
		return &Result{Err: ErrIdempotencyExpired}
	case t.kept.count >= maxKeptIDs:
		return &Result{Err: ErrIdempotencyFull}
	}
	return nil
}

// keep remembers what became of a command under its id.
func (b *batch) keep(t *tenant, c *GraphWrite, record KeptRecord) {
	if len(record.Rows) > maxKeptRowsBytes || t.kept.rowsBytes+uint64(len(record.Rows)) > maxTenantRowsBytes {
		record.Rows = nil
	}
	expiresMs := b.state.clock.logTimeMs + keptForMs
	name := c.Kept.name()
	sys := b.records.System()
	sys.Set(store.KeptIDs, keptSuffix(c.Tenant, name), encodeKept(&record))
	sys.Set(store.KeptOrder, orderSuffix(expiresMs, c.Tenant, name),
		binary.BigEndian.AppendUint32(nil, uint32(len(record.Rows))))
	t.kept.count++
	t.kept.rowsBytes += uint64(len(record.Rows))
	sys.Set(store.KeptIDs, tenantSuffix(c.Tenant), encodeKeptFigures(*t.kept))
	b.state.nextExpiryMs = min(b.state.nextExpiryMs, expiresMs)
}

// expired is one kept id whose time is over.
type expired struct {
	suffix    []byte
	rowsBytes uint32
}

// expire removes kept ids whose time is over: a bounded number a command.
func (b *batch) expire() {
	if b.state.clock.logTimeMs < b.state.nextExpiryMs ||
		b.state.clock.logTimeMs-b.state.nextExpiryMs < expireSlackMs {
		return
	}
	var due []expired
	earliest := int64(math.MaxInt64)
	sys := b.records.System()
	err := sys.Scan(store.KeptOrder, nil, func(suffix, value []byte) error {
		if len(suffix) < 16 || len(value) != 4 {
			return malformed("an expiry of %d and %d bytes", len(suffix), len(value))
		}
		at := int64(binary.BigEndian.Uint64(suffix))
		if at > b.state.clock.logTimeMs || len(due) == maxExpire {
			earliest = at
			return errStop
		}
		due = append(due, expired{append([]byte(nil), suffix...), binary.BigEndian.Uint32(value)})
		return nil
	})
	if !errors.Is(err, errStop) {
		b.must(err)
	}
	for i := range due {
		b.forget(sys, &due[i])
	}
	b.state.nextExpiryMs = earliest
}

func (b *batch) forget(sys store.BatchSystem, e *expired) {
	sys.Delete(store.KeptOrder, e.suffix)
	t, ok := b.state.tenants.Get(binary.BigEndian.Uint64(e.suffix[8:]))
	if !ok || t.dropped() {
		return // its records went with it
	}
	sys.Delete(store.KeptIDs, e.suffix[8:])
	t.kept.count--
	t.kept.rowsBytes -= uint64(e.rowsBytes)
	sys.Set(store.KeptIDs, tenantSuffix(t.account.ID), encodeKeptFigures(*t.kept))
}

// Kept finds what is remembered of a write under a tenant's own id, as this node has applied it.
func (m *Machine) Kept(t tenancy.ID, key string) (*KeptRecord, bool) {
	if (&Kept{Key: key}).check() != nil || t.IsZero() {
		return nil, false
	}
	m.handles.RLock()
	defer m.handles.RUnlock()
	if m.store == nil {
		return nil, false
	}
	raw, found, err := m.store.System().Read(store.KeptIDs, keptSuffix(t, []byte(key)))
	if err == nil && !found {
		return nil, false
	}
	var record *KeptRecord
	if err == nil {
		record, err = decodeKept(raw)
	}
	if err != nil { // a store that cannot be read must not look like an id that was never used
		m.fail(m.Applied(), fmt.Errorf("read a kept id: %w", err))
	}
	return record, true
}

func encodeKept(k *KeptRecord) []byte {
	w := newWriter()
	w.buffer.WriteByte(systemFormat)
	w.list(12)
	w.bytes(k.Hash[:])
	w.uint(k.Index)
	writeStamp(w, k.Stamp)
	w.int(k.ArrivedMs)
	w.bytes(k.Stats)
	w.bytes(k.Rows)
	w.bytes(k.Refusal)
	var quota tenancy.QuotaError
	if refused := (*tenancy.QuotaError)(nil); errors.As(k.Err, &refused) {
		quota = *refused
	}
	w.text(string(quota.Quota))
	w.uint(quota.Limit)
	w.uint(quota.Used)
	w.uint(quota.Wanted)
	return w.buffer.Bytes()
}

func decodeKept(raw []byte) (*KeptRecord, error) {
	k := &KeptRecord{}
	r := recordReader(raw, 12)
	r.fixed(k.Hash[:])
	k.Index = r.uint()
	k.Stamp = readStamp(r)
	k.ArrivedMs = r.int()
	k.Stats = r.bytes(MaxCommandBytes)
	k.Rows = r.bytes(MaxCommandBytes)
	k.Refusal = r.bytes(MaxCommandBytes)
	quota := tenancy.QuotaError{Quota: tenancy.Quota(r.text(64)), Limit: r.uint(), Used: r.uint(), Wanted: r.uint()}
	if quota.Quota != "" {
		k.Err = &quota
	}
	return k, r.finish()
}
