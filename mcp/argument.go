package mcp

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hivellm/nexus/graph/value"
)

// field is one argument of a tool: what it is called, what it may be, and what it is for. From the same list come the
// schema that clients see and the check that calls pass.
type field struct {
	name   string
	kind   kind
	needed bool
	about  string
}

// kind is what a value may be.
type kind struct {
	name     string // of JSON schema; "" = any value
	min, max int64  // of an integer, of a list's length, or of a text's characters; max 0 of a text = no bound
	words    []string
	items    *kind
	fields   []field // of an object; nil = any members
}

// The kinds of arguments.
var (
	text = kind{name: "string"}
	name = kind{name: "string", min: 1, max: 512} // of a label, type, property or database
	// memoryName is the name of an entity of the memory tools, a property's value.
	memoryName = kind{name: "string", min: 1, max: 4096}
	names      = listUpTo(50, name)
	boolean    = kind{name: "boolean"}
	entityID   = integer(0, 1<<48-1)
	anyObject  = kind{name: "object"}
)

// maxList bounds every list of arguments.
const maxList = 5000

func integer(from, to int64) kind { return kind{name: "integer", min: from, max: to} }

func oneOf(words ...string) kind { return kind{name: "string", words: words} }

func listOf(items kind) kind { return listUpTo(maxList, items) }

func listUpTo(most int64, items kind) kind { return kind{name: "array", max: most, items: &items} }

func object(fields ...field) kind { return kind{name: "object", fields: fields} }

// schema is the JSON schema of a kind.
func (k kind) schema() map[string]any {
	s := map[string]any{}
	if k.name != "" {
		s["type"] = k.name
	}
	switch {
	case k.words != nil:
		s["enum"] = k.words
	case k.name == "integer":
		s["minimum"], s["maximum"] = k.min, k.max
	case k.name == "string" && k.max > 0:
		s["minLength"], s["maxLength"] = k.min, k.max
	case k.name == "array":
		s["items"], s["maxItems"] = k.items.schema(), k.max
	case k.fields != nil:
		properties, needed := map[string]any{}, []string{}
		for _, f := range k.fields {
			p := f.kind.schema()
			p["description"] = f.about
			properties[f.name] = p
			if f.needed {
				needed = append(needed, f.name)
			}
		}
		s["properties"], s["required"], s["additionalProperties"] = properties, needed, false
	}
	return s
}

// check holds a value against a kind; at names it in what is wrong.
func (k kind) check(at string, v value.Value) error {
	is := map[string]value.Kind{
		"string": value.KindString, "boolean": value.KindBool, "integer": value.KindInt, "array": value.KindList, "object": value.KindMap,
	}
	if want, named := is[k.name]; named && v.Kind() != want {
		return fmt.Errorf("%s must be of type %s, not %s", at, k.name, strings.ToLower(v.Kind().String()))
	}
	switch {
	case k.words != nil && !slices.Contains(k.words, v.Str()):
		return fmt.Errorf("%s is one of %s", at, strings.Join(k.words, ", "))
	case k.name == "integer" && (v.Int() < k.min || v.Int() > k.max):
		return fmt.Errorf("%s must be %d to %d", at, k.min, k.max)
	case k.name == "string" && k.max > 0 && !k.fits(v.Str()):
		return fmt.Errorf("%s must have %d to %d characters", at, k.min, k.max)
	case k.name == "array":
		return k.checkItems(at, v.List())
	case k.fields != nil:
		return k.checkFields(at, v.Map())
	}
	return nil
}

func (k kind) fits(s string) bool {
	n := int64(utf8.RuneCountInString(s))
	return n >= k.min && n <= k.max
}

func (k kind) checkItems(at string, items []value.Value) error {
	if int64(len(items)) > k.max {
		return fmt.Errorf("%s has %d items; at most %d are taken at once", at, len(items), k.max)
	}
	for i, item := range items {
		if err := k.items.check(fmt.Sprintf("%s[%d]", at, i), item); err != nil {
			return err
		}
	}
	return nil
}

func (k kind) checkFields(at string, members *value.Map) error {
	for i := range members.Len() {
		name, v := members.At(i)
		f := slices.IndexFunc(k.fields, func(f field) bool { return f.name == name })
		if f < 0 {
			return fmt.Errorf("%s does not take %q; it takes %s", at, clip(name), k.names())
		}
		if v.IsNull() && !k.fields[f].needed {
			continue
		}
		if err := k.fields[f].kind.check(at+"."+name, v); err != nil {
			return err
		}
	}
	for _, f := range k.fields {
		if v, given := members.Lookup(f.name); f.needed && (!given || v.IsNull() && f.kind.name != "") {
			return fmt.Errorf("%s.%s is needed: %s", at, f.name, f.about)
		}
	}
	return nil
}

func (k kind) names() string {
	names := make([]string, 0, len(k.fields))
	for _, f := range k.fields {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}

// maxClip bounds what of a caller's text is repeated in an error, in bytes.
const maxClip = 80

func clip(s string) string {
	if len(s) <= maxClip {
		return s
	}
	return strings.ToValidUTF8(s[:maxClip], "") + "…"
}

// arguments are a call's, checked.
type arguments struct{ members *value.Map }

// readArguments decodes and checks a call's arguments; absent ones are an empty object.
func readArguments(raw json.RawMessage, fields []field) (arguments, error) {
	if len(raw) == 0 || string(raw) == "null" {
		raw = []byte("{}")
	}
	v, err := value.FromJSON(raw)
	if err != nil {
		return arguments{}, fmt.Errorf("arguments: %w", err)
	}
	if err := object(fields...).check("arguments", v); err != nil {
		return arguments{}, err
	}
	return arguments{v.Map()}, nil
}

func (a arguments) value(name string) value.Value {
	v, _ := a.members.Lookup(name)
	return v
}

func (a arguments) has(name string) bool { return !a.value(name).IsNull() }

func (a arguments) text(name string) string {
	if !a.has(name) {
		return ""
	}
	return a.value(name).Str()
}

func (a arguments) flag(name string) bool { return a.has(name) && a.value(name).Bool() }

func (a arguments) integer(name string, otherwise int64) int64 {
	if !a.has(name) {
		return otherwise
	}
	return a.value(name).Int()
}

func (a arguments) object(name string) *value.Map {
	if !a.has(name) {
		return nil
	}
	return a.value(name).Map()
}

func (a arguments) list(name string) []value.Value {
	if !a.has(name) {
		return nil
	}
	return a.value(name).List()
}

// objects are the items of a list of objects.
func (a arguments) objects(name string) []arguments {
	items := a.list(name)
	list := make([]arguments, len(items))
	for i, item := range items {
		list[i] = arguments{item.Map()}
	}
	return list
}

func (a arguments) texts(name string) []string {
	items := a.list(name)
	list := make([]string, len(items))
	for i, item := range items {
		list[i] = item.Str()
	}
	return list
}

// parameters makes the parameters of a query; names and values alternate.
func parameters(pairs ...any) *value.Map {
	var b value.MapBuilder
	for i := 0; i < len(pairs); i += 2 {
		b.Set(pairs[i].(string), pairs[i+1].(value.Value))
	}
	return b.Map()
}
