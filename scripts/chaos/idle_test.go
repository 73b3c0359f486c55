package chaos

import (
	"testing"
	"time"

	"github.com/hivellm/nexus/scripts/cluster"
)

const (
	idleMostPercent = 8.0 // of one core, all nodes together
	ticksPerSecond  = 100
)

// checkIdle measures what a cluster costs that is asked nothing.
func checkIdle(t *testing.T, c *cluster.Cluster) {
	span := time.Duration(cluster.Size(3, 10)) * time.Second
	if _, err := c.Agree(cluster.Within(t, 30*time.Second)); err != nil {
		t.Fatal(err)
	}
	before := ticks(t, c)
	started := time.Now()
	<-time.After(span) // what is measured is this time
	used := float64(ticks(t, c)-before) / ticksPerSecond
	percent := 100 * used / time.Since(started).Seconds()
	t.Logf("idle: %d nodes take %.2f %% of one core in all (over %v)", len(c.Nodes), percent, span)
	most := idleMostPercent
	if !cluster.Full() {
		most *= 2 // a short look, right after other checks, beside other tests
	}
	if percent > most {
		t.Errorf("an idle cluster takes %.2f %% of a core, more than %.0f %%", percent, most)
	}
}

func ticks(t *testing.T, c *cluster.Cluster) (total uint64) {
	t.Helper()
	for _, n := range c.Nodes {
		used, err := n.CPUTicks()
		if err != nil {
			t.Fatal(err)
		}
		total += used
	}
	return total
}
