package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Standalone is a node without a cluster, beside one, at the first of its spare places.
type Standalone struct {
	*Node
	// Client is one with the key of the tenant "default".
	Client *Client
}

// Standalone starts such a node and waits until it answers. The cluster needs a spare place (Options.Spare).
func (c *Cluster) Standalone(ctx context.Context) (*Standalone, error) {
	if c.options.Spare == 0 {
		return nil, fmt.Errorf("no spare place for a standalone node")
	}
	n := newNode(c, "alone", c.base+c.options.Nodes*portsPerNode)
	n.arguments = []string{"serve", "--mode", "standalone", "--data_dir", n.Dir, "--http.listen", n.HTTP}
	if err := n.Start(); err != nil {
		return nil, err
	}
	var key []byte
	err := Until(ctx, "the standalone node's key", func() (bool, error) {
		var err error
		key, err = os.ReadFile(filepath.Join(n.Dir, "default.key"))
		return err == nil, ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	alone := &Standalone{Node: n, Client: c.Client(strings.TrimSpace(string(key)))}
	return alone, Until(ctx, "the standalone node", func() (bool, error) {
		return alone.Client.Call(ctx, "GET", n, "/health", nil, nil) == nil, ctx.Err()
	})
}

// Command runs the binary as the operator: its output, and its exit code.
func (c *Cluster) Command(ctx context.Context, arguments ...string) (output string, code int, err error) {
	arguments = append(arguments, "--addr", c.up().HTTP, "--key-file", filepath.Join(c.Dir, "operator.key"))
	command := exec.CommandContext(ctx, c.binary, arguments...)
	text, err := command.CombinedOutput()
	if _, exited := err.(*exec.ExitError); exited {
		err = nil
	}
	return string(text), command.ProcessState.ExitCode(), err
}
