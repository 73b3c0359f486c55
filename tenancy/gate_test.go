package tenancy

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// registry is the stand-in for the machine's snapshot; it counts look-ups.
type registry struct {
	keys     map[string]*KeyRecord
	accounts map[ID]*Account
	notReady bool
	lookups  int
}

func (r *registry) Key(id string) (*KeyRecord, bool) {
	r.lookups++
	record, found := r.keys[id]
	return record, found
}

func (r *registry) Account(id ID) (*Account, bool) {
	account, found := r.accounts[id]
	return account, found
}

func (r *registry) ClusterReady() bool { return !r.notReady }

// house is a registry with tenants t1 (active), t2 (suspended) and t3 (deleted), and the texts of their keys.
type house struct {
	*registry
	text map[string]string
}

func newHouse(t testing.TB) *house {
	h := &house{&registry{keys: map[string]*KeyRecord{}, accounts: map[ID]*Account{}}, map[string]string{}}
	for n, status := range []AccountStatus{StatusActive, StatusSuspended, StatusDeleted} {
		id := IDFromNumber(uint64(n + 1))
		h.accounts[id] = &Account{ID: id, Status: status}
	}
	h.add(t, "t1", KeyLive, 1, nil)
	h.add(t, "t1 test", KeyTest, 1, nil)
	h.add(t, "t1 read", KeyLive, 1, func(r *KeyRecord) { r.AllowedFunctions, _ = OnlyFunctions("cypher.read", "key.write") })
	h.add(t, "t1 none", KeyLive, 1, func(r *KeyRecord) { r.AllowedFunctions = FunctionSet{} })
	h.add(t, "t2", KeyLive, 2, nil)
	h.add(t, "t3", KeyLive, 3, nil)
	h.add(t, "t4 missing", KeyLive, 4, nil)
	h.add(t, "op", KeyOperator, 0, nil)
	h.add(t, "op listed", KeyOperator, 0, func(r *KeyRecord) { r.AllowedFunctions, _ = OnlyFunctions("cypher.read", "key.read") })
	h.add(t, "revoked", KeyLive, 1, func(r *KeyRecord) { *r = r.Revoked(500) })
	h.add(t, "grace", KeyLive, 1, func(r *KeyRecord) { *r = r.Rotated(900, 200) })
	h.add(t, "grace over", KeyLive, 1, func(r *KeyRecord) { *r = r.Rotated(700, 300) })
	h.add(t, "expired", KeyLive, 1, func(r *KeyRecord) { r.ExpiresAtMs = 1000 })
	h.add(t, "expiring", KeyLive, 1, func(r *KeyRecord) { r.ExpiresAtMs = 1001 })
	return h
}

func (h *house) add(t testing.TB, name string, kind KeyKind, tenant uint64, change func(*KeyRecord)) {
	random := bytes.Repeat([]byte(name+"."), 48)[:48]
	text, part, err := GenerateKey(kind, bytes.NewReader(random))
	if err != nil {
		t.Fatal(err)
	}
	record := &KeyRecord{
		AuthVersion: 7, AllowedFunctions: EveryFunction(), ID: part.ID, Kind: kind, Role: RoleTenant,
		SecretSHA256: part.SecretHash, Tenant: IDFromNumber(tenant),
	}
	if tenant == 0 {
		record.Role = RoleOperator
	}
	if change != nil {
		change(record)
	}
	h.keys[part.ID] = record
	h.text[name] = text.Reveal()
}

// sealed gives a text the right checksum.
func sealed(body string) string {
	sum := checksumDigits(checksum(body))
	return body + string(sum[:])
}

