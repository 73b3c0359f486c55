package fsm

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/tenancy"
)

func (r *rig) keptWrite(id tenancy.ID, key string, nodes int) *GraphWrite {
	c := r.write(id, 0, create(nodes, 0))
	c.Kept = &Kept{Key: key, Hash: [32]byte{byte(len(key))}, ArrivedMs: r.timeMs, Last: true}
	return c
}

func TestKept_ReplaysWhateverTheOutcome(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	first := r.keptWrite(id, "key", 2)
	first.Rows, first.Refusal = []byte("rows"), []byte("refusal")
	wrote := r.must(first)
	record, found := r.m.Kept(id, "key")
	if !found || record.Index != wrote.Index || record.Stamp != wrote.Stamp || string(record.Rows) != "rows" ||
		string(record.Stats) != "stats" || string(record.Refusal) != "refusal" || record.Err != nil {
		t.Fatalf("%v %+v", found, record)
	}
	again := r.keptWrite(id, "key", 9)
	if got := r.must(again); got.Replay == nil || got.Replay.Index != wrote.Index || r.m.Registry().Usage(id).Nodes != 2 {
		t.Fatalf("%+v", got)
	}
	if _, found := r.m.Kept(id, "other"); found {
		t.Fatal("an id never used is found")
	}
	other := r.tenant("other")
	if _, found := r.m.Kept(other, "key"); found {
		t.Fatal("another tenant's id is found")
	}
}

func TestKept_QuotaRefusalIsKept(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	account := r.m.Registry().Tenants()[0]
	account.Limits.MaxNodes = tenancy.LimitOf(1)
	r.must(&UpdateTenant{Header: r.header(), Account: account})
	refused := r.apply(r.keptWrite(id, "key", 2))[0]
	var quota, kept *tenancy.QuotaError
	if !errors.As(refused.Err, &quota) {
		t.Fatalf("%v", refused.Err)
	}
	record, found := r.m.Kept(id, "key")
	if !found || !errors.As(record.Err, &kept) || *kept != *quota {
		t.Fatalf("%v %+v", found, record)
	}
	account.Limits.MaxNodes = tenancy.NoLimit()
	r.must(&UpdateTenant{Header: r.header(), Account: account})
	if got := r.must(r.keptWrite(id, "key", 2)); got.Replay == nil || r.m.Registry().Usage(id).Nodes != 0 {
		t.Fatalf("a refused key has a later effect: %+v", got)
	}
}

func TestKept_ConflictIsNotKept(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	c := r.keptWrite(id, "key", 1)
	c.Term = 9
	r.refuse(c, ErrConflict)
	if _, found := r.m.Kept(id, "key"); found {
		t.Fatal("kept")
	}
	c.Term = 1
	r.must(c)
}

func TestKept_BoundsOfRows(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	large := r.keptWrite(id, "large", 1)
	large.Rows = make([]byte, maxKeptRowsBytes+1)
	r.must(large)
	if record, _ := r.m.Kept(id, "large"); record.Rows != nil {
		t.Fatal("rows beyond the bound of one id are kept")
	}
	tenant, _ := r.m.state.tenants.Get(id.Number())
	tenant.kept.rowsBytes = maxTenantRowsBytes - 10
	fits, over := r.keptWrite(id, "fits", 1), (*GraphWrite)(nil)
	fits.Rows = make([]byte, 10)
	r.must(fits)
	over = r.keptWrite(id, "over", 1)
	over.Rows = []byte{1}
	r.must(over)
	a, _ := r.m.Kept(id, "fits")
	b, _ := r.m.Kept(id, "over")
	if len(a.Rows) != 10 || b.Rows != nil {
		t.Fatal("the bound of a tenant's rows does not hold")
	}
}

