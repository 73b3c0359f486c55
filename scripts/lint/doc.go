// Package lint holds the laws of the house as Go tests: what may import what (floors, LAW 1 to 3), what apply may
// never do (LAW 4), and that the default build holds no planted bug. A broken law is named in the failure.
//
// It has no code of its own; run it with `go test ./scripts/lint`.
package lint
