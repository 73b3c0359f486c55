package value

// field is a component that may have been given.
type field struct {
	value int64
	given bool
}

func (f *field) set(n int64) { f.value, f.given = n, true }

// or is the component, or what counts where it was not given.
func (f field) or(n int64) int64 {
	if f.given {
		return f.value
	}
	return n
}

// dateFields are the components a date can be made of: year with month and day, with week and day of week, with quarter
// and day of quarter, or with the day of the year.
type dateFields struct {
	year, month, day, week, dayOfWeek, quarter, dayOfQuarter, ordinalDay field
}

func (f *dateFields) any() bool { return *f != (dateFields{}) }

// resolve makes a day of the components; what was not given comes from the base, or without one is the first.
func (f *dateFields) resolve(base field) (int64, error) {
	if err := f.check(base.given); err != nil {
		return 0, err
	}
	days, err := f.resolveSystem(base)
	if err != nil {
		return 0, err
	}
	if !dayInRange(days) {
		return 0, errDateRange
	}
	return days, nil
}

func (f *dateFields) resolveSystem(base field) (int64, error) {
	switch {
	case f.week.given || f.dayOfWeek.given:
		return f.ofWeek(base)
	case f.quarter.given || f.dayOfQuarter.given:
		return f.ofQuarter(base)
	case f.ordinalDay.given:
		return f.ofYear(base)
	}
	return f.ofMonth(base)
}

// check refuses components of two systems together, and a smaller one without the larger one it belongs to.
func (f *dateFields) check(hasBase bool) error {
	systems := 0
	for _, given := range [...]bool{
		f.month.given || f.day.given, f.week.given || f.dayOfWeek.given,
		f.quarter.given || f.dayOfQuarter.given, f.ordinalDay.given,
	} {
		if given {
			systems++
		}
	}
	switch {
	case systems > 1:
		return temporalFault("a date is made of months, weeks, quarters or ordinal days, not of two of them")
	case f.year.given && (f.year.value < MinYear || f.year.value > MaxYear):
		return errDateRange
	case hasBase:
		return nil
	case !f.year.given:
		return temporalFault("a date needs a year")
	case f.day.given && !f.month.given:
		return temporalFault("day needs month")
	case f.dayOfWeek.given && !f.week.given:
		return temporalFault("dayOfWeek needs week")
	case f.dayOfQuarter.given && !f.quarter.given:
		return temporalFault("dayOfQuarter needs quarter")
	}
	return nil
}

func (f *dateFields) ofMonth(base field) (int64, error) {
	year, month, day := int64(0), 1, 1
	if base.given {
		year, month, day = civil(base.value)
	}
	year = f.year.or(year)
	m, err := within("month", f.month.or(int64(month)), 1, 12)
	if err != nil {
		return 0, err
	}
	last := int64(daysInMonth(year, int(m)))
	if !f.day.given {
		return daysOf(year, int(m), int(min(int64(day), last))), nil
	}
	d, err := within("day", f.day.value, 1, last)
	return daysOf(year, int(m), int(d)), err
}

func (f *dateFields) ofWeek(base field) (int64, error) {
	year, week, day := int64(0), 1, 1
	if base.given {
		year, week = isoWeek(base.value)
		day = weekDay(base.value)
	}
	monday := weekOne(f.year.or(year))
	weeks := (weekOne(f.year.or(year)+1) - monday) / 7
	if !f.week.given {
		week = min(week, int(weeks))
	}
	w, err := within("week", f.week.or(int64(week)), 1, weeks)
	if err != nil {
		return 0, err
	}
	d, err := within("dayOfWeek", f.dayOfWeek.or(int64(day)), 1, 7)
	return monday + (w-1)*7 + d - 1, err
}

