package value

import (
	"bytes"
	"math"
	"math/bits"
)

// orderOf places each kind in the order of ORDER BY: openCypher's orderability, in which null is greatest.
var orderOf = [...]uint8{
	KindMap:           0,
	KindNode:          1,
	KindRelationship:  2,
	KindList:          3,
	KindPath:          4,
	KindDateTime:      5,
	KindLocalDateTime: 6,
	KindDate:          7,
	KindTime:          8,
	KindLocalTime:     9,
	KindDuration:      10,
	KindPoint:         11,
	KindBytes:         12,
	KindString:        13,
	KindBool:          14,
	KindInt:           15,
	KindFloat:         15,
	KindNull:          16,
}

// Compare is the total order of ORDER BY, min and max: -1, 0 or 1. NaN is the greatest number, null the greatest value.
func Compare(a, b Value) int {
	if x, y := orderOf[a.kind], orderOf[b.kind]; x != y {
		return compare(int(x), int(y))
	}
	if a.isNumber() {
		return compareAnyNumbers(a, b)
	}
	return compareSameKind(a, b)
}

func compareAnyNumbers(a, b Value) int {
	switch aNaN, bNaN := a.isNaN(), b.isNaN(); {
	case aNaN && bNaN:
		return 0
	case aNaN:
		return 1
	case bNaN:
		return -1
	}
	return compareNumbers(a, b)
}

// compareSameKind orders two values of one kind that are not numbers.
func compareSameKind(a, b Value) int {
	switch a.kind {
	case KindBool, KindNode, KindRelationship:
		return compare(a.number, b.number)
	case KindString:
		return compare(a.Str(), b.Str())
	case KindBytes:
		return bytes.Compare(a.Bytes(), b.Bytes())
	case KindList:
		return compareLists(a.List(), b.List())
	case KindMap:
		return compareMaps(a.Map(), b.Map())
	case KindPath:
		return comparePaths(a.Path(), b.Path())
	case KindPoint:
		return comparePoints(a.Point(), b.Point())
	case KindNull:
		return 0
	}
	return compareTemporal(a, b)
}

