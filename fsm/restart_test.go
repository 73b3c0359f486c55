package fsm

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/hivellm/nexus/graph"
)

// What is promised of a start with a million records.
const (
	restartMost     = 5 * time.Second
	restartHeapMost = 200 << 20
)

// TestRestart_LoadsNothing opens a store of many records (a million with NEXUS_FULL=1): what it takes of time and heap
// before the first query does not follow their number. The heap is compared with that of the test itself; what a real
// process takes is looked at by scripts/chaos.
func TestRestart_LoadsNothing(t *testing.T) {
	records := 20_000
	if os.Getenv("NEXUS_FULL") == "1" {
		records = 1_000_000
	}
	config := Config{Dir: t.TempDir()}
	m, err := Open(config)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, m: m, term: 1, timeMs: testTimeMs}
	r.must(&TermStart{Header: r.header(), NodeID: "n1"})
	r.must(&ClusterInit{Header: r.header(), ClusterID: testCluster, OperatorKey: operatorKey(), FeatureLevel: 1})
	large, small := r.tenant("large"), r.tenant("small")
	r.must(r.write(small, 0, create(10, 0)))
	for made := 0; made < records; made += 2*5_000 - 1 { // nodes and the relationships between them
		r.must(r.write(large, 0, create(5_000, int64(made))))
		clear(r.log) // entries are counted, and not needed again
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	r.log, r.m = nil, nil
	before := heapInUse()
	started := time.Now()
	if m, err = Open(config); err != nil {
		t.Fatal(err)
	}
	took := time.Since(started)
	after := heapInUse()
	heap := after - min(before, after)
	defer m.Close()
	if m.ResidentBytes() != 0 {
		t.Errorf("%d bytes of data are in memory after the start", m.ResidentBytes())
	}
	started = time.Now()
	var g *graph.Graph
	if g, err = m.Graph(small, 0); err != nil || g.Meta().Nodes != 10 {
		t.Fatal(fmt.Sprint(g, err))
	}
	t.Logf("%d records: open in %v, %d MiB of heap; the first answer of a small tenant after %v more", records, took, heap>>20, time.Since(started))
	if took > restartMost || heap > restartHeapMost {
		t.Errorf("open took %v and %d bytes of heap", took, heap)
	}
	if m.Resident(large, 0) || m.ResidentBytes() != g.MemoryBytes() {
		t.Errorf("%d bytes are in memory where the small tenant takes %d", m.ResidentBytes(), g.MemoryBytes())
	}
}

func heapInUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
