// Package tck runs the openCypher Technology Compatibility Kit against the query engine. It holds only tests.
//
// A walk: the feature files are found in the shared folder (never copied here), outlines are expanded, and each of the
// 3 897 scenarios becomes one subtest. A scenario starts on a fresh graph in memory; each of its steps is a row of one
// table of steps, and a step that no row knows fails. Results are turned into cells at once, since entities can only be
// read in the version they came from; cells are compared as canonical text. Side effects are the difference of the four
// observer queries before and after, and a direct look at the graph must agree with them. Errors are compared by type,
// phase and detail.
//
// Invariants: testdata/won.txt lists the scenarios that pass and only grows (-ratchet adds to it); testdata/silent.txt
// holds the number of scenarios answered wrongly without an error and only shrinks. The runner itself is tested with
// engines that are wrong on purpose: each kind of step must see its kind of lie. Every write is applied again from its
// recorded changes, as another member of a cluster would, and must give the same version and digest; and the whole kit
// is run again with other plans and with indexes, which must change nothing.
//
// Flags: -ratchet, and -report FILE, which writes all failing scenarios grouped by reason.
package tck
