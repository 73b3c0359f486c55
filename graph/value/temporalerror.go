package value

import "fmt"

// TemporalError says why a temporal value, a duration or a point could not be made or computed. Its text is meant for
// the one who wrote the query.
type TemporalError struct{ Message string }

// Error implements error.
func (e *TemporalError) Error() string { return e.Message }

func temporalFault(format string, args ...any) error {
	return &TemporalError{fmt.Sprintf(format, args...)}
}

var (
	errDateRange     = &TemporalError{"the date is outside the years -999999999 to 999999999"}
	errDurationRange = &TemporalError{"the duration does not fit into 64-bit months, days and seconds"}
)
