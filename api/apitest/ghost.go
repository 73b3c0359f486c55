package apitest

import (
	"context"
	"testing"

	"github.com/hivellm/nexus/raft/peer"
)

// Ghost makes a learner that joined and died at once, and returns its id: a member that answers nobody.
func (c *Cluster) Ghost(t testing.TB) string {
	t.Helper()
	id, leader := randomID(), c.Leader(t)
	certificate, key, err := c.authority.Issue(id, []string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	identity, err := peer.NewIdentity(certificate, key, c.authority.CertificatePEM())
	if err != nil {
		t.Fatal(err)
	}
	client := peer.NewClient(peer.ClientConfig{Identity: identity})
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if _, _, err := client.CallAddress(ctx, leader.Raft.Self().Peer, "member.join", []byte(freeAddresses(t, 1)[0])); err != nil {
		t.Fatal(err)
	}
	return id
}
