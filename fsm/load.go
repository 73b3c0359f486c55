package fsm

import (
	"errors"
	"fmt"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/tenancy"
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

// Graph returns the applied version of a database, loading it from the store when it is cold.
func (m *Machine) Graph(t tenancy.ID, db tenancy.DatabaseID) (*graph.Graph, error) {
	g, _, err := m.Version(t, db)
	return g, err
}

// Version is Graph with the index of the entry that made the version, or of a later one that did not change it: a
// bookmark of at least that index is true of what is read in it.
func (m *Machine) Version(t tenancy.ID, db tenancy.DatabaseID) (*graph.Graph, uint64, error) {
	d := m.Registry().find(place{t, db})
	if d == nil {
		return nil, 0, ErrDatabaseUnknown
	}
	if err := d.refusal(); err != nil {
		return nil, 0, err
	}
	if v := d.published.Load(); v.graph != nil {
		return v.graph, v.index, nil
	}
	v, err := m.load(d)
	if err != nil {
		return nil, 0, err
	}
	return v.graph, v.index, nil
}

// load makes a cold database resident, once for all who ask at the same time.
func (m *Machine) load(d *database) (*version, error) {
	m.handles.RLock()
	defer m.handles.RUnlock()
	m.apply.Lock()
	if d = m.Registry().find(d.place); d == nil { // dropped, or the store was replaced while handles were waited for
		m.apply.Unlock()
		return nil, ErrDatabaseUnknown
	}
	switch {
	case m.store == nil:
		m.apply.Unlock()
		return nil, errClosed
	case d.published.Load().graph != nil:
		m.apply.Unlock()
		return d.published.Load(), nil
	case d.loading != nil:
		l := d.loading
		m.apply.Unlock()
		<-l.done // the loader holds handles too, so it ends before the store is replaced
		return l.version, l.err
	}
	l := &loading{done: make(chan struct{})}
	d.loading = l
	m.apply.Unlock()
	defer close(l.done)
	l.version, l.err = m.loadFor(d, l)
	return l.version, l.err
}

// loadFor loads while the log goes on, and catches up under the apply lock.
func (m *Machine) loadFor(d *database, l *loading) (*version, error) {
	for range maxLoadAttempts {
		m.apply.Lock()
		l.restart()
		view := m.store.Snapshot()
		m.apply.Unlock()
		g, err := graph.Load(view.Space(d.place.tenant, d.place.database))
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
	g, err := graph.Load(m.store.Space(d.place.tenant, d.place.database))
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
	if d.dropped {
		return nil, ErrDatabaseUnknown
	}
	if err != nil {
		return nil, fmt.Errorf("load database %s of tenant %s: %w", d.Name, d.place.tenant, err)
	}
	shown := d.published.Load()
	if g.Stamp() != shown.meta.Stamp {
		return nil, fmt.Errorf("load database %s of tenant %s: version %v was loaded where %v is applied",
			d.Name, d.place.tenant, g.Stamp(), shown.meta.Stamp)
	}
	v := &version{meta: shown.meta, graph: g, index: shown.index}
	d.published.Store(v)
	m.wantIndexes(d, g)
	return v, nil
}

// Resident tells whether a database is in memory.
func (m *Machine) Resident(t tenancy.ID, db tenancy.DatabaseID) bool {
	d := m.Registry().find(place{t, db})
	return d != nil && d.published.Load().graph != nil
}
