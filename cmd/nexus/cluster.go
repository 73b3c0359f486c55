package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/hivellm/nexus/cmd/nexus/client"
	"github.com/hivellm/nexus/cmd/nexus/output"
	"github.com/hivellm/nexus/cmd/nexus/provision"
)

func (p *program) clusterCommand() *cobra.Command {
	command := &cobra.Command{Use: "cluster", Short: "Make, look at and steer a cluster", Args: cobra.NoArgs, RunE: needsVerb}
	command.AddCommand(p.clusterInitCommand(), p.clusterStatusCommand(), p.clusterMembersCommand(), p.transferLeaderCommand(),
		p.drainCommand(), p.removeCommand())
	return command
}

// needsVerb is the answer of a noun without a verb.
func needsVerb(c *cobra.Command, _ []string) error {
	return usage("%s needs a verb: see %s --help", c.CommandPath(), c.CommandPath())
}

func (p *program) clusterInitCommand() *cobra.Command {
	var dir string
	var nodes, add, join []string
	command := &cobra.Command{
		Use:   "init --data DIR --node NAME=HOST:PEERPORT ...",
		Short: "Make a new cluster's files: a ready folder for each node",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			switch {
			case dir == "":
				return usage("--data is needed: the folder to write")
			case len(nodes) > 0 && len(add) > 0:
				return usage("--node makes a new cluster, --add adds to one: give one of them")
			case len(nodes) > 0:
				return p.clusterInit(dir, nodes)
			case len(add) > 0:
				return p.clusterAdd(dir, add, join)
			}
			return usage("--node NAME=HOST:PEERPORT is needed, once for each node")
		},
	}
	flags := command.Flags()
	flags.StringVar(&dir, "data", "", "folder to write")
	flags.StringArrayVar(&nodes, "node", nil, "a node as NAME=HOST:PEERPORT; HTTP is two ports below, gossip one above")
	flags.StringArrayVar(&add, "add", nil, "one more node for the cluster in --data, as NAME=HOST:PEERPORT")
	flags.StringSliceVar(&join, "join", nil, "with --add: peer addresses of the running cluster")
	return command
}

func parseNodes(texts []string) ([]provision.NodeSpec, error) {
	nodes := make([]provision.NodeSpec, 0, len(texts))
	for _, text := range texts {
		node, err := provision.ParseNode(text)
		if err != nil {
			return nil, usage("%s", err)
		}
		nodes = append(nodes, node)
	}
	return nodes, nil
}

func (p *program) clusterInit(dir string, texts []string) error {
	nodes, err := parseNodes(texts)
	if err != nil {
		return err
	}
	made, err := provision.Init(dir, nodes)
	if err != nil {
		return err
	}
	if err := p.tellMade(made); err != nil {
		return err
	}
	printer := p.printer()
	printer.Note("operator key: %s", filepath.Join(dir, provision.FileOperatorKey))
	printer.Note("keep %s where it is: no node needs it", filepath.Join(dir, provision.FileAuthorityKey))
	return nil
}

func (p *program) clusterAdd(dir string, texts, join []string) error {
	nodes, err := parseNodes(texts)
	if err != nil {
		return err
	}
	if len(join) == 0 {
		return usage("--join ADDR,... is needed with --add: peer addresses of the running cluster")
	}
	for i, node := range nodes {
		made, err := provision.Add(dir, node, join)
		if err != nil {
			if i > 0 {
				return &partlyDone{fmt.Sprintf("%d of %d nodes were added; then: %v", i, len(nodes), err)}
			}
			return err
		}
		if err := p.tellMade(made); err != nil {
			return err
		}
	}
	return nil
}

// tellMade prints the nodes whose folders were written.
func (p *program) tellMade(made provision.Made) error {
	type row struct {
		ID        string `json:"id"`
		Name      string `json:"name"`
		HTTP      string `json:"http"`
		Peer      string `json:"peer"`
		Gossip    string `json:"gossip"`
		Data      string `json:"data"`
		ClusterID string `json:"cluster_id"`
	}
	rows := make([]row, 0, len(made.Nodes))
	for _, n := range made.Nodes {
		rows = append(rows, row{n.ID, n.Name, n.HTTP(), n.Peer(), n.Gossip(), n.Dir, made.ClusterID})
	}
	return p.printValue(map[string]any{"nodes": rows}, "nodes", []string{"name", "id", "http", "peer", "data"})
}

