package tx

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hivellm/nexus/api/lane"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/graph/value"
	"github.com/hivellm/nexus/tenancy"
)

// bench is a table with a graph that stands for what is applied, and ids that nobody else takes.
type bench struct {
	t       *testing.T
	table   *Table
	sealer  *Sealer
	tenant  tenancy.ID
	applied *graph.Graph
	next    [2]uint64
	given   [][2]graph.Block // back
	stamp   uint64
}

func newBench(t *testing.T) *bench {
	t.Helper()
	sealer, err := NewSealer([]byte("secret"), "cluster")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, table: NewTable(), sealer: sealer, applied: graph.Empty(), next: [2]uint64{1000, 1000}}
	b.tenant = tenancy.IDFromNumber(1)
	b.table.Open(3)
	return b
}

// begin opens a transaction on what is applied.
func (b *bench) begin(spec Spec) *Transaction {
	b.t.Helper()
	id, err := b.sealer.Seal(b.tenant, "node", 3, 5)
	if err != nil {
		b.t.Fatal(err)
	}
	spec.ID, spec.Base, spec.Place.Tenant, spec.Now = id, b.applied, b.tenant, time.Now()
	spec.Reserve = func(_ context.Context, kind graph.EntityKind, count uint64) (graph.Block, error) {
		b.next[kind] += count
		return graph.Block{First: b.next[kind] - count, Count: count}, nil
	}
	spec.GiveBack = func(unused [2]graph.Block) { b.given = append(b.given, unused) }
	one := New(spec)
	if err := b.table.Begin(one); err != nil {
		b.t.Fatal(err)
	}
	return one
}

// take begins a step.
func (b *bench) take(one *Transaction) *Transaction {
	b.t.Helper()
	taken, err := b.table.Take(b.t.Context(), one.ID())
	if err != nil {
		b.t.Fatal(err)
	}
	return taken
}

type rows struct{ values []string }

func (*rows) Columns([]string) error { return nil }

func (r *rows) Row(_ *graph.Graph, row []value.Value) error {
	for _, v := range row {
		r.values = append(r.values, string(value.AppendJSON(nil, v)))
	}
	return nil
}

func (b *bench) run(one *Transaction, query string) string {
	b.t.Helper()
	prepared, err := cypher.Prepare(query)
	if err != nil {
		b.t.Fatal(err)
	}
	b.take(one)
	defer b.table.Release(one)
	out := &rows{}
	if _, err := one.Run(b.t.Context(), prepared, cypher.Options{}, out); err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
	return strings.Join(out.values, " ")
}

// apply runs a query as one write of its own.
func (b *bench) apply(query string) {
	b.t.Helper()
	prepared, err := cypher.Prepare(query)
	if err != nil {
		b.t.Fatal(err)
	}
	b.stamp++
	draft := graph.NewDraft(b.applied, graph.Stamp{Term: 3, Sequence: b.stamp}, graph.DraftLimits{})
	if _, err := cypher.Write(b.t.Context(), prepared, draft, cypher.Options{}, &rows{}); err != nil {
		b.t.Fatal(err)
	}
	b.applied = draft.Graph()
}

// commit does what a lane does with a commit.
func (b *bench) commit(one *Transaction) error {
	b.t.Helper()
	b.take(one)
	job, err := b.table.Commit(one, 7)
	if err != nil {
		b.t.Fatal(err)
	}
	b.stamp++
	draft, _, err := job.Draft(b.applied, graph.Stamp{Term: 3, Sequence: b.stamp})
	if err == nil {
		b.applied = draft.Graph()
	}
	b.table.End(one, End{Kind: Committed})
	return err
}

func (b *bench) read(query string) string {
	b.t.Helper()
	prepared, err := cypher.Prepare(query)
	if err != nil {
		b.t.Fatal(err)
	}
	out := &rows{}
	if _, err := cypher.Read(b.t.Context(), prepared, b.applied, cypher.Options{}, out); err != nil {
		b.t.Fatal(err)
	}
	return strings.Join(out.values, " ")
}

// TestCommit_BringsNamesNotNumbers: the number that the draft gave a label is another's on the newest version.
func TestCommit_BringsNamesNotNumbers(t *testing.T) {
	b := newBench(t)
	b.apply("CREATE (:Old)")
	one := b.begin(Spec{})
	b.run(one, "CREATE (:Alpha {mine: 1})")
	b.apply("CREATE (:Beta {theirs: 2})")
	if err := b.commit(one); err != nil {
		t.Fatal(err)
	}
	if got := b.read("MATCH (a:Alpha) RETURN count(a), sum(a.mine)"); got != "1 1" {
		t.Errorf("of Alpha there are %s", got)
	}
	if got := b.read("MATCH (a:Beta) RETURN count(a), sum(a.theirs)"); got != "1 2" {
		t.Errorf("of Beta there are %s", got)
	}
}

