package value

// Truncate is date.truncate(), localtime.truncate() and so on, by the kind of the result: the value is cut to a unit and
// then the map's components are set. A time zone in the map replaces the value's and keeps its clock.
func Truncate(k Kind, unit string, v Value, m *Map) (Value, error) {
	if v.kind == KindNull {
		return Null, nil
	}
	p, err := partsOf(v)
	if err != nil {
		return Null, err
	}
	keep, err := p.truncate(k, unit)
	if err != nil {
		return Null, err
	}
	c, err := readComponents(k, m)
	if err != nil {
		return Null, err
	}
	if c.bases || c.epochSeconds.given || c.epochMillis.given {
		return Null, temporalFault("truncation takes single components only, not date, time, datetime or epochs")
	}
	if c.date.any() {
		day, err := c.date.resolve(p.day)
		if err != nil {
			return Null, err
		}
		p.day.set(day)
	}
	if c.clock.any() {
		nanos, err := c.clock.resolve(p.clock, keep)
		if err != nil {
			return Null, err
		}
		p.clock.set(nanos)
	}
	if c.zoneText != "" && (k == KindTime || k == KindDateTime) {
		if p.zone, err = parseZone(c.zoneText); err != nil {
			return Null, err
		}
		p.zoned = true
	}
	return p.to(k)
}

// TruncateDate is date.truncate().
func TruncateDate(unit string, v Value, m *Map) (Value, error) { return Truncate(KindDate, unit, v, m) }

// clockUnits are the units of a day, in nanoseconds.
var clockUnits = [...]struct {
	name  string
	nanos int64
}{
	{"day", NanosPerDay}, {"hour", 3600 * NanosPerSecond}, {"minute", 60 * NanosPerSecond}, {"second", NanosPerSecond},
	{"millisecond", 1_000_000}, {"microsecond", 1_000},
}

// truncate cuts the parts to a unit that the kind has. Keep is the unit in nanoseconds where it is below a second: what
// the map says of smaller fractions is then added, not put in their place.
func (p *parts) truncate(k Kind, unit string) (keep int64, err error) {
	for _, u := range clockUnits {
		if u.name != unit {
			continue
		}
		if k == KindDate && u.name != "day" {
			return 0, temporalFault("a %s cannot be truncated to %q", k, unit)
		}
		if p.clock.given || p.day.given && k != KindLocalTime && k != KindTime {
			p.clock.set(p.clock.value - p.clock.value%u.nanos)
		}
		if u.nanos < NanosPerSecond {
			keep = u.nanos
		}
		return keep, nil
	}
	if k == KindLocalTime || k == KindTime {
		return 0, temporalFault("a %s cannot be truncated to %q", k, clip(unit))
	}
	if !p.day.given {
		return 0, temporalFault("a time of day cannot be truncated to %q", clip(unit))
	}
	day, ok := truncateDay(p.day.value, unit)
	if !ok {
		return 0, temporalFault("there is no unit %q to truncate to", clip(unit))
	}
	if !dayInRange(day) {
		return 0, errDateRange
	}
	p.day.set(day)
	p.clock.set(0)
	return 0, nil
}

func truncateDay(day int64, unit string) (int64, bool) {
	year, month, _ := civil(day)
	switch unit {
	case "millennium":
		return daysOf(year-floorMod(year, 1000), 1, 1), true
	case "century":
		return daysOf(year-floorMod(year, 100), 1, 1), true
	case "decade":
		return daysOf(year-floorMod(year, 10), 1, 1), true
	case "year":
		return daysOf(year, 1, 1), true
	case "weekYear":
		weekYear, _ := isoWeek(day)
		return weekOne(weekYear), true
	case "quarter":
		return daysOf(year, (month-1)/3*3+1, 1), true
	case "month":
		return daysOf(year, month, 1), true
	case "week":
		return day - int64(weekDay(day)) + 1, true
	}
	return 0, false
}
