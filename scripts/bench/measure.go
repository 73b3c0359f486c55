package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hivellm/nexus/scripts/bench/load"
	"github.com/hivellm/nexus/scripts/cluster"
)

// warmUp is how long a workload runs before it is measured.
const warmUp = time.Second

// clockTicks is how many ticks of processor time a second has in /proc.
const clockTicks = 100

// measure runs a workload and prints its row.
func (b *bench) measure(ctx context.Context, w workload) error {
	targets, closeAll, err := b.targets(w)
	if err != nil {
		return err
	}
	defer closeAll()
	numbers := &load.Numbers{Step: w.step, Modulo: w.modulo}
	if err := b.check(targets[0], w); err != nil {
		return err
	}
	if _, err := load.Run(ctx, targets, numbers, warmUp); err != nil {
		return err
	}
	var rates []float64
	var latencies load.Histogram
	nodes, client, span := b.nodeTicks(), ownTime(), time.Duration(0)
	for range b.options.runs {
		result, err := b.run(ctx, w, targets, numbers)
		if err != nil {
			return err
		}
		rates = append(rates, result.PerSecond()*float64(w.each))
		latencies.Merge(&result.Latencies)
		span += result.Elapsed
	}
	slices.Sort(rates)
	promised := "–"
	if w.promised > 0 {
		promised = fmt.Sprintf("%.0f", w.promised)
	}
	fmt.Printf("| %s | %d | %.0f (%.0f – %.0f) | %s | %.2f ms | %.2f ms | %.2f + %.2f |\n", w.unit, w.clients,
		rates[len(rates)/2], rates[0], rates[len(rates)-1], promised,
		ms(latencies.Quantile(0.5)), ms(latencies.Quantile(0.99)),
		float64(b.nodeTicks()-nodes)/clockTicks/span.Seconds(), (ownTime()-client).Seconds()/span.Seconds())
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// targets connects a workload's clients, spread over the nodes or all to the leader.
func (b *bench) targets(w workload) (targets []*load.Target, closeAll func(), err error) {
	closeAll = func() {
		for _, t := range targets {
			_ = t.Conn.Close()
		}
	}
	for i := range w.clients {
		node := b.leader
		if !w.leader {
			node = b.c.Nodes[i%len(b.c.Nodes)]
		}
		conn, err := load.Dial(node.HTTP)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		targets = append(targets, &load.Target{Conn: conn, Request: load.NewRequest(node.HTTP, "/cypher", b.tenant.Key(), w.body)})
	}
	return targets, closeAll, nil
}

// check sends one request and looks at its answer: a workload that reads nothing is no workload.
func (b *bench) check(t *load.Target, w workload) error {
	status, body, err := t.Conn.Exchange(t.Request.Numbered(0))
	if err != nil {
		return err
	}
	reads := strings.Contains(w.body, "RETURN")
	if status != http.StatusOK || reads && (strings.Contains(string(body), `"rows":[]`) || strings.Contains(string(body), `"rows":[[0]]`)) {
		return fmt.Errorf("answered %d: %.300s", status, body)
	}
	return nil
}

// run is one measured run, profiled where that is wanted.
func (b *bench) run(ctx context.Context, w workload, targets []*load.Target, numbers *load.Numbers) (*load.Result, error) {
	if b.options.profile == "" {
		return load.Run(ctx, targets, numbers, b.options.span)
	}
	var profiles errgroup.Group
	for _, n := range b.c.Nodes {
		profiles.Go(func() error { return b.profile(ctx, n, w.name) })
	}
	result, err := load.Run(ctx, targets, numbers, b.options.span+time.Second) // a profile lasts whole seconds
	if failed := profiles.Wait(); err == nil {
		err = failed
	}
	return result, err
}

// profile fetches a processor profile of a node over a run.
func (b *bench) profile(ctx context.Context, n *cluster.Node, workload string) error {
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", n.Pprof(), max(1, int(b.options.span.Seconds())))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("profile %s: %w", n.Name, err)
	}
	defer response.Body.Close()
	role := "follower"
	if n == b.leader {
		role = "leader"
	}
	if err := os.MkdirAll(b.options.profile, 0o755); err != nil {
		return fmt.Errorf("profile %s: %w", n.Name, err)
	}
	file, err := os.Create(filepath.Join(b.options.profile, fmt.Sprintf("%s-%s-%s.pprof", workload, n.Name, role)))
	if err != nil {
		return fmt.Errorf("profile %s: %w", n.Name, err)
	}
	if _, err := io.Copy(file, response.Body); err != nil {
		_ = file.Close()
		return fmt.Errorf("profile %s: %w", n.Name, err)
	}
	return file.Close()
}

func (b *bench) nodeTicks() (total uint64) {
	for _, n := range b.c.Nodes {
		used, err := n.CPUTicks()
		if err != nil {
			return 0 // a system without /proc: the column shows nothing
		}
		total += used
	}
	return total
}

// ownTime is the processor time of this process, the client.
func ownTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
