package tx

import "fmt"

// Bounds of what open transactions hold in memory, as it is estimated. Commits and rollbacks are never refused by them.
const (
	// MaxTenantBytes is for all of one tenant together.
	MaxTenantBytes = 256 << 20
	// maxNodeBytes is for all on a node together.
	maxNodeBytes = 1 << 30
)

// hold counts what a transaction holds now; more than it held before is refused where a bound is reached: a *LimitError
// for the tenant's, ErrNodeFull for the node's.
func (t *Table) hold(one *Transaction, bytes int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open[one.id.Text] != one {
		return nil // it cannot be committed any more
	}
	mine, more := t.of(one.place.Tenant), bytes-one.held
	switch {
	case more > 0 && mine.bytes+more > MaxTenantBytes:
		return &LimitError{fmt.Sprintf("%d MiB of memory for all open transactions of its tenant", MaxTenantBytes>>20)}
	case more > 0 && t.bytes+more > maxNodeBytes:
		return ErrNodeFull
	}
	t.count(mine, one, bytes)
	return nil
}

// note counts what a transaction holds now, whatever that is.
func (t *Table) note(one *Transaction, bytes int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open[one.id.Text] == one {
		t.count(t.of(one.place.Tenant), one, bytes)
	}
}

// count needs mu.
func (t *Table) count(mine *holding, one *Transaction, bytes int) {
	mine.bytes += bytes - one.held
	t.bytes += bytes - one.held
	one.held = bytes
}
