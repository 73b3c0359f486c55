package mcp

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/graph/value"
)

// one answers a tool that makes or changes one entity: it under its name, and how the query ended.
func one(out *answered, as string, missing *api.Error) (result, error) {
	cells, err := out.first()
	if err != nil {
		return nil, err
	}
	if len(cells) == 0 {
		if out.truncated {
			return nil, api.Refuse(api.CodeQueryLimitExceeded, "%s", moreTooLarge)
		}
		return nil, missing
	}
	return withEnd(out, map[string]any{as: cells[0]})
}

// withEnd answers members with how the query ended.
func withEnd(out *answered, members map[string]any) (result, error) {
	e := out.end()
	members["truncated"] = e.Truncated
	if e.More != "" {
		members["more"] = e.More
	}
	if e.Stats != nil {
		members["stats"] = e.Stats
	}
	if e.Bookmark != "" {
		members["bookmark"] = e.Bookmark
	}
	return resultOf(members)
}

func noNode(id int64) *api.Error {
	refused := api.Refuse(api.CodeNotFound, "There is no node with the id %d", id)
	refused.Hint = "find_nodes tells ids"
	return refused
}

func createNode(w *work, a arguments) (result, error) {
	query := "CREATE (n" + labelled(a.texts("labels")) + ") SET n = $properties RETURN n"
	out, err := w.ask(a, query, parameters("properties", value.MapOf(a.object("properties"))), 1)
	if err != nil {
		return nil, err
	}
	return one(out, "node", api.Refuse(api.CodeInternal, "the new node is not there"))
}

func createRelationship(w *work, a arguments) (result, error) {
	query := "MATCH (a), (b) WHERE id(a) = $from AND id(b) = $to CREATE (a)-[r" + typed([]string{a.text("type")}) + "]->(b) SET r = $properties RETURN r"
	out, err := w.ask(a, query, parameters("from", a.value("from"), "to", a.value("to"), "properties", value.MapOf(a.object("properties"))), 1)
	if err != nil {
		return nil, err
	}
	missing := api.Refuse(api.CodeNotFound, "There is no node with the id %d, or none with the id %d", a.integer("from", 0), a.integer("to", 0))
	missing.Hint = "find_nodes tells ids"
	return one(out, "relationship", missing)
}

func updateNode(w *work, a arguments) (result, error) {
	var b strings.Builder
	b.WriteString("MATCH (n) WHERE id(n) = $id")
	changes := parameters("id", a.value("id"))
	if a.has("set") {
		b.WriteString(" SET n += $set")
		changes = parameters("id", a.value("id"), "set", a.value("set"))
	}
	for _, key := range a.texts("remove") {
		b.WriteString(" REMOVE n." + quote(key))
	}
	if labels := a.texts("add_labels"); len(labels) > 0 {
		b.WriteString(" SET n" + labelled(labels))
	}
	if labels := a.texts("remove_labels"); len(labels) > 0 {
		b.WriteString(" REMOVE n" + labelled(labels))
	}
	if !strings.Contains(b.String()[len("MATCH (n) WHERE id(n) = $id"):], " ") {
		return nil, api.Refuse(api.CodeBadRequest, "say what to change: set, remove, add_labels or remove_labels")
	}
	b.WriteString(" RETURN n")
	out, err := w.ask(a, b.String(), changes, 1)
	if err != nil {
		return nil, err
	}
	return one(out, "node", noNode(a.integer("id", 0)))
}

func deleteNode(w *work, a arguments) (result, error) {
	verb := "DELETE"
	if a.flag("detach") {
		verb = "DETACH DELETE"
	}
	out, err := w.ask(a, "MATCH (n) WHERE id(n) = $id "+verb+" n", parameters("id", a.value("id")), 1)
	if err != nil {
		return nil, err
	}
	return withEnd(out, map[string]any{"deleted": out.summary.Stats.NodesDeleted > 0})
}

