package fsm

import (
	"bytes"
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/graph/store/storetest"
	"github.com/hivellm/nexus/graph/value"
)

// newTorn is a pair whose second machine holds a record that cannot be read.
func newTorn(t *testing.T) *pair {
	t.Helper()
	p := newPair(t)
	if err := p.sick.Close(); err != nil {
		t.Fatal(err)
	}
	tear(t, p, p.fs, "/node")
	p.sick = openMachine(t, p.fs)
	t.Cleanup(func() { _ = p.sick.Close() })
	return p
}

// tear cuts the end off the record of the node with the unsound text.
func tear(t *testing.T, p *pair, fs vfs.FS, dir string) {
	t.Helper()
	changed, err := storetest.Change(dir, fs, func(key store.DecodedKey, record []byte) []byte {
		if key.Tenant != p.tenant || key.Kind != store.Node || !bytes.Contains(record, []byte(unsound)) {
			return nil
		}
		return record[:len(record)-1]
	})
	if err != nil || changed != 1 {
		t.Fatalf("%d records were torn: %v", changed, err)
	}
}

// rename gives the 100th node another text: a cold apply must read its record.
func rename(text string) func(*graph.Draft) {
	return func(d *graph.Draft) {
		if _, err := d.SetNodeProperty(100, "text", value.String(text)); err != nil {
			panic(err)
		}
	}
}

// TestScenario_ATornRecordStopsItsDatabaseAlone: a write needs a record that cannot be read on this node. The node goes
// on, the other database too; that one is known to be damaged, nobody is told that the write did not happen, marks name
// it, also after a restart, and another node's store makes it whole.
func TestScenario_ATornRecordStopsItsDatabaseAlone(t *testing.T) {
	p := newTorn(t)
	write := p.write(p.tenant, 0, rename("first"))
	watch, through := p.sick.Watch(write.Header.Request, p.term), p.sick.WatchThrough(write.Header.Request, p.term)
	p.both(write)
	for _, w := range []*Watch{watch, through} {
		select {
		case <-w.Done():
		default:
			t.Fatal("nobody is told of the write")
		}
		if got := w.Outcome(); got.Kind != OutcomeDamaged {
			t.Fatalf("the write's outcome is %+v", got)
		}
	}
	select {
	case <-p.sick.Damaged():
	default:
		t.Fatal("nobody is told of the damage")
	}
	p.both(p.write(p.other, 0, rename("other")))
	p.both(p.write(p.tenant, 0, rename("second"))) // made on a version that this node does not have
	if p.sick.Applied() != p.m.Applied() {
		t.Fatalf("it is at %d, the other at %d", p.sick.Applied(), p.m.Applied())
	}
	checkLost(t, p)
	if err := p.sick.Close(); err != nil {
		t.Fatal(err)
	}
	p.sick = openMachine(t, p.fs)
	checkLost(t, p)
	if err := p.sick.Adopt(t.Context(), bytes.NewReader(p.stream()), []Place{{p.tenant, 0}}, p.entries); err != nil {
		t.Fatal(err)
	}
	p.both(p.write(p.tenant, 0, rename("third")))
	same(t, p.m, p.sick)
	if p.sick.Lost() {
		t.Error("it says that it passed writes over, and has another store")
	}
}

// checkLost sees that one database is known to be damaged, and the other whole.
func checkLost(t *testing.T, p *pair) {
	t.Helper()
	if _, err := p.sick.Graph(p.tenant, 0); !errors.Is(err, ErrDamaged) {
		t.Errorf("the damaged database: %v", err)
	}
	if _, err := p.sick.Graph(p.other, 0); err != nil {
		t.Errorf("the other database: %v", err)
	}
	index, votes := p.mark()
	own, _ := p.m.Votes(index)
	if p.damaged(votes) != 1 || votes[0].Whole || votes[0].Digest == own[0].Digest || votes[1] != own[1] {
		t.Errorf("at the mark:\n%+v\n%+v", votes, own)
	}
}

// TestAdopt_RefusesATornStore: a stream with a record that cannot be read takes nobody's place, though the database that
// is repaired is whole in it.
func TestAdopt_RefusesATornStore(t *testing.T) {
	p := newTorn(t)
	source, err := p.sick.Stream()
	if err != nil {
		t.Fatal(err)
	}
	p.both(p.write(p.tenant, 0, rename("since")))
	evictAll(p.m)
	if err := p.m.Adopt(t.Context(), source, []Place{{p.other, 0}}, p.entries); err == nil {
		t.Fatal("a torn store was taken")
	}
	if err := source.Close(); err != nil {
		t.Error(err)
	}
	if g, err := p.m.Graph(p.tenant, 0); err != nil || g.Meta().Nodes != 200 {
		t.Errorf("after it: %v", err)
	}
}

// TestAdopt_ATwinKeepsNothing: what the log makes in the store beside leaves memory after each batch.
func TestAdopt_ATwinKeepsNothing(t *testing.T) {
	p := newPair(t)
	snapshot := p.stream()
	third := p.rig.tenant("initech")
	p.must(p.write(third, 0, texts))
	dir, err := p.m.live.Next()
	if err != nil {
		t.Fatal(err)
	}
	fresh, st, err := p.m.build(bytes.NewReader(snapshot), dir)
	if err != nil {
		t.Fatal(err)
	}
	twin := p.m.twin(fresh, st)
	defer twin.Close()
	if err := twin.replay(t.Context(), p.m.Applied(), p.entries); err != nil {
		t.Fatal(err)
	}
	if twin.Applied() != p.m.Applied() || twin.ResidentBytes() != 0 || twin.Resident(third, 0) {
		t.Errorf("at index %d of %d the twin has %d bytes in memory", twin.Applied(), p.m.Applied(), twin.ResidentBytes())
	}
}
