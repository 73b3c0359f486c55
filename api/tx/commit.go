package tx

import (
	"errors"

	"github.com/hivellm/nexus/api/lane"
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/scripts/planted"
)

// Commit makes the transaction a job of its lane. From then on it takes no more statements: the job may still run when
// nobody waits for it any more. What is left of its ids is the lane's. arrivedMs is when the request arrived at the door,
// in Unix milliseconds; a commit that is sent again keeps that of the first. ErrGone where it has ended meanwhile.
func (t *Table) Commit(one *Transaction, arrivedMs int64) (*lane.Job, error) {
	t.mu.Lock()
	open := t.open[one.id.Text] == one
	if open && !one.committing {
		one.committing, one.arrivedMs = true, arrivedMs
	}
	t.mu.Unlock()
	if !open {
		return nil, ErrGone
	}
	c := &commit{base: one.base, reads: one.reads, changes: one.draft.Changes(), seen: one.draft.Graph().Untracked(), stats: one.stats}
	return &lane.Job{
		Draft: c.draft, Request: one.id.Request(), Kept: one.id.Kept(one.arrivedMs), Unused: one.draft.TakeUnused(),
	}, nil
}

// returnIDs gives back what is left of the blocks of one that has ended.
func (t *Transaction) returnIDs() {
	if t.draft == nil {
		return
	}
	if unused := t.draft.TakeUnused(); unused != ([2]graph.Block{}) {
		t.giveBack(unused)
	}
}

// Reopen takes back a commit that definitely did not begin.
func (t *Table) Reopen(one *Transaction) {
	t.mu.Lock()
	defer t.mu.Unlock()
	one.committing = false
}

// commit is what a transaction brings to its lane. It is not changed any more.
type commit struct {
	base    *graph.Graph
	reads   *graph.ReadSet
	changes graph.Changes
	seen    *graph.Graph // the draft's last version
	stats   cypher.Stats
}

// draft brings the changes onto the lane's newest version (R15): with every constraint, and only where nothing that was
// read has changed since. A transaction that changed nothing stands where it began, whatever came after.
func (c *commit) draft(on *graph.Graph, stamp graph.Stamp) (*graph.Draft, cypher.Summary, error) {
	summary := cypher.Summary{Stats: c.stats}
	draft := graph.NewDraft(on, stamp, graph.DraftLimits{MaxOperations: lane.MaxOperations, MaxBytes: lane.MaxCommandBytes})
	if c.changes.Count == 0 {
		return draft, summary, nil
	}
	if !c.reads.Unchanged(c.base, on) && !planted.On("read-set-unchecked") {
		return nil, cypher.Summary{}, lane.ErrConflict
	}
	changes := c.changes
	if planted.On("rebase-with-draft-ids") {
		changes = c.byNumber(on)
	}
	if err := draft.Replay(changes); err != nil {
		return nil, cypher.Summary{}, conflicting(err)
	}
	return draft, summary, nil
}

// conflicting says which refusals of a replay tell of what others did meanwhile.
func conflicting(err error) error {
	var (
		missing   *graph.NotFoundError
		connected *graph.ConnectedError
		doubled   *graph.UniqueViolation
		lacking   *graph.MissingPropertyError
	)
	if errors.As(err, &missing) || errors.As(err, &connected) || errors.As(err, &doubled) || errors.As(err, &lacking) {
		return errors.Join(lane.ErrConflict, err)
	}
	return err
}

// byNumber is the planted bug "rebase-with-draft-ids": labels mean what their numbers in the draft mean elsewhere.
func (c *commit) byNumber(on *graph.Graph) graph.Changes {
	changes := c.changes
	changes.Strings = append([]string(nil), changes.Strings...)
	for i, name := range changes.Strings {
		if label, ok := c.seen.Label(name); ok && on.LabelName(label) != "" {
			changes.Strings[i] = on.LabelName(label)
		}
	}
	return changes
}
