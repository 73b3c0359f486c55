package fsm

import (
	"encoding/binary"
	"slices"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/tenancy"
)

// setTenant puts a tenant's account into the store and its entry into the state.
func (b *batch) setTenant(t *tenant) error {
	encoded, err := tenancy.EncodeAccount(t.account)
	if err != nil {
		return &InvalidError{err}
	}
	b.records.System().Set(store.Tenants, tenantSuffix(t.account.ID), encoded)
	b.state.tenants.Set(t.account.ID.Number(), t)
	b.registryChanged = true
	return nil
}

func (b *batch) createTenant(c *CreateTenant) Result {
	if _, taken := b.state.names.Get(c.Name); taken {
		return Result{Err: ErrTenantExists}
	}
	if b.userTaken(c.UserID) {
		return Result{Err: ErrUserTaken}
	}
	account, err := b.bear(&tenancy.Account{
		Name: c.Name, UserID: c.UserID, Plan: c.Plan, Status: tenancy.StatusActive,
		Explicit: c.Explicit, Limits: c.Limits, LimitVersion: 1,
	})
	if err != nil {
		return Result{Err: err}
	}
	return Result{Value: account}
}

// userTaken tells whether a user id of the hub stands for a tenant, or for a user that the hub told of.
func (b *batch) userTaken(userID string) bool {
	_, taken := b.state.users.Get(userID)
	_, known := b.state.hub.users.Get(userID)
	return taken || known
}

// bear makes a tenant of an account, which gets its number and its time here, with its default database.
func (b *batch) bear(account *tenancy.Account) (*tenancy.Account, error) {
	number := b.state.clock.nextTenant
	account.ID, account.CreatedAtMs = tenancy.IDFromNumber(number), b.state.clock.logTimeMs
	t := newTenant(account)
	t.usage.publish()
	if err := b.setTenant(t); err != nil {
		return nil, err
	}
	b.state.clock.nextTenant = number + 1
	b.state.names.Set(account.Name, number)
	b.state.noteUser(account)
	b.addDatabase(t, tenancy.DefaultDatabase)
	return account, nil
}

func (b *batch) updateTenant(c *UpdateTenant) Result {
	t, ok := b.living(c.Account.ID)
	if !ok {
		return Result{Err: ErrTenantUnknown}
	}
	old, next := t.account, c.Account
	next.CreatedAtMs, next.UserID = old.CreatedAtMs, old.UserID
	switch holder, taken := b.state.names.Get(next.Name); {
	case next.Status == tenancy.StatusDeleted:
		return Result{Err: &InvalidError{errDeletedByUpdate}}
	case next.LimitVersion < old.LimitVersion:
		return Result{Err: ErrConflict}
	case taken && holder != next.ID.Number():
		return Result{Err: ErrTenantExists}
	}
	if err := b.setTenant(t.with(func(t *tenant) { t.account = &next })); err != nil {
		return Result{Err: err}
	}
	b.state.names.Delete(old.Name)
	b.state.names.Set(next.Name, next.ID.Number())
	return Result{Value: &next}
}

// deleteTenant leaves the account as a tombstone; all else goes at once (R20).
func (b *batch) deleteTenant(c *DeleteTenant) Result {
	t, ok := b.living(c.Tenant)
	if !ok {
		return Result{Err: ErrTenantUnknown}
	}
	return b.drop(t)
}

// drop leaves a tenant's account and nothing of what it holds.
func (b *batch) drop(t *tenant) Result {
	account := *t.account
	account.Status = tenancy.StatusDeleted
	gone := newTenant(&account)
	gone.nextDatabase = t.nextDatabase
	gone.usage.publish()
	if err := b.setTenant(gone); err != nil {
		return Result{Err: err}
	}
	b.state.names.Delete(account.Name)
	b.closeBook(&account)
	b.forgetTenant(&account)
	b.records.DropTenant(account.ID)
	sys := b.records.System()
	sys.DropPrefix(store.Databases, tenantSuffix(account.ID))
	sys.DropPrefix(store.KeptIDs, tenantSuffix(account.ID))
	for _, d := range t.databases {
		b.gone(d)
	}
	for _, id := range b.keysOf(account.ID) {
		sys.Delete(store.Keys, []byte(id))
		b.state.keys.Delete(id)
	}
	return Result{Value: &account}
}

func (b *batch) keysOf(id tenancy.ID) (ids []string) {
	b.state.keys.Scan(func(key string, record *tenancy.KeyRecord) bool {
		if record.Tenant == id {
			ids = append(ids, key)
		}
		return true
	})
	return ids
}

func (b *batch) living(id tenancy.ID) (*tenant, bool) {
	t, ok := b.state.tenants.Get(id.Number())
	return t, ok && t.account.Status != tenancy.StatusDeleted
}

