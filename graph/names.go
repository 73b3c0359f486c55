package graph

import (
	"slices"
	"strings"
)

// nameKind tells the three kinds of interned names.
type nameKind uint8

const (
	labelNames nameKind = iota
	typeNames
	keyNames
	nameKinds
)

// limitWords name the limit of each kind in errors.
var limitWords = [nameKinds]string{"labels", "relationship types", "property keys"}

// names is the persistent two-way table of one kind of names. Ids count from 0 and are never taken back from a
// version that was frozen.
type names struct {
	count  uint64
	byID   table[string]
	byName tree[string, uint32]
}

func (n *names) id(name string) (uint32, bool) { return n.byName.get(name) }

// name returns the name of an id, "" for one that was never given.
func (n *names) name(id uint32) string {
	if at := n.byID.at(uint64(id)); at != nil {
		return *at
	}
	return ""
}

// add interns a name that is not there yet and must not exceed the limit.
func (n *names) add(name string, token uint64) uint32 {
	id := uint32(n.count)
	name = strings.Clone(name)
	*n.byID.own(n.count, token) = name
	n.byName.set(name, id, token)
	n.count++
	return id
}

// truncate takes back the names from id count on, which nothing refers to.
func (n *names) truncate(count, token uint64) {
	for n.count > count {
		n.count--
		at := n.byID.own(n.count, token)
		n.byName.remove(*at, token)
		*at = ""
	}
}

// live returns, sorted, the names for which used says yes.
func (n *names) live(used func(id uint64) bool) []string {
	var list []string
	for id := range n.count {
		if used(id) {
			list = append(list, n.name(uint32(id)))
		}
	}
	slices.Sort(list)
	return list
}

// Label finds a label that this database has ever used.
func (g *Graph) Label(name string) (Label, bool) {
	id, ok := g.names[labelNames].id(name)
	if !ok && g.reads != nil {
		g.reads.absentName(labelNames, name)
	}
	return Label(id), ok
}

// LabelName returns a label's name, "" for an id that was never given.
func (g *Graph) LabelName(l Label) string { return g.names[labelNames].name(uint32(l)) }

// Type finds a relationship type that this database has ever used.
func (g *Graph) Type(name string) (Type, bool) {
	id, ok := g.names[typeNames].id(name)
	if !ok && g.reads != nil {
		g.reads.absentName(typeNames, name)
	}
	return Type(id), ok
}

// TypeName returns a relationship type's name, "" for an id that was never given.
func (g *Graph) TypeName(t Type) string { return g.names[typeNames].name(uint32(t)) }

// PropertyKey finds a property key that this database has ever used.
func (g *Graph) PropertyKey(name string) (PropertyKey, bool) {
	id, ok := g.names[keyNames].id(name)
	if !ok && g.reads != nil {
		g.reads.absentName(keyNames, name)
	}
	return PropertyKey(id), ok
}

// PropertyKeyName returns a property key's name, "" for an id that was never given.
func (g *Graph) PropertyKeyName(k PropertyKey) string { return g.names[keyNames].name(uint32(k)) }

// LabelNames returns, sorted, the labels that some node has.
func (g *Graph) LabelNames() []string {
	g.noteListing(labelNames)
	return g.names[labelNames].live(func(id uint64) bool { return setCount(&g.labelSets, id) > 0 })
}

// TypeNames returns, sorted, the types that some relationship has.
func (g *Graph) TypeNames() []string {
	g.noteListing(typeNames)
	return g.names[typeNames].live(func(id uint64) bool { return setCount(&g.typeSets, id) > 0 })
}

// PropertyKeyNames returns, sorted, the property keys that some node or relationship has.
func (g *Graph) PropertyKeyNames() []string {
	g.noteListing(keyNames)
	return g.names[keyNames].live(g.usesKey)
}

// usesKey tells whether some entity has a property of the key.
func (g *Graph) usesKey(id uint64) bool {
	at := g.keyUses.at(id)
	return at != nil && *at > 0
}

func (g *Graph) noteListing(kind nameKind) {
	if g.reads != nil {
		g.reads.listed[kind] = true
	}
}
