package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// Result is what a run measured.
type Result struct {
	Latencies Histogram
	Elapsed   time.Duration
}

// PerSecond is how many requests were answered a second.
func (r *Result) PerSecond() float64 { return float64(r.Latencies.Count()) / r.Elapsed.Seconds() }

// Numbers gives each use of a request its number. Safe for concurrent use.
type Numbers struct {
	next atomic.Uint64
	// Step is how far numbers lie apart; Modulo, where not 0, bounds them.
	Step, Modulo uint64
}

// Next is the next number.
func (n *Numbers) Next() uint64 {
	number := (n.next.Add(1) - 1) * max(1, n.Step)
	if n.Modulo > 0 {
		number %= n.Modulo
	}
	return number
}

// Target is a connection with the request that goes over it.
type Target struct {
	Conn    *Conn
	Request Request
}

// Run sends each target's request again and again for span. An answer that is not 200 is an error.
func Run(ctx context.Context, targets []*Target, numbers *Numbers, span time.Duration) (*Result, error) {
	var group errgroup.Group
	parts := make([]Histogram, len(targets))
	var stop atomic.Bool
	timer := time.AfterFunc(span, func() { stop.Store(true) })
	defer timer.Stop()
	cancelled := context.AfterFunc(ctx, func() { stop.Store(true) })
	defer cancelled()
	started := time.Now()
	for i, t := range targets {
		group.Go(func() error { return t.run(&stop, numbers, &parts[i]) })
	}
	err := group.Wait()
	result := &Result{Elapsed: time.Since(started)}
	for i := range parts {
		result.Latencies.Merge(&parts[i])
	}
	if err == nil && result.Latencies.Count() == 0 {
		err = errors.New("nothing was answered")
	}
	return result, err
}

func (t *Target) run(stop *atomic.Bool, numbers *Numbers, into *Histogram) error {
	if err := t.Conn.net.SetDeadline(time.Now().Add(time.Hour)); err != nil { // once: a deadline a request costs a timer
		return err
	}
	for !stop.Load() {
		sent := time.Now()
		status, body, err := t.Conn.Exchange(t.Request.Numbered(numbers.Next()))
		if err != nil {
			return err
		}
		if status != http.StatusOK {
			return fmt.Errorf("answered %d: %.300s", status, body)
		}
		into.Add(time.Since(sent))
	}
	return nil
}
