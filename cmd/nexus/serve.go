package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/audit"
	"github.com/hivellm/nexus/api/rest"
	"github.com/hivellm/nexus/cmd/nexus/config"
	"github.com/hivellm/nexus/cmd/nexus/provision"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/raft"
	"github.com/hivellm/nexus/raft/peer"
	"github.com/hivellm/nexus/tenancy"
)

// drainTimeout bounds the wait for requests under way when a node stops.
const drainTimeout = 10 * time.Second

// firstFeatureLevel is the level a cluster made by this version begins with (R17).
const firstFeatureLevel = 1

func (p *program) serveCommand() *cobra.Command {
	var file string
	var join []string
	var stopWithInput bool
	command := &cobra.Command{
		Use:   "serve --config FILE",
		Short: "Run one node",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := config.Load(file, os.LookupEnv, c.Flags())
			if err != nil {
				return err
			}
			if len(join) > 0 {
				settings.Cluster.Join, settings.Cluster.Bootstrap = join, false
			}
			ctx := c.Context()
			if stopWithInput {
				ended, cancel := endOf(ctx, p.in)
				defer cancel()
				ctx = ended
			}
			return serve(ctx, settings, newLogger(p.notes, settings.Log))
		},
	}
	flags := command.Flags()
	flags.StringVar(&file, "config", "", "the node's configuration file")
	flags.StringSliceVar(&join, "join", nil, "peer addresses of a running cluster to join")
	flags.BoolVar(&stopWithInput, "stop-with-input", false, "stop when standard input ends")
	_ = flags.MarkHidden("stop-with-input")
	config.Flags(flags)
	return command
}

// endOf ends a context with a stream. The reader stays until the stream ends: it is the process's own input.
func endOf(ctx context.Context, in io.Reader) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, in) // an error ends it just as well
		cancel()
	}()
	return ctx, cancel
}

func newLogger(out io.Writer, settings config.Log) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(settings.Level)); err != nil {
		level = slog.LevelInfo // the configuration's check leaves only known levels
	}
	options := &slog.HandlerOptions{Level: level}
	if settings.Format == "json" {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}

// node is a running node: the floors, from the bottom up.
type node struct {
	lock    *dataLock
	machine *fsm.Machine
	raft    *raft.Node
	audit   *audit.Log // nil where nothing is recorded
	service *api.Service
	door    *rest.Server
	logger  *slog.Logger
}

// serve runs a node until the context ends or the node was removed from its cluster: the one place where the floors are
// put together.
func serve(ctx context.Context, c *config.Config, logger *slog.Logger) error {
	n, err := open(ctx, c, logger)
	if err != nil {
		return explainStart(err, c)
	}
	served := make(chan error, 1)
	go func() { served <- n.door.Serve() }()
	logger.Info("node is up", "node", c.Node.Name, "http", n.door.Address(), "peer", c.Peer.Listen, "data", c.DataDir, "version", version)
	select {
	case <-ctx.Done():
		logger.Info("node stops")
		return n.close()
	case <-n.raft.Removed():
		logger.Warn("node stops: it was removed from the cluster; its folder cannot be used again", "node", c.Node.Name, "data", c.DataDir)
		return n.close()
	case err := <-served:
		return errors.Join(err, n.close())
	}
}

// open opens the floors; what was opened is closed again when one fails.
func open(ctx context.Context, c *config.Config, logger *slog.Logger) (n *node, err error) {
	n = &node{logger: logger}
	if err = n.openFloors(ctx, c); err == nil {
		err = n.openDoor(ctx, c)
	}
	if err != nil {
		err = errors.Join(err, n.close())
	}
	return n, err
}

