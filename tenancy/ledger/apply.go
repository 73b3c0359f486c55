package ledger

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
)

// View is what a step looks at: the machine as it is before the tick. Its answers depend on the log alone and are not
// changed by anybody.
type View interface {
	// Cluster is the ledger's own part; nil before the first tick.
	Cluster() *Cluster
	// Book is a tenant's book, nil where it has none yet.
	Book(id tenancy.ID) *Book
	// Account is a tenant that is not deleted.
	Account(id tenancy.ID) (*tenancy.Account, bool)
	// StorageBytes is what a tenant's databases hold.
	StorageBytes(id tenancy.ID) uint64
	// LogTimeMs is the capped clock, in Unix milliseconds.
	LogTimeMs() int64
}

// Change is what a tick makes of the ledger: to be stored in the place of what was there.
type Change struct {
	Cluster *Cluster
	// Books that were touched, by tenant.
	Books []*Book
	// Refused are the items that were not taken, each for itself; the others stand. At most as many as the tick has items.
	Refused []*RefusedError
}

// Why an item of a tick is not taken. None of them is a fault: reports come late and twice.
var (
	// ErrNode says that the node is unknown or departed.
	ErrNode = errors.New("no such node")
	// ErrIncarnation says that the incarnation is over, or not open yet.
	ErrIncarnation = errors.New("not the node's incarnation")
	// ErrUnsettled says that an incarnation before this one is still to be settled.
	ErrUnsettled = errors.New("an earlier incarnation is not settled")
	// ErrPeriod says that the period is not kept, not running, or not next.
	ErrPeriod = errors.New("not a period that can be written")
	// ErrTenant says that the tenant is unknown or deleted.
	ErrTenant = errors.New("no such tenant")
	// ErrStale says that the item speaks of something that has changed since.
	ErrStale = errors.New("changed since")
	// ErrFull says that the table of nodes is full.
	ErrFull = errors.New("too many nodes")
	// ErrNothingLeft says that nothing, or not all, of what was decided is left to give.
	ErrNothingLeft = errors.New("not so much is left")
)

// RefusedError says which item of a tick was not taken, or not wholly.
type RefusedError struct {
	// Item is what it was: "open", "grant", …
	Item   string
	Tenant tenancy.ID
	Node   NodeNumber
	Err    error
}

// Error implements error.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s of tenant %q, node %d: %v", e.Item, e.Tenant, e.Node, e.Err)
}

// Unwrap gives the reason.
func (e *RefusedError) Unwrap() error { return e.Err }

// Apply is one tick, as a pure step from what a view shows. A tick that is not well formed is an error and changes
// nothing; an item that does not fit what is there is refused for itself. After every Apply, for each limit L of a
// running month that was not lowered:
//
//	settled + lost + Σ outstanding ≤ L          (Month.Committed)
//	Σ floors + Σ shares in force ≤ rate, burst  (Cluster.Free is the rest)
func Apply(view View, tick *Tick) (Change, error) {
	if err := tick.Check(); err != nil {
		return Change{}, err
	}
	s := &step{view: view, cluster: view.Cluster().clone(), index: map[tenancy.ID]*Book{}}
	s.cluster.Seq++
	s.turnCluster(tick.Period)
	each(tick.Opens, s.open)
	each(tick.Renews, s.renew)
	each(tick.Expires, s.expire)
	s.cluster.floorReady()
	each(tick.Turns, s.turn)
	each(tick.Settles, s.settle)
	each(tick.GiveUps, s.giveUp)
	each(tick.Grants, s.grant)
	s.setShares(tick.Shares)
	each(tick.Acks, s.ack)
	return s.finish(), nil
}

// step is an Apply under way.
type step struct {
	view    View
	cluster *Cluster
	index   map[tenancy.ID]*Book
	books   []*Book
	refused []*RefusedError
}

func each[T any](list []T, f func(T)) {
	for _, item := range list {
		f(item)
	}
}

func (s *step) refuse(item string, tenant tenancy.ID, node NodeNumber, err error) {
	s.refused = append(s.refused, &RefusedError{Item: item, Tenant: tenant, Node: node, Err: err})
}

