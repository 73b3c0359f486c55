package api

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
)

// Bounds of a description: of one label or type, and of the whole.
const (
	// SampleSize is how many entities of a label or type are looked at.
	SampleSize = 1000
	// maxSampled bounds what is looked at in all; labels and types share it where they are many.
	maxSampled = 100_000
	// maxDescribed bounds the labels, the types and the patterns that are described; the most frequent ones are.
	maxDescribed = 200
	// maxDescribedKeys bounds the property keys that are told of one label or type.
	maxDescribedKeys = 100
	// maxPatternLabels bounds the labels of one node that patterns are made of.
	maxPatternLabels = 8
	// maxDescribedName bounds a name that is told, in bytes: longer ones belong in no model's prompt.
	maxDescribedName = 512
)

// Description tells what a database holds, for whoever is about to write a query.
type Description struct {
	Labels, RelationshipTypes []Described
	Patterns                  []Pattern
	Indexes                   []graph.IndexDefinition
	Constraints               []graph.ConstraintDefinition
	// Partial says that not all labels, types, properties or patterns are in it.
	Partial bool
}

// Described is a label or type: its exact count, and what Sampled of its entities show.
type Described struct {
	Name       string
	Count      uint64
	Sampled    uint64
	Properties []DescribedProperty
}

// DescribedProperty is a property of sampled entities: in how many of them it is, and the kinds of its values.
type DescribedProperty struct {
	Name  string
	Kinds []string
	Count uint64
}

// Pattern is a way in which sampled relationships connect labels; "" is a node without labels.
type Pattern struct {
	From, Type, To string
	Count          uint64
}

// describe looks at a version. Errors are the context's.
func describe(ctx context.Context, g *graph.Graph) (Description, error) {
	schema := schemaOf(g)
	d := Description{Indexes: schema.Indexes, Constraints: schema.Constraints}
	labels, types := d.frequent(schema.Labels), d.frequent(schema.RelationshipTypes)
	share := uint64(min(SampleSize, maxSampled/max(1, len(labels)+len(types))))
	for _, counted := range labels {
		l, _ := g.Label(counted.Name)
		cursor := g.NodesWithLabel(l)
		properties := propertySample{g: g}
		for properties.entities < share {
			id, more := cursor.Next()
			if !more {
				break
			}
			properties.entities++
			g.VisitNodeProperties(id, properties.note)
		}
		d.Labels = append(d.Labels, d.described(counted, &properties))
		if err := ctx.Err(); err != nil {
			return Description{}, err
		}
	}
	patterns := map[Pattern]uint64{}
	for _, counted := range types {
		t, _ := g.Type(counted.Name)
		cursor := g.RelationshipsOfType(t)
		properties := propertySample{g: g}
		for properties.entities < share {
			id, more := cursor.Next()
			if !more {
				break
			}
			properties.entities++
			g.VisitRelationshipProperties(id, properties.note)
			d.notePatterns(g, patterns, id, counted.Name)
		}
		d.RelationshipTypes = append(d.RelationshipTypes, d.described(counted, &properties))
		if err := ctx.Err(); err != nil {
			return Description{}, err
		}
	}
	d.Patterns = d.orderedPatterns(patterns)
	return d, nil
}

// frequent keeps the names that are told, the most frequent ones first.
func (d *Description) frequent(counts []NameCount) []NameCount {
	kept := slices.DeleteFunc(slices.Clone(counts), func(c NameCount) bool { return !d.told(c.Name) })
	slices.SortStableFunc(kept, func(a, b NameCount) int { return cmp.Compare(b.Count, a.Count) })
	if len(kept) > maxDescribed {
		d.Partial, kept = true, kept[:maxDescribed]
	}
	return kept
}

// told tells whether a name is of a length that is told.
func (d *Description) told(name string) bool {
	if len(name) > maxDescribedName {
		d.Partial = true
		return false
	}
	return true
}

// propertySample gathers what sampled entities of one label or type hold.
type propertySample struct {
	g        *graph.Graph
	entities uint64
	keys     map[graph.PropertyKey]*DescribedProperty
}

func (s *propertySample) note(key graph.PropertyKey, v value.Value) bool {
	p := s.keys[key]
	if p == nil {
		if s.keys == nil {
			s.keys = map[graph.PropertyKey]*DescribedProperty{}
		}
		p = &DescribedProperty{Name: s.g.PropertyKeyName(key)}
		s.keys[key] = p
	}
	p.Count++
	if kind := v.Kind().String(); !slices.Contains(p.Kinds, kind) {
		p.Kinds = append(p.Kinds, kind)
	}
	return true
}

func (d *Description) described(counted NameCount, s *propertySample) Described {
	out := Described{Name: counted.Name, Count: counted.Count, Sampled: s.entities, Properties: make([]DescribedProperty, 0, len(s.keys))}
	for _, p := range s.keys {
		if d.told(p.Name) {
			slices.Sort(p.Kinds)
			out.Properties = append(out.Properties, *p)
		}
	}
	slices.SortFunc(out.Properties, func(a, b DescribedProperty) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Name, b.Name))
	})
	if len(out.Properties) > maxDescribedKeys {
		d.Partial, out.Properties = true, out.Properties[:maxDescribedKeys]
	}
	return out
}

// notePatterns counts a relationship between each label of its start and each of its end.
func (d *Description) notePatterns(g *graph.Graph, patterns map[Pattern]uint64, id graph.RelationshipID, name string) {
	r, _ := g.Relationship(id)
	for _, from := range labelsOrNone(g, r.Start) {
		for _, to := range labelsOrNone(g, r.End) {
			p := Pattern{From: from, Type: name, To: to}
			if _, known := patterns[p]; !known && (len(patterns) >= maxDescribed || !d.told(from) || !d.told(to)) {
				d.Partial = true
				continue
			}
			patterns[p]++
		}
	}
}

func labelsOrNone(g *graph.Graph, id graph.NodeID) []string {
	if labels := g.LabelStrings(id); len(labels) > 0 {
		return labels[:min(len(labels), maxPatternLabels)]
	}
	return []string{""}
}

func (d *Description) orderedPatterns(counts map[Pattern]uint64) []Pattern {
	list := make([]Pattern, 0, len(counts))
	for p, n := range counts {
		p.Count = n
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b Pattern) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Type, b.Type), strings.Compare(a.From, b.From), strings.Compare(a.To, b.To))
	})
	return list
}
