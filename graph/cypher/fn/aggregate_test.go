package fn

import (
	"math"
	"testing"

	"github.com/hivellm/nexus/graph/value"
)

func gather(t *testing.T, name string, distinct bool, rows ...[]value.Value) (value.Value, error) {
	t.Helper()
	a, ok := LookupAggregate(name)
	if !ok {
		t.Fatalf("no aggregate %s", name)
	}
	state := a.New(distinct)
	for _, row := range rows {
		before := state.Size()
		if err := state.Add(row); err != nil {
			return value.Null, err
		}
		if state.Size() < before {
			t.Fatalf("%s shrank", name)
		}
	}
	return state.Result()
}

func column(values ...value.Value) [][]value.Value {
	rows := make([][]value.Value, len(values))
	for i, v := range values {
		rows[i] = []value.Value{v}
	}
	return rows
}

func TestAggregates_Results(t *testing.T) {
	i, f, s, null := value.Int, value.Float, value.String, value.Null
	list := func(v ...value.Value) value.Value { return value.List(v) }
	hour, err := value.ParseDuration("PT1H")
	if err != nil {
		t.Fatal(err)
	}
	two, err := value.ParseDuration("PT2H")
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name     string
		distinct bool
		rows     [][]value.Value
		want     value.Value
	}{
		{"count", false, column(i(1), null, i(1)), i(2)},
		{"count", true, column(i(1), f(1), f(math.NaN()), f(math.NaN()), null), i(2)},
		{"collect", false, column(s("b"), null, s("a")), list(s("b"), s("a"))},
		{"collect", true, column(list(i(1), null), list(f(1), null)), list(list(i(1), null))},
		{"sum", false, nil, i(0)},
		{"sum", false, column(i(1), i(2)), i(3)},
		{"sum", false, column(i(1), f(0.5)), f(1.5)},
		{"sum", true, column(i(2), i(2), i(3)), i(5)},
		{"sum", false, column(hour, hour), two},
		{"avg", false, nil, null},
		{"avg", false, column(i(1), i(2)), f(1.5)},
		{"avg", false, column(i(math.MaxInt64), i(math.MaxInt64)), f(math.MaxInt64)},
		{"avg", false, column(f(math.MaxFloat64), f(math.MaxFloat64)), f(math.MaxFloat64)},
		{"avg", false, column(two, two), two},
		{"min", false, column(i(1), s("a"), list(i(1)), null), list(i(1))},
		{"max", false, column(i(1), s("a"), list(i(1)), null), i(1)},
		{"max", false, column(null), null},
		{"stDev", false, column(i(2), i(4)), f(math.Sqrt2)},
		{"stDevP", false, column(i(2), i(4)), f(1)},
		{"stDev", false, column(i(2)), f(0)},
	}
	for _, c := range cases {
		got, err := gather(t, c.name, c.distinct, c.rows...)
		if err != nil || !value.Equivalent(got, c.want) || got.Kind() != c.want.Kind() {
			t.Errorf("%s(%v): %s, %v, expected %s", c.name, c.distinct, show(got), err, show(c.want))
		}
	}
}

func show(v value.Value) string { return string(value.AppendJSON(nil, v)) }

func TestAggregates_Percentiles(t *testing.T) {
	rows := func(p float64) [][]value.Value {
		var all [][]value.Value
		for _, n := range []int64{30, 10, 20} {
			all = append(all, []value.Value{value.Int(n), value.Float(p)})
		}
		return all
	}
	for _, c := range []struct{ p, disc, cont float64 }{{0, 10, 10}, {0.25, 10, 15}, {0.5, 20, 20}, {1, 30, 30}} {
		for name, want := range map[string]float64{"percentileDisc": c.disc, "percentileCont": c.cont} {
			got, err := gather(t, name, false, rows(c.p)...)
			if n, _ := got.Number(); err != nil || n != want {
				t.Errorf("%s(%g) is %g, %v, expected %g", name, c.p, n, err, want)
			}
		}
	}
	for _, p := range []float64{-0.1, 1.1, 1000} {
		_, err := gather(t, "percentileCont", false, rows(p)...)
		if e, ok := err.(*Error); !ok || e.Type != ArgumentError || e.Detail != NumberOutOfRange {
			t.Errorf("percentileCont(%g): %v", p, err)
		}
	}
}

func TestAggregates_Errors(t *testing.T) {
	hour, _ := value.ParseDuration("PT1H")
	cases := []struct {
		name string
		rows [][]value.Value
		want string
	}{
		{"sum", column(value.Int(math.MaxInt64), value.Int(1)), IntegerOverflow},
		{"sum", column(value.Int(1), hour), InvalidArgumentValue},
		{"avg", column(hour, value.Int(1)), InvalidArgumentValue},
		{"avg", column(value.String("a")), InvalidArgumentValue},
	}
	for _, c := range cases {
		_, err := gather(t, c.name, false, c.rows...)
		if e, ok := err.(*Error); !ok || e.Detail != c.want {
			t.Errorf("%s: %v, expected %s", c.name, err, c.want)
		}
	}
}

func BenchmarkAggregates(b *testing.B) {
	for _, name := range []string{"count", "sum", "avg", "max", "stDev"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			a, _ := LookupAggregate(name)
			state := a.New(false)
			row := []value.Value{value.Int(3)}
			for b.Loop() {
				if err := state.Add(row); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
