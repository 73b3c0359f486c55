package body

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hivellm/nexus/graph/value"
)

func TestParseCypher_Accepts(t *testing.T) {
	c, err := ParseCypher([]byte(`{"query":"RETURN $a","params":{"a":[1,2.0,"x",null,{"b":true}]},"database":"d",
		"consistency":"bookmark","bookmark":"nxb_1","max_staleness_ms":5,"timeout_ms":7}`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Query != "RETURN $a" || c.Database != "d" || c.Consistency != "bookmark" || c.Bookmark != "nxb_1" ||
		c.MaxStalenessMs != 5 || c.TimeoutMs != 7 {
		t.Errorf("read %+v", c)
	}
	a, ok := c.Parameters.Lookup("a")
	if !ok || len(a.List()) != 5 || a.List()[0].Kind() != value.KindInt || a.List()[1].Kind() != value.KindFloat {
		t.Errorf("parameters %v", a)
	}
}

func TestParseCypher_NullIsAbsent(t *testing.T) {
	c, err := ParseCypher([]byte(`{"query":"RETURN 1","parameters":null,"database":null,"timeout_ms":null}`))
	if err != nil || c.Parameters != nil || c.TimeoutMs != 0 {
		t.Errorf("read %+v, %v", c, err)
	}
}

func TestParseCypher_Refuses(t *testing.T) {
	deep := strings.Repeat("[", 300) + strings.Repeat("]", 300)
	for name, c := range map[string]struct{ body, says string }{
		"empty":            {``, "a JSON object is needed"},
		"no object":        {`[1]`, "must be a JSON object, not a list"},
		"broken":           {`{"query":`, "not proper JSON"},
		"trailing":         {`{"query":"RETURN 1"} x`, "something after"},
		"unknown field":    {`{"query":"RETURN 1","Query":"x"}`, `no field "Query"`},
		"twice":            {`{"query":"RETURN 1","query":"x"}`, "twice"},
		"query number":     {`{"query":1}`, `"query" must be a string, not a number`},
		"no query":         {`{}`, `"query" is needed`},
		"params list":      {`{"query":"RETURN 1","params":[]}`, `"params" must be an object, not a list`},
		"both":             {`{"query":"RETURN 1","params":{},"parameters":{}}`, "another name"},
		"timeout float":    {`{"query":"RETURN 1","timeout_ms":1.5}`, "must be an integer"},
		"timeout negative": {`{"query":"RETURN 1","timeout_ms":-1}`, "from 1 to"},
		"integer":          {`{"query":"RETURN 1","params":{"a":9223372036854775808}}`, "64 bits"},
		"utf-8":            {"{\"query\":\"RETURN '\xff'\"}", "UTF-8"},
		"utf-8 key":        {"{\"query\":\"RETURN 1\",\"params\":{\"\xc3\":1}}", "UTF-8"},
		"surrogate":        {`{"query":"RETURN 1","params":{"a":"\ud800"}}`, "surrogate"},
		"nesting":          {`{"query":"RETURN 1","params":{"a":` + deep + `}}`, "nested deeper"},
		"long query":       {`{"query":"` + strings.Repeat("x", MaxQueryBytes+1) + `"}`, "larger than 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseCypher([]byte(c.body))
			if err == nil || Detail(err) == "" || !strings.Contains(err.Error(), c.says) {
				t.Errorf("answers %v, wanted a fault that says %q", err, c.says)
			}
		})
	}
}

func TestObject_Fields(t *testing.T) {
	o, err := Parse([]byte(`{"name":"a","limits":{"max_nodes":null,"burst":3},"list":["x"],"gone":null}`))
	if err != nil {
		t.Fatal(err)
	}
	o.Nested("limits", func(l *Object) {
		if _, null, stands := l.Number("max_nodes"); !null || !stands {
			t.Error("null on purpose was not seen")
		}
		if n, null, stands := l.Number("burst"); n != 3 || null || !stands {
			t.Error("3 was not seen")
		}
		if _, _, stands := l.Number("absent"); stands {
			t.Error("an absent number stands")
		}
	})
	if o.NeededText("name") != "a" || len(*o.Texts("list")) != 1 || o.OptionalText("gone") != nil {
		t.Error("fields were misread")
	}
	if err := o.End(); err != nil {
		t.Error(err)
	}
	o, _ = Parse([]byte(`{"limits":{"nodes":1}}`))
	o.Nested("limits", func(*Object) {})
	if err := o.End(); err == nil || !strings.Contains(err.Error(), `"limits.nodes"`) {
		t.Errorf("an unknown nested field answers %v", err)
	}
}

func TestRead_Bounds(t *testing.T) {
	var tooLarge *TooLargeError
	if _, _, err := Read(httptest.NewRequest("POST", "/", strings.NewReader("123456")), 5); !errors.As(err, &tooLarge) {
		t.Errorf("a declared length beyond the bound answers %v", err)
	}
	chunked := httptest.NewRequest("POST", "/", bytes.NewReader(make([]byte, 100_000)))
	chunked.ContentLength = -1
	if _, _, err := Read(chunked, 99_999); !errors.As(err, &tooLarge) {
		t.Errorf("a stream beyond the bound answers %v", err)
	}
	data, release, err := Read(httptest.NewRequest("POST", "/", strings.NewReader("12345")), 5)
	if err != nil || string(data) != "12345" {
		t.Fatalf("read %q, %v", data, err)
	}
	release()
	packed := httptest.NewRequest("POST", "/", strings.NewReader("x"))
	packed.Header.Set("Content-Encoding", "gzip")
	if _, _, err := Read(packed, 5); !errors.Is(err, ErrEncoding) {
		t.Errorf("a compressed body answers %v", err)
	}
}

// FuzzBody looks for a body that panics, or that is accepted without being what it says.
func FuzzBody(f *testing.F) {
	f.Add([]byte(`{"query":"RETURN $a","params":{"a":[1,2.0,"x",null,{"b":true}]}}`))
	f.Add([]byte(`{"query":"RETURN 1","timeout_ms":1e3,"database":"\u0041\ud83d\ude00"}`))
	f.Add([]byte(`[[[[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseCypher(data)
		if err != nil {
			if Detail(err) == "" || len(err.Error()) > 1024 {
				t.Fatalf("a fault without proper words: %v", err)
			}
			return
		}
		if c.Query == "" || len(c.Query) > MaxQueryBytes || c.TimeoutMs < 0 || c.MaxStalenessMs < 0 {
			t.Fatalf("accepted %+v", c)
		}
	})
}

func BenchmarkParseCypher(b *testing.B) {
	data := []byte(`{"query":"MATCH (p:Person {id: $id}) RETURN p.name, p.age","parameters":{"id":4711},"consistency":"local"}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseCypher(data); err != nil {
			b.Fatal(err)
		}
	}
}