func findNodes(w *work, a arguments) (result, error) {
	var b strings.Builder
	b.WriteString("MATCH (n" + labelled(a.texts("labels")) + ")")
	limit := a.integer("limit", defaultRows)
	var values value.MapBuilder
	values.Set("skip", value.Int(a.integer("skip", 0)))
	values.Set("limit", value.Int(limit+1))
	if where := a.object("properties"); where.Len() > 0 {
		terms := make([]string, where.Len())
		for i := range terms {
			key, v := where.At(i)
			terms[i] = fmt.Sprintf("n.%s = $p%d", quote(key), i)
			values.Set(fmt.Sprintf("p%d", i), v)
		}
		b.WriteString(" WHERE " + strings.Join(terms, " AND "))
	}
	b.WriteString(" RETURN n SKIP $skip LIMIT $limit")
	out, err := w.ask(a, b.String(), values.Map(), int(limit))
	if err != nil {
		return nil, err
	}
	return listed(out, "nodes", "there are more nodes than are shown: call again with skip, or narrow the search")
}

// listed answers the first column of the rows.
func listed(out *answered, as, more string) (result, error) {
	cells, err := out.first()
	if err != nil {
		return nil, err
	}
	members := map[string]any{as: cells, "count": len(cells), "truncated": out.truncated}
	if out.truncated {
		members["more"] = more
	}
	if out.summary.Bookmark != "" {
		members["bookmark"] = out.summary.Bookmark
	}
	return resultOf(members)
}

// arrows are the two sides of a relationship in a pattern, by direction.
var arrows = map[string][2]string{"": {"-", "-"}, "both": {"-", "-"}, "out": {"-", "->"}, "in": {"<-", "-"}}

func getNeighbors(w *work, a arguments) (result, error) {
	side := arrows[a.text("direction")]
	limit := a.integer("limit", defaultRows)
	query := "MATCH (n) WHERE id(n) = $id OPTIONAL MATCH (n)" + side[0] + "[r" + typed(a.texts("types")) + "]" + side[1] +
		"(m) RETURN r, m SKIP $skip LIMIT $limit"
	out, err := w.ask(a, query, parameters("id", a.value("id"), "skip", value.Int(a.integer("skip", 0)), "limit", value.Int(limit+1)), int(limit))
	if err != nil {
		return nil, err
	}
	cells, err := out.cells()
	if err != nil {
		return nil, err
	}
	if len(cells) == 0 && !out.truncated && a.integer("skip", 0) == 0 {
		return nil, noNode(a.integer("id", 0))
	}
	type neighbor struct {
		Relationship json.RawMessage `json:"relationship"`
		Node         json.RawMessage `json:"node"`
	}
	list := make([]neighbor, 0, len(cells))
	for _, row := range cells {
		if string(row[0]) != "null" { // a node without neighbours
			list = append(list, neighbor{row[0], row[1]})
		}
	}
	members := map[string]any{"neighbors": list, "count": len(list)}
	return withEnd(out, members)
}

// maxHops bounds the length of a path that is looked for.
const maxHops = 10

func findPath(w *work, a arguments) (result, error) {
	if a.integer("from", 0) == a.integer("to", 0) {
		return nil, api.Refuse(api.CodeBadRequest, "from and to are the same node: a path leads from one node to another")
	}
	side := arrows[a.text("direction")]
	hops := fmt.Sprintf("*1..%d", a.integer("max_hops", maxHops))
	query := "MATCH (a), (b) WHERE id(a) = $from AND id(b) = $to OPTIONAL MATCH p = shortestPath((a)" + side[0] + "[" + typed(a.texts("types")) + hops + "]" + side[1] +
		"(b)) RETURN p, length(p)"
	out, err := w.ask(a, query, parameters("from", a.value("from"), "to", a.value("to")), 1)
	if err != nil {
		return nil, err
	}
	cells, err := out.cells()
	switch {
	case err != nil:
		return nil, err
	case len(cells) == 0 && out.truncated:
		return nil, api.Refuse(api.CodeQueryLimitExceeded, "the path's nodes are larger than an answer may be")
	case len(cells) == 0:
		missing := api.Refuse(api.CodeNotFound, "There is no node with the id %d, or none with the id %d", a.integer("from", 0), a.integer("to", 0))
		missing.Hint = "find_nodes tells ids"
		return nil, missing
	}
	return withEnd(out, map[string]any{"path": cells[0][0], "length": cells[0][1]})
}
