package value

import (
	_ "embed"
	"encoding/binary"
	"sort"
	"strings"
	"sync/atomic"
	"time"
)

// zoneData is the time-zone database, made by scripts/tzdata: a magic line, the release, the names in order with
// the place of their data, the data. Nothing of the host's zones is ever looked at.
//
//go:embed zones.bin
var zoneData string

const (
	zoneMagic    = "NXTZ1\n"
	zoneRelease  = 16 // bytes for the release, padded with spaces
	zoneHeader   = len(zoneMagic) + zoneRelease + 4
	zoneNameSize = 40
	zoneRowSize  = zoneNameSize + 8 // name, padded with zeros; u32 place and u32 length of its data
	maxZones     = 1024
)

// loadedZones remembers what was parsed: at most one entry a zone name. It is a table of pure results: whoever fills
// an entry first, its content is the same. Each entry is read and written atomically.
var loadedZones [maxZones]atomic.Pointer[time.Location]

// ZoneRelease is the release of the embedded time-zone database.
func ZoneRelease() string {
	return strings.TrimRight(zoneData[len(zoneMagic):len(zoneMagic)+zoneRelease], " ")
}

// ZoneNames lists the names of all zones, sorted by their bytes.
func ZoneNames() []string {
	names := make([]string, zoneCount())
	for i := range names {
		names[i] = zoneName(i)
	}
	return names
}

func zoneCount() int {
	count := zoneData[zoneHeader-4 : zoneHeader]
	return int(binary.BigEndian.Uint32([]byte(count)))
}

func zoneName(i int) string {
	row := zoneData[zoneHeader+i*zoneRowSize:]
	return strings.TrimRight(row[:zoneNameSize], "\x00")
}

// loadZone finds a zone by its name. The case of letters counts.
func loadZone(name string) (*time.Location, error) {
	count := zoneCount()
	i := sort.Search(count, func(i int) bool { return zoneName(i) >= name })
	if i == count || zoneName(i) != name {
		return nil, temporalFault("there is no time zone %q", clip(name))
	}
	if loaded := loadedZones[i].Load(); loaded != nil {
		return loaded, nil
	}
	row := []byte(zoneData[zoneHeader+i*zoneRowSize:][zoneNameSize:zoneRowSize])
	place, length := binary.BigEndian.Uint32(row), binary.BigEndian.Uint32(row[4:])
	location, err := time.LoadLocationFromTZData(name, []byte(zoneData[place:place+length]))
	if err != nil {
		return nil, temporalFault("the data of time zone %s cannot be read: %v", name, err)
	}
	loadedZones[i].Store(location)
	return location, nil
}

// zone is a named zone or, without a location, a fixed offset from UTC.
type zone struct {
	location *time.Location
	name     string
	offset   int32
}

// parseZone reads an offset such as Z, +01 or -02:05:07, or finds a zone by its name.
func parseZone(text string) (zone, error) {
	if offset, rest, ok := scanOffset(text); ok && rest == "" {
		return zone{offset: offset}, nil
	}
	location, err := loadZone(text)
	if err != nil {
		return zone{}, err
	}
	return zone{location: location, name: text}, nil
}

func (t DateTime) zone() (zone, error) {
	if t.Zone == "" {
		return zone{offset: t.OffsetSeconds}, nil
	}
	location, err := loadZone(t.Zone)
	return zone{location: location, name: t.Zone}, err
}

// offsetAt is the zone's offset at an instant.
func (z zone) offsetAt(epochSeconds int64) int32 {
	if z.location == nil {
		return z.offset
	}
	_, offset := time.Unix(epochSeconds, 0).In(z.location).Zone()
	return int32(offset)
}

// ofInstant shows an instant in the zone.
func (z zone) ofInstant(epochSeconds int64, nano int32) DateTime {
	return DateTime{epochSeconds, nano, z.offsetAt(epochSeconds), z.name}
}

// at finds the instant of a local clock. In an overlap the preferred offset counts where it is one of the two, else the
// earlier instant; in a gap the clock is moved on by the gap's length.
func (z zone) at(local LocalDateTime, preferred int32) DateTime {
	if z.location == nil {
		return DateTime{local.EpochSeconds - int64(z.offset), local.Nano, z.offset, ""}
	}
	valid := func(offset int32) bool { return z.offsetAt(local.EpochSeconds-int64(offset)) == offset }
	before, after := z.offsetAt(local.EpochSeconds-SecondsPerDay), z.offsetAt(local.EpochSeconds+SecondsPerDay)
	switch {
	case valid(preferred):
		return z.ofInstant(local.EpochSeconds-int64(preferred), local.Nano)
	case valid(before):
		return z.ofInstant(local.EpochSeconds-int64(before), local.Nano)
	case valid(after):
		return z.ofInstant(local.EpochSeconds-int64(after), local.Nano)
	}
	return z.ofInstant(local.EpochSeconds-int64(before), local.Nano)
}

// noPreference is an offset that no zone has.
const noPreference = 1 << 30