// TestCommit_AbsentReadsConflict: two look for the same thing, find nothing, and make it.
func TestCommit_AbsentReadsConflict(t *testing.T) {
	for _, look := range []string{
		"MATCH (u:User {mail: 'x'}) RETURN count(u)",
		"MATCH (u:Ghost) RETURN count(u)",
		"MERGE (u:Ghost) RETURN count(u) - 1",
	} {
		b := newBench(t)
		b.apply("CREATE INDEX FOR (u:User) ON (u.mail)")
		b.apply("CREATE (:User {mail: 'y'})")
		one, two := b.begin(Spec{}), b.begin(Spec{})
		for _, each := range []*Transaction{one, two} {
			if got := b.run(each, look); got != "0" {
				t.Fatalf("%s: %s", look, got)
			}
			b.run(each, "CREATE (:User {mail: 'x'}), (:Ghost)")
		}
		if err := b.commit(one); err != nil {
			t.Fatal(err)
		}
		if err := b.commit(two); !errors.Is(err, lane.ErrConflict) {
			t.Errorf("%s: the second of two that found nothing: %v", look, err)
		}
	}
}

// TestCommit_RangeReadsConflict: two look at a range of an index, each adds to it what the other's look would have shown.
func TestCommit_RangeReadsConflict(t *testing.T) {
	for _, look := range []string{
		"MATCH (s:Shift {day: 7}) RETURN count(s)",
		"MATCH (s:Shift) WHERE s.day >= 7 AND s.day < 8 RETURN count(s)",
		"MATCH (s:Shift) WHERE s.day > 6 AND s.day < 8 RETURN s.who ORDER BY s.day LIMIT 5",
	} {
		b := newBench(t)
		b.apply("CREATE INDEX FOR (s:Shift) ON (s.day)")
		b.apply("UNWIND range(1, 200) AS i CREATE (:Shift {day: i, who: 1})")
		one, two := b.begin(Spec{}), b.begin(Spec{})
		for _, each := range []*Transaction{one, two} {
			if got := b.run(each, look); got != "1" {
				t.Fatalf("%s: %s", look, got)
			}
			b.run(each, "CREATE (:Shift {day: 7, who: 2})")
		}
		b.apply("CREATE (:Shift {day: 9, who: 3})") // outside the range
		if err := b.commit(one); err != nil {
			t.Fatalf("%s: %v", look, err)
		}
		if err := b.commit(two); !errors.Is(err, lane.ErrConflict) {
			t.Errorf("%s: the second of two that saw one: %v", look, err)
		}
	}
}

// TestCommit_IndexWalksConflict: each way to walk an index is a read of what it would have found.
func TestCommit_IndexWalksConflict(t *testing.T) {
	for _, c := range []struct{ read, write string }{
		{"MATCH (p:P) RETURN p.x ORDER BY p.x LIMIT 1", "CREATE (:P {x: 1, n: 'm'})"},
		{"MATCH (p:P) RETURN p.n ORDER BY p.x DESC LIMIT 1", "CREATE (:P {n: 'it has no x'})"},
		{"MATCH (p:P) RETURN max(p.x)", "MATCH (p:P {x: 5}) SET p.x = 50"},
		{"MATCH (p:P) WHERE p.n STARTS WITH 'ab' RETURN p.x", "CREATE (:P {n: 'abé'})"},
		{"MATCH (p:P) WHERE p.a = 1 AND p.b > 3 RETURN p", "CREATE (:P {a: 1, b: 4})"},
		{"MATCH (p:P) WHERE p.a = 1 AND p.b IN [8, 9] RETURN p", "CREATE (:P {a: 1, b: 9})"},
		{"MATCH ()-[r:R {x: 7}]->() RETURN r", "CREATE ()-[:R {x: 7}]->()"},
		{"MATCH ()-[r:R]->() RETURN r.x ORDER BY r.x LIMIT 1", "CREATE ()-[:R {x: 0}]->()"},
	} {
		b := newBench(t)
		b.apply("CREATE INDEX FOR (p:P) ON (p.x)")
		b.apply("CREATE INDEX FOR (p:P) ON (p.n)")
		b.apply("CREATE INDEX FOR (p:P) ON (p.a, p.b)")
		b.apply("CREATE INDEX FOR ()-[r:R]-() ON (r.x)")
		b.apply("UNWIND [3, 4, 5] AS i CREATE (:P {x: i, n: 'ab' + i, a: 1, b: i - 2})-[:R {x: i}]->()")
		one, beside := b.begin(Spec{}), b.begin(Spec{})
		for _, tx := range []*Transaction{one, beside} {
			b.run(tx, c.read)
			b.run(tx, "CREATE (:Note {text: 'what was seen'})")
		}
		b.apply("CREATE (:Elsewhere {x: 1, n: 'ab', a: 1, b: 4})")
		if err := b.commit(beside); err != nil {
			t.Errorf("%s: what was written is of no concern: %v", c.read, err)
		}
		b.apply(c.write)
		if err := b.commit(one); !errors.Is(err, lane.ErrConflict) {
			t.Errorf("%s, then %s: %v", c.read, c.write, err)
		}
	}
}

