package fsm

import (
	"github.com/tidwall/btree"

	"github.com/hivellm/nexus/tenancy"
)

// Registry is a snapshot of who there is: tenants, keys and databases at one applied index. It is immutable, but for
// Usage, which is always that of now. It implements tenancy.Directory. Safe for concurrent use.
type Registry struct {
	ready   bool
	tenants *btree.Map[uint64, *tenant]
	keys    *btree.Map[string, *tenancy.KeyRecord]
}

var _ tenancy.Directory = (*Registry)(nil)

// tenant is one account with its databases. It is replaced, never changed, but for usage and home.
type tenant struct {
	account *tenancy.Account
	// databases of the tenant, by number. Dropped ones are not in it.
	databases []*database
	// nextDatabase is above every number ever given.
	nextDatabase uint32
	usage        *usageCell
	home         *residence
	// kept is guarded by the machine's apply lock.
	kept *keptFigures
}

// Key implements tenancy.Directory.
func (r *Registry) Key(id string) (*tenancy.KeyRecord, bool) { return r.keys.Get(id) }

// Account implements tenancy.Directory; a deleted tenant is not found.
func (r *Registry) Account(id tenancy.ID) (*tenancy.Account, bool) {
	t, ok := r.tenant(id)
	if !ok {
		return nil, false
	}
	return t.account, true
}

// ClusterReady implements tenancy.Directory.
func (r *Registry) ClusterReady() bool { return r.ready }

// Tenants returns the accounts of all tenants that are not deleted, by number.
func (r *Registry) Tenants() []tenancy.Account {
	list := make([]tenancy.Account, 0, r.tenants.Len())
	r.tenants.Scan(func(_ uint64, t *tenant) bool {
		if t.account.Status != tenancy.StatusDeleted {
			list = append(list, *t.account)
		}
		return true
	})
	return list
}

// Keys returns the records of all keys, by id.
func (r *Registry) Keys() []tenancy.KeyRecord {
	list := make([]tenancy.KeyRecord, 0, r.keys.Len())
	r.keys.Scan(func(_ string, k *tenancy.KeyRecord) bool {
		list = append(list, *k)
		return true
	})
	return list
}

// Databases returns a tenant's databases, by number; nil for an unknown tenant.
func (r *Registry) Databases(id tenancy.ID) []Database {
	t, ok := r.tenant(id)
	if !ok {
		return nil
	}
	list := make([]Database, len(t.databases))
	for i, d := range t.databases {
		list[i] = d.Database
	}
	return list
}

// Database finds a tenant's database by name; an absent name and the alias are the default database.
func (r *Registry) Database(id tenancy.ID, name string) (Database, bool) {
	t, ok := r.tenant(id)
	if !ok {
		return Database{}, false
	}
	d := t.named(tenancy.CanonicalDatabase(name))
	if d == nil {
		return Database{}, false
	}
	return d.Database, true
}

// Has tells whether a tenant that is not deleted has the database of a number.
func (r *Registry) Has(id tenancy.ID, number tenancy.DatabaseID) bool {
	return r.find(place{id, number}) != nil
}

// Usage returns what a tenant uses now, summed over its databases; zero for an unknown tenant.
func (r *Registry) Usage(id tenancy.ID) tenancy.Usage {
	t, ok := r.tenant(id)
	if !ok {
		return tenancy.Usage{}
	}
	return t.usage.load()
}

func (r *Registry) tenant(id tenancy.ID) (*tenant, bool) {
	t, ok := r.tenants.Get(id.Number())
	if !ok || t.account.Status == tenancy.StatusDeleted {
		return nil, false
	}
	return t, true
}

// find returns the cell of a database, nil where there is none.
func (r *Registry) find(p place) *database {
	t, ok := r.tenant(p.tenant)
	if !ok {
		return nil
	}
	return t.numbered(p.database)
}

// dropped tells whether nothing is left of the tenant but its account: every tenant that holds something has a database.
func (t *tenant) dropped() bool { return len(t.databases) == 0 }

func (t *tenant) named(name string) *database {
	for _, d := range t.databases {
		if d.Name == name {
			return d
		}
	}
	return nil
}

func (t *tenant) numbered(number tenancy.DatabaseID) *database {
	for _, d := range t.databases {
		if d.Number == number {
			return d
		}
	}
	return nil
}

// with returns a copy of the tenant that a change may be made to.
func (t *tenant) with(change func(*tenant)) *tenant {
	next := *t
	next.databases = append([]*database(nil), t.databases...)
	change(&next)
	return &next
}
