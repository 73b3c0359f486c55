package api

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hivellm/nexus/api/running"
	"github.com/hivellm/nexus/api/wire"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/raft"
	"github.com/hivellm/nexus/raft/peer"
	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
)

// Peer methods: what runs on a node, and the end of one query.
const (
	methodQueries = "api.queries"
	methodKill    = "api.kill"
)

// askPatience bounds how long a node is waited for that is asked what it knows.
const askPatience = 2 * time.Second

// fingerprintBytes is how much of a text's keyed hash is shown.
const fingerprintBytes = 8

// RunningQuery is a query under way as the operator sees it: never its text, which may hold data of the tenant.
type RunningQuery struct {
	// ID is "<node id>.<number>".
	ID, Node, Tenant, KeyID, Function, Database string
	// Fingerprint is the same for the same text of the same tenant, on every node, and tells nothing of it.
	Fingerprint string
	// State is one of waiting, running and paused. Forwarded: another node sent it.
	State             string
	Forwarded         bool
	StartedMs         int64
	ElapsedMs         int64
	Rows, MemoryBytes int64
}

// begin gives a run its place among what runs on this node.
func (s *Service) begin(ctx context.Context, r *run) (context.Context, error) {
	p := r.request.Principal
	tenant, text := p.Tenant(), r.request.Query
	ctx, query, err := s.running.Begin(ctx, running.Spec{
		Tenant: tenant, Database: r.database.Number, DatabaseName: r.database.Name,
		KeyID: p.KeyID(), AuthVersion: p.AuthVersion(), Function: r.request.asks(r.query.Kind()),
		Fingerprint: func() string { return s.fingerprint(tenant, text) }, Forwarded: r.request.forwarded,
	})
	if err != nil {
		return nil, err
	}
	r.running, r.options.Pacer = query, query
	return ctx, nil
}

// watchQueries ends, until ctx does, the queries whose tenant, database or key the registry no longer allows (R20).
func (s *Service) watchQueries(ctx context.Context) {
	var seen *fsm.Registry
	s.running.Watch(ctx, func() bool {
		now := s.machine.Registry()
		changed := now != seen
		seen = now
		return changed && !planted.On("dropped-goes-on")
	}, func(q running.Spec) error { return s.mayGoOn(seen, q) })
}

// mayGoOn judges a query under way by a newer registry.
func (s *Service) mayGoOn(registry *fsm.Registry, q running.Spec) error {
	if !registry.Has(q.Tenant, q.Database) {
		return fsm.ErrDatabaseUnknown
	}
	principal, err := s.gate.Reauthorize(registry, q.KeyID, q.AuthVersion, nowMs())
	if err != nil {
		return err
	}
	return s.gate.Admit(registry, principal, q.Function)
}

// fingerprint is a keyed hash, so that nobody finds a text by trying.
func (s *Service) fingerprint(tenant tenancy.ID, text string) string {
	h := hmac.New(sha256.New, s.fingerprintKey)
	h.Write([]byte(tenant.String()))
	h.Write([]byte{0})
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil)[:fingerprintBytes])
}

func fingerprintKey(secret []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte("nexus query fingerprints 1"))
	return h.Sum(nil)
}

// Queries lists what runs on all nodes, by node and age; missing names the nodes that did not reply. Errors are *Error.
func (s *Service) Queries(ctx context.Context, p tenancy.Principal) (list []RunningQuery, missing []string, err error) {
	if err := s.Allow(p, tenancy.FunctionQueryAdmin); err != nil {
		return nil, nil, err
	}
	answers, missing := everyNode(ctx, s, methodQueries, nil, func(context.Context) ([]RunningQuery, error) { return s.ownQueries(), nil })
	for _, answer := range answers {
		list = append(list, answer...)
	}
	slices.SortFunc(list, func(a, b RunningQuery) int {
		return cmp.Or(strings.Compare(a.Node, b.Node), cmp.Compare(a.StartedMs, b.StartedMs), cmp.Compare(a.ID, b.ID))
	})
	return list, missing, nil
}

