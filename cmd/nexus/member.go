package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/hivellm/nexus/cmd/nexus/client"
)

// drainLook is how often a drain that is waited for is looked at.
const drainLook = 300 * time.Millisecond

// drain is how far a member is on its way out, as the cluster tells it.
type drain struct {
	ID                string `json:"id"`
	Name              string `json:"name"`
	State             string `json:"state"`
	HeldBy            string `json:"held_by"`
	RequestsLeft      int64  `json:"requests_left"`
	TransactionsOpen  int64  `json:"transactions_open"`
	Voters            int    `json:"voters"`
	FailuresTolerated int    `json:"failures_tolerated"`
}

func memberPath(node string) string { return "/cluster/members/" + url.PathEscape(node) }

func (p *program) drainCommand() *cobra.Command {
	var wait, undo bool
	command := &cobra.Command{
		Use:   "drain NODE",
		Short: "Take a node (id or unique name) out of the cluster without losing a request",
		Long: "The node takes nothing new, gives leadership away, ends what it does, leaves the cluster for good and stops.\n" +
			"The drain goes on by itself, whoever leads; asking again shows how far it is.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, arguments []string) error {
			if wait && undo {
				return usage("--wait waits for the drain's end, --undo ends it: give one of them")
			}
			return p.drain(c.Context(), arguments[0], wait, undo)
		},
	}
	command.Flags().BoolVar(&wait, "wait", false, "wait until the node has left, and tell what holds it")
	command.Flags().BoolVar(&undo, "undo", false, "let the node stay")
	return command
}

func (p *program) drain(ctx context.Context, node string, wait, undo bool) error {
	cluster, err := p.client()
	if err != nil {
		return err
	}
	method := http.MethodPost
	if undo {
		method = http.MethodDelete
	}
	var now drain
	if err := cluster.Into(ctx, method, memberPath(node)+"/drain", nil, &now); err != nil {
		return err
	}
	if wait {
		others, err := p.others(ctx, cluster, now.ID)
		if err != nil {
			return err
		}
		if now, err = p.awaitDrain(ctx, others, now); err != nil {
			return err
		}
	}
	return p.tellDrain(now)
}

// others is a client that asks the nodes given and, after them, those that the cluster knows: the one that is drained
// stops at the end.
func (p *program) others(ctx context.Context, cluster *client.Client, leaving string) (*client.Client, error) {
	var status struct {
		Nodes []struct {
			ID   string `json:"id"`
			HTTP string `json:"http"`
		} `json:"nodes"`
	}
	if err := cluster.Into(ctx, http.MethodGet, "/cluster/status", nil, &status); err != nil {
		return nil, err
	}
	var more []string
	for _, n := range status.Nodes {
		if n.ID != leaving && n.HTTP != "" {
			more = append(more, n.HTTP)
		}
	}
	return cluster.With(more)
}

// awaitDrain tells what holds a drain, once for each change, until the node has left. That nobody answers for a moment
// does not end the wait: the drain goes on by itself.
func (p *program) awaitDrain(ctx context.Context, cluster *client.Client, now drain) (drain, error) {
	look := time.NewTicker(drainLook)
	defer look.Stop()
	for told := ""; now.State == "draining"; {
		if now.HeldBy != told {
			p.printer().Note("%s: %s", now.Name, now.HeldBy)
			told = now.HeldBy
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return now, fmt.Errorf("no longer waiting, but the drain of %s goes on: nexus cluster drain %s --undo ends it", now.Name, now.ID)
		}
		next := drain{Name: now.Name}
		err := cluster.Into(ctx, http.MethodGet, memberPath(now.ID)+"/drain", nil, &next)
		var unreachable *client.Unreachable
		switch {
		case errors.As(err, &unreachable):
			return now, fmt.Errorf("%w; the drain of %s goes on: give the address of another node", err, now.Name)
		case err != nil && ctx.Err() == nil:
			return now, err
		case err == nil:
			if next.Name == "" {
				next.Name = now.Name
			}
			now = next
		}
	}
	return now, nil
}

// tellDrain prints where a drain stands, and what is left of the cluster.
func (p *program) tellDrain(d drain) error {
	printer := p.printer()
	title := d.Name
	if title == "" {
		title = d.ID
	}
	switch d.State {
	case "removed":
		printer.Note("%s has left the cluster for good; %d voters remain, failures_tolerated: %d", title, d.Voters, d.FailuresTolerated)
	case "draining":
		printer.Note("%s is being drained; %d voters will remain, failures_tolerated: %d", title, d.Voters, d.FailuresTolerated)
	default:
		printer.Note("%s stays; %d voters, failures_tolerated: %d", title, d.Voters, d.FailuresTolerated)
	}
	columns := []string{"name", "id", "state", "held_by", "requests_left", "transactions_open", "voters", "failures_tolerated"}
	return p.printValue(map[string]any{"members": []drain{d}}, "members", columns)
}

func (p *program) removeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "remove NODE",
		Short: "Remove a dead node (id or unique name) from the cluster for good",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, arguments []string) error {
			cluster, err := p.client()
			if err != nil {
				return err
			}
			var gone drain
			if err := cluster.Into(c.Context(), http.MethodDelete, memberPath(arguments[0]), nil, &gone); err != nil {
				return err
			}
			if gone.Name == "" {
				gone.Name = arguments[0]
			}
			return p.tellDrain(gone)
		},
	}
}
