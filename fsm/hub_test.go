package fsm

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

func userRow(id string, version uint64, status tenancy.AccountStatus) hivehub.UserRow {
	return hivehub.UserRow{
		UserID: id, Status: status, Plan: "pro", Explicit: tenancy.Limits{MaxNodes: tenancy.LimitOf(version)},
		Limits: tenancy.Limits{MaxNodes: tenancy.LimitOf(version)}.Over(noLimits()), LimitVersion: version, Period: "2027-01",
		ResetsAtMs: testTimeMs + 1000,
	}
}

func keyRow(number int, user string) hivehub.KeyRow {
	return hivehub.KeyRow{
		KeyID: fmt.Sprintf("%016d", number), UserID: user, Name: "k", Kind: tenancy.KeyLive, SecretSHA256: tenancy.SecretHash{7},
		Functions: tenancy.EveryFunction(), CreatedAtMs: testTimeMs,
	}
}

// hub applies a change that is not refused as a whole.
func (r *rig) hub(c hivehub.Change) *HubOutcome {
	r.t.Helper()
	return r.must(&HubChange{Header: r.header(), Change: c}).Value.(*HubOutcome)
}

func (r *rig) account(user string) (*tenancy.Account, bool) {
	for _, a := range r.m.Registry().Tenants() {
		if a.UserID == user {
			return &a, true
		}
	}
	return nil, false
}

func users(rows ...hivehub.UserRow) hivehub.Change { return hivehub.Change{Users: rows} }

func TestHub_AUserBecomesATenant(t *testing.T) {
	r := newRig(t)
	r.tenant("u-1") // another's name, which a user's id must not take
	out := r.hub(hivehub.Change{
		Users: []hivehub.UserRow{userRow("u-1", 4, tenancy.StatusActive)}, Keys: []hivehub.KeyRow{keyRow(1, "u-1")},
		UsersMove: &hivehub.CursorMove{To: "c1"}, PulledAt: time.UnixMilli(testTimeMs),
	})
	account, ok := r.account("u-1")
	if !ok || account.Name != "u-1-2" || account.Plan != "pro" || account.LimitVersion != 4 || account.Limits.MaxNodes != tenancy.LimitOf(4) {
		t.Fatalf("made %+v", account)
	}
	record, ok := r.m.Registry().Key("0000000000000001")
	if !ok || record.Tenant != account.ID || record.Role != tenancy.RoleTenant || len(out.Keys) != 1 || len(out.Tenants) != 1 {
		t.Fatalf("made %+v, %+v", record, out)
	}
	if _, ok := r.m.Registry().Database(account.ID, "default"); !ok {
		t.Fatal("born without its database")
	}
	if r.m.Hub().Cursors().Users != "c1" || r.m.Hub().LastPull().UnixMilli() != testTimeMs {
		t.Fatalf("stands at %+v, %s", r.m.Hub().Cursors(), r.m.Hub().LastPull())
	}
	r.refuse(&CreateTenant{Header: r.header(), Name: "x", UserID: "u-1", Plan: "free", Limits: noLimits()}, ErrUserTaken)
}

func TestHub_ATenantMadeForTheUserIsHis(t *testing.T) {
	r := newRig(t)
	made := r.must(&CreateTenant{Header: r.header(), Name: "acme", UserID: "u-1", Plan: "free", Limits: noLimits()}).Value.(*tenancy.Account)
	r.hub(users(userRow("u-1", 4, tenancy.StatusActive)))
	if account, _ := r.account("u-1"); account.ID != made.ID || account.Name != "acme" || account.Plan != "pro" {
		t.Fatalf("became %+v", account)
	}
}

func TestHub_RowsMoveForwardOnly(t *testing.T) {
	r := newRig(t)
	r.hub(hivehub.Change{Users: []hivehub.UserRow{userRow("u", 5, tenancy.StatusSuspended)}, UsersMove: &hivehub.CursorMove{To: "c5"}})
	out := r.hub(hivehub.Change{Users: []hivehub.UserRow{userRow("u", 4, tenancy.StatusActive)}, UsersMove: &hivehub.CursorMove{From: "c3", To: "c4"}})
	account, _ := r.account("u")
	if account.Status != tenancy.StatusSuspended || account.Limits.MaxNodes != tenancy.LimitOf(5) || len(out.Tenants) != 0 {
		t.Fatalf("an older row was taken: %+v", account)
	}
	if at := r.m.Hub().Cursors().Users; at != "c5" {
		t.Fatalf("an older page moved the cursor to %q", at)
	}
	r.hub(hivehub.Change{PulledAt: time.UnixMilli(2000)})
	r.hub(hivehub.Change{PulledAt: time.UnixMilli(1000)})
	if at := r.m.Hub().LastPull().UnixMilli(); at != 2000 {
		t.Fatalf("the last pull is now at %d", at)
	}
}

