package mcp

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/graph/value"
)

// The nine tools of the public memory server, over nodes (:Entity {name, entityType, observations}) and relationships
// whose type is the relation's. Their arguments and answers have that server's shapes.

type entity struct {
	Name         json.RawMessage `json:"name"`
	EntityType   json.RawMessage `json:"entityType"`
	Observations json.RawMessage `json:"observations"`
}

type relation struct {
	From         json.RawMessage `json:"from"`
	To           json.RawMessage `json:"to"`
	RelationType json.RawMessage `json:"relationType"`
}

// done is the answer of a tool that deletes.
type done struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
}

// createEntities makes the entities whose names are new, and answers those.
func createEntities(w *work, a arguments) (result, error) {
	seen, items := map[string]bool{}, []value.Value{}
	for _, e := range a.objects("entities") {
		if name := e.text("name"); !seen[name] { // the first of a name wins, as when they came one by one
			seen[name] = true
			items = append(items, value.MapOf(e.members))
		}
	}
	const query = "UNWIND $entities AS e OPTIONAL MATCH (old:Entity {name: e.name}) WITH e, count(old) AS olds WHERE olds = 0 " +
		"CREATE (:Entity {name: e.name, entityType: e.entityType, observations: e.observations}) RETURN e.name, e.entityType, e.observations"
	out, err := w.ask(a, query, parameters("entities", value.List(items)), maxRows)
	if err != nil {
		return nil, err
	}
	cells, err := out.cells()
	if err != nil {
		return nil, err
	}
	list := make([]entity, 0, len(cells))
	for _, row := range cells {
		list = append(list, entity{row[0], row[1], row[2]})
	}
	return resultOf(struct {
		Entities  []entity `json:"entities"`
		Truncated bool     `json:"truncated,omitempty"`
	}{list, out.truncated})
}

// createRelations makes the relations that are new, and answers those. Both entities must be there: else nothing is made.
func createRelations(w *work, a arguments) (result, error) {
	parts := groupRelations(a)
	query, values := "", value.MapBuilder{}
	for i, p := range parts {
		if i > 0 {
			query += " UNION ALL "
		}
		query += fmt.Sprintf("UNWIND $b%d AS row OPTIONAL MATCH (a:Entity {name: row.from}) OPTIONAL MATCH (b:Entity {name: row.to}) "+
			"OPTIONAL MATCH (a)-[old%s]->(b) WITH row, a, b, count(old) AS olds WHERE olds = 0 CREATE (a)-[%s]->(b) "+
			"RETURN row.from AS from, row.to AS to, row.relationType AS relationType", i, p.text, p.text)
		values.Set(fmt.Sprintf("b%d", i), value.List(p.items))
	}
	if len(parts) == 0 {
		return resultOf(map[string]any{"relations": []relation{}})
	}
	if len(parts) > maxGroups {
		return nil, api.Refuse(api.CodeBadRequest, "there are %d different relation types; at most %d are taken at once", len(parts), maxGroups)
	}
	out, err := w.ask(a, query, values.Map(), maxRows)
	if err != nil {
		return nil, missingEntity(err)
	}
	cells, err := out.cells()
	if err != nil {
		return nil, err
	}
	list := make([]relation, 0, len(cells))
	for _, row := range cells {
		list = append(list, relation{row[0], row[1], row[2]})
	}
	return resultOf(struct {
		Relations []relation `json:"relations"`
		Truncated bool       `json:"truncated,omitempty"`
	}{list, out.truncated})
}

// missingEntity says more of a relation that had an end too few; the query's own words are about variables.
func missingEntity(err error) error {
	var e *api.Error
	if !errors.As(err, &e) || e.Cypher == nil {
		return err
	}
	refused := api.Refuse(api.CodeNotFound, "An entity that a relation names is not found; no relation was made")
	refused.Hint = "create the entities first, with create_entities; open_nodes tells which are there"
	return refused
}

// groupRelations puts each relation once into the part of its type.
func groupRelations(a arguments) []part {
	var b batch
	seen := map[[3]string]bool{}
	for _, r := range a.objects("relations") {
		key := [3]string{r.text("from"), r.text("to"), r.text("relationType")}
		if !seen[key] {
			seen[key] = true
			b.add(typed([]string{key[2]}), value.MapOf(r.members))
		}
	}
	return b.parts
}

// addObservations adds what an entity does not have yet. All entities must be there: else nothing is added.
func addObservations(w *work, a arguments) (result, error) {
	const query = "UNWIND $list AS e OPTIONAL MATCH (n:Entity {name: e.name}) WITH collect({e: e, n: n}) AS found " +
		"WITH found, [x IN found WHERE x.n IS NULL | x.e.name] AS missing UNWIND found AS x " +
		"WITH missing, x.e AS e, CASE WHEN size(missing) = 0 THEN x.n END AS n " +
		"WITH missing, e, n, [o IN e.contents WHERE NOT o IN coalesce(n.observations, [])] AS fresh " +
		"SET n.observations = coalesce(n.observations, []) + fresh RETURN missing, e.name, fresh"
	list := joined(a, "observations", "entityName", "contents", "contents")
	out, err := w.ask(a, query, parameters("list", value.List(list)), maxRows)
	if err != nil {
		return nil, err
	}
	cells, err := out.cells()
	if err != nil {
		return nil, err
	}
	type added struct {
		EntityName        json.RawMessage `json:"entityName"`
		AddedObservations json.RawMessage `json:"addedObservations"`
	}
	results := make([]added, 0, len(cells))
	for _, row := range cells {
		var missing []string
		if err := json.Unmarshal(row[0], &missing); err != nil {
			return nil, err
		}
		if len(missing) > 0 {
			return nil, api.Refuse(api.CodeNotFound, "Entity with name %s not found; nothing was added", clip(missing[0]))
		}
		results = append(results, added{row[1], row[2]})
	}
	return resultOf(struct {
		Results   []added `json:"results"`
		Truncated bool    `json:"truncated,omitempty"`
	}{results, out.truncated})
}