// TestCommit_SchemaReadsConflict: what a transaction decided by the schema does not happen under another.
func TestCommit_SchemaReadsConflict(t *testing.T) {
	b := newBench(t)
	b.apply("CREATE (:User {mail: 'x'})")
	one := b.begin(Spec{})
	if got := b.run(one, "SHOW INDEXES"); got != "" {
		t.Fatalf("there are indexes: %s", got)
	}
	b.run(one, "CREATE (:Note {text: 'there is no index'})")
	b.apply("CREATE INDEX FOR (u:User) ON (u.mail)")
	if err := b.commit(one); !errors.Is(err, lane.ErrConflict) {
		t.Errorf("an index was made meanwhile: %v", err)
	}
}

// TestCommit_RefusalsAreReads: that a constraint refused a statement tells of what stood in its way.
func TestCommit_RefusalsAreReads(t *testing.T) {
	b := newBench(t)
	b.apply("CREATE CONSTRAINT one FOR (u:Login) REQUIRE u.mail IS UNIQUE")
	b.apply("CREATE (:Login {mail: 'x'}), (:Hub {n: 1})-[:R]->(:End)")
	b.apply("CREATE CONSTRAINT must FOR (u:Named) REQUIRE u.name IS NOT NULL")
	b.apply("CREATE (:Draft {n: 1})")
	for statement, clears := range map[string]string{
		"MATCH (d:Draft) SET d:Named":   "MATCH (d:Draft) SET d.name = 'x'",
		"CREATE (:Login {mail: 'x'})":   "MATCH (u:Login {mail: 'x'}) DELETE u",
		"MATCH (h:Hub {n: 1}) DELETE h": "MATCH (:Hub)-[r:R]->() DELETE r",
	} {
		one := b.begin(Spec{})
		prepared, err := cypher.Prepare(statement)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.take(one).Run(t.Context(), prepared, cypher.Options{}, &rows{}); err == nil {
			t.Fatalf("%s is done", statement)
		}
		b.table.Release(one)
		b.run(one, "CREATE (:Note {text: 'it was refused'})")
		b.apply(clears)
		if err := b.commit(one); !errors.Is(err, lane.ErrConflict) {
			t.Errorf("%s was refused, and by now would not be: %v", statement, err)
		}
	}
}

// TestCommit_KeepsExistence: two writes each keep a constraint, and together do not. The second one to land is refused.
func TestCommit_KeepsExistence(t *testing.T) {
	b := newBench(t)
	b.apply("CREATE CONSTRAINT must FOR (u:Named) REQUIRE u.name IS NOT NULL")
	b.apply("CREATE (:Draft {n: 1, name: 'x'})")
	one := b.begin(Spec{})
	b.run(one, "MATCH (d:Draft {n: 1}) SET d:Named")
	b.apply("MATCH (d:Draft {n: 1}) REMOVE d.name")
	if err := b.commit(one); !errors.Is(err, lane.ErrConflict) {
		t.Errorf("the name is gone: %v", err)
	}
	two := b.begin(Spec{})
	b.run(two, "CREATE (u:Named {name: 'y'})")
	b.run(two, "MATCH (u:Named) SET u.name = 'z'")
	if err := b.commit(two); err != nil {
		t.Errorf("nothing is missing: %v", err)
	}
}

// TestCommit_PlannersLooksDoNotCount: a plan is chosen by counts, which change beside the one node that is read.
func TestCommit_PlannersLooksDoNotCount(t *testing.T) {
	b := newBench(t)
	b.apply("CREATE INDEX FOR (r:Room) ON (r.id)")
	b.apply("UNWIND range(1, 200) AS i CREATE (:Room {id: i})")
	one := b.begin(Spec{})
	if got := b.run(one, "MATCH (r:Room {id: 7}) SET r.n = 1 RETURN r.id"); got != "7" {
		t.Fatalf("found %s", got)
	}
	b.apply("UNWIND range(1000, 2000) AS i CREATE (:Room {id: i})-[:NEXT]->(:Door)")
	if err := b.commit(one); err != nil {
		t.Errorf("what was read is as it was: %v", err)
	}
}

