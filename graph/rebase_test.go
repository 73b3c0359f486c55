package graph_test

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
)

// statement reads something at random of a draft and writes what follows from the answer: run again where the answers
// are the same it does the same. A statement that is refused is taken back, and the refusal is its answer.
func statement(d *graph.Draft, seed uint64) (answer string) {
	r := rand.New(rand.NewPCG(seed, 11))
	saved := d.Savepoint()
	for range 1 + r.IntN(2) {
		one := looks{r}.any()
		answer += one.words + ": " + one.at(d.Graph()) + "; "
	}
	hash := fnv.New64a()
	fmt.Fprint(hash, answer)
	w := writes{d, rand.New(rand.NewPCG(seed, hash.Sum64()))}
	for range 1 + w.r.IntN(3) {
		if err := w.any(); err != nil {
			d.RollbackTo(saved)
			return answer + err.Error()
		}
	}
	return answer
}

// writes makes random changes without a look, but at what a query would have found before.
type writes struct {
	d *graph.Draft
	r *rand.Rand
}

func (w writes) word(words []string) string { return words[w.r.IntN(len(words))] }

func (w writes) value() value.Value { return value.Int(int64(w.r.IntN(6))) }

func (w writes) properties() *value.Map {
	var b value.MapBuilder
	for range w.r.IntN(3) {
		b.Set(w.word(keyWords), w.value())
	}
	return b.Map()
}

// node is one that is there.
func (w writes) node() (graph.NodeID, bool) {
	for range 5 {
		if id := graph.NodeID(w.r.IntN(30)); w.d.Graph().HasNode(id) {
			return id, true
		}
	}
	return 0, false
}

func (w writes) any() (err error) {
	id, ok := w.node()
	switch kind := w.r.IntN(9); {
	case kind < 2 || !ok:
		_, err = w.d.CreateNode([]string{w.word(labelWords)}, w.properties())
	case kind == 2:
		other, _ := w.node()
		_, err = w.d.CreateRelationship(w.word(typeWords), id, other, w.properties())
	case kind == 3:
		_, err = w.d.SetNodeProperty(id, w.word(keyWords), w.value())
	case kind == 4:
		_, err = w.d.SetNodeProperty(id, w.word(keyWords), value.Null)
	case kind == 5:
		_, err = w.d.AddLabels(id, []string{w.word(labelWords)})
	case kind == 6:
		_, err = w.d.RemoveLabels(id, []string{w.word(labelWords)})
	case kind == 7:
		err = w.d.DeleteNode(id)
	default:
		err = w.detach(id)
	}
	return err
}

// detach deletes a node with its relationships.
func (w writes) detach(id graph.NodeID) error {
	seen := map[graph.RelationshipID]bool{}
	var list []graph.RelationshipID
	for e := w.d.Graph().Expand(id, graph.Both, nil); e.Next(); {
		if r := e.Relationship(); !seen[r] {
			seen[r] = true
			list = append(list, r)
		}
	}
	for _, r := range list {
		if err := w.d.DeleteRelationship(r); err != nil {
			return err
		}
	}
	return w.d.DeleteNode(id)
}

// TestRebase_IsTheSerialRun: where nothing that a transaction read was disturbed, its operations on the newest version
// are what its statements would have done there; where they cannot be replayed, the statements would have gone otherwise.
func TestRebase_IsTheSerialRun(t *testing.T) {
	const rounds = 600
	var rebased, disturbed, refused int
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 13))
		base, p := rebaseBase(t, r)

		statements := make([]uint64, 1+r.IntN(4))
		for i := range statements {
			statements[i] = r.Uint64()
		}
		transaction := onto(base, 9)
		set := transaction.Track()
		answers := play(transaction, statements)

		between := graph.NewDraft(base, graph.Stamp{Term: 1, Sequence: 2}, graph.DraftLimits{})
		run(t, p, between, 1+r.IntN(2))
		newest := between.Graph()
		if !set.Unchanged(base, newest) {
			disturbed++
			continue
		}
		replayed, serial := onto(newest, 3), onto(newest, 3)
		again := play(serial, statements)
		if err := replayed.Replay(transaction.Changes()); err != nil {
			refused++
			if again == answers {
				t.Fatalf("seed %d: the replay is refused (%v), the serial run is not:\n%s", seed, err, again)
			}
			continue
		}
		rebased++
		if again != answers {
			t.Fatalf("seed %d: in turn the statements answer\n%s\nin the transaction they answered\n%s", seed, again, answers)
		}
		got, want := replayed.Graph(), serial.Graph()
		if got.Meta() != want.Meta() || graphText(got) != graphText(want) {
			t.Fatalf("seed %d: rebased %+v\n%s\nin turn %+v\n%s", seed, got.Meta(), graphText(got), want.Meta(), graphText(want))
		}
	}
	if rebased < rounds/10 || disturbed < rounds/10 {
		t.Errorf("%d rebased, %d disturbed: the test compares nothing", rebased, disturbed)
	}
	t.Logf("%d rebased, %d disturbed, %d refused by a constraint", rebased, disturbed, refused)
}

// rebaseBase is a random version with an index and a constraint, and the program that made it.
func rebaseBase(t *testing.T, r *rand.Rand) (*graph.Graph, *program) {
	t.Helper()
	p := &program{choose: r.IntN, model: newModel()}
	first := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
	if _, err := first.CreateIndex(graph.IndexDefinition{Name: "by_age", LabelOrType: "Person", Properties: []string{"age"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := first.CreateConstraint(graph.ConstraintDefinition{Name: "one", LabelOrType: "City", Properties: []string{"name"}}); err != nil {
		t.Fatal(err)
	}
	run(t, p, first, 10+r.IntN(40))
	return first.Graph(), p
}

// onto begins a draft that takes its ids where nobody else's are.
func onto(base *graph.Graph, sequence uint64) *graph.Draft {
	d := graph.NewDraft(base, graph.Stamp{Term: 1, Sequence: sequence}, graph.DraftLimits{})
	d.UseIDs(1000, 1000)
	return d
}

func play(d *graph.Draft, statements []uint64) (answers string) {
	for _, seed := range statements {
		answers += statement(d, seed) + "\n"
	}
	return answers
}
