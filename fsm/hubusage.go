package fsm

import (
	"cmp"
	"slices"

	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

// Outbox implements hivehub.Machine: of every month of a hub's tenant, dropped ones too, the totals that the hub has not
// acknowledged.
func (h Hub) Outbox(after hivehub.OutboxPlace, limit int) []hivehub.UsageReport {
	now := h.now()
	var list []hivehub.UsageReport
	now.ledger.books.Scan(func(number uint64, book *ledger.Book) bool {
		t, ok := now.registry.tenants.Get(number)
		if !ok || t.account.UserID == "" {
			return true
		}
		for i := range book.Months {
			if m := &book.Months[i]; m.Acked < m.Seq {
				list = append(list, reportOf(now.cluster.id, t, m))
			}
		}
		return true
	})
	slices.SortFunc(list, func(a, b hivehub.UsageReport) int { return comparePlaces(placeOf(&a), placeOf(&b)) })
	from, _ := slices.BinarySearchFunc(list, after, func(r hivehub.UsageReport, place hivehub.OutboxPlace) int {
		return cmp.Or(comparePlaces(placeOf(&r), place), -1) // behind the place itself
	})
	return list[from:min(from+limit, len(list))]
}

// Waiting counts what the hub has not acknowledged yet.
func (h Hub) Waiting() (count int) {
	now := h.now()
	now.ledger.books.Scan(func(number uint64, book *ledger.Book) bool {
		if t, ok := now.registry.tenants.Get(number); ok && t.account.UserID != "" {
			for i := range book.Months {
				if book.Months[i].Acked < book.Months[i].Seq {
					count++
				}
			}
		}
		return true
	})
	return count
}

func placeOf(r *hivehub.UsageReport) hivehub.OutboxPlace {
	return hivehub.OutboxPlace{UserID: r.UserID, Period: r.Period}
}

func comparePlaces(a, b hivehub.OutboxPlace) int {
	return cmp.Or(cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.Period, b.Period))
}

func reportOf(clusterID string, t *tenant, m *ledger.Month) hivehub.UsageReport {
	totals := m.Totals
	return hivehub.UsageReport{
		ClusterID: clusterID, UserID: t.account.UserID, Period: m.Period.String(), Seq: m.Seq, State: t.usage.load(),
		Totals: hivehub.UsageTotals{
			Requests: totals.Requests, Reads: totals.Reads, Writes: totals.Writes, RowsOut: totals.RowsOut,
			BytesIn: totals.BytesIn, BytesOut: totals.BytesOut, ComputeMs: totals.ComputeMs,
		},
	}
}

// hubLedger tells the ledger what the hub said: periods that began, and usage that it holds.
func (b *batch) hubLedger(c *hivehub.Change) {
	tick := &ledger.Tick{Turns: b.turns(c.Users), Acks: b.acks(c.Acks)}
	if !tick.Empty() {
		b.tick(tick)
	}
}

// turns are the periods that users' rows begin for their tenants.
func (b *batch) turns(rows []hivehub.UserRow) []ledger.Turn {
	var turns []ledger.Turn
	for i := range rows {
		user, ok := b.state.hub.users.Get(rows[i].UserID)
		if !ok || user.tenant.IsZero() {
			continue
		}
		period, err := ledger.ParsePeriod(user.row.Period)
		if err != nil || period <= b.running(user.tenant) {
			continue // none is named, or it runs
		}
		turns = append(turns, ledger.Turn{Tenant: user.tenant, Period: period})
	}
	slices.SortFunc(turns, func(x, y ledger.Turn) int { return x.Tenant.Compare(y.Tenant) })
	return slices.CompactFunc(turns, func(x, y ledger.Turn) bool { return x.Tenant == y.Tenant })
}

// running is the period that runs for a hub's tenant.
func (b *batch) running(id tenancy.ID) ledger.Period {
	t, ok := b.state.tenants.Get(id.Number())
	if !ok {
		return 0
	}
	book, ok := b.state.ledger.books.Get(id.Number())
	if !ok {
		book = ledger.Birth(t.account)
	}
	return book.Running(b.state.ledger.cluster, t.account)
}

// acks are what the hub holds, by tenant and period; an acknowledgement of what nobody asks for any more is none.
func (b *batch) acks(list []hivehub.UsageAck) []ledger.Ack {
	var acks []ledger.Ack
	for i := range list {
		period, err := ledger.ParsePeriod(list[i].Period)
		if err != nil {
			continue
		}
		if id := b.tenantOf(list[i].UserID, period); !id.IsZero() {
			acks = append(acks, ledger.Ack{Tenant: id, Period: period, Seq: list[i].Seq})
		}
	}
	slices.SortFunc(acks, func(x, y ledger.Ack) int {
		return cmp.Or(x.Tenant.Compare(y.Tenant), cmp.Compare(x.Period, y.Period), cmp.Compare(y.Seq, x.Seq))
	})
	return slices.CompactFunc(acks, func(x, y ledger.Ack) bool { return x.Tenant == y.Tenant && x.Period == y.Period })
}

// tenantOf finds which tenant of a user has a month: the user's own, or one that was dropped; in a period it is one only.
func (b *batch) tenantOf(userID string, period ledger.Period) (found tenancy.ID) {
	if user, ok := b.state.hub.users.Get(userID); ok {
		if book, ok := b.state.ledger.books.Get(user.tenant.Number()); ok {
			if _, ok := book.Month(period); ok {
				return user.tenant
			}
		}
	}
	b.state.ledger.books.Scan(func(number uint64, book *ledger.Book) bool {
		t, ok := b.state.tenants.Get(number)
		if ok && t.account.UserID == userID && userID != "" {
			if _, ok := book.Month(period); ok {
				found = book.Tenant
			}
		}
		return found.IsZero()
	})
	return found
}
