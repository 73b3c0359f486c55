package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/cmd/nexus/client"
	"github.com/hivellm/nexus/cmd/nexus/config"
	"github.com/hivellm/nexus/cmd/nexus/migrate"
	"github.com/hivellm/nexus/cmd/nexus/provision"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/tenancy"
)

type migrateOptions struct {
	from, tenant string
	dryRun       bool
}

func (p *program) migrateCommand() *cobra.Command {
	var o migrateOptions
	command := &cobra.Command{
		Use:   "migrate --from DIR --tenant TENANT",
		Short: "Bring a standalone node's databases into a tenant of a running cluster (operator key)",
		Long: "The standalone node must be stopped; its folder is not changed. Each database goes into one of the same name, which must\n" +
			"be empty or absent, ids included. What was broken off goes on when the same command is given again. At the end the digests\n" +
			"of both sides are compared.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.migrate(c.Context(), o) },
	}
	flags := command.Flags()
	flags.StringVar(&o.from, "from", "", "folder of the standalone node")
	flags.StringVar(&o.tenant, "tenant", "", "the tenant, by id or unique name")
	flags.BoolVar(&o.dryRun, "dry-run", false, "only say what would be brought, and whether it fits")
	return command
}

// migrated is a database as the command tells of it.
type migrated struct {
	Database      string `json:"database"`
	Nodes         uint64 `json:"nodes"`
	Relationships uint64 `json:"relationships"`
	Bytes         uint64 `json:"bytes"`
	Digest        string `json:"digest"`
	// State is "fits", "copied" or "was there".
	State string `json:"state"`
}

func (p *program) migrate(ctx context.Context, o migrateOptions) error {
	if o.from == "" || o.tenant == "" {
		return usage("--from and --tenant are needed: see nexus migrate --help")
	}
	cluster, err := p.client()
	if err != nil {
		return err
	}
	target, err := findTarget(ctx, cluster, o.tenant)
	if err != nil {
		return err
	}
	source, err := openSource(ctx, o.from)
	if err != nil {
		return err
	}
	list, err := source.migrate(ctx, p, cluster, target, o.dryRun)
	return errors.Join(err, source.node.close(), p.tellMigrated(list, o.dryRun))
}

func (p *program) tellMigrated(list []migrated, dryRun bool) error {
	if len(list) == 0 {
		return nil
	}
	columns := []string{"database", "nodes", "relationships", "bytes", "digest", "state"}
	return p.printValue(map[string]any{"databases": list, "dry_run": dryRun}, "databases", columns)
}

// target is the tenant that is filled.
type target struct {
	ID     string         `json:"id"`
	Name   string         `json:"name"`
	Limits tenancy.Limits `json:"limits"`
}

// findTarget finds a tenant by id or unique name.
func findTarget(ctx context.Context, cluster *client.Client, name string) (target, error) {
	var answer struct {
		Tenants []target `json:"tenants"`
	}
	if err := cluster.Into(ctx, http.MethodGet, "/admin/tenants", nil, &answer); err != nil {
		return target{}, err
	}
	for _, t := range answer.Tenants {
		if t.ID == name || t.Name == name {
			return t, nil
		}
	}
	return target{}, &client.Problem{Code: api.CodeNotFound, Status: http.StatusNotFound, Detail: fmt.Sprintf("there is no tenant %q; make it with \"nexus tenant create\"", name)}
}

// source is a standalone node, open without a door.
type source struct {
	node      *node
	tenant    tenancy.ID
	databases []fsm.Database
}

// openSource opens a standalone node's folder, and with it whatever its log holds beyond its store.
func openSource(ctx context.Context, dir string) (s *source, err error) {
	switch id, err := provision.StandaloneID(dir); {
	case err != nil:
		return nil, err
	case id == "":
		return nil, usage("%s is not the folder of a standalone node", dir)
	}
	settings := config.Standalone(dir)
	s = &source{node: &node{logger: slog.New(slog.DiscardHandler)}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.node.close())
		}
	}()
	if err = s.node.openFloors(ctx, settings); err != nil {
		return nil, explainStart(err, settings)
	}
	if _, err = beStandalone(ctx, settings, s.node.service); err != nil {
		return nil, err
	}
	registry := s.node.machine.Registry()
	for _, a := range registry.Tenants() {
		if a.Name == standaloneTenant {
			s.tenant, s.databases = a.ID, registry.Databases(a.ID)
		}
	}
	return s, nil
}

