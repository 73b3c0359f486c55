package proposer

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/semaphore"
)

const (
	// MaxEntryBytes bounds a packed entry of more than one command.
	MaxEntryBytes = 512 << 10
	// MaxCommandBytes bounds one command.
	MaxCommandBytes = 4 << 20
	// MaxInFlightBytes bounds the commands queued and under way together.
	MaxInFlightBytes = 8 << 20
	// MaxOutstanding bounds the packed entries under way.
	MaxOutstanding = 2
	// maxEntryCommands bounds the commands of one entry.
	maxEntryCommands = 4096
)

// Log appends entries. It is Raft, seen from here.
type Log interface {
	// Append hands an entry to the log and returns at once, or after a bounded wait.
	Append(entry []byte) Appended
}

// Appended is an entry under way. Outcome blocks until the log knows; for Applied its Result is what the machine
// answered for the entry: a []any with one result a command.
type Appended interface {
	Outcome() Outcome
}

// Config is what [New] needs.
type Config struct {
	Log  Log
	Pack func(commands [][]byte) []byte     // frames commands as one entry
	Term func() (term uint64, leading bool) // what this node leads now
	// Now and then a packed entry is looked at: its command count and bytes. May be nil.
	Packed func(commands, sizeBytes int)
}

// Proposer is the one packer of a node. Its methods may be called from any goroutine.
type Proposer struct {
	config    Config
	admission *semaphore.Weighted
	slots     chan struct{} // one token an entry under way
	wake      chan struct{} // capacity 1: something is queued
	closing   chan struct{}
	running   sync.WaitGroup
	closeOnce sync.Once
	mu        sync.Mutex
	queue     []*Proposal // guarded by mu; bounded by admission
	closed    bool        // guarded by mu
}

// New starts a proposer.
func New(config Config) *Proposer {
	p := &Proposer{
		config:    config,
		admission: semaphore.NewWeighted(MaxInFlightBytes),
		slots:     make(chan struct{}, MaxOutstanding),
		wake:      make(chan struct{}, 1),
		closing:   make(chan struct{}),
	}
	p.running.Add(1)
	go p.run()
	return p
}

// Propose queues a command made for a term. It waits only for admission; when ctx ends before, the proposal is
// NotAppended. The command is not copied and must not change afterwards.
func (p *Proposer) Propose(ctx context.Context, command []byte, term uint64) *Proposal {
	return p.ProposeAll(ctx, [][]byte{command}, term)[0]
}

// ProposeAll queues commands made for a term, in order, and returns one proposal each. What is admitted together, up
// to maxTogetherBytes, is queued at once: the packer does not run off with the first of many, which would cost the
// rest a sync of their own.
func (p *Proposer) ProposeAll(ctx context.Context, commands [][]byte, term uint64) []*Proposal {
	proposals := make([]*Proposal, len(commands))
	if current, leading := p.config.Term(); !leading || current != term {
		return refuseAll(proposals, ErrTermOver)
	}
	for from := 0; from < len(commands); {
		if len(commands[from]) > MaxCommandBytes {
			proposals[from] = refused(ErrCommandTooLarge)
			from++
			continue
		}
		to := together(commands, from)
		if err := p.admit(ctx, proposals[from:to], commands[from:to], term); err != nil {
			refuseAll(proposals[from:], err)
			break
		}
		from = to
	}
	return proposals
}

// maxTogetherBytes bounds what is admitted in one piece, well below what may be in flight.
const maxTogetherBytes = MaxCommandBytes

// together finds the end of the commands, from one on, that are admitted in one piece.
func together(commands [][]byte, from int) (to int) {
	size := 0
	for to = from; to < len(commands); to++ {
		if size += int(weight(commands[to])); to > from && size > maxTogetherBytes || len(commands[to]) > MaxCommandBytes {
			break
		}
	}
	return to
}

// admit waits for room and queues commands in one piece.
func (p *Proposer) admit(ctx context.Context, proposals []*Proposal, commands [][]byte, term uint64) error {
	var total int64
	for i, command := range commands {
		total += weight(command)
		proposals[i] = &Proposal{command: command, term: term, done: make(chan struct{})}
	}
	if err := p.admission.Acquire(ctx, total); err != nil {
		return fmt.Errorf("admit command: %w", err)
	}
	if !p.enqueue(proposals) {
		p.admission.Release(total)
		return ErrClosed
	}
	return nil
}

func refuseAll(proposals []*Proposal, err error) []*Proposal {
	for i := range proposals {
		proposals[i] = refused(err)
	}
	return proposals
}

