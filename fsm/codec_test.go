package fsm

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

var rewrite = flag.Bool("rewrite", false, "add golden bytes that are missing; those that are there never change")

// samples are one command of each kind, and the odd cases.
func samples() []struct {
	name    string
	command Command
} {
	h := Header{Term: 3, TimeMs: testTimeMs, Request: RequestID{1, 2, 3, 15: 16}}
	account := tenancy.Account{
		ID: tenancy.IDFromNumber(7), Name: "acme", UserID: "u-1", Plan: "unlimited", Status: tenancy.StatusActive,
		Limits: noLimits(), LimitVersion: 2, CreatedAtMs: testTimeMs,
	}
	changes := graph.Changes{
		Base: graph.Stamp{Term: 2, Sequence: 8}, Stamp: graph.Stamp{Term: 3, Sequence: 1},
		Strings: []string{"Person", "ü", ""}, Ops: []byte{1, 2, 3}, Count: 1,
	}
	kept := &Kept{Key: "my-key", Hash: [32]byte{9, 31: 1}, ArrivedMs: testTimeMs - 5, Part: 2, Last: true}
	return []struct {
		name    string
		command Command
	}{
		{"term-start", &TermStart{Header: h, NodeID: "n1"}},
		{"cluster-init", &ClusterInit{Header: h, ClusterID: testCluster, Epoch: 1, OperatorKey: operatorKey(), FeatureLevel: 1, MaxDatabaseBytes: 1 << 31}},
		{"create-tenant", &CreateTenant{Header: h, Name: "acme", UserID: "u", Plan: "free", Explicit: tenancy.Limits{MaxNodes: tenancy.LimitOf(9)}, Limits: noLimits()}},
		{"update-tenant", &UpdateTenant{Header: h, Account: account}},
		{"delete-tenant", &DeleteTenant{Header: h, Tenant: tenancy.IDFromNumber(1 << 40)}},
		{"create-key", &CreateKey{Header: h, Record: tenantKey("1", account.ID)}},
		{"create-key-rotation", &CreateKey{Header: h, Record: tenantKey("1", account.ID), Rotation: &Rotation{KeyID: "old", GraceMs: 60000}}},
		{"revoke-key", &RevokeKey{Header: h, KeyID: "abc"}},
		{"create-database", &CreateDatabase{Header: h, Tenant: account.ID, Name: "second"}},
		{"drop-database", &DropDatabase{Header: h, Tenant: account.ID, Database: 300}},
		{"graph-write", &GraphWrite{Header: h, Tenant: account.ID, Database: 1, Changes: changes, Stats: []byte("stats")}},
		{"graph-write-kept", &GraphWrite{Header: h, Tenant: account.ID, Kept: kept, Changes: changes, Stats: []byte("stats"), Rows: []byte("rows")}},
		{"graph-write-refusal", &GraphWrite{Header: Header{}, Tenant: account.ID, Kept: kept, Refusal: []byte("no")}},
		{"raise-feature-level", &RaiseFeatureLevel{Header: h, Level: 2}},
		{"digest-mark", &DigestMark{Header: h, Digests: []StampedDigest{{account.ID, 4, changes.Stamp, graph.Digest{1, 15: 2}}}}},
		{"set-clock", &SetClock{Header: h, NowMs: -1}},
		{"remove-member", &RemoveMember{Header: h, NodeID: "n3"}},
		{"ledger-tick", &LedgerTick{Header: h, Resident: []tenancy.ID{account.ID, tenancy.IDFromNumber(300)}, Tick: &ledger.Tick{
			Period: 202611, Opens: []ledger.Open{{ID: "n1", Incarnation: 2}},
			Grants: []ledger.Grant{{Tenant: account.ID, Node: 1, Incarnation: 2, Period: 202611, Units: ledger.Units{Requests: 400, Writes: 3}}},
		}}},
		{"audit-heads", &AuditHeads{Header: h, Heads: []AuditHead{{NodeID: "n1", Seq: 300, Hash: AuditHash{1, 31: 2}}}}},
		{"mark-member", &MarkMember{Header: h, NodeID: "n3", Draining: true}},
		{"hub-change", &HubChange{Header: h, Change: hivehub.Change{
			Users: []hivehub.UserRow{userRow("u-1", 4, tenancy.StatusActive)}, Keys: []hivehub.KeyRow{keyRow(1, "u-1")},
			UsersMove: &hivehub.CursorMove{From: "a", To: "b"}, PulledAt: time.UnixMilli(testTimeMs),
			Acks: []hivehub.UsageAck{{UserID: "u-1", Period: "2027-01", Seq: 3, Accepted: 4}},
		}, Drops: []tenancy.ID{account.ID}, RetentionMs: 604_800_000}},
	}
}

