package fn

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hivellm/nexus/graph/value"
)

var rewrite = flag.Bool("rewrite", false, "write what the functions answer into testdata")

func testContext() *Context {
	state := uint64(7)
	return &Context{
		Clock: Clock{
			Transaction: value.Instant{EpochSeconds: 1_000_000_000},
			Statement:   value.Instant{EpochSeconds: 1_000_000_001, Nano: 500_000_000},
			Realtime:    func() value.Instant { return value.Instant{EpochSeconds: 1_000_000_002} },
		},
		Random: func() uint64 { state = state*6364136223846793005 + 1442695040888963407; return state },
	}
}

// TestFunctions_Goldens calls functions as testdata/*.txt says: "call => result", arguments as JSON, in order.
func TestFunctions_Goldens(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no goldens", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			for line := range strings.Lines(string(text)) {
				line = strings.TrimSuffix(line, "\n")
				call, expected, isCall := strings.Cut(line, " => ")
				if !isCall || strings.HasPrefix(line, "#") {
					out.WriteString(line + "\n")
					continue
				}
				actual := callText(t, call)
				out.WriteString(call + " => " + actual + "\n")
				if actual != expected && !*rewrite {
					t.Errorf("%s => %s, expected %s", call, actual, expected)
				}
			}
			if *rewrite {
				if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// callText evaluates "name(JSON, ...)"; a nested call stands in a string that begins with "=".
func callText(t *testing.T, call string) string {
	t.Helper()
	v, err := evaluate(t, call)
	if err != nil {
		return "! " + err.Error()
	}
	switch v.Kind() {
	case value.KindNode, value.KindRelationship, value.KindPath:
		return fmt.Sprint(v.Kind())
	}
	return string(value.AppendJSON(nil, v))
}

func evaluate(t *testing.T, call string) (value.Value, error) {
	t.Helper()
	name, rest, ok := strings.Cut(call, "(")
	if !ok || !strings.HasSuffix(rest, ")") {
		t.Fatalf("not a call: %s", call)
	}
	list, err := value.FromJSON([]byte("[" + strings.TrimSuffix(rest, ")") + "]"))
	if err != nil {
		t.Fatalf("%s: %v", call, err)
	}
	args := append([]value.Value(nil), list.List()...)
	for i, v := range args {
		if v.Kind() == value.KindString && strings.HasPrefix(v.Str(), "=") {
			if args[i], err = evaluate(t, v.Str()[1:]); err != nil {
				return value.Null, err
			}
		}
	}
	f, ok := Lookup(name)
	if !ok {
		t.Fatalf("no function %s", name)
	}
	if !f.Accepts(len(args)) {
		t.Fatalf("%s does not take %d arguments", name, len(args))
	}
	return f.Eval(testContext(), args)
}

func TestLookup_IgnoresCaseAndKnowsEveryName(t *testing.T) {
	for _, f := range Functions() {
		for _, name := range []string{f.Name, strings.ToUpper(f.Name), strings.ToLower(f.Name)} {
			if found, ok := Lookup(name); !ok || found != f {
				t.Errorf("%s is not found", name)
			}
		}
		if f.MinArgs < 0 || f.MaxArgs != Variadic && f.MaxArgs < f.MinArgs || len(f.Params) < f.MinArgs {
			t.Errorf("%s takes %d to %d arguments and has %d parameters", f.Name, f.MinArgs, f.MaxArgs, len(f.Params))
		}
	}
	if _, ok := Lookup("nothing.of.the.kind"); ok {
		t.Error("a function that does not exist was found")
	}
	if _, ok := LookupAggregate("COUNT"); !ok {
		t.Error("COUNT is not found")
	}
}

// TestFunctions_Signatures holds the list of all functions: taking one away or narrowing it breaks queries.
func TestFunctions_Signatures(t *testing.T) {
	var b strings.Builder
	for _, f := range Functions() {
		b.WriteString(f.Signature() + "\n")
	}
	if *rewrite {
		if err := os.WriteFile("testdata/signatures.golden", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile("testdata/signatures.golden")
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(text) {
		t.Errorf("the signatures are\n%s", b.String())
	}
}

// TestFunctions_SurviveAnyArguments calls every function with every combination of kinds it may meet: no panic, and a
// wrong kind is a named error.
func TestFunctions_SurviveAnyArguments(t *testing.T) {
	samples := sampleValues(t)
	for _, f := range Functions() {
		if f.Reads {
			continue // needs a graph: see the executor's tests
		}
		most := f.MaxArgs
		if most == Variadic {
			most = 2
		}
		for n := f.MinArgs; n <= min(most, 3); n++ {
			forEachTuple(samples, n, func(args []value.Value) {
				v, err := f.Eval(testContext(), args)
				if err != nil {
					if e, ok := err.(*Error); !ok || e.Type == "" || e.Detail == "" || e.Message == "" {
						t.Fatalf("%s: a nameless error %v", f.Name, err)
					}
					return
				}
				if !v.IsNull() && !f.Result.Has(v.Kind()) {
					t.Fatalf("%s promised %s and gave %s", f.Name, f.Result, v.Kind())
				}
			})
		}
	}
}

func sampleValues(t *testing.T) []value.Value {
	t.Helper()
	samples := []value.Value{
		value.Null, value.Bool(true), value.Int(0), value.Int(-1), value.Int(1 << 62), value.Int(-1 << 63),
		value.Float(1.5), value.Float(-1e300), value.String(""), value.String("Ab ö"), value.String("2020-01-02"),
		value.Bytes([]byte{1}), value.List(nil), value.List([]value.Value{value.Null, value.Int(1)}),
		value.MapOf(nil), value.Node(1), value.Relationship(1), value.PathOf(&value.Path{Nodes: []value.NodeID{1}}),
	}
	for _, call := range []string{
		`date("2020-02-29")`, `localtime("12:00")`, `time("12:00+01:00")`, `localdatetime("2020-02-29T12:00")`,
		`datetime("2020-02-29T12:00[Europe/Berlin]")`, `duration("P1M2DT3.5S")`, `point({"x":1,"y":2})`,
	} {
		v, err := evaluate(t, call)
		if err != nil {
			t.Fatal(call, err)
		}
		samples = append(samples, v)
	}
	return samples
}

func forEachTuple(samples []value.Value, n int, visit func([]value.Value)) {
	args := make([]value.Value, n)
	var fill func(int)
	fill = func(i int) {
		if i == n {
			visit(args)
			return
		}
		for _, v := range samples {
			args[i] = v
			fill(i + 1)
		}
	}
	fill(0)
}

type tightBudget struct{ left int64 }

func (b *tightBudget) Charge(bytes int64) error {
	if b.left -= bytes; b.left < 0 {
		return fmt.Errorf("the budget is spent")
	}
	return nil
}

func TestFunctions_ChargeWhatTheyBuild(t *testing.T) {
	for _, call := range []string{
		`range(1, 1000000)`, `split("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", ",")`,
		`replace("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")`,
		`toUpper("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")`,
		`reverse("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")`, `toIntegerList([1,2,3,4,5,6,7,8,9])`,
	} {
		name, rest, _ := strings.Cut(call, "(")
		list, err := value.FromJSON([]byte("[" + strings.TrimSuffix(rest, ")") + "]"))
		if err != nil {
			t.Fatal(err)
		}
		f, _ := Lookup(name)
		c := testContext()
		c.Budget = &tightBudget{left: 100}
		if _, err := f.Eval(c, list.List()); err == nil {
			t.Errorf("%s cost nothing", call)
		}
	}
}
