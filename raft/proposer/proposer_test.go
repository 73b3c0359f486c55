package proposer

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scriptedLog holds entries until the test lets them end.
type scriptedLog struct {
	mu      sync.Mutex
	entries [][]string
	under   int
	most    int
	release chan Outcome // one outcome an entry; Applied results are filled in
	arrived chan int     // commands of each entry, as it is appended
}

func newScriptedLog() *scriptedLog {
	return &scriptedLog{release: make(chan Outcome), arrived: make(chan int, 10_000)}
}

func pack(commands [][]byte) []byte {
	var out []byte
	for _, command := range commands {
		out = binary.AppendUvarint(out, uint64(len(command)))
		out = append(out, command...)
	}
	return out
}

func (l *scriptedLog) Append(entry []byte) Appended {
	var commands []string
	for rest := entry; len(rest) > 0; {
		size, used := binary.Uvarint(rest)
		commands = append(commands, string(rest[used:used+int(size)]))
		rest = rest[used+int(size):]
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, commands)
	l.under++
	l.most = max(l.most, l.under)
	l.arrived <- len(commands)
	return &scriptedEntry{l, commands}
}

type scriptedEntry struct {
	log      *scriptedLog
	commands []string
}

func (e *scriptedEntry) Outcome() Outcome {
	outcome, open := <-e.log.release
	if !open {
		outcome = Outcome{Kind: Unknown, Err: errors.New("log gone")}
	}
	if outcome.Kind == Applied {
		results := make([]any, len(e.commands))
		for i, command := range e.commands {
			results[i] = "did " + command
		}
		outcome.Result = results
	}
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	e.log.under--
	return outcome
}

type term struct {
	mu      sync.Mutex
	number  uint64
	leading bool
}

func (t *term) look() (uint64, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.number, t.leading
}

func (t *term) set(number uint64, leading bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.number, t.leading = number, leading
}

func start(t *testing.T) (*Proposer, *scriptedLog, *term) {
	t.Helper()
	log, led := newScriptedLog(), &term{number: 3, leading: true}
	sizes := func(commands, sizeBytes int) {
		if commands > 1 && sizeBytes > MaxEntryBytes {
			t.Errorf("an entry of %d commands has %d bytes", commands, sizeBytes)
		}
	}
	p := New(Config{Log: log, Pack: pack, Term: led.look, Packed: sizes})
	t.Cleanup(func() {
		close(log.release)
		p.Close()
	})
	return p, log, led
}

func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestProposer_PacksWhatArrivesWhileTwoEntriesAreUnderWay(t *testing.T) {
	p, log, _ := start(t)
	var proposals []*Proposal
	for i := range 2 {
		proposals = append(proposals, p.Propose(bounded(t), fmt.Appendf(nil, "%d", i), 3))
		if packed := <-log.arrived; packed != 1 {
			t.Fatalf("entry %d carries %d commands", i, packed)
		}
	}
	for i := 2; i < 102; i++ {
		proposals = append(proposals, p.Propose(bounded(t), fmt.Appendf(nil, "%d", i), 3))
	}
	for range 2 {
		log.release <- Outcome{Kind: Applied, Index: 7}
	}
	if packed := <-log.arrived; packed != 100 {
		t.Fatalf("the third entry carries %d commands, not the 100 that waited", packed)
	}
	log.release <- Outcome{Kind: Applied, Index: 8}
	for i, proposal := range proposals {
		if outcome := proposal.Wait(bounded(t)); outcome.Kind != Applied || outcome.Result != fmt.Sprintf("did %d", i) {
			t.Fatalf("command %d: %+v", i, outcome)
		}
	}
	if log.most > MaxOutstanding {
		t.Fatalf("%d entries were under way", log.most)
	}
}

func TestProposer_BoundsEntries(t *testing.T) {
	p, log, _ := start(t)
	var proposals []*Proposal
	for i := range 40 {
		proposals = append(proposals, p.Propose(bounded(t), make([]byte, 100<<10+i), 3))
	}
	proposals = append(proposals, p.Propose(bounded(t), make([]byte, MaxCommandBytes), 3))
	for done := 0; done < len(proposals); done += <-log.arrived {
		log.release <- Outcome{Kind: NotAppended, Err: errors.New("refused")}
	}
	for i, proposal := range proposals {
		if outcome := proposal.Wait(bounded(t)); outcome.Kind != NotAppended {
			t.Fatalf("command %d: %+v", i, outcome)
		}
	}
	if outcome := p.Propose(bounded(t), make([]byte, MaxCommandBytes+1), 3).Wait(bounded(t)); !errors.Is(outcome.Err, ErrCommandTooLarge) {
		t.Fatalf("too large: %+v", outcome)
	}
}

