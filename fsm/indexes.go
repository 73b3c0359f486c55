package fsm

import (
	"context"
	"fmt"
	"slices"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/tenancy"
)

// Bounds of catching up with what was applied while an index was built. Under the apply lock at most maxInstallEntries
// entries are looked at, which takes some milliseconds; where more was written meanwhile the build catches up once more
// beside the log. From the round hurriedRounds on it does not rest any more, so that it outruns any writer; from
// noticedRounds on it is told of.
const (
	maxInstallEntries = 4096
	entriesPerPage    = 32
	hurriedRounds     = 4
	noticedRounds     = 64
)

// Pause is called again and again by what works beside the log; its error ends the work. hurried says that it cannot
// rest any longer.
type Pause func(hurried bool) error

// IndexError says that an index cannot be built on this node: what the log says of it is not what its data say.
type IndexError struct {
	Database string
	Err      error
}

// Error implements error.
func (e *IndexError) Error() string {
	return fmt.Sprintf("indexes of database %s: %v", e.Database, e.Err)
}

// Unwrap returns what the build said.
func (e *IndexError) Unwrap() error { return e.Err }

// IndexWork gets a signal when there may be something for BuildIndexes to do.
func (m *Machine) IndexWork() <-chan struct{} { return m.indexWork }

// wantIndexes notes that a version in memory lacks indexes, for whoever calls BuildIndexes. It needs apply.
func (m *Machine) wantIndexes(d *database, g *graph.Graph) {
	if g == nil || !g.Unbuilt(false) || d.unbuildable.Load() != nil || slices.Contains(m.unbuilt, d) {
		return
	}
	m.unbuilt = append(m.unbuilt, d) // bounded by the number of databases
	select {
	case m.indexWork <- struct{}{}:
	default: // a signal waits already
	}
}

// BuildIndexes builds the indexes that versions in memory lack, one database after another, on the caller's goroutine
// and beside the log (R19). After an error of pause the next call begins anew. The tenant is pinned meanwhile.
func (m *Machine) BuildIndexes(pause Pause) error {
	for {
		m.apply.Lock()
		if len(m.unbuilt) == 0 {
			m.apply.Unlock()
			return nil
		}
		d := m.unbuilt[0]
		m.unbuilt = m.unbuilt[1:]
		m.residency.pin(d.home) // what is being built is not thrown away half-way
		m.apply.Unlock()
		err := m.buildIndexes(d, pause)
		m.unpin(d.home)
		if err != nil {
			m.apply.Lock()
			m.wantIndexes(d, d.published.Load().graph)
			m.apply.Unlock()
			return err
		}
	}
}

// buildIndexes builds what the published version of one database lacks.
func (m *Machine) buildIndexes(d *database, pause Pause) error {
	g := d.published.Load().graph
	if g == nil {
		return nil // Load builds what is defined
	}
	build := graph.NewBuild(g)
	if build == nil {
		return nil
	}
	stopped, round := error(nil), 0
	watched := func() error {
		stopped = pause(round >= hurriedRounds)
		return stopped
	}
	err := build.Run(watched)
	for err == nil {
		if g = d.published.Load().graph; g == nil {
			return nil
		}
		round++
		if round == noticedRounds {
			m.config.Logger.Warn("indexes do not catch up with what is written", "tenant", d.place.tenant.String(), "database", d.Name)
		}
		if err = build.CatchUp(g, watched); err != nil {
			break
		}
		var done bool
		if done, err = m.installIndexes(d, build); done {
			return nil
		}
		if err == nil {
			err = watched()
		}
	}
	if stopped != nil {
		return err
	}
	failure := &IndexError{Database: d.Name, Err: err}
	d.unbuildable.Store(failure)
	m.config.Logger.Error("an index cannot be built", "tenant", d.place.tenant.String(), "database", d.Name, "error", err.Error())
	m.progress.broadcast()
	return nil
}

// installIndexes publishes the newest version with the indexes that were built; false when too much was written since the
// build last caught up.
func (m *Machine) installIndexes(d *database, build *graph.Build) (done bool, err error) {
	most := max(1, maxInstallEntries/entriesPerPage/max(1, build.Len()))
	m.apply.Lock()
	defer m.apply.Unlock()
	shown := d.published.Load()
	switch {
	case d.dropped || shown.graph == nil:
		return true, nil
	case build.Apart(shown.graph, most+1) > most:
		return false, nil
	}
	if err := build.CatchUp(shown.graph, nil); err != nil {
		return false, err
	}
	next := *shown
	if next.graph, err = build.Install(); err != nil {
		return false, err
	}
	m.setVersion(d, &next)
	m.makeRoom(0)
	m.wantIndexes(d, next.graph) // one that was made meanwhile
	m.progress.broadcast()
	return true, nil
}

// Writable pins the applied version of a database once a draft can decide on it: all constraints have their indexes on
// this node. With all it waits for the other indexes too, as a new leader does before it opens a lane (R19). An
// *IndexError says that it never will be; the other errors are those of Pin and of the context.
func (m *Machine) Writable(ctx context.Context, t tenancy.ID, db tenancy.DatabaseID, all bool) (Pinned, error) {
	for {
		p, err := m.Pin(ctx, t, db)
		if err != nil || !p.Graph.Unbuilt(!all) {
			return p, err
		}
		err = m.awaitIndexes(ctx, place{t, db}, all)
		p.Release() // what was built is in the next version
		if err != nil {
			return Pinned{}, err
		}
	}
}

// awaitIndexes waits until the published version may be written on, or another look is due.
func (m *Machine) awaitIndexes(ctx context.Context, at place, all bool) error {
	err := m.progress.wait(ctx, func() bool {
		d := m.Registry().find(at)
		if d == nil || d.unbuildable.Load() != nil {
			return true
		}
		now := d.published.Load().graph
		return now == nil || !now.Unbuilt(!all)
	})
	if err != nil {
		return err
	}
	if d := m.Registry().find(at); d != nil {
		if failure := d.unbuildable.Load(); failure != nil {
			return failure
		}
	}
	return nil
}
