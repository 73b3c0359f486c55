package graph_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
)

// TestConstraint_Exists refuses, at the end of a statement, every way in which a property can be missing.
func TestConstraint_Exists(t *testing.T) {
	d := newDraft(t)
	good := mustNode(t, d, []string{"P"}, "x", 1)
	bare := mustNode(t, d, nil)
	made, err := d.CreateConstraint(graph.ConstraintDefinition{Kind: graph.Exists, LabelOrType: "P", Properties: []string{"x"}})
	if err != nil || made.OwnedIndex != "" || made.Type() != "NODE_PROPERTY_EXISTENCE" || len(d.Graph().Indexes()) != 0 {
		t.Fatalf("constraint %+v: %v", made, err)
	}
	violations := map[string]func() (graph.NodeID, error){
		"created without": func() (graph.NodeID, error) { return d.CreateNode([]string{"P"}, properties("y", 1)) },
		"removed":         func() (graph.NodeID, error) { _, err := d.SetNodeProperty(good, "x", value.Null); return good, err },
		"label added":     func() (graph.NodeID, error) { _, err := d.AddLabels(bare, []string{"P"}); return bare, err },
	}
	for words, violate := range violations {
		saved := d.Savepoint()
		id, err := violate()
		if err != nil {
			t.Fatalf("%s: refused before the statement's end: %v", words, err)
		}
		var missing *graph.MissingPropertyError
		if err := d.Check(); !errors.As(err, &missing) || missing.ID != uint64(id) || missing.Key != "x" || missing.Constraint != made.Name {
			t.Errorf("%s: %v", words, err)
		}
		if _, err := graph.Apply(graph.Input{Graph: graph.Empty(), Changes: d.Changes()}); !errors.As(err, &missing) {
			t.Errorf("%s: applied: %v", words, err)
		}
		d.RollbackTo(saved)
		if err := d.Check(); err != nil {
			t.Errorf("%s, rolled back: %v", words, err)
		}
	}
	late := mustNode(t, d, []string{"P"})
	if _, err := d.SetNodeProperty(late, "x", value.Int(2)); err != nil || d.Check() != nil {
		t.Errorf("set in the same statement: %v, %v", err, d.Check())
	}
	gone := mustNode(t, d, []string{"P"})
	if err := errors.Join(d.DeleteNode(gone), d.Check()); err != nil {
		t.Errorf("deleted in the same statement: %v", err)
	}
	if err := d.DropConstraint(made.Name); err != nil {
		t.Fatal(err)
	}
	mustNode(t, d, []string{"P"})
	if err := d.Check(); err != nil || len(d.Graph().Constraints()) != 0 {
		t.Errorf("dropped: %v", err)
	}
}

