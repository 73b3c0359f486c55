package value

// Years that a date may have.
const (
	MinYear = -999_999_999
	MaxYear = 999_999_999
)

const (
	daysPerEra   = 146_097 // 400 years
	daysToEpoch  = 719_468 // from 0000-03-01 to 1970-01-01
	monthsInYear = 12
)

// daysOf counts the days from 1970-01-01 to a day of the proleptic Gregorian calendar. Years start in March here, so
// that the leap day ends one.
func daysOf(year int64, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := floorDiv(year, 400)
	yearOfEra := year - era*400
	dayOfYear := int64((153*(month-3)+2)/5 + day - 1)
	return era*daysPerEra + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - daysToEpoch
}

// civil is the inverse of daysOf.
func civil(days int64) (year int64, month, day int) {
	days += daysToEpoch
	era := floorDiv(days, daysPerEra)
	dayOfEra := days - era*daysPerEra
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36_524 - dayOfEra/(daysPerEra-1)) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*dayOfYear + 2) / 153
	day = int(dayOfYear-(153*shifted+2)/5) + 1
	month, year = int(shifted)+3, yearOfEra+era*400
	if month > 12 {
		month, year = month-12, year+1
	}
	return year, month, day
}

func isLeap(year int64) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysInMonth(year int64, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if isLeap(year) {
			return 29
		}
		return 28
	}
	return 31
}

func daysInYear(year int64) int {
	if isLeap(year) {
		return 366
	}
	return 365
}

// weekDay is ISO's: Monday is 1.
func weekDay(days int64) int { return int(floorMod(days+3, 7)) + 1 }

// weekOne is the Monday of the first ISO week of a year: the one that holds January 4th.
func weekOne(year int64) int64 {
	fourth := daysOf(year, 1, 4)
	return fourth - int64(weekDay(fourth)) + 1
}

// isoWeek is a day's ISO week and the year which that week belongs to.
func isoWeek(days int64) (weekYear int64, week int) {
	thursday := days - int64(weekDay(days)) + 4
	weekYear, _, _ = civil(thursday)
	return weekYear, int((thursday-daysOf(weekYear, 1, 1))/7) + 1
}

// dayOfQuarter counts from 1.
func dayOfQuarter(days int64) (quarter, day int) {
	year, month, _ := civil(days)
	quarter = (month-1)/3 + 1
	return quarter, int(days-daysOf(year, quarter*3-2, 1)) + 1
}

// addMonths moves a day by months; the day of the month is kept where the month has it, else it is the month's last.
func addMonths(days, months int64) (int64, error) {
	year, month, day := civil(days)
	total, ok := addInt(year*monthsInYear+int64(month)-1, months)
	if !ok {
		return 0, errDateRange
	}
	year, month = floorDiv(total, monthsInYear), int(floorMod(total, monthsInYear))+1
	if year < MinYear || year > MaxYear {
		return 0, errDateRange
	}
	return daysOf(year, month, min(day, daysInMonth(year, month))), nil
}

// addDays moves a day by days.
func addDays(days, n int64) (int64, error) {
	sum, ok := addInt(days, n)
	if !ok || !dayInRange(sum) {
		return 0, errDateRange
	}
	return sum, nil
}

// The first and the last day there is: daysOf(MinYear, 1, 1) and daysOf(MaxYear, 12, 31).
const (
	firstDay = -365_243_219_162
	lastDay  = 365_241_780_471
)

func dayInRange(days int64) bool { return days >= firstDay && days <= lastDay }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }

// addInt adds and tells whether the sum fits.
func addInt(a, b int64) (int64, bool) {
	sum := a + b
	return sum, (sum > a) == (b > 0) || b == 0
}
