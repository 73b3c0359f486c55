package hivehub

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/hivellm/nexus/tenancy"
)

func TestQuota_KeepsAbsentNoneAndNumberApart(t *testing.T) {
	var q Quota
	text := `{"max_nodes":10,"max_relationships":null,"max_graph_storage_mb":50,"nodes_used":3.5,"storage_used_mb":"much","new_field":[1]}`
	if err := json.Unmarshal([]byte(text), &q); err != nil {
		t.Fatal(err)
	}
	limits := q.Limits()
	if limits.MaxNodes != tenancy.LimitOf(10) || limits.MaxRelationships != tenancy.NoLimit() || !limits.Burst.Absent() ||
		limits.MaxStorageBytes != tenancy.LimitOf(50*1_048_576) {
		t.Errorf("%+v", limits)
	}
	if q.NodesUsed != 3.5 || q.StorageUsedMB != 0 {
		t.Errorf("figures %v %v", q.NodesUsed, q.StorageUsedMB)
	}
	q = Quota{MaxGraphStorageMB: tenancy.LimitOf(tenancy.MaxLimit)}
	if q.Limits().MaxStorageBytes != tenancy.LimitOf(tenancy.MaxLimit) {
		t.Error("megabytes that do not fit must become the greatest number")
	}
	q = Quota{MaxGraphStorageMB: tenancy.NoLimit()}
	if !q.Limits().MaxStorageBytes.None() {
		t.Error("none must stay none")
	}
}

// TestWire_NamesOfTheContract holds the JSON names: client and dev hub share the types, so no other test would notice.
func TestWire_NamesOfTheContract(t *testing.T) {
	at := time.Date(2026, 11, 24, 1, 2, 3, 0, time.UTC)
	one, none := tenancy.LimitOf(1), []string{}
	for want, value := range map[string]any{
		`{"max_nodes":1,"max_relationships":1,"max_graph_storage_mb":1,"requests_per_second":1,"burst":1,"requests_per_month":1,"writes_per_month":1,"max_databases":1,"max_query_ms":1,"max_result_rows":1,"max_query_memory_bytes":null,"nodes_used":1,"relationships_used":2,"storage_used_mb":1.5,"limit_version":9,"plan":"pro","status":"active","period":"2026-11","resets_at":"2026-11-24T01:02:03Z"}`: Quota{
			MaxNodes: one, MaxRelationships: one, MaxGraphStorageMB: one, RequestsPerSecond: one, Burst: one, RequestsPerMonth: one,
			WritesPerMonth: one, MaxDatabases: one, MaxQueryMs: one, MaxResultRows: one, MaxQueryMemoryBytes: tenancy.NoLimit(), NodesUsed: 1,
			RelationshipsUsed: 2, StorageUsedMB: 1.5, LimitVersion: 9, Plan: "pro", Status: tenancy.StatusActive, Period: "2026-11", ResetsAt: at},
		`{"cluster_id":"c","user_id":"u","period":"2026-11","seq":1,"totals":{"requests":1,"reads":2,"writes":3,"rows_out":4,"bytes_in":5,"bytes_out":6,"compute_ms":7},"state":{"nodes":1,"relationships":2,"storage_bytes":3,"databases":4}}`: UsageReport{
			ClusterID: "c", UserID: "u", Period: "2026-11", Seq: 1, Totals: UsageTotals{1, 2, 3, 4, 5, 6, 7}, State: tenancy.Usage{Nodes: 1, Relationships: 2, Bytes: 3, Databases: 4}},
		`{"key_id":"k","user_id":"u","name":"n","secret_sha256":"0000000000000000000000000000000000000000000000000000000000000000","allowed_functions":[],"role":"tenant","environment":"live","created_at":"2026-11-24T01:02:03Z","expires_at":"2026-11-24T01:02:03Z","revoked_at":"2026-11-24T01:02:03Z"}`: Key{
			KeyID: "k", UserID: "u", Name: "n", AllowedFunctions: &none, Role: "tenant", Environment: "live", CreatedAt: at, ExpiresAt: &at, RevokedAt: &at},
		`{"cluster_id":"c","node_id":"n","seq":1,"root":"r","signature":"s"}`: AuditCheckpoint{"c", "n", 1, "r", "s"},
		`{"error":"e"}`: ErrorBody{Error: "e"},
		`{"user_id":"u","quota":{"nodes_used":0,"relationships_used":0,"storage_used_mb":0},"databases":["default"]}`: UserDatabases{UserID: "u", Databases: []string{"default"}},
		`{"user_id":"u","email":"e","plan":"p","status":"active","quota":{"nodes_used":0,"relationships_used":0,"storage_used_mb":0}}`: User{
			UserID: "u", Email: "e", Plan: "p", Status: "active"},
	} {
		got, err := json.Marshal(value)
		if err != nil || string(got) != want {
			t.Errorf("%T\n got %s %v\nwant %s", value, got, err, want)
		}
	}
}

