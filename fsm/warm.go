package fsm

import (
	"cmp"
	"slices"

	"github.com/hivellm/nexus/tenancy"
)

// A new leader shall not be cold (R22): ticks of the ledger carry which tenants the leader has in memory, and the others
// load them in the background, as far as they fit. Apply passes the list on and decides nothing by it.

// MaxResident bounds the list of tenants in a tick.
const MaxResident = 256

// ResidentTenants lists the tenants in memory by number: the last used ones, at most MaxResident.
func (m *Machine) ResidentTenants() []tenancy.ID {
	type one struct{ number, used uint64 }
	m.apply.Lock()
	list := make([]one, 0, m.residency.tenants.Len())
	m.residency.tenants.Scan(func(n uint64, home *residence) bool {
		list = append(list, one{n, home.used.Load()})
		return true
	})
	m.apply.Unlock()
	slices.SortFunc(list, func(a, b one) int { return cmp.Or(-cmp.Compare(a.used, b.used), cmp.Compare(a.number, b.number)) })
	ids := make([]tenancy.ID, 0, MaxResident)
	for _, o := range list[:min(len(list), MaxResident)] {
		ids = append(ids, tenancy.IDFromNumber(o.number))
	}
	slices.SortFunc(ids, tenancy.ID.Compare)
	return ids
}

// Wanted gives the newest list of what the leader has in memory. It holds one list, for one who listens.
func (m *Machine) Wanted() <-chan []tenancy.ID { return m.wanted }

// wantResident passes a list on; an older one that nobody took yet goes. It needs apply, so nobody else sends.
func (m *Machine) wantResident(ids []tenancy.ID) {
	if len(ids) == 0 {
		return
	}
	select {
	case <-m.wanted:
	default:
	}
	m.wanted <- ids
}

// Warm loads what of these tenants is cold and fits into memory without evicting anybody. proceed is asked before each
// load; its error ends the work. What cannot be loaded stays cold: whoever asks for it is told why.
func (m *Machine) Warm(ids []tenancy.ID, proceed func() error) error {
	for _, id := range ids {
		t, ok := m.Registry().tenant(id)
		if !ok {
			continue
		}
		for _, d := range t.databases {
			v := d.published.Load()
			if v.graph != nil || !m.residency.fits(v.memoryBytes) {
				continue
			}
			if err := proceed(); err != nil {
				return err
			}
			if pinned, err := m.load(d.place); err == nil {
				pinned.Release()
			}
		}
	}
	return nil
}
