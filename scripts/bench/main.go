package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"time"

	"github.com/hivellm/nexus/scripts/cluster"
)

// options are the flags.
type options struct {
	span    time.Duration
	runs    int
	only    []string
	profile string
	points  int
}

func main() {
	var o options
	flag.DurationVar(&o.span, "for", 5*time.Second, "how long one run lasts")
	flag.IntVar(&o.runs, "runs", 3, "how many runs of each workload")
	only := flag.String("only", "", "workloads to run, by name, comma separated (default all)")
	flag.StringVar(&o.profile, "profile", "", "write a processor profile of every node and workload into this folder")
	flag.IntVar(&o.points, "points", 20_000, "nodes of the graph that reads are asked of (five relationships each)")
	flag.Parse()
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "nexus-bench-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	release, err := cluster.Alone(ctx)
	if err != nil {
		return err
	}
	defer release()
	c, err := cluster.Start(ctx, dir, cluster.Options{Variant: cluster.Variant{Profile: o.profile != ""}})
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			fmt.Fprintln(os.Stderr, c.Tail(20))
		}
		err = errors.Join(err, c.Close())
	}()
	b, err := newBench(ctx, c, o)
	if err != nil {
		return err
	}
	fmt.Printf("%s, %d cores, %s; 3 nodes and the client on this machine; %d runs of %v each\n\n",
		processor(), runtime.NumCPU(), runtime.Version(), o.runs, o.span)
	fmt.Println("| workload | clients | per second, median (min – max) | promised | p50 | p99 | cores: nodes + client |")
	fmt.Println("|---|---:|---:|---:|---:|---:|---:|")
	for _, w := range b.workloads() {
		if len(o.only) > 0 && !contains(o.only, w.name) {
			continue
		}
		if err := b.measure(ctx, w); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	_, err = c.Agree(ctx)
	return err
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// processor is the processor's name, as the system tells it.
func processor() string {
	content, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(content)) {
		if name, found := strings.CutPrefix(line, "model name"); found {
			return strings.TrimSpace(strings.TrimLeft(name, "\t :"))
		}
	}
	return runtime.GOARCH
}
