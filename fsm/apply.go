package fsm

import (
	"fmt"
	"runtime/debug"

	hraft "github.com/hashicorp/raft"

	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/scripts/planted"
)

// maxBatchBytes closes a store batch at the end of the entry that reached it.
const maxBatchBytes = 4 << 20

// maxLogTimeAdvanceMs is how far one command may move log time (R29).
const maxLogTimeAdvanceMs = 10_000

// batch is a run of log entries on its way into the store. It holds the machine's apply lock.
type batch struct {
	machine *Machine
	state   *state
	records *store.Batch

	// entry and term are those of the entry under way.
	entry, term uint64

	touched []*database
	used    []*usageCell
	news    []news
	// registryChanged and membersChanged say what must be published anew.
	registryChanged, membersChanged bool
	clusterChanged, hubChanged      bool
	ledgerChanged, auditChanged     bool
}

// Apply implements hraft.FSM.
func (m *Machine) Apply(entry *hraft.Log) any { return m.ApplyBatch([]*hraft.Log{entry})[0] }

// ApplyBatch implements hraft.BatchingFSM: entries become one store batch (or a few, when they are large), committed
// with index and term. The answer to a command entry is a []any with a Result for each of its commands. Entries at or
// below applied are skipped by index, undecoded.
func (m *Machine) ApplyBatch(entries []*hraft.Log) []any {
	m.apply.Lock()
	defer m.apply.Unlock()
	answers := make([]any, len(entries))
	b := m.begin()
	for i, entry := range entries {
		if entry.Index <= b.entry {
			continue
		}
		b.entry, b.term = entry.Index, entry.Term
		if entry.Type == hraft.LogCommand {
			answers[i] = b.apply(entry)
		}
		if b.records.Len() >= maxBatchBytes {
			b.commit()
			b = m.begin()
		}
	}
	if b.entry > m.Applied() {
		b.commit()
	} else {
		b.must(b.records.Discard())
	}
	return answers
}

func (m *Machine) begin() *batch {
	return &batch{machine: m, state: m.state, records: m.store.NewBatch(), entry: m.Applied()}
}

// must stops the node where the store or a stored record failed.
func (b *batch) must(err error) {
	if err != nil {
		b.machine.fail(b.entry, err)
	}
}

// apply runs the commands of one entry.
func (b *batch) apply(entry *hraft.Log) []any {
	defer b.namePanic()
	commands, err := Unpack(entry.Data)
	b.must(err)
	results := make([]any, len(commands))
	for i, raw := range commands {
		command, err := Decode(raw)
		if err != nil {
			b.must(fmt.Errorf("command %d: %w", i, err))
		}
		result := b.command(command)
		result.Index = entry.Index
		b.chain(command, raw, result)
		b.tell(command, result)
		results[i] = result
	}
	return results
}

// namePanic stops the node with the index of the entry that made apply panic.
func (b *batch) namePanic() {
	p := recover()
	if p == nil {
		return
	}
	if fatal, ok := p.(*fatalError); ok {
		panic(fatal)
	}
	b.machine.fail(b.entry, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
}

func (b *batch) tell(command Command, result Result) {
	if request := command.header().Request; !request.IsZero() {
		b.news = append(b.news, news{request: request, result: result})
	}
	if c, ok := command.(*TermStart); ok && result.Err == nil {
		b.news = append(b.news, news{term: c.Term})
	}
}

// command applies one command. Its order is R8's; what is refused leaves nothing behind but log time.
func (b *batch) command(command Command) Result {
	h := command.header()
	b.advance(h.TimeMs)
	b.expire()
	if write, ok := command.(*GraphWrite); ok {
		return b.graphWrite(write)
	}
	if h.Term != b.term && !planted.On("term-check-skipped") {
		return Result{Err: ErrConflict}
	}
	switch c := command.(type) {
	case *TermStart:
		return b.termStart(c)
	case *ClusterInit:
		return b.clusterInit(c)
	case *CreateTenant:
		return b.createTenant(c)
	case *UpdateTenant:
		return b.updateTenant(c)
	case *DeleteTenant:
		return b.deleteTenant(c)
	case *CreateKey:
		return b.createKey(c)
	case *RevokeKey:
		return b.revokeKey(c)
	case *CreateDatabase:
		return b.createDatabase(c)
	case *DropDatabase:
		return b.dropDatabase(c)
	case *RaiseFeatureLevel:
		return b.raiseFeatureLevel(c)
	case *DigestMark:
		return b.digestMark(c)
	case *SetClock:
		return b.setClock(c)
	case *RemoveMember:
		return b.removeMember(c)
	case *MarkMember:
		return b.markMember(c)
	case *LedgerTick:
		return b.ledgerTick(c)
	case *HubChange:
		return b.hubChange(c)
	case *AuditHeads:
		return b.auditHeads(c)
	}
	panic(fmt.Sprintf("fsm: no apply for %T", command))
}

// advance moves log time to what a command says: never back, and at most by the cap.
func (b *batch) advance(timeMs int64) {
	clock := &b.state.clock
	if clock.logTimeMs != 0 {
		timeMs = min(timeMs, clock.logTimeMs+maxLogTimeAdvanceMs)
	}
	clock.logTimeMs = max(clock.logTimeMs, timeMs)
}

// commit puts the batch into the store, then shows it: versions, then those who watch, then applied (R10). What
// grew beyond the memory budget is evicted last.
func (b *batch) commit() {
	m := b.machine
	sys := b.records.System()
	sys.Set(store.Cluster, clockSuffix, encodeClock(b.state.clock))
	if b.clusterChanged {
		sys.Set(store.Cluster, clusterSuffix, encodeCluster(b.state.cluster))
	}
	if b.auditChanged {
		sys.Set(store.Cluster, auditSuffix, encodeAudit(b.state.audit))
	}
	b.must(b.records.Commit(b.entry, b.term))
	for _, d := range b.touched {
		b.show(d)
	}
	for _, c := range b.used {
		c.publish()
	}
	if !planted.On("watch-after-publish") {
		m.watches.tell(b.news)
	}
	now := m.published.Load()
	registry, members, hub := now.registry, now.members, now.hub
	if b.registryChanged || b.clusterChanged {
		registry = &Registry{
			ready: b.state.cluster.id != "", tenants: b.state.tenants.Copy(), keys: b.state.keys.Copy(),
		}
	}
	if b.membersChanged {
		members = b.state.members.Copy()
	}
	books := now.ledger
	if b.ledgerChanged {
		books = m.state.ledger.shown()
	}
	if b.hubChanged {
		hub = b.state.hub.copied()
	}
	m.publish(b.entry, registry, members, books, hub)
	if b.ledgerChanged || b.registryChanged {
		m.tellLedger()
	}
	if planted.On("watch-after-publish") {
		m.watches.tell(b.news)
	}
	m.makeRoom(0)
}

// show publishes what the batch made of a database.
func (b *batch) show(d *database) {
	if d.pending == nil {
		return
	}
	b.machine.setVersion(d, d.pending)
	b.machine.wantIndexes(d, d.pending.graph)
	d.pending = nil
}