func TestKept_FullAndMalformed(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	tenant, _ := r.m.state.tenants.Get(id.Number())
	tenant.kept.count = maxKeptIDs - 1
	r.must(r.keptWrite(id, "last", 1))
	r.refuse(r.keptWrite(id, "one-more", 1), ErrIdempotencyFull)
	for _, key := range []string{"", "a b", "ü", strings.Repeat("x", MaxKeptKey+1)} {
		c := r.write(id, 0, create(1, 0))
		c.Kept = &Kept{Key: key, ArrivedMs: r.timeMs, Last: true}
		raw, err := Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		if len(key) > MaxKeptKey {
			if _, err := Decode(raw); err == nil {
				t.Errorf("a key of %d bytes is decoded", len(key))
			}
			continue
		}
		var invalid *InvalidError
		if got := r.apply(c)[0]; !errors.As(got.Err, &invalid) {
			t.Errorf("key %q: %v", key, got.Err)
		}
	}
}

func TestKept_ExpireAfterTwentyMinutes(t *testing.T) {
	fs := vfs.NewMem()
	r := newRigOn(t, fs)
	id := r.tenant("acme")
	for i := range 100 {
		r.must(r.keptWrite(id, fmt.Sprint("key", i), 1))
	}
	if err := r.m.Close(); err != nil { // the earliest expiry and the figures come back from the store
		t.Fatal(err)
	}
	r.m = openMachine(t, fs)
	r.clock(keptForMs - 1)
	if _, found := r.m.Kept(id, "key0"); !found {
		t.Fatal("forgotten early")
	}
	r.clock(expireSlackMs + 1)
	r.must(&TermStart{Header: r.header(), NodeID: "n1"})
	r.must(&TermStart{Header: r.header(), NodeID: "n1"})
	left := 0
	for i := range 100 {
		if _, found := r.m.Kept(id, fmt.Sprint("key", i)); found {
			left++
		}
	}
	tenant, _ := r.m.state.tenants.Get(id.Number())
	if left != 0 || tenant.kept.count != 0 {
		t.Fatalf("%d ids are left, %d counted", left, tenant.kept.count)
	}
	rest := 0
	if err := r.m.store.System().Scan(store.KeptOrder, nil, func(_, _ []byte) error { rest++; return nil }); err != nil || rest > 0 {
		t.Fatalf("%d expiries are left (%v)", rest, err)
	}
	r.must(r.keptWrite(id, "key0", 1))
}

// clock moves log time on.
func (r *rig) clock(ms int64) {
	r.timeMs += ms
	r.must(&SetClock{Header: r.header(), NowMs: r.timeMs})
}

func TestKept_PartsHaveTheirOwnRecords(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	part := r.keptWrite(id, "ingest", 1)
	part.Kept.Last = false
	r.must(part)
	if _, found := r.m.Kept(id, "ingest"); found {
		t.Fatal("a part wrote the request's own record")
	}
	if got := r.must(part); got.Replay == nil {
		t.Fatal("a part was applied twice")
	}
	last := r.keptWrite(id, "ingest", 1)
	last.Kept.Part = 1
	r.must(last)
	if _, found := r.m.Kept(id, "ingest"); !found {
		t.Fatal("the last part wrote no record")
	}
}

func TestKept_RecordRoundTrip(t *testing.T) {
	k := &KeptRecord{
		Hash: [32]byte{1, 2}, Index: 9, ArrivedMs: -4, Stats: []byte("s"), Rows: []byte("r"), Refusal: []byte("f"),
		Err: &tenancy.QuotaError{Quota: tenancy.QuotaNodes, Limit: 1, Used: 2, Wanted: 3},
	}
	raw := encodeKept(k)
	got, err := decodeKept(raw)
	if err != nil || !bytes.Equal(encodeKept(got), raw) {
		t.Fatalf("%+v, %v", got, err)
	}
	for i := range raw {
		if _, err := decodeKept(raw[:i]); !errors.Is(err, ErrMalformed) {
			t.Fatalf("%d bytes of %d: %v", i, len(raw), err)
		}
	}
}
