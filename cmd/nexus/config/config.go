package config

import (
	"time"

	"github.com/hivellm/nexus/api/control"
	"github.com/hivellm/nexus/tenancy"
)

// Modes of a node.
const (
	ModeCluster    = "cluster"
	ModeStandalone = "standalone"
)

// Defaults where nothing else is said.
const (
	DefaultMaxBodyBytes  = 16 << 20
	DefaultMaxStaleness  = 10 * time.Second
	DefaultTimeoutFactor = 1.0
	DefaultAuditBytes    = 1 << 30
	// DefaultStandaloneListen and DefaultStandaloneName are a standalone node's.
	DefaultStandaloneListen = "127.0.0.1:15474"
	DefaultStandaloneName   = "standalone"
)

// Config is everything a node is told. File paths are absolute or relative to the working directory.
type Config struct {
	Mode    string
	DataDir string
	Node    Node
	HTTP    HTTP
	Peer    Peer
	Gossip  Gossip
	Cluster Cluster
	// TimeoutFactor multiplies Raft's timeouts.
	TimeoutFactor float64
	// MaxStaleness is how long a node cut off from the leader goes on authorizing (R5).
	MaxStaleness time.Duration
	// AuthRequired says whether a request needs a key. A node of a cluster always asks for one.
	AuthRequired bool
	// MemoryBudget is what databases may take in memory, in bytes; 0 = half of the machine's memory.
	MemoryBudget int64
	HiveHub      HiveHub
	Audit        Audit
	Log          Log

	auth *bool  // what was said of AuthRequired
	file string // where it came from, "" without one
	base string // the folder that paths of the file are relative to
}

// Node names the node.
type Node struct{ Name string }

// HTTP is the client's port.
type HTTP struct {
	Listen                  string
	TLSCertFile, TLSKeyFile string
	Insecure                bool
	MaxBodyBytes            int64
}

// Peer is the port that nodes talk over.
type Peer struct {
	Listen, Advertise         string
	CertFile, KeyFile, CAFile string
}

// Gossip is the port that nodes find each other over.
type Gossip struct{ Listen, KeyFile string }

// Cluster says how a node gets into its cluster.
type Cluster struct {
	Bootstrap  bool
	Peers      []string
	Join       []string
	SecretFile string
}

// HiveHub is the control plane; nothing is asked without a URL. Zeros stand for the defaults of api/control.
type HiveHub struct {
	URL string
	// ServiceKeyFile holds the key that the hub asks for. ServiceKey is that key, where the environment gives it itself.
	ServiceKeyFile string
	ServiceKey     tenancy.Secret
	// EventsSecretFile holds the secret that signs pushed events; "" takes none.
	EventsSecretFile               string
	Poll, UsageEvery, Fresh, Stale time.Duration
	// Expired says what goes on when the hub was not heard of for longer than Stale.
	Expired control.Policies
	// Retention is how long a deleted user's data stays.
	Retention time.Duration
}

// Audit says whether, and how much of, what is done is recorded.
type Audit struct {
	Enabled  bool
	MaxBytes int64
}

// Log is how the node writes its log.
type Log struct{ Level, Format string }

// File names the configuration file, "" without one.
func (c *Config) File() string { return c.file }

func defaults() *Config {
	return &Config{
		Mode:          ModeCluster,
		HTTP:          HTTP{MaxBodyBytes: DefaultMaxBodyBytes},
		TimeoutFactor: DefaultTimeoutFactor,
		MaxStaleness:  DefaultMaxStaleness,
		Audit:         Audit{Enabled: true, MaxBytes: DefaultAuditBytes},
		Log:           Log{Level: "info", Format: "text"},
	}
}