func TestProposer_AdmitsBoundedBytes(t *testing.T) {
	p, log, _ := start(t)
	for range 2 { // with their weight, two of the largest do not fit
		p.Propose(bounded(t), make([]byte, MaxCommandBytes-64), 3)
		<-log.arrived
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if outcome := p.Propose(ctx, []byte("x"), 3).Wait(bounded(t)); outcome.Kind != NotAppended || !errors.Is(outcome.Err, context.DeadlineExceeded) {
		t.Fatalf("beyond %d bytes in flight: %+v", MaxInFlightBytes, outcome)
	}
}

func TestProposer_RefusesATermThatIsOver(t *testing.T) {
	p, log, led := start(t)
	var proposals []*Proposal
	for i := range 5 {
		proposals = append(proposals, p.Propose(bounded(t), fmt.Appendf(nil, "%d", i), 3))
	}
	appended := <-log.arrived
	for len(log.arrived) > 0 {
		appended += <-log.arrived
	}
	led.set(4, true)
	if outcome := p.Propose(bounded(t), nil, 3).Wait(bounded(t)); !errors.Is(outcome.Err, ErrTermOver) {
		t.Fatalf("an old term: %+v", outcome)
	}
	log.release <- Outcome{Kind: Unknown, Err: errors.New("leadership lost")}
	first := proposals[0].Wait(bounded(t))
	if first.Kind != Unknown {
		t.Fatalf("under way when the term ended: %+v", first)
	}
	if last := proposals[4]; appended < 3 {
		if outcome := last.Wait(bounded(t)); outcome.Kind != NotAppended {
			t.Fatalf("queued when the term ended: %+v", outcome)
		}
	}
}

func TestProposer_CloseLeavesNoneWaiting(t *testing.T) {
	log, led := newScriptedLog(), &term{number: 3, leading: true}
	p := New(Config{Log: log, Pack: pack, Term: led.look})
	var proposals []*Proposal
	for range 2 {
		proposals = append(proposals, p.Propose(bounded(t), []byte("under way"), 3))
		<-log.arrived
	}
	proposals = append(proposals, p.Propose(bounded(t), []byte("queued"), 3))
	p.Close()
	for i, want := range []Kind{Unknown, Unknown, NotAppended} {
		if outcome := proposals[i].Wait(bounded(t)); outcome.Kind != want {
			t.Errorf("proposal %d: %+v, want %v", i, outcome, want)
		}
	}
	if outcome := p.Propose(bounded(t), nil, 3).Wait(bounded(t)); !errors.Is(outcome.Err, ErrClosed) {
		t.Errorf("after close: %+v", outcome)
	}
	close(log.release)
}

func TestProposeAll_EntersAsOneEntry(t *testing.T) {
	p, log, _ := start(t)
	commands := make([][]byte, 100)
	for i := range commands {
		commands[i] = fmt.Appendf(nil, "c%d", i)
	}
	proposals := p.ProposeAll(t.Context(), commands, 3)
	if got := <-log.arrived; got != len(commands) {
		t.Fatalf("the first entry has %d of %d commands", got, len(commands))
	}
	log.release <- Outcome{Kind: Applied}
	for i, proposal := range proposals {
		if got := proposal.Wait(t.Context()); got.Kind != Applied || got.Result != fmt.Sprintf("did c%d", i) {
			t.Fatalf("command %d: %+v", i, got)
		}
	}
}

func TestProposeAll_MoreThanMayBeInFlight(t *testing.T) {
	p, log, _ := start(t)
	commands := [][]byte{make([]byte, MaxCommandBytes), make([]byte, MaxCommandBytes+1), make([]byte, MaxCommandBytes), []byte("last")}
	done := make(chan []*Proposal, 1)
	go func() { done <- p.ProposeAll(t.Context(), commands, 3) }()
	for range 2 {
		<-log.arrived
		log.release <- Outcome{Kind: Applied}
	}
	<-log.arrived
	log.release <- Outcome{Kind: Applied}
	for i, proposal := range <-done {
		got := proposal.Wait(t.Context())
		if refused := i == 1; refused != (got.Kind == NotAppended) || refused != errors.Is(got.Err, ErrCommandTooLarge) {
			t.Errorf("command %d: %v, %v", i, got.Kind, got.Err)
		}
	}
}
