package proposer

import (
	"context"
	"errors"
	"fmt"
)

// Kind is what became of a command.
type Kind uint8

const (
	// Unknown: it may still be applied, now or under a later leader.
	Unknown Kind = iota
	// Applied: the machine has taken it (and may have refused it: Result says).
	Applied
	// NotAppended: it is in no log and never will be.
	NotAppended
)

// String names the kind.
func (k Kind) String() string {
	switch k {
	case Applied:
		return "applied"
	case NotAppended:
		return "not appended"
	}
	return "unknown"
}

// Outcome is what became of one command.
type Outcome struct {
	Kind   Kind
	Result any    // Applied: what the machine answered for this command
	Index  uint64 // Applied: the entry's index
	Err    error  // otherwise: why
}

var (
	// ErrCommandTooLarge refuses a command above MaxCommandBytes.
	ErrCommandTooLarge = fmt.Errorf("command larger than %d bytes", MaxCommandBytes)
	// ErrTermOver refuses a command whose term this node does not lead (any more).
	ErrTermOver = errors.New("the command's term is over")
	// ErrClosed refuses, or leaves unknown, what was pending when the proposer closed.
	ErrClosed = errors.New("proposer closed")
)

// Proposal is a command on its way. Any number of goroutines may wait for it.
type Proposal struct {
	command []byte
	term    uint64
	done    chan struct{}
	outcome Outcome // written once before done is closed
}

// Wait returns the outcome. When ctx ends first it is Unknown, with the context's error.
func (p *Proposal) Wait(ctx context.Context) Outcome {
	select {
	case <-p.done:
		return p.outcome
	default:
	}
	select {
	case <-p.done:
		return p.outcome
	case <-ctx.Done():
		return Outcome{Kind: Unknown, Err: context.Cause(ctx)}
	}
}

// Done is closed once the outcome is known; Wait does not block then.
func (p *Proposal) Done() <-chan struct{} { return p.done }

func (p *Proposal) settle(outcome Outcome) {
	p.outcome = outcome
	close(p.done)
}

// refused makes a proposal that was never queued.
func refused(err error) *Proposal {
	p := &Proposal{done: make(chan struct{})}
	p.settle(Outcome{Kind: NotAppended, Err: err})
	return p
}
