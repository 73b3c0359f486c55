package tenancy

// Directory is an immutable snapshot of the replicated registry, as the state machine publishes it. Its methods are
// look-ups in memory, never wait, and may be called from many goroutines. Records found in it must not be changed.
type Directory interface {
	// Key finds a key's record by the key's id.
	Key(id string) (*KeyRecord, bool)
	// Account finds a tenant's account.
	Account(id ID) (*Account, bool)
	// ClusterReady reports whether ClusterInit is applied: before it there are no keys to look for.
	ClusterReady() bool
}

// Staleness is how old a node's registry may be, measured by the replication layer (R5).
type Staleness struct {
	// Ms is the age in milliseconds.
	Ms int64
	// Known is false until the node has measured it once; unknown is not fresh.
	Known bool
}

// Gate decides who a caller is and whether a call may go on, from a Directory alone: no clock, no I/O, no state, no
// allocation when it says yes. It may be used from many goroutines.
//
// A door asks in one order, and so answers the first thing that is wrong:
//
//	Authenticate       401
//	CheckFreshness     503
//	CheckTenant        403
//	(the door's route  404, 405)
//	CheckFunction      403, the route's function, or FunctionByPlan's once more when the plan is known
//	CheckControlPlane  403, beside each CheckFunction: the hub was not heard of for too long
//	(the door's body size 413)
//	rate               429: the quota issue puts its step here
//	(the door's body shape 400, Prepare 400, the plan's function 403)
//	period lease       429: and here, last of all, for only what reaches it is charged
type Gate struct{}

// decoyHash is compared with where there is no record, so that an unknown key costs what a wrong secret costs. It
// never admits: what is not found is refused whatever it compares to.
var decoyHash = HashSecret("no key has this secret")

// Authenticate finds whose credential it is at nowMs. The credential is the key's text, already taken out of its
// header. Without one: ErrAuthenticationRequired. Malformed, unknown, wrong, of another kind than its record,
// revoked, expired, or of a tenant that is deleted: ErrInvalidToken, the same for all. Before the cluster has a
// registry, a well-formed credential is ErrClusterNotReady.
func (Gate) Authenticate(directory Directory, credential string, nowMs int64) (Principal, error) {
	if credential == "" {
		return Principal{}, ErrAuthenticationRequired
	}
	key, err := ParseKey(credential)
	if err != nil {
		return Principal{}, ErrInvalidToken
	}
	if !directory.ClusterReady() {
		return Principal{}, ErrClusterNotReady
	}
	record, found := directory.Key(key.ID)
	stored := &decoyHash
	if found {
		stored = &record.SecretSHA256
	}
	if equal := stored.Equal(key.SecretHash); !equal || !found || record.Kind != key.Kind {
		return Principal{}, ErrInvalidToken
	}
	return principalIn(directory, record, nowMs)
}

// Reauthorize is the leader's own judgement of a request that another node authenticated and forwarded with the key's
// id and the version of its record. A registry that lacks what the other node saw, the record or its version, cannot
// judge: ErrAuthStale, and the other node learns by itself when the key is gone.
func (Gate) Reauthorize(directory Directory, keyID string, authVersion uint64, nowMs int64) (Principal, error) {
	record, found := directory.Key(keyID)
	if !found || record.AuthVersion < authVersion {
		return Principal{}, ErrAuthStale
	}
	return principalIn(directory, record, nowMs)
}

// CheckFreshness refuses, with ErrAuthStale, to authorize by a registry that may be older than maxMs.
func (Gate) CheckFreshness(staleness Staleness, maxMs int64) error {
	if !staleness.Known || staleness.Ms > maxMs {
		return ErrAuthStale
	}
	return nil
}

// CheckTenant refuses a principal whose tenant is suspended (ErrTenantSuspended) or gone (ErrInvalidToken). An
// operator has no tenant and passes; the zero principal does not.
func (Gate) CheckTenant(directory Directory, principal Principal) error {
	if principal.IsZero() {
		return ErrAuthenticationRequired
	}
	if principal.Operator() {
		return nil
	}
	account, found := directory.Account(principal.tenant)
	if !found || account.Status == StatusDeleted {
		return ErrInvalidToken
	}
	if account.Status != StatusActive {
		return ErrTenantSuspended
	}
	return nil
}

// CheckFunction refuses, with a [*FunctionNotAllowedError], a function that the principal lacks.
func (Gate) CheckFunction(principal Principal, function Function) error {
	if !principal.Allows(function) {
		return &FunctionNotAllowedError{Function: function}
	}
	return nil
}

// ControlRule is what an account may not go on with because the control plane was not heard of for too long. The zero
// value refuses nothing.
type ControlRule struct{ RefuseReads, RefuseWrites bool }

// CheckControlPlane refuses, with ErrControlPlaneExpired, a function that the rule of the principal's account does not let
// go on. Whoever looks whether a node is well is never refused.
func (Gate) CheckControlPlane(rule ControlRule, function Function) error {
	refused := rule.RefuseReads
	if function.Writes() {
		refused = rule.RefuseWrites
	}
	if !refused || function == FunctionHealthRead {
		return nil
	}
	return ErrControlPlaneExpired
}

// Admit is CheckTenant, then CheckFunction.
func (g Gate) Admit(directory Directory, principal Principal, function Function) error {
	if err := g.CheckTenant(directory, principal); err != nil {
		return err
	}
	return g.CheckFunction(principal, function)
}

// principalIn is PrincipalOf with the account of the directory.
func principalIn(directory Directory, record *KeyRecord, nowMs int64) (Principal, error) {
	var account *Account
	if record.Role != RoleOperator {
		account, _ = directory.Account(record.Tenant)
	}
	return PrincipalOf(record, account, nowMs)
}
