package fsm

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/hivellm/nexus/tenancy"
)

const (
	modelTenants = 8
	modelReaders = 4
)

// modelLog makes a log of a leader that never evicts: tenants written in turn, databases made, written and dropped.
func modelLog(t *testing.T, entries int) (*rig, []tenancy.ID) {
	t.Helper()
	random := rand.New(rand.NewPCG(5, 5))
	r := newRig(t)
	var ids []tenancy.ID
	extra := map[tenancy.ID]tenancy.DatabaseID{}
	for i := range modelTenants {
		ids = append(ids, r.tenant(fmt.Sprint("tenant", i)))
	}
	for range entries {
		id := ids[random.IntN(len(ids))]
		number, has := extra[id]
		switch draw := random.IntN(20); {
		case draw == 0 && !has:
			extra[id] = r.must(&CreateDatabase{Header: r.header(), Tenant: id, Name: "extra"}).Value.(*Database).Number
		case draw == 1 && has:
			r.must(&DropDatabase{Header: r.header(), Tenant: id, Database: number})
			delete(extra, id)
		case draw < 8 && has:
			r.must(r.write(id, number, create(1+random.IntN(20), 3)))
		default:
			r.must(r.write(id, 0, create(1+random.IntN(40), int64(draw))))
		}
	}
	return r, ids
}

// TestResidency_ModelBesideApply applies a log beside readers that load, hold and let go, with room for a part: what
// readers see is whole, memory stays within the budget unless all of it is pinned, and the bytes are those of a machine
// that never evicted.
func TestResidency_ModelBesideApply(t *testing.T) {
	leader, ids := modelLog(t, 160)
	m := openBudget(t, vfs.NewMem(), leader.m.ResidentBytes()/3)
	var releasing atomic.Int64
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for n := range modelReaders {
		readers.Go(func() {
			random := rand.New(rand.NewPCG(uint64(n), 6))
			for {
				select {
				case <-stop:
					return
				default:
				}
				readPinned(t, m, ids[random.IntN(len(ids))], tenancy.DatabaseID(random.IntN(3)), &releasing)
			}
		})
	}
	for rest := leader.log; len(rest) > 0; {
		n := min(1+len(rest)%3, len(rest))
		m.ApplyBatch(rest[:n])
		rest = rest[n:]
		checkAccounts(t, m, &releasing)
	}
	for range 4 {
		for _, id := range ids {
			readPinned(t, m, id, 0, &releasing)
		}
		checkAccounts(t, m, &releasing)
	}
	close(stop)
	readers.Wait()
	if m.ResidentBytes() > m.Budget() {
		t.Errorf("%d bytes are resident with nobody reading, the budget is %d", m.ResidentBytes(), m.Budget())
	}
	same(t, leader.m, m)
	loadAll(t, m)
}

// readPinned looks a version over while it is pinned.
func readPinned(t *testing.T, m *Machine, id tenancy.ID, db tenancy.DatabaseID, releasing *atomic.Int64) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	p, err := m.Pin(ctx, id, db)
	var big *TooBigError
	switch {
	case errors.Is(err, ErrDatabaseUnknown), errors.Is(err, ErrMemoryFull), errors.As(err, &big):
		return
	case err != nil:
		t.Error(err)
		return
	}
	if digest, bytes := p.Graph.RecomputeDigest(); digest != p.Graph.Meta().Digest || bytes != p.Graph.Meta().Bytes {
		t.Errorf("a version of %s/%d is not what its figures say", id, db)
	}
	releasing.Add(1)
	p.Release()
	releasing.Add(-1)
}

// checkAccounts recounts what is accounted, under the apply lock.
func checkAccounts(t *testing.T, m *Machine, releasing *atomic.Int64) {
	t.Helper()
	m.apply.Lock()
	defer m.apply.Unlock()
	sum, free := uint64(0), uint64(0)
	for _, one := range m.state.tenants.Values() {
		unpinned := one.home.pins.Load() == 0
		tenant := uint64(0)
		for _, d := range one.databases {
			tenant += accountOf(t, d)
		}
		if tenant != one.home.bytes {
			t.Errorf("%s: %d bytes are accounted, its databases take %d", one.account.Name, one.home.bytes, tenant)
		}
		if sum += tenant; unpinned {
			free += tenant
		}
	}
	if sum != m.ResidentBytes() {
		t.Errorf("%d bytes are accounted, tenants take %d", m.ResidentBytes(), sum)
	}
	if sum > m.Budget() && free > 0 && releasing.Load() == 0 {
		t.Errorf("%d bytes are resident, the budget is %d, and %d of them are of tenants that nobody uses", sum, m.Budget(), free)
	}
}

func accountOf(t *testing.T, d *database) uint64 {
	v := d.published.Load()
	want := d.accounted // a load's reservation
	switch {
	case v.graph != nil:
		want = v.graph.MemoryBytes()
	case d.loading == nil:
		want = 0
	}
	if d.accounted != want {
		t.Errorf("database %d of %s: %d bytes are accounted, it takes %d", d.Number, d.place.tenant, d.accounted, want)
	}
	if v.graph != nil && v.graph.Stamp() != v.meta.Stamp {
		t.Errorf("database %d of %s: version %v under the figures of %v", d.Number, d.place.tenant, v.graph.Stamp(), v.meta.Stamp)
	}
	return d.accounted
}
