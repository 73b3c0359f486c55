package value

import "strconv"

// FormatTemporal returns a temporal value's text, as openCypher's toString() gives it; "" for other kinds.
func FormatTemporal(v Value) string {
	switch v.kind {
	case KindDate:
		return string(appendDate(nil, v.Date().EpochDays))
	case KindLocalTime:
		return string(appendTimeOfDay(nil, v.LocalTime().NanoOfDay))
	case KindTime:
		t := v.Time()
		return string(appendOffset(appendTimeOfDay(nil, t.NanoOfDay), t.OffsetSeconds))
	case KindLocalDateTime:
		t := v.LocalDateTime()
		return string(appendDateAndTime(nil, t.EpochSeconds, t.Nano))
	case KindDateTime:
		t := v.DateTime()
		text := appendOffset(appendDateAndTime(nil, t.EpochSeconds+int64(t.OffsetSeconds), t.Nano), t.OffsetSeconds)
		if t.Zone != "" {
			text = append(append(append(text, '['), t.Zone...), ']')
		}
		return string(text)
	case KindDuration:
		return string(appendDuration(nil, v.Duration()))
	}
	return ""
}

func appendDate(dst []byte, days int64) []byte {
	year, month, day := civil(days)
	switch {
	case year > 9999:
		dst = append(dst, '+')
	case year < 0:
		dst = append(dst, '-')
		year = -year
	}
	dst = appendPadded(dst, year, 4)
	dst = appendPadded(append(dst, '-'), int64(month), 2)
	return appendPadded(append(dst, '-'), int64(day), 2)
}

func appendDateAndTime(dst []byte, localSeconds int64, nano int32) []byte {
	dst = append(appendDate(dst, floorDiv(localSeconds, SecondsPerDay)), 'T')
	return appendTimeOfDay(dst, floorMod(localSeconds, SecondsPerDay)*NanosPerSecond+int64(nano))
}

func appendTimeOfDay(dst []byte, nanos int64) []byte {
	seconds, fraction := nanos/NanosPerSecond, nanos%NanosPerSecond
	dst = appendPadded(dst, seconds/3600, 2)
	dst = appendPadded(append(dst, ':'), seconds/60%60, 2)
	if seconds%60 == 0 && fraction == 0 {
		return dst
	}
	dst = appendPadded(append(dst, ':'), seconds%60, 2)
	return appendFraction(dst, fraction)
}

// appendFraction appends a fraction of a second without trailing zeros; nothing for none.
func appendFraction(dst []byte, nanos int64) []byte {
	if nanos == 0 {
		return dst
	}
	dst = appendPadded(append(dst, '.'), nanos, 9)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

func appendOffset(dst []byte, seconds int32) []byte {
	if seconds == 0 {
		return append(dst, 'Z')
	}
	sign := byte('+')
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	dst = appendPadded(append(dst, sign), int64(seconds/3600), 2)
	dst = appendPadded(append(dst, ':'), int64(seconds/60%60), 2)
	if seconds%60 != 0 {
		dst = appendPadded(append(dst, ':'), int64(seconds%60), 2)
	}
	return dst
}

func appendPadded(dst []byte, n int64, width int) []byte {
	text := strconv.FormatInt(n, 10)
	for range width - len(text) {
		dst = append(dst, '0')
	}
	return append(dst, text...)
}

func appendDuration(dst []byte, d Duration) []byte {
	dst = append(dst, 'P')
	start := len(dst)
	for _, part := range [...]struct {
		n    int64
		unit byte
	}{{d.Months / 12, 'Y'}, {d.Months % 12, 'M'}, {d.Days, 'D'}} {
		dst = appendPart(dst, part.n, part.unit)
	}
	if d.Seconds != 0 || d.Nanos != 0 {
		dst = appendClock(append(dst, 'T'), d.Seconds, d.Nanos)
	}
	if len(dst) == start {
		return append(dst, "T0S"...)
	}
	return dst
}

func appendPart(dst []byte, n int64, unit byte) []byte {
	if n == 0 {
		return dst
	}
	return append(strconv.AppendInt(dst, n, 10), unit)
}

// appendClock writes hours, minutes and seconds, all of one sign.
func appendClock(dst []byte, seconds int64, nanos int32) []byte {
	negative := seconds < 0
	if negative && nanos > 0 { // -1 s + 0.25 s is -0.75 s
		seconds, nanos = seconds+1, NanosPerSecond-nanos
	}
	dst = appendPart(dst, seconds/3600, 'H')
	dst = appendPart(dst, seconds/60%60, 'M')
	seconds %= 60
	if seconds == 0 && nanos == 0 {
		return dst
	}
	if negative && seconds == 0 {
		dst = append(dst, '-')
	}
	return append(appendFraction(strconv.AppendInt(dst, seconds, 10), int64(nanos)), 'S')
}