// book is a tenant's book to change, turned to the cluster's period where that is its own; nil for a tenant that is
// not there.
func (s *step) book(id tenancy.ID) *Book {
	if b := s.index[id]; b != nil {
		return b
	}
	account, ok := s.view.Account(id)
	if !ok {
		return nil
	}
	b := s.view.Book(id)
	if b == nil {
		b = Birth(account)
	}
	b = b.clone()
	if running := b.Running(s.cluster, account); running > b.last().Period {
		s.begin(b, running)
	}
	s.index[id] = b
	s.books = append(s.books, b)
	return b
}

// finish folds what departed nodes left open into what is lost, and takes a sample of storage.
func (s *step) finish() Change {
	for _, b := range s.books {
		for i := range b.Months {
			b.Months[i].loseDeparted(s.cluster)
		}
		m := b.last()
		m.Storage = m.Storage.observed(s.view.StorageBytes(b.Tenant), s.view.LogTimeMs())
		b.dropShares(s.cluster)
	}
	slices.SortFunc(s.books, func(a, b *Book) int { return a.Tenant.Compare(b.Tenant) })
	return Change{Cluster: s.cluster, Books: s.books, Refused: s.refused}
}

// loseDeparted settles the leases of nodes that are gone: what they leave open is spent and unknown.
func (m *Month) loseDeparted(c *Cluster) {
	m.Leases = slices.DeleteFunc(m.Leases, func(l Lease) bool {
		if n := c.node(l.Node); n != nil && !n.Departed {
			return false
		}
		m.Lost = m.Lost.plus(l.Outstanding())
		return true
	})
}

func (s *step) turnCluster(period Period) {
	switch {
	case period == 0:
	case period <= s.cluster.Period || period > PeriodOf(s.view.LogTimeMs()):
		s.refuse("period", tenancy.ID{}, 0, ErrPeriod)
	default:
		s.cluster.Period = period
	}
}

func (s *step) open(o Open) {
	found, ok := s.cluster.NodeByID(o.ID)
	switch {
	case !ok && len(s.cluster.Nodes) >= MaxNodes:
		s.refuse("open", tenancy.ID{}, 0, ErrFull)
	case !ok:
		s.cluster.LastNode++
		s.cluster.Nodes = append(s.cluster.Nodes, Node{
			Number: s.cluster.LastNode, ID: o.ID, Incarnation: o.Incarnation, JoinedSeq: s.cluster.Seq, ExpiredSeq: s.cluster.Seq,
		})
	case found.Departed:
		s.refuse("open", tenancy.ID{}, found.Number, ErrNode)
	case o.Incarnation <= found.Incarnation:
		s.refuse("open", tenancy.ID{}, found.Number, ErrIncarnation)
	default:
		n := s.cluster.node(found.Number)
		n.Incarnation, n.Renewed, n.RenewedSeq, n.ExpiredSeq = o.Incarnation, 0, 0, s.cluster.Seq
	}
}

// member finds a node that is still one.
func (s *step) member(item string, tenant tenancy.ID, number NodeNumber) *Node {
	n := s.cluster.node(number)
	if n == nil || n.Departed {
		s.refuse(item, tenant, number, ErrNode)
		return nil
	}
	return n
}

func (s *step) renew(r Renew) {
	n := s.member("renew", tenancy.ID{}, r.Node)
	switch {
	case n == nil:
	case n.Incarnation != r.Incarnation:
		s.refuse("renew", tenancy.ID{}, r.Node, ErrIncarnation)
	case r.Report <= n.Renewed || r.Applied >= s.cluster.Seq:
		s.refuse("renew", tenancy.ID{}, r.Node, ErrStale)
	default:
		n.Renewed, n.RenewedSeq = r.Report, s.cluster.Seq
		n.Confirmed = max(n.Confirmed, r.Applied)
	}
}

func (s *step) expire(e Expire) {
	n := s.cluster.node(e.Node)
	switch {
	case n == nil:
		s.refuse("expire", tenancy.ID{}, e.Node, ErrNode)
	case n.RenewedSeq != e.RenewedSeq && !planted.On("ledger-renewed-lease-expired"):
		s.refuse("expire", tenancy.ID{}, e.Node, ErrStale)
	case n.Departed:
		s.cluster.Nodes = slices.DeleteFunc(s.cluster.Nodes, func(n Node) bool { return n.Number == e.Node })
	default:
		n.ExpiredSeq = s.cluster.Seq
	}
}
