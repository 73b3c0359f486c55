package fsm

import (
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/tenancy"
)

// Result is what became of one command. It is the same on every node.
type Result struct {
	// Err is why the command was refused, nil when it was applied.
	Err error
	// Index is the log entry's.
	Index uint64
	// Stamp is the version that a GraphWrite made; zero when it was refused.
	Stamp graph.Stamp
	// Stats is what the GraphWrite carried.
	Stats []byte
	// Usage is the tenant's after a GraphWrite.
	Usage tenancy.Usage
	// Value is what the other commands made, as their types say; nil for none.
	Value any
	// Replay is the record under the command's kept id, when there was one already; then nothing was done.
	Replay *KeptRecord
}

// KeptRecord is what is remembered of a write under a client's own id. It must not be changed.
type KeptRecord struct {
	// Hash is over what was asked.
	Hash [32]byte
	// Index is the log entry that applied or refused the write: the position of its bookmark.
	Index uint64
	// Stamp is the version it made; zero when it was refused.
	Stamp graph.Stamp
	// ArrivedMs is the log time of its request's arrival, Unix milliseconds.
	ArrivedMs int64
	// Stats, Rows and Refusal are what the command carried; Rows is nil where it was too large to keep.
	Stats, Rows, Refusal []byte
	// Err is the quota that refused the write, a *tenancy.QuotaError; nil for none.
	Err error
}

// DatabaseDigest is the figures of one database at an applied index.
type DatabaseDigest struct {
	Tenant   tenancy.ID
	Database tenancy.DatabaseID
	Name     string
	Meta     graph.Meta
	// Damaged says that this node does not serve reads of it, ReadOnly that no node takes writes of it (R18).
	Damaged, ReadOnly bool
}

// digestOf needs the machine's apply lock.
func digestOf(d *database) DatabaseDigest {
	meta := d.published.Load().meta
	meta.Digest = d.observed(meta)
	return DatabaseDigest{
		Tenant: d.place.tenant, Database: d.place.database, Name: d.Name, Meta: meta,
		Damaged: d.refusal() != nil, ReadOnly: d.standing().readOnly,
	}
}
