package value

import (
	"math"
	"math/big"
	"strconv"
)

// Mean lengths, which fractions of a larger unit are turned into: a year is 365.2425 days.
const secondsPerMonth = 2_629_746

var (
	ratMonth = big.NewRat(secondsPerMonth, SecondsPerDay) // in days
	ratDay   = big.NewRat(SecondsPerDay, 1)               // in seconds
	ratNanos = big.NewRat(NanosPerSecond, 1)
)

// exactDuration is a duration before its fractions have found their place.
type exactDuration struct{ months, days, seconds *big.Rat }

func newExactDuration() exactDuration {
	return exactDuration{new(big.Rat), new(big.Rat), new(big.Rat)}
}

func exactOf(d Duration) exactDuration {
	e := newExactDuration()
	e.months.SetInt64(d.Months)
	e.days.SetInt64(d.Days)
	e.seconds.SetInt64(d.Seconds)
	e.seconds.Add(e.seconds, big.NewRat(int64(d.Nanos), NanosPerSecond))
	return e
}

// round lets fractions of months fall into days, those of days into seconds, and cuts behind the nanosecond.
func (e exactDuration) round() (Duration, error) {
	months, fraction := cut(e.months)
	days, rest := cut(new(big.Rat).Add(e.days, fraction.Mul(fraction, ratMonth)))
	seconds := new(big.Rat).Add(e.seconds, rest.Mul(rest, ratDay))
	nanos, _ := cut(seconds.Mul(seconds, ratNanos))
	whole, nano := new(big.Int).DivMod(nanos, big.NewInt(NanosPerSecond), new(big.Int))
	if !months.IsInt64() || !days.IsInt64() || !whole.IsInt64() {
		return Duration{}, errDurationRange
	}
	return Duration{Months: months.Int64(), Days: days.Int64(), Seconds: whole.Int64(), Nanos: int32(nano.Int64())}, nil
}

// cut splits a number into its whole part, towards zero, and the rest.
func cut(r *big.Rat) (*big.Int, *big.Rat) {
	whole := new(big.Int).Quo(r.Num(), r.Denom())
	return whole, new(big.Rat).Sub(r, new(big.Rat).SetInt(whole))
}

// ratOf is a number exactly as it is written: 0.7 is seven tenths, not the nearest float.
func ratOf(v Value) (*big.Rat, bool) {
	if v.kind == KindInt {
		return new(big.Rat).SetInt64(int64(v.number)), true
	}
	f := v.Float()
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, false
	}
	return new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
}

// scaleDuration multiplies a duration by a number, or divides it by it.
func scaleDuration(d Duration, by Value, divide bool) (Value, error) {
	factor, ok := ratOf(by)
	if !ok {
		return Null, temporalFault("a duration cannot be scaled by %s", FormatFloat(by.Float()))
	}
	if divide {
		if factor.Sign() == 0 {
			return Null, ErrDivisionByZero
		}
		factor.Inv(factor)
	}
	e := exactOf(d)
	e.months.Mul(e.months, factor)
	e.days.Mul(e.days, factor)
	e.seconds.Mul(e.seconds, factor)
	scaled, err := e.round()
	if err != nil {
		return Null, err
	}
	return DurationOf(scaled), nil
}

// plus adds two durations part by part.
func (d Duration) plus(o Duration) (Duration, error) {
	months, ok1 := addInt(d.Months, o.Months)
	days, ok2 := addInt(d.Days, o.Days)
	seconds, ok3 := addInt(d.Seconds, o.Seconds)
	nanos := d.Nanos + o.Nanos
	ok4 := true
	if nanos >= NanosPerSecond {
		nanos -= NanosPerSecond
		seconds, ok4 = addInt(seconds, 1)
	}
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return Duration{}, errDurationRange
	}
	return Duration{months, days, seconds, nanos}, nil
}

// negated turns every part around.
func (d Duration) negated() (Duration, error) {
	if d.Months == math.MinInt64 || d.Days == math.MinInt64 || d.Seconds == math.MinInt64 {
		return Duration{}, errDurationRange
	}
	n := Duration{-d.Months, -d.Days, -d.Seconds, 0}
	if d.Nanos > 0 {
		n.Seconds, n.Nanos = n.Seconds-1, NanosPerSecond-d.Nanos
	}
	return n, nil
}
