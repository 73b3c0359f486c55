package ledger

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/hivellm/nexus/tenancy"
)

func TestPlanner_TheHubsWordsGoIntoATick(t *testing.T) {
	s := newSteps(t, limitsOf(none, none, of(100), none))
	p := NewPlanner(LeaseDuration, 0)
	p.Observe(nil, 0)
	p.Observe(s.state.cluster, 0)
	for _, turn := range []Turn{{sampleTenant, 202609}, {sampleTenant, 202610}, {secondTenant, 202610}} {
		if err := p.Turn(turn); err != nil {
			t.Fatal(err)
		}
	}
	for _, ack := range []Ack{{sampleTenant, 202609, 3}, {sampleTenant, 202609, 7}, {sampleTenant, 202608, 1}} {
		if err := p.Ack(ack); err != nil {
			t.Fatal(err)
		}
	}
	if at, due := p.Due(s.state, 5); !due || at != 5 {
		t.Errorf("due at %d, %t", at, due)
	}
	tick := p.Plan(s.state, 5)
	if len(tick.Turns) != 2 || tick.Turns[0].Period != 202610 || len(tick.Acks) != 2 || tick.Acks[1].Seq != 7 || tick.Check() != nil {
		t.Errorf("%+v", tick)
	}
	s.apply(&Tick{Period: 202609})
	if tick := p.Plan(s.state, 6); tick != nil {
		t.Errorf("a tick about nothing: %+v", tick)
	}
}

func TestPlanner_WhatWaitsIsBounded(t *testing.T) {
	p := NewPlanner(LeaseDuration, 0)
	report := &Report{Node: "a", Incarnation: 1, Seq: 1}
	until := func(name string, f func() error) {
		for range MaxTickItems {
			if err := f(); err != nil {
				if !errors.Is(err, ErrBusy) {
					t.Errorf("%s: %v", name, err)
				}
				return
			}
		}
		t.Errorf("%s: no bound", name)
	}
	until("reports", func() error { return p.Report(report, 0) })
	until("turns", func() error { return p.Turn(Turn{sampleTenant, 202610}) })
	until("acks", func() error { return p.Ack(Ack{sampleTenant, 202610, 1}) })
}

func TestPlanner_NoGrantAndNoShareForWhoIsSuspended(t *testing.T) {
	w := newWorld([]tenancy.Limits{limitsOf(of(100), of(200), of(1000), none)}, 3, false, t.Fatalf)
	w.settleIn()
	w.append(func(m *machineState) {
		account := *m.accounts[sampleTenant]
		account.Status = tenancy.StatusSuspended
		m.accounts[sampleTenant] = &account
	})
	w.load(w.tenants[0], 100, 3, w.nodes...)
	if b := w.top().books[sampleTenant]; b != nil && (len(b.Shares) > 0 || b.last().Committed() != (Units{})) {
		t.Errorf("%+v", b)
	}
}

func TestPlanner_ForgetsWhomNobodyAsksFor(t *testing.T) {
	w := newWishes(0)
	for n := range uint64(200) {
		w.of(tenancy.IDFromNumber(n+1), Rate{100_000_000, 200}, false, 0).nodes = []nodeWish{{node: 1, at: 0}}
	}
	for range 10 {
		w.sweep(int64(LeaseWait) - 1)
	}
	if w.tenants.Len() != 200 {
		t.Errorf("%d left too early", w.tenants.Len())
	}
	for range 10 {
		w.sweep(int64(LeaseWait) + 1)
	}
	if w.tenants.Len() != 0 {
		t.Errorf("%d are never forgotten", w.tenants.Len())
	}
}

func TestPlanner_BeyondItsBoundNothingCountsAsUnused(t *testing.T) {
	w := newWishes(0)
	for n := range uint64(maxWishes) {
		w.of(tenancy.IDFromNumber(n+1), Rate{Micro, 1}, false, 1<<40)
	}
	x := w.of(tenancy.IDFromNumber(maxWishes+1), Rate{Micro, 1}, false, 1<<40)
	if _, n := x.pace.Take(x.pool, 1<<40, 1); n != 0 || w.tenants.Len() != maxWishes || w.since != 1<<40 {
		t.Errorf("%d taken, %d remembered", n, w.tenants.Len())
	}
}

