package value

// DurationBetween is duration.between(): whole months, then whole days, then the rest in seconds.
func DurationBetween(a, b Value) (Value, error) {
	return between(a, b, func(s span) Duration {
		if !s.dated {
			return s.seconds()
		}
		months := s.months()
		d := Duration{Months: months, Days: s.afterMonths(months).days()}
		rest := s.afterMonths(months).afterDays(d.Days).seconds()
		d.Seconds, d.Nanos = rest.Seconds, rest.Nanos
		return d
	})
}

// DurationInMonths is duration.inMonths(): whole months only.
func DurationInMonths(a, b Value) (Value, error) {
	return between(a, b, func(s span) Duration {
		if !s.dated {
			return Duration{}
		}
		return Duration{Months: s.months()}
	})
}

// DurationInDays is duration.inDays(): whole days only.
func DurationInDays(a, b Value) (Value, error) {
	return between(a, b, func(s span) Duration {
		if !s.dated {
			return Duration{}
		}
		return Duration{Days: s.days()}
	})
}

// DurationInSeconds is duration.inSeconds(): elapsed seconds and nanoseconds.
func DurationInSeconds(a, b Value) (Value, error) { return between(a, b, span.seconds) }

func between(a, b Value, measure func(span) Duration) (Value, error) {
	if a.kind == KindNull || b.kind == KindNull {
		return Null, nil
	}
	s, err := spanOf(a, b)
	if err != nil {
		return Null, err
	}
	return DurationOf(measure(s)), nil
}

// span is two moments. Both have a local clock in one zone: that of the first if it has one, else the second's.
type span struct {
	from, to LocalDateTime
	// preferred are the offsets the moments came with, for clocks that show an hour twice.
	preferredFrom, preferredTo int32
	zone                       zone
	dated                      bool // both had a date: otherwise only clocks are compared
}

// spanOf completes what a value lacks by the other's: a day, a zone; without a clock it is midnight.
func spanOf(a, b Value) (span, error) {
	x, err := partsOf(a)
	if err != nil {
		return span{}, err
	}
	y, err := partsOf(b)
	if err != nil {
		return span{}, err
	}
	s := span{dated: x.day.given && y.day.given}
	if !x.day.given {
		x.day = y.day
	}
	if !y.day.given {
		y.day = x.day
	}
	switch {
	case x.zoned && !y.zoned:
		y.zone, y.zoned = x.zone, true
	case y.zoned && !x.zoned:
		x.zone, x.zoned = y.zone, true
	}
	s.zone = x.zone
	s.from, s.preferredFrom = x.local(), x.offset
	to := y.dateTime()
	shown := s.zone.ofInstant(to.EpochSeconds, to.Nano)
	s.to, s.preferredTo = shown.local(), shown.OffsetSeconds
	return s, nil
}

func (t LocalDateTime) split() (day, nanos int64) {
	day = floorDiv(t.EpochSeconds, SecondsPerDay)
	return day, (t.EpochSeconds-day*SecondsPerDay)*NanosPerSecond + int64(t.Nano)
}

// lastDay is the day of the end, or the one before it (towards the start) where the clock has not come around yet.
func (s span) lastDay() (from, to int64) {
	from, fromNanos := s.from.split()
	to, toNanos := s.to.split()
	switch {
	case to > from && toNanos < fromNanos:
		to--
	case to < from && toNanos > fromNanos:
		to++
	}
	return from, to
}

func (s span) days() int64 {
	from, to := s.lastDay()
	return to - from
}

func (s span) months() int64 {
	from, to := s.lastDay()
	const perMonth = 32 // more than a month has days
	position := func(days int64) int64 {
		year, month, day := civil(days)
		return (year*monthsInYear+int64(month))*perMonth + int64(day)
	}
	return (position(to) - position(from)) / perMonth
}

// afterMonths moves the start on; the months lie within the span, so it stays in range.
func (s span) afterMonths(n int64) span {
	if n == 0 {
		return s
	}
	day, nanos := s.from.split()
	if moved, err := addMonths(day, n); err == nil {
		day = moved
	}
	s.from = LocalDateTime{day*SecondsPerDay + nanos/NanosPerSecond, s.from.Nano}
	return s
}

func (s span) afterDays(n int64) span {
	s.from.EpochSeconds += n * SecondsPerDay
	return s
}

// seconds is the time elapsed between the two instants.
func (s span) seconds() Duration {
	from, to := s.zone.at(s.from, s.preferredFrom), s.zone.at(s.to, s.preferredTo)
	seconds, nanos := to.EpochSeconds-from.EpochSeconds, to.Nano-from.Nano
	if nanos < 0 {
		seconds, nanos = seconds-1, nanos+NanosPerSecond
	}
	return Duration{Seconds: seconds, Nanos: nanos}
}
