package api_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/apitest"
)

// A strong read on a follower is not refused because leadership moves while it is under way: it changes nothing, so it
// is asked again.
func TestRead_OutlivesTransfersOfLeadership(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, 3)
	_, key := c.Tenant(t, "ann")
	for _, n := range c.Nodes {
		apitest.Authenticate(t, n, key)
	}
	var over atomic.Bool
	var readers sync.WaitGroup
	defer readers.Wait()
	defer over.Store(true)
	for i := range 12 {
		readers.Go(func() {
			for n := c.Nodes[i%3]; !over.Load(); {
				query := "MATCH (n) RETURN count(n)"
				if i < 3 {
					query = "CREATE (:A)"
				}
				if _, err := ask(n, key, api.Request{Query: query}); err != nil && i >= 3 {
					t.Errorf("a read on %s: %v", n.Name, err)
					return
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
}
