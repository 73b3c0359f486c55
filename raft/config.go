package raft

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"time"

	hraft "github.com/hashicorp/raft"
	"github.com/hivellm/nexus/raft/peer"
)

// Machine is what raft needs of the replicated state machine. Its Apply (and ApplyBatch) answers every command entry
// with a []any: one result for each command packed into it.
type Machine interface {
	hraft.BatchingFSM
	// Applied is the machine's own index, published after its store batch.
	Applied() uint64
	// AppliedTerm is the term of the last TermStart applied whose term was its entry's.
	AppliedTerm() uint64
	// WaitApplied returns once Applied is at least index.
	WaitApplied(ctx context.Context, index uint64) error
	// ClusterID is that of the applied ClusterInit, or "".
	ClusterID() string
	// RemovedMember tells whether a node was removed from this cluster (R32).
	RemovedMember(nodeID string) bool
	// DrainingMember tells whether a node is marked as draining: it shall lead nothing and vote no longer than needed.
	DrainingMember(nodeID string) bool
}

// Config is what [Open] needs. Durations of Raft are multiplied by TimeoutFactor.
type Config struct {
	NodeID    string // a UUID made by "cluster init"
	Name      string // the operator's name for the node
	ClusterID string
	DataDir   string // exists; raft.db goes there

	// PeerListen is host:port of the peer port. Empty: one node alone, without any port (standalone mode).
	PeerListen    string
	PeerAdvertise string // host:port others dial; empty: what is listened on
	HTTPAddress   string // told to others, for status and redirects
	TLS           peer.Identity

	GossipListen  string // host:port; empty: no gossip, addresses are those of the configuration
	GossipKey     []byte
	ClusterSecret []byte

	Bootstrap bool     // take part in making the cluster, when the data directory is empty
	Peers     []string // peer addresses of all nodes of the new cluster, this one included
	Join      []string // peer addresses of a running cluster to ask for membership, when the data directory is empty

	TimeoutFactor float64 // 0 means 1

	Snapshots hraft.SnapshotStore
	// BeforeStart is the check of R24, called before every start of Raft.
	BeforeStart func(lastLogIndex uint64, snapshots hraft.SnapshotStore) error
	// Pack frames commands as one log entry; the machine unpacks it.
	Pack func(commands [][]byte) []byte
	// TermStart encodes the command that opens a term (R1).
	TermStart func(term uint64) []byte
	// ClusterInit encodes the command that makes the cluster, proposed once. Nil: none is needed.
	ClusterInit func(term uint64) []byte
	// Unfit is asked once a second while leading; a reason gives leadership away, as a clock that is off does (R29). May be nil.
	Unfit func() string

	// Clock is this host's clock. Nil: time.Now. Tests put it off.
	Clock func() time.Time

	// ResidentBytes is told in the status. May be nil.
	ResidentBytes func() uint64
	// Fatal ends the process when it cannot go on. Nil: log and exit with status 1.
	Fatal func(reason string)
	// Dial opens connections to peers. Nil: the net package's. Tests cut links with it.
	Dial    peer.Dial
	Logger  *slog.Logger
	Version string
}

// Raft's timeouts at factor 1 (ARCHITECTURE §9).
const (
	heartbeatTimeout = 500 * time.Millisecond
	leaseTimeout     = 250 * time.Millisecond
	commitTimeout    = 50 * time.Millisecond
	transportTimeout = 10 * time.Second
	// maxAppendEntries bounds the entries of one append (R7).
	maxAppendEntries = 16
)

// normalize checks a configuration and fills in what was left out.
func (c Config) normalize(machine Machine) (Config, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.TimeoutFactor == 0 {
		c.TimeoutFactor = 1
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Fatal == nil {
		logger := c.Logger
		c.Fatal = func(reason string) {
			logger.Error("the node cannot go on", "reason", reason)
			os.Exit(1)
		}
	}
	switch {
	case c.NodeID == "" || c.ClusterID == "" || c.DataDir == "":
		return c, errors.New("raft: node id, cluster id and data directory are needed")
	case c.Snapshots == nil || c.Pack == nil || c.TermStart == nil:
		return c, errors.New("raft: snapshot store, Pack and TermStart are needed")
	case c.TimeoutFactor < 0.1 || c.TimeoutFactor > 100 || math.IsNaN(c.TimeoutFactor):
		return c, fmt.Errorf("raft.timeout_factor %v is not between 0.1 and 100", c.TimeoutFactor)
	}
	if err := c.checkIdentity(); err != nil {
		return c, err
	}
	if id := machine.ClusterID(); id != "" && id != c.ClusterID {
		return c, fmt.Errorf("data directory %s belongs to cluster %s, not %s: start it with that cluster's files",
			c.DataDir, id, c.ClusterID)
	}
	return c, nil
}

func (c Config) checkIdentity() error {
	if c.PeerListen == "" {
		if len(c.Peers)+len(c.Join) > 0 || c.GossipListen != "" {
			return errors.New("raft: a node without a peer port has no peers and no gossip")
		}
		return nil
	}
	if c.TLS.ClusterID != c.ClusterID || c.TLS.NodeID != c.NodeID {
		return fmt.Errorf("peer certificate is that of %s, but this is node %s of cluster %s", c.TLS, c.NodeID, c.ClusterID)
	}
	if len(c.ClusterSecret) == 0 {
		return errors.New("raft: a cluster secret is needed")
	}
	return nil
}

// scale multiplies a duration by the timeout factor.
func (c Config) scale(d time.Duration) time.Duration {
	return time.Duration(float64(d) * c.TimeoutFactor)
}

// library is the library's own configuration.
func (c Config) library(notify chan<- bool) *hraft.Config {
	l := hraft.DefaultConfig()
	l.LocalID = hraft.ServerID(c.NodeID)
	l.HeartbeatTimeout = c.scale(heartbeatTimeout)
	l.ElectionTimeout = c.scale(heartbeatTimeout)
	l.LeaderLeaseTimeout = c.scale(leaseTimeout)
	l.CommitTimeout = c.scale(commitTimeout)
	l.MaxAppendEntries = maxAppendEntries
	l.SnapshotInterval = never // the trigger is ours (R26)
	l.SnapshotThreshold = math.MaxUint64
	l.NoSnapshotRestoreOnStart = true
	l.ShutdownOnRemove = false // a removed node must go on answering that it was removed
	l.NoLegacyTelemetry = true
	l.NotifyCh = notify
	l.Logger = libraryLogger(c.Logger)
	return l
}

// never is an interval of the library that must not come to pass in a process's life.
const never = 20 * 365 * 24 * time.Hour
