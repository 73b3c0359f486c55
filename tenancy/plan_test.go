package tenancy

import (
	"errors"
	"strings"
	"testing"
)

func TestPlans_AreTheDefaultOnes(t *testing.T) {
	const mib = 1 << 20
	none := NoLimit()
	of := func(nodes, relationships, storage, databases, perSecond, burst, requests, writes, ms, rows, memory Limit) Limits {
		return Limits{
			MaxNodes: nodes, MaxRelationships: relationships, MaxStorageBytes: storage, MaxDatabases: databases,
			RequestsPerSecond: perSecond, Burst: burst, RequestsPerMonth: requests, WritesPerMonth: writes,
			MaxQueryMs: ms, MaxResultRows: rows, MaxQueryMemoryBytes: memory,
		}
	}
	n := LimitOf
	want := []Plan{
		{"free", of(n(10_000), n(50_000), n(50*mib), n(1), n(10), n(20), n(100_000), n(20_000), n(10_000), n(10_000), n(64*mib))},
		{"pro", of(n(100_000), n(500_000), n(500*mib), n(5), n(100), n(200), n(10_000_000), n(2_000_000), n(30_000), n(100_000), n(256*mib))},
		{"enterprise", of(none, none, n(5*1024*mib), n(50), n(1000), n(2000), none, none, n(60_000), n(1_000_000), n(1024*mib))},
		{"unlimited", of(none, none, none, none, none, none, none, none, n(60_000), none, n(1024*mib))},
	}
	have := Plans()
	if len(have) != len(want) {
		t.Fatalf("%d plans", len(have))
	}
	for i, plan := range want {
		if have[i] != plan {
			t.Errorf("plan %+v, want %+v", have[i], plan)
		}
		if found, err := LookupPlan(plan.Name); err != nil || found != plan || !found.Limits.Resolved() {
			t.Errorf("plan %s is found as %+v, %v", plan.Name, found, err)
		}
	}
	have[0].Name = "changed"
	if Plans()[0].Name != "free" {
		t.Error("a caller changed the table")
	}
}

func TestResolveLimits(t *testing.T) {
	var unknown *UnknownPlanError
	if _, _, err := ResolveLimits("gold", Limits{}); !errors.As(err, &unknown) || !strings.Contains(err.Error(), "free, pro, enterprise, unlimited") {
		t.Error(err)
	}
	name, limits, err := ResolveLimits("", Limits{MaxNodes: LimitOf(0), MaxQueryMs: NoLimit()})
	if err != nil || name != "unlimited" || limits.MaxNodes != LimitOf(0) || limits.MaxQueryMs != NoLimit() || !limits.MaxRelationships.None() || !limits.Resolved() {
		t.Errorf("%s %+v %v", name, limits, err)
	}
	if name, limits, err = ResolveLimits("free", Limits{}); err != nil || name != "free" || limits != Plans()[0].Limits {
		t.Errorf("%s %+v %v", name, limits, err)
	}
}

func TestParsePlans_IsStrict(t *testing.T) {
	whole := string(plansText)
	free := whole[:strings.Index(whole, `[[plan]]`+"\n"+`name = "pro"`)]
	if plans, err := ParsePlans([]byte(free)); err != nil || len(plans) != 1 {
		t.Fatalf("%v %v", plans, err)
	}
	for what, bad := range map[string]string{
		"missing field":  strings.Replace(free, "burst = 20\n", "", 1),
		"unknown field":  free + "max_cats = 1\n",
		"other field":    strings.Replace(free, "burst", "bursts", 1),
		"negative":       strings.Replace(free, "burst = 20", "burst = -20", 1),
		"float":          strings.Replace(free, "burst = 20", "burst = 2.5", 1),
		"other word":     strings.Replace(free, "burst = 20", `burst = "unlimited"`, 1),
		"no name":        strings.Replace(free, `name = "free"`, "", 1),
		"name no string": strings.Replace(free, `name = "free"`, "name = 1", 1),
		"twice":          free + free,
		"other table":    free + "[extra]\na = 1\n",
		"no TOML":        "[[plan",
	} {
		if plans, err := ParsePlans([]byte(bad)); err == nil {
			t.Errorf("%s was taken: %+v", what, plans)
		}
	}
}
