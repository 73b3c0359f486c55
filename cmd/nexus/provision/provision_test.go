package provision

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hivellm/nexus/cmd/nexus/config"
	"github.com/hivellm/nexus/raft/peer"
	"github.com/hivellm/nexus/tenancy"
)

func three(t *testing.T) []NodeSpec {
	t.Helper()
	var nodes []NodeSpec
	for _, text := range []string{"n1=127.0.0.1:15476", "n2=127.0.0.1:15486", "n3=127.0.0.1:15496"} {
		node, err := ParseNode(text)
		if err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, node)
	}
	return nodes
}

func TestInit_WritesReadyFolders(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "c")
	made, err := Init(dir, three(t))
	if err != nil {
		t.Fatal(err)
	}
	key, err := ReadKey(filepath.Join(dir, FileOperatorKey))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := tenancy.ParseKey(key.Reveal())
	if err != nil || parsed.Kind != tenancy.KeyOperator {
		t.Fatalf("operator.key is %v, %v", parsed.Kind, err)
	}
	for _, node := range made.Nodes {
		c, err := config.Load(filepath.Join(node.Dir, FileConfig), func(string) (string, bool) { return "", false }, nil)
		if err != nil {
			t.Fatal(err)
		}
		identity, err := peer.LoadIdentity(c.Peer.CertFile, c.Peer.KeyFile, c.Peer.CAFile)
		if err != nil || identity.ClusterID != made.ClusterID || identity.NodeID != node.ID {
			t.Errorf("identity %s, %v", identity, err)
		}
		if id, err := ReadNodeID(node.Dir); err != nil || id != node.ID {
			t.Errorf("node id %q, %v", id, err)
		}
		keyID, hash, err := ReadOperatorHash(filepath.Join(node.Dir, FileOperatorHash))
		if err != nil || keyID != parsed.ID || !hash.Equal(parsed.SecretHash) {
			t.Errorf("operator.sha256 does not fit operator.key: %v", err)
		}
		if secret, err := ReadSecret(c.Cluster.SecretFile); err != nil || len(secret) != 32 {
			t.Errorf("secret: %v", err)
		}
		if c.HTTP.Listen != node.HTTP() || c.Gossip.Listen != node.Gossip() || len(c.Cluster.Peers) != 3 || !c.Cluster.Bootstrap {
			t.Errorf("configuration %+v", c)
		}
		for _, secret := range []string{FileAuthorityKey, FileOperatorKey} {
			if _, err := os.Stat(filepath.Join(node.Dir, secret)); err == nil {
				t.Errorf("node %s holds %s", node.Name, secret)
			}
		}
	}
	modes(t, dir)
}

func modes(t *testing.T, dir string) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestInit_NeverTwice(t *testing.T) {
	dir := t.TempDir()
	if _, err := Init(dir, three(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := Init(dir, three(t)); !errors.Is(err, ErrExists) {
		t.Errorf("a second time answers %v", err)
	}
}

func TestAdd_IssuesFromTheSameAuthority(t *testing.T) {
	dir := t.TempDir()
	made, err := Init(dir, three(t))
	if err != nil {
		t.Fatal(err)
	}
	node, _ := ParseNode("n4=10.0.0.4:15476")
	added, err := Add(dir, node, []string{"127.0.0.1:15476"})
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(dir, "n4", FileConfig))
	if err != nil || added.ClusterID != made.ClusterID {
		t.Fatalf("added to %s, %v", added.ClusterID, err)
	}
	for _, says := range []string{"bootstrap = false", `join = ["127.0.0.1:15476"]`, `tls_cert_file = "node.crt"`} {
		if !strings.Contains(string(content), says) {
			t.Errorf("nexus.toml lacks %s:\n%s", says, content)
		}
	}
	if _, err := Add(dir, node, nil); !errors.Is(err, ErrExists) {
		t.Errorf("a second time answers %v", err)
	}
}

func TestInit_RefusesClashes(t *testing.T) {
	a, _ := ParseNode("a=h:100")
	b, _ := ParseNode("b=h:101")
	for _, nodes := range [][]NodeSpec{{a, a}, {a, b}, {}} {
		if _, err := Init(t.TempDir(), nodes); err == nil {
			t.Errorf("%v is accepted", nodes)
		}
	}
	for _, text := range []string{"", "a", "a=", "a=h", "a=h:0", "a=h:2", "a=h:65535", "A=h:10", "../x=h:10", "=h:10"} {
		if node, err := ParseNode(text); err == nil {
			t.Errorf("%q is read as %+v", text, node)
		}
	}
}

func TestRead_TornFilesSayWhat(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(file, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSecret(file); err == nil || !strings.Contains(err.Error(), "torn") {
		t.Errorf("a torn secret answers %v", err)
	}
	if _, _, err := ReadOperatorHash(file); err == nil || !strings.Contains(err.Error(), "torn") {
		t.Errorf("a torn hash answers %v", err)
	}
}

func TestInit_ConfigurationIsAsPromised(t *testing.T) {
	dir := t.TempDir()
	if _, err := Init(dir, three(t)); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join("testdata", "nexus.toml"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "n1", FileConfig))
	if err != nil || string(got) != string(want) {
		t.Errorf("wrote %q, wanted %q (%v)", got, want, err)
	}
}
