package value

import "math"

// addTemporal is + where a duration is involved.
func addTemporal(a, b Value) (Value, error) {
	if b.kind == KindDuration {
		return addDuration(a, b.Duration(), "+")
	}
	if a.kind == KindDuration {
		return addDuration(b, a.Duration(), "+")
	}
	return Null, &OperandError{"+", a.kind, b.kind}
}

// subTemporal is - where a duration is subtracted.
func subTemporal(a, b Value) (Value, error) {
	if b.kind != KindDuration {
		return Null, &OperandError{"-", a.kind, b.kind}
	}
	negative, err := b.Duration().negated()
	if err != nil {
		return Null, err
	}
	return addDuration(a, negative, "-")
}

func addDuration(v Value, d Duration, operator string) (Value, error) {
	switch v.kind {
	case KindDuration:
		return sumDurations(v.Duration(), d)
	case KindDate:
		days := addMonths(v.Date().EpochDays, d.Months) + d.Days + d.Seconds/SecondsPerDay
		return DateOf(Date{days}), nil
	case KindLocalTime:
		return LocalTimeOf(LocalTime{addToDay(v.LocalTime().NanoOfDay, d)}), nil
	case KindTime:
		t := v.Time()
		return TimeOf(Time{addToDay(t.NanoOfDay, d), t.OffsetSeconds}), nil
	case KindLocalDateTime:
		t := v.LocalDateTime()
		seconds, nano := addToLocal(t.EpochSeconds, t.Nano, d)
		return LocalDateTimeOf(LocalDateTime{seconds, nano}), nil
	case KindDateTime:
		return addToDateTime(v.DateTime(), d)
	}
	return Null, &OperandError{operator, v.kind, KindDuration}
}

// addToDay moves a time of day by a duration's clock part, around midnight.
func addToDay(nanoOfDay int64, d Duration) int64 {
	seconds := floorMod(d.Seconds, SecondsPerDay)
	return floorMod(nanoOfDay+seconds*NanosPerSecond+int64(d.Nanos), NanosPerDay)
}

// addToLocal moves a local date and time: months first, then days, then the clock.
func addToLocal(epochSeconds int64, nano int32, d Duration) (int64, int32) {
	days := addMonths(floorDiv(epochSeconds, SecondsPerDay), d.Months) + d.Days
	seconds := days*SecondsPerDay + floorMod(epochSeconds, SecondsPerDay) + d.Seconds
	nanos := int64(nano) + int64(d.Nanos)
	return seconds + nanos/NanosPerSecond, int32(nanos % NanosPerSecond)
}

func sumDurations(a, b Duration) (Value, error) {
	months, ok1 := addInts(a.Months, b.Months)
	days, ok2 := addInts(a.Days, b.Days)
	seconds, ok3 := addInts(a.Seconds, b.Seconds)
	nanos := int64(a.Nanos) + int64(b.Nanos)
	seconds, ok4 := addInts(seconds, nanos/NanosPerSecond)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return Null, ErrIntegerOverflow
	}
	return DurationOf(Duration{months, days, seconds, int32(nanos % NanosPerSecond)}), nil
}

func addInts(a, b int64) (int64, bool) {
	sum := a + b
	return sum, (sum > a) == (b > 0) || b == 0
}

func (d Duration) negated() (Duration, error) {
	if d.Months == math.MinInt64 || d.Days == math.MinInt64 || d.Seconds == math.MinInt64 {
		return Duration{}, ErrIntegerOverflow
	}
	out := Duration{Months: -d.Months, Days: -d.Days, Seconds: -d.Seconds}
	if d.Nanos > 0 {
		out.Seconds, out.Nanos = out.Seconds-1, NanosPerSecond-d.Nanos
	}
	return out, nil
}

// Mean lengths by which fractions of a unit turn into the next smaller one.
const (
	secondsPerMonth = 2_629_746
	daysPerMonth    = secondsPerMonth / float64(SecondsPerDay)
)

// scaleDuration multiplies each part; what is not whole of a part goes into the next smaller one.
func scaleDuration(d Duration, factor float64) (Value, error) {
	return DurationOfParts(float64(d.Months)*factor, float64(d.Days)*factor,
		float64(d.Seconds)*factor, float64(d.Nanos)*factor)
}

// DurationOfParts makes a duration of parts that need not be whole: fractions go into the next smaller part.
func DurationOfParts(months, days, seconds, nanos float64) (Value, error) {
	wholeMonths := math.Trunc(months)
	days += (months - wholeMonths) * daysPerMonth
	wholeDays := math.Trunc(days)
	seconds += (days - wholeDays) * SecondsPerDay
	wholeSeconds := math.Trunc(seconds)
	nanos += (seconds - wholeSeconds) * NanosPerSecond
	wholeNanos := math.Trunc(nanos + math.Copysign(1e-3, nanos))
	for _, part := range [...]float64{wholeMonths, wholeDays, wholeSeconds, wholeNanos} {
		if math.IsNaN(part) || math.Abs(part) >= 1<<63 {
			return Null, ErrIntegerOverflow
		}
	}
	total, ok := addInts(int64(wholeSeconds), floorDiv(int64(wholeNanos), NanosPerSecond))
	if !ok {
		return Null, ErrIntegerOverflow
	}
	return DurationOf(Duration{int64(wholeMonths), int64(wholeDays), total, int32(floorMod(int64(wholeNanos), NanosPerSecond))}), nil
}