// TestCommand_GoldenBytes: bytes in a log are for ever.
func TestCommand_GoldenBytes(t *testing.T) {
	for _, s := range samples() {
		t.Run(s.name, func(t *testing.T) {
			raw, err := Encode(s.command)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "commands", s.name+".hex"), raw)
			got, err := Decode(raw)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := Encode(got); err != nil || !bytes.Equal(again, raw) {
				t.Fatalf("decoded %+v, not %+v (%v)", got, s.command, err)
			}
		})
	}
	packed := Pack([][]byte{{1, 2}, nil, bytes.Repeat([]byte{7}, 200)})
	golden(t, filepath.Join("testdata", "entry.hex"), packed)
}

func golden(t *testing.T, path string, raw []byte) {
	t.Helper()
	want, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) && *rewrite {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(hex.EncodeToString(raw)+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(raw); got != strings.TrimSpace(string(want)) {
		t.Fatalf("%s\n got %s\nwant %s", path, got, want)
	}
}

func TestCommand_RefusesWhatIsNotWhole(t *testing.T) {
	for _, s := range samples() {
		raw, err := Encode(s.command)
		if err != nil {
			t.Fatal(err)
		}
		for i := range raw {
			if _, err := Decode(raw[:i]); !errors.Is(err, ErrMalformed) {
				t.Fatalf("%s: %d bytes of %d: %v", s.name, i, len(raw), err)
			}
		}
		if _, err := Decode(append(bytes.Clone(raw), 0)); !errors.Is(err, ErrMalformed) {
			t.Fatalf("%s: a byte too many: %v", s.name, err)
		}
	}
	if _, err := Encode(&GraphWrite{Stats: make([]byte, MaxCommandBytes)}); err == nil {
		t.Fatal("a command above the bound was encoded")
	}
}

func TestUnpack(t *testing.T) {
	for count := range 5 {
		var commands [][]byte
		for i := range count {
			commands = append(commands, bytes.Repeat([]byte{byte(i)}, i*100))
		}
		got, err := Unpack(Pack(commands))
		if err != nil || fmt.Sprint(got) != fmt.Sprint(commands) {
			t.Fatalf("%d commands: %v, %v", count, got, err)
		}
	}
	for _, bad := range [][]byte{nil, {9}, {1, 5}, {1, 5, 1, 2}, {1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}} {
		if _, err := Unpack(bad); !errors.Is(err, ErrMalformed) {
			t.Fatalf("%x: %v", bad, err)
		}
	}
}

// FuzzDecodeCommand: whatever comes, no panic; what is decoded is encoded alike.
func FuzzDecodeCommand(f *testing.F) {
	for _, s := range samples() {
		raw, err := Encode(s.command)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		command, err := Decode(raw)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		again, err := Encode(command)
		if err != nil {
			return // decodable, and yet not what a proposer may say
		}
		back, err := Decode(again)
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := Encode(back); err != nil || !bytes.Equal(twice, again) {
			t.Fatalf("%+v became %+v (%v)", command, back, err)
		}
	})
}

// FuzzUnpack: whatever comes, no panic; what is taken apart is framed alike.
func FuzzUnpack(f *testing.F) {
	f.Add(Pack([][]byte{{1}, nil, bytes.Repeat([]byte{2}, 300)}))
	f.Add([]byte{1, 5, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		commands, err := Unpack(raw)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		again, err := Unpack(Pack(commands))
		if err != nil || len(again) != len(commands) {
			t.Fatalf("%d commands became %d (%v)", len(commands), len(again), err)
		}
	})
}

// FuzzDecodeRecords: stored records of every kind.
func FuzzDecodeRecords(f *testing.F) {
	f.Add(encodeKept(&KeptRecord{Stats: []byte("s")}))
	f.Add(encodeClock(clockRecord{1, 2, 3, 4}))
	f.Add(encodeCluster(clusterRecord{id: testCluster}))
	f.Add(encodeDatabase(Database{Name: "default"}))
	f.Add(encodeHubUser(&hubUser{row: userRow("u", 1, tenancy.StatusActive)}))
	f.Add(encodeHubPulled(hubState{pulledMs: 1}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, kept := decodeKept(raw)
		_, clock := decodeClock(raw)
		_, cluster := decodeCluster(raw)
		_, database := decodeDatabase(0, raw)
		_, user := decodeHubUser("u", raw)
		pulled := (&hubState{}).decodePulled(raw)
		for _, err := range []error{kept, clock, cluster, database, user, pulled} {
			if err != nil && !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
		}
	})
}
