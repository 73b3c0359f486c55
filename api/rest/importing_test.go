package rest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
)

// sourceGraph has a constraint, nodes and relationships, and ids that belonged to what is gone.
func sourceGraph(t testing.TB, nodes int) *graph.Graph {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	d := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
	_, err := d.CreateConstraint(graph.ConstraintDefinition{Kind: graph.Unique, LabelOrType: "P", Properties: []string{"i"}})
	must(err)
	var last graph.NodeID
	for i := range nodes {
		var properties value.MapBuilder
		properties.Set("i", value.Int(int64(i)))
		id, err := d.CreateNode([]string{"P"}, properties.Map())
		must(err)
		if i > 0 {
			_, err = d.CreateRelationship("NEXT", last, id, nil)
			must(err)
		}
		last = id
	}
	gone, err := d.CreateNode(nil, nil)
	must(err)
	must(d.DeleteNode(gone))
	return d.Graph()
}

// pieces cuts a graph as the command line does.
func pieces(t testing.TB, source *graph.Graph, operations int) (bodies []string) {
	t.Helper()
	c := graph.NewCopy(source, graph.DraftLimits{MaxOperations: operations})
	for {
		piece := api.ImportPiece{Before: c.Made().Digest}
		var err error
		if piece.Changes, err = c.Next(); err != nil {
			t.Fatal(err)
		}
		if piece.Changes.Count == 0 {
			return bodies
		}
		piece.After = c.Made().Digest
		body, err := api.EncodeImportPiece(&piece)
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, string(body))
	}
}

// importSample puts a piece into a database of its own.
func importSample(w *world) sample {
	path := fmt.Sprintf("/admin/tenants/%s/import?database=imported", w.one)
	return sample{path, pieces(w.t, sourceGraph(w.t, 1), 100)[0], 200, func(w *world, a answer) {
		wantIn(w, a, `"nodes":1`)
		wantIn(w, w.cypherIn(w.oneKey, "imported", "MATCH (p:P) RETURN p.i AS i"), `"rows":[[0]]`)
	}}
}

func (w *world) cypherIn(key, database, query string) answer {
	w.t.Helper()
	return w.want(w.do("POST", "/cypher", key, fmt.Sprintf(`{"query":%q,"database":%q}`, query, database)), 200)
}

func testImport(t *testing.T, w *world) {
	source := sourceGraph(t, 50)
	bodies := pieces(t, source, 7)
	path := fmt.Sprintf("/admin/tenants/%s/import", w.two)
	post := func(body string) answer { return w.want(w.do("POST", path, w.operator, body), 200) }
	if now := post(""); !strings.Contains(now.raw, `"nodes":0,"relationships":0,"bytes":0`) {
		t.Fatalf("before the first piece: %s", now.raw)
	}
	w.refused(w.do("POST", path, w.operator, bodies[1]), 409, "CONFLICT")
	w.refused(w.do("POST", path, w.operator, "no piece"), 400, "BAD_REQUEST")
	w.refused(w.do("POST", path, w.operator, bodies[0][:len(bodies[0])-5]), 400, "BAD_REQUEST")
	damaged := []byte(bodies[0])
	damaged[len(damaged)-9] ^= 1
	if got := w.do("POST", path, w.operator, string(damaged)); got.Code != 400 {
		t.Errorf("a piece that was changed on its way: %d %s", got.Code, got.Body)
	}
	for _, body := range bodies {
		post(body)
		post(body) // a piece that was taken is taken again, without effect
	}
	if now := post(""); !strings.Contains(now.raw, source.Meta().Digest.String()) {
		t.Fatalf("the copy differs from its source %s: %s", source.Meta().Digest, now.raw)
	}
	got := w.cypher(w.twoKey, "MATCH (a:P)-[:NEXT]->(b) RETURN count(*) AS n, max(id(b)) AS last")
	wantIn(w, got, `"rows":[[49,49]]`)
	wantIn(w, w.cypher(w.twoKey, "CREATE (n) RETURN id(n) AS id"), `"rows":[[51]]`)
	w.refused(w.do("POST", path, w.operator, bodies[0]), 409, "ALREADY_EXISTS")
	w.refused(w.do("POST", "/cypher", w.twoKey, `{"query":"CREATE (:P {i: 3})"}`), 409, "CONSTRAINT_VIOLATION")
	w.refused(w.do("POST", "/admin/tenants/t999/import", w.operator, bodies[0]), 404, "NOT_FOUND")
}

func testImportOverQuota(t *testing.T, w *world) {
	id := w.want(w.do("POST", "/admin/tenants", w.operator, `{"name":"small import","limits":{"max_nodes":10}}`), 201).text("id")
	path := fmt.Sprintf("/admin/tenants/%s/import", id)
	bodies := pieces(t, sourceGraph(t, 20), 8)
	for i, body := range bodies {
		got := w.do("POST", path, w.operator, body)
		if got.Code == 200 {
			continue
		}
		w.refused(got, 403, "STORAGE_QUOTA_EXCEEDED")
		w.want(w.do("PATCH", "/admin/tenants/"+id, w.operator, `{"limits":{"max_nodes":20}}`), 200)
		for _, rest := range bodies[i:] {
			w.want(w.do("POST", path, w.operator, rest), 200)
		}
		return
	}
	t.Fatal("20 nodes went into a tenant that may have 10")
}
