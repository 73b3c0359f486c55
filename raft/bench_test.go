package raft

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hivellm/nexus/raft/peer"
	"github.com/hivellm/nexus/raft/proposer"
)

// BenchmarkPropose measures durable commands through three nodes on this machine's disk. "forwarded" sends them from a
// follower over the peer channel.
func BenchmarkPropose(b *testing.B) {
	c := startAll(b, 3)
	leader, follower := c.leader(), c.follower()
	term, _ := leader.Leadership()
	propose := func(ctx context.Context, command []byte) error {
		if outcome := leader.Propose(ctx, command, term).Wait(ctx); outcome.Kind != proposer.Applied {
			return fmt.Errorf("%v: %w", outcome.Kind, outcome.Err)
		}
		return nil
	}
	leader.HandleCall("test.forward", peer.Member, func(ctx context.Context, _ string, request []byte) ([]byte, error) {
		return nil, propose(ctx, request)
	})
	forward := func(ctx context.Context, command []byte) error {
		_, err := follower.Call(ctx, leader.config.NodeID, "test.forward", command)
		return err
	}
	for name, write := range map[string]func(context.Context, []byte) error{"leader": propose, "forwarded": forward} {
		for _, clients := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/clients=%d", name, clients), func(b *testing.B) {
				var left atomic.Int64
				left.Store(int64(b.N))
				done := make(chan error, clients)
				b.ReportAllocs()
				for range clients {
					go func() {
						command := make([]byte, 200)
						command[0] = 'x'
						for left.Add(-1) >= 0 {
							if err := write(context.Background(), command); err != nil {
								done <- err
								return
							}
						}
						done <- nil
					}()
				}
				for range clients {
					if err := <-done; err != nil {
						b.Error(err)
					}
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
			})
		}
	}
}

// BenchmarkReadIndex measures linearizable read indexes on a follower.
func BenchmarkReadIndex(b *testing.B) {
	c := startAll(b, 3)
	follower := c.follower()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := follower.ReadIndex(context.Background()); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkIdle measures what three idle nodes take of one core.
func BenchmarkIdle(b *testing.B) {
	c := startAll(b, 3)
	for range b.N {
		before := used(b)
		began := time.Now()
		select {
		case <-time.After(5 * time.Second):
		case <-c.nodes[0].ctx.Done():
		}
		b.ReportMetric(100*float64(used(b)-before)/float64(time.Since(began)), "%core")
	}
	runtime.KeepAlive(c)
}

func used(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
