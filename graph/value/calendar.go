package value

// civil turns days since 1970-01-01 into a date of the proleptic Gregorian calendar.
func civil(epochDays int64) (year int64, month, day int) {
	days := epochDays + 719_468 // from 0000-03-01
	era := floorDiv(days, 146_097)
	dayOfEra := days - era*146_097
	yearOfEra := (dayOfEra - dayOfEra/1_460 + dayOfEra/36_524 - dayOfEra/146_096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*dayOfYear + 2) / 153
	day = int(dayOfYear - (153*shifted+2)/5 + 1)
	month = int(shifted) + 3
	if month > 12 {
		month -= 12
	}
	year = yearOfEra + era*400
	if month <= 2 {
		year++
	}
	return year, month, day
}

// epochDays turns a date of the proleptic Gregorian calendar into days since 1970-01-01.
func epochDays(year int64, month, day int) int64 {
	if month <= 2 {
		year--
	}
	era := floorDiv(year, 400)
	yearOfEra := year - era*400
	shifted := int64(month) - 3
	if shifted < 0 {
		shifted += 12
	}
	dayOfYear := (153*shifted+2)/5 + int64(day) - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return era*146_097 + dayOfEra - 719_468
}

func leap(year int64) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysInMonth(year int64, month int) int {
	switch month {
	case 2:
		if leap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// addMonths moves a date by months; a day that the month lacks becomes its last.
func addMonths(days, months int64) int64 {
	if months == 0 {
		return days
	}
	year, month, day := civil(days)
	total := year*12 + int64(month) - 1 + months
	year, month = floorDiv(total, 12), int(floorMod(total, 12))+1
	return epochDays(year, month, min(day, daysInMonth(year, month)))
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }
