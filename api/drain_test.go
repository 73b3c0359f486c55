package api_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/tenancy"
)

// exits is a test's view of members on their way out.
type exits struct {
	t *testing.T
	c *apitest.Cluster
}

func (e exits) id(n *apitest.Node) string { return n.Raft.Self().ID }

// via asks a node that is none of those on their way out.
func (e exits) via(avoid ...*apitest.Node) *apitest.Node {
	for _, n := range e.c.Nodes {
		bad := false
		for _, a := range avoid {
			bad = bad || a == n
		}
		if !bad {
			return n
		}
	}
	e.t.Fatal("nobody is left")
	return nil
}

func (e exits) ask(via *apitest.Node, step func(*api.Service, context.Context, tenancy.Principal, string) (api.Drain, error), name string) (api.Drain, error) {
	ctx, cancel := context.WithTimeout(context.Background(), apitest.Patience)
	defer cancel()
	return step(via.Service, ctx, e.c.Operator(e.t, via), name)
}

// must asks, again while there is no leader.
func (e exits) must(via *apitest.Node, step func(*api.Service, context.Context, tenancy.Principal, string) (api.Drain, error), name string) api.Drain {
	e.t.Helper()
	d, err := e.ask(via, step, name)
	if err != nil {
		e.t.Fatal(err)
	}
	return d
}

func (e exits) refused(err error, code api.Code, detail string) {
	e.t.Helper()
	var refusal *api.Error
	if !errors.As(err, &refusal) {
		e.t.Fatalf("%v, wanted %s with %q", err, code, detail)
	}
	if refusal.Code != code || !strings.Contains(refusal.Detail+" / "+refusal.Hint, detail) {
		e.t.Fatalf("%v (hint %q), wanted %s with %q", err, refusal.Hint, code, detail)
	}
}

func (e exits) await(via *apitest.Node, id, state, held string) {
	e.t.Helper()
	var last api.Drain
	var err error
	apitest.WaitFor(e.t, "drain "+state+" "+held, func() bool {
		last, err = e.ask(via, (*api.Service).DrainOf, id)
		return err == nil && last.State == state && strings.Contains(last.HeldBy, held)
	})
}

// TestMembers_Leave drains, undoes, refuses and removes in one group of four: to three, to two.
func TestMembers_Leave(t *testing.T) {
	c := apitest.Start(t, 4)
	e := exits{t, c}
	leader, follower := c.Leader(t), c.Follower(t)
	via := e.via(leader, follower)

	// A follower with work to do: it takes nothing new, and the drain waits. Undone, it takes work again.
	leave, err := follower.Service.Enter(tenancy.FunctionCypherRead)
	if err != nil {
		t.Fatal(err)
	}
	if d := e.must(via, (*api.Service).DrainMember, follower.Name); d.State != api.DrainUnder || d.Voters != 3 || d.FailuresTolerated != 1 {
		t.Fatalf("drain %+v", d)
	}
	e.await(via, follower.Name, api.DrainUnder, "1 requests left")
	_, err = follower.Service.Enter(tenancy.FunctionCypherRead)
	e.refused(err, api.CodeDraining, "another one")
	if r := follower.Service.Ready(); r.Ready || !strings.Contains(r.Reason, "drained") {
		t.Fatalf("a node that is drained is ready: %+v", r)
	}
	if steer, err := follower.Service.Enter(tenancy.FunctionClusterRead); err != nil {
		t.Fatalf("a node that is drained tells nothing: %v", err)
	} else {
		steer()
	}
	e.must(via, (*api.Service).DrainMember, e.id(follower)) // asked twice is asked once
	if d := e.must(via, (*api.Service).UndrainMember, follower.Name); d.State != api.DrainNone {
		t.Fatalf("undone: %+v", d)
	}
	leave()
	apitest.WaitFor(t, "the follower to take work", func() bool {
		again, err := follower.Service.Enter(tenancy.FunctionCypherRead)
		if err == nil {
			again()
		}
		return err == nil
	})

	// The leader, while a request is under way: leadership goes first, the request ends, then the node leaves.
	leave, err = leader.Service.Enter(tenancy.FunctionCypherWrite)
	if err != nil {
		t.Fatal(err)
	}
	e.must(via, (*api.Service).DrainMember, leader.Name)
	apitest.WaitFor(t, "leadership to move", func() bool { return !leader.Service.Ready().Leader && c.Leader(t) != leader })
	e.await(via, leader.Name, api.DrainUnder, "1 requests left")
	looked := time.Now()
	apitest.WaitFor(t, "some looks of the new leader", func() bool {
		if _, voter := via.Raft.Suffrage(e.id(leader)); !voter {
			t.Fatal("a node with a request under way was demoted")
		}
		return time.Since(looked) > time.Second
	})
	leave()
	e.await(via, e.id(leader), api.DrainRemoved, "")
	<-leader.Raft.Removed()
	_, err = e.ask(leader, (*api.Service).DrainOf, e.id(leader))
	e.refused(err, api.CodeDraining, "ask another one")
	apitest.WaitFor(t, "the configuration without it", func() bool { member, _ := via.Raft.Suffrage(e.id(leader)); return !member })
	_, err = e.ask(via, (*api.Service).UndrainMember, e.id(leader))
	e.refused(err, api.CodeConflict, "removed from this cluster for good")

	// Of the three left one is cut off: another cannot be drained, it itself can be removed, a living one cannot.
	gone := leader
	next := c.Leader(t)
	dead, other := e.via(gone, next), next
	for _, n := range c.Nodes {
		if n != gone && n != next && n != dead {
			other = n
		}
	}
	_, err = e.ask(next, (*api.Service).RemoveMember, other.Name)
	e.refused(err, api.CodeConflict, "nexus cluster drain "+other.Name)
	c.Links.Isolate(dead.Name) // without gossip its name is not known then
	apitest.WaitFor(t, "its silence", func() bool { return next.Raft.Status(t.Context()).FailuresTolerated == 0 })
	_, err = e.ask(next, (*api.Service).DrainMember, other.Name)
	e.refused(err, api.CodeConflict, "of the 2 voters that remain 2 must answer, and 1 does ("+e.id(dead)+" does not)")
	e.refused(err, api.CodeConflict, "nexus cluster remove "+e.id(dead))
	_, err = e.ask(next, (*api.Service).DrainMember, "nobody")
	e.refused(err, api.CodeNotFound, "nobody")
	if d := e.must(next, (*api.Service).RemoveMember, e.id(dead)); d.State != api.DrainRemoved || d.Voters != 2 || d.FailuresTolerated != 0 {
		t.Fatalf("removed: %+v", d)
	}
	if d := e.must(next, (*api.Service).RemoveMember, e.id(dead)); d.State != api.DrainRemoved {
		t.Fatalf("removed twice: %+v", d)
	}
	c.Links.Heal(dead.Name)
	<-dead.Raft.Removed() // it is told, though it heard nothing of it through the log
}
