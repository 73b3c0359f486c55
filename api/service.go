package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hivellm/nexus/api/audit"
	"github.com/hivellm/nexus/api/bookmark"
	"github.com/hivellm/nexus/api/control"
	"github.com/hivellm/nexus/api/digest"
	"github.com/hivellm/nexus/api/lane"
	"github.com/hivellm/nexus/api/meter"
	"github.com/hivellm/nexus/api/running"
	"github.com/hivellm/nexus/api/tx"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/raft"
	"github.com/hivellm/nexus/tenancy"
)

// planCacheBytes bounds the cache of prepared queries; it holds texts and plans, never data.
const planCacheBytes = 64 << 20

// Config is what the service stands on. All fields are needed but Logger.
type Config struct {
	Machine *fsm.Machine
	Node    *raft.Node
	// Secret is the cluster's secret: the root of the bookmark key.
	Secret    []byte
	ClusterID string
	// MaxStaleness is auth.max_staleness: how long a node cut off from the leader goes on authorizing and serving
	// local reads (R5).
	MaxStaleness time.Duration
	// DigestEvery and ScrubEvery pace the comparison of digests and the scrub (R18); 0 = the defaults of api/digest.
	DigestEvery, ScrubEvery time.Duration
	// Queries bounds what runs at once; zero values are the defaults of api/running.
	Queries running.Config
	// Audit records who did what; nil records nothing. Whoever opened it closes it after the service.
	Audit *audit.Log
	// AuditHeadsEvery paces the notes of the nodes' heads in the log; 0 = 10 s.
	AuditHeadsEvery time.Duration
	// Control is the control plane; nil for none.
	Control *control.Settings
	// SpendingDir is the folder of what is spent on this node (api/meter); nothing else is in it.
	SpendingDir string
	Version     string
	Logger      *slog.Logger
}

// Service answers whatever a caller may ask. Safe for concurrent use. Close ends it.
type Service struct {
	machine   *fsm.Machine
	node      *raft.Node
	gate      tenancy.Gate
	sealer    *bookmark.Sealer
	lanes     *lane.Lanes
	digests   *digest.Keeper
	txs       *tx.Table
	txIDs     *tx.Sealer
	plans     *cypher.Cache
	running   *running.Table
	control   *control.Plane // nil where no hub is configured
	meter     *meter.Meter
	ledger    *meter.Leader
	residents residents
	passNews  func(context.Context)
	audit     *audit.Log // nil where nothing is recorded
	// fingerprintKey keys the hashes by which texts of queries are told apart without being shown.
	fingerprintKey  []byte
	auditHeadsEvery time.Duration
	strangers       strangers
	limited         atomic.Uint64 // queries that a limit ended here
	maxStaleness    time.Duration
	version         string
	logger          *slog.Logger

	work  work
	stop  func()
	owned sync.WaitGroup
}

// New makes the service, registers what peers may ask of it, and follows leadership until Close.
func New(c Config) (*Service, error) {
	sealer, err := bookmark.NewSealer(c.Secret, c.ClusterID)
	if err != nil {
		return nil, err
	}
	ids, err := tx.NewSealer(c.Secret, c.ClusterID)
	if err != nil {
		return nil, err
	}
	logger := c.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		machine: c.Machine, node: c.Node, sealer: sealer,
		txs: tx.NewTable(), txIDs: ids,
		plans:          cypher.NewCache(planCacheBytes),
		running:        running.NewTable(c.Queries),
		fingerprintKey: fingerprintKey(c.Secret),
		audit:          c.Audit, auditHeadsEvery: cmp.Or(c.AuditHeadsEvery, headsEvery),
		maxStaleness: c.MaxStaleness, version: c.Version, logger: logger,
	}
	s.lanes = lane.New(lane.Config{Machine: c.Machine, Node: c.Node, Logger: logger, NowMs: nowMs})
	s.digests = digest.New(digest.Config{
		Machine: c.Machine, Node: c.Node, Logger: logger, Mark: s.mark, Every: c.DigestEvery, ScrubEvery: c.ScrubEvery,
	})
	if err := s.openMeter(c.SpendingDir, c.ClusterID); err != nil {
		return nil, err
	}
	if c.Control != nil {
		s.control, err = control.New(control.Config{
			Settings: *c.Control, Machine: c.Machine, Node: c.Node, Command: s.command, Logger: logger,
		})
		if err != nil {
			return nil, err
		}
	}
	s.registerPeerMethods()
	s.followLeadership()
	return s, nil
}

// Close ends what the service started and waits for it. The node and the machine must still be open.
func (s *Service) Close() {
	s.stop()
	s.lanes.Close()
	s.txs.Close()
	s.owned.Wait()
	s.digests.Close()
	if s.control != nil {
		s.control.Close()
	}
	s.lanes.Wait()
	if err := s.meter.Close(); err != nil {
		s.logger.Error("what was spent here may not be on the disk", "error", err)
	}
}

// nowMs is the host's wall clock in milliseconds. It enters the log only inside commands (R29).
func nowMs() int64 { return time.Now().UnixMilli() }

// newRequestID makes an id for a write whose client gave none (R10).
func newRequestID() (id fsm.RequestID) {
	rand.Read(id[:]) // never fails
	return id
}
