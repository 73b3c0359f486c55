package api_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/apitest"
)

// BenchmarkTransaction moves money between two of a thousand accounts: begin, one statement, commit, on the leader of
// three nodes in one process.
func BenchmarkTransaction(b *testing.B) {
	c := apitest.Start(b, 3)
	_, key := c.Tenant(b, "ann")
	leader := c.Leader(b)
	p := apitest.Authenticate(b, leader, key)
	for _, query := range []string{
		"CREATE INDEX FOR (a:Account) ON (a.id)",
		"UNWIND range(0, 999) AS i CREATE (:Account {id: i, balance: 100})",
	} {
		if _, err := ask(leader, key, api.Request{Query: query}); err != nil {
			b.Fatal(err)
		}
	}
	ctx := context.Background()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		begun, err := leader.Service.BeginTx(ctx, p, api.TxSpec{})
		if err != nil {
			b.Fatal(err)
		}
		query := fmt.Sprintf("MATCH (a:Account {id: %d}) MATCH (b:Account {id: %d}) SET a.balance = a.balance - 1, b.balance = b.balance + 1", i%1000, (i+7)%1000)
		if _, err := leader.Service.TxCypher(ctx, begun.ID, api.Request{Principal: p, Query: query}, &answer{}); err != nil {
			b.Fatal(err)
		}
		if _, err := leader.Service.CommitTx(ctx, p, begun.ID, time.Now().UnixMilli()); err != nil {
			b.Fatal(err)
		}
	}
}
