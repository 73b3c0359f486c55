package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Add makes one more node's files, to join over the present nodes' addresses, and starts it. It does not wait. There must
// be a spare place (Options.Spare). Not at the same time as anything that goes through c.Nodes.
func (c *Cluster) Add(ctx context.Context) (*Node, error) {
	if len(c.Nodes) >= c.options.Nodes+c.options.Spare {
		return nil, errors.New("no spare place for another node")
	}
	var join []string
	for i := range c.Nodes {
		join = append(join, fmt.Sprintf("127.0.0.1:%d", c.base+i*portsPerNode+peerOffset))
	}
	name, port := fmt.Sprintf("n%d", len(c.Nodes)+1), c.base+len(c.Nodes)*portsPerNode
	_, err := c.Nexus(ctx, "cluster", "init", "--data", c.Dir, "--add", fmt.Sprintf("%s=127.0.0.1:%d", name, port+peerOffset),
		"--join", strings.Join(join, ","))
	if err != nil {
		return nil, err
	}
	n := newNode(c, name, port)
	c.Nodes = append(c.Nodes, n)
	return n, n.Start()
}

// Failed says that a command line ended with a code other than 0.
type Failed struct {
	Code int
	Text string // both streams
}

// Error implements error.
func (f *Failed) Error() string { return fmt.Sprintf("exit code %d: %s", f.Code, f.Text) }

// Nexus runs the command line with the operator's key and every node's address, and returns both of its streams. A code
// other than 0 is a *Failed.
func (c *Cluster) Nexus(ctx context.Context, arguments ...string) (string, error) {
	var addresses []string
	for _, n := range c.Nodes {
		addresses = append(addresses, n.HTTP)
	}
	command := exec.CommandContext(ctx, c.binary, arguments...)
	command.Env = append(os.Environ(), "NEXUS_API_KEY="+c.Operator, "NEXUS_ADDR="+strings.Join(addresses, ","))
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return "", &Failed{exit.ExitCode(), out.String()}
	case err != nil:
		return "", fmt.Errorf("nexus %s: %w", strings.Join(arguments, " "), err)
	}
	return out.String(), nil
}

// Role is a node's role as another node's status shows it; "" when it is no member.
func (c *Cluster) Role(ctx context.Context, via *Node, name string) (string, error) {
	status, err := c.Status(ctx, via)
	if err != nil {
		return "", err
	}
	for _, m := range status.Nodes {
		if m.Name == name {
			return m.Role, nil
		}
	}
	return "", nil
}
