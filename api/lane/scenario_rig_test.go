package lane_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/answer"
	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/api/lane"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/graph/value"
	"github.com/hivellm/nexus/tenancy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The scenarios are the shapes of PROTOCOL §9 in which a planted bug does harm; docs/PLANTED.md says which catches what.

// rig is one node's lanes, beside those that its service has for itself.
type rig struct {
	t     *testing.T
	c     *apitest.Cluster
	node  *apitest.Node
	lanes *lane.Lanes
	term  uint64
}

func newRig(t *testing.T) *rig {
	t.Parallel()
	r := &rig{t: t, c: apitest.Start(t, 1)}
	r.node = r.c.Leader(t)
	term, leading := r.node.Raft.Leadership()
	if !leading {
		t.Fatal("one node alone lost its leadership")
	}
	r.term = term
	r.lanes = lane.New(lane.Config{Machine: r.node.Machine, Node: r.node.Raft, NowMs: nowMs})
	r.lanes.Open(term)
	t.Cleanup(func() {
		r.lanes.Close()
		r.lanes.Wait()
	})
	return r
}

func nowMs() int64 { return time.Now().UnixMilli() }

// place makes a tenant and names its default database.
func (r *rig) place(name string) lane.Place {
	r.t.Helper()
	account, _ := r.c.Tenant(r.t, name)
	return lane.Place{Tenant: account.ID}
}

// limitNodes sets the quota of a place's tenant.
func (r *rig) limitNodes(p lane.Place, most uint64) {
	r.t.Helper()
	limits := tenancy.Limits{MaxNodes: tenancy.LimitOf(most)}
	change := api.TenantChange{ID: p.Tenant.String(), Limits: &limits}
	if _, err := r.node.Service.UpdateTenant(r.t.Context(), r.c.Operator(r.t, r.node), change); err != nil {
		r.t.Fatal(err)
	}
}

// database makes one more database of the place's tenant.
func (r *rig) database(p lane.Place, name string) tenancy.DatabaseID {
	r.t.Helper()
	command := &fsm.CreateDatabase{Header: fsm.Header{Term: r.term, TimeMs: nowMs()}, Tenant: p.Tenant, Name: name}
	encoded, err := fsm.Encode(command)
	if err != nil {
		r.t.Fatal(err)
	}
	outcome := r.node.Raft.Propose(r.t.Context(), encoded, r.term).Wait(r.t.Context())
	made, ok := outcome.Result.(fsm.Result)
	if !ok || made.Err != nil {
		r.t.Fatalf("make a database: %+v", outcome)
	}
	return made.Value.(*fsm.Database).Number
}

// write is a job with what became of it.
type write struct {
	*lane.Job
	// computed gets a token for each row that a run encoded.
	computed chan struct{}
	done     chan struct{}
	result   lane.Result
	err      error
}

// job prepares a query, under a client's key where one is given.
func (r *rig) job(query, key string) *write {
	r.t.Helper()
	prepared, err := cypher.Prepare(query)
	if err != nil {
		r.t.Fatalf("%s: %v", query, err)
	}
	w := &write{Job: &lane.Job{Query: prepared}, computed: make(chan struct{}, 100), done: make(chan struct{})}
	rand.Read(w.Request[:])
	w.Encode = func(dst []byte, g *graph.Graph, row []value.Value) ([]byte, error) {
		w.computed <- struct{}{}
		return answer.AppendRow(dst, g, row)
	}
	if key != "" {
		w.Kept = &fsm.Kept{Key: key, Hash: [32]byte{byte(len(query))}, ArrivedMs: nowMs(), Last: true}
	}
	return w
}

// start runs a job in its lane. The test does not end before it.
func (r *rig) start(p lane.Place, w *write) *write {
	r.t.Cleanup(func() { <-w.done })
	go func() {
		defer close(w.done)
		ctx, cancel := context.WithTimeout(context.Background(), apitest.Patience)
		defer cancel()
		w.result, w.err = r.lanes.Run(ctx, r.term, p, w.Job)
	}()
	return w
}

// must runs a query that is not refused.
func (r *rig) must(p lane.Place, query string) *write {
	r.t.Helper()
	w := r.start(p, r.job(query, ""))
	<-w.done
	if w.err != nil {
		r.t.Fatalf("%s: %v", query, w.err)
	}
	return w
}

// hold closes the machine's gate behind one write of the place: its batch is in flight, and what comes now waits. The
// caller defers release.
func (r *rig) hold(p lane.Place, query string) (first *write, release func()) {
	r.t.Helper()
	release = r.node.Gate.Hold()
	first = r.start(p, r.job(query, ""))
	apitest.WaitFor(r.t, "the first batch to be in flight", r.node.Gate.Waiting)
	return first, release
}

// queued waits until so many writes wait in the lane, or a moment has passed.
func (r *rig) queued(p lane.Place, count int) {
	until := time.Now().Add(100 * time.Millisecond)
	for tick := time.NewTicker(time.Millisecond); r.lanes.Queued(p) < count && time.Now().Before(until); <-tick.C {
	}
}

// rows are the answer's rows, as a client gets them.
func (w *write) rows() string { return string(bytes.Join(w.result.Rows, nil)) }
