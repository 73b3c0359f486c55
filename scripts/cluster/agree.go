package cluster

import (
	"context"
	"encoding/json"
	"fmt"
)

// Agree waits until every node that is up has applied the same index, and returns an error when their digests differ at
// it. The digests at that index come back.
func (c *Cluster) Agree(ctx context.Context) (Digest, error) {
	var first Digest
	err := Until(ctx, "the nodes to have applied the same index", func() (bool, error) {
		var all []Digest
		for _, n := range c.Nodes {
			if n.State() != Up {
				continue
			}
			d, err := c.Digest(ctx, n)
			if err != nil {
				return false, ctx.Err()
			}
			all = append(all, d)
		}
		for _, d := range all[1:] {
			if d.AppliedIndex != all[0].AppliedIndex {
				return false, nil
			}
		}
		first = all[0]
		return true, sameDigests(all)
	})
	return first, err
}

func sameDigests(all []Digest) error {
	want, err := json.Marshal(all[0].Databases)
	if err != nil {
		return err
	}
	for _, d := range all[1:] {
		got, err := json.Marshal(d.Databases)
		if err != nil {
			return err
		}
		if string(got) != string(want) {
			return fmt.Errorf("digests differ at index %d:\n%s: %s\n%s: %s", d.AppliedIndex, all[0].Node, want, d.Node, got)
		}
	}
	return nil
}
