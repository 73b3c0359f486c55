// Command run shows that every planted bug is caught: `make planted`.
//
// A walk:
//
//	table        what catches each bug: names as NEXUS_PLANT takes them, rule of PROTOCOL, package, test
//	uncovered    names that the tree plants and the table lacks are a failure
//	build        one test binary a package, once, with the build tag "planted"
//	try          each test without a bug, which must pass, and with it, which must fail
//	show         one table: name, rule, test, caught, and what the test said
//
// Invariants: a test that did not run catches nothing; a test that fails without its bug catches nothing either; every
// run is bounded.
//
// It must never import a package of the product.
package main
