package tenancy

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"
)

func drawLimit(t *rapid.T, label string) Limit {
	switch rapid.IntRange(0, 2).Draw(t, label+" state") {
	case 0:
		return Limit{}
	case 1:
		return NoLimit()
	default:
		return LimitOf(rapid.OneOf(rapid.Uint64Range(0, 9), rapid.Uint64Range(0, MaxLimit)).Draw(t, label))
	}
}

func drawLimits(t *rapid.T, label string) Limits {
	var limits Limits
	for _, field := range limitFields {
		*field.of(&limits) = drawLimit(t, label+" "+field.name)
	}
	return limits
}

func TestLimitFields_AreAllOfLimits(t *testing.T) {
	kind := reflect.TypeFor[Limits]()
	if kind.NumField() != len(limitFields) {
		t.Fatalf("%d fields, %d in the table", kind.NumField(), len(limitFields))
	}
	previous := ""
	for i := range kind.NumField() {
		tag := kind.Field(i).Tag.Get("msgpack")
		if tag <= previous || kind.Field(i).Tag.Get("json") != tag+",omitzero" {
			t.Errorf("field %s: tags are not sorted or differ", kind.Field(i).Name)
		}
		previous = tag
	}
	for _, field := range limitFields {
		var limits Limits
		*field.of(&limits) = LimitOf(7)
		if data, err := json.Marshal(limits); err != nil || string(data) != fmt.Sprintf(`{%q:7}`, field.name) {
			t.Errorf("%s writes %s, %v", field.name, data, err)
		}
	}
}

// The overlay against a model over JSON objects: what is written wins, null included; what is not is the plan's.
func TestLimits_OverlayAsObjectsMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		explicit, plan := drawLimits(t, "explicit"), drawLimits(t, "plan")
		model := map[string]any{}
		for _, layer := range []Limits{plan, explicit} {
			data, err := json.Marshal(layer)
			if err != nil {
				t.Fatal(err)
			}
			decoder := json.NewDecoder(strings.NewReader(string(data)))
			decoder.UseNumber()
			if err := decoder.Decode(&model); err != nil {
				t.Fatal(err)
			}
		}
		got := explicit.Over(plan)
		have, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(model)
		if err != nil {
			t.Fatal(err)
		}
		if string(have) != string(want) {
			t.Fatalf("overlay %s, model %s", have, want)
		}
		if got.Resolved() != (len(model) == len(limitFields)) {
			t.Fatalf("resolved %v with %d of %d", got.Resolved(), len(model), len(limitFields))
		}
	})
}

func TestLimits_EveryFormReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := drawLimits(t, "limits")
		var fromJSON, fromMsgpack Limits
		data, err := json.Marshal(limits)
		if err != nil || json.Unmarshal(data, &fromJSON) != nil || fromJSON != limits {
			t.Fatalf("JSON %s: %+v, %v", data, fromJSON, err)
		}
		data, err = msgpack.Marshal(limits)
		if err != nil || msgpack.Unmarshal(data, &fromMsgpack) != nil || fromMsgpack != limits {
			t.Fatalf("msgpack %x: %+v, %v", data, fromMsgpack, err)
		}
	})
}

func TestLimit_JSONForms(t *testing.T) {
	var holder struct{ L Limit }
	for _, bad := range []string{"-1", "1.0", "1e3", `"1"`, "true", "[]", "{}", "9223372036854775808", "18446744073709551616"} {
		if err := json.Unmarshal([]byte(`{"L":`+bad+`}`), &holder); err == nil {
			t.Errorf("%s was taken as %v", bad, holder.L)
		}
	}
	for text, want := range map[string]Limit{`{"L":null}`: NoLimit(), `{"L":0}`: LimitOf(0), `{"L":9223372036854775807}`: LimitOf(math.MaxInt64), `{}`: {}} {
		holder.L = Limit{}
		if err := json.Unmarshal([]byte(text), &holder); err != nil || holder.L != want {
			t.Errorf("%s: %v, %v", text, holder.L, err)
		}
	}
	if _, err := json.Marshal(Limit{}); err == nil {
		t.Error("an absent limit was written")
	}
	if LimitOf(math.MaxUint64) != LimitOf(MaxLimit) {
		t.Error("a limit beyond MaxLimit")
	}
}

func TestLimit_Allows(t *testing.T) {
	for _, c := range []struct {
		limit  Limit
		amount uint64
		want   bool
	}{
		{NoLimit(), math.MaxUint64, true}, {LimitOf(0), 0, true}, {LimitOf(0), 1, false},
		{LimitOf(5), 5, true}, {LimitOf(5), 6, false}, {Limit{}, 0, true}, {Limit{}, 1, false},
	} {
		if got := c.limit.Allows(c.amount); got != c.want {
			t.Errorf("limit %s allows %d: %v", c.limit, c.amount, got)
		}
	}
}

func TestCheckGrowth_RefusesGrowthAlone(t *testing.T) {
	amounts := rapid.Uint64Range(0, 12)
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) Usage {
			return Usage{amounts.Draw(t, label+" nodes"), amounts.Draw(t, label+" relationships"), amounts.Draw(t, label+" bytes"), amounts.Draw(t, label+" databases")}
		}
		before, after := draw("before"), draw("after")
		var limits Limits
		for _, field := range limitFields {
			*field.of(&limits) = rapid.SampledFrom([]Limit{{}, NoLimit(), LimitOf(0), LimitOf(3), LimitOf(8)}).Draw(t, field.name)
		}
		var want *QuotaError
		for _, c := range []struct {
			quota         Quota
			limit         Limit
			before, after uint64
		}{
			{QuotaDatabases, limits.MaxDatabases, before.Databases, after.Databases},
			{QuotaNodes, limits.MaxNodes, before.Nodes, after.Nodes},
			{QuotaRelationships, limits.MaxRelationships, before.Relationships, after.Relationships},
			{QuotaStorageBytes, limits.MaxStorageBytes, before.Bytes, after.Bytes},
		} {
			number, _ := c.limit.Number()
			if want == nil && c.after > c.before && !c.limit.None() && c.after > number {
				want = &QuotaError{c.quota, number, c.before, c.after}
			}
		}
		got := CheckGrowth(limits, before, after)
		if (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Fatalf("%+v to %+v under %+v: %v, want %v", before, after, limits, got, want)
		}
	})
	if e := CheckDatabaseGrowth(LimitOf(10), 9, 11); e == nil || e.Quota != QuotaResidentBytes || CheckDatabaseGrowth(LimitOf(10), 12, 11) != nil {
		t.Error(e)
	}
	if got := (Usage{1, 2, 3, 4}).Plus(Usage{10, 20, 30, 40}); got != (Usage{11, 22, 33, 44}) {
		t.Error(got)
	}
}
