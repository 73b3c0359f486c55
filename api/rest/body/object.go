package body

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hivellm/nexus/graph/value"
)

// Fault says what is wrong with a body's shape, in words for its sender.
type Fault struct{ Detail string }

// Error implements error.
func (f *Fault) Error() string { return f.Detail }

// Object is a JSON object whose fields are asked for one by one. The first fault is kept: methods after it answer zero
// values, and End tells it. Null is the same as an absent field, but for Nullable.
type Object struct {
	fields *value.Map
	asked  []bool
	path   string // "" at the top, else the name of this object's field and a point
	fault  error
}

// Parse reads one JSON object, strictly. An empty body is refused. The bytes may be used again after it.
func Parse(data []byte) (*Object, error) {
	if len(data) == 0 {
		return nil, &Fault{"a JSON object is needed as the body"}
	}
	v, err := value.FromJSON(data)
	if err != nil {
		return nil, &Fault{"the body is not proper JSON: " + strings.TrimPrefix(err.Error(), value.ErrJSON.Error()+" ")}
	}
	if v.Kind() != value.KindMap {
		return nil, &Fault{"the body must be a JSON object, not " + name(v)}
	}
	return objectOf(v.Map(), ""), nil
}

// ParseOptional is Parse, but an empty body is an empty object.
func ParseOptional(data []byte) (*Object, error) {
	if len(data) == 0 {
		return objectOf(value.NewMap(nil, nil), ""), nil
	}
	return Parse(data)
}

func objectOf(fields *value.Map, path string) *Object {
	return &Object{fields: fields, asked: make([]bool, fields.Len()), path: path}
}

// End tells the first fault: a field of a wrong type, or one that nobody asked for.
func (o *Object) End() error {
	if o.fault != nil {
		return o.fault
	}
	for i, asked := range o.asked {
		if !asked {
			key, _ := o.fields.At(i)
			return &Fault{fmt.Sprintf("there is no field %q here", clip(o.path+key))}
		}
	}
	return nil
}

// Has tells whether the field stands in the object and is not null. It does not count as asking for it.
func (o *Object) Has(field string) bool {
	v, ok := o.fields.Lookup(field)
	return ok && !v.IsNull()
}

// Stands tells whether the field stands in the object, null included. It does not count as asking for it.
func (o *Object) Stands(field string) bool {
	_, ok := o.fields.Lookup(field)
	return ok
}

// Fields names the fields in order.
func (o *Object) Fields() []string {
	names := make([]string, 0, o.fields.Len())
	for i := range o.fields.Len() {
		key, _ := o.fields.At(i)
		names = append(names, key)
	}
	return names
}

// take finds a field, marks it as asked for, and gives Null for an absent one.
func (o *Object) take(field string) value.Value {
	v, ok := o.fields.Lookup(field)
	if !ok {
		return value.Null
	}
	for i := range o.asked {
		if key, _ := o.fields.At(i); key == field {
			o.asked[i] = true
		}
	}
	return v
}

// Refuse notes a fault of a field in the caller's words.
func (o *Object) Refuse(field, format string, args ...any) {
	if o.fault == nil {
		o.fault = &Fault{fmt.Sprintf("%q %s", o.path+field, fmt.Sprintf(format, args...))}
	}
}

// wrong notes that a field has another type than it must have.
func (o *Object) wrong(field, must string, v value.Value) {
	o.Refuse(field, "must be %s, not %s", must, name(v))
}

// Text is a string field; "" when absent.
func (o *Object) Text(field string) string {
	switch v := o.take(field); v.Kind() {
	case value.KindString:
		return v.Str()
	case value.KindNull:
	default:
		o.wrong(field, "a string", v)
	}
	return ""
}

// NeededText is a string field that must stand there and not be empty.
func (o *Object) NeededText(field string) string {
	text := o.Text(field)
	if text == "" {
		o.Refuse(field, "is needed")
	}
	return text
}

// OptionalText is a string field, nil when absent.
func (o *Object) OptionalText(field string) *string {
	if !o.Has(field) {
		o.take(field)
		return nil
	}
	text := o.Text(field)
	return &text
}

// Integer is an integer field between least and most; 0 when absent.
func (o *Object) Integer(field string, least, most int64) int64 {
	switch v := o.take(field); v.Kind() {
	case value.KindInt:
		if n := v.Int(); n >= least && n <= most {
			return n
		}
		o.Refuse(field, "must be an integer from %d to %d", least, most)
	case value.KindNull:
	default:
		o.wrong(field, "an integer", v)
	}
	return 0
}

// Texts is a field that lists strings; nil when absent.
func (o *Object) Texts(field string) *[]string {
	v := o.take(field)
	switch v.Kind() {
	case value.KindList:
	case value.KindNull:
		return nil
	default:
		o.wrong(field, "a list of strings", v)
		return nil
	}
	texts := make([]string, 0, len(v.List()))
	for _, item := range v.List() {
		if item.Kind() != value.KindString {
			o.wrong(field, "a list of strings", item)
			return nil
		}
		texts = append(texts, item.Str())
	}
	return &texts
}

// Map is a field that holds any object; nil when absent.
func (o *Object) Map(field string) *value.Map {
	switch v := o.take(field); v.Kind() {
	case value.KindMap:
		return v.Map()
	case value.KindNull:
	default:
		o.wrong(field, "an object", v)
	}
	return nil
}

// Nested is a field that holds an object with fields of its own; read says what they are. Absent: read is not called.
func (o *Object) Nested(field string, read func(*Object)) {
	fields := o.Map(field)
	if fields == nil || o.fault != nil {
		return
	}
	nested := objectOf(fields, o.path+field+".")
	read(nested)
	if err := nested.End(); err != nil {
		o.fault = err
	}
}

// Number is a field that holds a non-negative integer, or null on purpose: stands tells whether it is there at all.
func (o *Object) Number(field string) (n uint64, null, stands bool) {
	if !o.Stands(field) {
		return 0, false, false
	}
	switch v := o.take(field); {
	case v.IsNull():
		return 0, true, true
	case v.Kind() == value.KindInt && v.Int() >= 0:
		return uint64(v.Int()), false, true
	case v.Kind() == value.KindInt:
		o.Refuse(field, "must not be negative")
	default:
		o.wrong(field, "a non-negative integer or null", v)
	}
	return 0, false, false
}

// Detail is what a fault says, "" for another error.
func Detail(err error) string {
	var fault *Fault
	if errors.As(err, &fault) {
		return fault.Detail
	}
	return ""
}

// name is a JSON value's kind in words.
func name(v value.Value) string {
	switch v.Kind() {
	case value.KindNull:
		return "null"
	case value.KindBool:
		return "a boolean"
	case value.KindInt, value.KindFloat:
		return "a number"
	case value.KindString:
		return "a string"
	case value.KindList:
		return "a list"
	default:
		return "an object"
	}
}

// clip bounds a name that goes into a message.
func clip(text string) string {
	const most = 64
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
