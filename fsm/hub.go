package fsm

import (
	"errors"
	"time"

	"github.com/tidwall/btree"

	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

// HubChange is what the control plane said, as the leader's reconciler proposes it. Its rows are judged again where they
// are applied, so that it may come late, twice or out of order. Result.Value is a *HubOutcome.
type HubChange struct {
	Header
	Change hivehub.Change
	// Drops are tenants whose users the hub called deleted RetentionMs of log time ago: what they hold goes. At most
	// MaxHubDrops; one that does not qualify is left alone.
	Drops       []tenancy.ID
	RetentionMs int64
}

// MaxHubDrops bounds the tenants that one HubChange drops.
const MaxHubDrops = 16

// HubOutcome says what a HubChange changed. It is the same on every node.
type HubOutcome struct {
	// Tenants that were made, changed, retired or dropped; Keys by id.
	Tenants []tenancy.ID
	Keys    []string
	// Refused counts rows that could not be used: what was known stays.
	Refused int
}

// hubState is what is known of the control plane, as the running batch has made it.
type hubState struct {
	cursors  hivehub.Cursors
	pulledMs int64 // when the last whole pull began, Unix milliseconds of a leader's clock; 0 for never
	users    *btree.Map[string, *hubUser]
}

// hubUser is a user of the hub and the tenant that is his. It is replaced, never changed.
type hubUser struct {
	row hivehub.UserRow
	// tenant is the zero ID where there is none: never made, or dropped.
	tenant tenancy.ID
	// deletedMs is the log time since when the hub calls the user deleted while its tenant still holds data; else 0.
	deletedMs int64
	// droppedPeriod is the period in which the tenant was dropped: the user gets none before the next.
	droppedPeriod string
}

func newHubState() hubState { return hubState{users: &btree.Map[string, *hubUser]{}} }

// copied is what readers see.
func (h hubState) copied() hubState {
	h.users = h.users.Copy()
	return h
}

// Hub reads what this node's machine knows of the control plane, as applied when asked. It implements hivehub.Machine.
// Safe for concurrent use.
type Hub struct{ machine *Machine }

var _ hivehub.Machine = Hub{}

// Hub returns the reader of what is known of the control plane.
func (m *Machine) Hub() Hub { return Hub{m} }

func (h Hub) now() *published { return h.machine.published.Load() }

// Cursors implements hivehub.Machine.
func (h Hub) Cursors() hivehub.Cursors { return h.now().hub.cursors }

// LastPull implements hivehub.Machine.
func (h Hub) LastPull() time.Time {
	if ms := h.now().hub.pulledMs; ms != 0 {
		return time.UnixMilli(ms)
	}
	return time.Time{}
}

// User implements hivehub.Machine.
func (h Hub) User(id string) (hivehub.UserRow, bool) {
	user, ok := h.now().hub.users.Get(id)
	if !ok {
		return hivehub.UserRow{}, false
	}
	return user.row, true
}

// Key implements hivehub.Machine. A key that no user of the hub owns comes with another owner, which the hub cannot be.
func (h Hub) Key(id string) (hivehub.KeyRow, bool) {
	registry := h.now().registry
	record, ok := registry.keys.Get(id)
	if !ok {
		return hivehub.KeyRow{}, false
	}
	return keyRowOf(record, userOf(registry.tenants, record)), true
}

// PeriodsOver implements hivehub.Machine.
func (h Hub) PeriodsOver(now time.Time, limit int) (ids []string) {
	h.now().hub.users.Scan(func(id string, user *hubUser) bool {
		row := &user.row
		if row.Status == tenancy.StatusActive && row.ResetsAtMs != 0 && row.ResetsAtMs <= now.UnixMilli() {
			ids = append(ids, id)
		}
		return len(ids) < limit
	})
	return ids
}

// Overdue lists tenants whose users the hub called deleted at least retention of log time ago, at most MaxHubDrops.
func (h Hub) Overdue(retention time.Duration) (ids []tenancy.ID) {
	now := h.now()
	now.hub.users.Scan(func(_ string, user *hubUser) bool {
		if user.overdue(now.clock.logTimeMs, retention.Milliseconds()) {
			ids = append(ids, user.tenant)
		}
		return len(ids) < MaxHubDrops
	})
	return ids
}

// Knows tells whether a tenant is a user's of the hub; the control plane decides its plan and limits, and whether it lives.
func (h Hub) Knows(account *tenancy.Account) bool {
	_, ok := h.now().hub.users.Get(account.UserID)
	return ok && account.UserID != ""
}

// overdue tells whether what the user's tenant holds may go.
func (u *hubUser) overdue(logTimeMs, retentionMs int64) bool {
	return u.deletedMs != 0 && !u.tenant.IsZero() && logTimeMs-u.deletedMs >= retentionMs
}

// userOf is the hub's user whose key it is, "" for none.
func userOf(tenants *btree.Map[uint64, *tenant], record *tenancy.KeyRecord) string {
	if t, ok := tenants.Get(record.Tenant.Number()); ok {
		return t.account.UserID
	}
	return ""
}

// keyRowOf is a key's record as the hub would say it.
func keyRowOf(record *tenancy.KeyRecord, userID string) hivehub.KeyRow {
	return hivehub.KeyRow{
		KeyID: record.ID, UserID: userID, Name: record.Name, Kind: record.Kind, SecretSHA256: record.SecretSHA256,
		Functions: record.AllowedFunctions, CreatedAtMs: record.CreatedAtMs, ExpiresAtMs: record.ExpiresAtMs, RevokedAtMs: record.RevokedAtMs,
	}
}

// Suffixes of the hub's records: one of the whole, and one a user.
const (
	hubPulledSuffix = "p"
	hubUserPrefix   = "u"
)

// loadHub reads the hub's records. Accounts are loaded before.
func (st *state) loadHub(sys store.System) error {
	return sys.Scan(store.Hub, nil, func(suffix, value []byte) error {
		switch {
		case string(suffix) == hubPulledSuffix:
			return st.hub.decodePulled(value)
		case len(suffix) > len(hubUserPrefix) && string(suffix[:len(hubUserPrefix)]) == hubUserPrefix:
			user, err := decodeHubUser(string(suffix[len(hubUserPrefix):]), value)
			if err != nil {
				return err
			}
			st.hub.users.Set(user.row.UserID, user)
			if t, ok := st.tenants.Get(user.tenant.Number()); ok && user.deletedMs != 0 {
				st.names.Set(t.account.Name, user.tenant.Number()) // kept for it until its data goes
			}
			return nil
		}
		return malformed("a record of the hub under %q", suffix)
	})
}

func encodeHubPulled(h hubState) []byte {
	w := newWriter()
	w.buffer.WriteByte(systemFormat)
	w.list(3)
	w.text(string(h.cursors.Users))
	w.text(string(h.cursors.Keys))
	w.int(h.pulledMs)
	return w.buffer.Bytes()
}

func (h *hubState) decodePulled(raw []byte) error {
	r := recordReader(raw, 3)
	h.cursors.Users = hivehub.Cursor(r.text(hivehub.MaxCursor))
	h.cursors.Keys = hivehub.Cursor(r.text(hivehub.MaxCursor))
	h.pulledMs = r.int()
	return r.finish()
}

func encodeHubUser(u *hubUser) []byte {
	w := newWriter()
	w.buffer.WriteByte(systemFormat)
	w.list(10)
	writeUserRow(w, &u.row)
	w.uint(u.tenant.Number())
	w.int(u.deletedMs)
	w.text(u.droppedPeriod)
	return w.buffer.Bytes()
}

var errHubUserMisplaced = errors.New("a user's record under another user's key")

func decodeHubUser(id string, raw []byte) (*hubUser, error) {
	r := recordReader(raw, 10)
	u := &hubUser{row: readUserRow(r), tenant: tenancy.IDFromNumber(r.uint()), deletedMs: r.int(), droppedPeriod: r.text(maxTextBytes)}
	if r.err == nil && u.row.UserID != id {
		r.fail(errHubUserMisplaced)
	}
	return u, r.finish()
}