func TestHub_SuspensionRefusesAtOnce(t *testing.T) {
	r := newRig(t)
	r.hub(users(userRow("u", 1, tenancy.StatusActive)))
	account, _ := r.account("u")
	write := r.write(account.ID, 0, create(1, 0))
	r.hub(users(userRow("u", 2, tenancy.StatusSuspended)))
	r.refuse(write, ErrTenantSuspended)
	r.hub(users(userRow("u", 3, tenancy.StatusActive)))
	r.must(r.write(account.ID, 0, create(1, 0)))
}

func TestHub_KeysFollow(t *testing.T) {
	r := newRig(t)
	local := r.tenant("local")
	r.must(&CreateKey{Header: r.header(), Record: tenantKey("9", local)})
	r.hub(hivehub.Change{Users: []hivehub.UserRow{userRow("u", 1, tenancy.StatusActive)}, Keys: []hivehub.KeyRow{keyRow(1, "u")}})
	revoked := keyRow(1, "u")
	revoked.RevokedAtMs = testTimeMs + 5
	r.hub(hivehub.Change{Keys: []hivehub.KeyRow{revoked}})
	if out := r.hub(hivehub.Change{Keys: []hivehub.KeyRow{keyRow(1, "u")}}); len(out.Keys) != 0 {
		t.Error("a revoked key lives again")
	}
	record, _ := r.m.Registry().Key("0000000000000001")
	if record.RevokedAtMs != testTimeMs+5 || record.AuthVersion != 2 {
		t.Errorf("became %+v", record)
	}
	for name, row := range map[string]hivehub.KeyRow{
		"of nobody": keyRow(2, "nobody"), "of a local tenant's key": {KeyID: "0000000000000009", UserID: "u", Kind: tenancy.KeyLive, SecretSHA256: tenancy.SecretHash{2}},
		"of the operator's": {KeyID: "00000000000000op", UserID: "u", Kind: tenancy.KeyLive, SecretSHA256: tenancy.SecretHash{1}},
	} {
		if out := r.hub(hivehub.Change{Keys: []hivehub.KeyRow{row}}); out.Refused != 1 {
			t.Errorf("a row %s was taken: %+v", name, out)
		}
	}
}

// TestHub_ADeletedUserGoesLater: refused at once, back as it was when the hub takes its word back, dropped when the time
// is over, and then not back in the same period.
func TestHub_ADeletedUserGoesLater(t *testing.T) {
	const retention = 60_000
	fs := vfs.NewMem()
	r := newRigOn(t, fs)
	r.hub(hivehub.Change{Users: []hivehub.UserRow{userRow("u", 1, tenancy.StatusActive)}, Keys: []hivehub.KeyRow{keyRow(1, "u")}})
	account, _ := r.account("u")
	id := account.ID
	r.must(r.write(id, 0, create(1, 0)))

	r.hub(users(userRow("u", 2, tenancy.StatusDeleted)))
	if _, ok := r.m.Registry().Account(id); ok {
		t.Fatal("a deleted user's tenant is still there for callers")
	}
	r.must(&HubChange{Header: r.header(), Drops: []tenancy.ID{id}, RetentionMs: retention}) // too early
	r.hub(users(userRow("u", 3, tenancy.StatusActive)))
	if meta, err := r.m.Meta(id, 0); err != nil || meta.Nodes != 1 {
		t.Fatalf("came back with %+v, %v", meta, err)
	}
	if _, ok := r.m.Registry().Key("0000000000000001"); !ok {
		t.Fatal("came back without its key")
	}
	r.hub(users(userRow("u", 4, tenancy.StatusDeleted)))
	if due := r.m.Hub().Overdue(retention * time.Millisecond); len(due) != 0 {
		t.Fatalf("due at once: %v", due)
	}
	for range 7 {
		r.timeMs += maxLogTimeAdvanceMs
		r.must(&TermStart{Header: r.header(), NodeID: "n1"})
	}
	if err := r.m.Close(); err != nil {
		t.Fatal(err)
	}
	r.m = openMachine(t, fs)
	r.refuse(&CreateTenant{Header: r.header(), Name: account.Name, Plan: "free", Limits: noLimits()}, ErrTenantExists)
	due := r.m.Hub().Overdue(retention * time.Millisecond)
	if len(due) != 1 || due[0] != id {
		t.Fatalf("due: %v", due)
	}
	r.must(&HubChange{Header: r.header(), Drops: due, RetentionMs: retention})
	if len(r.m.Hub().Overdue(0)) != 0 || bytes.Contains(dump(t, r.m), []byte(fmt.Sprintf("%s/0", id))) {
		t.Fatal("something of it is left")
	}
	r.hub(users(userRow("u", 5, tenancy.StatusActive)))
	if _, ok := r.account("u"); ok {
		t.Fatal("back in the period whose usage is the dropped tenant's")
	}
	next := userRow("u", 5, tenancy.StatusActive)
	next.Period = "2027-02"
	r.hub(users(next))
	if again, ok := r.account("u"); !ok || again.ID == id {
		t.Fatalf("not back as a new tenant: %+v", again)
	}
}

