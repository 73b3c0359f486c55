// Package planted switches deliberate bugs on, so that a check can be seen to fail.
//
// The default build has none: [On] is a constant false there and the compiler drops every planted branch. With the
// build tag "planted" the names in the environment variable NEXUS_PLANT (comma separated) are on. The list of names
// and the test that catches each stands in docs/PLANTED.md. scripts/lint proves that no other file carries the tag.
package planted
