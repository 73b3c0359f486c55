package fsm

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// The chain over administrative commands and the nodes' heads are the same after a restart; a head never goes back, and
// what was refused is no part of the chain.
func TestAudit_ChainAndHeadsAreKept(t *testing.T) {
	fs := vfs.NewMem()
	r := newRigOn(t, fs)
	before, hash := r.m.AdminChain()
	r.tenant("acme")
	seq, after := r.m.AdminChain()
	if seq != before+1 || hash == after {
		t.Fatalf("a tenant made: chain of %d, then %d", before, seq)
	}
	r.refuse(&CreateTenant{Header: r.header(), Name: "acme", Plan: "free", Limits: noLimits()}, ErrTenantExists)
	if again, same := r.m.AdminChain(); again != seq || same != after {
		t.Error("a refused command stands in the chain")
	}
	for _, n := range []uint64{7, 5} {
		r.must(&AuditHeads{Header: r.header(), Heads: []AuditHead{{NodeID: "n1", Seq: n, Hash: AuditHash{byte(n)}}, {NodeID: "n0", Seq: 1}}})
	}
	if result := r.apply(&AuditHeads{Header: r.header(), Heads: []AuditHead{{Seq: 1}}})[0]; result.Err == nil {
		t.Error("a head of nobody was taken")
	}
	if err := r.m.Close(); err != nil {
		t.Fatal(err)
	}
	r.m = openMachine(t, fs)
	if again, same := r.m.AdminChain(); again != seq || same != after {
		t.Errorf("after a restart: %d records", again)
	}
	heads := r.m.AuditHeads()
	if len(heads) != 2 || heads[0].NodeID != "n0" || heads[1].Seq != 7 || heads[1].Hash != (AuditHash{7}) || heads[1].NotedMs == 0 {
		t.Errorf("heads %+v", heads)
	}
}
