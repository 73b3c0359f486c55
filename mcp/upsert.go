package mcp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/graph/value"
)

const (
	// maxUpsert bounds the nodes, and the relationships, of one call.
	maxUpsert = 5000
	// maxGroups bounds the different shapes of one call: each is a part of the one query.
	maxGroups = 50
)

// batch is a query that is grown by parts, each run once for each of its items. It is one statement, so that all of it
// happens or nothing.
type batch struct {
	parts []part
}

// part is one text and the items that it is run for.
type part struct {
	text  string
	items []value.Value
}

// add adds an item to the part with a text, whose items are named row.
func (b *batch) add(text string, item value.Value) {
	i := slices.IndexFunc(b.parts, func(p part) bool { return p.text == text })
	if i < 0 {
		i = len(b.parts)
		b.parts = append(b.parts, part{text: text})
	}
	b.parts[i].items = append(b.parts[i].items, item)
}

// statement is the whole query: the parts one behind the other, each between two counts, so that one without rows does
// not end those behind it.
func (b *batch) statement() (string, *value.Map, error) {
	if len(b.parts) > maxGroups {
		refused := api.Refuse(api.CodeBadRequest, "there are %d different shapes of labels, keys and types; at most %d are taken at once", len(b.parts), maxGroups)
		refused.Hint = "send several calls"
		return "", nil, refused
	}
	var query strings.Builder
	var values value.MapBuilder
	for i, p := range b.parts {
		fmt.Fprintf(&query, "UNWIND $b%d AS row %s WITH count(*) AS c%d ", i, p.text, i)
		values.Set(fmt.Sprintf("b%d", i), value.List(p.items))
	}
	query.WriteString("RETURN 1 AS done")
	return query.String(), values.Map(), nil
}

// upsertGraph makes or changes nodes by their natural keys, and relationships between them.
func upsertGraph(w *work, a arguments) (result, error) {
	var b batch
	for _, n := range a.objects("nodes") {
		if err := n.checkKey("key"); err != nil {
			return nil, err
		}
		text := "MERGE (n" + n.pattern("label", "key", "k") + ") SET n += row.p"
		if more := n.texts("labels"); len(more) > 0 {
			text += " SET n" + labelled(more)
		}
		b.add(text, value.MapOf(parameters("k", value.List(n.keyValues("key")), "p", value.MapOf(n.object("properties")))))
	}
	for _, r := range a.objects("relationships") {
		from, to := arguments{r.object("from")}, arguments{r.object("to")}
		for _, end := range []arguments{from, to} {
			if err := end.checkKey("key"); err != nil {
				return nil, err
			}
		}
		text := "MERGE (a" + from.pattern("label", "key", "f") + ") MERGE (b" + to.pattern("label", "key", "t") + ") MERGE (a)-[r" + typed([]string{r.text("type")}) + "]->(b) SET r += row.p"
		b.add(text, value.MapOf(parameters("f", value.List(from.keyValues("key")), "t", value.List(to.keyValues("key")), "p", value.MapOf(r.object("properties")))))
	}
	if len(b.parts) == 0 {
		return nil, api.Refuse(api.CodeBadRequest, "give nodes or relationships")
	}
	query, values, err := b.statement()
	if err != nil {
		return nil, err
	}
	out, err := w.ask(a, query, values, 1)
	if err != nil {
		return nil, err
	}
	return withEnd(out, map[string]any{"nodes": len(a.list("nodes")), "relationships": len(a.list("relationships"))})
}

// checkKey refuses a natural key that names nothing.
func (a arguments) checkKey(name string) error {
	key := a.object(name)
	if key.Len() == 0 {
		return api.Refuse(api.CodeBadRequest, "key needs at least one property, such as {\"id\": 7}")
	}
	for i := range key.Len() {
		if property, v := key.At(i); v.IsNull() {
			return api.Refuse(api.CodeBadRequest, "key.%s is null: a natural key has a value", clip(property))
		}
	}
	return nil
}

// pattern is a node's label and key in a query, its values taken from the list row.<from>.
func (a arguments) pattern(label, key, from string) string {
	properties := a.object(key)
	terms := make([]string, properties.Len())
	for i := range terms {
		name, _ := properties.At(i)
		terms[i] = fmt.Sprintf("%s: row.%s[%d]", quote(name), from, i)
	}
	return labelled([]string{a.text(label)}) + " {" + strings.Join(terms, ", ") + "}"
}

func (a arguments) keyValues(key string) []value.Value {
	properties := a.object(key)
	values := make([]value.Value, properties.Len())
	for i := range values {
		_, values[i] = properties.At(i)
	}
	return values
}