// Close refuses what is queued, leaves unknown what is under way, and waits for its goroutine. The log should be shut
// down after it, so that entries under way can still end well.
func (p *Proposer) Close() {
	p.closeOnce.Do(func() {
		p.mu.Lock()
		p.closed = true
		p.mu.Unlock()
		close(p.closing)
	})
	p.running.Wait()
}

// weight is what a command takes of the admission: an empty one is not free.
func weight(command []byte) int64 { return int64(len(command)) + 64 }

func (p *Proposer) enqueue(proposals []*Proposal) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.queue = append(p.queue, proposals...)
	select {
	case p.wake <- struct{}{}:
	default:
	}
	return true
}

func (p *Proposer) run() {
	defer p.running.Done()
	defer p.refuseQueued()
	for {
		select {
		case <-p.wake:
		case <-p.closing:
			return
		}
		for p.waiting() {
			select {
			case p.slots <- struct{}{}:
			case <-p.closing:
				return
			}
			if p.ending() { // closing lets go of slots too: what is queued stays out of the log
				return
			}
			if !p.appendNext() {
				<-p.slots
			}
		}
	}
}

// ending tells whether Close was called.
func (p *Proposer) ending() bool {
	select {
	case <-p.closing:
		return true
	default:
		return false
	}
}

// appendNext packs what waits and appends it. It reports false when nothing was appended.
func (p *Proposer) appendNext() bool {
	batch := p.current(p.take())
	if len(batch) == 0 {
		return false
	}
	commands := make([][]byte, len(batch))
	for i, proposal := range batch {
		commands[i] = proposal.command
	}
	entry := p.config.Pack(commands)
	if p.config.Packed != nil {
		p.config.Packed(len(commands), len(entry))
	}
	appended := p.config.Log.Append(entry)
	p.running.Add(1)
	go func() {
		defer p.running.Done()
		p.await(batch, appended)
		<-p.slots
	}()
	return true
}

// await gives an entry's outcome to its commands. After Close it waits no longer than the log.
func (p *Proposer) await(batch []*Proposal, appended Appended) {
	known := make(chan Outcome, 1)
	go func() { known <- appended.Outcome() }() // ends when the log knows, at the latest when it is shut down
	select {
	case outcome := <-known:
		p.settle(batch, outcome)
	case <-p.closing:
		p.settle(batch, Outcome{Kind: Unknown, Err: ErrClosed})
	}
}

func (p *Proposer) settle(batch []*Proposal, outcome Outcome) {
	results, isList := outcome.Result.([]any)
	if outcome.Kind == Applied && (!isList || len(results) != len(batch)) {
		panic(fmt.Sprintf("machine answered %T for an entry of %d commands", outcome.Result, len(batch)))
	}
	for i, proposal := range batch {
		own := outcome
		if outcome.Kind == Applied {
			own.Result = results[i]
		}
		p.admission.Release(weight(proposal.command))
		proposal.settle(own)
	}
}

// take removes from the queue what fits one entry: at least one command.
func (p *Proposer) take() []*Proposal {
	p.mu.Lock()
	defer p.mu.Unlock()
	size, count := 0, 0
	for _, proposal := range p.queue {
		size += len(proposal.command) + packOverheadBytes
		if count > 0 && (size > MaxEntryBytes-packOverheadBytes || count == maxEntryCommands) {
			break
		}
		count++
	}
	batch := append([]*Proposal(nil), p.queue[:count]...)
	rest := copy(p.queue, p.queue[count:])
	clear(p.queue[rest:])
	p.queue = p.queue[:rest]
	return batch
}

// packOverheadBytes is room for what framing adds to a command and to an entry.
const packOverheadBytes = 16

// current refuses the commands of a term that is over and returns the others.
func (p *Proposer) current(batch []*Proposal) []*Proposal {
	term, leading := p.config.Term()
	kept := batch[:0]
	for _, proposal := range batch {
		if leading && proposal.term == term {
			kept = append(kept, proposal)
			continue
		}
		p.admission.Release(weight(proposal.command))
		proposal.settle(Outcome{Kind: NotAppended, Err: ErrTermOver})
	}
	return kept
}

func (p *Proposer) waiting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue) > 0
}

func (p *Proposer) refuseQueued() {
	p.mu.Lock()
	left := p.queue
	p.queue = nil
	p.mu.Unlock()
	for _, proposal := range left {
		p.admission.Release(weight(proposal.command))
		proposal.settle(Outcome{Kind: NotAppended, Err: ErrClosed})
	}
}
