package value

// AddDuration moves a temporal value by a duration: months first, then days, then seconds. A date takes whole days of
// the seconds only; times of day take nothing but the seconds, around the clock.
func AddDuration(v Value, d Duration) (Value, error) {
	switch v.kind {
	case KindDate:
		days, err := moveDay(v.Date().EpochDays, d.Months, d.Days)
		if err != nil {
			return Null, err
		}
		seconds := d.Seconds
		if seconds < 0 && d.Nanos > 0 {
			seconds++
		}
		days, err = addDays(days, seconds/SecondsPerDay)
		return DateOf(Date{days}), err
	case KindLocalTime:
		return LocalTimeOf(LocalTime{moveClock(v.LocalTime().NanoOfDay, d)}), nil
	case KindTime:
		t := v.Time()
		return TimeOf(Time{moveClock(t.NanoOfDay, d), t.OffsetSeconds}), nil
	case KindLocalDateTime:
		t := v.LocalDateTime()
		local, err := moveLocal(t, Duration{Months: d.Months, Days: d.Days})
		if err != nil {
			return Null, err
		}
		local, err = moveLocal(local, Duration{Seconds: d.Seconds, Nanos: d.Nanos})
		return LocalDateTimeOf(local), err
	case KindDateTime:
		return moveDateTime(v.DateTime(), d)
	}
	return Null, &OperandError{"+", v.kind, KindDuration}
}

func addTemporal(a, b Value) (Value, error) {
	switch {
	case a.kind == KindDuration && b.kind == KindDuration:
		sum, err := a.Duration().plus(b.Duration())
		return DurationOf(sum), err
	case b.kind == KindDuration && isTemporal(a.kind):
		return AddDuration(a, b.Duration())
	case a.kind == KindDuration && isTemporal(b.kind):
		return AddDuration(b, a.Duration())
	}
	return Null, &OperandError{"+", a.kind, b.kind}
}

func subTemporal(a, b Value) (Value, error) {
	if b.kind != KindDuration || a.kind != KindDuration && !isTemporal(a.kind) {
		return Null, &OperandError{"-", a.kind, b.kind}
	}
	negated, err := b.Duration().negated()
	if err != nil {
		return Null, err
	}
	return addTemporal(a, DurationOf(negated))
}

func isTemporal(k Kind) bool { return k >= KindDate && k <= KindDateTime }

func moveDay(days, months, more int64) (int64, error) {
	days, err := addMonths(days, months)
	if err != nil {
		return 0, err
	}
	return addDays(days, more)
}

func moveClock(nanoOfDay int64, d Duration) int64 {
	return floorMod(nanoOfDay+d.Seconds%SecondsPerDay*NanosPerSecond+int64(d.Nanos), NanosPerDay)
}

// moveLocal moves a local date and time.
func moveLocal(t LocalDateTime, d Duration) (LocalDateTime, error) {
	days := floorDiv(t.EpochSeconds, SecondsPerDay)
	ofDay := t.EpochSeconds - days*SecondsPerDay
	days, err := moveDay(days, d.Months, d.Days)
	if err != nil {
		return LocalDateTime{}, err
	}
	seconds, nano, err := moveSeconds(days*SecondsPerDay+ofDay, t.Nano, d)
	if err != nil || !dayInRange(floorDiv(seconds, SecondsPerDay)) {
		return LocalDateTime{}, errDateRange
	}
	return LocalDateTime{seconds, nano}, nil
}

func moveSeconds(seconds int64, nano int32, d Duration) (int64, int32, error) {
	seconds, ok := addInt(seconds, d.Seconds)
	nano += d.Nanos
	if nano >= NanosPerSecond {
		nano -= NanosPerSecond
		seconds++
	}
	if !ok {
		return 0, 0, errDateRange
	}
	return seconds, nano, nil
}

// moveDateTime moves the local clock by months and days, and then the instant by seconds.
func moveDateTime(t DateTime, d Duration) (Value, error) {
	if d.Months != 0 || d.Days != 0 {
		local, err := moveLocal(t.local(), Duration{Months: d.Months, Days: d.Days})
		if err != nil {
			return Null, err
		}
		zone, err := t.zone()
		if err != nil {
			return Null, err
		}
		t = zone.at(local, t.OffsetSeconds)
	}
	seconds, nano, err := moveSeconds(t.EpochSeconds, t.Nano, d)
	if err != nil || !dayInRange(floorDiv(seconds, SecondsPerDay)) {
		return Null, errDateRange
	}
	zone, err := t.zone()
	if err != nil {
		return Null, err
	}
	return DateTimeOf(zone.ofInstant(seconds, nano)), nil
}

// local is what the clock on the wall shows.
func (t DateTime) local() LocalDateTime {
	return LocalDateTime{t.EpochSeconds + int64(t.OffsetSeconds), t.Nano}
}