// Query finds one query under way. Errors are *Error.
func (s *Service) Query(ctx context.Context, p tenancy.Principal, id string) (RunningQuery, error) {
	list, missing, err := s.Queries(ctx, p)
	if err != nil {
		return RunningQuery{}, err
	}
	i := slices.IndexFunc(list, func(q RunningQuery) bool { return q.ID == id })
	if i < 0 {
		if len(missing) > 0 {
			return RunningQuery{}, Refuse(CodeNotFound, "No query %q is under way; these nodes did not reply: %s", id, strings.Join(missing, ", "))
		}
		return RunningQuery{}, Refuse(CodeNotFound, "No query %q is under way", id)
	}
	return list[i], nil
}

// KillQuery ends a query wherever it runs. It bites at the query's next checkpoint. Errors are *Error.
func (s *Service) KillQuery(ctx context.Context, p tenancy.Principal, id string) error {
	if err := s.Allow(p, tenancy.FunctionQueryAdmin); err != nil {
		return err
	}
	unknown := Refuse(CodeNotFound, "No query %q is under way", id)
	node, digits, ok := strings.Cut(id, ".")
	number, err := strconv.ParseUint(digits, 10, 64)
	if !ok || err != nil {
		return unknown
	}
	if node == s.node.Self().ID {
		if !s.running.Kill(number) {
			return unknown
		}
		return nil
	}
	if !slices.ContainsFunc(s.node.Members(ctx), func(m raft.Member) bool { return m.ID == node }) {
		return unknown
	}
	request, err := wire.Marshal(&number)
	if err != nil {
		return s.explain(fmt.Errorf("encode a kill: %w", err))
	}
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	answer, err := s.node.Call(ctx, node, methodKill, request)
	var found bool
	if err == nil {
		err = wire.Unmarshal(answer, &found)
	}
	switch {
	case err != nil:
		return Refuse(CodeNotReady, "The node that runs the query does not reply: whether the kill reached it is unknown")
	case !found:
		return unknown
	}
	return nil
}

func (s *Service) ownQueries() []RunningQuery {
	self, now := s.node.Self(), time.Now()
	list := make([]RunningQuery, 0)
	for _, q := range s.running.List() {
		list = append(list, RunningQuery{
			ID: self.ID + "." + strconv.FormatUint(q.Number, 10), Node: self.Name,
			Tenant: q.Tenant.String(), KeyID: q.KeyID, Function: q.Function.Name(), Database: q.Database,
			Fingerprint: q.Fingerprint, State: q.State.String(), Forwarded: q.Forwarded,
			StartedMs: q.Started.UnixMilli(), ElapsedMs: now.Sub(q.Started).Milliseconds(), Rows: q.Rows, MemoryBytes: q.MemoryBytes,
		})
	}
	return list
}

func (s *Service) serveQueries(context.Context, string, []byte) ([]byte, error) {
	own := s.ownQueries()
	return wire.Marshal(&own)
}

func (s *Service) serveKill(_ context.Context, _ string, request []byte) ([]byte, error) {
	var number uint64
	if err := wire.Unmarshal(request, &number); err != nil {
		return nil, peer.Refuse(peer.CodeRefused, "a kill that cannot be decoded: %v", err)
	}
	found := s.running.Kill(number)
	return wire.Marshal(&found)
}

// everyNode asks all members at the same time, this node without a call. missing are the names of those that did not
// reply in askPatience.
func everyNode[T any](ctx context.Context, s *Service, method string, request []byte, own func(context.Context) (T, error)) (answers []T, missing []string) {
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	members, self := s.node.Members(ctx), s.node.Self().ID
	found, faults := make([]T, len(members)), make([]error, len(members))
	var group sync.WaitGroup
	for i, m := range members {
		group.Go(func() {
			if m.ID == self {
				found[i], faults[i] = own(ctx)
				return
			}
			answer, err := s.node.Call(ctx, m.ID, method, request)
			if err == nil {
				err = wire.Unmarshal(answer, &found[i])
			}
			faults[i] = err
		})
	}
	group.Wait()
	for i, m := range members {
		if faults[i] != nil {
			missing = append(missing, cmp.Or(m.Name, m.ID))
			continue
		}
		answers = append(answers, found[i])
	}
	return answers, missing
}