// openFloors opens everything below the doors.
func (n *node) openFloors(ctx context.Context, c *config.Config) error {
	if err := checkMode(c); err != nil {
		return err
	}
	files, err := readFiles(c)
	if err != nil {
		return err
	}
	if n.lock, err = lockData(c.DataDir); err != nil {
		return err
	}
	fatal := func(index uint64, err error) {
		n.logger.Error("the node cannot go on", "index", index, "error", err)
		os.Exit(api.ExitFailure)
	}
	budget := boundMemory(c, n.logger)
	n.machine, err = fsm.Open(fsm.Config{
		Dir: filepath.Join(c.DataDir, "machine"), ClusterID: files.identity.ClusterID, Logger: n.logger, Fatal: fatal,
		MemoryBudgetBytes: budget,
	})
	if err != nil {
		return fmt.Errorf("open the machine: %w", err)
	}
	n.logger.Info("store is open", "store_index", n.machine.Applied())
	if n.raft, err = raft.Open(ctx, raftConfig(c, files, n.machine, n.logger), n.machine); err != nil {
		return err
	}
	plane, err := controlSettings(c, n.logger)
	if err != nil {
		return err
	}
	if n.audit, err = openAudit(c, files.identity.NodeID, n.logger); err != nil {
		return err
	}
	n.service, err = api.New(api.Config{
		Control: plane,
		Machine: n.machine, Node: n.raft, Secret: files.secret, ClusterID: files.identity.ClusterID,
		MaxStaleness: c.MaxStaleness, SpendingDir: filepath.Join(c.DataDir, "spending"), Version: version, Logger: n.logger,
		Queries: boundQueries(budget), Audit: n.audit,
	})
	return err
}

// openDoor opens the door for clients.
func (n *node) openDoor(ctx context.Context, c *config.Config) (err error) {
	door := rest.Config{
		Service: n.service, Listen: c.HTTP.Listen, TLSCertFile: c.HTTP.TLSCertFile, TLSKeyFile: c.HTTP.TLSKeyFile,
		Insecure: c.HTTP.Insecure, MaxBodyBytes: c.HTTP.MaxBodyBytes, Agents: agentsDoor(n.service, n.logger), Logger: n.logger,
	}
	if c.Mode == config.ModeStandalone {
		if door.Open, err = beStandalone(ctx, c, n.service); err != nil {
			return err
		}
	}
	if n.door, err = rest.New(door); err != nil {
		return err
	}
	return n.door.Listen()
}

// openAudit opens the node's audit log in cluster mode.
func openAudit(c *config.Config, nodeID string, logger *slog.Logger) (*audit.Log, error) {
	if !c.Audit.Enabled || c.Mode != config.ModeCluster {
		return nil, nil
	}
	opened, err := audit.Open(audit.Config{
		Dir: filepath.Join(c.DataDir, folderAudit), NodeID: nodeID, Node: c.Node.Name,
		Segments: int(max(1, c.Audit.MaxBytes/audit.DefaultSegmentBytes)), Logger: logger,
	})
	if err != nil {
		return nil, fmt.Errorf("open the audit log: %w", err)
	}
	return opened, nil
}

// close closes the floors from the top down. It may be called once, on a node that is open in part, too.
func (n *node) close() error {
	var faults []error
	if n.door != nil {
		ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
		defer cancel()
		if err := n.door.Shutdown(ctx); err != nil {
			n.logger.Warn("requests were cut off", "error", err)
		}
	}
	if n.service != nil {
		n.giveAway()
		n.service.Close()
	}
	if n.audit != nil {
		faults = append(faults, n.audit.Close())
	}
	if n.raft != nil {
		faults = append(faults, n.raft.Close())
	}
	if n.machine != nil {
		faults = append(faults, n.machine.Close())
	}
	if n.lock != nil {
		faults = append(faults, n.lock.release())
	}
	return errors.Join(faults...)
}

// transferTimeout bounds the attempt to give leadership away before a stop.
const transferTimeout = time.Second

// giveAway spares the others an election when the leader stops. That it fails, alone or among nodes that stop too, is
// nothing to do about.
func (n *node) giveAway() {
	if _, leading := n.raft.Leadership(); !leading {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), transferTimeout)
	defer cancel()
	if err := n.raft.TransferLeadership(ctx, ""); err != nil {
		n.logger.Debug("leadership was not given away", "error", err)
	}
}