func compareLists(a, b []Value) int {
	for i := range min(len(a), len(b)) {
		if c := Compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return compare(len(a), len(b))
}

func compareMaps(a, b *Map) int {
	for i := range min(a.Len(), b.Len()) {
		if c := compare(a.keys[i], b.keys[i]); c != 0 {
			return c
		}
		if c := Compare(a.values[i], b.values[i]); c != 0 {
			return c
		}
	}
	return compare(a.Len(), b.Len())
}

func comparePaths(a, b *Path) int {
	for i := range min(len(a.Nodes), len(b.Nodes)) {
		if c := compare(uint64(a.Nodes[i]), uint64(b.Nodes[i])); c != 0 {
			return c
		}
		if i < min(len(a.Relationships), len(b.Relationships)) {
			if c := compare(uint64(a.Relationships[i]), uint64(b.Relationships[i])); c != 0 {
				return c
			}
		}
	}
	return compare(len(a.Nodes), len(b.Nodes))
}

func comparePoints(a, b Point) int {
	if c := compare(a.SRID, b.SRID); c != 0 {
		return c
	}
	for _, pair := range [...][2]float64{{a.X, b.X}, {a.Y, b.Y}, {a.Z, b.Z}} {
		if c := compareAnyNumbers(Float(pair[0]), Float(pair[1])); c != 0 {
			return c
		}
	}
	return 0
}

// compareTemporal orders two temporal values of one kind: by instant, then by what tells equal instants apart.
func compareTemporal(a, b Value) int {
	switch a.kind {
	case KindDate, KindLocalTime:
		return compare(int64(a.number), int64(b.number))
	case KindTime:
		x, y := a.Time(), b.Time()
		return first(compare(x.utcNanos(), y.utcNanos()), compare(x.OffsetSeconds, y.OffsetSeconds))
	case KindLocalDateTime:
		x, y := a.LocalDateTime(), b.LocalDateTime()
		return first(compare(x.EpochSeconds, y.EpochSeconds), compare(x.Nano, y.Nano))
	case KindDateTime:
		x, y := a.DateTime(), b.DateTime()
		return first(compare(x.EpochSeconds, y.EpochSeconds), compare(x.Nano, y.Nano),
			compare(x.OffsetSeconds, y.OffsetSeconds), compare(x.Zone, y.Zone))
	default:
		x, y := a.Duration(), b.Duration()
		return first(compareDurations(x, y), compare(x.Months, y.Months), compare(x.Days, y.Days),
			compare(x.Seconds, y.Seconds), compare(x.Nanos, y.Nanos))
	}
}

// first returns the first comparison that decides.
func first(comparisons ...int) int {
	for _, c := range comparisons {
		if c != 0 {
			return c
		}
	}
	return 0
}

func (t Time) utcNanos() int64 { return t.NanoOfDay - int64(t.OffsetSeconds)*NanosPerSecond }

// compareDurations orders by mean length, and equal ones by the fraction of a second.
func compareDurations(a, b Duration) int {
	return first(compare(a.meanSeconds(), b.meanSeconds()), compare(a.Nanos, b.Nanos))
}

// meanSeconds is the mean length without the fraction: a month is 30.436875 days (a year 365.2425), a day 24 hours. Each
// product is rounded by itself: processors that could fuse it with the sum would order otherwise than others.
func (d Duration) meanSeconds() float64 {
	months, days := float64(float64(d.Months)*secondsPerMonth), float64(float64(d.Days)*SecondsPerDay)
	return float64(months+days) + float64(d.Seconds)
}

// Less is Cypher's order of <, <=, > and >=: it is known only for two numbers, strings, booleans, lists or temporal
// values of one kind. NaN is comparable with numbers and neither less nor greater: cmp is then 2.
func Less(a, b Value) (cmp int, known Ternary) {
	switch {
	case a.kind == KindNull || b.kind == KindNull:
		return 0, Unknown
	case a.isNumber() && b.isNumber():
		if a.isNaN() || b.isNaN() {
			return Incomparable, True
		}
		return compareNumbers(a, b), True
	case a.kind != b.kind:
		return 0, Unknown
	}
	switch a.kind {
	case KindString, KindBool, KindBytes, KindDate, KindLocalTime, KindTime, KindLocalDateTime, KindDateTime:
		return compareSameKind(a, b), True
	case KindList:
		return lessLists(a.List(), b.List())
	}
	return 0, Unknown
}

// Incomparable is what Less says of NaN and a number: no comparison between them holds.
const Incomparable = 2

func lessLists(a, b []Value) (int, Ternary) {
	for i := range min(len(a), len(b)) {
		c, known := Less(a[i], b[i])
		if known != True {
			return 0, Unknown
		}
		if c != 0 {
			return c, True
		}
	}
	return compare(len(a), len(b)), True
}

// Hash agrees with Equivalent: equivalent values have equal hashes. It is the same in every process.
func Hash(v Value, seed uint64) uint64 {
	h := seed + uint64(orderOf[v.kind])*0x9e3779b97f4a7c15
	switch v.kind {
	case KindNull:
		return mix(h, 0)
	case KindInt:
		return hashNumber(h, v)
	case KindFloat:
		return hashNumber(h, v)
	case KindString:
		return hashText(h, v.Str())
	case KindBytes:
		return hashText(h, string(v.Bytes()))
	case KindList:
		for _, item := range v.List() {
			h = Hash(item, h)
		}
		return h
	case KindMap:
		return hashMap(h, v.Map())
	case KindPath:
		return hashPath(h, v.Path())
	case KindLocalDateTime:
		t := v.LocalDateTime()
		return mix(mix(h, uint64(t.EpochSeconds)), uint64(t.Nano))
	case KindDateTime:
		t := v.DateTime()
		return mix(mix(h, uint64(t.EpochSeconds)), uint64(t.Nano))
	case KindDuration:
		d := v.Duration()
		return mix(mix(mix(mix(h, uint64(d.Months)), uint64(d.Days)), uint64(d.Seconds)), uint64(d.Nanos))
	case KindPoint:
		p := v.Point()
		return hashNumber(hashNumber(hashNumber(mix(h, uint64(p.SRID)), Float(p.X)), Float(p.Y)), Float(p.Z))
	}
	return mix(h, v.number)
}

// hashNumber gives an integer and a float that is the same number the same hash.
func hashNumber(h uint64, v Value) uint64 {
	if v.kind == KindInt {
		return mix(h, v.number)
	}
	f := v.Float()
	switch {
	case math.IsNaN(f):
		return mix(h, nanBits)
	case f == math.Trunc(f) && f >= -(1<<63) && f < 1<<63:
		return mix(h, uint64(int64(f)))
	}
	return mix(h, v.number)
}

func hashMap(h uint64, m *Map) uint64 {
	for i := range m.Len() {
		h = Hash(m.values[i], hashText(h, m.keys[i]))
	}
	return h
}

func hashPath(h uint64, p *Path) uint64 {
	for _, id := range p.Nodes {
		h = mix(h, uint64(id))
	}
	for _, id := range p.Relationships {
		h = mix(h, uint64(id))
	}
	return h
}

func hashText(h uint64, text string) uint64 {
	h += uint64(len(text)) * 0x9e3779b97f4a7c15
	for len(text) > 8 {
		h = mix(h, word(text))
		text = text[8:]
	}
	if len(text) == 8 {
		return mix(h, word(text))
	}
	var rest uint64
	if len(text) >= 4 { // two words of four bytes, which may overlap
		rest = uint64(half(text)) | uint64(half(text[len(text)-4:]))<<32
	} else {
		for i := range len(text) {
			rest |= uint64(text[i]) << (8 * i)
		}
	}
	return mix(h, rest)
}

// word and half read the first bytes of a text as a number.
func word(text string) uint64 { return uint64(half(text)) | uint64(half(text[4:]))<<32 }

func half(text string) uint32 {
	return uint32(text[0]) | uint32(text[1])<<8 | uint32(text[2])<<16 | uint32(text[3])<<24
}

// mix stirs a word into a hash: the two halves of a product of 128 bits, folded. The constants are random odd numbers.
func mix(h, word uint64) uint64 {
	high, low := bits.Mul64(h^0xa0761d6478bd642f, word^0xe7037ed1a0b428db)
	return high ^ low ^ h
}
