package tenancy

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"
)

func TestID_EveryFormReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := IDFromNumber(rapid.Uint64().Draw(t, "number"))
		if !id.IsZero() {
			if parsed, err := ParseID(id.String()); err != nil || parsed != id {
				t.Fatalf("%s: %v, %v", id, parsed, err)
			}
		}
		var fromJSON, fromMsgpack ID
		data, err := json.Marshal(id)
		if err != nil || json.Unmarshal(data, &fromJSON) != nil || fromJSON != id {
			t.Fatalf("JSON %s: %v, %v", data, fromJSON, err)
		}
		data, err = msgpack.Marshal(id)
		if err != nil || msgpack.Unmarshal(data, &fromMsgpack) != nil || fromMsgpack != id {
			t.Fatalf("msgpack %x: %v, %v", data, fromMsgpack, err)
		}
	})
}

func TestParseID_HasOneForm(t *testing.T) {
	if id := IDFromNumber(math.MaxUint64); id.String() != "t18446744073709551615" {
		t.Error(id)
	}
	for _, bad := range []string{"", "t", "t0", "t01", "t+1", "t-1", "T1", "1", "t1 ", " t1", "t1x", "t18446744073709551616", "n:1", strings.Repeat("t", 9999)} {
		var syntax *IDSyntaxError
		if id, err := ParseID(bad); !errors.As(err, &syntax) || !id.IsZero() {
			t.Errorf("%q: %v, %v", clip(bad), id, err)
		} else if len(syntax.Text) > maxClip+3 {
			t.Errorf("the error repeats %d bytes", len(syntax.Text))
		}
	}
	for _, bad := range []any{-1, 1.5, "t1", true} {
		data, err := msgpack.Marshal(bad)
		if err != nil {
			t.Fatal(err)
		}
		var id ID
		if err := msgpack.Unmarshal(data, &id); err == nil {
			t.Errorf("msgpack %v was taken as %v", bad, id)
		}
	}
}

func TestDatabaseName_Rule(t *testing.T) {
	longest := "a" + strings.Repeat("b", 62)
	for _, good := range []string{"default", "neo4j", "a", "a-b_c9", longest} {
		if err := CheckDatabaseName(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "A", "9a", "_a", "-a", "a.b", "a b", "é", "a\x00", "aB", longest + "b", "system "} {
		var name *DatabaseNameError
		if err := CheckDatabaseName(bad); !errors.As(err, &name) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for name, want := range map[string]string{"": "default", "neo4j": "default", "default": "default", "neo4J": "neo4J", "x": "x"} {
		if got := CanonicalDatabase(name); got != want {
			t.Errorf("%q is kept as %q", name, got)
		}
	}
}
