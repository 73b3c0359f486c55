package hivehub

import (
	"context"
	"time"
)

// Machine is what the reconciler reads of the replicated state. All methods are local, quick, and may be called at the
// same time.
type Machine interface {
	// Cursors are where the last applied pages ended.
	Cursors() Cursors
	// LastPull is when the last whole pull began, the zero time for never.
	LastPull() time.Time
	// User and Key find what is known; false when nothing is.
	User(userID string) (UserRow, bool)
	Key(keyID string) (KeyRow, bool)
	// Outbox lists reports that the hub has not accepted yet, in the order of user and period, those after the given
	// one only, at most limit.
	Outbox(after OutboxPlace, limit int) []UsageReport
	// PeriodsOver lists active users of the hub whose period ended before now, at most limit.
	PeriodsOver(now time.Time, limit int) []string
}

// OutboxPlace is a place in the outbox; the zero value is before all.
type OutboxPlace struct{ UserID, Period string }

// Proposer puts a change into the log. Propose returns nil when the machine has applied it; after an error it may or
// may not have been, and proposing it again does no harm.
type Proposer interface {
	Propose(ctx context.Context, change Change) error
}
