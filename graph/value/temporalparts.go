package value

// Instant is a moment in UTC. Whoever evaluates passes in what "now" is: this package has no clock.
type Instant struct {
	EpochSeconds int64
	Nano         int32
}

// Instant is the moment of a date and time.
func (t DateTime) Instant() Instant { return Instant{t.EpochSeconds, t.Nano} }

// parts is what a temporal value is made of, or what a map says about one: any of a day, a time of day and a zone.
type parts struct {
	day    field // days since 1970-01-01
	clock  field // nanoseconds of the day
	zone   zone
	zoned  bool
	offset int32 // the preferred offset in an overlap
}

// partsOf takes a temporal value apart.
func partsOf(v Value) (parts, error) {
	p := parts{offset: noPreference}
	switch v.kind {
	case KindDate:
		p.day.set(v.Date().EpochDays)
	case KindLocalTime:
		p.clock.set(v.LocalTime().NanoOfDay)
	case KindTime:
		t := v.Time()
		p.clock.set(t.NanoOfDay)
		p.zone, p.zoned, p.offset = zone{offset: t.OffsetSeconds}, true, t.OffsetSeconds
	case KindLocalDateTime:
		p.setLocal(v.LocalDateTime())
	case KindDateTime:
		t := v.DateTime()
		p.setLocal(t.local())
		z, err := t.zone()
		if err != nil {
			return p, err
		}
		p.zone, p.zoned, p.offset = z, true, t.OffsetSeconds
	default:
		return p, temporalFault("a temporal value was expected, not a %s", v.kind)
	}
	return p, nil
}

func (p *parts) setLocal(t LocalDateTime) {
	days := floorDiv(t.EpochSeconds, SecondsPerDay)
	p.day.set(days)
	p.clock.set((t.EpochSeconds-days*SecondsPerDay)*NanosPerSecond + int64(t.Nano))
}

func (p *parts) local() LocalDateTime {
	nanos := p.clock.or(0)
	return LocalDateTime{p.day.or(0)*SecondsPerDay + nanos/NanosPerSecond, int32(nanos % NanosPerSecond)}
}

// dateTime finds the instant; without a zone it is UTC's.
func (p *parts) dateTime() DateTime { return p.zone.at(p.local(), p.offset) }

// to puts the parts together as a value of a kind. What is missing of the clock is midnight.
func (p *parts) to(k Kind) (Value, error) {
	if k != KindLocalTime && k != KindTime && !p.day.given {
		return Null, temporalFault("a %s needs a date", k)
	}
	if (k == KindLocalTime || k == KindTime) && !p.clock.given {
		return Null, temporalFault("a %s needs a time of day", k)
	}
	switch k {
	case KindDate:
		return DateOf(Date{p.day.value}), nil
	case KindLocalTime:
		return LocalTimeOf(LocalTime{p.clock.value}), nil
	case KindTime:
		return TimeOf(Time{p.clock.value, p.fixedOffset()}), nil
	case KindLocalDateTime:
		return LocalDateTimeOf(p.local()), nil
	}
	t := p.dateTime()
	if !dayInRange(floorDiv(t.EpochSeconds, SecondsPerDay)) || !dayInRange(floorDiv(t.local().EpochSeconds, SecondsPerDay)) {
		return Null, errDateRange
	}
	return DateTimeOf(t), nil
}

// fixedOffset is the offset that a time of day has: with a named zone, the one on its day.
func (p *parts) fixedOffset() int32 {
	if p.zone.location == nil {
		return p.zone.offset
	}
	if !p.day.given {
		return p.offset
	}
	return p.dateTime().OffsetSeconds
}

// rezone shows the same moment in another zone; without a zone until now, the clock is kept.
func (p *parts) rezone(z zone, now Instant) {
	switch {
	case p.zoned && p.day.given:
		t := p.dateTime()
		p.setLocal(z.ofInstant(t.EpochSeconds, t.Nano).local())
		p.offset = z.offsetAt(t.EpochSeconds)
	case p.zoned:
		offset := z.offsetAt(now.EpochSeconds)
		p.clock.value = floorMod(p.clock.value+int64(offset-p.offset)*NanosPerSecond, NanosPerDay)
		p.offset = offset
	case p.day.given:
		p.offset = noPreference
	default:
		p.offset = z.offsetAt(now.EpochSeconds)
	}
	p.zone, p.zoned = z, true
}

// partsOfInstant is a moment in a zone.
func partsOfInstant(i Instant, z zone) parts {
	t := z.ofInstant(i.EpochSeconds, i.Nano)
	p := parts{zone: z, zoned: true, offset: t.OffsetSeconds}
	p.setLocal(t.local())
	return p
}

// Now is a clock's moment as a value of a temporal kind, in a zone given by name or offset ("" is UTC).
func Now(k Kind, now Instant, zoneName string) (Value, error) {
	z := zone{}
	if zoneName != "" {
		var err error
		if z, err = parseZone(zoneName); err != nil {
			return Null, err
		}
	}
	p := partsOfInstant(now, z)
	return p.to(k)
}

// DateTimeFromEpoch is datetime.fromepoch(): seconds since 1970 in UTC, and nanoseconds to add.
func DateTimeFromEpoch(seconds, nanos int64) (Value, error) {
	sum, ok := addInt(seconds, floorDiv(nanos, NanosPerSecond))
	if !ok || !dayInRange(floorDiv(sum, SecondsPerDay)) {
		return Null, errDateRange
	}
	return DateTimeOf(DateTime{EpochSeconds: sum, Nano: int32(floorMod(nanos, NanosPerSecond))}), nil
}

// DateTimeFromEpochMillis is datetime.fromepochmillis(): milliseconds since 1970 in UTC.
func DateTimeFromEpochMillis(millis int64) (Value, error) {
	return DateTimeFromEpoch(floorDiv(millis, 1000), floorMod(millis, 1000)*1_000_000)
}
