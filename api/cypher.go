package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hivellm/nexus/api/running"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/tenancy"
)

// planFunctions says which permission a plan asks for (LAW 5, ByPlan).
var planFunctions = map[cypher.Kind]tenancy.Function{
	cypher.KindRead:        tenancy.FunctionCypherRead,
	cypher.KindWrite:       tenancy.FunctionCypherWrite,
	cypher.KindSchemaRead:  tenancy.FunctionSchemaRead,
	cypher.KindSchemaWrite: tenancy.FunctionSchemaWrite,
}

// run is a request that was prepared, authorized and given its bounds.
type run struct {
	request  Request
	query    *cypher.Query
	database fsm.Database
	options  cypher.Options
	notes    []cypher.Notification
	started  time.Time
	cancel   context.CancelFunc
	running  *running.Query  // nil until it has its place
	limit    *TimeLimitError // nil without one
}

// end gives back what the run holds.
func (r *run) end() {
	if r.running != nil {
		r.running.End()
	}
	r.cancel()
}

// Cypher runs one query for a principal. Errors are *Error.
func (s *Service) Cypher(ctx context.Context, request Request, sink Sink) (Summary, error) {
	summary, err := s.cypher(ctx, request, sink)
	if err != nil {
		return Summary{}, s.explain(err)
	}
	return summary, nil
}

func (s *Service) cypher(ctx context.Context, request Request, sink Sink) (Summary, error) {
	ctx, r, err := s.prepare(ctx, request)
	if err != nil {
		return Summary{}, err
	}
	defer r.end()
	if err := s.charge(ctx, request, r.query.Writes()); err != nil {
		return Summary{}, err
	}
	var summary Summary
	if r.query.Writes() {
		summary, err = s.write(ctx, r, sink)
	} else {
		summary, err = s.read(ctx, r, sink)
		if enough := (*EnoughError)(nil); errors.As(err, &enough) { // of what the leader served: its summary stayed behind
			summary, err = Summary{Consistency: r.level(), Node: s.node.Self().Name, Leader: s.leaderName(), Rows: enough.Rows}, nil
		}
	}
	s.countRun(request.Principal, summary, r.started, err)
	if err != nil {
		return Summary{}, r.fault(ctx, err)
	}
	summary.Notifications = append(summary.Notifications, r.notes...)
	summary.Elapsed = time.Since(r.started)
	return summary, nil
}

// prepare parses, authorizes what the plan asks for, finds the database and sets the bounds. The leader does all of it
// again for a forwarded request.
func (s *Service) prepare(ctx context.Context, request Request) (context.Context, *run, error) {
	r := &run{request: request, started: time.Now()}
	query, err := s.plans.Prepare(request.Query)
	if err != nil {
		return nil, nil, err
	}
	r.query = query
	if err := s.checkPlan(request, query.Kind()); err != nil {
		return nil, nil, err
	}
	if err := checkLevel(request, query); err != nil {
		return nil, nil, err
	}
	registry := s.machine.Registry()
	r.database, err = findDatabase(registry, request.Principal.Tenant(), request.Database)
	if err != nil {
		return nil, nil, err
	}
	account, ok := registry.Account(request.Principal.Tenant())
	if !ok {
		return nil, nil, fsm.ErrTenantUnknown
	}
	if err := refuseNothing(account.Limits); err != nil {
		return nil, nil, err
	}
	ctx, err = s.begin(r.bound(ctx, account.Limits), r)
	if err != nil {
		r.cancel()
		return nil, nil, err
	}
	return ctx, r, nil
}

// asks is the function that a request asks for: its own, or the plan's.
func (r *Request) asks(kind cypher.Kind) tenancy.Function {
	if r.Function.IsZero() {
		return planFunctions[kind]
	}
	return r.Function
}

// checkPlan asks for the request's own function, or for the plan's, and holds a reader to reading.
func (s *Service) checkPlan(request Request, kind cypher.Kind) error {
	if request.OnPlan != nil {
		request.OnPlan(request.asks(kind))
	}
	if err := s.checkFunction(request.Principal, request.asks(kind)); err != nil {
		return err
	}
	if err := s.checkControl(request.Principal, planFunctions[kind]); err != nil {
		return err
	}
	if request.ReadOnly && kind != cypher.KindRead && kind != cypher.KindSchemaRead {
		return Refuse(CodeBadRequest, "Only a query that reads may be run here; this one would change the %s", changed[kind])
	}
	return nil
}

