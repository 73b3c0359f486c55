package tenancy

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"
)

// The names promised in the interface, written out here once more so that a change of the table is seen.
const (
	promisedTenant = `cypher.read cypher.write schema.read schema.write stats.read database.read database.write
		data.import data.export tx audit.read health.read`
	promisedTools = `read_cypher write_cypher execute_cypher get_schema explain_cypher get_stats create_node
		create_relationship update_node delete_node find_nodes get_neighbors find_path upsert_graph list_databases
		create_entities create_relations add_observations delete_entities delete_observations delete_relations
		read_graph search_nodes open_nodes`
	promisedAdministrative = `metrics.read cluster.read cluster.write tenant.read tenant.write key.read key.write
		backup query.admin audit.admin mcp.cluster_status mcp.list_tenants mcp.tenant_usage`
)

func TestFunctions_AreThePromisedNames(t *testing.T) {
	var want []string
	want = append(want, strings.Fields(promisedTenant)...)
	for _, tool := range strings.Fields(promisedTools) {
		want = append(want, "mcp."+tool)
	}
	administrative := strings.Fields(promisedAdministrative)
	want = append(want, administrative...)

	var have []string
	for _, f := range Functions() {
		if f.Authenticator() != ByKey {
			if f.Grantable() || f.Administrative() || f.Charged() {
				t.Errorf("%s is not asked of keys, yet grantable, administrative or charged", f)
			}
			continue
		}
		have = append(have, f.Name())
		if f.Administrative() != slices.Contains(administrative, f.Name()) {
			t.Errorf("%s: administrative %v", f, f.Administrative())
		}
		if !f.Grantable() {
			t.Errorf("%s cannot be granted", f)
		}
	}
	if !slices.Equal(have, want) {
		t.Errorf("functions are %v, promised %v", have, want)
	}
}

func TestFunctions_TableIsWhole(t *testing.T) {
	if len(functionTable) != lastListed+3 {
		t.Fatalf("%d rows for %d functions, no function and two markers", len(functionTable), lastListed)
	}
	seen := map[string]bool{}
	for _, f := range Functions() {
		if f.Name() == "" || seen[f.Name()] || f.Authenticator() == ByNobody {
			t.Errorf("function %d %q: nameless, double or nobody's", f.number, f)
		}
		seen[f.Name()] = true
		if found, ok := LookupFunction(f.Name()); !ok || found != f {
			t.Errorf("%s is found as %s", f, found)
		}
		if tool := f.Tool(); tool != "" {
			if found, ok := LookupTool(tool); !ok || found != f {
				t.Errorf("tool %s is found as %s", tool, found)
			}
		}
	}
	if FunctionByPlan.Name() != "(by plan)" || FunctionAnyKey.Name() != "(any key)" || FunctionPeerJoin.Name() != "peer.join" ||
		FunctionMCPTenantUsage.Name() != "mcp.tenant_usage" || FunctionMCPOpenNodes.Name() != "mcp.open_nodes" || FunctionHealthRead.Name() != "health.read" {
		t.Error("names and rows are shifted")
	}
	for _, marker := range []Function{{}, FunctionByPlan, FunctionAnyKey, {255}} {
		if _, ok := LookupFunction(marker.Name()); ok || marker.Grantable() || slices.Contains(Functions(), marker) {
			t.Errorf("marker %q passes for a function", marker)
		}
	}
	if _, ok := LookupTool(""); ok {
		t.Error("the tool without a name is found")
	}
}

func TestFunction_Charges(t *testing.T) {
	free := "schema.read stats.read database.read tx audit.read health.read"
	for _, f := range Functions() {
		want := f.Authenticator() == ByKey && !f.Administrative() && !slices.Contains(strings.Fields(free), f.Name())
		if f.Charged() != want {
			t.Errorf("%s: charged %v", f, f.Charged())
		}
	}
	if !FunctionByPlan.Charged() || FunctionAnyKey.Charged() {
		t.Error("the markers' charge is wrong")
	}
}

