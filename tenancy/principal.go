package tenancy

// Principal is who a caller was found to be: a live key of a tenant or of the operator. Only [Gate] and
// [PrincipalOf] make one; the zero value is nobody and may nothing. It is a small comparable value, passed as a
// parameter, and holds for the registry snapshot it was made from.
type Principal struct {
	keyID       string
	tenant      ID
	authVersion uint64
	role        Role
	allowed     functionBits
}

// PrincipalOf is the principal of a key whose holder was authenticated elsewhere: the leader's own judgement of a
// forwarded request, from its own record and account (nil for an operator's key). A key that is not live at nowMs,
// or whose account is not there, is another's or deleted, is ErrInvalidToken.
func PrincipalOf(record *KeyRecord, account *Account, nowMs int64) (Principal, error) {
	if record == nil || !record.Live(nowMs) || !ownerLives(record, account) {
		return Principal{}, ErrInvalidToken
	}
	return Principal{
		keyID:       record.ID,
		tenant:      record.Tenant,
		authVersion: record.AuthVersion,
		role:        record.Role,
		allowed:     record.AllowedFunctions.effective(record.Role),
	}, nil
}

// ownerLives reports whether the key belongs to the operator or to a tenant that is there and not deleted.
func ownerLives(record *KeyRecord, account *Account) bool {
	if record.Role == RoleOperator {
		return record.Tenant.IsZero()
	}
	return account != nil && !record.Tenant.IsZero() && account.ID == record.Tenant && account.Status != StatusDeleted
}

// IsZero reports whether it is nobody.
func (p Principal) IsZero() bool { return p.role == "" }

// Tenant is the key's tenant; nobody for an operator.
func (p Principal) Tenant() ID { return p.tenant }

// KeyID is the public id of the key.
func (p Principal) KeyID() string { return p.keyID }

// AuthVersion is the version of the key's record that was judged.
func (p Principal) AuthVersion() uint64 { return p.authVersion }

// Role is whose the key is.
func (p Principal) Role() Role { return p.role }

// Operator reports whether the key is the operator's.
func (p Principal) Operator() bool { return p.role == RoleOperator }

// Allows reports whether the key has the function. FunctionAnyKey is allowed to every principal but the zero one,
// FunctionByPlan and functions that are not asked of keys to none.
func (p Principal) Allows(f Function) bool {
	if f == FunctionAnyKey {
		return !p.IsZero()
	}
	return p.allowed.has(f)
}
