package value

import (
	"strings"
)

// ParseDate reads a text as date() does.
func ParseDate(s string) (Value, error) { return ParseTemporal(KindDate, s) }

// ParseTemporal reads a text as the constructor of the kind does: ISO 8601, basic or extended; see ParseDuration for
// durations.
func ParseTemporal(k Kind, s string) (Value, error) {
	if k == KindDuration {
		return ParseDuration(s)
	}
	p := parts{offset: noPreference}
	dateText, clockText, hasClock := s, "", false
	switch k {
	case KindLocalTime, KindTime:
		dateText, clockText, hasClock = "", strings.TrimPrefix(s, "T"), true
	case KindLocalDateTime, KindDateTime:
		dateText, clockText, hasClock = strings.Cut(s, "T")
	}
	if dateText != "" || k != KindLocalTime && k != KindTime {
		fields, ok := scanDate(dateText)
		if !ok {
			return Null, unreadable(k, s)
		}
		day, err := fields.resolve(field{})
		if err != nil {
			return Null, err
		}
		p.day.set(day)
	}
	if hasClock {
		if err := p.parseClock(k, s, clockText); err != nil {
			return Null, err
		}
	}
	return p.to(k)
}

func unreadable(k Kind, s string) error {
	return temporalFault("%q cannot be read as a %s", clip(s), k)
}

// parseClock reads a time of day and, for the kinds that have one, a zone behind it.
func (p *parts) parseClock(k Kind, whole, s string) error {
	nanos, rest, ok := scanClock(s, true)
	if !ok {
		return unreadable(k, whole)
	}
	p.clock.set(nanos)
	if rest == "" {
		return nil
	}
	if k != KindTime && k != KindDateTime {
		return unreadable(k, whole)
	}
	offset, rest, hasOffset := scanOffset(rest)
	if hasOffset {
		p.zone, p.zoned, p.offset = zone{offset: offset}, true, offset
	}
	if rest == "" {
		return nil
	}
	if k != KindDateTime || rest[0] != '[' || rest[len(rest)-1] != ']' {
		return unreadable(k, whole)
	}
	z, err := parseZone(rest[1 : len(rest)-1])
	if err != nil {
		return err
	}
	p.zone, p.zoned = z, true
	if hasOffset && p.dateTime().OffsetSeconds != offset {
		return temporalFault("%q: the time zone %s has another offset than %s then", clip(whole), z.name, formatOffset(offset))
	}
	return nil
}
