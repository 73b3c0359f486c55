package api_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/apitest"
)

// A request is not refused because leadership moves while it is under way: a read changes nothing, so it is asked again;
// a write whose term ended without it did not happen, so it is sent again, and has its effect once.
func TestRequests_OutliveTransfersOfLeadership(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, 3)
	_, key := c.Tenant(t, "ann")
	for _, n := range c.Nodes {
		apitest.Authenticate(t, n, key)
	}
	var over atomic.Bool
	var wrote, unknown atomic.Int64
	var clients sync.WaitGroup
	for i := range 12 {
		clients.Go(func() {
			n := c.Nodes[i%3]
			query := "MATCH (n) RETURN count(n)"
			if i < 6 {
				query = "CREATE (:A)"
			}
			for !over.Load() {
				_, err := ask(n, key, api.Request{Query: query})
				var refused *api.Error
				switch {
				case errors.As(err, &refused) && refused.Code == api.CodeUnknownOutcome && i < 6:
					unknown.Add(1)
				case err != nil:
					t.Errorf("%s on %s: %v", query, n.Name, err)
					return
				case i < 6:
					wrote.Add(1)
				}
			}
		})
	}
	for range 8 {
		leader := c.Leader(t)
		operator := c.Operator(t, leader)
		_ = leader.Service.TransferLeadership(t.Context(), operator, "") // another may lead by now
		apitest.WaitFor(t, "another leader", func() bool { return c.Leader(t) != leader })
	}
	over.Store(true)
	clients.Wait()
	rows, err := ask(c.Leader(t), key, api.Request{Query: "MATCH (a:A) RETURN count(a)"})
	if err != nil {
		t.Fatal(err)
	}
	var made int64
	if _, err := fmt.Sscanf(string(rows.rows[0]), "[%d]", &made); err != nil || made < wrote.Load() || made > wrote.Load()+unknown.Load() {
		t.Errorf("%d writes were answered well and %d as unknown; %d nodes are there (%v)", wrote.Load(), unknown.Load(), made, err)
	}
}
