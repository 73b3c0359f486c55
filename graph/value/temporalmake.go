package value

// MakeTemporal is date(), localtime(), time(), localdatetime() or datetime(), by the kind, of one argument: a text, a
// map of components, or another temporal value. Null makes null. The instant is the statement's, for maps that name
// only a time zone.
func MakeTemporal(k Kind, argument Value, now Instant) (Value, error) {
	switch argument.kind {
	case KindNull:
		return Null, nil
	case KindString:
		return ParseTemporal(k, argument.Str())
	case KindMap:
		return TemporalFromMap(k, argument.Map(), now)
	}
	p, err := partsOf(argument)
	if err != nil {
		return Null, err
	}
	return p.to(k)
}

// DateFromMap is date() of a map; its siblings are TemporalFromMap of the other kinds.
func DateFromMap(m *Map, now Instant) (Value, error) { return TemporalFromMap(KindDate, m, now) }

// TemporalFromMap makes a temporal value of components, also on the base of other temporal values under the keys date,
// time and datetime.
func TemporalFromMap(k Kind, m *Map, now Instant) (Value, error) {
	c, err := readComponents(k, m)
	if err != nil {
		return Null, err
	}
	if k == KindDateTime && (c.epochSeconds.given || c.epochMillis.given) {
		return c.ofEpoch()
	}
	if !c.bases && !c.date.any() && !c.clock.any() {
		if c.zoneText == "" {
			return Null, temporalFault("a %s cannot be made of an empty map", k)
		}
		return Now(k, now, c.zoneText)
	}
	p, err := c.assemble(k)
	if err != nil {
		return Null, err
	}
	if c.zoneText != "" && (k == KindTime || k == KindDateTime) {
		z, err := parseZone(c.zoneText)
		if err != nil {
			return Null, err
		}
		p.rezone(z, now)
	}
	return p.to(k)
}

// components is what a map of components says.
type components struct {
	base         parts // of the keys date, time and datetime
	bases        bool
	date         dateFields
	clock        clockFields
	zoneText     string
	epochSeconds field
	epochMillis  field
}

// assemble applies the components to their base.
func (c *components) assemble(k Kind) (parts, error) {
	p := c.base
	if k != KindLocalTime && k != KindTime && (c.date.any() || !p.day.given) {
		day, err := c.date.resolve(p.day)
		if err != nil {
			return p, err
		}
		p.day.set(day)
	}
	if k != KindDate && (c.clock.any() || p.clock.given) {
		nanos, err := c.clock.resolve(p.clock, 0)
		if err != nil {
			return p, err
		}
		p.clock.set(nanos)
	}
	return p, nil
}

func (c *components) ofEpoch() (Value, error) {
	nanos, err := c.clock.fraction()
	if err != nil {
		return Null, err
	}
	if c.date.any() || c.bases || c.epochSeconds.given == c.epochMillis.given ||
		c.clock.hour.given || c.clock.minute.given || c.clock.second.given {
		return Null, temporalFault("epochSeconds or epochMillis go with fractions of a second and a timezone only")
	}
	seconds := c.epochSeconds.value
	if c.epochMillis.given {
		seconds = floorDiv(c.epochMillis.value, 1000)
		nanos += floorMod(c.epochMillis.value, 1000) * 1_000_000
	}
	v, err := DateTimeFromEpoch(seconds, nanos)
	if err != nil || c.zoneText == "" {
		return v, err
	}
	z, err := parseZone(c.zoneText)
	if err != nil {
		return Null, err
	}
	t := v.DateTime()
	return DateTimeOf(z.ofInstant(t.EpochSeconds, t.Nano)), nil
}

// readComponents reads a map's entries. A key that the kind has no use for is an error.
func readComponents(k Kind, m *Map) (components, error) {
	c := components{base: parts{offset: noPreference}}
	for i := range m.Len() {
		key, v := m.At(i)
		if err := c.read(k, key, v); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c *components) read(k Kind, key string, v Value) error {
	hasDate, hasClock := k != KindLocalTime && k != KindTime, k != KindDate
	switch {
	case key == "date" && hasDate, key == "time" && hasClock, key == "datetime" && hasDate && hasClock:
		return c.readBase(key, v)
	case key == "timezone":
		if v.kind != KindString {
			return temporalFault("timezone must be a STRING, not a %s", v.kind)
		}
		c.zoneText = v.Str()
		return nil
	}
	var f *field
	if hasDate {
		f = c.date.named(key)
	}
	if f == nil && hasClock {
		f = c.clock.named(key)
	}
	if f == nil && k == KindDateTime && key == "epochSeconds" {
		f = &c.epochSeconds
	}
	if f == nil && k == KindDateTime && key == "epochMillis" {
		f = &c.epochMillis
	}
	if f == nil {
		return temporalFault("a %s has no component %q", k, clip(key))
	}
	if v.kind != KindInt {
		return temporalFault("%s must be an INTEGER, not a %s", key, v.kind)
	}
	f.set(v.Int())
	return nil
}

// readBase takes over what another temporal value gives: its date, its time with the zone, or both.
func (c *components) readBase(key string, v Value) error {
	p, err := partsOf(v)
	if err != nil {
		return err
	}
	if key != "time" {
		if !p.day.given {
			return temporalFault("a %s has no date", v.kind)
		}
		c.base.day = p.day
	}
	if key != "date" {
		if !p.clock.given {
			return temporalFault("a %s has no time of day", v.kind)
		}
		c.base.clock, c.base.zone, c.base.zoned, c.base.offset = p.clock, p.zone, p.zoned, p.offset
	}
	c.bases = true
	return nil
}

func (f *dateFields) named(key string) *field {
	switch key {
	case "year":
		return &f.year
	case "month":
		return &f.month
	case "day":
		return &f.day
	case "week":
		return &f.week
	case "dayOfWeek":
		return &f.dayOfWeek
	case "quarter":
		return &f.quarter
	case "dayOfQuarter":
		return &f.dayOfQuarter
	case "ordinalDay":
		return &f.ordinalDay
	}
	return nil
}

func (f *clockFields) named(key string) *field {
	switch key {
	case "hour":
		return &f.hour
	case "minute":
		return &f.minute
	case "second":
		return &f.second
	case "millisecond":
		return &f.millisecond
	case "microsecond":
		return &f.microsecond
	case "nanosecond":
		return &f.nanosecond
	}
	return nil
}