func (f *dateFields) ofQuarter(base field) (int64, error) {
	year, quarter, day := int64(0), 1, 1
	if base.given {
		year, _, _ = civil(base.value)
		quarter, day = dayOfQuarter(base.value)
	}
	year = f.year.or(year)
	q, err := within("quarter", f.quarter.or(int64(quarter)), 1, 4)
	if err != nil {
		return 0, err
	}
	first := daysOf(year, int(q)*3-2, 1)
	length := daysOf(year, int(q)*3, daysInMonth(year, int(q)*3)) - first + 1
	if !f.dayOfQuarter.given {
		return first + min(int64(day), length) - 1, nil
	}
	d, err := within("dayOfQuarter", f.dayOfQuarter.value, 1, length)
	return first + d - 1, err
}

func (f *dateFields) ofYear(base field) (int64, error) {
	year := int64(0)
	if base.given {
		year, _, _ = civil(base.value)
	}
	year = f.year.or(year)
	d, err := within("ordinalDay", f.ordinalDay.value, 1, int64(daysInYear(year)))
	return daysOf(year, 1, 1) + d - 1, err
}

func within(name string, n, least, most int64) (int64, error) {
	if n < least || n > most {
		return least, temporalFault("%s must be between %d and %d, not %d", name, least, most, n)
	}
	return n, nil
}

// clockFields are the components a time of day can be made of.
type clockFields struct {
	hour, minute, second, millisecond, microsecond, nanosecond field
}

func (f *clockFields) any() bool { return *f != (clockFields{}) }

func (f *clockFields) subsecond() bool {
	return f.millisecond.given || f.microsecond.given || f.nanosecond.given
}

// resolve makes nanoseconds of the day. Fractions of a second replace those of the base; where keep is set they are
// added to it and must be smaller: that is what truncation to milli- and microseconds wants.
func (f *clockFields) resolve(base field, keep int64) (int64, error) {
	if !base.given {
		if err := f.check(); err != nil {
			return 0, err
		}
	}
	nanos := base.or(0)
	hour, err := within("hour", f.hour.or(nanos/(3600*NanosPerSecond)), 0, 23)
	if err != nil {
		return 0, err
	}
	minute, err := within("minute", f.minute.or(nanos/(60*NanosPerSecond)%60), 0, 59)
	if err != nil {
		return 0, err
	}
	second, err := within("second", f.second.or(nanos/NanosPerSecond%60), 0, 59)
	if err != nil {
		return 0, err
	}
	fraction := nanos % NanosPerSecond
	if f.subsecond() {
		given, err := f.fraction()
		if err != nil {
			return 0, err
		}
		if keep == 0 {
			fraction = given
		} else if fraction += given; given >= keep {
			return 0, temporalFault("%d nanoseconds do not fit into the unit of truncation", given)
		}
	}
	return (hour*3600+minute*60+second)*NanosPerSecond + fraction, nil
}

func (f *clockFields) check() error {
	chain := [...]struct {
		name  string
		given bool
	}{{"hour", f.hour.given}, {"minute", f.minute.given}, {"second", f.second.given}, {"a fraction of a second", f.subsecond()}}
	for i := 1; i < len(chain); i++ {
		if chain[i].given && !chain[i-1].given {
			return temporalFault("%s needs %s", chain[i].name, chain[i-1].name)
		}
	}
	return nil
}

// fraction adds up milli-, micro- and nanoseconds; each may only say what the larger ones given leave open.
func (f *clockFields) fraction() (int64, error) {
	milli, err := within("millisecond", f.millisecond.or(0), 0, 999)
	if err != nil {
		return 0, err
	}
	microMost, nanoMost := int64(999_999), int64(999_999_999)
	if f.millisecond.given {
		microMost, nanoMost = 999, 999_999
	}
	if f.microsecond.given {
		nanoMost = 999
	}
	micro, err := within("microsecond", f.microsecond.or(0), 0, microMost)
	if err != nil {
		return 0, err
	}
	nano, err := within("nanosecond", f.nanosecond.or(0), 0, nanoMost)
	return milli*1_000_000 + micro*1_000 + nano, err
}
