package graph

import (
	"math"
	"slices"

	"github.com/hivellm/nexus/graph/value"
)

// opsFormat is the version of the encoding of operations (docs/specs/operations.md).
const opsFormat = 1

// The codes of operations. Never changed, never reused.
const (
	opCreateNode byte = iota + 1
	opCreateRelationship
	opSetNodeProperty
	opSetRelationshipProperty
	opAddLabels
	opRemoveLabels
	opDeleteNode
	opDeleteRelationship
	_ // 9 to 12 were data definition without the bytes of entries
	_
	_
	_
	opCreateIndex
	opDropIndex
	opCreateConstraint
	opDropConstraint
)

// Changes are what a draft did: operations with explicit ids that name labels, types and keys through their own table
// of strings (PROTOCOL R15). An encoded value of null in a set operation removes the property.
type Changes struct {
	Base    Stamp // the version they were computed on
	Stamp   Stamp // the version they make
	Strings []string
	Ops     []byte // a format byte, then the operations
	Count   int
}

// op is one decoded operation. Slices alias the decoder's scratch and the encoded bytes.
type op struct {
	code       byte
	id         uint64
	names      []uint32 // labels; or the one type; for schema: name, label or type, then properties
	start, end uint64
	properties []opProperty // for a set operation exactly one
	entity     EntityKind
	constraint ConstraintKind
	bytes      uint64 // what the entries of an index that is made or dropped count for storage
}

type opProperty struct {
	key   uint32 // in the table of strings
	value []byte
}

// opReader walks encoded operations from outside.
type opReader struct {
	frame   frameReader
	strings int
	current op
}

// readOps begins to walk changes.
func readOps(c Changes) (*opReader, error) {
	r := &opReader{frame: frameReader{rest: c.Ops}, strings: len(c.Strings)}
	if len(c.Strings) > math.MaxInt32 || (len(c.Ops) > 0 && r.frame.byte() != opsFormat) {
		return nil, malformed("operations of an unknown format")
	}
	return r, nil
}

// next decodes one operation; nil at the end.
func (r *opReader) next() (*op, error) {
	if len(r.frame.rest) == 0 {
		return nil, nil
	}
	o, f := &r.current, &r.frame
	*o = op{code: f.byte(), names: o.names[:0], properties: o.properties[:0]}
	switch o.code {
	case opCreateNode:
		o.id = f.uint()
		r.nameList()
		r.propertyList(f.array())
	case opCreateRelationship:
		o.id = f.uint()
		r.name()
		o.start, o.end = f.uint(), f.uint()
		r.propertyList(f.array())
	case opSetNodeProperty, opSetRelationshipProperty:
		o.id = f.uint()
		r.propertyList(2)
	case opAddLabels, opRemoveLabels:
		o.id = f.uint()
		r.nameList()
	case opDeleteNode, opDeleteRelationship:
		o.id = f.uint()
	case opCreateIndex, opCreateConstraint:
		r.definition()
	case opDropIndex, opDropConstraint:
		r.name()
		o.bytes = f.uint()
	default:
		return nil, malformed("operation of code %d", o.code)
	}
	if f.bad || o.id >= maxID || o.start >= maxID || o.end >= maxID {
		return nil, malformed("operation of code %d", o.code)
	}
	return o, nil
}

// definition reads what an index or constraint is.
func (r *opReader) definition() {
	r.current.constraint = ConstraintKind(r.frame.uint())
	r.current.entity = EntityKind(r.frame.uint())
	if r.current.constraint > Key || r.current.entity > RelationshipEntity {
		r.frame.bad = true
	}
	r.name()
	r.name()
	r.nameList()
	r.current.bytes = r.frame.uint()
}

func (r *opReader) name() {
	ref := r.frame.uint32()
	if int64(ref) >= int64(r.strings) {
		r.frame.bad = true
		return
	}
	r.current.names = append(r.current.names, ref)
}

func (r *opReader) nameList() {
	for range r.frame.array() {
		if r.name(); r.frame.bad {
			return
		}
	}
}

// propertyList reads n items: keys and values in turn.
func (r *opReader) propertyList(n int) {
	if n%2 != 0 {
		r.frame.bad = true
	}
	for range n / 2 {
		key := r.frame.uint32()
		raw := r.frame.raw()
		if r.frame.bad || int64(key) >= int64(r.strings) {
			r.frame.bad = true
			return
		}
		r.current.properties = append(r.current.properties, opProperty{key, raw})
	}
}

// CheckChanges tells whether changes can be decoded whole and hold the operations they say.
func CheckChanges(c Changes) error {
	r, err := readOps(c)
	if err != nil {
		return err
	}
	n := 0
	for {
		o, err := r.next()
		if err != nil {
			return err
		}
		if o == nil {
			break
		}
		n++
	}
	if n != c.Count {
		return malformed("%d operations where %d are announced", n, c.Count)
	}
	return nil
}

