package value

import "unsafe"

// Seconds and nanoseconds of the calendar.
const (
	NanosPerSecond = 1_000_000_000
	SecondsPerDay  = 86_400
	NanosPerDay    = SecondsPerDay * NanosPerSecond
)

// Date is a day of the proleptic Gregorian calendar, counted from 1970-01-01.
type Date struct{ EpochDays int64 }

// LocalTime is a time of day without zone, in nanoseconds since midnight.
type LocalTime struct{ NanoOfDay int64 }

// Time is a time of day with an offset from UTC in seconds, ±18 h.
type Time struct {
	NanoOfDay     int64
	OffsetSeconds int32
}

// LocalDateTime is a date and time of day without zone: seconds since 1970-01-01T00:00 on its own clock, and nanoseconds.
type LocalDateTime struct {
	EpochSeconds int64
	Nano         int32
}

// DateTime is an instant with its offset from UTC, and the name of its zone, "" where only an offset was given.
type DateTime struct {
	EpochSeconds  int64 // of the instant, UTC
	Nano          int32
	OffsetSeconds int32
	Zone          string
}

// Duration is months, days, seconds and nanoseconds, which never turn into each other. Nanos is in [0, 10^9).
type Duration struct {
	Months, Days, Seconds int64
	Nanos                 int32
}

// Point is a point of a coordinate reference system. Z counts in the three-dimensional ones only.
type Point struct {
	SRID    int32
	X, Y, Z float64
}

// Coordinate reference systems.
const (
	SRIDWGS84_2D     = 4326
	SRIDWGS84_3D     = 4979
	SRIDCartesian_2D = 7203
	SRIDCartesian_3D = 9157
)

// ThreeDimensional tells whether Z counts.
func (p Point) ThreeDimensional() bool { return p.SRID == SRIDWGS84_3D || p.SRID == SRIDCartesian_3D }

// DateOf makes a date value.
func DateOf(d Date) Value { return Value{kind: KindDate, number: uint64(d.EpochDays)} }

// LocalTimeOf makes a local time value.
func LocalTimeOf(t LocalTime) Value { return Value{kind: KindLocalTime, number: uint64(t.NanoOfDay)} }

// Times are packed: 47 bits of nanoseconds, 17 of the offset, moved up to be positive.
const (
	timeOffsetBits = 17
	timeOffsetZero = 1 << (timeOffsetBits - 1)
)

// TimeOf makes a time value.
func TimeOf(t Time) Value {
	return Value{kind: KindTime, number: uint64(t.NanoOfDay)<<timeOffsetBits | uint64(t.OffsetSeconds+timeOffsetZero)}
}

// LocalDateTimeOf makes a local date and time value.
func LocalDateTimeOf(t LocalDateTime) Value {
	return Value{kind: KindLocalDateTime, pointer: unsafe.Pointer(&t)}
}

// DateTimeOf makes a date and time value.
func DateTimeOf(t DateTime) Value { return Value{kind: KindDateTime, pointer: unsafe.Pointer(&t)} }

// DurationOf makes a duration value.
func DurationOf(d Duration) Value { return Value{kind: KindDuration, pointer: unsafe.Pointer(&d)} }

// PointOf makes a point value.
func PointOf(p Point) Value { return Value{kind: KindPoint, pointer: unsafe.Pointer(&p)} }

// Date returns a date.
func (v Value) Date() Date {
	v.must(KindDate)
	return Date{int64(v.number)}
}

// LocalTime returns a local time.
func (v Value) LocalTime() LocalTime {
	v.must(KindLocalTime)
	return LocalTime{int64(v.number)}
}

// Time returns a time.
func (v Value) Time() Time {
	v.must(KindTime)
	return Time{
		NanoOfDay:     int64(v.number >> timeOffsetBits),
		OffsetSeconds: int32(v.number&(1<<timeOffsetBits-1)) - timeOffsetZero,
	}
}

// LocalDateTime returns a local date and time.
func (v Value) LocalDateTime() LocalDateTime {
	v.must(KindLocalDateTime)
	return *(*LocalDateTime)(v.pointer)
}

// DateTime returns a date and time.
func (v Value) DateTime() DateTime {
	v.must(KindDateTime)
	return *(*DateTime)(v.pointer)
}

// Duration returns a duration.
func (v Value) Duration() Duration {
	v.must(KindDuration)
	return *(*Duration)(v.pointer)
}

// Point returns a point.
func (v Value) Point() Point {
	v.must(KindPoint)
	return *(*Point)(v.pointer)
}
