package rest

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestExplain_AnswersTextAndTree asks for plans over HTTP: rows of text, and the tree beside the stats; nothing runs.
func TestExplain_AnswersTextAndTree(t *testing.T) {
	cluster, server := newServer(t)
	w := newWorld(t, cluster, server)
	w.cypher(w.oneKey, "UNWIND range(1, 20) AS i CREATE (:P {id: i})")
	before := w.digests()
	a := w.cypher(w.oneKey, "EXPLAIN MATCH (p:P) WHERE p.id > 10 SET p.seen = true RETURN p.id AS id")
	if rows, err := json.Marshal(a.fields["rows"]); err != nil || !strings.HasPrefix(string(rows), `[["LabelScan p:P"],["Filter p.id`) {
		t.Errorf("the text is %s", rows)
	}
	type node struct {
		Operator, Details string
		Identifiers       []string
		EstimatedRows     *float64 `json:"estimated_rows"`
		Rows, Hits        *uint64
		Children          []node
	}
	var tree struct{ Plan *node }
	read := func(raw string) []string {
		t.Helper()
		tree.Plan = nil
		if err := json.Unmarshal([]byte(raw), &tree); err != nil || tree.Plan == nil {
			t.Fatalf("no plan in %s: %v", raw, err)
		}
		var line []string
		for n := tree.Plan; ; n = &n.Children[0] {
			line = append(line, n.Operator)
			if n.EstimatedRows == nil || n.Identifiers == nil || n.Children == nil {
				t.Fatalf("an operator lacks a member: %s", raw)
			}
			if len(n.Children) == 0 {
				return line
			}
		}
	}
	if line := strings.Join(read(a.raw), " "); line != "ProduceResults Project Update Filter LabelScan" {
		t.Errorf("the tree is %s", line)
	}
	if tree.Plan.Rows != nil || w.digests() != before {
		t.Error("EXPLAIN ran something")
	}
	a = w.cypher(w.oneKey, "PROFILE MATCH (p:P) WHERE p.id > 10 SET p.seen = true RETURN p.id AS id")
	read(a.raw)
	filter := tree.Plan.Children[0].Children[0].Children[0]
	if filter.Operator != "Filter" || *filter.Rows != 10 || *filter.Hits != 20 {
		t.Errorf("PROFILE says %+v", filter)
	}
	a = w.cypher(w.oneKey, "MATCH (p:P) RETURN p.id AS id")
	if _, there := a.fields["plan"]; there {
		t.Error("a plan that nobody asked for")
	}
	lines := w.do("POST", "/cypher", w.oneKey, `{"query":"EXPLAIN MATCH (p:P) RETURN p"}`, "Accept", mediaLines).Body.String()
	last := lines[strings.LastIndex(strings.TrimSpace(lines), "\n")+1:]
	var end struct {
		Summary struct {
			Plan *node `json:"plan"`
		}
	}
	if err := json.Unmarshal([]byte(last), &end); err != nil || end.Summary.Plan == nil {
		t.Errorf("the last line has no plan: %s", last)
	}
}

// TestExplain_IsTheSameBesideAnotherTenant asks one tenant's plans alone, then beside a tenant whose labels have the same
// names but other sizes, and indexes, and who asks the same texts: nothing of the answers may change.
func TestExplain_IsTheSameBesideAnotherTenant(t *testing.T) {
	cluster, server := newServer(t)
	w := newWorld(t, cluster, server)
	texts := []string{
		"MATCH (p:Person)-[:LIKES]->(t:Tag) WHERE p.id > 2 RETURN p.id AS p, t.id AS t",
		"MATCH (t:Tag {id: 3})<-[:LIKES]-(p:Person) RETURN count(*) AS n",
		"MATCH (a:Person), (b:Tag) WHERE a.id = b.id RETURN count(*) AS n",
		"MATCH (n) WHERE exists { (n)-[:LIKES]->(:Tag {id: 1}) } RETURN count(n) AS n",
	}
	ask := func(key string) []string {
		var out []string
		for _, text := range texts {
			for _, word := range []string{"EXPLAIN ", "PROFILE ", ""} {
				a := w.cypher(key, word+text)
				told, err := json.Marshal([]any{a.fields["columns"], a.fields["rows"], a.fields["plan"], a.fields["notifications"]})
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, string(told))
			}
		}
		return out
	}
	w.cypher(w.oneKey, "UNWIND range(1, 5) AS i CREATE (:Person {id: i})-[:LIKES]->(:Tag {id: i % 3})")
	alone := ask(w.oneKey)
	w.cypher(w.twoKey, "CREATE INDEX people FOR (p:Person) ON (p.id)")
	w.cypher(w.twoKey, "UNWIND range(1, 300) AS i CREATE (:Person {id: i})")
	w.cypher(w.twoKey, "MATCH (p:Person) WHERE p.id < 9 CREATE (p)-[:LIKES]->(:Tag {id: p.id})")
	if others := ask(w.twoKey); others[0] == alone[0] {
		t.Fatal("the other tenant's plan is the same: this test cannot fail")
	}
	for i, beside := range ask(w.oneKey) {
		if beside != alone[i] {
			t.Errorf("%s\nalone  %s\nbeside %s", texts[i/3], alone[i], beside)
		}
	}
}
