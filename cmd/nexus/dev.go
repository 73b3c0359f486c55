package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hivellm/nexus/cmd/nexus/client"
	"github.com/hivellm/nexus/cmd/nexus/launch"
	"github.com/hivellm/nexus/cmd/nexus/provision"
	"github.com/hivellm/nexus/tenancy"
)

const (
	devBasePort = 15474
	// devPortStep is how far apart the ports of two nodes are.
	devPortStep = 10
	// devPeerOffset is a node's peer port from its first.
	devPeerOffset = 2
	maxDevNodes   = 9
	// devReadyTimeout bounds the wait for the cluster.
	devReadyTimeout = 60 * time.Second
	// devStopTimeout bounds the wait for a node to stop.
	devStopTimeout = 15 * time.Second
)

// devOptions are the flags of "nexus dev".
type devOptions struct {
	nodes      int
	dir        string
	basePort   int
	noSample   bool
	noHub      bool
	standalone bool
	nodesGiven bool
}

func (p *program) devCommand() *cobra.Command {
	var o devOptions
	command := &cobra.Command{
		Use:   "dev",
		Short: "Run a whole cluster on this machine, from nothing: three nodes, two tenants, a sample graph",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o.nodesGiven = c.Flags().Changed("nodes")
			if err := o.check(c.Flags().Changed("base-port")); err != nil {
				return err
			}
			ctx, cancel := context.WithCancelCause(c.Context())
			defer cancel(nil)
			followLauncher(ctx, cancel)
			return p.dev(ctx, o)
		},
	}
	flags := command.Flags()
	flags.IntVar(&o.nodes, "nodes", 3, "how many nodes")
	flags.StringVar(&o.dir, "data", "", "folder that is kept between runs (default: a temporary one)")
	flags.IntVar(&o.basePort, "base-port", devBasePort, "first port of the first node; each node has the next ten")
	flags.BoolVar(&o.noSample, "no-sample", false, "load no sample graph")
	flags.BoolVar(&o.noHub, "no-hub", false, "start no development HiveHub: tenants are made over /admin")
	flags.BoolVar(&o.standalone, "standalone", false, "one node without a cluster")
	return command
}

func (o *devOptions) check(basePortGiven bool) error {
	last := o.basePort + devPortStep*o.nodes
	switch {
	case o.standalone && o.nodesGiven:
		return usage("--standalone is one node: leave out --nodes")
	case o.nodes < 1 || o.nodes > maxDevNodes:
		return usage("--nodes must be 1 to %d", maxDevNodes)
	case o.basePort < 2 || last > 65535:
		return usage("--base-port %d leaves no room for %d nodes", o.basePort, o.nodes)
	}
	if !basePortGiven {
		o.basePort = 0 // that of the folder, else the default
	}
	return nil
}

// development is one run of "nexus dev".
type development struct {
	program   *program
	options   devOptions
	dir       string
	temporary bool
	nodes     []*devNode
	hub       *devHub // nil without one
	operator  tenancy.Secret
	state     devState
	described bool // dev.json tells of this run
}

// devNode is a node of the development cluster and its process.
type devNode struct {
	devNodeState
	dir     string
	process *launch.Process
}

// dev runs the cluster until the context ends. Everything that was started is stopped, whatever happens.
func (p *program) dev(ctx context.Context, o devOptions) (err error) {
	started := time.Now()
	d := &development{program: p, options: o}
	defer func() { err = errors.Join(err, d.stop()) }()
	for _, step := range d.steps() {
		if err := step(ctx); err != nil {
			if ctx.Err() != nil {
				return nil // Ctrl-C before all was up
			}
			return err
		}
	}
	p.printer().Note("ready in %.1f s; Ctrl-C stops everything", time.Since(started).Seconds())
	d.watch(ctx)
	return nil
}

// steps are what brings the run up, in order.
func (d *development) steps() []func(context.Context) error {
	if d.options.standalone {
		return d.standaloneSteps()
	}
	return []func(context.Context) error{d.prepareFolder, d.prepare, d.start, d.enroll, d.awaitReady, d.populate, d.describe}
}

// prepareFolder names the folder, and makes a temporary one where none is given.
func (d *development) prepareFolder(context.Context) error {
	d.dir = d.options.dir
	if d.dir == "" {
		dir, err := os.MkdirTemp("", "nexus-dev-")
		if err != nil {
			return fmt.Errorf("make a temporary folder: %w", err)
		}
		d.dir, d.temporary = dir, true
	}
	dir, err := filepath.Abs(d.dir)
	if err != nil {
		return fmt.Errorf("find the folder: %w", err)
	}
	d.dir = dir
	return nil
}

// prepare makes or finds the cluster's files.
func (d *development) prepare(context.Context) (err error) {
	if d.state, err = readDevState(d.dir); err != nil {
		return err
	}
	if !provision.Exists(d.dir) {
		if err := d.makeCluster(); err != nil {
			return err
		}
	}
	if err := d.findNodes(); err != nil {
		return err
	}
	if err := d.findHub(); err != nil {
		return err
	}
	d.operator, err = provision.ReadKey(filepath.Join(d.dir, provision.FileOperatorKey))
	if err != nil {
		return err
	}
	return d.checkPorts()
}

// makeCluster does what "cluster init" does, for nodes of this machine.
func (d *development) makeCluster() error {
	base := d.options.basePort
	if base == 0 {
		base = devBasePort
	}
	var nodes []provision.NodeSpec
	for k := range d.options.nodes {
		nodes = append(nodes, provision.NodeSpec{Name: fmt.Sprintf("n%d", k+1), Host: "127.0.0.1", PeerPort: base + devPortStep*k + devPeerOffset})
	}
	if !d.options.noHub {
		if err := makeDevHub(d.dir, fmt.Sprintf("127.0.0.1:%d", base-1)); err != nil {
			return err
		}
	}
	if _, err := provision.Init(d.dir, nodes); err != nil || d.options.noHub {
		return err
	}
	return pointAtDevHub(d.dir, nodes, fmt.Sprintf("http://127.0.0.1:%d", base-1))
}

