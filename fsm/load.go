package fsm

import (
	"errors"
	"fmt"

	"github.com/hivellm/nexus/graph"
)

// Bounds of a load. What is applied while a database loads waits in a queue for the loaded version; when the queue is
// full the load starts over, and after maxLoadAttempts the last one is made under the apply lock.
const (
	maxLoadQueueBytes = 32 << 20
	maxLoadAttempts   = 4
)

// errClosed says that the machine was closed.
var errClosed = errors.New("the state machine is closed")

// loading is a load under way (R21). Its fields are guarded by the machine's apply lock, but done, version and err:
// those are written once before done is closed.
type loading struct {
	queue     []graph.Changes
	sizeBytes int
	full      bool

	done    chan struct{}
	version *version
	err     error
}

// add queues what was applied while the database loads.
func (l *loading) add(c graph.Changes) {
	if l.full {
		return
	}
	l.sizeBytes += len(c.Ops) + 64
	for _, s := range c.Strings {
		l.sizeBytes += len(s)
	}
	if l.sizeBytes > maxLoadQueueBytes {
		l.full, l.queue = true, nil
		return
	}
	l.queue = append(l.queue, c)
}

// restart begins a new attempt.
func (l *loading) restart() { l.queue, l.sizeBytes, l.full = nil, 0, false }

// load makes a cold database resident, once for all who ask at the same time, and pins it.
func (m *Machine) load(at place) (Pinned, error) {
	m.handles.RLock()
	defer m.handles.RUnlock()
	m.apply.Lock()
	t, d, err := m.findToLoad(at)
	if err == nil {
		err = d.refusal()
	}
	if err != nil {
		m.apply.Unlock()
		return Pinned{}, err
	}
	if v := d.published.Load(); v.graph != nil {
		m.residency.pin(t.home)
		m.apply.Unlock()
		return Pinned{v.graph, v.index, m, t.home}, nil
	}
	l, first := d.loading, false
	if l == nil {
		if err := m.reserve(d); err != nil {
			m.apply.Unlock()
			return Pinned{}, err
		}
		l, first = &loading{done: make(chan struct{})}, true
		d.loading = l
	}
	m.residency.pin(t.home) // before anybody can evict
	m.apply.Unlock()
	if first {
		l.version, l.err = m.loadFor(d, l)
		close(l.done)
	}
	<-l.done // the loader holds handles too, so it ends before the store is replaced
	if l.err != nil {
		m.unpin(t.home)
		return Pinned{}, l.err
	}
	return Pinned{l.version.graph, l.version.index, m, t.home}, nil
}

// findToLoad finds a database in the open store. It needs apply.
func (m *Machine) findToLoad(at place) (*tenant, *database, error) {
	if m.store == nil {
		return nil, nil, errClosed
	}
	t, ok := m.Registry().tenant(at.tenant)
	if !ok {
		return nil, nil, ErrDatabaseUnknown
	}
	d := t.numbered(at.database)
	if d == nil {
		return nil, nil, ErrDatabaseUnknown
	}
	return t, d, nil
}

// loadFor loads while the log goes on, and catches up under the apply lock.
func (m *Machine) loadFor(d *database, l *loading) (*version, error) {
	for range maxLoadAttempts {
		m.apply.Lock()
		l.restart()
		most := m.mostFor(d)
		view := m.store.Snapshot()
		m.apply.Unlock()
		g, err := graph.LoadWithin(view.Space(d.place.tenant, d.place.database), most)
		err = errors.Join(err, view.Close())
		m.apply.Lock()
		if err != nil || !l.full {
			defer m.apply.Unlock()
			return m.finishLoad(d, l, g, err)
		}
		m.apply.Unlock()
	}
	m.apply.Lock()
	defer m.apply.Unlock()
	l.restart()
	g, err := graph.LoadWithin(m.store.Space(d.place.tenant, d.place.database), m.mostFor(d))
	return m.finishLoad(d, l, g, err)
}

// finishLoad applies what was queued and publishes the version. It needs apply.
func (m *Machine) finishLoad(d *database, l *loading, g *graph.Graph, err error) (*version, error) {
	d.loading = nil
	err = m.judgeLoad(d, err)
	for i := 0; err == nil && i < len(l.queue); i++ {
		var out *graph.Output
		if out, err = graph.Apply(graph.Input{Meta: g.Meta(), Graph: g, Changes: l.queue[i]}); err == nil {
			g = out.Graph
		}
	}
	v, err := m.loaded(d, g, err)
	if err != nil {
		m.residency.account(d, 0)
		return nil, err
	}
	m.setVersion(d, v)
	m.wantIndexes(d, v.graph)
	m.makeRoom(0) // it may take more than was reserved
	return v, nil
}

// loaded checks what came out of a load. It needs apply.
func (m *Machine) loaded(d *database, g *graph.Graph, err error) (*version, error) {
	if d.dropped {
		return nil, ErrDatabaseUnknown
	}
	var large *graph.TooLargeError
	if errors.As(err, &large) {
		return nil, m.refuseLoad(d, large.FoundBytes)
	}
	if err != nil {
		return nil, fmt.Errorf("load database %s of tenant %s: %w", d.Name, d.place.tenant, err)
	}
	shown := d.published.Load()
	if g.Stamp() != shown.meta.Stamp {
		return nil, fmt.Errorf("load database %s of tenant %s: version %v was loaded where %v is applied",
			d.Name, d.place.tenant, g.Stamp(), shown.meta.Stamp)
	}
	if found := g.MemoryBytes(); found > m.mostFor(d) {
		return nil, m.refuseLoad(d, found)
	}
	return &version{meta: shown.meta, graph: g, index: shown.index}, nil
}
