package fn

import (
	"math"
	"strings"

	"github.com/hivellm/nexus/graph/value"
)

// earthRadiusMeters is the radius of the sphere that distances between geographic points are taken on.
const earthRadiusMeters = 6_378_140.0

func pointFunctions() []*Function {
	two := params(Param{"from", Point}, Param{"to", Point})
	distance := define("point.distance", Float, two, pointDistance)
	return []*Function{
		define("point", Point, params(Param{"coordinates", Map}), makePoint),
		distance, alias(distance, "distance"),
		define("point.withinBBox", Boolean, params(Param{"point", Point}, Param{"lowerLeft", Point},
			Param{"upperRight", Point}), withinBox),
	}
}

func invalidPoint(format string, args ...any) error {
	return fault(ArgumentError, InvalidArgumentValue, "point(): "+format, args...)
}

// makePoint makes a point of {x, y[, z]} or {longitude, latitude[, height]} with an optional crs or srid. A null
// coordinate makes it null.
func makePoint(_ *Context, args []value.Value) (value.Value, error) {
	m := args[0].Map()
	geographic := has(m, "longitude") || has(m, "latitude")
	names := [3]string{"x", "y", "z"}
	if geographic {
		names = [3]string{"longitude", "latitude", "height"}
	}
	var at [3]float64
	three := has(m, names[2])
	for i, name := range names[:2+btoi(three)] {
		v, ok := m.Lookup(name)
		if !ok {
			return value.Null, invalidPoint("%s is missing", name)
		}
		if v.IsNull() {
			return value.Null, nil
		}
		if at[i], ok = v.Number(); !ok {
			return value.Null, invalidPoint("%s is a number, found %s", name, v.Kind())
		}
	}
	srid, err := reference(m, geographic, three)
	if err != nil {
		return value.Null, err
	}
	p := value.Point{SRID: srid, X: at[0], Y: at[1], Z: at[2]}
	if isGeographic(srid) && !(math.Abs(p.Y) <= 90) {
		return value.Null, invalidPoint("a latitude lies between -90 and 90, found %g", p.Y)
	}
	return value.PointOf(p), nil
}

func has(m *value.Map, key string) bool {
	_, ok := m.Lookup(key)
	return ok
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func isGeographic(srid int32) bool { return srid == value.SRIDWGS84_2D || srid == value.SRIDWGS84_3D }

// reference finds the coordinate reference system and checks that it fits the coordinates.
func reference(m *value.Map, geographic, three bool) (int32, error) {
	srid, err := namedReference(m)
	if err != nil {
		return 0, err
	}
	if srid == 0 {
		return defaultReference(geographic, three), nil
	}
	if (value.Point{SRID: srid}).ThreeDimensional() != three {
		return 0, invalidPoint("the number of coordinates does not fit the coordinate reference system %d", srid)
	}
	if geographic && !isGeographic(srid) {
		return 0, invalidPoint("longitude and latitude do not fit the coordinate reference system %d", srid)
	}
	return srid, nil
}

func defaultReference(geographic, three bool) int32 {
	switch {
	case geographic && three:
		return value.SRIDWGS84_3D
	case geographic:
		return value.SRIDWGS84_2D
	case three:
		return value.SRIDCartesian_3D
	}
	return value.SRIDCartesian_2D
}

// namedReference reads crs or srid; 0 when neither is given.
func namedReference(m *value.Map) (int32, error) {
	crs, named := m.Lookup("crs")
	srid, numbered := m.Lookup("srid")
	switch {
	case named && numbered:
		return 0, invalidPoint("crs and srid cannot both be given")
	case named:
		if crs.Kind() != value.KindString {
			return 0, invalidPoint("crs is a STRING, found %s", crs.Kind())
		}
		if n, ok := references[strings.ToLower(crs.Str())]; ok {
			return n, nil
		}
		return 0, invalidPoint("the crs %q is unknown", crs.Str())
	case numbered:
		return numberedReference(srid)
	}
	return 0, nil
}

func numberedReference(srid value.Value) (int32, error) {
	if srid.Kind() != value.KindInt {
		return 0, invalidPoint("srid is an INTEGER, found %s", srid.Kind())
	}
	switch n := srid.Int(); n {
	case value.SRIDWGS84_2D, value.SRIDWGS84_3D, value.SRIDCartesian_2D, value.SRIDCartesian_3D:
		return int32(n), nil
	default:
		return 0, invalidPoint("the srid %d is unknown", n)
	}
}

var references = map[string]int32{
	"wgs-84": value.SRIDWGS84_2D, "wgs-84-3d": value.SRIDWGS84_3D,
	"cartesian": value.SRIDCartesian_2D, "cartesian-3d": value.SRIDCartesian_3D,
}

// pointDistance is in meters between geographic points, else in the units of the coordinates; null between systems.
func pointDistance(_ *Context, args []value.Value) (value.Value, error) {
	a, b := args[0].Point(), args[1].Point()
	if a.SRID != b.SRID {
		return value.Null, nil
	}
	if isGeographic(a.SRID) {
		return value.Float(sphereDistance(a, b)), nil
	}
	return value.Float(math.Hypot(math.Hypot(a.X-b.X, a.Y-b.Y), a.Z-b.Z)), nil
}

// sphereDistance follows the great circle at the mean height of both points, and the difference of heights.
func sphereDistance(a, b value.Point) float64 {
	radians := math.Pi / 180
	latitudes := haversine((b.Y - a.Y) * radians)
	longitudes := haversine((b.X - a.X) * radians)
	h := latitudes + math.Cos(a.Y*radians)*math.Cos(b.Y*radians)*longitudes
	angle := 2 * math.Atan2(math.Sqrt(h), math.Sqrt(max(0, 1-h)))
	return math.Hypot(angle*(earthRadiusMeters+(a.Z+b.Z)/2), a.Z-b.Z)
}

func withinBox(_ *Context, args []value.Value) (value.Value, error) {
	p, low, high := args[0].Point(), args[1].Point(), args[2].Point()
	if p.SRID != low.SRID || p.SRID != high.SRID {
		return value.Null, nil
	}
	x := between(p.X, low.X, high.X)
	if isGeographic(p.SRID) && low.X > high.X { // across the 180th meridian
		x = p.X >= low.X || p.X <= high.X
	}
	return value.Bool(x && between(p.Y, low.Y, high.Y) && between(p.Z, low.Z, high.Z)), nil
}

func between(x, low, high float64) bool { return low <= x && x <= high }

// formatPoint is a point as toString() shows it.
func formatPoint(p value.Point) string {
	text := "point({x: " + value.FormatFloat(p.X) + ", y: " + value.FormatFloat(p.Y)
	if p.ThreeDimensional() {
		text += ", z: " + value.FormatFloat(p.Z)
	}
	return text + ", crs: '" + p.CRS() + "'})"
}
