package tenancy

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"
)

var rewrite = flag.Bool("rewrite", false, "write golden files that do not exist yet")

func sampleKey() *KeyRecord {
	functions, err := OnlyFunctions("tx", "cypher.read", "future.function")
	if err != nil {
		panic(err)
	}
	return &KeyRecord{
		AuthVersion: 3, CreatedAtMs: 1_790_000_000_000, ExpiresAtMs: 1_800_000_000_000, AllowedFunctions: functions,
		GraceUntilMs: 1_795_000_060_000, ID: "0123456789ABCDef", Kind: KeyLive, Name: "agent é", RevokedAtMs: 1_795_000_000_000,
		Role: RoleTenant, SecretSHA256: HashSecret("golden"), Tenant: IDFromNumber(300),
	}
}

func sampleOperatorKey() *KeyRecord {
	return &KeyRecord{
		AuthVersion: 1, CreatedAtMs: 1, AllowedFunctions: EveryFunction(), ID: "zzzzzzzzzzzzzzzz", Kind: KeyOperator,
		Name: "operator", Role: RoleOperator, SecretSHA256: HashSecret("golden operator"),
	}
}

func sampleAccount() *Account {
	explicit := Limits{MaxNodes: LimitOf(5), MaxQueryMs: NoLimit()}
	return &Account{
		CreatedAtMs: 1_790_000_000_000, Explicit: explicit, ID: IDFromNumber(1), LimitVersion: 70_000,
		Limits: explicit.Over(Plans()[0].Limits), MaxDatabaseBytes: LimitOf(1 << 31), Name: "acme", Plan: "free",
		Status: StatusActive, UserID: "user-1",
	}
}

// golden compares bytes with a file of hexadecimal digits, which is never rewritten once it exists.
func golden(t *testing.T, name string, have []byte) {
	t.Helper()
	path := "testdata/" + name + ".hex"
	want, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) && *rewrite {
		if err := os.WriteFile(path, []byte(hex.EncodeToString(have)+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if hex.EncodeToString(have) != strings.TrimSpace(string(want)) {
		t.Errorf("%s: bytes changed:\n%x\n%s", name, have, want)
	}
}

func TestRecords_GoldenBytes(t *testing.T) {
	for name, record := range map[string]*KeyRecord{"key_record": sampleKey(), "key_record_operator": sampleOperatorKey()} {
		data, err := EncodeKeyRecord(record)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, data)
		back, err := DecodeKeyRecord(data)
		if err != nil || !reflect.DeepEqual(back, record) {
			t.Errorf("%s: %+v comes back as %+v, %v", name, record, back, err)
		}
	}
	data, err := EncodeAccount(sampleAccount())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "account", data)
	if back, err := DecodeAccount(data); err != nil || *back != *sampleAccount() {
		t.Errorf("%+v, %v", back, err)
	}
}

// Records also travel inside other msgpack structs: commands hold them by value and by pointer.
func TestRecords_EmbedInCommands(t *testing.T) {
	type command struct {
		Key      KeyRecord
		Operator *KeyRecord
		Account  *Account
		Nothing  *KeyRecord
		Limits   Limits
		Set      FunctionSet
		Usage    Usage
	}
	want := command{*sampleKey(), sampleOperatorKey(), sampleAccount(), nil, Limits{Burst: NoLimit()}, EveryFunction(), Usage{1, 2, 3, 4}}
	data, err := msgpack.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var have command
	if err := msgpack.Unmarshal(data, &have); err != nil || !reflect.DeepEqual(have, want) {
		t.Errorf("%+v comes back as %+v, %v", want, have, err)
	}
}

func TestRecords_TagsAreSorted(t *testing.T) {
	for _, kind := range []reflect.Type{reflect.TypeFor[KeyRecord](), reflect.TypeFor[Account]()} {
		previous := ""
		for i := range kind.NumField() {
			tag := kind.Field(i).Tag.Get("msgpack")
			if tag <= previous {
				t.Errorf("%s.%s: tag %q stands behind %q", kind.Name(), kind.Field(i).Name, tag, previous)
			}
			previous = tag
		}
	}
}

