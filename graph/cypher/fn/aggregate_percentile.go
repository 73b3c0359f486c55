package fn

import (
	"math"
	"slices"

	"github.com/hivellm/nexus/graph/value"
)

// percentile gathers numbers and the place asked for.
type percentile struct {
	numbers []value.Value
	place   float64
	ordered bool
}

// check refuses a place that is no number between 0 and 1.
func (p *percentile) check(args []value.Value) error {
	place, ok := args[1].Number()
	if !ok {
		return fault(TypeError, InvalidArgumentValue, "a percentile is a number, found %s", args[1].Kind())
	}
	if !(place >= 0 && place <= 1) {
		return outOfRange("a percentile lies between 0.0 and 1.0, found %g", place)
	}
	p.place = place
	return nil
}

func (p *percentile) Add(args []value.Value) error {
	if err := p.check(args); err != nil {
		return err
	}
	p.numbers = append(p.numbers, args[0])
	return nil
}

func (p *percentile) Size() int64 { return int64(len(p.numbers)) * valueBytes }

// Settle implements Settling.
func (p *percentile) Settle(look func() error) error {
	p.ordered = true
	return Sort(p.numbers, value.Compare, look)
}

func (p *percentile) sorted() []value.Value {
	if !p.ordered {
		slices.SortFunc(p.numbers, value.Compare)
	}
	return p.numbers
}

// percentileCont interpolates between the two nearest numbers.
type percentileCont struct{ percentile }

func (p *percentileCont) Result() (value.Value, error) {
	n := len(p.numbers)
	if n == 0 {
		return value.Null, nil
	}
	numbers := p.sorted()
	at := p.place * float64(n-1)
	below := int(math.Floor(at))
	low, _ := numbers[below].Number()
	if below+1 == n {
		return value.Float(low), nil
	}
	high, _ := numbers[below+1].Number()
	share := at - float64(below)
	if share == 0 {
		return value.Float(low), nil
	}
	return value.Float(low*(1-share) + high*share), nil
}

// percentileDisc takes the nearest number at or above the place.
type percentileDisc struct{ percentile }

func (p *percentileDisc) Result() (value.Value, error) {
	n := len(p.numbers)
	if n == 0 {
		return value.Null, nil
	}
	index := int(math.Ceil(p.place*float64(n))) - 1
	return p.sorted()[min(max(index, 0), n-1)], nil
}
