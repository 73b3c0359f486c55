package value

import (
	"math"

	"pgregory.net/rapid"
)

// Generators of values: they like the edges.

func anyFloat() *rapid.Generator[float64] {
	return rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{
		0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 1 << 53, 1<<53 + 2, 1 << 63, -(1 << 63), 0.5, 1, -1,
		math.MaxFloat64, math.SmallestNonzeroFloat64,
	}))
}

func anyInt() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.Int64(), rapid.Int64Range(-300, 300), rapid.SampledFrom([]int64{
		math.MaxInt64, math.MinInt64, 1 << 53, 1<<53 + 1, -(1<<53 + 1), math.MaxInt32 + 1, math.MaxUint32, math.MaxUint32 + 1,
	}))
}

func anyNumber() *rapid.Generator[Value] {
	return rapid.OneOf(rapid.Map(anyInt(), Int), rapid.Map(anyFloat(), Float))
}

func anyText() *rapid.Generator[Value] {
	short := rapid.StringOfN(rapid.RuneFrom([]rune{0, 'a', 'b', 'é', '𝄞', 0xff}), 0, 5, -1)
	return rapid.Map(rapid.OneOf(rapid.StringN(0, 300, 400), short), String)
}

func anyTemporal() *rapid.Generator[Value] {
	return rapid.Custom(func(t *rapid.T) Value {
		days := rapid.Int64Range(firstDay, lastDay).Draw(t, "days")
		nanos := rapid.Int64Range(0, NanosPerDay-1).Draw(t, "nanos")
		offset := rapid.Int32Range(-maxOffsetSeconds, maxOffsetSeconds).Draw(t, "offset")
		nano := int32(nanos % NanosPerSecond)
		seconds := days*SecondsPerDay + nanos/NanosPerSecond
		switch rapid.IntRange(0, 6).Draw(t, "kind") {
		case 0:
			return DateOf(Date{days})
		case 1:
			return LocalTimeOf(LocalTime{nanos})
		case 2:
			return TimeOf(Time{nanos, offset})
		case 3:
			return LocalDateTimeOf(LocalDateTime{seconds, nano})
		case 4:
			return DateTimeOf(DateTime{seconds / 2, nano, offset, ""})
		case 5:
			z, err := parseZone(rapid.SampledFrom(ZoneNames()).Draw(t, "zone"))
			if err != nil {
				t.Fatal(err)
			}
			return DateTimeOf(z.ofInstant(seconds/4, nano))
		}
		small := rapid.Int64Range(-100_000, 100_000)
		return DurationOf(Duration{small.Draw(t, "months"), small.Draw(t, "days"), small.Draw(t, "seconds"), nano})
	})
}

func anyPoint() *rapid.Generator[Value] {
	return rapid.Custom(func(t *rapid.T) Value {
		p := Point{rapid.SampledFrom([]int32{SRIDWGS84_2D, SRIDWGS84_3D, SRIDCartesian_2D, SRIDCartesian_3D}).Draw(t, "srid"),
			anyFloat().Draw(t, "x"), anyFloat().Draw(t, "y"), 0}
		if p.ThreeDimensional() {
			p.Z = anyFloat().Draw(t, "z")
		}
		return PointOf(p)
	})
}

// anyScalar generates what Storable accepts outside of lists.
func anyScalar() *rapid.Generator[Value] {
	return rapid.OneOf(anyNumber(), anyText(), anyTemporal(), anyPoint(), rapid.Map(rapid.Bool(), Bool),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 40), Bytes))
}

func anyEntity() *rapid.Generator[Value] {
	return rapid.Custom(func(t *rapid.T) Value {
		id := rapid.Uint64Range(0, 5).Draw(t, "id")
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			return Node(NodeID(id))
		case 1:
			return Relationship(RelationshipID(id))
		}
		p := &Path{Nodes: []NodeID{NodeID(id)}}
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			p.Relationships = append(p.Relationships, RelationshipID(rapid.Uint64Range(0, 3).Draw(t, "r")))
			p.Nodes = append(p.Nodes, NodeID(rapid.Uint64Range(0, 3).Draw(t, "n")))
		}
		return PathOf(p)
	})
}

func anyValue(depth int) *rapid.Generator[Value] {
	leaf := rapid.OneOf(anyScalar(), anyScalar(), anyEntity(), rapid.Just(Null))
	if depth == 0 {
		return leaf
	}
	return rapid.OneOf(leaf, rapid.Custom(func(t *rapid.T) Value {
		items := rapid.SliceOfN(anyValue(depth-1), 0, 20).Draw(t, "items")
		if rapid.Bool().Draw(t, "list") {
			return List(items)
		}
		var b MapBuilder
		for _, item := range items {
			b.Set(rapid.StringN(0, 3, -1).Draw(t, "key"), item)
		}
		return MapOf(b.Map())
	}))
}
