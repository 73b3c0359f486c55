package fsm

import (
	"errors"
	"fmt"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/tenancy"
)

var errDeletedByUpdate = errors.New("a tenant is deleted by its own command only")

// maxDisagreements bounds the disagreements that are remembered.
const maxDisagreements = 64

// Disagreement says that this node's digest of a database is not the leader's at the same stamp (R18).
type Disagreement struct {
	Tenant       tenancy.ID
	Database     tenancy.DatabaseID
	Stamp        graph.Stamp
	Ours, Theirs graph.Digest
	// Index is the mark's entry.
	Index uint64
}

func (b *batch) termStart(c *TermStart) Result {
	b.state.clock.term, b.state.clock.termIndex = c.Term, b.entry
	b.machine.offers.drop()
	return Result{}
}

func (b *batch) clusterInit(c *ClusterInit) Result {
	switch {
	case c.ClusterID == "":
		return Result{Err: &InvalidError{errors.New("a cluster without an id")}}
	case b.state.cluster.id == c.ClusterID:
		return Result{} // proposed again by a leader that had not seen it applied
	case b.state.cluster.id != "":
		return Result{Err: ErrClusterExists}
	}
	b.checkLevel(c.FeatureLevel)
	key := c.OperatorKey
	if err := b.setKey(&key); err != nil {
		return Result{Err: err}
	}
	b.state.cluster = clusterRecord{
		id: c.ClusterID, epoch: c.Epoch, featureLevel: c.FeatureLevel, maxDatabaseBytes: c.MaxDatabaseBytes,
	}
	if c.MaxDatabaseBytes == 0 {
		b.state.cluster.maxDatabaseBytes = DefaultMaxDatabaseBytes
	}
	b.clusterChanged = true
	return Result{}
}

func (b *batch) raiseFeatureLevel(c *RaiseFeatureLevel) Result {
	if c.Level <= b.state.cluster.featureLevel {
		return Result{}
	}
	b.checkLevel(c.Level)
	b.state.cluster.featureLevel = c.Level
	b.clusterChanged = true
	return Result{}
}

// checkLevel stops a node that is too old for the log it is fed.
func (b *batch) checkLevel(level uint32) {
	if level > FeatureLevel {
		b.must(fmt.Errorf("the log rises to feature level %d, this program knows %d: install a newer one", level, FeatureLevel))
	}
}

func (b *batch) setClock(c *SetClock) Result {
	if c.NowMs <= 0 {
		return Result{Err: &InvalidError{errors.New("a clock before 1970")}}
	}
	b.state.clock.logTimeMs = c.NowMs
	return Result{}
}

// disagree needs apply.
func (m *Machine) disagree(d Disagreement) {
	m.config.Logger.Error("digest differs from the leader's", "tenant", d.Tenant.String(), "database", uint32(d.Database),
		"stamp", d.Stamp.String(), "ours", d.Ours.String(), "leaders", d.Theirs.String())
	if len(m.disagreements) == maxDisagreements {
		m.disagreements = append(m.disagreements[:0], m.disagreements[1:]...)
	}
	m.disagreements = append(m.disagreements, d)
}

// Disagreements returns the last ones that digest marks found on this node.
func (m *Machine) Disagreements() []Disagreement {
	m.apply.Lock()
	defer m.apply.Unlock()
	return append([]Disagreement(nil), m.disagreements...)
}
