package value

import (
	"encoding/hex"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

type goldenValue struct {
	name  string
	value Value
}

func goldenValues() []goldenValue {
	var m MapBuilder
	m.Set("b", Int(2))
	m.Set("a", List([]Value{Null, Bool(true)}))
	m.Set("é", String("ü"))
	fifteen, sixteen := make([]Value, 15), make([]Value, 16)
	return []goldenValue{
		{"null", Null}, {"false", Bool(false)}, {"true", Bool(true)},
		{"int 0", Int(0)}, {"int 127", Int(127)}, {"int 128", Int(128)}, {"int 255", Int(255)}, {"int 256", Int(256)},
		{"int 65535", Int(65535)}, {"int 65536", Int(65536)}, {"int 4294967295", Int(math.MaxUint32)},
		{"int 4294967296", Int(math.MaxUint32 + 1)}, {"int max", Int(math.MaxInt64)},
		{"int -1", Int(-1)}, {"int -32", Int(-32)}, {"int -33", Int(-33)}, {"int -128", Int(-128)}, {"int -129", Int(-129)},
		{"int -32768", Int(-32768)}, {"int -32769", Int(-32769)}, {"int -2147483648", Int(math.MinInt32)},
		{"int -2147483649", Int(math.MinInt32 - 1)}, {"int min", Int(math.MinInt64)},
		{"float 0.0", Float(0)}, {"float -0.0", Float(math.Copysign(0, -1))}, {"float 1.5", Float(1.5)},
		{"float NaN", Float(math.NaN())}, {"float -Infinity", Float(math.Inf(-1))},
		{"string empty", String("")}, {"string text", String("Straße")}, {"string of 31", String(strings.Repeat("x", 31))},
		{"string of 32", String(strings.Repeat("x", 32))}, {"string of 256", String(strings.Repeat("x", 256))},
		{"bytes empty", Bytes(nil)}, {"bytes", Bytes([]byte{0, 255})}, {"bytes of 256", Bytes(make([]byte, 256))},
		{"list empty", List(nil)}, {"list of 15 nulls", List(fifteen)}, {"list of 16 nulls", List(sixteen)},
		{"map empty", MapOf(nil)}, {"map", MapOf(m.Map())},
		{"node", Node(1)}, {"relationship", Relationship(1<<48 - 1)},
		{"path", PathOf(&Path{Nodes: []NodeID{1, 2}, Relationships: []RelationshipID{3}})},
		{"date", DateOf(Date{5_397})}, {"date first", DateOf(Date{firstDay})}, {"local time", LocalTimeOf(LocalTime{45_074_645_876_123})},
		{"time", TimeOf(Time{45_074_645_876_123, -7507})},
		{"local datetime", LocalDateTimeOf(LocalDateTime{-62_135_596_800, 1})},
		{"datetime offset", DateTimeOf(DateTime{466_342_274, 645_876_123, 3600, ""})},
		{"datetime zone", DateTimeOf(DateTime{-4_779_137_600, 0, 3208, "Europe/Stockholm"})},
		{"duration", DurationOf(Duration{149, -14, -58_391, 999_999_999})},
		{"point 2d", PointOf(Point{SRIDWGS84_2D, 12.5, -56.25, 0})}, {"point 3d", PointOf(Point{SRIDCartesian_3D, 1, 2, 3})},
	}
}

// TestEncoding_GoldenBytes reads testdata/encoding.txt, whose lines are never changed: name, canonical encoding, ordered
// key.
func TestEncoding_GoldenBytes(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "encoding.txt"))
	if err != nil {
		t.Fatal(err)
	}
	golden := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		name, hexes, _ := strings.Cut(line, "\t")
		golden[name] = hexes
	}
	for _, g := range goldenValues() {
		got := hex.EncodeToString(AppendEncoded(nil, g.value))
		if Storable(g.value) == nil {
			got += "\t" + hex.EncodeToString(AppendOrdered(nil, g.value))
		}
		if golden[g.name] != got {
			t.Errorf("golden bytes differ:\n%s\t%s", g.name, got)
		}
		delete(golden, g.name)
	}
	for name := range golden {
		t.Errorf("nothing makes the golden value %q any more", name)
	}
}

// TestEncoding_IsMsgpack lets another implementation read the encoding.
func TestEncoding_IsMsgpack(t *testing.T) {
	for _, g := range goldenValues() {
		if k := g.value.Kind(); k >= KindNode {
			continue // extension types, which a reader must be told of
		}
		var read any
		if err := msgpack.Unmarshal(AppendEncoded(nil, g.value), &read); err != nil {
			t.Errorf("%s: %v", g.name, err)
		}
	}
}