// Demands beyond all sums are divided without overflow.
func TestDivision_FewBurstsGoToTheGreatestDemand(t *testing.T) {
	c := &Cluster{Seq: 1, LastNode: 3, Nodes: []Node{{Number: 1, FlooredSeq: 1}, {Number: 2, FlooredSeq: 1}, {Number: 3, FlooredSeq: 1}}}
	x := &wish{nodes: []nodeWish{{node: 1, demand: 5}, {node: 2, demand: math.MaxInt64}, {node: 3, demand: 7}}}
	d := division{cluster: c, book: &Book{Tenant: sampleTenant}, bucket: Rate{10 * Micro, 2}, wish: x}
	bursts, rates := d.parts(d.bucket)
	if bursts[0] != 0 || rates[0] != 0 || bursts[1]+bursts[2] != 2 || rates[1] < 9*Micro || rates[1]+rates[2] > 10*Micro {
		t.Errorf("%v %v", bursts, rates)
	}
}

func TestAllowance_Wait(t *testing.T) {
	a := AllowanceOf(Rate{}, Rate{100_000_000, 200}, forever)
	if wait := a.Wait(a.pace.Empty(0), 0); wait != 10_000_000 {
		t.Errorf("%d", wait)
	}
	if wait := Unlimited().Wait(0, 0); wait != 0 {
		t.Errorf("%d", wait)
	}
	if wait := AllowanceOf(Rate{}, Rate{}, 0).Wait(0, 0); wait != math.MaxInt64 {
		t.Errorf("%d", wait)
	}
	if next := a.Replace(5, 9, Unlimited(), 0); next != 0 {
		t.Errorf("%d", next)
	}
	if next := Unlimited().Replace(0, 9, a, 7); a.pace.level(next, 9) != 0 {
		t.Errorf("%d", next)
	}
}

func TestRefusedError_SaysWhat(t *testing.T) {
	err := &RefusedError{Item: "grant", Tenant: sampleTenant, Node: 3, Err: ErrNothingLeft}
	if !errors.Is(err, ErrNothingLeft) || !strings.Contains(err.Error(), `grant of tenant "t1", node 3`) {
		t.Error(err)
	}
}

func TestEncode_RefusesWhatContradictsItself(t *testing.T) {
	for name, change := range map[string]func(*Cluster){
		"period": func(c *Cluster) { c.Period = 13 },
		"number": func(c *Cluster) { c.Nodes[1].Number = 1 },
		"future": func(c *Cluster) { c.Nodes[0].Confirmed = 901 },
	} {
		c := sampleCluster()
		change(c)
		if _, err := EncodeCluster(c); err == nil {
			t.Errorf("cluster: %s: encoded", name)
		}
	}
	for name, change := range map[string]func(*Book){
		"nobody":   func(b *Book) { b.Tenant = tenancy.ID{} },
		"empty":    func(b *Book) { b.Months = nil },
		"order":    func(b *Book) { b.Months[0].Period = 202612 },
		"acked":    func(b *Book) { b.Months[1].Acked = 9 },
		"returned": func(b *Book) { b.Months[1].Leases[0].Returned.Requests = 91 },
		"leases":   func(b *Book) { b.Months[1].Leases[1].Node = 1 },
		"shares":   func(b *Book) { b.Shares = append(b.Shares, b.Shares[0]) },
	} {
		b := sampleBook()
		change(b)
		if _, err := EncodeBook(b); err == nil {
			t.Errorf("book: %s: encoded", name)
		}
	}
}

func TestClock_RemembersALimitedTime(t *testing.T) {
	var c Clock
	cluster := &Cluster{Seq: 1, LastNode: 1, Nodes: []Node{{Number: 1, ID: "a", Incarnation: 1, FlooredSeq: 1}}}
	for i := range int64(2 * momentsKept) {
		cluster.Seq++
		c.Saw(cluster, "a", 1, i*momentsEvery)
	}
	if len(c.applied) != momentsKept || c.FloorSince(0, math.MaxInt64) != c.applied[0].at {
		t.Errorf("%d moments", len(c.applied))
	}
}