// joined makes one item {name, <as>} of all that a list says of one entity.
func joined(a arguments, list, name, texts, as string) []value.Value {
	var names []string
	contents := map[string][]value.Value{}
	for _, o := range a.objects(list) {
		entity := o.text(name)
		if _, known := contents[entity]; !known {
			names, contents[entity] = append(names, entity), []value.Value{}
		}
		for _, text := range o.list(texts) {
			if !slices.ContainsFunc(contents[entity], func(v value.Value) bool { return v.Str() == text.Str() }) {
				contents[entity] = append(contents[entity], text)
			}
		}
	}
	items := make([]value.Value, 0, len(names))
	for _, n := range names {
		items = append(items, value.MapOf(parameters("name", value.String(n), as, value.List(contents[n]))))
	}
	return items
}

func deleteEntities(w *work, a arguments) (result, error) {
	return w.delete(a, "UNWIND $names AS name MATCH (n:Entity {name: name}) DETACH DELETE n",
		parameters("names", value.List(a.list("entityNames"))), "Entities deleted successfully")
}

func deleteObservations(w *work, a arguments) (result, error) {
	return w.delete(a, "UNWIND $list AS e MATCH (n:Entity {name: e.name}) "+
		"SET n.observations = [o IN coalesce(n.observations, []) WHERE NOT o IN e.gone]",
		parameters("list", value.List(joined(a, "deletions", "entityName", "observations", "gone"))), "Observations deleted successfully")
}

func deleteRelations(w *work, a arguments) (result, error) {
	var b batch
	for _, p := range groupRelations(a) {
		text := "MATCH (:Entity {name: row.from})-[r" + p.text + "]->(:Entity {name: row.to}) DELETE r"
		b.parts = append(b.parts, part{text, p.items})
	}
	query, values, err := b.statement()
	if err != nil {
		return nil, err
	}
	return w.delete(a, query, values, "Relations deleted successfully")
}

func (w *work) delete(a arguments, query string, values *value.Map, message string) (result, error) {
	if _, err := w.ask(a, query, values, 1); err != nil {
		return nil, err
	}
	return resultOf(done{true, message})
}

// Parts of the queries that read: rows of entities and of relations, told apart by their first column.
const (
	entityRow   = "RETURN 'e' AS kind, n.name AS a, coalesce(n.entityType, '') AS b, coalesce(n.observations, []) AS c"
	relationRow = "RETURN 'r' AS kind, startNode(r).name AS a, endNode(r).name AS b, type(r) AS c"
)

func readGraph(w *work, a arguments) (result, error) {
	return w.knowledge(a, "MATCH (n:Entity) "+entityRow+" UNION ALL MATCH (:Entity)-[r]->(:Entity) "+relationRow, nil)
}

func searchNodes(w *work, a arguments) (result, error) {
	const matching = "MATCH (n:Entity) WHERE toLower(toString(n.name)) CONTAINS toLower($query) OR toLower(toString(coalesce(n.entityType, ''))) CONTAINS toLower($query) " +
		"OR any(o IN coalesce(n.observations, []) WHERE toLower(toString(o)) CONTAINS toLower($query)) "
	return w.knowledge(a, matching+entityRow+" UNION ALL "+matching+"MATCH (n)-[r]-(:Entity) WITH DISTINCT r "+relationRow,
		parameters("query", a.value("query")))
}

func openNodes(w *work, a arguments) (result, error) {
	const named = "UNWIND $names AS name MATCH (n:Entity {name: name}) WITH DISTINCT n "
	return w.knowledge(a, named+entityRow+" UNION ALL "+named+"MATCH (n)-[r]-(:Entity) WITH DISTINCT r "+relationRow,
		parameters("names", value.List(a.list("names"))))
}

// knowledge reads entities and relations in one query, and so from one version.
func (w *work) knowledge(a arguments, query string, values *value.Map) (result, error) {
	out, err := w.ask(a, query, values, maxRows)
	if err != nil {
		return nil, err
	}
	cells, err := out.cells()
	if err != nil {
		return nil, err
	}
	graph := struct {
		Entities  []entity   `json:"entities"`
		Relations []relation `json:"relations"`
		Truncated bool       `json:"truncated,omitempty"`
		More      string     `json:"more,omitempty"`
	}{Entities: []entity{}, Relations: []relation{}, Truncated: out.truncated}
	if out.truncated {
		graph.More = "there is more than is shown: use search_nodes or open_nodes, or read_cypher with SKIP and LIMIT"
	}
	for _, row := range cells {
		if string(row[0]) == `"e"` {
			graph.Entities = append(graph.Entities, entity{row[1], row[2], row[3]})
		} else {
			graph.Relations = append(graph.Relations, relation{row[1], row[2], row[3]})
		}
	}
	return resultOf(graph)
}
