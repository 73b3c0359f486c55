package value

import "math/big"

// Component is v.name for temporal values, durations and points: d.year, t.offset, p.x. False where the kind has no such
// component.
func Component(v Value, name string) (Value, bool) {
	switch {
	case v.kind == KindDuration:
		return durationComponent(v.Duration(), name)
	case v.kind == KindPoint:
		return pointComponent(v.Point(), name)
	case isTemporal(v.kind):
		return TemporalComponent(v, name)
	}
	return Null, false
}

// TemporalComponent is Component for dates and times.
func TemporalComponent(v Value, name string) (Value, bool) {
	switch v.kind {
	case KindDate:
		return dateComponent(v.Date().EpochDays, name)
	case KindLocalTime:
		return clockComponent(v.LocalTime().NanoOfDay, name)
	case KindTime:
		t := v.Time()
		if c, ok := clockComponent(t.NanoOfDay, name); ok {
			return c, true
		}
		return offsetComponent(t.OffsetSeconds, formatOffset(t.OffsetSeconds), name)
	case KindLocalDateTime:
		return localComponent(v.LocalDateTime(), name)
	case KindDateTime:
		return dateTimeComponent(v.DateTime(), name)
	}
	return Null, false
}

func dateTimeComponent(t DateTime, name string) (Value, bool) {
	if c, ok := localComponent(t.local(), name); ok {
		return c, true
	}
	switch name {
	case "epochSeconds":
		return Int(t.EpochSeconds), true
	case "epochMillis":
		return Int(t.EpochSeconds*1000 + int64(t.Nano)/1_000_000), true
	}
	zoneText := t.Zone
	if zoneText == "" {
		zoneText = formatOffset(t.OffsetSeconds)
	}
	return offsetComponent(t.OffsetSeconds, zoneText, name)
}

func localComponent(t LocalDateTime, name string) (Value, bool) {
	days := floorDiv(t.EpochSeconds, SecondsPerDay)
	if c, ok := dateComponent(days, name); ok {
		return c, true
	}
	return clockComponent((t.EpochSeconds-days*SecondsPerDay)*NanosPerSecond+int64(t.Nano), name)
}

func dateComponent(days int64, name string) (Value, bool) {
	year, month, day := civil(days)
	switch name {
	case "year":
		return Int(year), true
	case "month":
		return Int(int64(month)), true
	case "day":
		return Int(int64(day)), true
	case "quarter":
		return Int(int64(month-1)/3 + 1), true
	case "dayOfQuarter", "quarterDay":
		_, n := dayOfQuarter(days)
		return Int(int64(n)), true
	case "ordinalDay":
		return Int(days - daysOf(year, 1, 1) + 1), true
	case "week":
		_, week := isoWeek(days)
		return Int(int64(week)), true
	case "weekYear":
		weekYear, _ := isoWeek(days)
		return Int(weekYear), true
	case "weekDay", "dayOfWeek":
		return Int(int64(weekDay(days))), true
	}
	return Null, false
}

func clockComponent(nanos int64, name string) (Value, bool) {
	fraction := nanos % NanosPerSecond
	switch name {
	case "hour":
		return Int(nanos / (3600 * NanosPerSecond)), true
	case "minute":
		return Int(nanos / (60 * NanosPerSecond) % 60), true
	case "second":
		return Int(nanos / NanosPerSecond % 60), true
	case "millisecond":
		return Int(fraction / 1_000_000), true
	case "microsecond":
		return Int(fraction / 1_000), true
	case "nanosecond":
		return Int(fraction), true
	}
	return Null, false
}

func offsetComponent(offset int32, zoneText, name string) (Value, bool) {
	switch name {
	case "timezone":
		return String(zoneText), true
	case "offset":
		return String(formatOffset(offset)), true
	case "offsetMinutes":
		return Int(int64(offset) / 60), true
	case "offsetSeconds":
		return Int(int64(offset)), true
	}
	return Null, false
}

// durationComponent gives the whole of a place (hours of all seconds) and, under names like minutesOfHour, what is left
// of a smaller unit. Sub-second totals that do not fit into 64 bits are null.
func durationComponent(d Duration, name string) (Value, bool) {
	switch name {
	case "years":
		return Int(d.Months / 12), true
	case "quarters":
		return Int(d.Months / 3), true
	case "months":
		return Int(d.Months), true
	case "weeks":
		return Int(d.Days / 7), true
	case "days":
		return Int(d.Days), true
	case "hours":
		return Int(d.Seconds / 3600), true
	case "minutes":
		return Int(d.Seconds / 60), true
	case "seconds":
		return Int(d.Seconds), true
	case "milliseconds":
		return d.total(1_000), true
	case "microseconds":
		return d.total(1_000_000), true
	case "nanoseconds":
		return d.total(NanosPerSecond), true
	}
	return durationRest(d, name)
}

func durationRest(d Duration, name string) (Value, bool) {
	switch name {
	case "quartersOfYear":
		return Int(d.Months / 3 % 4), true
	case "monthsOfQuarter":
		return Int(d.Months % 3), true
	case "monthsOfYear":
		return Int(d.Months % 12), true
	case "daysOfWeek":
		return Int(d.Days % 7), true
	case "minutesOfHour":
		return Int(d.Seconds / 60 % 60), true
	case "secondsOfMinute":
		return Int(d.Seconds % 60), true
	case "millisecondsOfSecond":
		return Int(int64(d.Nanos) / 1_000_000), true
	case "microsecondsOfSecond":
		return Int(int64(d.Nanos) / 1_000), true
	case "nanosecondsOfSecond":
		return Int(int64(d.Nanos)), true
	}
	return Null, false
}

// total is the clock part in a unit of which perSecond make a second.
func (d Duration) total(perSecond int64) Value {
	n := new(big.Int).Mul(big.NewInt(d.Seconds), big.NewInt(perSecond))
	n.Add(n, big.NewInt(int64(d.Nanos)*perSecond/NanosPerSecond))
	if !n.IsInt64() {
		return Null
	}
	return Int(n.Int64())
}

func pointComponent(p Point, name string) (Value, bool) {
	geographic := p.SRID == SRIDWGS84_2D || p.SRID == SRIDWGS84_3D
	switch name {
	case "x":
		return Float(p.X), true
	case "y":
		return Float(p.Y), true
	case "z":
		return Float(p.Z), p.ThreeDimensional()
	case "longitude":
		return Float(p.X), geographic
	case "latitude":
		return Float(p.Y), geographic
	case "height":
		return Float(p.Z), geographic && p.ThreeDimensional()
	case "srid":
		return Int(int64(p.SRID)), true
	case "crs":
		return String(p.CRS()), true
	}
	return Null, false
}

// CRS is the name of the point's coordinate reference system; "" for an unknown one.
func (p Point) CRS() string {
	switch p.SRID {
	case SRIDWGS84_2D:
		return "wgs-84"
	case SRIDWGS84_3D:
		return "wgs-84-3d"
	case SRIDCartesian_2D:
		return "cartesian"
	case SRIDCartesian_3D:
		return "cartesian-3d"
	}
	return ""
}
