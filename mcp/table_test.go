package mcp

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hivellm/nexus/tenancy"
)

// exercise does a tool's real work once: prepare makes what it needs, check looks at what it did.
type exercise struct {
	prepare   string // Cypher
	arguments func(id func(name string) string) string
	answer    string // a part of the answer
	query     string // Cypher whose only value then is want
	want      string
}

func fixed(text string) func(func(string) string) string {
	return func(func(string) string) string { return text }
}

// exercises has one for every tool that is served; a tool without one fails the walk.
var exercises = map[string]exercise{
	"read_cypher":    {arguments: fixed(`{"query":"UNWIND [1,2,3] AS x WITH x WHERE x > $least RETURN x","parameters":{"least":1}}`), answer: `"rows":[[2],[3]]`},
	"write_cypher":   {arguments: fixed(`{"query":"CREATE (:W {x: $x})","parameters":{"x":9007199254740993}}`), answer: `"nodes_created":1`, query: "MATCH (w:W) RETURN w.x", want: "9007199254740993"},
	"execute_cypher": {arguments: fixed(`{"query":"CREATE (e:X {x: 5}) RETURN e.x"}`), answer: `"rows":[[5]]`, query: "MATCH (e:X) RETURN e.x", want: "5"},
	"get_schema":     {prepare: "CREATE (:S {a: 1})-[:GOES {since: 2}]->(:S2 {b: 'x'})", arguments: fixed(`{}`), answer: "\"pattern\":\"(:`S`)-[:`GOES`]-\\u003e(:`S2`)\""},
	"explain_cypher": {arguments: fixed(`{"query":"CREATE (:Never)"}`), answer: `"operator":`, query: "MATCH (n:Never) RETURN count(n)", want: "0"},
	"get_stats":      {prepare: "CREATE (:Counted), (:Counted)", arguments: fixed(`{}`), answer: `{"name":"Counted","count":2}`},
	"create_node":    {arguments: fixed("{\"labels\":[\"A`b\",\"C\"],\"properties\":{\"x\":1,\"y\":[\"p\",\"q\"]}}"), answer: "\"labels\":[\"A`b\",\"C\"]", query: "MATCH (n:`A``b`:C {x: 1}) RETURN n.y[1]", want: "q"},
	"create_relationship": {
		prepare: "CREATE (:P {name: 'a'}), (:P {name: 'b'})",
		arguments: func(id func(string) string) string {
			return `{"from":` + id("a") + `,"to":` + id("b") + `,"type":"LIKES","properties":{"w":2}}`
		},
		answer: `"type":"LIKES"`, query: "MATCH (:P {name: 'a'})-[r:LIKES]->(:P {name: 'b'}) RETURN r.w", want: "2",
	},
	"update_node": {
		prepare: "CREATE (:U {name: 'a', gone: 1, kept: 2})",
		arguments: func(id func(string) string) string {
			return `{"id":` + id("a") + `,"set":{"x":3},"remove":["gone"],"add_labels":["U2"],"remove_labels":["U"]}`
		},
		answer: `"labels":["U2"]`, query: "MATCH (n:U2) RETURN n.kept + n.x + coalesce(n.gone, 100)", want: "105",
	},
	"delete_node": {
		prepare:   "CREATE (:D {name: 'a'})-[:R]->(:D {name: 'b'})",
		arguments: func(id func(string) string) string { return `{"id":` + id("a") + `,"detach":true}` },
		answer:    `"deleted":true`, query: "MATCH (n:D) RETURN count(n)", want: "1",
	},
	"find_nodes": {prepare: "CREATE (:F {x: 1, y: 'k'}), (:F {x: 2, y: 'k'}), (:F {x: 1, y: 'z'})", arguments: fixed(`{"labels":["F"],"properties":{"x":1,"y":"k"}}`), answer: `"count":1`},
	"get_neighbors": {
		prepare:   "CREATE (:N {name: 'a'})-[:R]->(:N {name: 'b'}), (:N {name: 'c'})",
		arguments: func(id func(string) string) string { return `{"id":` + id("a") + `,"direction":"out","types":["R"]}` },
		answer:    `"name":"b"`,
	},
	"find_path": {
		prepare: "CREATE (:T {name: 'a'})-[:R]->()-[:R]->()-[:R]->(:T {name: 'b'})",
		arguments: func(id func(string) string) string {
			return `{"from":` + id("a") + `,"to":` + id("b") + `,"types":["R"],"direction":"out"}`
		},
		answer: `"length":3`,
	},
	"upsert_graph": {
		prepare:   "CREATE (:Person {email: 'a', name: 'old', kept: 1})",
		arguments: fixed(`{"nodes":[{"label":"Person","key":{"email":"a"},"properties":{"name":"new"}},{"label":"City","key":{"name":"x","zip":7},"labels":["Place"]}],"relationships":[{"type":"LIVES_IN","from":{"label":"Person","key":{"email":"a"}},"to":{"label":"City","key":{"name":"x","zip":7}},"properties":{"since":1}},{"type":"LIVES_IN","from":{"label":"Person","key":{"email":"b"}},"to":{"label":"City","key":{"name":"x","zip":7}}}]}`),
		answer:    `"relationships":2`,
		query:     "MATCH (p:Person)-[r:LIVES_IN]->(c:City:Place) WITH p, r ORDER BY p.email RETURN count(p) + ' ' + collect(coalesce(p.name, '-'))[0] + ' ' + sum(p.kept)", want: "2 new 1",
	},
	"list_databases":      {arguments: fixed(`{}`), answer: `"name":"default"`},
	"create_entities":     {prepare: "CREATE (:Entity {name: 'there', entityType: 'old', observations: ['kept']})", arguments: fixed(`{"entities":[{"name":"Ada","entityType":"person","observations":["counts"]},{"name":"there","entityType":"new","observations":[]}]}`), answer: `{"entities":[{"name":"Ada","entityType":"person","observations":["counts"]}]}`, query: "MATCH (n:Entity {name: 'there'}) RETURN n.entityType + n.observations[0]", want: "oldkept"},
	"create_relations":    {prepare: "CREATE (:Entity {name: 'a'})-[:knows]->(:Entity {name: 'b'})", arguments: fixed(`{"relations":[{"from":"a","to":"b","relationType":"knows"},{"from":"b","to":"a","relationType":"knows"},{"from":"a","to":"b","relationType":"works with"}]}`), answer: `{"from":"a","to":"b","relationType":"works with"}`, query: "MATCH (:Entity)-[r]->(:Entity) RETURN count(r)", want: "3"},
	"add_observations":    {prepare: "CREATE (:Entity {name: 'a', observations: ['x']})", arguments: fixed(`{"observations":[{"entityName":"a","contents":["x","y"]}]}`), answer: `{"results":[{"entityName":"a","addedObservations":["y"]}]}`, query: "MATCH (n:Entity) RETURN size(n.observations)", want: "2"},
	"delete_entities":     {prepare: "CREATE (:Entity {name: 'a'})-[:r]->(:Entity {name: 'b'})", arguments: fixed(`{"entityNames":["a","none"]}`), answer: `"success":true`, query: "MATCH (n:Entity) RETURN count(n)", want: "1"},
	"delete_observations": {prepare: "CREATE (:Entity {name: 'a', observations: ['x', 'y']})", arguments: fixed(`{"deletions":[{"entityName":"a","observations":["x"]}]}`), answer: `"success":true`, query: "MATCH (n:Entity) RETURN n.observations[0]", want: "y"},
	"delete_relations":    {prepare: "CREATE (a:Entity {name: 'a'})-[:r]->(b:Entity {name: 'b'}), (a)-[:s]->(b), (b)-[:r]->(a)", arguments: fixed(`{"relations":[{"from":"b","to":"b","relationType":"none"},{"from":"a","to":"b","relationType":"r"}]}`), answer: `"success":true`, query: "MATCH (:Entity)-[r]->(:Entity) RETURN count(r)", want: "2"},
	"read_graph":          {prepare: "CREATE (:Entity {name: 'a', entityType: 't', observations: ['o']})-[:r]->(:Entity {name: 'b'}), (:Other)", arguments: fixed(`{}`), answer: `"relations":[{"from":"a","to":"b","relationType":"r"}]`},
	"search_nodes":        {prepare: "CREATE (:Entity {name: 'a', entityType: 't', observations: ['has a NEEDLE']})-[:r]->(:Entity {name: 'b'})", arguments: fixed(`{"query":"needle"}`), answer: `{"entities":[{"name":"a","entityType":"t","observations":["has a NEEDLE"]}],"relations":[{"from":"a","to":"b","relationType":"r"}]}`},
	"open_nodes":          {prepare: "CREATE (:Entity {name: 'a', entityType: 't'})-[:r]->(:Entity {name: 'b'})", arguments: fixed(`{"names":["a","b"]}`), answer: `"relations":[{"from":"a","to":"b","relationType":"r"}]`},
	"cluster_status":      {arguments: fixed(`{}`), answer: `"role":"leader"`},
	"list_tenants":        {arguments: fixed(`{}`), answer: `"name":"two"`},
	"tenant_usage":        {arguments: func(id func(string) string) string { return `{"tenant_id":"` + id("") + `"}` }, answer: `"usage":{`},
}

