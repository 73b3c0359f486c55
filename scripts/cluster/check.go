package cluster

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// EnvFull set to "1" makes checks as large as the project promises (`make chaos`); else they are quick.
const EnvFull = "NEXUS_FULL"

// EnvSeed is the seed of what is random; printed by every check, so that a run can be repeated.
const EnvSeed = "NEXUS_SEED"

// EnvKeep names a folder in which clusters are made and kept.
const EnvKeep = "NEXUS_KEEP"

// Full tells whether checks are to be as large as promised.
func Full() bool { return os.Getenv(EnvFull) == "1" }

// Size is quick or full.
func Size(quick, full int) int {
	if Full() {
		return full
	}
	return quick
}

// Random is seeded by EnvSeed, else by the clock, and says so.
func Random(t testing.TB) *rand.Rand {
	seed, err := strconv.ParseUint(os.Getenv(EnvSeed), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("%s=%d", EnvSeed, seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// aloneTimeout bounds the wait for other whole-product checks on this machine.
const aloneTimeout = 10 * time.Minute

// New starts a cluster for one check, alone on this machine as far as checks go; -short skips the check. What was
// started ends with the test; when the test failed, the nodes' logs are shown.
func New(t testing.TB, options Options) *Cluster {
	t.Helper()
	if testing.Short() {
		t.Skip("whole-product checks are not short")
	}
	waiting, cancel := context.WithTimeout(t.Context(), aloneTimeout)
	defer cancel()
	release, err := Alone(waiting)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	options.Variant.Race = options.Variant.Race || os.Getenv("NEXUS_RACE") == "1"
	c, err := Start(t.Context(), folder(t), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Died(); err != nil && options.Plant == "" {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(c.Tail(tailLines))
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func folder(t testing.TB) string {
	keep := os.Getenv(EnvKeep)
	if keep == "" {
		return t.TempDir()
	}
	if err := os.MkdirAll(keep, 0o700); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(keep, filepath.Base(t.Name())+"-")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("kept in %s", dir)
	return dir
}

// Within is the test's context with a bound.
func Within(t testing.TB, bound time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	t.Cleanup(cancel)
	return ctx
}

// Ask runs a query that must be answered well and returns the answer.
func Ask(t testing.TB, ctx context.Context, k *Client, n *Node, q Query) *Answer {
	t.Helper()
	answer, _, err := k.Cypher(ctx, n, q)
	if err == nil {
		err = answer.Err()
	}
	if err != nil {
		t.Fatalf("%s on %s: %v", q.Text, n.Name, err)
	}
	return answer
}

// AskInt runs a query that answers one integer.
func AskInt(t testing.TB, ctx context.Context, k *Client, n *Node, q Query) int64 {
	t.Helper()
	number, err := Ask(t, ctx, k, n, q).Int()
	if err != nil {
		t.Fatalf("%s on %s: %v", q.Text, n.Name, err)
	}
	return number
}
