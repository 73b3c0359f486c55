package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/hivellm/nexus/api/audit"
	"github.com/hivellm/nexus/cmd/nexus/provision"
)

// folderAudit is where a node keeps its audit log, in its data directory.
const folderAudit = "audit"

func (p *program) auditCommand() *cobra.Command {
	command := &cobra.Command{Use: "audit", Short: "Check what nodes recorded of who did what", Args: cobra.NoArgs, RunE: needsVerb}
	command.AddCommand(p.auditVerifyCommand())
	return command
}

func (p *program) auditVerifyCommand() *cobra.Command {
	var data string
	var offline bool
	command := &cobra.Command{
		Use: "verify --data DIR", Short: "Find an edit, a deletion, a swap or a cut in a node's audit log (operator key)",
		Long: "verify walks the chain in DIR/audit, and holds it against the head of the node that stands in the cluster's log: that\n" +
			"asks a running cluster. With --offline a cut at the end is not found.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if data == "" {
				return usage("--data is needed: the data directory of a node")
			}
			return p.verifyAudit(c.Context(), data, offline)
		},
	}
	command.Flags().StringVar(&data, "data", "", "data directory of the node")
	command.Flags().BoolVar(&offline, "offline", false, "do not ask the cluster for the node's head")
	return command
}

func (p *program) verifyAudit(ctx context.Context, data string, offline bool) error {
	id, err := provision.ReadNodeID(data)
	if err != nil {
		return err
	}
	if id == "" {
		return fmt.Errorf("%s is no node's data directory: it has no %s", data, provision.FileNodeID)
	}
	var heads []audit.Head
	if !offline {
		if heads, err = p.knownHeads(ctx, id); err != nil {
			return fmt.Errorf("the cluster's log was not asked for the node's head (--offline does without): %w", err)
		}
	}
	report, err := audit.Verify(filepath.Join(data, folderAudit), id, heads...)
	var broken *audit.BrokenError
	if errors.As(err, &broken) {
		return broken
	}
	if err != nil {
		return err
	}
	if len(heads) == 0 {
		fmt.Fprintln(p.notes, "nexus: the chain was held against no head: a cut at its end would not show")
	}
	chain := map[string]any{
		"node_id": id, "files": report.Files, "records": report.Records, "first": report.First, "last": report.Head.Seq,
		"hash": report.Head.Hash, "held_against": len(heads),
	}
	return p.printValue(map[string]any{"chains": []any{chain}}, "chains", []string{"node_id", "files", "records", "first", "last", "held_against", "hash"})
}

// knownHeads asks the cluster for the heads that its log has of a node.
func (p *program) knownHeads(ctx context.Context, id string) ([]audit.Head, error) {
	asked, err := p.client()
	if err != nil {
		return nil, err
	}
	var answer struct {
		Heads []struct {
			NodeID string `json:"node_id"`
			Seq    uint64 `json:"seq"`
			Hash   string `json:"hash"`
		} `json:"heads"`
	}
	if err := asked.Into(ctx, http.MethodGet, "/admin/audit/heads", nil, &answer); err != nil {
		return nil, err
	}
	var heads []audit.Head
	for _, h := range answer.Heads {
		if h.NodeID == id {
			heads = append(heads, audit.Head{Seq: h.Seq, Hash: h.Hash})
		}
	}
	return heads, nil
}
