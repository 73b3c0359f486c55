package output

import (
	"bytes"
	"testing"
)

const sample = `{"b":[1,{"x":"y\n","n":null},[]],"a":{"yes":true,"deep":{"f":1.50}},"empty":{}}`

func TestTree_YAMLKeepsOrderAndDigits(t *testing.T) {
	tree, err := ParseTree([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	want := `b:
  - 1
  - x: "y\n"
    "n": null
  - []
a:
  "yes": true
  deep:
    f: 1.50
empty: {}
`
	if got := tree.YAML(); got != want {
		t.Errorf("YAML is\n%s", got)
	}
	if got := tree.JSON(); got != sample {
		t.Errorf("JSON is %s", got)
	}
}

func TestParseTree_Refuses(t *testing.T) {
	for _, text := range []string{"", "{", `{"a":1} x`, "[1,"} {
		if _, err := ParseTree([]byte(text)); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestPrinter_Table(t *testing.T) {
	var out bytes.Buffer
	p := &Printer{Out: &out, Format: FormatTable}
	err := p.Table(Table{Columns: []string{"name", "n"}, Rows: [][]string{{"Zoë", "1"}, {"a\x1b[2J\nb", ""}}})
	if err != nil {
		t.Fatal(err)
	}
	if want := "NAME     N\nZoë      1\na·[2J b\n"; out.String() != want {
		t.Errorf("printed %q, wanted %q", out.String(), want)
	}
}

func TestEntity(t *testing.T) {
	node := `{"id":0,"elementId":"n:0","labels":["A","B"],"properties":{"x":1,"y":"z"}}`
	relationship := `{"id":0,"elementId":"r:0","type":"R","startNodeId":1,"endNodeId":0,"properties":{}}`
	other := `{"id":1,"elementId":"n:1","labels":[],"properties":{}}`
	for text, want := range map[string]string{
		node:         `(:A:B {x: 1, y: "z"})`,
		relationship: `[:R]`,
		`{"nodes":[` + node + `,` + other + `],"relationships":[` + relationship + `]}`: `(:A:B {x: 1, y: "z"})<-[:R]-()`,
		`[1,"a"]`: `[1,"a"]`, `null`: "", `"t"`: "t",
	} {
		tree, err := ParseTree([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := Entity(tree); got != want {
			t.Errorf("%s is shown as %s, wanted %s", text, got, want)
		}
	}
}
