package fsm

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	hraft "github.com/hashicorp/raft"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/store"
)

// BenchmarkApply measures a replica's apply of writes: 1 operation an entry, and 1 000. R16 allows 10 µs an operation.
func BenchmarkApply(b *testing.B) {
	for _, count := range []int{1, 1000} {
		for _, cold := range []bool{false, true} {
			b.Run(fmt.Sprintf("ops=%d/cold=%v", count, cold), func(b *testing.B) {
				b.ReportAllocs()
				benchmarkApply(b, count, cold)
			})
		}
	}
}

func benchmarkApply(b *testing.B, count int, cold bool) {
	r := newRig(b)
	id := r.tenant("acme")
	base, err := r.m.Graph(id, 0)
	if err != nil {
		b.Fatal(err)
	}
	var entries []*hraft.Log
	for range b.N {
		write, next := r.writeOn(base, id, 0, func(d *graph.Draft) {
			for range count {
				if _, err := d.CreateNode([]string{"Person"}, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
		base = next
		entries = append(entries, r.entry(write))
	}
	m, err := Open(Config{Dir: b.TempDir(), Store: store.Options{}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = m.Close() })
	m.ApplyBatch(r.log[:3])
	if cold {
		evictAll(m)
	}
	b.ResetTimer()
	for len(entries) > 0 {
		n := min(16, len(entries))
		m.ApplyBatch(entries[:n])
		entries = entries[n:]
	}
	b.StopTimer()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/operation")
}

// BenchmarkLoad measures how fast a cold database becomes resident.
func BenchmarkLoad(b *testing.B) {
	fs := vfs.NewMem()
	r := newRigOn(b, fs)
	id := r.tenant("acme")
	const nodes = 10_000
	r.must(r.write(id, 0, create(nodes, 0)))
	b.ResetTimer()
	for range b.N {
		evictAll(r.m)
		if _, err := r.m.Graph(id, 0); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*(2*nodes-1)), "ns/record")
}