// setKey puts a key's record into the store and the state.
func (b *batch) setKey(record *tenancy.KeyRecord) error {
	encoded, err := tenancy.EncodeKeyRecord(record)
	if err != nil {
		return &InvalidError{err}
	}
	b.records.System().Set(store.Keys, []byte(record.ID), encoded)
	b.state.keys.Set(record.ID, record)
	b.registryChanged = true
	return nil
}

func (b *batch) createKey(c *CreateKey) Result {
	record := c.Record
	if _, ok := b.living(record.Tenant); !record.Tenant.IsZero() && !ok {
		return Result{Err: ErrTenantUnknown}
	}
	if _, taken := b.state.keys.Get(record.ID); taken {
		return Result{Err: ErrKeyExists}
	}
	var old *tenancy.KeyRecord
	if c.Rotation != nil {
		found, ok := b.state.keys.Get(c.Rotation.KeyID)
		if !ok || found.Tenant != record.Tenant {
			return Result{Err: ErrKeyUnknown}
		}
		rotated := found.Rotated(b.state.clock.logTimeMs, c.Rotation.GraceMs)
		old = &rotated
	}
	if err := b.setKey(&record); err != nil {
		return Result{Err: err}
	}
	if old != nil {
		b.must(b.setKey(old))
	}
	return Result{Value: &record}
}

func (b *batch) revokeKey(c *RevokeKey) Result {
	found, ok := b.state.keys.Get(c.KeyID)
	if !ok {
		return Result{Err: ErrKeyUnknown}
	}
	revoked := found.Revoked(b.state.clock.logTimeMs)
	b.must(b.setKey(&revoked))
	return Result{Value: &revoked}
}

func (b *batch) createDatabase(c *CreateDatabase) Result {
	t, ok := b.living(c.Tenant)
	switch {
	case !ok:
		return Result{Err: ErrTenantUnknown}
	case t.account.Status == tenancy.StatusSuspended:
		return Result{Err: ErrTenantSuspended}
	case t.named(tenancy.CanonicalDatabase(c.Name)) != nil:
		return Result{Err: ErrDatabaseExists}
	}
	if err := tenancy.CheckDatabaseName(c.Name); err != nil {
		return Result{Err: &InvalidError{err}}
	}
	next := t.usage.working
	next.Databases++
	if refused := tenancy.CheckGrowth(t.account.Limits, t.usage.working, next); refused != nil {
		return Result{Err: refused}
	}
	return Result{Value: b.addDatabase(t, c.Name)}
}

// addDatabase makes an empty database under the tenant's next number. It is resident from birth.
func (b *batch) addDatabase(t *tenant, name string) *Database {
	info := Database{Number: tenancy.DatabaseID(t.nextDatabase), Name: name, CreatedAtMs: b.state.clock.logTimeMs}
	empty := graph.Empty()
	v := &version{meta: empty.Meta(), graph: empty, index: b.entry, memoryBytes: empty.MemoryBytes()}
	d := newDatabase(place{t.account.ID, info.Number}, t.home, info, v)
	b.machine.residency.account(d, v.memoryBytes)
	b.state.tenants.Set(t.account.ID.Number(), t.with(func(t *tenant) {
		t.databases = append(t.databases, d)
		t.nextDatabase++
	}))
	sys := b.records.System()
	sys.Set(store.Databases, databaseSuffix(d.place), encodeDatabase(info))
	sys.Set(store.Databases, tenantSuffix(t.account.ID), binary.BigEndian.AppendUint32(nil, t.nextDatabase+1))
	t.usage.working.Databases++
	b.used = append(b.used, t.usage)
	b.registryChanged = true
	return &info
}

// gone notes that a database is no more: nothing of it is published or counts for memory.
func (b *batch) gone(d *database) {
	d.dropped = true
	b.machine.residency.account(d, 0)
}

func (b *batch) dropDatabase(c *DropDatabase) Result {
	t, ok := b.living(c.Tenant)
	if !ok {
		return Result{Err: ErrTenantUnknown}
	}
	if c.Database == tenancy.DefaultDatabaseID {
		return Result{Err: ErrDatabaseDefault}
	}
	at := slices.IndexFunc(t.databases, func(d *database) bool { return d.Number == c.Database })
	if at < 0 {
		return Result{Err: ErrDatabaseUnknown}
	}
	d := t.databases[at]
	b.gone(d)
	b.records.Space(c.Tenant, c.Database).DropAll()
	b.records.System().Delete(store.Databases, databaseSuffix(d.place))
	after := tenancy.Usage{}
	before := usageOf(d.current().meta)
	before.Databases = 1
	t.usage.working = replaced(t.usage.working, before, after)
	b.used = append(b.used, t.usage)
	b.state.tenants.Set(c.Tenant.Number(), t.with(func(t *tenant) { t.databases = slices.Delete(t.databases, at, at+1) }))
	b.registryChanged = true
	info := d.Database
	return Result{Value: &info}
}
