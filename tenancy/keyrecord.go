package tenancy

import (
	"errors"
	"fmt"
	"math"
)

// Role is whose a key is.
type Role string

// The roles.
const (
	RoleTenant   Role = "tenant"
	RoleOperator Role = "operator"
)

// Known reports whether the role is one of the two.
func (r Role) Known() bool { return r == RoleTenant || r == RoleOperator }

// MaxKeyName is the longest name of a key in bytes.
const MaxKeyName = 128

// KeyRecord is what is kept of a key: never its secret. Times are Unix milliseconds of log time, 0 for never.
// A record in a [Directory] is immutable; its fields encode in this order, which is sorted by their tags.
type KeyRecord struct {
	// AuthVersion rises with every change of the record.
	AuthVersion uint64 `msgpack:"auth_version"`
	// CreatedAtMs is when the key was made.
	CreatedAtMs int64 `msgpack:"created_at_ms"`
	// ExpiresAtMs is when the key ends by itself.
	ExpiresAtMs int64 `msgpack:"expires_at_ms"`
	// AllowedFunctions is the key's own bound.
	AllowedFunctions FunctionSet `msgpack:"functions"`
	// GraceUntilMs lets a rotated key live on until then. It means nothing unless RevokedAtMs is set.
	GraceUntilMs int64 `msgpack:"grace_until_ms"`
	// ID is the key's public id.
	ID string `msgpack:"id"`
	// Kind is what the key's text must say.
	Kind KeyKind `msgpack:"kind"`
	// Name is for people.
	Name string `msgpack:"name"`
	// RevokedAtMs is when the key was revoked or rotated.
	RevokedAtMs int64 `msgpack:"revoked_at_ms"`
	// Role is whose the key is.
	Role Role `msgpack:"role"`
	// SecretSHA256 stands in for the secret.
	SecretSHA256 SecretHash `msgpack:"secret_sha256"`
	// Tenant owns the key; nobody for an operator's.
	Tenant ID `msgpack:"tenant"`
}

// Live reports whether the key may be used at nowMs: not expired, and not revoked but for a rotation's grace.
func (r *KeyRecord) Live(nowMs int64) bool {
	if r.ExpiresAtMs != 0 && nowMs >= r.ExpiresAtMs {
		return false
	}
	return r.RevokedAtMs == 0 || nowMs < r.GraceUntilMs
}

// Revoked is the record after a revocation at atMs, effective wherever it is seen, whatever the clock there
// says. A revocation ends a rotation's grace; the first revocation's time stays.
func (r KeyRecord) Revoked(atMs int64) KeyRecord {
	if r.RevokedAtMs == 0 {
		r.RevokedAtMs = max(1, atMs)
	}
	r.GraceUntilMs = 0
	r.AuthVersion++
	return r
}

// Rotated is the record after a rotation at atMs: the old key lives on for graceMs, and without grace ends as by a
// revocation, wherever it is seen. A key that is revoked
// already stays as dead as it is.
func (r KeyRecord) Rotated(atMs, graceMs int64) KeyRecord {
	if r.RevokedAtMs == 0 {
		r.RevokedAtMs = max(1, atMs)
		r.GraceUntilMs = 0
		if graceMs > 0 {
			r.GraceUntilMs = r.RevokedAtMs + min(graceMs, math.MaxInt64-r.RevokedAtMs)
		}
	}
	r.AuthVersion++
	return r
}

// Check refuses a record that contradicts itself.
func (r *KeyRecord) Check() error {
	if err := CheckKeyID(r.ID); err != nil {
		return err
	}
	if !r.Kind.Known() || !r.Role.Known() {
		return fmt.Errorf("key %s: unknown kind %q or role %q", r.ID, clip(string(r.Kind)), clip(string(r.Role)))
	}
	operator := r.Role == RoleOperator
	if operator != (r.Kind == KeyOperator) || operator != r.Tenant.IsZero() {
		return fmt.Errorf("key %s: kind %q, role %q and tenant %q do not fit together", r.ID, r.Kind, r.Role, r.Tenant)
	}
	if len(r.Name) > MaxKeyName || !printable(r.Name) {
		return fmt.Errorf("key %s: the name is longer than %d bytes or not printable", r.ID, MaxKeyName)
	}
	if r.CreatedAtMs < 0 || r.ExpiresAtMs < 0 || r.RevokedAtMs < 0 || r.GraceUntilMs < 0 {
		return fmt.Errorf("key %s: a time is negative", r.ID)
	}
	if r.SecretSHA256 == (SecretHash{}) {
		return fmt.Errorf("key %s: no hash of a secret", r.ID)
	}
	return nil
}

// EncodeKeyRecord is the record's stored form: a format byte, then msgpack with sorted fields. Equal records
// give equal bytes. A record that does not pass Check is refused.
func EncodeKeyRecord(record *KeyRecord) ([]byte, error) {
	if record == nil {
		return nil, errors.New("encode key record: none given")
	}
	if err := record.Check(); err != nil {
		return nil, fmt.Errorf("encode key record: %w", err)
	}
	return encodeRecord(record)
}

// DecodeKeyRecord reads what EncodeKeyRecord wrote. Its errors wrap [ErrRecordFormat].
func DecodeKeyRecord(data []byte) (*KeyRecord, error) {
	record := &KeyRecord{}
	if err := decodeRecord(data, record); err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	if err := record.Check(); err != nil {
		return nil, fmt.Errorf("key: %w: %w", ErrRecordFormat, err)
	}
	return record, nil
}
