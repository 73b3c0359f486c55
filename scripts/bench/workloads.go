package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/hivellm/nexus/scripts/bench/load"
	"github.com/hivellm/nexus/scripts/cluster"
)

// workload is one row of the table.
type workload struct {
	name    string
	clients int
	// each is how many things one request makes or reads; figures are of them.
	each     int
	unit     string
	promised float64 // 0: nothing
	body     string
	// leader: only the leader is asked. Otherwise clients are spread over all nodes.
	leader bool
	step   uint64
	modulo uint64
}

// bench is a filled cluster.
type bench struct {
	c       *cluster.Cluster
	tenant  *cluster.Tenant
	leader  *cluster.Node
	options options
}

const (
	rowsOfUnwind  = 1_000
	relationsEach = 5
)

func cypher(query, parameters, more string) string {
	return fmt.Sprintf(`{"query":%q,"parameters":{%s}%s}`, query, parameters, more)
}

func (b *bench) workloads() []workload {
	points := uint64(b.options.points)
	id := `"id":` + load.Hole
	const local = `,"consistency":"local"`
	read := "MATCH (p:Point {id: $id}) RETURN p.name"
	twoHops := "MATCH (p:Point {id: $id})-[:KNOWS]->()-[:KNOWS]->(q) RETURN count(DISTINCT q)"
	create := "CREATE (:Single {id: $id, name: 'a single one'})"
	return []workload{
		{name: "creates", clients: 64, each: 1, unit: "single creates, all nodes", promised: 5_000, body: cypher(create, id, "")},
		{name: "creates-leader", clients: 64, each: 1, unit: "single creates, at the leader", promised: 5_000, body: cypher(create, id, ""), leader: true},
		{name: "creates-one", clients: 1, each: 1, unit: "single creates, one client at the leader", body: cypher(create, id, ""), leader: true},
		{name: "unwind", clients: 8, each: rowsOfUnwind, unit: "nodes by UNWIND $rows of 1 000, all nodes", promised: 50_000, body: cypher(
			"UNWIND $rows AS row CREATE (:Bulk {id: row.id, name: row.name})", `"rows":`+rows(), "")},
		{name: "unwind-range", clients: 8, each: rowsOfUnwind, unit: "nodes by UNWIND range of 1 000, all nodes", promised: 50_000, body: cypher(
			"UNWIND range(1, 1000) AS i CREATE (:Bulk {id: $id + i})", id, ""), step: rowsOfUnwind},
		{name: "reads", clients: 16, each: 1, unit: "point reads, local, all nodes", promised: 8_000, body: cypher(read, id, local), modulo: points},
		{name: "reads-strong", clients: 16, each: 1, unit: "point reads, strong, all nodes", body: cypher(read, id, ""), modulo: points},
		{name: "two-hops", clients: 16, each: 1, unit: "2-hop reads (5 × 5), local, all nodes", body: cypher(twoHops, id, local), modulo: points},
		{name: "two-hops-strong", clients: 16, each: 1, unit: "2-hop reads (5 × 5), strong, all nodes", body: cypher(twoHops, id, ""), modulo: points},
	}
}

// rows is the list that UNWIND gets: a thousand maps.
func rows() string {
	var out strings.Builder
	out.WriteByte('[')
	for i := range rowsOfUnwind {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, `{"id":%d,"name":"row %d"}`, i, i)
	}
	out.WriteByte(']')
	return out.String()
}

// newBench makes the graph that reads are asked of, and waits until every node has it.
func newBench(ctx context.Context, c *cluster.Cluster, o options) (*bench, error) {
	tenant, err := c.Tenant(ctx, "bench", nil)
	if err != nil {
		return nil, err
	}
	leader, err := c.Leader(ctx)
	if err != nil {
		return nil, err
	}
	b := &bench{c: c, tenant: tenant, leader: leader, options: o}
	if err := b.ask(ctx, "CREATE INDEX point_id FOR (p:Point) ON (p.id)", 0); err != nil {
		return nil, err
	}
	const batch = 1_000
	for from := 0; from < o.points; from += batch {
		err := b.ask(ctx, "UNWIND range($from, $to) AS i CREATE (:Point {id: $base + i, name: 'point ' + toString(i)})", from)
		if err != nil {
			return nil, err
		}
	}
	for from := 0; from < o.points; from += batch {
		err := b.ask(ctx, "UNWIND range($from, $to) AS i MATCH (p:Point {id: $base + i}) UNWIND range(1, $each) AS j "+
			"MATCH (q:Point {id: $base + (i * 31 + j * 977) % $points}) CREATE (p)-[:KNOWS]->(q)", from)
		if err != nil {
			return nil, err
		}
	}
	_, err = c.Agree(ctx)
	return b, err
}

func (b *bench) ask(ctx context.Context, text string, from int) error {
	answer, _, err := b.tenant.Cypher(ctx, b.leader, cluster.Query{Text: text, Parameters: map[string]any{
		"from": from, "to": min(from+1_000, b.options.points) - 1, "base": 1_000_000_000, "each": relationsEach, "points": b.options.points,
	}})
	if err == nil {
		err = answer.Err()
	}
	if err != nil {
		return fmt.Errorf("fill: %s: %w", text, err)
	}
	return nil
}
