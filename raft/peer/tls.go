package peer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"
)

// The two protocols that share the peer port.
const (
	ProtocolRaft = "nexus-raft/1"
	ProtocolPeer = "nexus-peer/2"
)

// handshakeTimeout bounds a TLS handshake on either side.
const handshakeTimeout = 5 * time.Second

// Gate says whether a node of this cluster may take part at all; a removed member may not. It is asked in the handshake
// of a Raft stream and of every dial, and before each call that is served: there the caller hears the gate's reason,
// which a handshake could not tell it.
type Gate func(nodeID string) error

// Dial opens plain connections; tests replace it to cut and slow links.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// serverConfig is the TLS configuration of the listening side.
func serverConfig(identity Identity, gate Gate) *tls.Config {
	config := baseConfig(identity, "", func(state tls.ConnectionState, node string) error {
		if gate == nil || state.NegotiatedProtocol != ProtocolRaft {
			return nil
		}
		return gate(node)
	})
	config.ClientAuth = tls.RequireAnyClientCert // the chain is checked by verifyConnection
	config.NextProtos = []string{ProtocolRaft, ProtocolPeer}
	return config
}

// clientConfig is the TLS configuration of the dialling side. An empty wantNode accepts any node of the cluster.
func clientConfig(identity Identity, wantNode, protocol string, gate Gate) *tls.Config {
	config := baseConfig(identity, wantNode, func(_ tls.ConnectionState, node string) error {
		if gate == nil {
			return nil
		}
		return gate(node)
	})
	config.InsecureSkipVerify = true // host names prove nothing here; verifyConnection checks chain and SAN
	config.NextProtos = []string{protocol}
	return config
}

// admission is a side's own judgement of a connection whose certificate is good.
type admission func(state tls.ConnectionState, node string) error

func baseConfig(identity Identity, wantNode string, admit admission) *tls.Config {
	return &tls.Config{
		MinVersion:                  tls.VersionTLS13,
		Certificates:                []tls.Certificate{identity.certificate},
		SessionTicketsDisabled:      true,
		DynamicRecordSizingDisabled: true, // a batch of frames is one record from the first on
		VerifyConnection: func(state tls.ConnectionState) error {
			return verifyConnection(state, identity, wantNode, admit)
		},
	}
}

// verifyConnection is the one rule of admission to the port (R32).
func verifyConnection(state tls.ConnectionState, identity Identity, wantNode string, admit admission) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("peer sent no certificate")
	}
	leaf := state.PeerCertificates[0]
	if err := verifyChain(leaf, identity.roots); err != nil {
		return fmt.Errorf("peer certificate is not of this cluster's authority: %w", err)
	}
	cluster, node, err := nameOf(leaf)
	switch {
	case err != nil:
		return err
	case cluster != identity.ClusterID:
		return fmt.Errorf("peer belongs to cluster %q, not %q", cluster, identity.ClusterID)
	case wantNode != "" && node != wantNode:
		return fmt.Errorf("peer is node %q, not %q", node, wantNode)
	case state.NegotiatedProtocol != ProtocolRaft && state.NegotiatedProtocol != ProtocolPeer:
		return fmt.Errorf("peer speaks neither %s nor %s", ProtocolRaft, ProtocolPeer)
	}
	return admit(state, node)
}

// nodeOf reads the checked node id of an established connection.
func nodeOf(connection *tls.Conn) string {
	_, node, err := nameOf(connection.ConnectionState().PeerCertificates[0])
	if err != nil {
		return "" // unreachable: verifyConnection passed
	}
	return node
}
