package value

import "strings"

// scanDigits reads exactly n digits.
func scanDigits(s string, n int) (int64, string, bool) {
	if len(s) < n {
		return 0, s, false
	}
	var number int64
	for i := range n {
		if s[i] < '0' || s[i] > '9' {
			return 0, s, false
		}
		number = number*10 + int64(s[i]-'0')
	}
	return number, s[n:], true
}

// digitRun counts the digits s begins with.
func digitRun(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// scanOffset reads Z, ±HH, ±HHMM, ±HH:MM, ±HHMMSS or ±HH:MM:SS, at most 18 hours.
func scanOffset(s string) (seconds int32, rest string, ok bool) {
	if strings.HasPrefix(s, "Z") {
		return 0, s[1:], true
	}
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, s, false
	}
	nanos, rest, ok := scanClock(s[1:], false)
	total := nanos / NanosPerSecond
	if !ok || total > maxOffsetSeconds {
		return 0, s, false
	}
	if s[0] == '-' {
		total = -total
	}
	return int32(total), rest, true
}

// scanClock reads HH, HH:MM, HHMM, HH:MM:SS or HHMMSS, with a fraction of seconds where allowed.
func scanClock(s string, fraction bool) (nanos int64, rest string, ok bool) {
	hour, rest, ok := scanDigits(s, 2)
	if !ok || hour > 23 {
		return 0, s, false
	}
	total, extended := hour*3600, strings.HasPrefix(rest, ":")
	parts := 1
	for ; parts < 3; parts++ {
		next := rest
		if extended && strings.HasPrefix(rest, ":") {
			next = rest[1:]
		} else if extended {
			break
		}
		part, after, ok := scanDigits(next, 2)
		if !ok {
			if extended {
				return 0, s, false
			}
			break
		}
		if part > 59 {
			return 0, s, false
		}
		rest = after
		if parts == 1 {
			total += part * 60
		} else {
			total += part
		}
	}
	nanos = total * NanosPerSecond
	if fraction && parts == 3 && rest != "" && (rest[0] == '.' || rest[0] == ',') {
		part, after, ok := scanFraction(rest[1:])
		if !ok {
			return 0, s, false
		}
		nanos, rest = nanos+part, after
	}
	return nanos, rest, true
}

// scanFraction reads one to nine digits behind the point, as nanoseconds.
func scanFraction(s string) (nanos int64, rest string, ok bool) {
	n := digitRun(s)
	if n == 0 || n > 9 {
		return 0, s, false
	}
	nanos, rest, _ = scanDigits(s, n)
	for range 9 - n {
		nanos *= 10
	}
	return nanos, rest, true
}

// scanDate reads a whole text as a date: of the calendar, of weeks, of quarters or of the days of the year, each in the
// basic and the extended form. Years have four digits or, signed, one to nine.
func scanDate(s string) (dateFields, bool) {
	var f dateFields
	year, rest, ok := scanYear(s)
	if !ok {
		return f, false
	}
	f.year.set(year)
	extended := strings.HasPrefix(rest, "-")
	rest = strings.TrimPrefix(rest, "-")
	switch {
	case rest == "":
		return f, !extended
	case rest[0] == 'W':
		return f, f.week.scan(&rest, 1, 2) && f.dayOfWeek.scanLast(rest, extended, 1)
	case rest[0] == 'Q':
		return f, f.quarter.scan(&rest, 1, 1) && f.dayOfQuarter.scanLast(rest, extended, 2)
	}
	if digitRun(rest) == 3 && len(rest) == 3 {
		return f, f.ordinalDay.scan(&rest, 0, 3)
	}
	return f, f.month.scan(&rest, 0, 2) && f.day.scanLast(rest, extended, 2)
}

func scanYear(s string) (int64, string, bool) {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return scanDigits(s, 4)
	}
	n := digitRun(s[1:])
	if n == 0 || n > 9 {
		return 0, s, false
	}
	year, rest, _ := scanDigits(s[1:], n)
	if s[0] == '-' {
		year = -year
	}
	return year, rest, true
}

// scan skips a letter where there is one and reads the field's digits.
func (f *field) scan(s *string, skip, digits int) bool {
	n, rest, ok := scanDigits((*s)[skip:], digits)
	if !ok {
		return false
	}
	f.set(n)
	*s = rest
	return true
}

// scanLast reads the last field, if the text has one; in the extended form a hyphen stands before it.
func (f *field) scanLast(s string, extended bool, digits int) bool {
	if s == "" {
		return true
	}
	if extended {
		if s[0] != '-' {
			return false
		}
		s = s[1:]
	}
	return f.scan(&s, 0, digits) && s == ""
}