// migrate brings every database over, or only says whether all of them fit.
func (s *source) migrate(ctx context.Context, p *program, cluster *client.Client, to target, dryRun bool) ([]migrated, error) {
	if err := s.checkFits(to.Limits); err != nil {
		return nil, err
	}
	var list []migrated
	for _, d := range s.databases {
		one, err := s.migrateOne(ctx, p, importTarget{cluster, to.ID, d.Name}, d, dryRun)
		if err != nil {
			return list, fmt.Errorf("database %s: %w", d.Name, err)
		}
		list = append(list, one)
	}
	return list, nil
}

// checkFits asks before anything is sent; what other databases of the tenant hold is counted when pieces come in.
func (s *source) checkFits(limits tenancy.Limits) error {
	sum := tenancy.Usage{Databases: uint64(len(s.databases))}
	for _, d := range s.databases {
		meta, err := s.node.machine.Meta(s.tenant, d.Number)
		if err != nil {
			return err
		}
		sum = sum.Plus(tenancy.Usage{Nodes: meta.Nodes, Relationships: meta.Relationships, Bytes: meta.Bytes})
	}
	if refused := tenancy.CheckGrowth(limits, tenancy.Usage{}, sum); refused != nil {
		return &client.Problem{Code: api.CodeStorageQuotaExceeded, Status: http.StatusForbidden, Detail: "nothing was sent: " + refused.Error()}
	}
	return nil
}

func (s *source) migrateOne(ctx context.Context, p *program, to importTarget, d fsm.Database, dryRun bool) (migrated, error) {
	pinned, err := s.node.machine.Pin(ctx, s.tenant, d.Number)
	if err != nil {
		return migrated{}, err
	}
	defer pinned.Release()
	meta := pinned.Graph.Meta()
	one := migrated{d.Name, meta.Nodes, meta.Relationships, meta.Bytes, meta.Digest.String(), "fits"}
	if dryRun {
		state, err := to.Send(ctx, nil)
		if err == nil && state.Nodes+state.Relationships > 0 && state.Digest != one.Digest {
			p.printer().Note("database %s: the target holds %d nodes; it is gone on with if they are the beginning of this source", d.Name, state.Nodes)
		}
		return one, err
	}
	progress := p.progress(d.Name)
	defer progress.end()
	report, err := migrate.Database(ctx, pinned.Graph, to, progress.tell)
	if errors.Is(err, migrate.ErrDiffers) {
		err = &client.Problem{Code: api.CodeAlreadyExists, Status: http.StatusConflict, Detail: err.Error()}
	}
	one.State = "copied"
	if report.Pieces == 0 {
		one.State = "was there"
	}
	return one, err
}

// importTarget is one database of the tenant, as the cluster serves it.
type importTarget struct {
	cluster          *client.Client
	tenant, database string
}

// Send implements migrate.Target.
func (t importTarget) Send(ctx context.Context, piece []byte) (state migrate.State, err error) {
	path := fmt.Sprintf("/admin/tenants/%s/import?database=%s", url.PathEscape(t.tenant), url.QueryEscape(t.database))
	var body any
	if piece != nil {
		body = client.Raw(piece)
	}
	err = t.cluster.Into(ctx, http.MethodPost, path, body, &state)
	var (
		interrupted *client.Interrupted
		unreachable *client.Unreachable
		problem     *client.Problem
	)
	switch {
	case errors.As(err, &interrupted), errors.As(err, &unreachable):
		return state, &migrate.Unknown{Cause: err}
	case errors.As(err, &problem) && (problem.Code == api.CodeUnknownOutcome || problem.Status == http.StatusServiceUnavailable):
		return state, &migrate.Unknown{Cause: err}
	}
	return state, err
}