func TestPage_OneBadRowHidesNoOther(t *testing.T) {
	page, err := decodeUsers([]byte(`{"users":[{"user_id":"a","plan":"pro","status":"suspended"},{"user_id":7},{"user_id":"b","status":"frozen"},
		{"user_id":"c","quota":{"max_nodes":-1}},{"user_id":"d","quota":{"user_id":"e"}},{},{"user_id":"f"}],"next":"x","more":1}`))
	if err != nil || page.Next != "x" || len(page.Rows) != 2 || len(page.Refused) != 5 {
		t.Fatalf("%+v %v", page, err)
	}
	if page.Rows[0].Quota.Plan != "pro" || page.Rows[0].Quota.Status != tenancy.StatusSuspended || page.Rows[1].UserID != "f" {
		t.Errorf("%+v", page.Rows)
	}
	if !errors.Is(page.Refused[3].Err, ErrWrongTenant) || page.Refused[3].ID != "d" {
		t.Errorf("%v", page.Refused[3])
	}
	keys, err := decodeKeys([]byte(`{"keys":[` + keyJSON + `,{"key_id":"x"},null],"next":""}`))
	if err != nil || len(keys.Rows) != 1 || len(keys.Refused) != 2 || keys.Rows[0].AllowedFunctions != nil {
		t.Fatalf("%+v %v", keys, err)
	}
}

// FuzzDecode: whatever a hub says, what passes is usable, and the rest is an error.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"users":[{"user_id":"a","plan":"pro","quota":{"max_nodes":null,"limit_version":3,"period":"2026-11"}}],"next":"x"}`))
	f.Add([]byte(`{"keys":[` + keyJSON + `],"next":"c-12"}`))
	f.Add([]byte(`{"user_id":"a","nodes_used":1e99,"resets_at":"2026-01-01T00:00:00Z","max_graph_storage_mb":9223372036854775807}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if page, err := decodeUsers(data); err == nil {
			for _, u := range page.Rows {
				if CheckUserID(u.UserID) != nil || u.Quota.UserID != u.UserID || u.Quota.Status != "" && !u.Quota.Status.Known() {
					t.Fatalf("%+v passed", u)
				}
				u.Quota.Limits()
			}
			for _, r := range page.Refused {
				_ = r.Error()
			}
		}
		if page, err := decodeKeys(data); err == nil {
			for _, k := range page.Rows {
				if tenancy.CheckKeyID(k.KeyID) != nil || k.Role == tenancy.RoleOperator || k.SecretSHA256 == (tenancy.SecretHash{}) {
					t.Fatalf("%+v passed", k)
				}
			}
		}
		var q Quota
		if decodeOne(data, &q) == nil && q.check() == nil && q.Period != "" && CheckPeriod(q.Period) != nil {
			t.Fatalf("period %q passed", q.Period)
		}
	})
}