func (p *program) clusterStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show the nodes of the cluster, their roles and how far they are",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			answer, err := p.fetch(c.Context(), http.MethodGet, "/cluster/status", nil)
			if err != nil {
				return err
			}
			printer := p.printer()
			if err := printer.Data(answer, func() (output.Table, error) { return statusTable(answer) }); err != nil {
				return err
			}
			if printer.Format != output.FormatTable {
				return nil
			}
			tree, err := output.ParseTree(answer)
			if err != nil {
				return err
			}
			printer.Note("cluster %s, term %s, commit index %s, quorum %s, failures tolerated %s", tree.Member("cluster_id").Text,
				tree.Member("term").Text, tree.Member("commit_index").Text, tree.Member("quorum").Text, tree.Member("failures_tolerated").Text)
			return nil
		},
	}
}

// statusTable is a row a node (INTERFACE, CLI).
func statusTable(answer []byte) (output.Table, error) {
	tree, err := output.ParseTree(answer)
	if err != nil {
		return output.Table{}, err
	}
	table := output.Table{Columns: []string{"name", "id", "address", "state", "role", "term", "applied", "behind", "last contact", "version", "disk free", "resident"}}
	for _, n := range tree.Member("nodes").Items {
		contact := "never"
		if ms := n.Member("last_contact_ms"); !ms.Null() {
			contact = ms.Text + " ms"
		}
		table.Rows = append(table.Rows, []string{
			n.Member("name").Cell(), n.Member("id").Cell(), n.Member("http").Cell(), n.Member("state").Cell(), n.Member("role").Cell(),
			tree.Member("term").Text, n.Member("applied_index").Text, n.Member("behind").Text, contact, n.Member("version").Cell(),
			humanBytes(n.Member("disk_free_bytes").Text), humanBytes(n.Member("resident_bytes").Text),
		})
	}
	return table, nil
}

func (p *program) clusterMembersCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "members",
		Short: "List the members of the cluster",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.list(c.Context(), "/cluster/members", "members", []string{"name", "id", "http", "peer", "state", "role"})
		},
	}
}

// transferPatience bounds the wait for the new leader.
const transferPatience = 10 * time.Second

func (p *program) transferLeaderCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "transfer-leader [NODE]",
		Short: "Give leadership to a node (id or unique name), or to whom the group chooses",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, arguments []string) error {
			body := map[string]string{}
			if len(arguments) == 1 {
				body["node"] = arguments[0]
			}
			cluster, err := p.client()
			if err != nil {
				return err
			}
			before, err := readLeader(c.Context(), cluster)
			if err != nil {
				return err
			}
			if _, err := cluster.Do(c.Context(), http.MethodPost, "/cluster/leader", body); err != nil {
				return err
			}
			return p.awaitLeader(c.Context(), cluster, func(now leader) bool {
				if len(arguments) == 1 {
					return now.ID == arguments[0] || now.Name == arguments[0]
				}
				return now != before
			})
		},
	}
}

// leader is the node that leads, as one node says; empty while it knows of none.
type leader struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// readLeader asks a node who leads.
func readLeader(ctx context.Context, cluster *client.Client) (leader, error) {
	var status struct {
		Leader *string  `json:"leader"`
		Nodes  []leader `json:"nodes"`
	}
	if err := cluster.Into(ctx, http.MethodGet, "/cluster/status", nil, &status); err != nil {
		return leader{}, err
	}
	for _, node := range status.Nodes {
		if status.Leader != nil && node.ID == *status.Leader {
			return node, nil
		}
	}
	return leader{}, nil
}

// awaitLeader tells who leads, once it is who it should be; the node that is asked may hear of it late.
func (p *program) awaitLeader(ctx context.Context, cluster *client.Client, wanted func(leader) bool) error {
	ctx, cancel := context.WithTimeout(ctx, transferPatience)
	defer cancel()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		now, err := readLeader(ctx, cluster)
		if err == nil && now != (leader{}) && wanted(now) {
			return p.printValue(map[string]any{"leaders": []leader{now}}, "leaders", []string{"name", "id"})
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return errors.Join(errors.New("leadership was given away, but the new leader does not show yet"), err)
		}
	}
}
