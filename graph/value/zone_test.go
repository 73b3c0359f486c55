package value

import (
	"testing"
	"time"
)

func TestZones_AllLoad(t *testing.T) {
	names := ZoneNames()
	if len(names) < 590 || len(names) > maxZones {
		t.Fatalf("%d zones", len(names))
	}
	for i, name := range names {
		if i > 0 && names[i-1] >= name {
			t.Errorf("%s does not sort behind %s", name, names[i-1])
		}
		if _, err := loadZone(name); err != nil {
			t.Error(err)
		}
	}
	if len(zoneData) > 500<<10 {
		t.Errorf("the database takes %d bytes", len(zoneData))
	}
	if ZoneRelease() < "2025a" {
		t.Errorf("release %q", ZoneRelease())
	}
}

// TestZones_BuiltWithoutBackzone: zones of one country that agree since 1970 are one zone.
func TestZones_BuiltWithoutBackzone(t *testing.T) {
	for _, c := range []struct{ name, representative string }{
		{"Europe/Stockholm", "Europe/Berlin"}, {"Europe/Amsterdam", "Europe/Brussels"}, {"Africa/Addis_Ababa", "Africa/Nairobi"},
	} {
		a, err := parseZone(c.name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := parseZone(c.representative)
		if err != nil {
			t.Fatal(err)
		}
		for at := int64(-5_000_000_000); at < 2_000_000_000; at += 86_400 * 13 {
			if a.offsetAt(at) != b.offsetAt(at) {
				t.Errorf("%s has %d, %s %d at %v", c.name, a.offsetAt(at), c.representative, b.offsetAt(at), time.Unix(at, 0).UTC())
				break
			}
		}
	}
}

func TestZones_GapsAndOverlaps(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"2017-03-26T02:30[Europe/Stockholm]", "2017-03-26T03:30+02:00[Europe/Stockholm]"},
		{"2017-10-29T02:30[Europe/Stockholm]", "2017-10-29T02:30+02:00[Europe/Stockholm]"},
		{"2017-10-29T02:30+01:00[Europe/Stockholm]", "2017-10-29T02:30+01:00[Europe/Stockholm]"},
		{"2500-07-01T12:00[Europe/Stockholm]", "2500-07-01T12:00+02:00[Europe/Stockholm]"},
		{"1818-07-21T21:40:32.142[Europe/Stockholm]", "1818-07-21T21:40:32.142+00:53:28[Europe/Stockholm]"},
		{"2020-01-01T00:00[UTC]", "2020-01-01T00:00Z[UTC]"},
	} {
		v, err := ParseTemporal(KindDateTime, c.text)
		if err != nil || FormatTemporal(v) != c.want {
			t.Errorf("%s is %s, want %s (%v)", c.text, FormatTemporal(v), c.want, err)
		}
	}
}

func TestTemporal_RefusesByName(t *testing.T) {
	for _, c := range []struct {
		kind Kind
		text string
	}{
		{KindDate, "2015-02-29"}, {KindDate, "2015-13"}, {KindDate, "2015-W54"}, {KindDate, "2015-366"}, {KindDate, "2015-"},
		{KindDate, "15"}, {KindDate, ""}, {KindDate, "2015-07-21T00:00"}, {KindDate, "+1000000000-01-01"}, {KindLocalTime, "24:00"},
		{KindLocalTime, "12:60"}, {KindLocalTime, "12:00Z"}, {KindLocalTime, "12:00:00."}, {KindTime, "12:00+19:00"},
		{KindTime, "12:00[Europe/Berlin]"}, {KindDateTime, "2015-07-21T12:00[Nowhere/Else]"},
		{KindDateTime, "2015-07-21T12:00+05:00[Europe/Berlin]"}, {KindDateTime, "2015-07-21T"}, {KindDuration, "P"},
		{KindDuration, "PT"}, {KindDuration, "P1S"}, {KindDuration, "P1D2Y"}, {KindDuration, "P9223372036854775808D"}, {KindDuration, "1D"},
	} {
		if v, err := ParseTemporal(c.kind, c.text); err == nil {
			t.Errorf("%q was read as the %s %s", c.text, c.kind, FormatTemporal(v))
		}
	}
}

func TestTemporal_MapsRefuseByName(t *testing.T) {
	for _, c := range []struct {
		kind Kind
		keys []string
	}{
		{KindDate, []string{"month"}}, {KindDate, []string{"year", "day"}}, {KindDate, []string{"year", "month", "week"}},
		{KindDate, []string{"year", "dayOfWeek"}}, {KindDate, []string{"year", "hour"}}, {KindDate, []string{"yaer"}},
		{KindLocalTime, []string{"minute"}}, {KindTime, []string{"hour", "second"}}, {KindDateTime, []string{"hour"}},
		{KindDate, nil}, {KindDuration, nil}, {KindDuration, []string{"year"}},
	} {
		var b MapBuilder
		for _, key := range c.keys {
			b.Set(key, Int(1))
		}
		var v Value
		var err error
		if c.kind == KindDuration {
			v, err = DurationFromMap(b.Map())
		} else {
			v, err = TemporalFromMap(c.kind, b.Map(), Instant{})
		}
		if err == nil {
			t.Errorf("%v made the %s %s", c.keys, c.kind, FormatTemporal(v))
		}
	}
}
