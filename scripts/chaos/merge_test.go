package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hivellm/nexus/scripts/cluster"
)

const (
	mergeClients  = 64
	mergeEntities = 1_000
	mergeRepeats  = 430 // of 1 430 facts, 30 % repeat another's word for word
)

// fact is what an agent remembers: two entities and how they are related.
type fact struct{ From, To, Kind int }

// checkMerge has many clients merge the same things, with a unique constraint and without: nothing doubles, nobody is
// asked to try again.
func checkMerge(t *testing.T, c *cluster.Cluster) {
	random := cluster.Random(t)
	for _, constrained := range []bool{false, true} {
		ctx := cluster.Within(t, 2*time.Minute)
		k := tenant(t, ctx, c, fmt.Sprintf("merge-%t", constrained))
		if constrained {
			cluster.Ask(t, ctx, k.Client, c.Nodes[0], cluster.Query{Text: "CREATE CONSTRAINT one FOR (e:Entity) REQUIRE e.name IS UNIQUE"})
		}
		merge(t, ctx, c, k, random)
	}
}

func merge(t *testing.T, ctx context.Context, c *cluster.Cluster, k *cluster.Tenant, random *rand.Rand) {
	t.Helper()
	shares := share(random)
	started, facts := time.Now(), 0
	wantFacts := map[fact]bool{}
	for _, own := range shares {
		facts += len(own)
		for _, f := range own {
			wantFacts[f] = true
		}
	}
	err := each(ctx, mergeClients, func(ctx context.Context, client int) error {
		for i, f := range shares[client] {
			_, err := good(ctx, k.Client, c.Nodes[(client+i)%len(c.Nodes)], cluster.Query{
				Text: "MERGE (a:Entity {name: $from}) ON CREATE SET a.seen = 1 ON MATCH SET a.seen = a.seen + 1 " +
					"MERGE (b:Entity {name: $to}) MERGE (a)-[r:RELATES {kind: $kind}]->(b) RETURN id(a), id(b), id(r)",
				Parameters: map[string]any{"from": name(f.From), "to": name(f.To), "kind": f.Kind},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("a client was refused: %v", err)
	}
	t.Logf("%d clients merged %d facts (%d different) in %v", mergeClients, facts, len(wantFacts), time.Since(started).Round(time.Millisecond))
	strongly(t, ctx, c, k.Client, "MATCH (e:Entity) RETURN count(e)", mergeEntities)
	strongly(t, ctx, c, k.Client, "MATCH (e:Entity) RETURN count(DISTINCT e.name)", mergeEntities)
	strongly(t, ctx, c, k.Client, "MATCH ()-[r:RELATES]->() RETURN count(r)", int64(len(wantFacts)))
	strongly(t, ctx, c, k.Client, "MATCH (a)-[r:RELATES]->(b) RETURN count(DISTINCT a.name + '>' + b.name + '>' + toString(r.kind))", int64(len(wantFacts)))
	agree(t, c, k.ID)
}

func name(entity int) string { return fmt.Sprintf("entity %d", entity) }

// share gives every client its facts. Each entity is somebody's own; mergeRepeats facts repeat others word for word, and
// every fact's other end is anybody's entity.
func share(random *rand.Rand) [mergeClients][]fact {
	var shares [mergeClients][]fact
	var all []fact
	for entity := range mergeEntities {
		f := fact{From: entity, To: random.IntN(mergeEntities), Kind: random.IntN(3)}
		all = append(all, f)
		shares[entity%mergeClients] = append(shares[entity%mergeClients], f)
	}
	for range mergeRepeats {
		client := random.IntN(mergeClients)
		shares[client] = append(shares[client], all[random.IntN(len(all))])
	}
	for client := range shares {
		random.Shuffle(len(shares[client]), func(i, j int) {
			shares[client][i], shares[client][j] = shares[client][j], shares[client][i]
		})
	}
	return shares
}
