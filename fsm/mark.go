package fsm

import (
	"sync"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/tenancy"
)

// keptMarks bounds the marks whose votes are remembered: whoever asks, asks at once.
const keptMarks = 4

// Place names a database across tenants.
type Place struct {
	Tenant   tenancy.ID
	Database tenancy.DatabaseID
}

// Vote is what this node held of one database when it applied a mark (R18).
type Vote struct {
	Place
	Stamp  graph.Stamp
	Digest graph.Digest
	// Whole is false where this node found its own records damaged: such a vote never wins.
	Whole bool
}

// Judgement is what the votes of all voters at a mark say of this node.
type Judgement struct {
	// Index is the mark's entry.
	Index uint64
	// Minority are the databases whose majority holds something else than this node.
	Minority []Place
	// ReadOnly are those that have no majority.
	ReadOnly []Place
}

// markedVotes are the votes of one mark.
type markedVotes struct {
	index uint64
	votes []Vote
}

// marks are the last marks this node applied.
type marks struct {
	mu     sync.Mutex
	last   []markedVotes // guarded by mu
	judged uint64        // guarded by mu: the newest mark judged
}

// NextMark makes the DigestMark that a leader proposes: its digests, at most MaxMarkDigests of them, from a position on
// that the last mark gave (0 at first), so that marks go round all databases.
func (m *Machine) NextMark(h Header, from int) (mark *DigestMark, next int) {
	_, list := m.Digests()
	if from >= len(list) {
		from = 0
	}
	end := min(len(list), from+MaxMarkDigests)
	mark = &DigestMark{Header: h}
	for _, d := range list[from:end] {
		mark.Digests = append(mark.Digests, StampedDigest{
			Tenant: d.Tenant, Database: d.Database, Stamp: d.Meta.Stamp, Digest: d.Meta.Digest,
		})
	}
	return mark, end
}

// digestMark notes what this node holds of the databases that a mark names: all nodes note it at the same entry, so that
// their votes can be compared. Where the leader's digest is of the same stamp, a difference is seen at once. It changes
// no bytes.
func (b *batch) digestMark(c *DigestMark) Result {
	votes := make([]Vote, 0, len(c.Digests))
	for i := range c.Digests {
		mark := &c.Digests[i]
		t, ok := b.living(mark.Tenant)
		if !ok {
			continue
		}
		d := t.numbered(mark.Database)
		if d == nil {
			continue
		}
		meta := d.current().meta
		vote := Vote{Place: Place{d.place.tenant, d.place.database}, Stamp: meta.Stamp, Digest: d.observed(meta), Whole: d.standing().damage == nil}
		votes = append(votes, vote)
		if vote.Stamp == mark.Stamp && vote.Digest != mark.Digest {
			b.machine.disagree(Disagreement{
				Tenant: mark.Tenant, Database: mark.Database, Stamp: mark.Stamp,
				Ours: vote.Digest, Theirs: mark.Digest, Index: b.entry,
			})
		}
	}
	b.machine.voted.add(b.entry, votes)
	return Result{}
}

func (k *marks) add(index uint64, votes []Vote) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.last) == keptMarks {
		k.last = append(k.last[:0], k.last[1:]...)
	}
	k.last = append(k.last, markedVotes{index, votes})
}

// Votes returns what this node held at a mark, in the mark's order; false where it did not apply that mark, or has
// forgotten it.
func (m *Machine) Votes(index uint64) ([]Vote, bool) {
	m.voted.mu.Lock()
	defer m.voted.mu.Unlock()
	return m.voted.find(index)
}

// find needs mu.
func (k *marks) find(index uint64) ([]Vote, bool) {
	for _, one := range k.last {
		if one.index == index {
			return one.votes, true
		}
	}
	return nil, false
}

// judge finds the votes of a mark that is to be judged now; false where it is too late.
func (k *marks) judge(index uint64) ([]Vote, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	votes, known := k.find(index)
	if !known || index < k.judged {
		return nil, false
	}
	k.judged = index
	return votes, true
}

// forget drops the votes of a store that was replaced: a judgement of them would hit another one.
func (k *marks) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last = nil
}

// Judge takes what the leader found at a mark: this node stops reads of what it holds in the minority, and writes of
// what has no majority; what was so and is no more goes on. It tells whether the judgement was news: one of a mark that
// this node does not remember, or of an earlier one than was judged already, is not.
func (m *Machine) Judge(j Judgement) bool {
	m.apply.Lock()
	defer m.apply.Unlock()
	votes, known := m.voted.judge(j.Index)
	if !known {
		return false
	}
	for _, vote := range votes {
		if d := m.Registry().find(place{vote.Tenant, vote.Database}); d != nil {
			m.setStanding(d, containsPlace(j.Minority, vote.Place), containsPlace(j.ReadOnly, vote.Place))
		}
	}
	return true
}

// setStanding needs apply.
func (m *Machine) setStanding(d *database, halted, readOnly bool) {
	before := d.standing()
	if before.halted == halted && before.readOnly == readOnly {
		return
	}
	m.config.Logger.Error("a database's standing on this node changes", "tenant", d.place.tenant.String(), "database", d.Name,
		"reads stopped", halted || before.damage != nil, "read-only", readOnly)
	d.guard.Store(&guard{damage: before.damage, halted: halted, readOnly: readOnly})
}

func containsPlace(list []Place, p Place) bool {
	for _, one := range list {
		if one == p {
			return true
		}
	}
	return false
}

// CheckWritable says why a database takes no writes on this node: ErrDamaged or ErrReadOnly; nil where it does.
func (m *Machine) CheckWritable(t tenancy.ID, db tenancy.DatabaseID) error {
	d := m.Registry().find(place{t, db})
	if d == nil {
		return nil // whoever looks it up next says that it is unknown
	}
	if err := d.refusal(); err != nil {
		return err
	}
	if d.standing().readOnly {
		return ErrReadOnly
	}
	return nil
}
