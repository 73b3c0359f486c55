package hivehub

import (
	"encoding/json"
	"math"
	"strconv"
)

// Figure is a number that is shown and never enforced, so whatever the hub writes in its place is taken: what is no
// non-negative number reads as 0.
type Figure float64

// UnmarshalJSON never fails.
func (f *Figure) UnmarshalJSON(data []byte) error {
	n, err := strconv.ParseFloat(string(data), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || n < 0 {
		n = 0
	}
	*f = Figure(n)
	return nil
}

// MarshalJSON writes an integer where it is one.
func (f Figure) MarshalJSON() ([]byte, error) {
	if f == Figure(math.Trunc(float64(f))) && f >= 0 && f < 1<<53 {
		return strconv.AppendUint(nil, uint64(f), 10), nil
	}
	return json.Marshal(float64(f))
}
