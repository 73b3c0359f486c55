package peer

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// sanScheme is the scheme of the URI SAN that names a node: nexus://<cluster id>/<node id>.
const sanScheme = "nexus"

// Identity is what a node needs to prove who it is and to check others. The key is a secret.
type Identity struct {
	ClusterID   string
	NodeID      string
	certificate tls.Certificate
	roots       *x509.CertPool
}

// String shows whose identity it is and never the key.
func (i Identity) String() string { return sanOf(i.ClusterID, i.NodeID).String() }

// LoadIdentity reads the three PEM files that "cluster init" wrote.
func LoadIdentity(certificateFile, keyFile, authorityFile string) (Identity, error) {
	var parts [3][]byte
	for n, path := range []string{certificateFile, keyFile, authorityFile} {
		content, err := os.ReadFile(path)
		if err != nil {
			return Identity{}, fmt.Errorf("read peer identity: %w", err)
		}
		parts[n] = content
	}
	return NewIdentity(parts[0], parts[1], parts[2])
}

// NewIdentity makes an identity of PEM texts: the node's certificate, its key, and the authority's certificate.
func NewIdentity(certificatePEM, keyPEM, authorityPEM []byte) (Identity, error) {
	pair, err := tls.X509KeyPair(certificatePEM, keyPEM)
	if err != nil {
		return Identity{}, fmt.Errorf("peer certificate and key: %w", err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return Identity{}, fmt.Errorf("peer certificate: %w", err)
	}
	pair.Leaf = leaf
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authorityPEM) {
		return Identity{}, errors.New("peer authority file holds no certificate")
	}
	if err := verifyChain(leaf, roots); err != nil {
		return Identity{}, fmt.Errorf("peer certificate is not of this authority: %w", err)
	}
	cluster, node, err := nameOf(leaf)
	if err != nil {
		return Identity{}, err
	}
	return Identity{ClusterID: cluster, NodeID: node, certificate: pair, roots: roots}, nil
}

// verifyChain checks that leaf was signed by one of roots and is within its validity.
func verifyChain(leaf *x509.Certificate, roots *x509.CertPool) error {
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err
}

// sanOf builds the URI SAN of a node.
func sanOf(clusterID, nodeID string) *url.URL {
	return &url.URL{Scheme: sanScheme, Host: clusterID, Path: "/" + nodeID}
}

// nameOf reads cluster and node id from a certificate's one URI SAN.
func nameOf(leaf *x509.Certificate) (clusterID, nodeID string, err error) {
	if len(leaf.URIs) != 1 || leaf.URIs[0].Scheme != sanScheme {
		return "", "", errors.New("peer certificate lacks the one SAN nexus://<cluster id>/<node id>")
	}
	node := strings.TrimPrefix(leaf.URIs[0].Path, "/")
	if leaf.URIs[0].Host == "" || node == "" || strings.Contains(node, "/") {
		return "", "", fmt.Errorf("peer certificate has a malformed SAN %q", leaf.URIs[0])
	}
	return leaf.URIs[0].Host, node, nil
}

// encodePEM wraps DER bytes.
func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
