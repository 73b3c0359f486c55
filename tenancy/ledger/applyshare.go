package ledger

import "github.com/hivellm/nexus/scripts/planted"

// giveUp takes a node's word that it uses a share no more: its part is free at once. The word names the share, so a
// report that comes late cannot give up what was given since.
func (s *step) giveUp(g GiveUp) {
	n := s.member("give-up", g.Tenant, g.Node)
	if n == nil {
		return
	}
	b := s.book(g.Tenant)
	if b == nil {
		s.refuse("give-up", g.Tenant, g.Node, ErrTenant)
		return
	}
	if old, found := b.Share(g.Node); !found || old.Seq != g.Seq && !planted.On("ledger-any-share-given-up") {
		s.refuse("give-up", g.Tenant, g.Node, ErrStale)
		return
	}
	share := b.share(g.Node)
	share.Rate, share.Held, share.Fill, share.Seq = Rate{}, Rate{}, 0, s.cluster.Seq
}

// setShares takes what shares lose, then gives what others gain, as far as the bucket allows: what one loses in this
// tick is not free yet, for its node may go on using it.
func (s *step) setShares(list []SetShare) {
	for _, set := range list {
		if s.shareFits(set) {
			s.reduce(set)
		}
	}
	for _, set := range list {
		s.raise(set)
	}
}

// shareFits refuses what cannot have a share at all.
func (s *step) shareFits(set SetShare) bool {
	if s.member("share", set.Tenant, set.Node) == nil {
		return false
	}
	if s.book(set.Tenant) == nil {
		s.refuse("share", set.Tenant, set.Node, ErrTenant)
		return false
	}
	return true
}

// reduce lowers a share to what is set, where that is less; Held remembers what may still be used.
func (s *step) reduce(set SetShare) {
	b := s.index[set.Tenant]
	old, _ := b.Share(set.Node)
	if next := s.cluster.live(old).min(set.Rate); next != old.Rate {
		s.write(b, set.Node, next, 0)
	}
}

// raise raises a share to what is set, as far as it is free, and checks the floors anew.
func (s *step) raise(set SetShare) {
	b := s.index[set.Tenant]
	account, ok := s.view.Account(set.Tenant)
	n := s.cluster.node(set.Node)
	if b == nil || !ok || n == nil || n.Departed {
		return // refused by shareFits
	}
	bucket, limited := RateOf(account.Limits)
	if !limited {
		return
	}
	b.Floor = s.cluster.checkFloor(b, bucket)
	have, _ := b.Share(set.Node)
	wanted := set.Rate.minus(have.Rate)
	free := bucket.minus(s.cluster.reserved(b, bucket, b.Floor.Rate))
	// what the node may be using beyond its new share already is in force, and free to become its share again
	free = free.plus(s.cluster.inForce(have).minus(have.Rate))
	gain := wanted.min(free)
	if planted.On("ledger-share-moved-at-once") {
		gain = wanted
	}
	if gain != wanted {
		s.refuse("share", set.Tenant, set.Node, ErrNothingLeft)
	}
	if gain != (Rate{}) {
		s.write(b, set.Node, have.Rate.plus(gain), set.Fill)
	}
}

// write puts a share into the book. What was in force stays held until the node is known to have applied this tick. A
// fill is no more than what the part in force grows by: so buckets together never hold more than they may.
func (s *step) write(b *Book, node NodeNumber, rate Rate, fill uint64) {
	share := b.share(node)
	before := s.cluster.inForce(*share)
	*share = Share{Node: node, Rate: rate, Held: before, Seq: s.cluster.Seq}
	if planted.On("ledger-share-moved-at-once") {
		share.Held = Rate{}
	}
	share.Fill = min(fill, minus(s.cluster.inForce(*share).Burst, before.Burst))
}
