package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/fsm/fsmtest"
	"github.com/hivellm/nexus/tenancy"
)

// infirmary is a cluster whose marks come often, with two tenants of which one is to be damaged.
type infirmary struct {
	*apitest.Cluster
	account   tenancy.Account
	key, well string
}

const (
	soundText = "the text as it was written"
	sickText  = "the text that nobody wrote"
)

func newInfirmary(t *testing.T, scrubEvery time.Duration) *infirmary {
	t.Helper()
	c := &infirmary{Cluster: apitest.StartWith(t, 3, apitest.Options{DigestEvery: 400 * time.Millisecond, ScrubEvery: scrubEvery})}
	c.account, c.key = c.Tenant(t, "sick")
	_, c.well = c.Tenant(t, "well")
	for _, key := range []string{c.key, c.well} {
		for _, n := range c.Nodes {
			apitest.Authenticate(t, n, key)
		}
		must(t, c.Nodes[0], key, "UNWIND range(1, 50) AS i CREATE (:Text {n: i, text: 'some text'})")
		must(t, c.Nodes[0], key, "CREATE (:Text {n: 0, text: '"+soundText+"'})")
	}
	return c
}

// harm changes one property in a stopped node's store, and starts the node again.
func (c *infirmary) harm(t *testing.T, n *apitest.Node) {
	t.Helper()
	n.Stop(t)
	if err := fsmtest.ChangeProperty(n.MachineDir(), c.account.ID, 0, soundText, sickText); err != nil {
		t.Fatal(err)
	}
	n.Restart(t)
	apitest.Authenticate(t, n, c.key)
}

const look = "MATCH (t:Text {n: 0}) RETURN t.text AS text"

func local(n *apitest.Node, key string) (*answer, error) {
	return ask(n, key, api.Request{Query: look, Consistency: api.Local})
}

// named waits until a leader's mark named a node and its database.
func (c *infirmary) named(t *testing.T, node *apitest.Node) {
	t.Helper()
	id := node.Raft.Self().ID
	apitest.WaitFor(t, "the mark that names node and database", func() bool {
		for _, n := range c.Nodes {
			differences, err := n.Service.ClusterDifferences(c.Operator(t, n))
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range differences {
				if d.Node == id && d.Place.Tenant == c.account.ID && d.Place.Database == 0 {
					return true
				}
			}
		}
		return false
	})
}

// whole waits until a node serves its own copy again, and sees that all nodes agree.
func (c *infirmary) whole(t *testing.T, n *apitest.Node) {
	t.Helper()
	apitest.WaitFor(t, "the node whole again", func() bool {
		got, err := local(n, c.key)
		if err == nil && got.text() != `["`+soundText+`"]` {
			t.Fatalf("the node serves %s", got.text())
		}
		return err == nil
	})
	must(t, n, c.key, "CREATE (:After)")
	apitest.WaitFor(t, "equal digests", func() bool {
		var first string
		for i, one := range c.Nodes {
			_, list := one.Machine.Digests()
			if text := fmt.Sprint(list); i == 0 {
				first = text
			} else if text != first {
				return false
			}
		}
		return true
	})
}

// TestDigests_DamagedFollowerIsMadeWhole: reads of the one database stop there, strong ones are served by the leader, the
// next mark names it, and it fetches a store.
func TestDigests_DamagedFollowerIsMadeWhole(t *testing.T) {
	c := newInfirmary(t, 0)
	n := c.Follower(t)
	c.harm(t, n)
	if got, err := local(n, c.key); code(err) != api.CodeDatabaseUnavailable {
		t.Fatalf("a local read of the damaged copy: %v, %v", got, err)
	}
	if got := must(t, n, c.key, look).text(); got != `["`+soundText+`"]` {
		t.Fatalf("a strong read of the damaged copy: %s", got)
	}
	if _, err := local(n, c.well); err != nil {
		t.Fatalf("a read of the other tenant's database: %v", err)
	}
	c.named(t, n)
	c.whole(t, n)
}

// TestDigests_DamagedLeaderGivesLeadershipAway first.
func TestDigests_DamagedLeaderGivesLeadershipAway(t *testing.T) {
	c := newInfirmary(t, 0)
	n := c.Follower(t)
	c.harm(t, n)
	apitest.WaitFor(t, "leadership moved", func() bool {
		operator := c.Operator(t, c.Nodes[0])
		ctx, cancel := patient()
		defer cancel()
		_ = c.Nodes[0].Service.TransferLeadership(ctx, operator, n.Name) // it is asked again
		return n.Service.Ready().Leader
	})
	if got, err := ask(n, c.key, api.Request{Query: look}); err == nil && got.text() != `["`+soundText+`"]` {
		t.Fatalf("the damaged leader serves %s", got.text())
	}
	c.named(t, n)
	c.whole(t, n)
	if n.Service.Ready().Leader {
		t.Log("it leads again")
	}
}

// TestDigests_ScrubFindsAColdDatabase that nobody reads.
func TestDigests_ScrubFindsAColdDatabase(t *testing.T) {
	c := newInfirmary(t, 50*time.Millisecond)
	n := c.Follower(t)
	c.harm(t, n)
	c.named(t, n)
	c.whole(t, n)
}

// TestDigests_NoMajorityIsReadOnly: with one copy damaged and one node silent no majority of the voters agrees. That
// database takes no writes, the others go on, and what is whole is read, until the silent one is back.
func TestDigests_NoMajorityIsReadOnly(t *testing.T) {
	c := newInfirmary(t, 0)
	leader, sick := c.Leader(t), c.Follower(t)
	var silent *apitest.Node
	for _, n := range c.Nodes {
		if n != leader && n != sick {
			silent = n
		}
	}
	c.harm(t, sick)
	silent.Stop(t)
	if _, err := local(sick, c.key); code(err) != api.CodeDatabaseUnavailable {
		t.Fatalf("a local read of the damaged copy: %v", err)
	}
	apitest.WaitFor(t, "a refused write", func() bool {
		_, err := ask(sick, c.key, api.Request{Query: "CREATE (:Refused)"})
		return code(err) == api.CodeDatabaseUnavailable
	})
	must(t, sick, c.well, "CREATE (:Taken)")
	for _, n := range []*apitest.Node{leader, sick} {
		if got := must(t, n, c.key, look).text(); got != `["`+soundText+`"]` {
			t.Fatalf("a strong read of a read-only database: %s", got)
		}
		_, list := n.Machine.Digests()
		if !list[0].ReadOnly || list[1].ReadOnly || list[0].Damaged != (n == sick) {
			t.Fatalf("node %s shows %+v", n.Name, list)
		}
	}
	silent.Restart(t)
	apitest.WaitFor(t, "a write taken again", func() bool {
		_, err := ask(leader, c.key, api.Request{Query: "CREATE (:Taken)"})
		return err == nil
	})
	c.whole(t, sick)
}
