package hivehub

import (
	"errors"
	"time"

	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
)

// FallbackPlan is the plan whose limits fill what a hub leaves out when it names no plan, or one that this program
// does not know: the smallest. A gap never becomes "no limit".
const FallbackPlan = "free"

// Change is what a pull, a question or a report makes of the machine: one log entry. Its rules hold whoever proposes
// it and in whatever order: [UserRow.Supersedes] and [KeyRow.Follow] are asked again where it is applied, and a cursor
// moves only from where its proposer saw it.
type Change struct {
	Users []UserRow
	Keys  []KeyRow
	// UsersMove and KeysMove move a cursor; nil moves none.
	UsersMove, KeysMove *CursorMove
	// PulledAt is when a pull began that has now brought everything; the zero time where none has.
	PulledAt time.Time
	// Acks say what the hub holds of the outbox.
	Acks []UsageAck
}

// CursorMove moves a cursor if it still stands at From.
type CursorMove struct{ From, To Cursor }

// Cursors are where the machine stands among the hub's changes.
type Cursors struct{ Users, Keys Cursor }

// UsageAck says that a report was taken. Accepted is the highest seq that the hub holds: where it lies above Seq, the
// hub has heard more of this cluster than the machine knows (as after a restore), and the next seq must lie above it.
type UsageAck struct {
	UserID, Period string
	Seq, Accepted  uint64
}

// UserRow is what the machine keeps of a user of the hub. It is comparable.
type UserRow struct {
	UserID string
	Status tenancy.AccountStatus
	// Plan is the hub's word; it need not be a plan this program knows. It is never empty.
	Plan string
	// Explicit is what the hub said beside the plan, Limits what holds: no field is absent.
	Explicit, Limits tenancy.Limits
	LimitVersion     uint64
	// Period is the running period, "" where the hub says none, and ResetsAtMs its end in Unix milliseconds.
	Period     string
	ResetsAtMs int64
}

// rowOfQuota is the row that a checked quota makes.
func rowOfQuota(q *Quota) UserRow {
	row := UserRow{
		UserID: q.UserID, Status: q.Status, Plan: q.Plan, Explicit: q.Limits(), LimitVersion: q.LimitVersion,
		Period: q.Period, ResetsAtMs: max(0, unixMs(&q.ResetsAt)),
	}
	if row.Status == "" {
		row.Status = tenancy.StatusActive
	}
	if row.Plan == "" {
		row.Plan = FallbackPlan
	}
	plan, err := tenancy.LookupPlan(row.Plan)
	if err != nil {
		plan, err = tenancy.LookupPlan(FallbackPlan)
	}
	row.Limits = row.Explicit.Over(plan.Limits)
	if err != nil { // the embedded table has lost its smallest plan: what is left out allows nothing
		row.Limits = row.Explicit.Over(nothing())
	}
	return row
}

// nothing are limits that allow nothing.
func nothing() tenancy.Limits {
	zero := tenancy.LimitOf(0)
	return tenancy.Limits{
		Burst: zero, MaxDatabases: zero, MaxNodes: zero, MaxQueryMemoryBytes: zero, MaxQueryMs: zero, MaxRelationships: zero,
		MaxResultRows: zero, MaxStorageBytes: zero, RequestsPerMonth: zero, RequestsPerSecond: zero, WritesPerMonth: zero,
	}
}

// Supersedes reports whether the row takes the place of a known one: a higher limit_version does, a lower one never
// does. Under the same one only a later period does; or any difference, where the hub counts no versions.
func (u UserRow) Supersedes(known UserRow) bool {
	switch {
	case planted.On("hub-older-row"):
		return u != known
	case u.LimitVersion != known.LimitVersion:
		return u.LimitVersion > known.LimitVersion
	case u.Period > known.Period:
		return true
	}
	return known.LimitVersion == 0 && u.keepPeriod(known) != known
}

// keepPeriod is the row with the known period where its own is earlier: periods only move forward.
func (u UserRow) keepPeriod(known UserRow) UserRow {
	if u.Period < known.Period {
		u.Period, u.ResetsAtMs = known.Period, known.ResetsAtMs
	}
	return u
}

// Over is the row that holds when this one is told of after known: itself where it supersedes, its period never
// earlier than it was; else known.
func (u UserRow) Over(known UserRow) UserRow {
	if !u.Supersedes(known) {
		return known
	}
	return u.keepPeriod(known)
}

// KeyRow is what the machine keeps of a key of the hub. Times are Unix milliseconds, 0 for never.
type KeyRow struct {
	KeyID, UserID, Name                   string
	Kind                                  tenancy.KeyKind
	SecretSHA256                          tenancy.SecretHash
	Functions                             tenancy.FunctionSet
	CreatedAtMs, ExpiresAtMs, RevokedAtMs int64
}

// ErrKeyChangedHands says that a known key came with another user, secret or kind: it is refused, and what is known stays.
var ErrKeyChangedHands = errors.New("hivehub: a key id came with another owner or secret")

// rowOfKey is the row that a checked key makes.
func rowOfKey(k *Key) (KeyRow, error) {
	functions, err := tenancy.FunctionSetOf(k.AllowedFunctions)
	if err != nil {
		return KeyRow{}, err
	}
	return KeyRow{
		KeyID: k.KeyID, UserID: k.UserID, Name: k.Name, Kind: tenancy.KeyKind(k.Environment), SecretSHA256: k.SecretSHA256,
		Functions: functions, CreatedAtMs: unixMs(&k.CreatedAt), ExpiresAtMs: unixMs(k.ExpiresAt), RevokedAtMs: unixMs(k.RevokedAt),
	}, nil
}

// Equal reports whether two rows say the same.
func (k KeyRow) Equal(other KeyRow) bool {
	return k.Functions.Equal(other.Functions) && k.KeyID == other.KeyID && k.UserID == other.UserID && k.Name == other.Name && k.Kind == other.Kind &&
		k.SecretSHA256 == other.SecretSHA256 && k.CreatedAtMs == other.CreatedAtMs && k.ExpiresAtMs == other.ExpiresAtMs &&
		k.RevokedAtMs == other.RevokedAtMs
}

// Follow is the row that holds when this one is told of after known. A key never changes hands, and a revoked one
// stays revoked since when it was.
func (k KeyRow) Follow(known KeyRow) (KeyRow, error) {
	if k.UserID != known.UserID || k.SecretSHA256 != known.SecretSHA256 || k.Kind != known.Kind {
		return known, ErrKeyChangedHands
	}
	if known.RevokedAtMs != 0 && !planted.On("hub-revived-key") {
		k.RevokedAtMs = known.RevokedAtMs
	}
	return k, nil
}