func TestGate_Authenticate(t *testing.T) {
	h := newHouse(t)
	valid := h.text["t1"]
	body := valid[:len(valid)-keyChecksumLength]
	wrongSecret := sealed(body[:len(body)-1] + string(alphabet[(bytes.IndexByte([]byte(alphabet), body[len(body)-1])+1)%62]))
	unknownID := sealed("nx_live_" + "0000000000000000" + body[24:])
	otherKind := sealed("nx_test_" + body[8:])
	operatorKind := sealed("nx_op_" + body[8:])
	for _, c := range []struct {
		name, credential string
		lookups          int
		want             error
	}{
		{"none", "", 0, ErrAuthenticationRequired},
		{"live", valid, 1, nil},
		{"test", h.text["t1 test"], 1, nil},
		{"operator", h.text["op"], 1, nil},
		{"suspended tenant", h.text["t2"], 1, nil},
		{"in grace", h.text["grace"], 1, nil},
		{"before expiry", h.text["expiring"], 1, nil},
		{"grace over", h.text["grace over"], 1, ErrInvalidToken},
		{"expired", h.text["expired"], 1, ErrInvalidToken},
		{"revoked", h.text["revoked"], 1, ErrInvalidToken},
		{"deleted tenant", h.text["t3"], 1, ErrInvalidToken},
		{"missing tenant", h.text["t4 missing"], 1, ErrInvalidToken},
		{"wrong secret", wrongSecret, 1, ErrInvalidToken},
		{"unknown id", unknownID, 1, ErrInvalidToken},
		{"other kind", otherKind, 1, ErrInvalidToken},
		{"operator kind", operatorKind, 1, ErrInvalidToken},
		{"malformed", "secret", 0, ErrInvalidToken},
		{"with scheme", "Bearer " + valid, 0, ErrInvalidToken},
		{"wrong checksum", valid[:len(valid)-1] + "!", 0, ErrInvalidToken},
	} {
		h.lookups = 0
		principal, err := Gate{}.Authenticate(h, c.credential, 1000)
		if err != c.want || h.lookups != c.lookups || principal.IsZero() != (err != nil) {
			t.Errorf("%s: %v with %d look-ups as %+v", c.name, err, h.lookups, principal)
		}
		if err != nil && principal != (Principal{}) {
			t.Errorf("%s: an error with a principal", c.name)
		}
	}
}

func TestGate_AuthenticateBeforeTheClusterIsReady(t *testing.T) {
	h := newHouse(t)
	h.notReady = true
	for credential, want := range map[string]error{"": ErrAuthenticationRequired, "x": ErrInvalidToken, h.text["t1"]: ErrClusterNotReady} {
		if _, err := (Gate{}).Authenticate(h, credential, 0); err != want {
			t.Errorf("%q: %v", credential, err)
		}
	}
}

// A record that was never found must not be entered through the decoy, even by whoever knows its preimage's hash.
func TestGate_DecoyAdmitsNobody(t *testing.T) {
	h := newHouse(t)
	secret := "DecoyDecoyDecoyDecoyDecoyDecoyDecoyDecoyDec"
	before := decoyHash
	decoyHash = HashSecret(secret)
	defer func() { decoyHash = before }()
	if principal, err := (Gate{}).Authenticate(h, sealed("nx_op_0000000000000000_"+secret), 0); err != ErrInvalidToken || !principal.IsZero() {
		t.Errorf("%+v, %v", principal, err)
	}
}

func principalNamed(t testing.TB, h *house, name string) Principal {
	t.Helper()
	principal, err := Gate{}.Authenticate(h, h.text[name], 1000)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return principal
}

func TestPrincipal_SaysWhoItIs(t *testing.T) {
	h := newHouse(t)
	tenant, operator := principalNamed(t, h, "t1"), principalNamed(t, h, "op")
	parsed, _ := ParseKey(h.text["t1"])
	if tenant.Tenant() != IDFromNumber(1) || tenant.Operator() || tenant.Role() != RoleTenant || tenant.AuthVersion() != 7 || tenant.KeyID() != parsed.ID {
		t.Errorf("%+v", tenant)
	}
	if !operator.Tenant().IsZero() || !operator.Operator() || operator.Role() != RoleOperator {
		t.Errorf("%+v", operator)
	}
	nobody := Principal{}
	for _, f := range append(Functions(), FunctionByPlan, FunctionAnyKey, Function{}) {
		if nobody.Allows(f) {
			t.Errorf("nobody may %s", f)
		}
	}
}

