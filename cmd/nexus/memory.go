package main

import (
	"fmt"
	"log/slog"
	"math"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/hivellm/nexus/api/running"
	"github.com/hivellm/nexus/cmd/nexus/config"
)

const (
	// beyondBudget is what Go's memory may take besides memory.budget before the collector works harder: caches of the
	// store and of the log, queries under way, versions that are being replaced. What the process takes outside Go's
	// memory is besides, some 180 MiB of mapped files (its own text, the log: R26 bounds it); all of it stays below the
	// budget and 512 MiB.
	beyondBudget = 288 << 20
	// unknownBudget is the budget on a machine that does not tell its memory.
	unknownBudget = 1 << 30
)

// boundMemory finds memory.budget and bounds Go's own memory by it: what is evicted is collected in time, and the heap
// does not grow to twice the budget between two collections. A GOMEMLIMIT of the environment is left as it is.
func boundMemory(c *config.Config, logger *slog.Logger) uint64 {
	budget := c.MemoryBudget
	if budget == 0 {
		budget = defaultBudget(machineMemory())
	}
	limit := debug.SetMemoryLimit(-1)
	if limit == math.MaxInt64 {
		limit = budget + beyondBudget
		debug.SetMemoryLimit(limit)
	}
	logger.Info("memory is bounded", "budget_bytes", budget, "go_limit_bytes", limit)
	return uint64(budget)
}

// defaultBudget is half of the machine's memory, 0 where that is not known.
func defaultBudget(machine int64) int64 {
	if machine == 0 {
		return unknownBudget
	}
	return max(machine/2, config.MinMemoryBudget)
}

// shareOfMemory is what a node is told that shares its machine with others, unless the environment tells it already.
func shareOfMemory(nodes int) []string {
	if os.Getenv("NEXUS_MEMORY_BUDGET") != "" {
		return nil
	}
	share := max(defaultBudget(machineMemory())/int64(nodes), config.MinMemoryBudget)
	return []string{"--memory.budget", fmt.Sprint(share)}
}

// leastQueryMemory is what all queries under way may hold together on the smallest node.
const leastQueryMemory = 256 << 20

// boundQueries bounds what runs at once: long queries leave a core to whoever is short, and all queries together hold no
// more than half of what databases may take.
func boundQueries(budget uint64) running.Config {
	return running.Config{
		Turns:       max(1, runtime.GOMAXPROCS(0)-1),
		MemoryBytes: max(leastQueryMemory, int64(budget/2)),
	}
}
