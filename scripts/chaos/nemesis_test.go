package chaos

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hivellm/nexus/scripts/cluster"
)

// tally counts faults by name.
type tally struct {
	mu     sync.Mutex
	counts map[string]int // guarded by mu
}

func (f *tally) add(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.counts == nil {
		f.counts = map[string]int{}
	}
	f.counts[name]++
}

func (f *tally) text() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(f.counts)) {
		parts = append(parts, fmt.Sprintf("%d × %s", f.counts[name], name))
	}
	return strings.Join(parts, ", ")
}

// nemesis makes faults, mostly to the leader: even ones find the rare bugs rarely. It is used by one goroutine.
type nemesis struct {
	c      *cluster.Cluster
	random *rand.Rand
	faults *tally
}

// strike makes one fault and ends it: whoever was hit runs again afterwards, though it may not be ready.
func (n *nemesis) strike(ctx context.Context) error {
	if err := n.quorum(ctx); err != nil {
		return err
	}
	leader, err := n.c.Leader(ctx)
	if err != nil {
		return err
	}
	followers := slices.DeleteFunc(slices.Clone(n.c.Nodes), func(o *cluster.Node) bool { return o == leader })
	follower := followers[n.random.IntN(len(followers))]
	strikes := []struct {
		name string
		make func() error
	}{
		{"leader killed", func() error { return n.killed(ctx, leader) }},
		{"leader killed", func() error { return n.killed(ctx, leader) }},
		{"leader paused", func() error { return n.paused(ctx, 300, 1_800, leader) }},
		{"leader paused", func() error { return n.paused(ctx, 300, 1_800, leader) }},
		{"follower killed", func() error { return n.killed(ctx, follower) }},
		{"follower paused", func() error { return n.paused(ctx, 100, 900, follower) }},
		{"leadership given away", func() error { return n.transferred(ctx, leader, follower) }},
		{"leadership given away", func() error { return n.transferred(ctx, leader, follower) }},
		{"leadership given away, the old leader paused", func() error {
			return after(n.transferred(ctx, leader, follower), func() error { return n.paused(ctx, 200, 900, leader) })
		}},
		{"follower paused, then made leader", func() error {
			return after(n.paused(ctx, 100, 400, follower), func() error { return n.transferred(ctx, leader, follower) })
		}},
		{"leader cut off and killed", func() error { return n.cutOff(ctx, leader, followers) }},
		{"all paused but the leader", func() error { return n.paused(ctx, 100, 700, followers...) }},
	}
	chosen := strikes[n.random.IntN(len(strikes))]
	n.faults.add(chosen.name)
	if err := chosen.make(); err != nil {
		return fmt.Errorf("%s: %w", chosen.name, err)
	}
	return n.wait(ctx, 50, 300)
}

func after(err error, next func() error) error {
	if err != nil {
		return err
	}
	return next()
}

// quorum waits until whoever was hit last is ready again, so that one more fault leaves a majority.
func (n *nemesis) quorum(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return n.c.Ready(bounded)
}

func (n *nemesis) killed(ctx context.Context, node *cluster.Node) error {
	return after(node.Kill(), func() error {
		return after(n.wait(ctx, 50, 900), node.Start)
	})
}

func (n *nemesis) paused(ctx context.Context, least, most int, nodes ...*cluster.Node) error {
	for _, node := range nodes {
		if err := node.Pause(); err != nil {
			return err
		}
	}
	err := n.wait(ctx, least, most)
	for _, node := range nodes {
		if resumed := node.Resume(); err == nil {
			err = resumed
		}
	}
	return err
}

// transferred asks for a transfer. One that is refused or does not come about is no fault of the check: the other
// faults may have moved leadership already.
func (n *nemesis) transferred(ctx context.Context, from, to *cluster.Node) error {
	_ = n.c.TransferAny(ctx, from, to)
	return ctx.Err()
}

// cutOff holds the followers, so that what the leader takes cannot be committed, kills the leader and lets the
// followers go on: what was acknowledged before its majority had it is lost then.
func (n *nemesis) cutOff(ctx context.Context, leader *cluster.Node, followers []*cluster.Node) error {
	for _, node := range followers {
		if err := node.Pause(); err != nil {
			return err
		}
	}
	err := n.wait(ctx, 20, 200)
	if killed := leader.Kill(); err == nil {
		err = killed
	}
	for _, node := range followers {
		if resumed := node.Resume(); err == nil {
			err = resumed
		}
	}
	return after(err, func() error {
		return after(n.wait(ctx, 100, 900), leader.Start)
	})
}

// wait lets a fault last, between least and most milliseconds.
func (n *nemesis) wait(ctx context.Context, least, most int) error {
	timer := time.NewTimer(time.Duration(least+n.random.IntN(most-least)) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
