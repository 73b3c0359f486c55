package fsm

import (
	"fmt"

	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
)

// hubChange applies what the hub said: users before keys, as a key may be of a user of the same change.
func (b *batch) hubChange(c *HubChange) Result {
	out := &HubOutcome{}
	for i := range c.Change.Users {
		b.hubUser(&c.Change.Users[i], out)
	}
	for i := range c.Change.Keys {
		b.hubKey(&c.Change.Keys[i], out)
	}
	for _, id := range c.Drops {
		b.dropOverdue(id, c.RetentionMs, out)
	}
	b.hubLedger(&c.Change)
	b.hubPulled(&c.Change)
	return Result{Value: out}
}

// hubPulled moves the cursors, each only from where its proposer saw it, and the time of the last whole pull.
func (b *batch) hubPulled(c *hivehub.Change) {
	hub := &b.state.hub
	before := hub.cursors
	pulled := hub.pulledMs
	if move := c.UsersMove; move != nil && (hub.cursors.Users == move.From || planted.On("hub-older-page")) {
		hub.cursors.Users = move.To
	}
	if move := c.KeysMove; move != nil && (hub.cursors.Keys == move.From || planted.On("hub-older-page")) {
		hub.cursors.Keys = move.To
	}
	if !c.PulledAt.IsZero() {
		hub.pulledMs = max(hub.pulledMs, c.PulledAt.UnixMilli())
	}
	if hub.cursors != before || hub.pulledMs != pulled {
		b.records.System().Set(store.Hub, []byte(hubPulledSuffix), encodeHubPulled(*hub))
		b.hubChanged = true
	}
}

// hubUser takes a user's row where it goes forward, and makes the tenant follow.
func (b *batch) hubUser(row *hivehub.UserRow, out *HubOutcome) {
	next, spoken := hubUser{row: *row}, true
	if known, ok := b.state.hub.users.Get(row.UserID); ok {
		next = *known
		if next.row = row.Over(known.row); next.row == known.row {
			return
		}
		spoken = next.row.Status != known.row.Status
	}
	if hivehub.CheckUserID(row.UserID) != nil || !row.Status.Known() {
		out.Refused++
		return
	}
	if err := b.follow(&next, spoken, out); err != nil {
		b.machine.config.Logger.Error("a user of the hub cannot be a tenant: what is known stays", "error", err)
		out.Refused++
		return
	}
	b.setHubUser(&next)
}

func (b *batch) setHubUser(u *hubUser) {
	b.records.System().Set(store.Hub, []byte(hubUserPrefix+u.row.UserID), encodeHubUser(u))
	b.state.hub.users.Set(u.row.UserID, u)
	b.hubChanged = true
}

// follow makes a user's tenant what the row says, and makes it where there is none. A tenant that was made over /admin
// for the user is the user's. spoken says that the hub says something new of the status.
func (b *batch) follow(u *hubUser, spoken bool, out *HubOutcome) error {
	if u.tenant.IsZero() {
		if number, ok := b.state.users.Get(u.row.UserID); ok {
			u.tenant = tenancy.IDFromNumber(number)
		}
	}
	t, ok := b.state.tenants.Get(u.tenant.Number())
	switch {
	case ok:
		return b.followTenant(u, t, spoken, out)
	case u.row.Status == tenancy.StatusDeleted, u.droppedPeriod != "" && u.row.Period <= u.droppedPeriod:
		return nil // nothing to keep; or it was dropped, and its usage of the period must stay its own
	}
	made, err := b.bear(&tenancy.Account{
		Name: b.freeName(u.row.UserID), UserID: u.row.UserID, Plan: u.row.Plan, Status: u.row.Status,
		Explicit: u.row.Explicit, Limits: u.row.Limits, LimitVersion: max(1, u.row.LimitVersion),
	})
	if err != nil {
		return err
	}
	u.tenant, u.droppedPeriod = made.ID, ""
	out.Tenants = append(out.Tenants, made.ID)
	return nil
}