// stringTable gives the strings of changes their numbers and remembers which interned id each has.
type stringTable struct {
	strings []string
	refs    map[string]uint32      // looked up only; nil while the strings are few
	ids     [nameKinds][]idPlusOne // by number
	size    int                    // bytes of the strings
}

type idPlusOne uint32

// ref returns a string's number, giving one where there is none.
func (t *stringTable) ref(s string) uint32 {
	if t.refs == nil {
		if i := slices.Index(t.strings, s); i >= 0 {
			return uint32(i)
		}
	} else if ref, ok := t.refs[s]; ok {
		return ref
	}
	ref := uint32(len(t.strings))
	switch {
	case t.refs != nil:
		t.refs[s] = ref
	case ref == fewStrings:
		t.index(s)
	}
	t.strings = append(t.strings, s)
	t.size += len(s) + stringOverhead
	return ref
}

// fewStrings is up to how many strings a table is searched one by one.
const fewStrings = 16

// index makes the map of all strings and the one that comes.
func (t *stringTable) index(next string) {
	t.refs = make(map[string]uint32, 2*fewStrings)
	for i, s := range t.strings {
		t.refs[s] = uint32(i)
	}
	t.refs[next] = uint32(len(t.strings))
}

// stringOverhead is what a string of the table counts towards a command's size besides its bytes.
const stringOverhead = 5

// truncate takes back the numbers from n on and every remembered id: some may be of names that are gone.
func (t *stringTable) truncate(n int) {
	for _, s := range t.strings[n:] {
		delete(t.refs, s) // of a nil map: nothing
		t.size -= len(s) + stringOverhead
	}
	t.strings = t.strings[:n]
	for kind := range t.ids {
		t.ids[kind] = t.ids[kind][:0]
	}
}

// resolve returns the interned id of a string, interning it where it has none.
func (t *stringTable) resolve(m *mutation, kind nameKind, ref uint32) (uint32, error) {
	ids := t.ids[kind]
	if int(ref) < len(ids) && ids[ref] != 0 {
		return uint32(ids[ref] - 1), nil
	}
	id, err := m.intern(kind, t.strings[ref])
	if err != nil {
		return 0, err
	}
	for len(ids) <= int(ref) {
		ids = append(ids, 0)
	}
	ids[ref] = idPlusOne(id + 1)
	t.ids[kind] = ids
	return id, nil
}

// isPlain tells the commonest values, which may always be stored.
func isPlain(v value.Value) bool {
	switch v.Kind() {
	case value.KindBool, value.KindInt, value.KindFloat:
		return true
	}
	return false
}

func appendNameList(dst []byte, refs []uint32) []byte {
	dst = appendArray(dst, len(refs))
	for _, ref := range refs {
		dst = appendUint(dst, uint64(ref))
	}
	return dst
}

func appendOpProperties(dst []byte, properties []opProperty) []byte {
	dst = appendArray(dst, 2*len(properties))
	for _, p := range properties {
		dst = append(appendUint(dst, uint64(p.key)), p.value...)
	}
	return dst
}

// storable encodes a value that may be stored, and that Decode would read back: texts are UTF-8.
func storable(dst []byte, key string, v value.Value) ([]byte, error) {
	if isPlain(v) {
		return value.AppendEncoded(dst, v), nil
	}
	if err := value.Storable(v); err != nil {
		return dst, &PropertyTypeError{Key: key, Err: err}
	}
	from := len(dst)
	dst = value.AppendEncoded(dst, v)
	if _, _, err := value.DecodeAliasing(dst[from:]); err != nil {
		return dst[:from], &PropertyTypeError{Key: key, Err: err}
	}
	return dst, nil
}

// appendOp writes one operation; the first is preceded by the format byte.
func appendOp(dst []byte, o *op) []byte {
	if len(dst) == 0 {
		dst = append(dst, opsFormat)
	}
	dst = append(dst, o.code)
	switch o.code {
	case opCreateNode:
		dst = appendNameList(appendUint(dst, o.id), o.names)
		return appendOpProperties(dst, o.properties)
	case opCreateRelationship:
		dst = appendUint(appendUint(dst, o.id), uint64(o.names[0]))
		dst = appendUint(appendUint(dst, o.start), o.end)
		return appendOpProperties(dst, o.properties)
	case opSetNodeProperty, opSetRelationshipProperty:
		dst = appendUint(appendUint(dst, o.id), uint64(o.properties[0].key))
		return append(dst, o.properties[0].value...)
	case opAddLabels, opRemoveLabels:
		return appendNameList(appendUint(dst, o.id), o.names)
	case opDeleteNode, opDeleteRelationship:
		return appendUint(dst, o.id)
	case opCreateIndex, opCreateConstraint:
		dst = appendUint(appendUint(dst, uint64(o.constraint)), uint64(o.entity))
		dst = appendUint(appendUint(dst, uint64(o.names[0])), uint64(o.names[1]))
		return appendUint(appendNameList(dst, o.names[2:]), o.bytes)
	}
	return appendUint(appendUint(dst, uint64(o.names[0])), o.bytes)
}
