package devhub

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

func TestContract_EveryCall(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	if err := r.client.Health(ctx); err != nil {
		t.Fatal(err)
	}
	user, token := r.register("a@example.org")
	other, _ := r.register("b@example.org")
	keyID, text := r.makeKey(token, `{"name":"k","environment":"live","allowed_functions":["cypher.read"]}`)

	quota, err := r.client.UserQuota(ctx, user)
	if err != nil || quota.Plan != "free" || quota.Status != tenancy.StatusActive || quota.LimitVersion != 1 || quota.UserID != user {
		t.Fatalf("%+v %v", quota, err)
	}
	free, _ := tenancy.LookupPlan("free")
	if quota.Limits() != free.Limits {
		t.Errorf("limits %+v are not those of the plan", quota.Limits())
	}
	if quota.Period != time.Now().UTC().Format("2006-01") || !quota.ResetsAt.After(time.Now()) {
		t.Errorf("period %s until %s", quota.Period, quota.ResetsAt)
	}
	databases, err := r.client.UserDatabases(ctx, user)
	if err != nil || len(databases.Databases) != 1 {
		t.Fatalf("%+v %v", databases, err)
	}
	users, err := r.client.Users(ctx, "")
	if err != nil || len(users.Rows) != 2 || users.Rows[0].UserID != user || users.Rows[1].UserID != other || len(users.Refused) != 0 {
		t.Fatalf("%+v %v", users, err)
	}
	if again, err := r.client.Users(ctx, users.Next); err != nil || len(again.Rows) != 0 || again.Next != users.Next {
		t.Fatalf("%+v %v", again, err)
	}
	keys, err := r.client.Keys(ctx, "")
	parsed, parseErr := tenancy.ParseKey(text)
	if err != nil || parseErr != nil || len(keys.Rows) != 1 || keys.Rows[0].SecretSHA256 != parsed.SecretHash || parsed.ID != keyID {
		t.Fatalf("%+v %v %v", keys, err, parseErr)
	}
	key, err := r.client.Key(ctx, keyID)
	if err != nil || key.UserID != user || key.AllowedFunctions == nil || len(*key.AllowedFunctions) != 1 {
		t.Fatalf("%+v %v", key, err)
	}
	if seq, err := r.client.ReportUsage(ctx, usage(user, 3, 10)); err != nil || seq != 3 {
		t.Fatal(seq, err)
	}
	if quota, err = r.client.UserQuota(ctx, user); err != nil || quota.NodesUsed != 10 || quota.StorageUsedMB != 2 {
		t.Fatalf("%+v %v", quota, err)
	}
	head := hivehub.AuditCheckpoint{ClusterID: "c1", NodeID: "n1", Seq: 4, Root: "r", Signature: "s"}
	if err := r.client.ReportAudit(ctx, head); err != nil {
		t.Fatal(err)
	}
	head.Root = "other"
	if err := r.client.ReportAudit(ctx, head); !errors.Is(err, hivehub.ErrValidation) {
		t.Errorf("another root under the same seq: %v", err)
	}
	for name, err := range map[string]error{
		"quota": call(r.client.UserQuota(ctx, "usr_nobody")), "databases": call(r.client.UserDatabases(ctx, "usr_nobody")),
		"key": call(r.client.Key(ctx, "0000000000000000")), "usage": call(r.client.ReportUsage(ctx, usage("usr_nobody", 1, 1))),
	} {
		if !errors.Is(err, hivehub.ErrNotFound) {
			t.Errorf("%s of nobody: %v", name, err)
		}
	}
	if err := call(r.client.Users(ctx, "another-12")); !errors.Is(err, hivehub.ErrBadRequest) {
		t.Errorf("another hub's cursor: %v", err)
	}
	calls := r.must(200, "GET", "/dev/calls", serviceKey, "")
	if calls["GET /api/internal/nexus/user/{userId}/quota"] != 3.0 || calls["GET /health"] != 1.0 {
		t.Errorf("%v", calls)
	}
}

func call[T any](_ T, err error) error { return err }

