package chaos

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/hivellm/nexus/fsm/fsmtest"
	"github.com/hivellm/nexus/scripts/cluster"
	"github.com/hivellm/nexus/tenancy"
)

// wholeWithin is how long a node with a damaged store may take to be whole again (issue 4).
const wholeWithin = 30 * time.Second

const (
	soundText = "the text as it was written"
	sickText  = "the text that nobody wrote"
)

// checkDamage changes one property in a stopped node's store: reads of that database stop there, strong ones are served
// elsewhere, and the node is whole again in time; also when it is killed while it is being repaired.
func checkDamage(t *testing.T, c *cluster.Cluster) {
	ctx := cluster.Within(t, 3*time.Minute)
	owner, beside := tenant(t, ctx, c, "damage"), tenant(t, ctx, c, "damage-beside")
	id, err := tenancy.ParseID(owner.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []*cluster.Client{owner.Client, beside.Client} {
		cluster.Ask(t, ctx, k, c.Nodes[0], cluster.Query{
			Text:       "UNWIND range(1, $n) AS i CREATE (:Text {n: i, text: CASE i WHEN 7 THEN $sound ELSE 'some text' END})",
			Parameters: map[string]any{"n": cluster.Size(2_000, 40_000), "sound": soundText},
		})
	}
	for round, killed := range []bool{false, true} {
		leader, err := c.Leader(ctx)
		if err != nil {
			t.Fatal(err)
		}
		sick := c.Nodes[0]
		if sick == leader {
			sick = c.Nodes[1]
		}
		if err := sick.Stop(ctx); err != nil {
			t.Fatal(err)
		}
		if err := fsmtest.ChangeProperty(filepath.Join(sick.Dir, "machine"), id, 0, soundText, sickText); err != nil {
			t.Fatal(err)
		}
		startAgain(t, ctx, c, sick)
		looked := time.Now()
		if text, problem := lookLocally(t, ctx, owner, sick); problem != "DATABASE_UNAVAILABLE" {
			t.Fatalf("round %d: a local read of the damaged copy: %q, %s", round, text, problem)
		}
		strongText(t, ctx, owner, sick)
		if _, problem := lookLocally(t, ctx, beside, sick); problem != "" {
			t.Errorf("round %d: the other tenant's database on that node: %s", round, problem)
		}
		if killed {
			if err := sick.Kill(); err != nil {
				t.Fatal(err)
			}
			startAgain(t, ctx, c, sick)
			looked = time.Now()
		}
		untilWhole(t, ctx, owner, sick)
		took := time.Since(looked)
		t.Logf("round %d (killed meanwhile: %v): whole again %v after the first read", round, killed, took.Round(time.Millisecond))
		if took > wholeWithin {
			t.Errorf("round %d: %v is longer than %v", round, took, wholeWithin)
		}
		agree(t, c, owner.ID)
	}
}

func startAgain(t *testing.T, ctx context.Context, c *cluster.Cluster, n *cluster.Node) {
	t.Helper()
	if err := n.Start(); err != nil {
		t.Fatal(err)
	}
	if err := c.Ready(ctx); err != nil {
		t.Fatal(err)
	}
}

const lookAtText = "MATCH (t:Text {n: 7}) RETURN t.text"

// lookLocally reads a node's own copy: its text, or the code of the refusal.
func lookLocally(t *testing.T, ctx context.Context, of *cluster.Tenant, n *cluster.Node) (text, problem string) {
	t.Helper()
	answer, _, err := of.Client.Cypher(ctx, n, cluster.Query{Text: lookAtText, Consistency: "local"})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Problem != nil {
		return "", answer.Problem.Code
	}
	rows, err := answer.Rows()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(rows), ""
}

func strongText(t *testing.T, ctx context.Context, of *cluster.Tenant, n *cluster.Node) {
	t.Helper()
	rows, err := cluster.Ask(t, ctx, of.Client, n, cluster.Query{Text: lookAtText}).Rows()
	if err != nil || fmt.Sprint(rows) != fmt.Sprint([][]any{{soundText}}) {
		t.Fatalf("a strong read of the damaged database: %v, %v", rows, err)
	}
}

// untilWhole waits until the node serves its own copy. What it serves must be what was written.
func untilWhole(t *testing.T, ctx context.Context, of *cluster.Tenant, n *cluster.Node) {
	t.Helper()
	err := cluster.Until(ctx, "the node whole again", func() (bool, error) {
		text, problem := lookLocally(t, ctx, of, n)
		switch problem {
		case "":
			if text != fmt.Sprint([][]any{{soundText}}) {
				return false, fmt.Errorf("it serves %s", text)
			}
			return true, nil
		case "DATABASE_UNAVAILABLE", "STALE", "AUTH_STALE":
			return false, nil
		}
		return false, fmt.Errorf("a local read answers %s", problem)
	})
	if err != nil {
		t.Fatal(err)
	}
}
