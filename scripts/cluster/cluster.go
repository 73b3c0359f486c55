package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Options say what is started. The zero value is three nodes of the plain binary.
type Options struct {
	Nodes int // 3 when 0
	// Spare is how many more nodes there is room for (Add).
	Spare   int
	Variant Variant
	// Plant names planted bugs that every node has (the variant must be Planted).
	Plant string
	// Env is added to every node's environment.
	Env []string
}

const (
	// buildTimeout bounds building, which is long with a cold cache.
	buildTimeout = 10 * time.Minute
	// startTimeout bounds starting and getting ready.
	startTimeout = time.Minute
	// stopTimeout bounds a clean end.
	stopTimeout = 10 * time.Second
)

// Cluster is a running cluster. Methods may be called from any goroutine.
type Cluster struct {
	Dir   string
	Nodes []*Node
	// Operator is the operator's key.
	Operator string

	options Options
	binary  string
	base    int // the first port
	web     *http.Client
	release func()
}

// Start builds the binary, makes a cluster in dir (which must exist) and returns when every node is ready.
func Start(ctx context.Context, dir string, options Options) (*Cluster, error) {
	if options.Nodes == 0 {
		options.Nodes = 3
	}
	if options.Plant != "" {
		options.Env = append(options.Env[:len(options.Env):len(options.Env)], "NEXUS_PLANT="+options.Plant)
	}
	building, built := context.WithTimeout(ctx, buildTimeout)
	defer built()
	binary, err := Build(building, options.Variant)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	c := &Cluster{Dir: dir, options: options, binary: binary, web: newWeb()}
	if err := c.provision(ctx); err != nil {
		return nil, err
	}
	for _, n := range c.Nodes {
		if err := n.Start(); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	if err := c.Ready(ctx); err != nil {
		return nil, errors.Join(err, errors.New(c.Tail(tailLines)), c.Close())
	}
	return c, nil
}

func newWeb() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: 30 * time.Second}}
}

// provision takes ports and has the binary make the nodes' folders.
func (c *Cluster) provision(ctx context.Context) error {
	base, release, err := reserve(c.options.Nodes + c.options.Spare)
	if err != nil {
		return err
	}
	c.release, c.base = release, base
	args := []string{"cluster", "init", "--data", c.Dir}
	for i := range c.options.Nodes {
		name, port := fmt.Sprintf("n%d", i+1), base+i*portsPerNode
		c.Nodes = append(c.Nodes, newNode(c, name, port))
		args = append(args, "--node", fmt.Sprintf("%s=127.0.0.1:%d", name, port+peerOffset))
	}
	if out, err := exec.CommandContext(ctx, c.binary, args...).CombinedOutput(); err != nil {
		release()
		return fmt.Errorf("nexus %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	key, err := os.ReadFile(filepath.Join(c.Dir, "operator.key"))
	if err != nil {
		release()
		return fmt.Errorf("read the operator's key: %w", err)
	}
	c.Operator = strings.TrimSpace(string(key))
	return nil
}

// Close ends every process and gives the ports back. The folder stays: it is the caller's.
func (c *Cluster) Close() error {
	var errs []error
	for _, n := range c.Nodes {
		errs = append(errs, n.Kill())
	}
	c.web.CloseIdleConnections()
	if c.release != nil {
		c.release()
		c.release = nil
	}
	return errors.Join(errs...)
}

// StopAll asks every process to end and waits for them.
func (c *Cluster) StopAll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	var errs []error
	for _, n := range c.Nodes {
		errs = append(errs, n.Stop(ctx))
	}
	return errors.Join(errs...)
}

// Died joins the errors of processes that ended by themselves.
func (c *Cluster) Died() error {
	var errs []error
	for _, n := range c.Nodes {
		errs = append(errs, n.Died())
	}
	return errors.Join(errs...)
}

// Node finds a node by name.
func (c *Cluster) Node(name string) (*Node, bool) {
	for _, n := range c.Nodes {
		if n.Name == name {
			return n, true
		}
	}
	return nil, false
}

const tailLines = 40

// Tail is the end of every node's log, and every error in it.
func (c *Cluster) Tail(lines int) string {
	var out strings.Builder
	for _, n := range c.Nodes {
		content, err := os.ReadFile(n.logPath)
		if err != nil {
			fmt.Fprintf(&out, "--- %s: %v\n", n.Name, err)
			continue
		}
		all := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
		cut := max(0, len(all)-lines)
		errs := slices.DeleteFunc(all[:cut:cut], func(line string) bool { return !strings.Contains(line, "level=ERROR") })
		shown := append(errs[:min(len(errs), lines):min(len(errs), lines)], all[cut:]...)
		fmt.Fprintf(&out, "--- %s (%s)\n%s\n", n.Name, n.HTTP, strings.Join(shown, "\n"))
	}
	return out.String()
}
