package value

import (
	"errors"
	"math"
	"strings"
	"testing"
	"unsafe"
)

func TestValue_IsSmall(t *testing.T) {
	if size := unsafe.Sizeof(Value{}); size != 24 {
		t.Errorf("a value takes %d bytes", size)
	}
	if !(Value{}).IsNull() {
		t.Error("the zero value is not null")
	}
}

func TestEqual_IsThreeValued(t *testing.T) {
	list := func(items ...Value) Value { return List(items) }
	nan := Float(math.NaN())
	for _, c := range []struct {
		a, b Value
		want Ternary
	}{
		{Null, Null, Unknown}, {Null, Int(1), Unknown}, {Int(1), Float(1), True}, {Int(1<<53 + 1), Float(1 << 53), False},
		{Int(math.MaxInt64), Float(1 << 63), False}, {nan, nan, False}, {Int(1), String("1"), False},
		{list(Null), list(Int(1)), Unknown}, {list(Null, Int(1)), list(Null, Int(2)), False}, {list(Null), list(Null, Null), False},
		{list(), list(), True}, {MapOf(NewMap([]string{"a"}, []Value{Null})), MapOf(NewMap([]string{"a"}, []Value{Int(1)})), Unknown},
		{MapOf(NewMap([]string{"a"}, []Value{Null})), MapOf(NewMap([]string{"b"}, []Value{Null})), False},
	} {
		if got := Equal(c.a, c.b); got != c.want {
			t.Errorf("%s = %s is %v, want %v", AppendJSON(nil, c.a), AppendJSON(nil, c.b), got, c.want)
		}
	}
}

// TestLess_Lists is the kit's Comparison2 [4].
func TestLess_Lists(t *testing.T) {
	for _, c := range []struct {
		a, b string
		cmp  int
		want Ternary
	}{
		{`[1,0]`, `[1]`, 1, True}, {`[1,null]`, `[1]`, 1, True}, {`[1,2]`, `[1,null]`, 0, Unknown}, {`[1,"a"]`, `[1,null]`, 0, Unknown},
		{`[1,2]`, `[3,null]`, -1, True}, {`1`, `"a"`, 0, Unknown}, {`true`, `false`, 1, True}, {`{}`, `{}`, 0, Unknown},
	} {
		cmp, known := Less(mustJSON(t, c.a), mustJSON(t, c.b))
		if cmp != c.cmp || known != c.want {
			t.Errorf("%s and %s: %d %v", c.a, c.b, cmp, known)
		}
	}
	if cmp, known := Less(Float(math.NaN()), Int(1)); cmp != Incomparable || known != True {
		t.Errorf("NaN and 1: %d %v", cmp, known)
	}
}

func mustJSON(t *testing.T, text string) Value {
	t.Helper()
	v, err := FromJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestMap_LastDuplicateWins(t *testing.T) {
	m := NewMap([]string{"b", "a", "b"}, []Value{Int(1), Int(2), Int(3)})
	if v, ok := m.Lookup("b"); !ok || v.Int() != 3 || m.Len() != 2 {
		t.Errorf("%s", AppendJSON(nil, MapOf(m)))
	}
	if key, _ := m.At(0); key != "a" {
		t.Errorf("the first key is %s", key)
	}
}

func TestArithmetic_Edges(t *testing.T) {
	least, most := Int(math.MinInt64), Int(math.MaxInt64)
	for _, c := range []struct {
		name    string
		operate func(a, b Value) (Value, error)
		a, b    Value
		want    error
	}{
		{"max+1", Add, most, Int(1), ErrIntegerOverflow}, {"min-1", Sub, least, Int(1), ErrIntegerOverflow},
		{"0-min", Sub, Int(0), least, ErrIntegerOverflow}, {"min*-1", Mul, least, Int(-1), ErrIntegerOverflow},
		{"min/-1", Div, least, Int(-1), ErrIntegerOverflow}, {"1/0", Div, Int(1), Int(0), ErrDivisionByZero},
		{"1%0", Mod, Int(1), Int(0), ErrDivisionByZero}, {"min%-1", Mod, least, Int(-1), nil}, {"1.0/0", Div, Float(1), Int(0), nil},
		{"max+min", Add, most, least, nil}, {"2^62*2", Mul, Int(1 << 62), Int(2), ErrIntegerOverflow},
	} {
		if _, err := c.operate(c.a, c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	var operand *OperandError
	if _, err := Add(Bool(true), Int(1)); !errors.As(err, &operand) {
		t.Errorf("true + 1: %v", err)
	}
	if v, err := Add(String("a"), Float(math.NaN())); err != nil || v.Str() != "aNaN" {
		t.Errorf("'a' + NaN: %v", err)
	}
	if v, err := Mul(DurationOf(Duration{Days: 1}), Float(0.7)); err != nil || FormatTemporal(v) != "PT16H48M" {
		t.Errorf("a day * 0.7: %s %v", FormatTemporal(v), err)
	}
	if v, err := Div(DurationOf(Duration{Days: 1}), Int(3)); err != nil || FormatTemporal(v) != "PT8H" {
		t.Errorf("a day / 3: %s %v", FormatTemporal(v), err)
	}
}

func TestFormatFloat_AlwaysShowsAFloat(t *testing.T) {
	for f, want := range map[float64]string{
		1: "1.0", 0: "0.0", 1e7: "1.0E7", 1e-4: "1.0E-4", 123456.75: "123456.75", 1.5e300: "1.5E300", -2.5: "-2.5", 0.001: "0.001",
	} {
		if got := FormatFloat(f); got != want {
			t.Errorf("%g is %s, want %s", f, got, want)
		}
	}
}

func TestFromJSON_IsStrict(t *testing.T) {
	for _, text := range []string{
		``, ` `, `[1,]`, `{"a":1,}`, `{a:1}`, `01`, `1.`, `.5`, `+1`, `-`, `1e`, `nul`, `nulll`, `[1 2]`, `"a`, "\"\x01\"", "\"\xff\"",
		`"\x"`, `"\ud800"`, `"\ud800\u0041"`, `{"a":1,"a":1}`, `9223372036854775808`, `1e999`, `1 1`, `NaN`, `{"a"}`, "\"\\n\xff\"",
		strings.Repeat("[", 202) + strings.Repeat("]", 202),
	} {
		if v, err := FromJSON([]byte(text)); err == nil {
			t.Errorf("%q was read as %s", clip(text), AppendJSON(nil, v))
		}
	}
	if v := mustJSON(t, ` { "b" : [ 1 , 1.0 , -0 ] , "a" : "\ud834\udd1e\u00e9\n" } `); string(AppendJSON(nil, v)) != `{"a":"𝄞é\n","b":[1,1.0,0]}` {
		t.Errorf("%s", AppendJSON(nil, v))
	}
}

func TestStorable_RefusesWhatIsNoProperty(t *testing.T) {
	for _, v := range []Value{
		MapOf(nil), Node(1), List([]Value{Null}), List([]Value{List(nil)}), List([]Value{MapOf(nil)}), String(strings.Repeat("x", MaxPropertyBytes)),
	} {
		var refused *NotStorableError
		if err := Storable(v); !errors.As(err, &refused) {
			t.Errorf("a %s was accepted: %v", v.Kind(), err)
		}
	}
	for _, v := range []Value{Null, Int(1), List([]Value{Int(1), Int(2)}), List(nil), DateOf(Date{}), PointOf(Point{})} {
		if err := Storable(v); err != nil {
			t.Error(err)
		}
	}
}