// TestConstraint_OnLackingData names the first entity that lacks a property and changes nothing.
func TestConstraint_OnLackingData(t *testing.T) {
	d := newDraft(t)
	a := mustNode(t, d, []string{"P"}, "x", 1)
	b := mustNode(t, d, []string{"P"}, "y", 1)
	if _, err := d.CreateRelationship("T", a, b, properties("x", 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.CreateRelationship("T", a, b, properties("x", 1)); err != nil {
		t.Fatal(err)
	}
	before := d.Graph().Meta()
	var missing *graph.MissingPropertyError
	var doubled *graph.UniqueViolation
	for _, kind := range []graph.ConstraintKind{graph.Exists, graph.Key} {
		_, err := d.CreateConstraint(graph.ConstraintDefinition{Kind: kind, LabelOrType: "P", Properties: []string{"x"}})
		if !errors.As(err, &missing) || missing.ID != uint64(b) {
			t.Errorf("kind %d of nodes: %v", kind, err)
		}
		_, err = d.CreateConstraint(graph.ConstraintDefinition{Kind: kind, Entity: graph.RelationshipEntity, LabelOrType: "T", Properties: []string{"never"}})
		if !errors.As(err, &missing) || missing.ID != 0 || missing.Key != "never" {
			t.Errorf("kind %d over a key that nobody has: %v", kind, err)
		}
	}
	_, err := d.CreateConstraint(graph.ConstraintDefinition{Kind: graph.Key, Entity: graph.RelationshipEntity, LabelOrType: "T", Properties: []string{"x"}})
	if !errors.As(err, &doubled) || doubled.Entity != graph.RelationshipEntity {
		t.Errorf("a key over doubles: %v", err)
	}
	if d.Graph().Meta() != before {
		t.Error("refused constraints left something behind")
	}
	for _, label := range []string{"Nobody", "P"} { // a label nobody has; an index of the same schema stands in no way
		if _, err := d.CreateConstraint(graph.ConstraintDefinition{Kind: graph.Exists, LabelOrType: label, Properties: []string{"z"}}); (err == nil) != (label == "Nobody") {
			t.Errorf("over %s: %v", label, err)
		}
	}
}

// constraintProgram is a random history under random constraints.
type constraintProgram struct {
	r *rand.Rand
	d *graph.Draft
}

func (p *constraintProgram) word(words ...string) string { return words[p.r.IntN(len(words))] }

func (p *constraintProgram) properties() *value.Map {
	var b value.MapBuilder
	for _, key := range []string{"x", "y"} {
		if p.r.IntN(4) > 0 {
			b.Set(key, value.Int(int64(p.r.IntN(6))))
		}
	}
	return b.Map()
}

// step makes one write. What it aims at may not exist.
func (p *constraintProgram) step() error {
	node, key := graph.NodeID(p.r.IntN(12)), p.word("x", "y")
	v := value.Null
	if p.r.IntN(2) == 0 {
		v = value.Int(int64(p.r.IntN(6)))
	}
	var err error
	switch p.r.IntN(9) {
	case 0, 1:
		_, err = p.d.CreateNode([]string{p.word("A", "B")}, p.properties())
	case 2, 3:
		_, err = p.d.CreateRelationship(p.word("R", "S"), node, graph.NodeID(p.r.IntN(12)), p.properties())
	case 4:
		_, err = p.d.SetNodeProperty(node, key, v)
	case 5:
		_, err = p.d.SetRelationshipProperty(graph.RelationshipID(p.r.IntN(12)), key, v)
	case 6:
		_, err = p.d.AddLabels(node, []string{p.word("A", "B")})
	case 7:
		_, err = p.d.RemoveLabels(node, []string{p.word("A", "B")})
	case 8:
		err = p.d.DeleteRelationship(graph.RelationshipID(p.r.IntN(12)))
	}
	return err
}

func (p *constraintProgram) define() error {
	if list := p.d.Graph().Constraints(); len(list) > 0 && p.r.IntN(3) == 0 {
		return p.d.DropConstraint(list[p.r.IntN(len(list))].Name)
	}
	c := graph.ConstraintDefinition{Kind: graph.ConstraintKind(p.r.IntN(3)), LabelOrType: p.word("A", "B"), Properties: []string{p.word("x", "y")}}
	if p.r.IntN(2) == 0 {
		c.Entity, c.LabelOrType = graph.RelationshipEntity, p.word("R", "S")
	}
	if c.Kind == graph.Key && p.r.IntN(2) == 0 {
		c.Properties = []string{"x", "y"}
	}
	_, err := p.d.CreateConstraint(c)
	return err
}

// kept tells, by looking at everything, whether a version keeps its constraints.
func kept(g *graph.Graph) bool {
	for _, c := range g.Constraints() {
		seen := map[string]bool{}
		for _, properties := range entitiesOf(g, c.Entity, c.LabelOrType) {
			var key []byte
			for _, name := range c.Properties {
				v, _ := properties.Lookup(name)
				if v.IsNull() && c.Kind != graph.Unique {
					return false
				}
				if key = value.AppendOrdered(key, v); v.IsNull() {
					key = fmt.Append(key, len(seen), "is nobody's")
				}
			}
			if c.Kind != graph.Exists && seen[string(key)] {
				return false
			}
			seen[string(key)] = true
		}
	}
	return true
}

// entitiesOf are the properties of all nodes with a label, or of all relationships of a type.
func entitiesOf(g *graph.Graph, entity graph.EntityKind, over string) (list []*value.Map) {
	if entity == graph.RelationshipEntity {
		for c, id, ok := next(g.Relationships()); ok; c, id, ok = next(c) {
			if r, _ := g.Relationship(id); g.TypeName(r.Type) == over {
				list = append(list, g.RelationshipProperties(id))
			}
		}
		return list
	}
	c := g.Nodes()
	for id, ok := c.Next(); ok; id, ok = c.Next() {
		if slices.Contains(g.LabelStrings(id), over) {
			list = append(list, g.NodeProperties(id))
		}
	}
	return list
}

// TestConstraint_AgainstBruteForce runs statements of random writes: one is refused exactly where, looking at everything,
// a constraint is not kept; and what is not refused makes the same version applied warm, applied cold, replayed and loaded.
func TestConstraint_AgainstBruteForce(t *testing.T) {
	disk := openDisk(t)
	refused, passed := 0, 0
	for seed := range uint64(120) {
		r := rand.New(rand.NewPCG(seed, 11))
		stored, version := disk.database(), graph.Empty()
		for sequence := range uint64(12) {
			p := &constraintProgram{r, graph.NewDraft(version, graph.Stamp{Term: 1, Sequence: sequence + 1}, graph.DraftLimits{})}
			saved := p.d.Savepoint()
			failed := false
			for range 1 + r.IntN(8) {
				if r.IntN(6) == 0 {
					before := p.d.Graph()
					if p.define() != nil && p.d.Graph().Meta() != before.Meta() {
						t.Fatalf("seed %d: a refused definition left something", seed)
					}
				}
				var missing *graph.MissingPropertyError
				if err := p.step(); errors.As(err, &missing) {
					t.Fatalf("seed %d: %v before the statement's end", seed, err)
				}
			}
			if whole, err := kept(p.d.Graph()), p.d.Check(); whole != (err == nil) {
				t.Fatalf("seed %d, %d: all is kept: %v; the draft says %v", seed, sequence, whole, err)
			} else if failed = err != nil; failed {
				p.d.RollbackTo(saved)
				refused++
			} else {
				passed++
			}
			version = everyWay(t, stored, version, p.d)
		}
	}
	t.Logf("%d statements refused, %d passed", refused, passed)
	if refused < 100 || passed < 100 {
		t.Error("too few of a kind to say anything")
	}
}

// everyWay applies a draft warm and cold, replays it, and loads what is stored; it returns the next version.
func everyWay(t *testing.T, stored *database, version *graph.Graph, d *graph.Draft) *graph.Graph {
	t.Helper()
	warm, err := graph.Apply(graph.Input{Graph: version, Meta: version.Meta(), Changes: d.Changes()})
	if err != nil {
		t.Fatal(err)
	}
	cold, err := graph.Apply(graph.Input{Reader: stored.space(), Meta: version.Meta(), Changes: d.Changes()})
	if err != nil || cold.Meta != warm.Meta {
		t.Fatalf("cold: %v, %+v, not %+v", err, cold, warm.Meta)
	}
	again := graph.NewDraft(version, d.Graph().Stamp(), graph.DraftLimits{})
	if err := again.Replay(d.Changes()); err != nil || again.Graph().Meta() != warm.Meta {
		t.Fatalf("replayed: %v", err)
	}
	stored.commit(warm)
	loaded, err := graph.Load(stored.space())
	if err != nil || loaded.Meta() != warm.Meta {
		t.Fatalf("loaded: %v", err)
	}
	built, err := graph.BuildAll(warm.Graph)
	if err != nil {
		t.Fatal(err)
	}
	return built
}