// TestTools_Walk asks for every tool as who may and as who may not, and looks at what it did. It walks what is served.
func TestTools_Walk(t *testing.T) {
	w := newWorld(t)
	served := w.session(w.oneKey, "2025-11-25")
	tools, err := served.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	operators, err := w.session(w.operator, "2025-11-25").ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(tools.Tools, operators.Tools)
	cells := 0
	for _, tool := range all {
		function, known := tenancy.LookupTool(tool.Name)
		if !known || tool.Annotations.ReadOnlyHint && function.Writes() {
			t.Fatalf("%s: the registry says something else", tool.Name)
		}
		cells += w.walk(tool.Name, function)
	}
	registered := 0
	for _, f := range tenancy.Functions() {
		if f.Tool() != "" {
			registered++
		}
	}
	if len(all) != registered || len(table) != registered {
		t.Errorf("%d tools are served and %d stand in the table, of %d in the registry", len(all), len(table), registered)
	}
	t.Logf("%d tools, %d cells", len(all), cells)
}

func (w *world) walk(tool string, f tenancy.Function) (cells int) {
	w.t.Helper()
	e, ok := exercises[tool]
	if !ok {
		w.t.Fatalf("%s has no exercise", tool)
	}
	owner, other := w.oneOwner(), w.operator
	if f.Administrative() {
		owner, other = `"role":"operator"`, w.oneKey
	}
	w.cypher(w.oneKey, "MATCH (n) DETACH DELETE n")
	if e.prepare != "" {
		w.cypher(w.oneKey, e.prepare)
	}
	arguments := e.arguments(func(name string) string {
		if name == "" {
			return w.one
		}
		return fmt.Sprint(firstCell(w.cypher(w.oneKey, "MATCH (n {name: '"+name+"'}) RETURN id(n)")))
	})
	var others []string
	for _, o := range tenancy.Functions() {
		if o != f && o.Grantable() && o.Administrative() == f.Administrative() {
			others = append(others, o.Name())
		}
	}
	before := w.digests()
	for who, key := range map[string]string{"nothing granted": w.key(owner, []string{}...), "all but it": w.key(owner, others...), "the other role": other} {
		cells++
		refused, unknown := w.call(key, tool, arguments), w.call(key, "no_such_tool", arguments)
		if refused.protocol == "" || refused.raw != strings.ReplaceAll(unknown.raw, "no_such_tool", tool) {
			w.t.Errorf("%s, %s: answered %s, a tool that is not there %s", tool, who, refused.raw, unknown.raw)
		}
		if _, list := w.message(key, "tools/list", map[string]any{}); strings.Contains(list, `"name":"`+tool+`"`) {
			w.t.Errorf("%s, %s: it is listed", tool, who)
		}
	}
	if w.digests() != before {
		w.t.Errorf("%s: a refused call changed a digest", tool)
	}
	only := w.key(owner, f.Name())
	if _, list := w.message(only, "tools/list", map[string]any{}); strings.Count(list, `"inputSchema"`) != 1 || !strings.Contains(list, `"name":"`+tool+`"`) {
		w.t.Errorf("%s: who may nothing else is listed %s", tool, list)
	}
	done := w.works(only, tool, arguments)
	if !strings.Contains(done.text, e.answer) {
		w.t.Errorf("%s answered %s, without %s", tool, done.text, e.answer)
	}
	if e.query != "" {
		if got := fmt.Sprint(firstCell(w.cypher(w.oneKey, e.query))); got != e.want {
			w.t.Errorf("%s: %s is %s, not %s", tool, e.query, got, e.want)
		}
	}
	return cells + 1
}

func firstCell(answer map[string]any) any {
	rows := answer["rows"].([]any)
	if len(rows) == 0 {
		return nil
	}
	return rows[0].([]any)[0]
}