// modelAllows is the rule of ARCHITECTURE §7 in its own words, over names.
func modelAllows(role Role, list *[]string, name string) bool {
	administrative := slices.Contains(strings.Fields(promisedAdministrative), name)
	tool, isTool := strings.CutPrefix(name, "mcp.")
	tenants := slices.Contains(strings.Fields(promisedTenant), name) || isTool && slices.Contains(strings.Fields(promisedTools), tool)
	var may bool
	switch role {
	case RoleTenant:
		may = tenants
	case RoleOperator:
		may = administrative || name == "health.read"
	}
	return may && (list == nil || slices.Contains(*list, name))
}

func drawList(t *rapid.T) *[]string {
	if rapid.Bool().Draw(t, "absent") {
		return nil
	}
	var names []string
	for _, f := range Functions() {
		names = append(names, f.Name())
	}
	names = append(names, "(by plan)", "(any key)", "mcp.", "future.function", "Cypher.Read")
	list := rapid.SliceOfN(rapid.SampledFrom(names), 0, 40).Draw(t, "list")
	return &list
}

func TestFunctionSet_AllowsAsTheRuleSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := drawList(t)
		set, err := FunctionSetOf(list)
		if err != nil {
			t.Fatal(err)
		}
		data, err := msgpack.Marshal(set)
		if err != nil {
			t.Fatal(err)
		}
		var stored FunctionSet
		if err := msgpack.Unmarshal(data, &stored); err != nil || !stored.Equal(set) {
			t.Fatalf("%+v comes back as %+v: %v", set, stored, err)
		}
		for _, role := range []Role{RoleTenant, RoleOperator, "", "root"} {
			for _, f := range append(Functions(), FunctionByPlan, FunctionAnyKey, Function{}) {
				want := modelAllows(role, list, f.Name())
				if set.Allows(role, f) != want || stored.Allows(role, f) != want {
					t.Fatalf("role %q list %v function %s: want %v", role, list, f, want)
				}
			}
		}
	})
}

func TestFunctionSet_DistinguishesAbsentEmptyAndZero(t *testing.T) {
	empty, err := OnlyFunctions()
	if err != nil {
		t.Fatal(err)
	}
	if empty.Absent() || !EveryFunction().Absent() || !empty.Equal(FunctionSet{}) || empty.Equal(EveryFunction()) {
		t.Error("absent and empty are confused")
	}
	list, _ := OnlyFunctions("tx", "cypher.read", "tx")
	for set, want := range map[string]FunctionSet{`null`: EveryFunction(), `[]`: empty, `["cypher.read","tx"]`: list} {
		if data, err := json.Marshal(want); err != nil || string(data) != set {
			t.Errorf("JSON %s, want %s (%v)", data, set, err)
		}
	}
	if err := json.Unmarshal([]byte(`[]`), &list); err == nil {
		t.Error("JSON was read")
	}
}

func TestFunctionSet_CheckForNamesWhatCannotBeGranted(t *testing.T) {
	for _, c := range []struct {
		role  Role
		name  string
		known bool
	}{
		{RoleTenant, "cypher.reed", false}, {RoleTenant, "tenant.write", true}, {RoleTenant, "peer.forward", true},
		{RoleOperator, "cypher.read", true}, {RoleOperator, "(by plan)", false}, {RoleTenant, "mcp.tenant_usage", true},
	} {
		set, err := OnlyFunctions("health.read", c.name)
		if err != nil {
			t.Fatal(err)
		}
		var refused *FunctionNameError
		if err := set.CheckFor(c.role); !errors.As(err, &refused) || refused.Name != c.name || refused.Known != c.known {
			t.Errorf("%s for %s: %v", c.name, c.role, err)
		}
	}
	good, _ := OnlyFunctions("health.read", "mcp.tenant_usage")
	if err := good.CheckFor(RoleOperator); err != nil {
		t.Error(err)
	}
	if err := EveryFunction().CheckFor(RoleTenant); err != nil {
		t.Error(err)
	}
}

func TestFunctionSet_IsBounded(t *testing.T) {
	for _, bad := range [][]string{make([]string, 1), {"a\nb"}, {"\xff"}, {strings.Repeat("a", MaxFunctionName+1)}, make([]string, MaxFunctionNames+1)} {
		if _, err := OnlyFunctions(bad...); err == nil {
			t.Errorf("%d names %.20q were taken", len(bad), bad[0])
		}
	}
}
