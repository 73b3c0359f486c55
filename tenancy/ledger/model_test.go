package ledger

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/hivellm/nexus/tenancy"
)

func limitsOf(rate, burst, requests, writes tenancy.Limit) tenancy.Limits {
	return tenancy.Limits{RequestsPerSecond: rate, Burst: burst, RequestsPerMonth: requests, WritesPerMonth: writes}
}

func modelTenants() []tenancy.Limits {
	n := tenancy.LimitOf
	none := tenancy.NoLimit()
	return []tenancy.Limits{
		limitsOf(n(10), n(20), n(400), n(100)),
		limitsOf(n(100), n(200), n(5000), none),
		limitsOf(n(5), n(4), none, n(60)),
		limitsOf(none, none, n(3000), n(3000)),
		limitsOf(none, n(3), none, none),
	}
}

// options say what a model may do.
type options struct{ skew, power, members, limits, periods bool }

// drive plays a random history.
func drive(t *rapid.T, o options) *world {
	w := newWorld(modelTenants(), 3, o.skew, t.Fatalf)
	steps := rapid.IntRange(100, 400).Draw(t, "steps")
	for range steps {
		w.step(t, o)
	}
	return w
}

// step plays one thing. Its weights keep a cluster alive for most of the time.
func (w *world) step(t *rapid.T, o options) {
	pick := func(name string, n int) int { return rapid.IntRange(0, n-1).Draw(t, name) }
	node := w.nodes[pick("node", len(w.nodes))]
	switch what := pick("what", 40); {
	case what < 12:
		tenant := w.tenants[pick("tenant", len(w.tenants))]
		write := pick("write", 3) == 0
		for range 1 + pick("requests", 60) {
			node.request(tenant, write)
		}
	case what < 24:
		w.round(int64(1+pick("ms", 1500))*1_000_000, 1+pick("rounds", 3))
	case what < 26:
		w.now += int64(1+pick("ms", 12_000)) * 1_000_000
	case what < 29:
		node.control()
	case what < 31:
		if len(w.inFlight) > 0 {
			w.deliver(pick("report", len(w.inFlight)), pick("keep", 3) == 0)
			w.plan()
		}
	case what < 32:
		if len(w.inFlight) > 0 {
			i := pick("report", len(w.inFlight))
			w.inFlight = append(w.inFlight[:i:i], w.inFlight[i+1:]...)
		}
	case what < 33:
		node.catchUp(1 + pick("entries", 3))
	case what < 34:
		node.cut = !node.cut
	case what < 36:
		w.killOrStart(t, node, o)
	case what < 38:
		w.changeLeader(t)
	default:
		w.rare(t, o, node)
	}
	if len(w.inFlight) > 100 {
		w.inFlight = w.inFlight[50:]
	}
}

// round lets time pass with a working network: contact, control, delivery, a tick.
func (w *world) round(ns int64, rounds int) {
	for range rounds {
		w.now += ns
		w.wallMs += ns / 1_000_000
		for _, n := range w.nodes {
			n.contact()
			n.control()
		}
		for len(w.inFlight) > 0 {
			w.deliver(0, false)
		}
		w.plan()
	}
}

func (w *world) killOrStart(t *rapid.T, node *rigNode, o options) {
	if node.removed {
		return
	}
	if !node.dead {
		node.stop(o.power && rapid.IntRange(0, 3).Draw(t, "power") == 0)
		if w.leader == node {
			w.elect(nil)
		}
		return
	}
	node.start(rapid.IntRange(0, 4).Draw(t, "lag"))
}

func (w *world) changeLeader(t *rapid.T) {
	if rapid.IntRange(0, 2).Draw(t, "no leader") == 0 {
		w.elect(nil)
		return
	}
	n := w.nodes[rapid.IntRange(0, len(w.nodes)-1).Draw(t, "leader")]
	if !n.dead && !n.removed && !n.cut {
		w.elect(n)
	}
}

