// Package value is Cypher's values: what they are, how they compare, what they look like as bytes and as text.
//
// A walk: value.go is the tagged Value of 24 bytes, map.go its sorted maps, ternary.go the three truth values. equal.go is
// =, compare.go the order of ORDER BY, of < and the hash of DISTINCT. encode.go and decode.go are the canonical bytes of
// records, commands and digests (docs/specs/value-encoding.md), ordered.go the bytes of index keys, storable.go what may
// be a property. json.go and parsejson.go are the doors' JSON, format.go how floats look. arithmetic.go is + - * / % ^.
// temporal.go holds the temporal values; calendar.go counts days, zone.go knows the embedded time zones,
// temporalscan.go and temporalparse.go read texts, datefields.go and temporalmake.go maps, temporalformat.go writes
// toString(); temporaladd.go moves values by durations, between.go measures them, truncate.go cuts, component.go takes
// apart; duration.go and durationmake.go keep months, days and seconds apart, exactly.
//
// Invariants: a Value never changes once made, so it is safe for any number of goroutines. One value has one canonical
// encoding. Equivalent values have equal hashes and equal ordered keys. All results depend on the arguments alone: what
// "now" is and where a zone comes from are never asked of the host.
//
// It must never know: graphs (a node here is its id), tenants, files, clocks, and what a query is.
package value