// followTenant lays a user's row over its account. The hub's word "deleted" refuses at once; the data stays for a while.
// A tenant that the operator suspended stays so until the hub has something new to say of its status.
func (b *batch) followTenant(u *hubUser, t *tenant, spoken bool, out *HubOutcome) error {
	account := *t.account
	account.Plan, account.Explicit, account.Limits = u.row.Plan, u.row.Explicit, u.row.Limits
	if spoken && !planted.On("hub-suspension-ignored") {
		account.Status = u.row.Status
	}
	if account.Plan != t.account.Plan || account.Limits != t.account.Limits || account.Explicit != t.account.Explicit {
		account.LimitVersion++
	}
	account.LimitVersion = max(account.LimitVersion, u.row.LimitVersion)
	switch {
	case u.row.Status != tenancy.StatusDeleted:
		u.deletedMs = 0
	case u.deletedMs == 0:
		u.deletedMs = max(1, b.state.clock.logTimeMs)
	}
	if account == *t.account {
		return nil
	}
	if err := b.setTenant(t.with(func(t *tenant) { t.account = &account })); err != nil {
		return err
	}
	out.Tenants = append(out.Tenants, account.ID)
	return nil
}

// freeName is a name for a user's tenant that no other tenant has: the user's id, with a number where it is taken.
func (b *batch) freeName(userID string) string {
	name := userID
	for n := 2; ; n++ {
		if _, taken := b.state.names.Get(name); !taken {
			return name
		}
		suffix := fmt.Sprintf("-%d", n)
		name = userID[:min(len(userID), tenancy.MaxAccountName-len(suffix))] + suffix
	}
}

// hubKey takes a key's row. A key never changes hands, and one of a user without a tenant has nothing to open.
func (b *batch) hubKey(row *hivehub.KeyRow, out *HubOutcome) {
	user, ok := b.state.hub.users.Get(row.UserID)
	if !ok || user.tenant.IsZero() {
		out.Refused++
		return
	}
	next, record := *row, tenancy.KeyRecord{}
	if found, ok := b.state.keys.Get(row.KeyID); ok {
		known := keyRowOf(found, userOf(b.state.tenants, found))
		var err error
		if next, err = row.Follow(known); err != nil {
			out.Refused++
			return
		}
		if next.Equal(known) {
			return
		}
		record = *found
	}
	record = tenancy.KeyRecord{
		AuthVersion: record.AuthVersion + 1, GraceUntilMs: record.GraceUntilMs, ID: next.KeyID, Kind: next.Kind, Name: next.Name,
		Role: tenancy.RoleTenant, Tenant: user.tenant, SecretSHA256: next.SecretSHA256, AllowedFunctions: next.Functions,
		CreatedAtMs: next.CreatedAtMs, ExpiresAtMs: next.ExpiresAtMs, RevokedAtMs: next.RevokedAtMs,
	}
	if err := b.setKey(&record); err != nil {
		out.Refused++
		return
	}
	out.Keys = append(out.Keys, record.ID)
}

// dropOverdue drops what the tenant of a deleted user holds, if its time has come.
func (b *batch) dropOverdue(id tenancy.ID, retentionMs int64, out *HubOutcome) {
	t, ok := b.state.tenants.Get(id.Number())
	if !ok {
		return
	}
	user, ok := b.state.hub.users.Get(t.account.UserID)
	if !ok || user.tenant != id || !user.overdue(b.state.clock.logTimeMs, retentionMs) {
		return
	}
	if result := b.drop(t); result.Err == nil {
		out.Tenants = append(out.Tenants, id)
	}
}

// forgetTenant notes that a user's tenant was dropped.
func (b *batch) forgetTenant(account *tenancy.Account) {
	b.state.users.Delete(account.UserID)
	user, ok := b.state.hub.users.Get(account.UserID)
	if !ok || user.tenant != account.ID {
		return
	}
	next := *user
	next.tenant, next.deletedMs, next.droppedPeriod = tenancy.ID{}, 0, max(user.row.Period, "-")
	b.setHubUser(&next)
}
