package ledger

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/hivellm/nexus/tenancy"
)

// EncodeCluster is the stored form of the ledger's own part. Equal values give equal bytes.
func EncodeCluster(c *Cluster) ([]byte, error) {
	w := newWriter()
	w.uint(c.Seq)
	w.period(c.Period)
	w.node(c.LastNode)
	writeList(w, c.Nodes, func(w *writer, n Node) {
		w.node(n.Number)
		w.text(n.ID)
		w.uints(n.Incarnation, n.Renewed, n.RenewedSeq, n.Confirmed, n.ExpiredSeq, n.JoinedSeq, n.FlooredSeq)
		w.bool(n.Departed)
	})
	return w.finish("the ledger's cluster", c.check())
}

// DecodeCluster reads what EncodeCluster wrote. Its errors wrap ErrFormat.
func DecodeCluster(data []byte) (*Cluster, error) {
	return decode("the ledger's cluster", data, func(r *reader) *Cluster {
		return &Cluster{Seq: r.uint(), Period: r.period(), LastNode: r.node(), Nodes: readList(r, MaxNodes, func(r *reader) Node {
			return Node{
				Number: r.node(), ID: r.text(MaxNodeID), Incarnation: r.uint(), Renewed: r.uint(), RenewedSeq: r.uint(), Confirmed: r.uint(),
				ExpiredSeq: r.uint(), JoinedSeq: r.uint(), FlooredSeq: r.uint(), Departed: r.bool(),
			}
		})}
	}, EncodeCluster)
}

func (c *Cluster) check() error {
	if c.Period != 0 && !c.Period.Valid() {
		return fmt.Errorf("period %d", c.Period)
	}
	for i, n := range c.Nodes {
		if n.Number == 0 || n.Number > c.LastNode || i > 0 && c.Nodes[i-1].Number >= n.Number || !checkNodeID(n.ID) {
			return fmt.Errorf("node %d: numbers or id out of order", n.Number)
		}
		if max(n.RenewedSeq, n.Confirmed, n.ExpiredSeq, n.JoinedSeq, n.FlooredSeq) > c.Seq {
			return fmt.Errorf("node %d: a tick that is still to come", n.Number)
		}
	}
	return nil
}

// EncodeBook is the stored form of a tenant's book. Equal books give equal bytes.
func EncodeBook(b *Book) ([]byte, error) {
	w := newWriter()
	w.tenant(b.Tenant)
	writeList(w, b.Months, writeMonth)
	w.rate(b.Floor.Rate)
	w.uint(b.Floor.Seq)
	writeList(w, b.Shares, func(w *writer, s Share) {
		w.node(s.Node)
		w.rate(s.Rate)
		w.rate(s.Held)
		w.uints(s.Seq, s.Fill)
	})
	return w.finish("a book", b.check())
}

func writeMonth(w *writer, m Month) {
	w.period(m.Period)
	w.uints(m.Seq, m.Acked)
	w.totals(m.Totals)
	w.units(m.Lost)
	w.uints(m.Storage.PeakBytes, m.Storage.LastBytes, uint64(m.Storage.LastMs), uint64(m.Storage.SinceMs), m.Storage.high, m.Storage.low)
	writeList(w, m.Leases, func(w *writer, l Lease) {
		w.node(l.Node)
		w.uint(l.Incarnation)
		w.units(l.Granted)
		w.units(l.Returned)
		w.units(l.Drawn)
		w.totals(l.Spent)
		w.bool(l.Closed)
	})
}

// DecodeBook reads what EncodeBook wrote. Its errors wrap ErrFormat.
func DecodeBook(data []byte) (*Book, error) {
	return decode("a book", data, func(r *reader) *Book {
		return &Book{
			Tenant: r.tenant(), Months: readList(r, MaxMonths, readMonth), Floor: Floor{Rate: r.rate(), Seq: r.uint()},
			Shares: readList(r, MaxNodes, func(r *reader) Share {
				return Share{Node: r.node(), Rate: r.rate(), Held: r.rate(), Seq: r.uint(), Fill: r.uint()}
			}),
		}
	}, EncodeBook)
}

func readMonth(r *reader) Month {
	return Month{
		Period: r.period(), Seq: r.uint(), Acked: r.uint(), Totals: r.totals(), Lost: r.units(),
		Storage: Storage{
			PeakBytes: r.uint(), LastBytes: r.uint(), LastMs: int64(r.uint()), SinceMs: int64(r.uint()), high: r.uint(), low: r.uint(),
		},
		Leases: readList(r, MaxNodes, func(r *reader) Lease {
			return Lease{
				Node: r.node(), Incarnation: r.uint(), Granted: r.units(), Returned: r.units(), Drawn: r.units(), Spent: r.totals(), Closed: r.bool(),
			}
		}),
	}
}

func (b *Book) check() error {
	if b.Tenant == (tenancy.ID{}) || len(b.Months) == 0 || len(b.Months) > MaxMonths {
		return errors.New("a book without a tenant, without a month, or with too many")
	}
	for i, m := range b.Months {
		if !m.Period.Valid() || i > 0 && b.Months[i-1].Period >= m.Period || m.Acked > m.Seq || m.Storage.LastMs < 0 || m.Storage.SinceMs < 0 {
			return fmt.Errorf("tenant %s, period %d: a number is out of range", b.Tenant, m.Period)
		}
		if err := checkList("leases", m.Leases, func(a, b Lease) int { return cmp.Compare(a.Node, b.Node) }, Lease.check); err != nil {
			return fmt.Errorf("tenant %s, period %s: %w", b.Tenant, m.Period, err)
		}
	}
	check := func(s Share) bool { return s.Node != 0 && s.Fill <= MaxBurst }
	return checkList("shares", b.Shares, func(a, b Share) int { return cmp.Compare(a.Node, b.Node) }, check)
}

func (l Lease) check() bool {
	return l.Node != 0 && l.Incarnation != 0 && l.Spent.check() && l.Returned.plus(l.Drawn).minus(l.Granted) == Units{}
}