// nodeFiles are the files of "cluster init", read.
type nodeFiles struct {
	identity  peer.Identity
	secret    []byte
	gossipKey []byte
	// operator is nil when the folder does not say: such a node never makes a cluster.
	operator *tenancy.KeyRecord
}

func readFiles(c *config.Config) (files nodeFiles, err error) {
	if c.Mode == config.ModeStandalone {
		return standaloneFiles(c)
	}
	if files.identity, err = peer.LoadIdentity(c.Peer.CertFile, c.Peer.KeyFile, c.Peer.CAFile); err != nil {
		return files, err
	}
	id, err := provision.ReadNodeID(c.DataDir)
	if err != nil {
		return files, err
	}
	if id != "" && id != files.identity.NodeID {
		return files, fmt.Errorf("%s says node %s, but %s is the certificate of node %s: these files do not belong together",
			filepath.Join(c.DataDir, provision.FileNodeID), id, c.Peer.CertFile, files.identity.NodeID)
	}
	if files.secret, err = provision.ReadSecret(c.Cluster.SecretFile); err != nil {
		return files, err
	}
	if c.Gossip.KeyFile != "" {
		if files.gossipKey, err = provision.ReadSecret(c.Gossip.KeyFile); err != nil {
			return files, err
		}
	}
	files.operator, err = readOperator(filepath.Join(c.DataDir, provision.FileOperatorHash))
	return files, err
}

// readOperator reads the first key's record; nil when the file is not there.
func readOperator(path string) (*tenancy.KeyRecord, error) {
	id, hash, err := provision.ReadOperatorHash(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &tenancy.KeyRecord{
		ID: id, SecretSHA256: hash, Name: "operator", Role: tenancy.RoleOperator, Kind: tenancy.KeyOperator,
		AllowedFunctions: tenancy.EveryFunction(), AuthVersion: 1,
	}, nil
}

func raftConfig(c *config.Config, files nodeFiles, machine *fsm.Machine, logger *slog.Logger) raft.Config {
	made := raft.Config{
		NodeID: files.identity.NodeID, Name: c.Node.Name, ClusterID: files.identity.ClusterID, DataDir: c.DataDir,
		PeerListen: c.Peer.Listen, PeerAdvertise: c.Peer.Advertise, HTTPAddress: c.HTTP.Listen, TLS: files.identity,
		GossipListen: c.Gossip.Listen, GossipKey: files.gossipKey, ClusterSecret: files.secret,
		Bootstrap: c.Cluster.Bootstrap && files.operator != nil, Peers: c.Cluster.Peers, Join: c.Cluster.Join,
		TimeoutFactor: c.TimeoutFactor, ResidentBytes: machine.ResidentBytes, Snapshots: machine.Snapshots(), BeforeStart: machine.BeforeStart, Pack: fsm.Pack,
		TermStart: func(term uint64) []byte {
			return mustEncode(&fsm.TermStart{Header: systemHeader(term), NodeID: files.identity.NodeID})
		},
		Logger: logger, Version: version,
	}
	if files.operator != nil {
		made.ClusterInit = func(term uint64) []byte {
			header := systemHeader(term)
			operator := *files.operator
			operator.CreatedAtMs = header.TimeMs
			return mustEncode(&fsm.ClusterInit{
				Header: header, ClusterID: files.identity.ClusterID, OperatorKey: operator, FeatureLevel: firstFeatureLevel,
			})
		}
	}
	return made
}

func systemHeader(term uint64) fsm.Header {
	return fsm.Header{Term: term, TimeMs: time.Now().UnixMilli()}
}

// mustEncode encodes a command of the node itself. One that cannot be encoded is a broken program.
func mustEncode(command fsm.Command) []byte {
	encoded, err := fsm.Encode(command)
	if err != nil {
		panic(fmt.Sprintf("encode a system command: %v", err))
	}
	return encoded
}
