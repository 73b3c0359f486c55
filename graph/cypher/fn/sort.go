package fn

import "slices"

// Sort sorts stably, and looks at each comparison whether it may go on: the error is that of look, and the order of the
// items is then anything.
func Sort[T any](items []T, compare func(a, b T) int, look func() error) (err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			ended, ok := thrown.(sortEnded)
			if !ok {
				panic(thrown)
			}
			err = ended.err
		}
	}()
	slices.SortStableFunc(items, func(a, b T) int {
		if err := look(); err != nil {
			panic(sortEnded{err}) // the library's sort has no other way out
		}
		return compare(a, b)
	})
	return nil
}

// sortEnded leaves a sort.
type sortEnded struct{ err error }
