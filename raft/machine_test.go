package raft

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/raft/proposer"
	"github.com/hivellm/nexus/tenancy"
)

const testTimeMs = 1_800_000_000_000

// onRealMachine makes a prepared node run the program's own machine, kept in the node's data directory.
func (c *testCl) onRealMachine(node *testNode) *fsm.Machine {
	c.t.Helper()
	machine, err := fsm.Open(fsm.Config{Dir: filepath.Join(node.config.DataDir, "machine"), ClusterID: testCluster})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		if err := machine.Close(); err != nil {
			c.t.Error(err)
		}
	})
	encode := func(command fsm.Command) []byte {
		encoded, err := fsm.Encode(command)
		if err != nil {
			panic(err)
		}
		return encoded
	}
	header := func(term uint64) fsm.Header { return fsm.Header{Term: term, TimeMs: testTimeMs} }
	node.config.Snapshots, node.config.BeforeStart, node.config.Pack = machine.Snapshots(), machine.BeforeStart, fsm.Pack
	node.config.TermStart = func(term uint64) []byte {
		return encode(&fsm.TermStart{Header: header(term), NodeID: node.config.NodeID})
	}
	node.config.ClusterInit = func(term uint64) []byte {
		operator := tenancy.KeyRecord{ID: "00000000000000op", Kind: tenancy.KeyOperator, Role: tenancy.RoleOperator,
			Name: "operator", AuthVersion: 1, CreatedAtMs: testTimeMs, SecretSHA256: tenancy.SecretHash{1}}
		return encode(&fsm.ClusterInit{Header: header(term), ClusterID: testCluster, OperatorKey: operator, FeatureLevel: 1})
	}
	c.startOn(node, machine)
	return machine
}

// createTenant proposes a tenant until it is applied.
func (c *testCl) createTenant(name string) uint64 {
	c.t.Helper()
	var index uint64
	wait(c.t, "a tenant to be made", func() bool {
		leader := c.leader()
		term, _ := leader.Leadership()
		plan, limits, err := tenancy.ResolveLimits("free", tenancy.Limits{})
		if err != nil {
			c.t.Fatal(err)
		}
		encoded, err := fsm.Encode(&fsm.CreateTenant{Header: fsm.Header{Term: term, TimeMs: testTimeMs}, Name: name, Plan: plan, Limits: limits})
		if err != nil {
			c.t.Fatal(err)
		}
		outcome := leader.Propose(context10(c.t), encoded, term).Wait(context10(c.t))
		if outcome.Kind != proposer.Applied {
			return false
		}
		if result := outcome.Result.(fsm.Result); result.Err != nil && !errors.Is(result.Err, fsm.ErrTenantExists) {
			c.t.Fatalf("tenant %s: %v", name, result.Err)
		}
		index = outcome.Index
		return true
	})
	return index
}

// TestMachine_OnThreeNodes runs the program's own machine through what a cluster does to it: a term begins, commands are
// applied, a node that was away gets the snapshot as a stream, and a node starts again.
func TestMachine_OnThreeNodes(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	machines := map[*testNode]*fsm.Machine{}
	for _, node := range c.nodes {
		machines[node] = c.onRealMachine(node)
	}
	c.createTenant("first")
	away := c.follower()
	c.links.isolate(away.config.NodeID)
	for i := range 20 {
		c.createTenant(fmt.Sprintf("while away %d", i))
	}
	leader := c.leader()
	settings := leader.raft().ReloadableConfig()
	settings.TrailingLogs = 1
	if err := leader.raft().ReloadConfig(settings); err != nil {
		t.Fatal(err)
	}
	leader.compacting.Store(true)
	if err := leader.raft().Snapshot().Error(); err != nil {
		t.Fatal(err)
	}
	leader.compacting.Store(false)
	c.links.heal(away.config.NodeID)
	last := c.createTenant("last")
	if err := away.WaitApplied(context10(t), last); err != nil {
		t.Fatal(err)
	}
	if list, err := away.config.Snapshots.List(); err != nil || len(list) == 0 {
		t.Fatalf("the node that was away caught up without a snapshot: %v, %v", list, err)
	}
	c.sameTenants(machines, last, 22)
	restarted := c.follower()
	if err := restarted.Close(); err != nil {
		t.Fatal(err)
	}
	c.startOn(restarted, machines[restarted])
	c.sameTenants(machines, c.createTenant("after a restart"), 23)
}

// sameTenants compares all machines at an index.
func (c *testCl) sameTenants(machines map[*testNode]*fsm.Machine, index uint64, count int) {
	c.t.Helper()
	var want []tenancy.Account
	for node, machine := range machines {
		if err := node.WaitApplied(context10(c.t), index); err != nil {
			c.t.Fatal(err)
		}
		got := machine.Registry().Tenants()
		if len(got) != count || (want != nil && !reflect.DeepEqual(got, want)) {
			c.t.Fatalf("node %s has %d tenants, want %d, the same everywhere", node.config.NodeID, len(got), count)
		}
		want = got
	}
}

// startOn starts a node on a machine.
func (c *testCl) startOn(node *testNode, machine Machine) {
	c.t.Helper()
	started, err := Open(context.Background(), node.config, machine)
	if err != nil {
		c.t.Fatal(err)
	}
	node.Node = started
	c.links.mu.Lock()
	c.links.nodes[node.config.NodeID] = started
	c.links.mu.Unlock()
	c.t.Cleanup(func() {
		if err := started.Close(); err != nil {
			c.t.Errorf("close %s: %v", node.config.NodeID, err)
		}
	})
}
