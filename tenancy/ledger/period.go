package ledger

import (
	"fmt"
	"strconv"
	"time"
)

// Period is a month of accounting, as the number YYYYMM; the zero value is none. Periods are ordered by number.
type Period uint32

// periodText is how many bytes a period's text has.
const periodText = len("2006-01")

// PeriodOf is the month of a moment of log time, in Unix milliseconds, by UTC.
func PeriodOf(logTimeMs int64) Period {
	at := time.UnixMilli(logTimeMs).UTC()
	if at.Year() < 1 || at.Year() > 9999 {
		return 0
	}
	return Period(at.Year()*100 + int(at.Month()))
}

// ParsePeriod reads the text form "YYYY-MM".
func ParsePeriod(text string) (Period, error) {
	if len(text) == periodText && text[4] == '-' {
		year, yearErr := strconv.ParseUint(text[:4], 10, 16)
		month, monthErr := strconv.ParseUint(text[5:], 10, 8)
		if p := Period(year*100 + month); yearErr == nil && monthErr == nil && p.Valid() {
			return p, nil
		}
	}
	if len(text) > 16 {
		text = text[:16] + "…"
	}
	return 0, fmt.Errorf("%q is not a period: expected a year and a month, such as 2026-11", text)
}

// Valid reports whether the period is a month of the years 1 to 9999.
func (p Period) Valid() bool {
	year, month := p/100, p%100
	return year >= 1 && year <= 9999 && month >= 1 && month <= 12
}

// Next is the month after a valid one.
func (p Period) Next() Period {
	if p%100 == 12 {
		return (p/100+1)*100 + 1
	}
	return p + 1
}

// EndsAtMs is the first moment behind the period, in Unix milliseconds: when its counters begin anew, unless the hub
// says otherwise.
func (p Period) EndsAtMs() int64 {
	next := p.Next()
	return time.Date(int(next/100), time.Month(next%100), 1, 0, 0, 0, 0, time.UTC).UnixMilli()
}

// String is "YYYY-MM".
func (p Period) String() string { return fmt.Sprintf("%04d-%02d", p/100, p%100) }