func TestGate_Admit(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		key      string
		function Function
		want     error
	}{
		{"t1", FunctionCypherRead, nil}, {"t1", FunctionMCPUpsertGraph, nil}, {"t1", FunctionAnyKey, nil}, {"t1", FunctionHealthRead, nil},
		{"t1", FunctionKeyRead, ErrFunctionNotAllowed}, {"t1", FunctionByPlan, ErrFunctionNotAllowed},
		{"t1", FunctionPeerForward, ErrFunctionNotAllowed}, {"t1", FunctionHiveHubEvents, ErrFunctionNotAllowed}, {"t1", Function{}, ErrFunctionNotAllowed},
		{"t1 read", FunctionCypherRead, nil}, {"t1 read", FunctionCypherWrite, ErrFunctionNotAllowed},
		{"t1 read", FunctionKeyWrite, ErrFunctionNotAllowed}, {"t1 read", FunctionHealthRead, ErrFunctionNotAllowed}, {"t1 read", FunctionAnyKey, nil},
		{"t1 none", FunctionCypherRead, ErrFunctionNotAllowed}, {"t1 none", FunctionAnyKey, nil},
		{"t2", FunctionCypherRead, ErrTenantSuspended}, {"t2", FunctionKeyRead, ErrTenantSuspended}, {"t2", FunctionAnyKey, ErrTenantSuspended},
		{"op", FunctionKeyWrite, nil}, {"op", FunctionHealthRead, nil}, {"op", FunctionMCPListTenants, nil},
		{"op", FunctionCypherRead, ErrFunctionNotAllowed}, {"op", FunctionMCPReadCypher, ErrFunctionNotAllowed}, {"op", FunctionStatsRead, ErrFunctionNotAllowed},
		{"op listed", FunctionKeyRead, nil}, {"op listed", FunctionCypherRead, ErrFunctionNotAllowed}, {"op listed", FunctionHealthRead, ErrFunctionNotAllowed},
	} {
		err := Gate{}.Admit(h, principalNamed(t, h, c.key), c.function)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s for %s: %v, want %v", c.key, c.function, err, c.want)
		}
		var refused *FunctionNotAllowedError
		if c.want == ErrFunctionNotAllowed && (!errors.As(err, &refused) || refused.Function != c.function) {
			t.Errorf("%s for %s: the function is not named: %v", c.key, c.function, err)
		}
	}
	if err := (Gate{}).Admit(h, Principal{}, FunctionAnyKey); err != ErrAuthenticationRequired {
		t.Errorf("nobody: %v", err)
	}
}

func TestGate_SeesWhatHappenedToTheTenantSince(t *testing.T) {
	h := newHouse(t)
	principal := principalNamed(t, h, "t1")
	for _, c := range []struct {
		account *Account
		want    error
	}{{&Account{ID: IDFromNumber(1), Status: StatusSuspended}, ErrTenantSuspended}, {&Account{ID: IDFromNumber(1), Status: StatusDeleted}, ErrInvalidToken}, {&Account{ID: IDFromNumber(1)}, ErrTenantSuspended}} {
		h.accounts[IDFromNumber(1)] = c.account
		if err := (Gate{}).Admit(h, principal, FunctionCypherRead); err != c.want {
			t.Errorf("status %q: %v", c.account.Status, err)
		}
	}
	delete(h.accounts, IDFromNumber(1))
	if err := (Gate{}).Admit(h, principal, FunctionCypherRead); err != ErrInvalidToken {
		t.Errorf("gone: %v", err)
	}
}

func TestGate_Reauthorize(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		key     string
		version uint64
		want    error
	}{
		{"t1", 7, nil}, {"t1", 0, nil}, {"t1", 8, ErrAuthStale}, {"op", 7, nil}, {"grace", 8, nil},
		{"revoked", 7, ErrInvalidToken}, {"expired", 7, ErrInvalidToken}, {"t3", 7, ErrInvalidToken}, {"t4 missing", 7, ErrInvalidToken},
	} {
		parsed, err := ParseKey(h.text[c.key])
		if err != nil {
			t.Fatal(err)
		}
		principal, err := Gate{}.Reauthorize(h, parsed.ID, c.version, 1000)
		if err != c.want || principal.IsZero() != (err != nil) {
			t.Errorf("%s version %d: %+v, %v", c.key, c.version, principal, err)
		}
		if err == nil && principal != principalNamed(t, h, c.key) {
			t.Errorf("%s: another principal than authenticated", c.key)
		}
	}
	if _, err := (Gate{}).Reauthorize(h, "0000000000000000", 1, 1000); err != ErrAuthStale {
		t.Errorf("a key not seen here: %v", err)
	}
}

