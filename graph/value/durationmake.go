package value

import (
	"math/big"
	"strings"
)

// MakeDuration is duration() of one argument: a text, a map, or a duration. Null makes null.
func MakeDuration(argument Value) (Value, error) {
	switch argument.kind {
	case KindNull, KindDuration:
		return argument, nil
	case KindString:
		return ParseDuration(argument.Str())
	case KindMap:
		return DurationFromMap(argument.Map())
	}
	return Null, temporalFault("a duration cannot be made of a %s", argument.kind)
}

// durationUnits are the parts of a duration: which of the three places they belong to, and how much of it they are.
var durationUnits = [...]struct {
	key           string
	letter        byte // in a text; 'M' is months before the T and minutes behind it
	clock         bool // behind the T
	place         int  // 0 months, 1 days, 2 seconds
	times, divide int64
}{
	{"years", 'Y', false, 0, 12, 1},
	{"quarters", 0, false, 0, 3, 1},
	{"months", 'M', false, 0, 1, 1},
	{"weeks", 'W', false, 1, 7, 1},
	{"days", 'D', false, 1, 1, 1},
	{"hours", 'H', true, 2, 3600, 1},
	{"minutes", 'M', true, 2, 60, 1},
	{"seconds", 'S', true, 2, 1, 1},
	{"milliseconds", 0, true, 2, 1, 1_000},
	{"microseconds", 0, true, 2, 1, 1_000_000},
	{"nanoseconds", 0, true, 2, 1, 1_000_000_000},
}

func (e exactDuration) add(unit int, n *big.Rat) {
	u := durationUnits[unit]
	place := [...]*big.Rat{e.months, e.days, e.seconds}[u.place]
	place.Add(place, new(big.Rat).Mul(n, big.NewRat(u.times, u.divide)))
}

// DurationFromMap adds up the parts that a map names; they may be fractions and negative.
func DurationFromMap(m *Map) (Value, error) {
	if m.Len() == 0 {
		return Null, temporalFault("a duration cannot be made of an empty map")
	}
	e := newExactDuration()
	for i := range m.Len() {
		key, v := m.At(i)
		unit := unitNamed(key)
		if unit < 0 {
			return Null, temporalFault("a duration has no component %q", clip(key))
		}
		if !v.isNumber() {
			return Null, temporalFault("%s must be a number, not a %s", key, v.kind)
		}
		n, ok := ratOf(v)
		if !ok {
			return Null, temporalFault("%s must be a finite number", key)
		}
		e.add(unit, n)
	}
	return e.value()
}

func unitNamed(key string) int {
	for i := range durationUnits {
		if durationUnits[i].key == key {
			return i
		}
	}
	return -1
}

func (e exactDuration) value() (Value, error) {
	d, err := e.round()
	if err != nil {
		return Null, err
	}
	return DurationOf(d), nil
}

// ParseDuration reads P1Y2M3W4DT5H6M7.8S, where each part may be left out, be negative or have a fraction, or the form
// of a date and time, P2012-02-02T14:37:21.545.
func ParseDuration(s string) (Value, error) {
	body, negative := s, false
	if strings.HasPrefix(body, "-") || strings.HasPrefix(body, "+") {
		negative, body = body[0] == '-', body[1:]
	}
	if !strings.HasPrefix(body, "P") || len(body) < 2 {
		return Null, unreadable(KindDuration, s)
	}
	e, ok := newExactDuration(), false
	if body = body[1:]; len(body) > 4 && digitRun(body) >= 4 && body[4] == '-' {
		ok = e.scanDateForm(body)
	} else {
		ok = e.scanUnits(body)
	}
	if !ok {
		return Null, unreadable(KindDuration, s)
	}
	if negative {
		e.months.Neg(e.months)
		e.days.Neg(e.days)
		e.seconds.Neg(e.seconds)
	}
	return e.value()
}

// scanUnits reads numbers with their letters, each unit at most once and in order.
func (e exactDuration) scanUnits(s string) bool {
	clock, next := false, 0
	for s != "" {
		if s[0] == 'T' {
			if clock || len(s) == 1 {
				return false
			}
			clock, s = true, s[1:]
			continue
		}
		n, rest, ok := scanDecimal(s)
		if !ok || rest == "" {
			return false
		}
		unit := next
		for unit < len(durationUnits) && (durationUnits[unit].letter != rest[0] || durationUnits[unit].clock != clock) {
			unit++
		}
		if unit == len(durationUnits) {
			return false
		}
		e.add(unit, n)
		s, next = rest[1:], unit+1
	}
	return true
}

// maxDecimal bounds the digits of one number of a duration.
const maxDecimal = 40

// scanDecimal reads a number with a sign and a fraction, exactly.
func scanDecimal(s string) (*big.Rat, string, bool) {
	end := 0
	if s[0] == '-' || s[0] == '+' {
		end = 1
	}
	whole := digitRun(s[end:])
	end += whole
	if end < len(s) && (s[end] == '.' || s[end] == ',') {
		fraction := digitRun(s[end+1:])
		if fraction == 0 {
			return nil, s, false
		}
		end += 1 + fraction
	}
	if whole == 0 || end > maxDecimal {
		return nil, s, false
	}
	n, ok := new(big.Rat).SetString(strings.Replace(s[:end], ",", ".", 1))
	return n, s[end:], ok
}

// scanDateForm reads YYYY-MM-DD and, behind a T, HH:MM:SS with a fraction.
func (e exactDuration) scanDateForm(s string) bool {
	date, clock, hasClock := strings.Cut(s, "T")
	year, rest, ok1 := scanDigits(date, 4)
	if !ok1 || len(date) != 10 || rest[0] != '-' || rest[3] != '-' {
		return false
	}
	month, _, ok2 := scanDigits(rest[1:], 2)
	day, _, ok3 := scanDigits(rest[4:], 2)
	if !ok2 || !ok3 || month > 12 || day > 31 {
		return false
	}
	e.months.SetInt64(year*monthsInYear + month)
	e.days.SetInt64(day)
	if hasClock {
		nanos, rest, ok := scanClock(clock, true)
		if !ok || rest != "" {
			return false
		}
		e.seconds.SetFrac64(nanos, NanosPerSecond)
	}
	return true
}
