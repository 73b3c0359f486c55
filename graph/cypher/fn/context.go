package fn

import (
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
)

// Budget bounds a statement's memory and time.
type Budget interface {
	// Charge accounts for bytes about to be allocated (0: only look at the deadline) and returns the error to end the
	// statement with, such as a limit or a cancelled context.
	Charge(bytes int64) error
}

// Clock gives the instants that temporal functions see. Local types show the clock of UTC.
type Clock struct {
	// Transaction and Statement are when the transaction and the statement began.
	Transaction, Statement value.Instant
	// Realtime reads the clock now; nil stands for a clock that stopped at Statement.
	Realtime func() value.Instant
}

// Context is what functions need from outside. One per running statement; not for several goroutines at once.
type Context struct {
	// Graph is the version that entities are read in.
	Graph *graph.Graph
	// Before is the version the statement began with, or nil: type(r) of a relationship deleted since is found there.
	Before *graph.Graph
	// Clock gives the instants.
	Clock Clock
	// Random returns 64 random bits; rand() and randomUUID() fail without it.
	Random func() uint64
	// Budget is charged for what functions build; nil means no limit.
	Budget Budget
}

func (c *Context) charge(bytes int) error {
	if c.Budget == nil {
		return nil
	}
	return c.Budget.Charge(int64(bytes))
}

func (c *Context) realtime() value.Instant {
	if c.Clock.Realtime == nil {
		return c.Clock.Statement
	}
	return c.Clock.Realtime()
}

func deleted(v value.Value) error {
	return fault(EntityNotFound, DeletedEntityAccess, "the %s was deleted in this statement", v.Kind())
}
