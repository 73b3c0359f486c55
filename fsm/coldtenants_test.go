package fsm

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// coldTenantHeap is what a tenant that holds nothing, and its key, may take of a node's memory, in bytes.
const coldTenantHeap = 3 << 10

// TestColdTenants_CostWhatTheyUse measures what tenants that hold nothing cost a node: memory and disk of one more, and
// the time of a start. Status, digests and marks load none of them. 10 000 of them with NEXUS_FULL=1.
func TestColdTenants_CostWhatTheyUse(t *testing.T) {
	counts := []int{10, 1000}
	if os.Getenv("NEXUS_FULL") == "1" {
		counts = []int{10, 1000, 10_000}
	}
	for _, count := range counts {
		config := Config{Dir: t.TempDir()}
		fillTenants(t, config, count)
		before := heapInUse()
		started := time.Now()
		m, err := Open(config)
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(started)
		heap := int64(heapInUse()) - int64(before)
		t.Logf("%6d tenants: open in %v, %d KiB of heap, %d KiB on disk", count, took.Round(time.Millisecond), heap>>10, diskUse(t, config.Dir)>>10)
		if most := int64(count*coldTenantHeap + 1<<20); heap > most {
			t.Errorf("%d tenants take %d bytes of heap, more than %d", count, heap, most)
		}
		m.Digests()
		m.Disagreements()
		for _, a := range m.Registry().Tenants() {
			if m.Resident(a.ID, 0) {
				t.Fatalf("tenant %s was loaded", a.Name)
			}
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func fillTenants(t *testing.T, config Config, count int) {
	t.Helper()
	m, err := Open(config)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, m: m, term: 1, timeMs: testTimeMs}
	r.must(&TermStart{Header: r.header(), NodeID: "n1"})
	r.must(&ClusterInit{Header: r.header(), ClusterID: testCluster, OperatorKey: operatorKey(), FeatureLevel: 1})
	for i := range count {
		id := r.tenant(fmt.Sprint("t", i))
		r.must(&CreateKey{Header: r.header(), Record: tenantKey(fmt.Sprint(i), id)})
		clear(r.log)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
}

func diskUse(t *testing.T, dir string) (bytes int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		bytes += info.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}