func TestTransaction_IsBounded(t *testing.T) {
	b := newBench(t)
	one := b.begin(Spec{})
	b.take(one)
	defer b.table.Release(one)
	prepared, err := cypher.Prepare("UNWIND range(1, $n) AS i CREATE (:N)")
	if err != nil {
		t.Fatal(err)
	}
	run := func(n int64) error {
		_, err := one.Run(t.Context(), prepared, cypher.Options{Parameters: value.NewMap([]string{"n"}, []value.Value{value.Int(n)})}, &rows{})
		return err
	}
	if err := run(40_000); err != nil {
		t.Fatal(err)
	}
	var operations *graph.LimitError
	if err := run(20_000); !errors.As(err, &operations) {
		t.Errorf("60 000 operations: %v", err)
	}
	if got := one.Stats().NodesCreated; got != 40_000 {
		t.Errorf("after a statement that failed %d nodes are made", got)
	}
	one.busy = MaxBusy
	var limit *LimitError
	if err := run(1); !errors.As(err, &limit) {
		t.Errorf("after a minute of running: %v", err)
	}
}

func TestTable_Ends(t *testing.T) {
	b := newBench(t)
	open := make([]*Transaction, 0, MaxOpen)
	for range MaxOpen {
		open = append(open, b.begin(Spec{}))
	}
	if err := b.table.Begin(New(Spec{ID: open[0].ID(), Base: b.applied, Place: lane.Place{Tenant: b.tenant}})); !errors.Is(err, ErrTooMany) {
		t.Errorf("one more: %v", err)
	}
	for i, one := range open[:3] {
		kind := []EndKind{RolledBack, Committed, Lost}[i]
		b.table.End(b.take(one), End{Kind: kind})
		if end, ok := b.table.Ended(one.ID()); !ok || end.Kind != kind {
			t.Errorf("remembered: %v, %v", end, ok)
		}
		if _, err := b.table.Take(t.Context(), one.ID()); !errors.Is(err, ErrGone) {
			t.Errorf("a step of one that ended: %v", err)
		}
	}
	running := b.take(open[4])
	waiting := make(chan error)
	go func() {
		_, err := b.table.Take(t.Context(), running.ID())
		waiting <- err
	}()
	b.table.Close()
	b.table.Release(running)
	if err := <-waiting; !errors.Is(err, ErrGone) {
		t.Errorf("a step that waited while the term ended: %v", err)
	}
	if b.table.Term() != 0 {
		t.Error("a closed table has a term")
	}
	b.table.Open(3)
	for range maxRemembered + 10 {
		b.table.End(b.take(b.begin(Spec{})), End{Kind: RolledBack})
	}
	if mine := b.table.tenants[b.tenant]; len(b.table.ended) != maxRemembered || len(mine.ended) != maxRemembered {
		t.Errorf("%d and %d are remembered", len(b.table.ended), len(mine.ended))
	}
}

func TestID_IsItsTenants(t *testing.T) {
	b := newBench(t)
	other := tenancy.IDFromNumber(2)
	elsewhere, err := NewSealer([]byte("secret"), "another")
	if err != nil {
		t.Fatal(err)
	}
	id, err := b.sealer.Seal(b.tenant, strings.Repeat("n", maxNodeID), 7, 12345)
	if err != nil || len(id.Text) > fsm.MaxKeptKey {
		t.Fatalf("%v of %d bytes: %v", id, len(id.Text), err)
	}
	if got, err := b.sealer.Open(b.tenant, id.Text); err != nil || got != id {
		t.Errorf("opened: %+v, %v", got, err)
	}
	if again, _ := b.sealer.Seal(b.tenant, id.Node, 7, 12345); again.Text == id.Text || again.Request() == id.Request() {
		t.Error("two have the same id")
	}
	for name, open := range map[string]func() (ID, error){
		"another tenant":  func() (ID, error) { return b.sealer.Open(other, id.Text) },
		"another cluster": func() (ID, error) { return elsewhere.Open(b.tenant, id.Text) },
		"cut short":       func() (ID, error) { return b.sealer.Open(b.tenant, id.Text[:len(id.Text)-2]) },
		"empty":           func() (ID, error) { return b.sealer.Open(b.tenant, "") },
		"prefix":          func() (ID, error) { return b.sealer.Open(b.tenant, idPrefix) },
	} {
		if got, err := open(); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := b.sealer.Seal(b.tenant, strings.Repeat("n", maxNodeID+1), 7, 0); err == nil {
		t.Error("a node's name that does not fit is taken")
	}
	if err := fmt.Sprint(id.Kept(9).ArrivedMs, id.Kept(9).Last); err != "9 true" {
		t.Error(err)
	}
}