func drawKeyRecord(t *rapid.T) *KeyRecord {
	set, err := FunctionSetOf(drawList(t))
	if err != nil {
		t.Fatal(err)
	}
	times := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 1<<62))
	record := &KeyRecord{
		AuthVersion: rapid.Uint64().Draw(t, "auth version"), CreatedAtMs: times.Draw(t, "created"), ExpiresAtMs: times.Draw(t, "expires"),
		AllowedFunctions: set, GraceUntilMs: times.Draw(t, "grace"), ID: rapid.StringMatching(`[0-9A-Za-z]{16}`).Draw(t, "id"),
		Kind: rapid.SampledFrom([]KeyKind{KeyLive, KeyTest, KeyOperator}).Draw(t, "kind"), Name: rapid.StringMatching(`[ -~é]{0,40}`).Draw(t, "name"),
		RevokedAtMs: times.Draw(t, "revoked"), Role: RoleOperator, SecretSHA256: HashSecret(rapid.String().Draw(t, "secret")),
	}
	if record.Kind != KeyOperator {
		record.Role, record.Tenant = RoleTenant, IDFromNumber(rapid.Uint64Min(1).Draw(t, "tenant"))
	}
	return record
}

func TestKeyRecord_ReadsBackAndIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		record := drawKeyRecord(t)
		data, err := EncodeKeyRecord(record)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeKeyRecord(data)
		if err != nil {
			t.Fatal(err)
		}
		again, err := EncodeKeyRecord(back)
		if err != nil || !bytes.Equal(data, again) {
			t.Fatalf("%x, then %x, %v", data, again, err)
		}
		cut := rapid.IntRange(0, len(data)-1).Draw(t, "cut")
		for _, bad := range [][]byte{data[:cut], append(data[:len(data):len(data)], 0xc0), append([]byte{2}, data[1:]...)} {
			if _, err := DecodeKeyRecord(bad); !errors.Is(err, ErrRecordFormat) {
				t.Fatalf("%x was taken: %v", bad, err)
			}
		}
	})
}

func TestKeyRecord_CheckRefusesContradictions(t *testing.T) {
	for what, spoil := range map[string]func(*KeyRecord){
		"short id":                 func(r *KeyRecord) { r.ID = "abc" },
		"foreign id":               func(r *KeyRecord) { r.ID = "0123456789ABCDE_" },
		"unknown kind":             func(r *KeyRecord) { r.Kind = "prod" },
		"unknown role":             func(r *KeyRecord) { r.Role = "root" },
		"operator's kind":          func(r *KeyRecord) { r.Kind = KeyOperator },
		"operator with a tenant":   func(r *KeyRecord) { r.Kind, r.Role = KeyOperator, RoleOperator },
		"operator of tenant kind":  func(r *KeyRecord) { r.Role, r.Tenant = RoleOperator, ID{} },
		"tenant's key of nobody":   func(r *KeyRecord) { r.Tenant = ID{} },
		"long name":                func(r *KeyRecord) { r.Name = strings.Repeat("n", MaxKeyName+1) },
		"name with control":        func(r *KeyRecord) { r.Name = "a\x1b[31m" },
		"name not UTF-8":           func(r *KeyRecord) { r.Name = "\xff" },
		"negative time":            func(r *KeyRecord) { r.ExpiresAtMs = -1 },
		"no hash":                  func(r *KeyRecord) { r.SecretSHA256 = SecretHash{} },
		"negative time of revoked": func(r *KeyRecord) { r.RevokedAtMs = -1 },
	} {
		record := sampleKey()
		spoil(record)
		if _, err := EncodeKeyRecord(record); err == nil {
			t.Errorf("%s was encoded", what)
		}
		data, err := encodeRecord(record)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeKeyRecord(data); !errors.Is(err, ErrRecordFormat) {
			t.Errorf("%s was decoded: %v", what, err)
		}
	}
	if _, err := EncodeKeyRecord(nil); err == nil {
		t.Error("nil was encoded")
	}
}