// findNodes reads the nodes' folders, and refuses flags that say something else than they do.
func (d *development) findNodes() error {
	for k := 1; ; k++ {
		dir := filepath.Join(d.dir, fmt.Sprintf("n%d", k))
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			break
		}
		one, err := readDevNode(dir)
		if err != nil {
			return err
		}
		d.nodes = append(d.nodes, one)
	}
	if len(d.nodes) != d.options.nodes {
		return usage("%s holds a cluster of %d nodes, not %d: say --nodes %d, or give another --data", d.dir, len(d.nodes), d.options.nodes, len(d.nodes))
	}
	_, port, err := net.SplitHostPort(d.nodes[0].HTTP)
	if err != nil {
		return fmt.Errorf("read the first node's address: %w", err)
	}
	if asked := d.options.basePort; asked != 0 && port != fmt.Sprint(asked) {
		return usage("%s holds a cluster whose first port is %s, not %d: leave --base-port out, or give another --data", d.dir, port, asked)
	}
	return nil
}

// checkPorts refuses to start beside something that listens on a node's port.
func (d *development) checkPorts() error {
	for _, n := range d.nodes {
		for _, address := range []string{n.HTTP, n.Peer, n.Gossip} {
			if err := checkPort(address, "node "+n.Name); err != nil {
				return err
			}
		}
	}
	if d.hub == nil {
		return nil
	}
	return checkPort(d.hub.address, "the hub")
}

func checkPort(address, whose string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("%s of %s is in use: stop what listens there, or choose other ports with --base-port (%w)", address, whose, err)
	}
	if err := listener.Close(); err != nil {
		return fmt.Errorf("try %s: %w", address, err)
	}
	return nil
}

// start starts a process for each node.
func (d *development) start(context.Context) error {
	executable, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	if d.hub != nil {
		if err := d.hub.start(executable, d.addresses()); err != nil {
			return err
		}
	}
	for _, n := range d.nodes {
		n.process, err = launch.Start(launch.Spec{
			Name: n.Name, Executable: executable, LogFile: filepath.Join(n.dir, "nexus.log"),
			Arguments: append([]string{"serve", "--config", filepath.Join(n.dir, provision.FileConfig), "--stop-with-input"}, shareOfMemory(len(d.nodes))...),
		})
		if err != nil {
			return err
		}
		n.Pid = n.process.Pid()
	}
	return nil
}

// awaitReady waits until every node is ready for traffic.
func (d *development) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, devReadyTimeout, fmt.Errorf("the cluster is not ready after %s: see %s", devReadyTimeout, filepath.Join(d.dir, "n1", "nexus.log")))
	defer cancel()
	for _, n := range d.nodes {
		if err := d.awaitNode(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

func (d *development) awaitNode(ctx context.Context, n *devNode) error {
	node, err := client.New(client.Options{Addresses: []string{n.HTTP}, Key: d.operator})
	if err != nil {
		return err
	}
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		_, err := node.Do(ctx, "GET", "/ready", nil)
		if err == nil {
			return nil
		}
		var problem *client.Problem
		if errors.As(err, &problem) && problem.Status != 503 {
			return fmt.Errorf("node %s: %w", n.Name, err)
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-n.process.Done():
			return fmt.Errorf("node %s ended while starting (%s):\n%s", n.Name, n.process.Outcome(), lastLines(filepath.Join(n.dir, "nexus.log"), 5))
		}
	}
}

// watch tells of nodes that die, until the context ends. None is started again.
func (d *development) watch(ctx context.Context) {
	gone := make(chan *devNode, len(d.nodes))
	var hubGone <-chan struct{} // nil without a hub
	if d.hub != nil {
		hubGone = d.hub.process.Done()
	}
	for _, n := range d.nodes {
		go func() {
			select {
			case <-n.process.Done():
				gone <- n
			case <-ctx.Done():
			}
		}()
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-hubGone:
			hubGone = nil
			d.program.printer().Note("the hub (pid %d) ended: %s; to start it again: %s", d.hub.process.Pid(), orOrderly(d.hub.process.Outcome()), d.hub.command(commandName(), d.addresses()))
		case n := <-gone:
			d.program.printer().Note("node %s (pid %d) ended: %s; to start it again: %s serve --config %s",
				n.Name, n.Pid, orOrderly(n.process.Outcome()), commandName(), filepath.Join(n.dir, provision.FileConfig))
		}
	}
}

// orOrderly is how a process ended, in words.
func orOrderly(outcome string) string {
	if outcome == "" {
		return "exit status 0"
	}
	return outcome
}

// stop stops every process, all at once, and removes a temporary folder.
func (d *development) stop() error {
	faults := make(chan error, len(d.nodes))
	for _, n := range d.nodes {
		go func() {
			if n.process == nil {
				faults <- nil
				return
			}
			faults <- n.process.Stop(devStopTimeout)
		}()
	}
	var all []error
	for range d.nodes {
		all = append(all, <-faults)
	}
	if d.hub != nil { // last: what the nodes spent at the end is told to it
		all = append(all, d.hub.stop())
	}
	if d.described {
		all = append(all, retireDevState(d.dir))
	}
	if d.temporary {
		all = append(all, os.RemoveAll(d.dir))
	}
	return errors.Join(all...)
}

// lastLines is the end of a log.
func lastLines(file string, count int) string {
	content, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
	return "  " + strings.Join(lines[max(0, len(lines)-count):], "\n  ")
}
