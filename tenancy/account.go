package tenancy

import (
	"errors"
	"fmt"
)

// AccountStatus is whether a tenant may work.
type AccountStatus string

// The statuses.
const (
	StatusActive    AccountStatus = "active"
	StatusSuspended AccountStatus = "suspended"
	// StatusDeleted refuses at once; the data goes later.
	StatusDeleted AccountStatus = "deleted"
)

// Known reports whether the status is one of the three.
func (s AccountStatus) Known() bool {
	return s == StatusActive || s == StatusSuspended || s == StatusDeleted
}

const (
	// MaxAccountName is the longest name of a tenant in bytes.
	MaxAccountName = 128
	// MaxUserID is the longest user id of the hub in bytes.
	MaxUserID = 128
	// MaxPlanName is the longest name of a plan in bytes.
	MaxPlanName = 64
)

// Account is a tenant as the registry keeps it. An account in a [Directory] is immutable; its fields encode in this
// order, which is sorted by their tags.
//
// Limits is complete: whoever proposes a tenant resolves its plan first (see [ResolveLimits]), so that Apply never
// reads the plans of the program it happens to run in.
type Account struct {
	// CreatedAtMs is when the tenant was made, Unix milliseconds of log time.
	CreatedAtMs int64 `msgpack:"created_at_ms"`
	// Explicit is what was asked for beside the plan, kept so that another plan can be laid under it.
	Explicit Limits `msgpack:"explicit"`
	// ID is the tenant.
	ID ID `msgpack:"id"`
	// LimitVersion only moves forward.
	LimitVersion uint64 `msgpack:"limit_version"`
	// Limits is what holds: no field is absent.
	Limits Limits `msgpack:"limits"`
	// MaxDatabaseBytes bounds each of the tenant's databases in place of the cluster's setting; usually absent.
	MaxDatabaseBytes Limit `msgpack:"max_database_bytes"`
	// Name is for people and unique among the living.
	Name string `msgpack:"name"`
	// Plan is the name of the plan, a word of the control plane's; it need not be in the embedded table.
	Plan string `msgpack:"plan"`
	// Status is whether the tenant may work.
	Status AccountStatus `msgpack:"status"`
	// UserID is the hub's name of the tenant; "" for a local tenant, which the hub neither touches nor bills.
	UserID string `msgpack:"user_id"`
}

// CheckAccountName refuses what cannot be the name of a tenant.
func CheckAccountName(name string) error {
	if name == "" || len(name) > MaxAccountName || !printable(name) {
		return fmt.Errorf("%q is not a tenant name: expected 1 to %d bytes of printable text", clip(name), MaxAccountName)
	}
	return nil
}

// Check refuses an account that contradicts itself or whose limits are not complete.
func (a *Account) Check() error {
	if a.ID.IsZero() {
		return errors.New("tenant without a number")
	}
	if err := CheckAccountName(a.Name); err != nil {
		return err
	}
	if !a.Status.Known() {
		return fmt.Errorf("tenant %s: unknown status %q", a.ID, clip(string(a.Status)))
	}
	if a.Plan == "" || len(a.Plan) > MaxPlanName || !printable(a.Plan) {
		return fmt.Errorf("tenant %s: %q is not a plan name", a.ID, clip(a.Plan))
	}
	if len(a.UserID) > MaxUserID || !printable(a.UserID) {
		return fmt.Errorf("tenant %s: the user id is longer than %d bytes or not printable", a.ID, MaxUserID)
	}
	if a.CreatedAtMs < 0 {
		return fmt.Errorf("tenant %s: a time is negative", a.ID)
	}
	if !a.Limits.Resolved() {
		return fmt.Errorf("tenant %s: a limit is absent: no plan was laid under it", a.ID)
	}
	return nil
}

// EncodeAccount is the account's stored form: a format byte, then msgpack with sorted fields. Equal accounts give
// equal bytes. An account that does not pass Check is refused.
func EncodeAccount(account *Account) ([]byte, error) {
	if account == nil {
		return nil, errors.New("encode account: none given")
	}
	if err := account.Check(); err != nil {
		return nil, fmt.Errorf("encode account: %w", err)
	}
	return encodeRecord(account)
}

// DecodeAccount reads what EncodeAccount wrote. Its errors wrap [ErrRecordFormat].
func DecodeAccount(data []byte) (*Account, error) {
	account := &Account{}
	if err := decodeRecord(data, account); err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	if err := account.Check(); err != nil {
		return nil, fmt.Errorf("account: %w: %w", ErrRecordFormat, err)
	}
	return account, nil
}
