package api

import (
	"context"
	"sync/atomic"

	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
)

// living is the context of a run, which ends besides when the run's database is dropped (R20): whoever looks at it, as a
// query does at each checkpoint of its budget, sees whether the registry has changed since and still has the database.
// It costs one comparison of pointers, and nobody has to know of the runs under way. Safe for concurrent use.
type living struct {
	context.Context
	machine  *fsm.Machine
	tenant   tenancy.ID
	database tenancy.DatabaseID
	seen     atomic.Pointer[fsm.Registry] // the newest registry that was looked at and has the database
}

// while returns ctx for a run in a database that a registry has.
func (s *Service) while(ctx context.Context, registry *fsm.Registry, t tenancy.ID, db tenancy.DatabaseID) context.Context {
	l := &living{Context: ctx, machine: s.machine, tenant: t, database: db}
	l.seen.Store(registry)
	return l
}

// Err implements context.Context.
func (l *living) Err() error {
	if err := l.Context.Err(); err != nil {
		return err
	}
	now := l.machine.Registry()
	if now == l.seen.Load() || planted.On("dropped-goes-on") {
		return nil
	}
	if !now.Has(l.tenant, l.database) {
		return fsm.ErrDatabaseUnknown
	}
	l.seen.Store(now)
	return nil
}
