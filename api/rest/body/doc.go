// Package body reads the JSON bodies of requests, strictly and without reflection.
//
// A walk:
//
//	Read        a request's body, bounded, before anything looks into it
//	Parse       bytes → Object: one strict JSON object (UTF-8, no key twice, nesting ≤ 200, nothing after it)
//	Object.Text, Object.Integer, …   typed fields; the first that is wrong is remembered
//	Object.End  the first fault, or a field nobody asked for
//
// Invariants: a body beyond the bound is refused before it is parsed; a field that nobody asked for is an error, and so
// is one of another type. Faults never repeat a value.
//
// It must never know routes, principals or the service.
package body
