package ledger

import (
	"errors"
	"testing"

	"github.com/hivellm/nexus/tenancy"
)

var none, of = tenancy.NoLimit(), tenancy.LimitOf

func cluster3(t *testing.T, limits ...tenancy.Limits) *world {
	t.Helper()
	w := newWorld(limits, 3, false, t.Fatalf)
	w.settleIn()
	return w
}

// settleIn lets everybody join and get a floor.
func (w *world) settleIn() {
	for range 8 {
		w.round(1_000_000_000, 1)
	}
}

// load sends requests of a tenant to nodes, a second's in ten parts, with a working network between.
func (w *world) load(t *truth, perSecond int, seconds int, nodes ...*rigNode) (rated int) {
	before := t.rated
	for range seconds * 10 {
		for _, n := range nodes {
			for range perSecond / 10 {
				n.request(t, false)
			}
		}
		w.round(100_000_000, 1)
	}
	return t.rated - before
}

// load0 is load in steps of 10 ms.
func (w *world) load0(t *truth, seconds int, nodes ...*rigNode) (rated int) {
	before := t.rated
	for range seconds * 100 {
		for _, n := range nodes {
			for range 3 {
				n.request(t, false)
			}
		}
		w.round(10_000_000, 1)
	}
	return t.rated - before
}

func TestScenario_OneNodeAloneGetsTheRate(t *testing.T) {
	for _, l := range []tenancy.Limits{limitsOf(of(100), of(200), none, none), limitsOf(of(10), of(20), none, none), limitsOf(of(20), of(4), none, none)} {
		w := cluster3(t, l)
		tenant := w.tenants[0]
		w.load0(tenant, 10, w.nodes...)
		w.load0(tenant, 20, w.nodes[1])
		got := w.load0(tenant, 10, w.nodes[1])
		rate, _ := l.RequestsPerSecond.Number()
		if got*10 < int(rate)*10*9 {
			t.Errorf("rate %d: one node alone was admitted %d in ten seconds", rate, got)
		}
		t.Logf("rate %d: one node alone %d, all three %d in ten seconds", rate, got, w.load0(tenant, 10, w.nodes...))
	}
}

func TestScenario_ASilentNodesShareIsWaitedFor(t *testing.T) {
	w := cluster3(t, limitsOf(of(100), of(200), none, none))
	tenant := w.tenants[0]
	w.load0(tenant, 5, w.nodes[2])
	w.nodes[2].cut = true
	early := w.load0(tenant, 5, w.nodes[0])
	w.load0(tenant, 15, w.nodes[0])
	late := w.load0(tenant, 10, w.nodes[0])
	if early > 100 || late < 900 {
		t.Errorf("beside a silent holder %d in five seconds, after its lease %d in ten", early, late)
	}
}

func TestScenario_TheWholeMonthCanBeSpentAndNotMore(t *testing.T) {
	w := cluster3(t, limitsOf(none, none, of(5000), none))
	tenant := w.tenants[0]
	w.load(tenant, 300, 3, w.nodes...)
	w.nodes[1].stop(false)
	w.load(tenant, 300, 3, w.nodes...)
	w.nodes[1].start(2)
	w.load(tenant, 300, 30, w.nodes...)
	var admitted uint64
	for _, units := range tenant.admitted {
		admitted += units.Requests
	}
	if admitted < 4950 || admitted > 5000 {
		t.Errorf("%d of 5000 admitted", admitted)
	}
	t.Logf("%d of 5000 admitted, %d entries", admitted, w.entries)
}

func TestScenario_AnIdleClusterWritesNothing(t *testing.T) {
	w := cluster3(t, modelTenants()...)
	for _, tenant := range w.tenants {
		w.load(tenant, 20, 1, w.nodes...)
	}
	for range 60 {
		w.round(1_000_000_000, 1)
	}
	before := w.entries
	for range 600 {
		w.round(1_000_000_000, 1)
	}
	if w.entries != before {
		t.Errorf("%d entries in ten idle minutes", w.entries-before)
	}
	for _, b := range w.top().books {
		if len(b.Shares) != 0 || b.last().Committed() != b.last().Totals.Units() {
			t.Errorf("an idle tenant's book: %+v", b)
		}
	}
}