func TestAccount_CheckRefusesContradictions(t *testing.T) {
	for what, spoil := range map[string]func(*Account){
		"nobody":         func(a *Account) { a.ID = ID{} },
		"no name":        func(a *Account) { a.Name = "" },
		"long name":      func(a *Account) { a.Name = strings.Repeat("n", MaxAccountName+1) },
		"control":        func(a *Account) { a.Name = "a\nb" },
		"unknown status": func(a *Account) { a.Status = "asleep" },
		"no plan":        func(a *Account) { a.Plan = "" },
		"long user id":   func(a *Account) { a.UserID = strings.Repeat("u", MaxUserID+1) },
		"negative time":  func(a *Account) { a.CreatedAtMs = -1 },
		"absent limit":   func(a *Account) { a.Limits.Burst = Limit{} },
	} {
		account := sampleAccount()
		spoil(account)
		if _, err := EncodeAccount(account); err == nil {
			t.Errorf("%s was encoded", what)
		}
		data, err := encodeRecord(account)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeAccount(data); !errors.Is(err, ErrRecordFormat) {
			t.Errorf("%s was decoded: %v", what, err)
		}
	}
	if _, err := EncodeAccount(nil); err == nil {
		t.Error("nil was encoded")
	}
}

func TestRecord_UnknownFieldIsRefused(t *testing.T) {
	data, err := encodeRecord(map[string]any{"from_the_future": 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeKeyRecord(data); !errors.Is(err, ErrRecordFormat) || !strings.Contains(err.Error(), "from_the_future") {
		t.Error(err)
	}
}

func TestKeyRecord_LifeOfAKey(t *testing.T) {
	base := KeyRecord{AuthVersion: 1}
	live := func(what string, record KeyRecord, nowMs int64, want bool) {
		t.Helper()
		if record.Live(nowMs) != want {
			t.Errorf("%s: live at %d is %v", what, nowMs, !want)
		}
	}
	live("fresh", base, 1<<60, true)
	expiring := base
	expiring.ExpiresAtMs = 100
	live("before its end", expiring, 99, true)
	live("at its end", expiring, 100, false)

	revoked := base.Revoked(50)
	live("revoked", revoked, 50, false)
	live("revoked, seen by a clock that is behind", revoked, 1, false)
	live("revoked at time 0", base.Revoked(0), 0, false)

	rotated := base.Rotated(50, 10)
	live("in grace", rotated, 59, true)
	live("after grace", rotated, 60, false)
	live("rotated with endless grace", base.Rotated(50, 1<<63-1), 1<<62, true)
	live("rotated without grace", base.Rotated(50, 0), 50, false)
	live("rotated with negative grace", base.Rotated(50, -9), 45, false)
	live("revoked in grace", rotated.Revoked(55), 56, false)
	live("rotated when revoked", revoked.Rotated(60, 1000), 61, false)

	expiringRotated := expiring.Rotated(50, 1000)
	live("grace outlives no expiry", expiringRotated, 100, false)
	if revoked.AuthVersion != 2 || rotated.Revoked(55).AuthVersion != 3 || rotated.Revoked(55).RevokedAtMs != 50 || base.RevokedAtMs != 0 {
		t.Error("versions or times are wrong, or the original changed")
	}
}

func FuzzKeyRecordDecode(f *testing.F) {
	for _, record := range []*KeyRecord{sampleKey(), sampleOperatorKey()} {
		data, err := EncodeKeyRecord(record)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte{1, 0xdf, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		record, err := DecodeKeyRecord(data)
		if err != nil {
			if record != nil || !errors.Is(err, ErrRecordFormat) {
				t.Fatalf("%+v, %v", record, err)
			}
			return
		}
		once, err := EncodeKeyRecord(record)
		if err != nil {
			t.Fatalf("decoded but not encoded: %v", err)
		}
		again, err := DecodeKeyRecord(once)
		if err != nil || !reflect.DeepEqual(again, record) {
			t.Fatalf("%+v, then %+v, %v", record, again, err)
		}
	})
}

func FuzzAccountDecode(f *testing.F) {
	data, err := EncodeAccount(sampleAccount())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		account, err := DecodeAccount(data)
		if err != nil {
			return
		}
		once, err := EncodeAccount(account)
		if err != nil {
			t.Fatalf("decoded but not encoded: %v", err)
		}
		if again, err := DecodeAccount(once); err != nil || *again != *account {
			t.Fatalf("%+v, then %+v, %v", account, again, err)
		}
	})
}
