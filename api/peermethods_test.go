package api_test

import (
	"testing"

	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/raft/peer"
	"github.com/hivellm/nexus/tenancy"
)

// peerMethods is what peers may ask of a node, and by which function of the registry. A method that is served and does not
// stand here was made without a thought of who may call it.
var peerMethods = map[string]tenancy.Function{
	"raft.term": tenancy.FunctionPeerRound, "raft.read_index": tenancy.FunctionPeerReadIndex, "member.status": tenancy.FunctionPeerStatus,
	"leader.transfer": tenancy.FunctionPeerDrain, "member.join": tenancy.FunctionPeerBootstrap, "member.probe": tenancy.FunctionPeerBootstrap,
	"api.cypher": tenancy.FunctionPeerForward, "api.tx": tenancy.FunctionPeerForward, "api.operation": tenancy.FunctionPeerForward,
	"api.work": tenancy.FunctionPeerDrain, "api.queries": tenancy.FunctionPeerQuery, "api.kill": tenancy.FunctionPeerQuery,
	"api.audit": tenancy.FunctionPeerAudit, "api.audit_head": tenancy.FunctionPeerAudit, "ledger.report": tenancy.FunctionPeerStatus,
	"digest.votes": tenancy.FunctionPeerDigest, "digest.verdict": tenancy.FunctionPeerDigest, "digest.damage": tenancy.FunctionPeerDigest,
	"digest.store": tenancy.FunctionPeerDigest,
}

// TestPeerMethods_EachIsForMembersAndKnown walks the dispatch table that is served (LAW 5).
func TestPeerMethods_EachIsForMembersAndKnown(t *testing.T) {
	c := apitest.Start(t, 1)
	served := c.Nodes[0].Raft.Methods()
	for _, m := range served {
		if _, known := peerMethods[m.Name]; !known {
			t.Errorf("%s is served and not in the table", m.Name)
		}
		joining := m.Name == "member.join" || m.Name == "member.probe" // of who is no member yet: the cluster's certificate is asked for
		if m.Admission != peer.Member && !joining {
			t.Errorf("%s is served to %v", m.Name, m.Admission)
		}
	}
	if len(served) != len(peerMethods) {
		t.Errorf("%d methods are served, %d are in the table", len(served), len(peerMethods))
	}
	for name, function := range peerMethods {
		if function.Authenticator() != tenancy.ByPeerCertificate {
			t.Errorf("%s asks for %s, which is no peer's", name, function.Name())
		}
	}
	t.Logf("%d peer methods, each by a certificate of the cluster", len(served))
}