func TestScenario_FloorsOutliveTheLeader(t *testing.T) {
	w := cluster3(t, limitsOf(of(100), of(200), none, none))
	w.round(20_000_000_000, 1)
	w.elect(nil)
	for _, n := range w.nodes {
		n.freshAt = n.now()
		n.request(w.tenants[0], false)
	}
	if w.tenants[0].rated != 3 {
		t.Errorf("%d of 3 nodes admitted a read without a leader", w.tenants[0].rated)
	}
}

func TestScenario_AnIdleTenantsBurstIsThere(t *testing.T) {
	w := cluster3(t, limitsOf(of(100), of(200), none, none))
	if got := w.load0(w.tenants[0], 2, w.nodes[0]); got < 300 {
		t.Errorf("%d admitted in the first two seconds after a pause: burst 200, rate 100", got)
	}
}

func TestScenario_ALoweredLimitIsRecalled(t *testing.T) {
	w := cluster3(t, limitsOf(none, none, of(3000), none))
	tenant := w.tenants[0]
	w.load(tenant, 30, 2, w.nodes...)
	used := *tenant.admitted[PeriodOf(w.wallMs)]
	w.append(func(m *machineState) {
		account := *m.accounts[tenant.id]
		account.Limits.RequestsPerMonth = of(used.Requests + 10)
		m.accounts[tenant.id] = &account
	})
	w.round(1_100_000_000, 3)
	w.load(tenant, 300, 20, w.nodes...)
	if got := tenant.admitted[PeriodOf(w.wallMs)].Requests; got != used.Requests+10 {
		t.Errorf("%d admitted under a limit that was lowered to %d", got, used.Requests+10)
	}
}

func TestScenario_ARemovedNodesLeaseIsLostAndNotBilled(t *testing.T) {
	w := cluster3(t, limitsOf(none, none, of(3000), none))
	tenant := w.tenants[0]
	w.load(tenant, 30, 2, w.nodes...)
	w.round(1_100_000_000, 2)
	for range 7 {
		w.nodes[2].request(tenant, false)
	}
	w.remove(w.nodes[2])
	w.load(tenant, 1000, 20, w.nodes[0], w.nodes[1])
	m := *w.top().books[tenant.id].last()
	admitted := tenant.admitted[m.Period].Requests
	if m.Totals.Requests+7 != admitted || m.Lost.Requests < 7 || m.Committed().Requests != 3000 {
		t.Errorf("admitted %d, billed %d, lost %d, committed %d", admitted, m.Totals.Requests, m.Lost.Requests, m.Committed().Requests)
	}
}

// A word that comes late speaks of a share that its node has long given up, and has been given anew.
func TestScenario_ALateGiveUpDoesNotFreeANewShare(t *testing.T) {
	w := cluster3(t, limitsOf(of(100), of(200), none, none))
	tenant := w.tenants[0]
	w.load0(tenant, 2, w.nodes[0])
	state := w.top()
	share := state.books[tenant.id].Shares[0]
	change, err := Apply(state, &Tick{GiveUps: []GiveUp{{tenant.id, share.Node, share.Seq - 1}}})
	if err != nil || len(change.Refused) != 1 || !errors.Is(change.Refused[0], ErrStale) || change.Books[0].Shares[0].Rate != share.Rate {
		t.Errorf("%v, %+v", err, change)
	}
}

func TestScenario_APeriodTurnsForAll(t *testing.T) {
	w := cluster3(t, limitsOf(none, none, of(100), none))
	tenant := w.tenants[0]
	w.load(tenant, 100, 5, w.nodes...)
	w.wallMs += 31 * 24 * 3_600_000
	w.load(tenant, 100, 5, w.nodes...)
	if len(tenant.admitted) != 2 {
		t.Fatalf("admitted in %d periods", len(tenant.admitted))
	}
	for period, units := range tenant.admitted {
		if m, _ := w.top().books[tenant.id].Month(period); units.Requests != 100 || m.Totals.Requests != 100 {
			t.Errorf("%s: admitted %d, billed %d of 100", period, units.Requests, m.Totals.Requests)
		}
	}
}
