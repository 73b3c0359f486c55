package fsm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
	"github.com/hivellm/nexus/tenancy"
)

func index(name string, properties ...string) func(*graph.Draft) {
	return func(d *graph.Draft) {
		if _, err := d.CreateIndex(graph.IndexDefinition{Name: name, LabelOrType: "P", Properties: properties}); err != nil {
			panic(err)
		}
	}
}

// people makes nodes with label P and their number as x, from first on.
func people(first, count int) func(*graph.Draft) {
	return func(d *graph.Draft) {
		for i := range count {
			properties := value.NewMap([]string{"x"}, []value.Value{value.Int(int64(first + i))})
			if _, err := d.CreateNode([]string{"P"}, properties); err != nil {
				panic(err)
			}
		}
	}
}

func (r *rig) version(id tenancy.ID) *graph.Graph {
	r.t.Helper()
	g, err := r.m.Graph(id, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	return g
}

func noPause(bool) error { return nil }

// TestIndexes_AreBuiltBesideTheLog applies writes in every pause of a build, and finds all of them in the index.
func TestIndexes_AreBuiltBesideTheLog(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	r.version(id)
	r.must(r.write(id, 0, people(0, 2000)))
	r.must(r.write(id, 0, index("i", "x")))
	select {
	case <-r.m.IndexWork():
	default:
		t.Fatal("nobody was told that there is an index to build")
	}
	if _, found := r.version(id).Index("i"); found {
		t.Fatal("the index was built in apply")
	}
	wrote := 2000
	err := r.m.BuildIndexes(func(bool) error {
		if wrote < 2030 {
			r.must(r.write(id, 0, people(wrote, 1)))
			wrote++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	x, found := r.version(id).Index("i")
	if !found || x.Len() != uint64(wrote) || wrote < 2005 {
		t.Fatalf("found %v with %d entries of %d", found, x.Len(), wrote)
	}
	r.must(r.write(id, 0, people(wrote, 1)))
	if x, found := r.version(id).Index("i"); !found || x.Len() != uint64(wrote)+1 {
		t.Error("the next version lacks the index or an entry")
	}
}

// TestScenario_ABuiltIndexIsCarriedOver: a lane has made a version on the one without the index; the index is finished
// before that version is installed, and is not lost with it.
func TestScenario_ABuiltIndexIsCarriedOver(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	r.version(id)
	r.must(r.write(id, 0, people(0, 100)))
	r.must(r.write(id, 0, index("i", "x")))
	base := r.version(id)
	write, built := r.writeOn(base, id, 0, people(100, 1))
	rehearsal, err := r.m.Rehearse(write, base, built)
	if err != nil {
		t.Fatal(err)
	}
	r.m.Offer(rehearsal)
	if err := r.m.BuildIndexes(noPause); err != nil {
		t.Fatal(err)
	}
	r.must(write)
	x, found := r.version(id).Index("i")
	if !found || x.Len() != 101 {
		t.Fatalf("a lane's version came and the index went: found %v", found)
	}
}

// TestIndexes_StopAndGoOn: a build that was ended is begun again by the next call.
func TestIndexes_StopAndGoOn(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	r.version(id)
	r.must(r.write(id, 0, people(0, 1000)))
	r.must(r.write(id, 0, index("i", "x")))
	enough := errors.New("enough")
	if err := r.m.BuildIndexes(func(bool) error { return enough }); !errors.Is(err, enough) {
		t.Fatal(err)
	}
	if err := r.m.BuildIndexes(noPause); err != nil {
		t.Fatal(err)
	}
	if _, found := r.version(id).Index("i"); !found {
		t.Error("the index was forgotten")
	}
}

// TestWritable_WaitsForConstraints: a follower that takes over decides nothing before its own index is whole.
func TestWritable_WaitsForConstraints(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	r.version(id)
	r.must(r.write(id, 0, people(0, 100)))
	r.must(r.write(id, 0, func(d *graph.Draft) {
		if _, err := d.CreateConstraint(graph.ConstraintDefinition{Name: "c", LabelOrType: "P", Properties: []string{"x"}}); err != nil {
			panic(err)
		}
	}))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.m.Writable(ended, id, 0, false); !errors.Is(err, context.Canceled) {
		t.Fatalf("writable without the constraint's index: %v", err)
	}
	var waiting sync.WaitGroup
	waiting.Go(func() {
		if p, err := r.m.Writable(t.Context(), id, 0, true); err != nil || p.Graph.Unbuilt(false) {
			t.Errorf("writable: %v", err)
		}
	})
	if err := r.m.BuildIndexes(noPause); err != nil {
		t.Fatal(err)
	}
	waiting.Wait()
}

// TestIndexes_CountBeforeTheyAreBuilt: a definition counts for memory what its entries will take, and a tenant whose
// index is being built stays.
func TestIndexes_CountBeforeTheyAreBuilt(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	r.version(id)
	r.must(r.write(id, 0, people(0, 5000)))
	without := r.m.ResidentBytes()
	r.must(r.write(id, 0, index("i", "x")))
	defined := r.m.ResidentBytes() - without
	looked := false
	err := r.m.BuildIndexes(func(bool) error {
		evictAll(r.m)
		looked = true
		if !r.m.Resident(id, 0) {
			return errors.New("evicted while its index was built")
		}
		return nil
	})
	if err != nil || !looked {
		t.Fatal(err, looked)
	}
	built := r.m.ResidentBytes() - without
	if ratio := float64(defined) / float64(built); ratio < 0.7 || ratio > 1.3 {
		t.Errorf("the definition counts %d bytes, the index takes %d", defined, built)
	}
	if evictAll(r.m); r.m.Resident(id, 0) {
		t.Error("it is pinned though nothing is built")
	}
}

// TestIndexes_ApplyIsNotHeld builds an index while the log goes on, and holds the longest apply against R16's bound. The
// full size, 1 000 000 nodes, is for a machine with nothing else to do.
func TestIndexes_ApplyIsNotHeld(t *testing.T) {
	nodes, most := 20_000, 500*time.Millisecond
	var r *rig
	if os.Getenv("NEXUS_FULL") == "1" {
		nodes, r = 1_000_000, newDiskRig(t) // as a node has it: with tables of a MiB writes wait for the disk's
	} else {
		r = newRig(t)
	}
	id := r.tenant("acme")
	r.version(id)
	const chunk = 10_000
	for first := 0; first < nodes; first += chunk {
		r.must(r.write(id, 0, people(first, chunk)))
	}
	var longest time.Duration
	apply := func(do func(*graph.Draft)) {
		write := r.write(id, 0, do)
		entry := r.entry(write)
		began := time.Now()
		r.m.Apply(entry)
		longest = max(longest, time.Since(began))
	}
	apply(index("i", "x"))
	made, built := longest, make(chan error, 1)
	began := time.Now()
	go func() { built <- r.m.BuildIndexes(noPause) }()
	wrote := 0
	for done := false; !done; wrote++ {
		apply(people(nodes+wrote, 10))
		select {
		case err := <-built:
			if done = true; err != nil {
				t.Fatal(err)
			}
		default:
		}
	}
	t.Logf("%d nodes: the definition was applied in %v, built in %v beside %d writes, the longest apply took %v", nodes, made, time.Since(began), wrote, longest)
	if longest > most {
		t.Errorf("an apply took %v", longest)
	}
	x, found := r.version(id).Index("i")
	if !found || x.Len() != r.version(id).Meta().Nodes {
		t.Errorf("found %v: %s", found, fmt.Sprint(r.version(id).Indexes()))
	}
}
