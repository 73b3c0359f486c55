package value

import "strconv"

// FormatTemporal is toString() of a temporal value or a duration, as openCypher writes it; "" for other kinds.
func FormatTemporal(v Value) string { return string(AppendTemporal(nil, v)) }

// AppendTemporal appends what FormatTemporal returns.
func AppendTemporal(dst []byte, v Value) []byte {
	switch v.kind {
	case KindDate:
		return appendDate(dst, v.Date().EpochDays)
	case KindLocalTime:
		return appendTime(dst, v.LocalTime().NanoOfDay)
	case KindTime:
		t := v.Time()
		return appendOffset(appendTime(dst, t.NanoOfDay), t.OffsetSeconds)
	case KindLocalDateTime:
		t := v.LocalDateTime()
		return appendDateTime(dst, t.EpochSeconds, t.Nano)
	case KindDateTime:
		t := v.DateTime()
		dst = appendOffset(appendDateTime(dst, t.EpochSeconds+int64(t.OffsetSeconds), t.Nano), t.OffsetSeconds)
		if t.Zone != "" {
			dst = append(append(append(dst, '['), t.Zone...), ']')
		}
		return dst
	case KindDuration:
		return appendDuration(dst, v.Duration())
	}
	return dst
}

// appendDate writes the year with four digits; beyond 9999 with its sign, as ISO 8601 wants it.
func appendDate(dst []byte, days int64) []byte {
	year, month, day := civil(days)
	switch {
	case year < 0:
		dst, year = append(dst, '-'), -year
	case year > 9999:
		dst = append(dst, '+')
	}
	dst = append(appendPadded(dst, year, 4), '-')
	dst = append(appendPadded(dst, int64(month), 2), '-')
	return appendPadded(dst, int64(day), 2)
}

func appendDateTime(dst []byte, localSeconds int64, nano int32) []byte {
	days := floorDiv(localSeconds, SecondsPerDay)
	dst = append(appendDate(dst, days), 'T')
	return appendTime(dst, (localSeconds-days*SecondsPerDay)*NanosPerSecond+int64(nano))
}

// appendTime leaves out seconds that are zero and writes a fraction with three, six or nine digits.
func appendTime(dst []byte, nanos int64) []byte {
	seconds, fraction := nanos/NanosPerSecond, nanos%NanosPerSecond
	dst = append(appendPadded(dst, seconds/3600, 2), ':')
	dst = appendPadded(dst, seconds/60%60, 2)
	if seconds%60 == 0 && fraction == 0 {
		return dst
	}
	dst = appendPadded(append(dst, ':'), seconds%60, 2)
	switch {
	case fraction == 0:
		return dst
	case fraction%1_000_000 == 0:
		return appendPadded(append(dst, '.'), fraction/1_000_000, 3)
	case fraction%1_000 == 0:
		return appendPadded(append(dst, '.'), fraction/1_000, 6)
	}
	return appendPadded(append(dst, '.'), fraction, 9)
}

func appendOffset(dst []byte, seconds int32) []byte {
	if seconds == 0 {
		return append(dst, 'Z')
	}
	sign := byte('+')
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	dst = append(appendPadded(append(dst, sign), int64(seconds/3600), 2), ':')
	dst = appendPadded(dst, int64(seconds/60%60), 2)
	if seconds%60 != 0 {
		dst = appendPadded(append(dst, ':'), int64(seconds%60), 2)
	}
	return dst
}

func formatOffset(seconds int32) string { return string(appendOffset(nil, seconds)) }

func appendPadded(dst []byte, n int64, width int) []byte {
	var scratch [20]byte
	digits := strconv.AppendInt(scratch[:0], n, 10)
	for range width - len(digits) {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

// appendDuration writes each part with its own sign, and no part that is zero.
func appendDuration(dst []byte, d Duration) []byte {
	if d == (Duration{}) {
		return append(dst, "PT0S"...)
	}
	dst = append(dst, 'P')
	dst = appendPart(dst, d.Months/monthsInYear, 'Y')
	dst = appendPart(dst, d.Months%monthsInYear, 'M')
	dst = appendPart(dst, d.Days, 'D')
	if d.Seconds == 0 && d.Nanos == 0 {
		return dst
	}
	seconds, nanos, negative := d.Seconds, int64(d.Nanos), d.Seconds < 0
	if negative && nanos != 0 {
		seconds, nanos = seconds+1, NanosPerSecond-nanos
	}
	dst = append(dst, 'T')
	dst = appendPart(dst, seconds/3600, 'H')
	dst = appendPart(dst, seconds/60%60, 'M')
	if nanos == 0 {
		return appendPart(dst, seconds%60, 'S')
	}
	if negative && seconds%60 == 0 {
		dst = append(dst, '-')
	}
	dst = append(strconv.AppendInt(dst, seconds%60, 10), '.')
	dst = appendPadded(dst, nanos, 9)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return append(dst, 'S')
}

func appendPart(dst []byte, n int64, unit byte) []byte {
	if n == 0 {
		return dst
	}
	return append(strconv.AppendInt(dst, n, 10), unit)
}
