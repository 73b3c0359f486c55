package fn

import (
	"math"

	"github.com/hivellm/nexus/graph/value"
)

// sum adds: integers stay integers until a float comes, durations stay among themselves.
type sum struct {
	total value.Value /* null before the first */
}

func (s *sum) Add(args []value.Value) error {
	total, err := addTo(s.total, args[0], "sum")
	if err != nil {
		return err
	}
	s.total = total
	return nil
}

func (s *sum) Result() (value.Value, error) {
	if s.total.IsNull() {
		return value.Int(0), nil
	}
	return s.total, nil
}

func (s *sum) Size() int64 { return valueBytes }

// addTo adds v to a total that is null before the first value.
func addTo(total, v value.Value, name string) (value.Value, error) {
	if total.IsNull() {
		return v, nil
	}
	if (total.Kind() == value.KindDuration) != (v.Kind() == value.KindDuration) {
		return value.Null, fault(TypeError, InvalidArgumentValue, "%s() cannot mix numbers and durations", name)
	}
	result, err := value.Add(total, v)
	if err != nil {
		return value.Null, arithmetic(name, err)
	}
	return result, nil
}

// average is a mean: of numbers a float, of durations a duration. Integers are summed exactly while only they come and
// their sum fits.
type average struct {
	n        int64
	integers int64
	inexact  bool // a float came, or integers overflowed: then the sum is floats
	floats   float64
	scaled   float64 // the sum divided by meanScale, for sums beyond the largest float
	duration value.Value
}

func (a *average) Add(args []value.Value) error {
	v := args[0]
	isDuration := v.Kind() == value.KindDuration
	if a.n > 0 && isDuration == a.duration.IsNull() {
		return fault(TypeError, InvalidArgumentValue, "avg() cannot mix numbers and durations")
	}
	a.n++
	if isDuration {
		total, err := addTo(a.duration, v, "avg")
		a.duration = total
		return err
	}
	a.addNumber(v)
	return nil
}

// meanScale is 2^64: no sum of floats, each divided by it, gets too large.
const meanScale = 1 << 64

func (a *average) addNumber(v value.Value) {
	if !a.inexact {
		if v.Kind() == value.KindInt {
			total := a.integers + v.Int()
			if (total > a.integers) == (v.Int() > 0) || v.Int() == 0 {
				a.integers = total
				return
			}
		}
		a.inexact = true
		a.addFloat(float64(a.integers))
	}
	x, _ := v.Number()
	a.addFloat(x)
}

func (a *average) addFloat(x float64) {
	a.floats += x
	a.scaled += x / meanScale
}

func (a *average) Result() (value.Value, error) {
	switch {
	case a.n == 0:
		return value.Null, nil
	case !a.duration.IsNull():
		return a.durationMean()
	case !a.inexact:
		return value.Float(float64(a.integers) / float64(a.n)), nil
	case math.IsInf(a.floats, 0):
		return value.Float(a.scaled / float64(a.n) * meanScale), nil
	}
	return value.Float(a.floats / float64(a.n)), nil
}

func (a *average) durationMean() (value.Value, error) {
	mean, err := value.Div(a.duration, value.Int(a.n))
	if err != nil {
		return value.Null, arithmetic("avg", err)
	}
	return mean, nil
}

func (a *average) Size() int64 { return 2 * valueBytes }

// deviation is a standard deviation in one pass (Welford 1962). sample is 1 for that of a sample, 0 of a population.
type deviation struct {
	sample, n int64
	mean, m2  float64
}

func (d *deviation) Add(args []value.Value) error {
	x, _ := args[0].Number()
	d.n++
	delta := x - d.mean
	d.mean += delta / float64(d.n)
	d.m2 += delta * (x - d.mean)
	return nil
}

func (d *deviation) Result() (value.Value, error) {
	if d.n < 2 {
		return value.Float(0), nil
	}
	return value.Float(math.Sqrt(d.m2 / float64(d.n-d.sample))), nil
}

func (d *deviation) Size() int64 { return 32 }
