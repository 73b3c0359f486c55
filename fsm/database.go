package fsm

import (
	"sync/atomic"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/tenancy"
)

// Database is one database of a tenant, as the registry knows it.
type Database struct {
	Number      tenancy.DatabaseID
	Name        string
	CreatedAtMs int64
}

// place names a database across tenants.
type place struct {
	tenant   tenancy.ID
	database tenancy.DatabaseID
}

// version is a database as it was made by the entry at index. graph is nil while the database is cold.
type version struct {
	meta  graph.Meta
	graph *graph.Graph
	index uint64
	// memoryBytes is what graph takes in memory; while the database is cold, what it is expected to take.
	memoryBytes uint64
}

// database is the machine's cell for one database: what is published of it, and what a batch has made of it so far.
type database struct {
	Database
	place place
	home  *residence // its tenant's

	// published is what readers see. Stored under the machine's apply lock, loaded by anybody.
	published atomic.Pointer[version]

	// guard is why this node does not serve it in full; nil while it does. Stored under the machine's apply lock, loaded
	// by anybody.
	guard atomic.Pointer[guard]
	// unbuildable is set once an index of it cannot be built on this node.
	unbuildable atomic.Pointer[IndexError]

	// All below are guarded by the machine's apply lock.

	// pending is what the running batch made, nil where it made nothing.
	pending *version
	// loading is the load under way, nil for none.
	loading *loading
	// accounted is what counts for it in residency.bytes.
	accounted uint64
	// refusedAt are the figures at which a load was refused for its size, and refusedBytes the size, 0 for none.
	refusedAt    graph.Meta
	refusedBytes uint64
	// lost says that its writes are passed over, for one could not be applied.
	lost bool
	// dropped says that the database is gone; nothing is published any more.
	dropped bool
}

func newDatabase(p place, home *residence, info Database, v *version) *database {
	d := &database{Database: info, place: p, home: home}
	d.published.Store(v)
	return d
}

// current is the newest version, the running batch's included.
func (d *database) current() *version {
	if d.pending != nil {
		return d.pending
	}
	return d.published.Load()
}
