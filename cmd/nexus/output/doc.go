// Package output prints what commands found: data to stdout as a table, JSON or YAML, notes to stderr.
//
//	Printer      where to, in which format, with colours or without
//	Table        columns and cells
//	Tree         a JSON text with the order of its members kept, for YAML and for cells
//
// Invariants: data never goes to stderr and notes never to stdout; numbers are printed with the digits they came with.
//
// It must never know where data comes from.
package output
