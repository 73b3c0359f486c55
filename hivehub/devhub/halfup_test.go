package devhub

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

// memory is the least of a machine and a proposer: it applies changes by the rules that stand with their types.
type memory struct {
	mu      sync.Mutex
	cursors hivehub.Cursors
	pulled  time.Time
	users   map[string]hivehub.UserRow
	keys    map[string]hivehub.KeyRow
	report  hivehub.UsageReport // of one user: enough here
	acked   uint64
}

func (m *memory) Cursors() hivehub.Cursors { m.mu.Lock(); defer m.mu.Unlock(); return m.cursors }
func (m *memory) LastPull() time.Time      { m.mu.Lock(); defer m.mu.Unlock(); return m.pulled }

func (m *memory) User(id string) (hivehub.UserRow, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	row, ok := m.users[id]
	return row, ok
}

func (m *memory) Key(id string) (hivehub.KeyRow, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	row, ok := m.keys[id]
	return row, ok
}

func (m *memory) Outbox(after hivehub.OutboxPlace, _ int) []hivehub.UsageReport {
	m.mu.Lock()
	defer m.mu.Unlock()
	if after != (hivehub.OutboxPlace{}) || m.report.Seq <= m.acked {
		return nil
	}
	return []hivehub.UsageReport{m.report}
}

func (m *memory) PeriodsOver(time.Time, int) []string { return nil }

func (m *memory) Propose(_ context.Context, c hivehub.Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, row := range c.Users {
		if known, ok := m.users[row.UserID]; ok {
			row = row.Over(known)
		}
		m.users[row.UserID] = row
	}
	for _, row := range c.Keys {
		if known, ok := m.keys[row.KeyID]; ok {
			row, _ = row.Follow(known)
		}
		m.keys[row.KeyID] = row
	}
	if c.UsersMove != nil {
		m.cursors.Users = c.UsersMove.To
	}
	if c.KeysMove != nil {
		m.cursors.Keys = c.KeysMove.To
	}
	if !c.PulledAt.IsZero() {
		m.pulled = c.PulledAt
	}
	for _, ack := range c.Acks {
		m.acked = max(m.acked, ack.Seq)
	}
	return nil
}

// wire carries calls to a hub without a network, while it is up.
type wire struct {
	hub  *Hub
	mu   sync.Mutex
	down bool
}

func (w *wire) set(down bool) { w.mu.Lock(); defer w.mu.Unlock(); w.down = down }

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (answer *http.Response, err error) {
	w.mu.Lock()
	down := w.down
	w.mu.Unlock()
	if down {
		return nil, fmt.Errorf("connection refused")
	}
	defer func() {
		if recover() != nil { // http.ErrAbortHandler: the answer is lost
			answer, err = nil, fmt.Errorf("connection reset")
		}
	}()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	w.hub.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}

// TestReconciler_HubUpHalfOfTheTime: a virtual hour in which the hub is there half of the time at random and, when it
// is, loses, doubles and reorders: what it says arrives, and what was used is billed once.
func TestReconciler_HubUpHalfOfTheTime(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		hub, err := Open(Options{Dir: dir, ServiceKey: tenancy.NewSecret(serviceKey), Chance: rand.New(rand.NewPCG(3, 4)).Float64})
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now().UTC()
		user := userRow{ID: "usr_1", Email: "a@example.org", Plan: "free", Status: tenancy.StatusActive, CreatedAt: now, LimitVersion: 1, Changed: 1}
		if err := hub.write(func(*state) (*change, error) { return &change{Users: []userRow{user}}, nil }); err != nil {
			t.Fatal(err)
		}
		w := &wire{hub: hub}
		client, err := hivehub.New(hivehub.Config{URL: "http://hub.test", ServiceKey: tenancy.NewSecret(serviceKey), Transport: w})
		if err != nil {
			t.Fatal(err)
		}
		m := &memory{users: map[string]hivehub.UserRow{}, keys: map[string]hivehub.KeyRow{}, report: hivehub.UsageReport{ClusterID: "c1", UserID: user.ID, Period: now.Format("2006-01")}}
		reconciler, err := hivehub.NewReconciler(hivehub.ReconcilerConfig{Client: client, Machine: m, Proposer: m})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- reconciler.Run(ctx) }()

		used := uint64(0)
		version := uint64(1)
		for minute := range 60 {
			hub.faults.set(faults{Drop: 0.2, Duplicate: 0.3, Reorder: 0.3})
			w.set(random.IntN(2) == 0)
			m.mu.Lock()
			m.report.Seq++
			m.report.Totals.Requests += 100
			used += 100
			m.mu.Unlock()
			if minute%5 == 0 {
				plan := []string{"free", "pro"}[minute/5%2]
				if _, err := hub.changeUser(user.ID, patch{Plan: &plan}); err != nil {
					t.Error(err)
				}
				version++
			}
			time.Sleep(time.Minute)
			if row, ok := m.User(user.ID); ok && row.LimitVersion > version {
				t.Errorf("version %d of %d", row.LimitVersion, version)
			}
		}
		w.set(false)
		hub.faults.clear()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		row, _ := m.User(user.ID)
		if row.LimitVersion != version || reconciler.Status().State != hivehub.StateFresh {
			t.Errorf("%+v, %+v", row, reconciler.Status())
		}
		if rows := hub.state.usageRows(""); len(rows) != 1 || rows[0].Totals.Requests != used {
			t.Errorf("billed %+v, used %d", rows, used)
		}
		t.Logf("%d calls in 62 minutes, %+v", client.CallsSent(), reconciler.Status().Counts)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		client.Close()
		if err := hub.Close(); err != nil {
			t.Error(err)
		}
	})
}
