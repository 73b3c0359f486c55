package peer

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// BenchmarkExchange measures what one forwarded request costs at both ends together, TLS and loopback included: the
// metric cpu-µs/op is user and system time of this process, for a call and for a stream of one small answer.
func BenchmarkExchange(b *testing.B) {
	home := authority(b, "home")
	l := server(b, home, nil)
	l.HandleStream("rows", Member, func(_ context.Context, _ string, s *ServerStream) error {
		return s.Send(s.Request())
	})
	c := client(b, identity(b, home, "member"), l.Addr().String())
	body := make([]byte, 300)
	call := func() error {
		_, err := c.Call(context.Background(), "server", Work, "echo", body)
		return err
	}
	stream := func() error {
		s, err := c.Stream(context.Background(), "server", Work, "rows", body, false)
		if err != nil {
			return err
		}
		defer s.Close()
		_, err = s.Receive()
		return err
	}
	for _, callers := range []int{1, 64} {
		for _, kind := range []string{"call", "stream"} {
			do := map[string]func() error{"call": call, "stream": stream}[kind]
			b.Run(fmt.Sprintf("%s/callers=%d", kind, callers), func(b *testing.B) { measureCPU(b, callers, do) })
		}
	}
}

// measureCPU runs do b.N times from a number of goroutines.
func measureCPU(b *testing.B, callers int, do func() error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime()
	var calling sync.WaitGroup
	for range callers {
		calling.Add(1)
		go func() {
			defer calling.Done()
			for left.Add(-1) >= 0 {
				if err := do(); err != nil {
					b.Error(err)
					return
				}
			}
		}()
	}
	calling.Wait()
	b.ReportMetric(float64((cpuTime()-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

// cpuTime is what this process has spent, user and system.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
