package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hivellm/nexus/scripts/cluster"
)

// outside lists planted bugs that whole-product checks catch over HTTP, each by the scenario it breaks. What catches
// every bug from inside stands in scripts/planted/run; docs/PLANTED.md tells both.
var outside = []struct{ plant, scenario string }{
	{"op-less-forgotten", "KeyOfNothing"},
	{"kept-lookup-off", "KeyAnswered"},
	{"in-flight-off", "KeyInFlight"},
	{"ddl-beside-lane", "ConstraintAmongWrites"},
	{"one-global-lane", "LanesApart"},
	{"forget-prefix", "AllRestarted"},
	{"skipped-record", "AllRestarted"},
	{"rerun-on-unknown", "LeaderStalled"},
	{"503-by-raft-term", "LeaderStalled"},
	{"forward-again", "LeaderKilled"},
	{"answered-early", "BatchLost"},
	{"read-set-unchecked", "Transactions"},
	{"absent-reads-untracked", "Transactions"},
	{"ranges-untracked", "Transactions"},
	{"tx-commit-409-though-applied", "Transactions"},
}

// envPlanted set to "1" plays scenarios on clusters with planted bugs; set to names, only those bugs.
const envPlanted = "NEXUS_PLANTED"

const (
	plantedAttempts = 8
	plantedPatience = 3 * time.Minute
)

// TestPlanted_CaughtFromOutside plays each bug's scenario on a cluster that has the bug, until it finds the broken
// promise: a check that cannot fail is a defect.
func TestPlanted_CaughtFromOutside(t *testing.T) {
	wanted := os.Getenv(envPlanted)
	if wanted == "" {
		t.Skipf("%s=1 plays scenarios on clusters with planted bugs (`make chaos`)", envPlanted)
	}
	var caught []string
	for _, o := range outside {
		if wanted != "1" && !strings.Contains(","+wanted+",", ","+o.plant+",") {
			continue
		}
		t.Run(o.plant, func(t *testing.T) {
			c := cluster.New(t, cluster.Options{Variant: cluster.Variant{Planted: true}, Plant: o.plant})
			found := playUntilCaught(t, c, o.scenario)
			if found == nil {
				t.Fatalf("%s was not caught by %s in %d attempts", o.plant, o.scenario, plantedAttempts)
			}
			caught = append(caught, fmt.Sprintf("%-18s %-22s %.140s", o.plant, o.scenario, found))
		})
	}
	t.Logf("caught from outside:\n%s", strings.Join(caught, "\n"))
}

// playUntilCaught plays a scenario some times and returns the broken promise it found, nil when it found none. A scenario
// that could not be played to its end found nothing: that the cluster is sick in some way is no proof.
func playUntilCaught(t *testing.T, c *cluster.Cluster, name string) error {
	t.Helper()
	random := cluster.Random(t)
	ctx, cancel := context.WithTimeout(t.Context(), plantedPatience)
	defer cancel()
	for _, s := range scenarios {
		if s.name != name {
			continue
		}
		for attempt := 0; attempt < plantedAttempts && ctx.Err() == nil; attempt++ {
			err := playOn(ctx, t, c, s, random, attempt)
			if errors.Is(err, errViolation) {
				return err
			}
			if err != nil {
				t.Logf("attempt %d: %v", attempt, err)
			}
		}
		return nil
	}
	t.Fatalf("there is no scenario %s", name)
	return nil
}

// TestPlanted_NamesExist keeps the table true: every name is planted somewhere, every scenario is there, and the document
// tells of each.
func TestPlanted_NamesExist(t *testing.T) {
	root, err := cluster.Root()
	if err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile(root + "/docs/PLANTED.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, s := range scenarios {
		known[s.name] = true
	}
	for _, o := range outside {
		if !known[o.scenario] {
			t.Errorf("%s is to be caught by %s, which is no scenario", o.plant, o.scenario)
		}
		if !strings.Contains(string(document), "| `"+o.plant+"` | `"+o.scenario+"` |") {
			t.Errorf("docs/PLANTED.md does not say that %s catches %s from outside", o.scenario, o.plant)
		}
	}
}
