package exec

import (
	"context"
	"time"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/bind"
	"github.com/hivellm/nexus/graph/value"
)

// runSchema runs a schema command. One that visits many entities rests like a long run, and ends with the context.
func runSchema(ctx context.Context, q *bind.Query, g *graph.Graph, d *graph.Draft, pacer Pacer, sink Sink) (Result, error) {
	if err := sink.Columns(q.Columns); err != nil {
		return Result{}, err
	}
	if d != nil {
		var courtesy Courtesy
		d.OnLongWork(func() error { return checkpoint(ctx, time.Now(), &courtesy, pacer, 0, 0) })
	}
	var result Result
	var err error
	switch s := q.Schema.(type) {
	case *ast.ShowIndexes:
		err = showIndexes(g, sink, &result)
	case *ast.ShowConstraints:
		err = showConstraints(g, sink, &result)
	case *ast.CreateIndex:
		err = createIndex(s, d, &result.Stats)
	case *ast.DropIndex:
		err = dropIndex(s, d, &result.Stats)
	case *ast.CreateConstraint:
		err = createConstraint(s, d, &result.Stats)
	case *ast.DropConstraint:
		err = dropConstraint(s, d, &result.Stats)
	default:
		err = fail(q.Schema, ast.SemanticError, "UnsupportedFeature", "%T is not supported", q.Schema)
	}
	return result, placed(q.Text, err)
}

func showIndexes(g *graph.Graph, sink Sink, result *Result) error {
	for _, d := range g.Indexes() {
		row := []value.Value{
			value.Int(int64(d.ID)), value.String(d.Name), value.String(d.State.String()), value.Float(d.Percent), value.String("RANGE"),
			value.String(d.Entity.String()), names(d.LabelOrType), names(d.Properties...), textOrNull(d.OwningConstraint),
		}
		result.Rows++
		if err := sink.Row(g, row); err != nil {
			return err
		}
	}
	return nil
}

func showConstraints(g *graph.Graph, sink Sink, result *Result) error {
	for _, d := range g.Constraints() {
		row := []value.Value{
			value.Int(int64(d.ID)), value.String(d.Name), value.String(d.Type()), value.String(d.Entity.String()),
			names(d.LabelOrType), names(d.Properties...), textOrNull(d.OwnedIndex), value.Null,
		}
		result.Rows++
		if err := sink.Row(g, row); err != nil {
			return err
		}
	}
	return nil
}

func names(list ...string) value.Value {
	values := make([]value.Value, len(list))
	for i, name := range list {
		values[i] = value.String(name)
	}
	return value.List(values)
}

func textOrNull(s string) value.Value {
	if s == "" {
		return value.Null
	}
	return value.String(s)
}

func entity(t *ast.Target) graph.EntityKind {
	if t.Entity == ast.EntityRelationship {
		return graph.RelationshipEntity
	}
	return graph.NodeEntity
}

func properties(t *ast.Target) []string {
	list := make([]string, len(t.Properties))
	for i, name := range t.Properties {
		list[i] = name.Text
	}
	return list
}

func given(name *ast.Name) string {
	if name == nil {
		return ""
	}
	return name.Text
}

func createIndex(s *ast.CreateIndex, d *graph.Draft, stats *Stats) error {
	_, err := d.CreateIndex(graph.IndexDefinition{
		Name: given(s.Name), Entity: entity(&s.Target), LabelOrType: s.Target.Label.Text, Properties: properties(&s.Target),
	})
	return counted(s, err, s.IfNotExists, &stats.IndexesAdded)
}

func createConstraint(s *ast.CreateConstraint, d *graph.Draft, stats *Stats) error {
	kind := graph.Unique
	switch s.Kind {
	case ast.ConstraintNotNull:
		kind = graph.Exists
	case ast.ConstraintKey:
		kind = graph.Key
	}
	_, err := d.CreateConstraint(graph.ConstraintDefinition{
		Name: given(s.Name), Kind: kind, Entity: entity(&s.Target), LabelOrType: s.Target.Label.Text, Properties: properties(&s.Target),
	})
	return counted(s, err, s.IfNotExists, &stats.ConstraintsAdded)
}

func dropIndex(s *ast.DropIndex, d *graph.Draft, stats *Stats) error {
	return counted(s, d.DropIndex(s.Name.Text), s.IfExists, &stats.IndexesRemoved)
}

func dropConstraint(s *ast.DropConstraint, d *graph.Draft, stats *Stats) error {
	return counted(s, d.DropConstraint(s.Name.Text), s.IfExists, &stats.ConstraintsRemoved)
}

// counted counts a command that did something; with IF [NOT] EXISTS nothing to do is no error.
func counted(at ast.Node, err error, lenient bool, count *uint64) error {
	if err == nil {
		*count++
		return nil
	}
	err = explain(at, err)
	if e, ok := err.(*ast.Error); ok && lenient && (e.Detail == "AlreadyExists" || e.Detail == "SchemaNotFound") {
		return nil
	}
	return err
}
