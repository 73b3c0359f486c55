package cluster

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// callTimeout bounds one call of the operator's.
const callTimeout = 10 * time.Second

// Tenant is a tenant with a key that may do everything a tenant may.
type Tenant struct {
	ID, Name string
	*Client
}

// Tenant makes a tenant without limits (its queries may take a minute) and a key, and waits until every node that is up
// knows the key. limits may be nil.
func (c *Cluster) Tenant(ctx context.Context, name string, limits map[string]any) (*Tenant, error) {
	operator := c.Client(c.Operator)
	var made struct {
		ID string `json:"id"`
	}
	spec := map[string]any{"name": name, "plan": "unlimited"}
	if limits != nil {
		spec["limits"] = limits
	}
	if err := operator.Call(ctx, http.MethodPost, c.up(), "/admin/tenants", spec, &made); err != nil {
		return nil, err
	}
	var key struct {
		Key string `json:"key"`
	}
	err := operator.Call(ctx, http.MethodPost, c.up(), "/admin/keys", map[string]any{"tenant_id": made.ID, "role": "tenant", "name": name}, &key)
	if err != nil {
		return nil, err
	}
	t := &Tenant{ID: made.ID, Name: name, Client: c.Client(key.Key)}
	for _, n := range c.Nodes {
		if n.State() != Up {
			continue
		}
		err := Until(ctx, name+"'s key on "+n.Name, func() (bool, error) {
			return t.Call(ctx, http.MethodGet, n, "/stats", nil, nil) == nil, ctx.Err()
		})
		if err != nil {
			return nil, err
		}
	}
	return t, nil
}

// CreateDatabase makes another database of the tenant's and waits until every node that is up knows it.
func (c *Cluster) CreateDatabase(ctx context.Context, t *Tenant, name string) error {
	if err := t.Call(ctx, http.MethodPost, c.up(), "/databases", map[string]string{"name": name}, nil); err != nil {
		return err
	}
	for _, n := range c.Nodes {
		if n.State() != Up {
			continue
		}
		err := Until(ctx, "database "+name+" on "+n.Name, func() (bool, error) {
			return t.Call(ctx, http.MethodGet, n, "/stats?database="+name, nil, nil) == nil, ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// up is a node that is up; the first when none is.
func (c *Cluster) up() *Node {
	for _, n := range c.Nodes {
		if n.State() == Up {
			return n
		}
	}
	return c.Nodes[0]
}

// Member is a node as /cluster/status shows it.
type Member struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	HTTP         string `json:"http"`
	State        string `json:"state"`
	Role         string `json:"role"`
	AppliedIndex uint64 `json:"applied_index"`
	Behind       uint64 `json:"behind"`
	// ResidentBytes is what tenants' data take in the node's memory.
	ResidentBytes uint64 `json:"resident_bytes"`
}

// Status is /cluster/status.
type Status struct {
	ClusterID   string   `json:"cluster_id"`
	Leader      *string  `json:"leader"`
	Term        uint64   `json:"term"`
	CommitIndex uint64   `json:"commit_index"`
	Quorum      bool     `json:"quorum"`
	Tolerated   int      `json:"failures_tolerated"`
	Nodes       []Member `json:"nodes"`
}

// Status asks a node how it sees the cluster.
func (c *Cluster) Status(ctx context.Context, n *Node) (Status, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var s Status
	err := c.Client(c.Operator).Call(ctx, http.MethodGet, n, "/cluster/status", nil, &s)
	return s, err
}

// DatabaseDigest is one database of /cluster/digest.
type DatabaseDigest struct {
	TenantID      string `json:"tenant_id"`
	Database      string `json:"database"`
	Version       string `json:"version"`
	Digest        string `json:"digest"`
	Nodes         uint64 `json:"nodes"`
	Relationships uint64 `json:"relationships"`
	Bytes         uint64 `json:"bytes"`
}

// Digest is /cluster/digest.
type Digest struct {
	Node         string           `json:"node"`
	AppliedIndex uint64           `json:"applied_index"`
	Databases    []DatabaseDigest `json:"databases"`
}

// Digest asks a node for its digests.
func (c *Cluster) Digest(ctx context.Context, n *Node) (Digest, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var d Digest
	err := c.Client(c.Operator).Call(ctx, http.MethodGet, n, "/cluster/digest", nil, &d)
	return d, err
}

// Leader waits until a node that is up says that it leads itself, and returns it.
func (c *Cluster) Leader(ctx context.Context) (*Node, error) {
	var leader *Node
	err := Until(ctx, "a leader", func() (bool, error) {
		for _, n := range c.Nodes {
			if n.State() == Up && c.Leads(ctx, n) {
				leader = n
				return true, nil
			}
		}
		return false, ctx.Err()
	})
	return leader, err
}

// Leads asks a node, briefly, whether it is ready and leads, by its own /ready.
func (c *Cluster) Leads(ctx context.Context, n *Node) bool {
	ready, err := c.ready(ctx, n)
	return err == nil && ready.Ready && ready.Leader
}

type readiness struct {
	Ready  bool   `json:"ready"`
	Leader bool   `json:"leader"`
	Reason string `json:"reason"`
}

func (c *Cluster) ready(ctx context.Context, n *Node) (readiness, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	var r readiness
	err := c.Client(c.Operator).Call(ctx, http.MethodGet, n, "/ready", nil, &r)
	return r, err
}

// Ready waits until every node that is up is ready. A process that ended by itself ends the wait.
func (c *Cluster) Ready(ctx context.Context) error {
	for _, n := range c.Nodes {
		if n.State() != Up {
			if err := n.Died(); err != nil {
				return err
			}
			continue
		}
		if err := c.ReadyNode(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// ReadyNode waits until one node is ready.
func (c *Cluster) ReadyNode(ctx context.Context, n *Node) error {
	var last error
	err := Until(ctx, n.Name+" to be ready", func() (bool, error) {
		if err := n.Died(); err != nil {
			return false, err
		}
		r, err := c.ready(ctx, n)
		last = err
		return err == nil && r.Ready, nil
	})
	if err != nil {
		return fmt.Errorf("%w (last: %w)", err, last)
	}
	return nil
}

// Transfer gives leadership to a node and waits until it leads.
func (c *Cluster) Transfer(ctx context.Context, to *Node) error {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := c.Client(c.Operator).Call(call, http.MethodPost, c.up(), "/cluster/leader", map[string]string{"node": to.Name}, nil)
	if err != nil {
		return err
	}
	return Until(ctx, to.Name+" to lead", func() (bool, error) { return c.Leads(ctx, to), ctx.Err() })
}

// TransferAny asks for a transfer without waiting for its end; faults may be under way.
func (c *Cluster) TransferAny(ctx context.Context, via, to *Node) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return c.Client(c.Operator).Call(ctx, http.MethodPost, via, "/cluster/leader", map[string]string{"node": to.Name}, nil)
}