func (w *world) rare(t *rapid.T, o options, node *rigNode) {
	switch rapid.IntRange(0, 3).Draw(t, "rare") {
	case 0:
		if o.members && len(w.nodes) < 7 {
			w.addNode()
		}
	case 1:
		if living := w.living(); o.members && !node.removed && living > 2 {
			w.remove(node)
			if w.leader == node {
				w.elect(nil)
			}
		}
	case 2:
		if o.periods {
			w.wallMs += 31 * 24 * 3_600_000
		}
	case 3:
		if o.limits {
			w.moveLimits(t)
		}
	}
}

func (w *world) living() (n int) {
	for _, node := range w.nodes {
		if !node.removed {
			n++
		}
	}
	return n
}

func (w *world) moveLimits(t *rapid.T) {
	tenant := w.tenants[rapid.IntRange(0, len(w.tenants)-1).Draw(t, "tenant")]
	limit := func(name string) tenancy.Limit {
		return tenancy.LimitOf(rapid.Uint64Range(0, 3000).Draw(t, name))
	}
	requests, writes := limit("requests"), limit("writes")
	w.append(func(m *machineState) {
		account := *m.accounts[tenant.id]
		if !account.Limits.RequestsPerMonth.None() {
			account.Limits.RequestsPerMonth = requests
		}
		if !account.Limits.WritesPerMonth.None() {
			account.Limits.WritesPerMonth = writes
		}
		m.accounts[tenant.id] = &account
	})
}

// heal starts what is down, joins what is cut, and lets everything be settled.
func (w *world) heal() {
	for _, n := range w.nodes {
		n.cut = false
		if n.dead && !n.removed {
			n.start(0)
		}
	}
	for _, n := range w.nodes {
		if !n.removed {
			w.elect(n)
			break
		}
	}
	for range 40 {
		w.round(1_100_000_000, 1)
	}
}

// checkSettled compares what is billed with what was admitted.
func (w *world) checkSettled() {
	for _, t := range w.tenants {
		book := w.top().books[t.id]
		for period, admitted := range t.admitted {
			var m Month
			if book == nil && !t.lossy {
				w.fail("tenant %s was admitted and has no book", t.id)
			}
			if book != nil {
				found, ok := book.Month(period)
				if !ok {
					continue // four months later nobody looks at it
				}
				m = found
			}
			billed := m.Totals.Units()
			if billed.minus(*admitted) != (Units{}) {
				w.fail("tenant %s %s: billed %+v, admitted %+v", t.id, period, billed, *admitted)
			}
			if !t.lossy && billed != *admitted {
				w.fail("tenant %s %s: billed %+v, admitted %+v, and nothing was lost\n%+v", t.id, period, billed, *admitted, m)
			}
			if m.Totals.BytesOut != m.Totals.Requests*10 || m.Totals.Reads+m.Totals.Writes != m.Totals.Requests {
				w.fail("tenant %s %s: totals do not fit together: %+v", t.id, period, m.Totals)
			}
		}
	}
}

func model(t *testing.T, o options) {
	admitted := 0
	rapid.Check(t, func(t *rapid.T) {
		w := drive(t, o)
		w.heal()
		w.checkSettled()
		for _, tenant := range w.tenants {
			for _, units := range tenant.admitted {
				admitted += int(units.Requests)
			}
		}
	})
	if admitted == 0 {
		t.Fatal("nothing was ever admitted: the model checks nothing")
	}
	t.Logf("%d requests admitted", admitted)
}

// Kills, partitions, lost, late, doubled and reordered reports, leaders that change or are away.
func TestModel_Faults(t *testing.T) { model(t, options{}) }

// Clocks that run at different rates.
func TestModel_Skew(t *testing.T) { model(t, options{skew: true}) }

// Power losses, and members that come and go.
func TestModel_Members(t *testing.T) { model(t, options{power: true, members: true}) }

// Limits of periods that move, and periods that turn.
func TestModel_LimitsAndPeriods(t *testing.T) {
	model(t, options{limits: true, periods: true, power: true})
}