func TestPrincipalOf_RefusesAnotherTenantsAccount(t *testing.T) {
	h := newHouse(t)
	parsed, _ := ParseKey(h.text["t1"])
	record := h.keys[parsed.ID]
	for _, account := range []*Account{nil, {}, {ID: IDFromNumber(2), Status: StatusActive}, {ID: IDFromNumber(1), Status: StatusDeleted}} {
		if principal, err := PrincipalOf(record, account, 0); err != ErrInvalidToken || !principal.IsZero() {
			t.Errorf("%+v: %+v, %v", account, principal, err)
		}
	}
	broken := *record
	broken.Role = RoleOperator
	for _, record := range []*KeyRecord{nil, &broken, {Role: RoleTenant}, {}} {
		if principal, err := PrincipalOf(record, &Account{}, 0); err != ErrInvalidToken || !principal.IsZero() {
			t.Errorf("%+v: %+v, %v", record, principal, err)
		}
	}
}

func TestGate_CheckFreshness(t *testing.T) {
	for _, c := range []struct {
		staleness Staleness
		want      error
	}{{Staleness{}, ErrAuthStale}, {Staleness{0, true}, nil}, {Staleness{10, true}, nil}, {Staleness{11, true}, ErrAuthStale}, {Staleness{0, false}, ErrAuthStale}} {
		if err := (Gate{}).CheckFreshness(c.staleness, 10); err != c.want {
			t.Errorf("%+v: %v", c.staleness, err)
		}
	}
}

// Whatever a record says, its principal is never of two worlds.
func TestPrincipal_NeverOfTwoWorlds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		record := drawKeyRecord(t)
		principal, err := PrincipalOf(record, &Account{ID: record.Tenant, Status: StatusActive}, rapid.Int64().Draw(t, "now"))
		if err != nil {
			return
		}
		for _, f := range append(Functions(), FunctionByPlan) {
			if !principal.Allows(f) {
				continue
			}
			if f.Authenticator() != ByKey || f.Administrative() != principal.Operator() && !(principal.Operator() && f == FunctionHealthRead) {
				t.Fatalf("%+v may %s", principal, f)
			}
			if principal.Operator() != principal.Tenant().IsZero() {
				t.Fatalf("%+v is an operator with a tenant, or neither", principal)
			}
		}
	})
}

func TestGate_AllocatesNothing(t *testing.T) {
	h := newHouse(t)
	valid, unknown := h.text["t1"], sealed("nx_live_0000000000000000_"+h.text["t1"][25:68])
	var gate Gate
	var directory Directory = h
	allocations := testing.AllocsPerRun(1000, func() {
		principal, err := gate.Authenticate(directory, valid, 1000)
		if err != nil || gate.Admit(directory, principal, FunctionCypherRead) != nil {
			t.Fatal(err)
		}
		if _, err := gate.Authenticate(directory, unknown, 1000); err != ErrInvalidToken {
			t.Fatal(err)
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

func BenchmarkGate(b *testing.B) {
	h := newHouse(b)
	valid := h.text["t1"]
	wrong := sealed(valid[:len(valid)-keyChecksumLength-1] + "0")
	unknown := sealed("nx_live_0000000000000000_" + valid[25:68])
	var gate Gate
	for _, c := range []struct {
		name, credential string
		want             error
	}{{"authenticate", valid, nil}, {"wrong-secret", wrong, ErrInvalidToken}, {"unknown-key", unknown, ErrInvalidToken}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := gate.Authenticate(h, c.credential, 1000); err != c.want {
					b.Fatal(err)
				}
			}
		})
	}
	principal := principalNamed(b, h, "t1")
	b.Run("admit", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := gate.Admit(h, principal, FunctionCypherRead); err != nil {
				b.Fatal(err)
			}
		}
	})
}
