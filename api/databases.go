package api

import (
	"context"

	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/tenancy"
)

// DatabaseInfo tells of one database of a tenant.
type DatabaseInfo struct {
	Name                        string
	CreatedAtMs                 int64
	Nodes, Relationships, Bytes uint64
}

// CreateDatabase makes an empty database. Cost, where it is not nil, is told what the request is charged.
func (s *Service) CreateDatabase(ctx context.Context, p tenancy.Principal, name string, cost *Cost) (DatabaseInfo, error) {
	if err := s.gate.CheckFunction(p, tenancy.FunctionDatabaseWrite); err != nil {
		return DatabaseInfo{}, s.explain(err)
	}
	if err := tenancy.CheckDatabaseName(name); err != nil {
		return DatabaseInfo{}, s.explain(err)
	}
	if err := s.chargeWrite(ctx, p, cost); err != nil {
		return DatabaseInfo{}, s.explain(err)
	}
	return do[string, DatabaseInfo](s, ctx, p, "database.create", name)
}

// DropDatabase removes a database with all it holds. "default" cannot be dropped.
func (s *Service) DropDatabase(ctx context.Context, p tenancy.Principal, name string, cost *Cost) error {
	if err := s.gate.CheckFunction(p, tenancy.FunctionDatabaseWrite); err != nil {
		return s.explain(err)
	}
	if err := s.chargeWrite(ctx, p, cost); err != nil {
		return s.explain(err)
	}
	_, err := do[string, struct{}](s, ctx, p, "database.drop", name)
	return err
}

// Databases lists the principal's databases by name, as a strong read would see them.
func (s *Service) Databases(ctx context.Context, p tenancy.Principal) ([]DatabaseInfo, error) {
	registry, err := s.strongRegistry(ctx, p, tenancy.FunctionDatabaseRead)
	if err != nil {
		return nil, err
	}
	return s.databasesOf(registry, p.Tenant())
}

func (s *Service) databasesOf(registry *fsm.Registry, tenant tenancy.ID) ([]DatabaseInfo, error) {
	databases := registry.Databases(tenant)
	list := make([]DatabaseInfo, 0, len(databases))
	for _, d := range databases {
		meta, err := s.machine.Meta(tenant, d.Number)
		if err != nil {
			return nil, s.explain(err)
		}
		list = append(list, DatabaseInfo{
			Name: d.Name, CreatedAtMs: d.CreatedAtMs,
			Nodes: meta.Nodes, Relationships: meta.Relationships, Bytes: meta.Bytes,
		})
	}
	return list, nil
}

func (s *Service) createDatabase(ctx context.Context, p tenancy.Principal, name string) (DatabaseInfo, uint64, error) {
	if err := tenancy.CheckDatabaseName(name); err != nil {
		return DatabaseInfo{}, 0, err
	}
	if name == tenancy.DatabaseAlias {
		return DatabaseInfo{}, 0, Refuse(CodeAlreadyExists, "%q is another name of the database %q", name, tenancy.DefaultDatabase)
	}
	result, err := s.command(ctx, func(h fsm.Header) fsm.Command {
		return &fsm.CreateDatabase{Header: h, Tenant: p.Tenant(), Name: name}
	})
	if err != nil {
		return DatabaseInfo{}, 0, err
	}
	made, ok := result.Value.(*fsm.Database)
	if !ok {
		return DatabaseInfo{}, 0, errNoValue
	}
	return DatabaseInfo{Name: made.Name, CreatedAtMs: made.CreatedAtMs}, result.Index, nil
}

func (s *Service) dropDatabase(ctx context.Context, p tenancy.Principal, name string) (struct{}, uint64, error) {
	if tenancy.CanonicalDatabase(name) == tenancy.DefaultDatabase {
		return struct{}{}, 0, Refuse(CodeBadRequest, "the database %q cannot be dropped", tenancy.DefaultDatabase)
	}
	database, err := findDatabase(s.machine.Registry(), p.Tenant(), name)
	if err != nil {
		return struct{}{}, 0, err
	}
	result, err := s.command(ctx, func(h fsm.Header) fsm.Command {
		return &fsm.DropDatabase{Header: h, Tenant: p.Tenant(), Database: database.Number}
	})
	return struct{}{}, result.Index, err
}

// strongVersion pins the version of a database that a strong read sees now, for one who may use the function.
func (s *Service) strongVersion(ctx context.Context, p tenancy.Principal, function tenancy.Function, name string) (pinned fsm.Pinned, err error) {
	registry, err := s.strongRegistry(ctx, p, function)
	if err != nil {
		return pinned, err
	}
	database, err := findDatabase(registry, p.Tenant(), name)
	if err != nil {
		return pinned, s.explain(err)
	}
	if pinned, err = s.machine.Pin(ctx, p.Tenant(), database.Number); err != nil {
		return pinned, s.explain(err)
	}
	return pinned, nil
}