func TestHub_PeriodsOver(t *testing.T) {
	r := newRig(t)
	suspended := userRow("b", 1, tenancy.StatusSuspended)
	r.hub(users(userRow("a", 1, tenancy.StatusActive), suspended, userRow("c", 1, tenancy.StatusActive)))
	if over := r.m.Hub().PeriodsOver(time.UnixMilli(testTimeMs+999), 9); len(over) != 0 {
		t.Errorf("over too early: %v", over)
	}
	if over := r.m.Hub().PeriodsOver(time.UnixMilli(testTimeMs+1000), 9); fmt.Sprint(over) != "[a c]" {
		t.Errorf("over: %v", over)
	}
	if over := r.m.Hub().PeriodsOver(time.UnixMilli(testTimeMs+1000), 1); len(over) != 1 {
		t.Errorf("over, one at most: %v", over)
	}
}

// TestHub_AnyOrderTwice: whatever way pages are lost, doubled and overtaken, what holds is each user's newest row; and
// a machine that starts again holds the same bytes.
func TestHub_AnyOrderTwice(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		fs := vfs.NewMem()
		r := &rig{t: rt, m: openMachine(rt, fs), term: 1, timeMs: testTimeMs}
		defer func() { _ = r.m.Close() }()
		r.must(&TermStart{Header: r.header(), NodeID: "n1"})
		r.must(&ClusterInit{Header: r.header(), ClusterID: testCluster, OperatorKey: operatorKey(), FeatureLevel: 1})
		newest := map[string]uint64{}
		for range rapid.IntRange(1, 30).Draw(rt, "changes") {
			id := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "user")
			version := rapid.Uint64Range(1, 9).Draw(rt, "version")
			status := [...]tenancy.AccountStatus{tenancy.StatusActive, tenancy.StatusSuspended, tenancy.StatusDeleted}[version%3]
			r.hub(hivehub.Change{Users: []hivehub.UserRow{userRow(id, version, status)}, Keys: []hivehub.KeyRow{keyRow(int(id[0]), id)}})
			newest[id] = max(newest[id], version)
		}
		before := dump(rt, r.m)
		for id, version := range newest {
			if row, ok := r.m.Hub().User(id); !ok || row.LimitVersion != version {
				rt.Fatalf("user %s stands at %+v, told of %d", id, row, version)
			}
		}
		if err := r.m.Close(); err != nil {
			rt.Fatal(err)
		}
		r.m = openMachine(rt, fs)
		if after := dump(rt, r.m); !bytes.Equal(before, after) {
			rt.Fatalf("a restart changed it:\n%s", firstDifference(before, after))
		}
		for id, version := range newest {
			if row, ok := r.m.Hub().User(id); !ok || row.LimitVersion != version {
				rt.Fatalf("after a restart user %s stands at %+v", id, row)
			}
		}
	})
}

// TestHub_UsageIsToldUntilItIsAcknowledged: what is settled stands in the outbox until the hub has it; a period turns by
// the hub's word, and a dropped tenant's usage is told as any other.
func TestHub_UsageIsToldUntilItIsAcknowledged(t *testing.T) {
	r := newRig(t)
	local := r.limited("local", "", 1000)
	row := userRow("u", 1, tenancy.StatusActive)
	row.Period, row.Limits.RequestsPerMonth = testPeriod.String(), tenancy.LimitOf(1000)
	r.hub(users(row))
	account, _ := r.account("u")
	r.spent(account.ID, 10, 7)
	r.spent(local, 10, 9)

	told := r.m.Hub().Outbox(hivehub.OutboxPlace{}, 9)
	if len(told) != 1 || told[0].UserID != "u" || told[0].Totals.Requests != 7 || told[0].ClusterID != testCluster || told[0].Period != row.Period {
		t.Fatalf("told: %+v", told)
	}
	if again := r.m.Hub().Outbox(hivehub.OutboxPlace{UserID: "u", Period: row.Period}, 9); len(again) != 0 {
		t.Fatalf("told behind the last: %+v", again)
	}
	row.Period = testPeriod.Next().String()
	r.hub(users(row))
	if running := r.m.Ledger().Book(account.ID).Running(nil, account); running != testPeriod.Next() {
		t.Fatalf("the hub's period began, and %s runs", running)
	}
	row.LimitVersion, row.Status = 2, tenancy.StatusDeleted
	r.hub(users(row))
	r.settle(account.ID, 7, true)
	told = r.m.Hub().Outbox(hivehub.OutboxPlace{}, 9)
	r.must(&HubChange{Header: r.header(), Drops: []tenancy.ID{account.ID}})
	if left := r.m.Hub().Waiting(); left != 1 {
		t.Fatalf("%d wait after the drop", left)
	}
	for range 2 {
		r.hub(hivehub.Change{Acks: []hivehub.UsageAck{
			{UserID: "u", Period: testPeriod.String(), Seq: told[0].Seq, Accepted: told[0].Seq}, {UserID: "u", Period: "never", Seq: 1}, {UserID: "who", Period: "2027-01", Seq: 1},
		}})
	}
	if left := r.m.Hub().Outbox(hivehub.OutboxPlace{}, 9); len(left) != 0 {
		t.Fatalf("left: %+v", left)
	}
}
