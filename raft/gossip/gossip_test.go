package gossip

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// A probe of memberlist that is under way when gossip closes ends by itself, within its probe timeout.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/hashicorp/memberlist.(*Memberlist).probeNode"))
}

func start(t *testing.T, id, cluster, key string) *Gossip {
	t.Helper()
	g, err := Start(Config{NodeID: id, ClusterID: cluster, Listen: "127.0.0.1:0", Key: []byte(key),
		Meta: Meta{Name: "name of " + id, Peer: id + ":1", HTTP: id + ":2", Version: "v"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	return g
}

const key = "0123456789abcdef"

func TestGossip_SpreadsWhatNodesTell(t *testing.T) {
	a, b, c := start(t, "a", "home", key), start(t, "b", "home", key), start(t, "c", "home", key)
	for _, g := range []*Gossip{b, c} {
		if err := g.Join([]string{a.Address()}); err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.After(10 * time.Second)
	for len(b.Nodes()) < 3 || len(c.Nodes()) < 3 {
		select {
		case <-deadline:
			t.Fatalf("b knows %v, c knows %v", b.Nodes(), c.Nodes())
		case <-time.After(5 * time.Millisecond):
		}
	}
	node, known := b.Node("c")
	if !known || !node.Alive || node.Meta != (Meta{"name of c", "c:1", "c:2", "v"}) {
		t.Errorf("c as b knows it: %+v", node)
	}
}

func TestGossip_DropsOtherClustersAndKeys(t *testing.T) {
	a := start(t, "a", "home", key)
	for _, stranger := range []*Gossip{start(t, "b", "elsewhere", key), start(t, "c", "home", "fedcba9876543210")} {
		if err := stranger.Join([]string{a.Address()}); err == nil {
			t.Error("a stranger joined")
		}
	}
	if nodes := a.Nodes(); len(nodes) != 1 {
		t.Errorf("a knows %v", nodes)
	}
}

func TestMeta_RoundTripsAndBounds(t *testing.T) {
	meta := Meta{Name: "n", Peer: "p", HTTP: "", Version: strings.Repeat("v", maxFieldBytes)}
	encoded, err := meta.encode()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := decodeMeta(encoded); err != nil || again != meta {
		t.Errorf("%+v, %v", again, err)
	}
	for cut := range encoded {
		if _, err := decodeMeta(encoded[:cut]); err == nil {
			t.Errorf("%d of %d bytes were read as a whole", cut, len(encoded))
		}
	}
	meta.Name = strings.Repeat("n", maxFieldBytes+1)
	if _, err := meta.encode(); err == nil {
		t.Error("a name too long was taken")
	}
}

func FuzzMeta(f *testing.F) {
	encoded, err := Meta{Name: "n", Peer: "p"}.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded)
	f.Fuzz(func(t *testing.T, data []byte) { _, _ = decodeMeta(data) })
}
