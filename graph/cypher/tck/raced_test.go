//go:build race

package tck

// raced: the race detector makes everything several times slower.
const raced = true
