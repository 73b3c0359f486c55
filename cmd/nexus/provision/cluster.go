package provision

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hivellm/nexus/raft/peer"
	"github.com/hivellm/nexus/tenancy"
)

// MaxNodes bounds the nodes of a cluster.
const MaxNodes = 99

// MadeNode is a node whose folder was written.
type MadeNode struct {
	NodeSpec
	ID, Dir string
}

// Made tells what was written.
type Made struct {
	ClusterID string
	Nodes     []MadeNode
}

// ErrExists says that a folder holds a cluster already.
var ErrExists = errors.New("the folder holds a cluster already")

// Exists tells whether dir holds a cluster's files.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, FileAuthorityKey))
	return err == nil
}

// Init makes a new cluster's files under dir. Errors: ErrExists, or what the nodes or the folder have wrong.
func Init(dir string, nodes []NodeSpec) (Made, error) {
	if Exists(dir) {
		return Made{}, fmt.Errorf("%w: %s; add nodes to it with --add", ErrExists, dir)
	}
	if err := checkNodes(nodes); err != nil {
		return Made{}, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Made{}, fmt.Errorf("make the folder: %w", err)
	}
	authority, err := peer.NewAuthority(newUUID())
	if err != nil {
		return Made{}, err
	}
	if err := writeShared(dir, authority); err != nil {
		return Made{}, err
	}
	peers := make([]string, 0, len(nodes))
	for _, n := range nodes {
		peers = append(peers, n.Peer())
	}
	made := Made{ClusterID: authority.ClusterID()}
	for _, n := range nodes {
		one, err := writeNode(dir, authority, n, true, peers)
		if err != nil {
			return Made{}, err
		}
		made.Nodes = append(made.Nodes, one)
	}
	// The authority's key comes last: with it the folder holds a cluster.
	return made, writeNew(filepath.Join(dir, FileAuthorityKey), authority.KeyPEM())
}

// Add makes one more node's folder from the authority under dir. The node joins over the peer addresses given.
func Add(dir string, node NodeSpec, join []string) (Made, error) {
	authority, err := loadAuthority(dir)
	if err != nil {
		return Made{}, err
	}
	if _, err := os.Stat(filepath.Join(dir, node.Name)); err == nil {
		return Made{}, fmt.Errorf("%w: %s has a node %s", ErrExists, dir, node.Name)
	}
	one, err := writeNode(dir, authority, node, false, join)
	if err != nil {
		return Made{}, err
	}
	return Made{ClusterID: authority.ClusterID(), Nodes: []MadeNode{one}}, nil
}

// ClusterID names the cluster whose files are under dir.
func ClusterID(dir string) (string, error) {
	authority, err := loadAuthority(dir)
	if err != nil {
		return "", err
	}
	return authority.ClusterID(), nil
}

func loadAuthority(dir string) (*peer.Authority, error) {
	certificate, err := os.ReadFile(filepath.Join(dir, FileAuthority))
	if err != nil {
		return nil, fmt.Errorf("read the cluster's authority: %w", err)
	}
	key, err := os.ReadFile(filepath.Join(dir, FileAuthorityKey))
	if err != nil {
		return nil, fmt.Errorf("read the cluster's authority: %w", err)
	}
	return peer.LoadAuthority(certificate, key)
}

func checkNodes(nodes []NodeSpec) error {
	if len(nodes) == 0 || len(nodes) > MaxNodes {
		return fmt.Errorf("a cluster has 1 to %d nodes, not %d", MaxNodes, len(nodes))
	}
	var names, taken []string
	for _, n := range nodes {
		if slices.Contains(names, n.Name) {
			return fmt.Errorf("two nodes are named %s", n.Name)
		}
		names = append(names, n.Name)
		for _, address := range []string{n.HTTP(), n.Peer(), n.Gossip()} {
			if slices.Contains(taken, address) {
				return fmt.Errorf("node %s needs %s, and another node does too: a node has its peer port, two below and one above", n.Name, address)
			}
			taken = append(taken, address)
		}
	}
	return nil
}

// writeShared writes what belongs to the whole cluster, the authority's key left out.
func writeShared(dir string, authority *peer.Authority) error {
	key, part, err := tenancy.GenerateKey(tenancy.KeyOperator, rand.Reader)
	if err != nil {
		return err
	}
	for _, file := range []struct {
		name    string
		content []byte
	}{
		{FileAuthority, authority.CertificatePEM()},
		{FileSecret, newSecretLine()},
		{FileGossipKey, newSecretLine()},
		{FileOperatorHash, fmt.Appendf(nil, "%s  %s\n", part.SecretHash, part.ID)},
		{FileOperatorKey, []byte(key.Reveal() + "\n")},
	} {
		if err := writeNew(filepath.Join(dir, file.name), file.content); err != nil {
			return err
		}
	}
	return nil
}

// sharedWithNodes are the files of a cluster that each node holds.
var sharedWithNodes = []string{FileAuthority, FileSecret, FileGossipKey, FileOperatorHash}

func writeNode(dir string, authority *peer.Authority, spec NodeSpec, bootstrap bool, peers []string) (MadeNode, error) {
	node := MadeNode{NodeSpec: spec, ID: newUUID(), Dir: filepath.Join(dir, spec.Name)}
	if err := os.Mkdir(node.Dir, 0o700); err != nil {
		return MadeNode{}, fmt.Errorf("make the folder of node %s: %w", spec.Name, err)
	}
	certificate, key, err := authority.Issue(node.ID, []string{spec.Host})
	if err != nil {
		return MadeNode{}, err
	}
	config, err := configOf(spec, bootstrap, peers)
	if err != nil {
		return MadeNode{}, err
	}
	for _, name := range sharedWithNodes {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return MadeNode{}, fmt.Errorf("read %s: %w", name, err)
		}
		if err := writeNew(filepath.Join(node.Dir, name), content); err != nil {
			return MadeNode{}, err
		}
	}
	for _, file := range []struct {
		name    string
		content []byte
	}{{FileCertificate, certificate}, {FileKey, key}, {FileConfig, config}, {FileNodeID, []byte(node.ID + "\n")}} {
		if err := writeNew(filepath.Join(node.Dir, file.name), file.content); err != nil {
			return MadeNode{}, err
		}
	}
	return node, nil
}

// ReadKey reads a file that holds a key's text.
func ReadKey(path string) (tenancy.Secret, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return tenancy.Secret{}, fmt.Errorf("read the key file: %w", err)
	}
	text := strings.TrimSpace(string(content))
	if text == "" {
		return tenancy.Secret{}, fmt.Errorf("the key file %s is empty", path)
	}
	return tenancy.NewSecret(text), nil
}