// changed names what a plan changes.
var changed = map[cypher.Kind]string{cypher.KindWrite: "graph", cypher.KindSchemaWrite: "schema"}

func checkLevel(request Request, query *cypher.Query) error {
	switch request.Consistency {
	case "", Strong, AtBookmark, Local:
	default:
		return Refuse(CodeBadRequest, "consistency %q is not one of strong, bookmark, local", string(request.Consistency))
	}
	switch {
	case request.Consistency == Local && query.Writes():
		return Refuse(CodeBadRequest, "a query that writes cannot be run with consistency local: writes always go through the leader")
	case request.Consistency == AtBookmark && request.Bookmark == "":
		return Refuse(CodeBadRequest, "consistency bookmark needs a bookmark")
	case request.IdempotencyKey != "" && !validIdempotencyKey(request.IdempotencyKey):
		return Refuse(CodeBadRequest, "Idempotency-Key must be 1 to %d visible ASCII characters", maxIdempotencyKey)
	}
	return nil
}

const maxIdempotencyKey = 255

func validIdempotencyKey(key string) bool {
	if len(key) > maxIdempotencyKey {
		return false
	}
	for _, c := range []byte(key) {
		if c < 0x21 || c > 0x7e {
			return false
		}
	}
	return true
}

func findDatabase(registry *fsm.Registry, tenant tenancy.ID, name string) (fsm.Database, error) {
	canonical := tenancy.CanonicalDatabase(name)
	if err := tenancy.CheckDatabaseName(canonical); err != nil {
		return fsm.Database{}, err
	}
	database, ok := registry.Database(tenant, canonical)
	if !ok {
		return fsm.Database{}, Refuse(CodeNotFound, "There is no database %q", canonical)
	}
	return database, nil
}

// bound sets the deadline and the limits of a run from the tenant's limits; what was asked beyond them is capped and
// said (INTERFACE, levels).
func (r *run) bound(ctx context.Context, limits tenancy.Limits) context.Context {
	r.options = cypher.Options{
		Parameters: r.request.Parameters,
		Now:        r.started,
		Seed:       newSeed(),
		Limits: cypher.Limits{
			MaxRows:        number(limits.MaxResultRows),
			MaxMemoryBytes: number(limits.MaxQueryMemoryBytes),
		},
	}
	timeout, name := r.request.Timeout, limitTimeout
	if ms, limited := limits.MaxQueryMs.Number(); limited {
		most := time.Duration(ms) * time.Millisecond
		if timeout > most {
			r.notes = append(r.notes, cappedNote(limitTimeout, ms))
		}
		if timeout == 0 || timeout > most {
			timeout, name = most, limitQueryMs
		}
	}
	if timeout == 0 {
		r.cancel = func() {}
		return ctx
	}
	r.limit = &TimeLimitError{Name: name, Ms: uint64(timeout.Milliseconds())}
	ctx, r.cancel = context.WithDeadlineCause(ctx, r.started.Add(timeout), r.limit)
	return ctx
}

func cappedNote(field string, most uint64) cypher.Notification {
	return cypher.Notification{
		Code: "LIMIT_CAPPED", Severity: "INFORMATION",
		Title:       "A limit was capped",
		Description: fmt.Sprintf("%s was above its maximum and capped to %d", field, most),
	}
}

// number is a limit as the evaluator takes it: 0 = none. A limit of nothing at all is refused before it gets here.
func number(l tenancy.Limit) uint64 {
	n, _ := l.Number()
	return n
}

// refuseNothing refuses to run under a limit that allows nothing.
func refuseNothing(limits tenancy.Limits) error {
	for _, l := range []struct {
		name  string
		limit tenancy.Limit
	}{{limitRows, limits.MaxResultRows}, {limitMemory, limits.MaxQueryMemoryBytes}, {limitQueryMs, limits.MaxQueryMs}} {
		if n, limited := l.limit.Number(); limited && n == 0 {
			refused := Refuse(CodeQueryLimitExceeded, "The tenant's limit %s is 0: no query may run", l.name)
			refused.Quota = l.name
			return refused
		}
	}
	return nil
}