func TestContract_UsageOfTheHighestSeqStays(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	user, _ := r.register("a@example.org")
	for _, c := range []struct {
		seq, requests, accepted uint64
		kind                    error
	}{
		{5, 50, 5, nil}, {5, 50, 5, nil}, {3, 30, 5, nil}, {9, 90, 9, nil}, {7, 70, 9, nil},
		{9, 91, 0, hivehub.ErrValidation},  // the same seq with other figures
		{10, 89, 0, hivehub.ErrValidation}, // a total that falls
	} {
		accepted, err := r.client.ReportUsage(ctx, usage(user, c.seq, c.requests))
		if accepted != c.accepted || !errors.Is(err, c.kind) {
			t.Errorf("seq %d: %d %v", c.seq, accepted, err)
		}
	}
	rows := r.must(200, "GET", "/dev/usage", serviceKey, "")["rows"].([]any)
	if len(rows) != 1 || rows[0].(map[string]any)["seq"] != 9.0 || rows[0].(map[string]any)["totals"].(map[string]any)["requests"] != 90.0 {
		t.Errorf("%v", rows)
	}
}

// TestContract_EveryFault: what each fault does to the client, and that nothing is billed twice or lost.
func TestContract_EveryFault(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	user, _ := r.register("a@example.org")
	r.register("b@example.org")
	report := func(seq uint64) error { return call(r.client.ReportUsage(ctx, usage(user, seq, 10*seq))) }
	billed := func() string {
		row := r.must(200, "GET", "/dev/usage", serviceKey, "")["rows"].([]any)[0].(map[string]any)
		return fmt.Sprint(row["seq"], row["totals"].(map[string]any)["requests"])
	}
	if err := report(1); err != nil {
		t.Fatal(err)
	}
	r.fault(`{"status":503}`)
	if err := report(2); !errors.Is(err, hivehub.ErrServiceUnavailable) || billed() != "1 10" {
		t.Errorf("status: %v, billed %s", err, billed())
	}
	r.fault(`{"status":422}`)
	if err := report(2); !errors.Is(err, hivehub.ErrValidation) || billed() != "1 10" {
		t.Errorf("status: %v, billed %s", err, billed())
	}
	r.fault(`{"drop":true}`)
	if err := report(3); !errors.Is(err, hivehub.ErrHTTP) || billed() != "3 30" {
		t.Errorf("a lost answer: %v, billed %s: the work must be done", err, billed())
	}
	r.fault(`{"duplicate":true}`)
	if err := report(4); err != nil || billed() != "4 40" {
		t.Errorf("duplicate: %v, billed %s", err, billed())
	}
	if page, err := r.client.Users(ctx, ""); err != nil || len(page.Rows) != 4 {
		t.Errorf("duplicate: %d rows %v", len(page.Rows), err)
	}
	r.fault(`{"reorder":1}`)
	first := make(chan error, 1)
	go func() { first <- report(5) }()
	if err := errors.Join(report(6), <-first); err != nil || billed() != "6 60" {
		t.Errorf("reorder: %v, billed %s", err, billed())
	}
	if page, err := r.client.Users(ctx, ""); err != nil || page.Rows[1].UserID != user {
		t.Errorf("reorder: %+v %v", page.Rows, err)
	}
	r.fault(`{"latency_ms":60000}`)
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if err := r.client.Health(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("latency: %v", err)
	}
	r.fault(`{"error_rate":0.5,"status":500,"until":"` + time.Now().Add(time.Hour).Format(time.RFC3339) + `"}`)
	r.fault(`{}`)
	if err := report(7); err != nil || billed() != "7 70" {
		t.Errorf("without faults: %v, billed %s", err, billed())
	}
}

func TestFaults_EndByThemselvesAndByRate(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	roll := 0.0
	s := newFaultSwitch(func() float64 { return roll }, func() time.Time { return now })
	half, until := rate(0.5), now.Add(time.Minute)
	on := faults{ErrorRate: &half, Drop: 0.25, Until: &until}
	if err := on.check(now); err != nil || on.Status != 500 {
		t.Fatal(err)
	}
	s.set(on)
	if p := s.plan(); p.status != 500 || !p.drop || p.duplicate {
		t.Errorf("%+v", p)
	}
	roll = 0.3
	if p := s.plan(); p.status != 500 || p.drop {
		t.Errorf("%+v", p)
	}
	roll = 0.5
	if p := s.plan(); p.status != 0 {
		t.Errorf("%+v", p)
	}
	roll, now = 0, until
	if p := s.plan(); p.status != 0 || p.drop {
		t.Errorf("faults outlive their end: %+v", p)
	}
	for _, bad := range []faults{{LatencyMs: -1}, {LatencyMs: 60_001}, {LatencyMs: 1 << 62}, {Status: 200}, {Status: 600}, {Until: &until}} {
		if bad.check(now) == nil {
			t.Errorf("%+v passed", bad)
		}
	}
}
