//go:build !race

package tck

const raced = false
