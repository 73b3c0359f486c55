package ledger

import "math/bits"

// maxCount is the greatest count the ledger keeps; sums stop there and do not wrap.
const maxCount = uint64(1)<<63 - 1

// Units are the two things that a period has a limit of.
type Units struct {
	// Requests counts request units, Writes write units (a write spends one of each).
	Requests, Writes uint64
}

// plus is the sum, saturating.
func (u Units) plus(v Units) Units {
	return Units{plus(u.Requests, v.Requests), plus(u.Writes, v.Writes)}
}

// minus is the difference, 0 where it would be negative.
func (u Units) minus(v Units) Units {
	return Units{minus(u.Requests, v.Requests), minus(u.Writes, v.Writes)}
}

// max and min are taken field by field.
func (u Units) max(v Units) Units {
	return Units{max(u.Requests, v.Requests), max(u.Writes, v.Writes)}
}

func (u Units) min(v Units) Units {
	return Units{min(u.Requests, v.Requests), min(u.Writes, v.Writes)}
}

// Totals is what was used: counters that only grow. They are what is billed.
type Totals struct {
	// Requests and Writes are units spent, with a lease or, where nothing limits them, without.
	Requests, Writes uint64
	// Reads counts requests whose plan only reads.
	Reads uint64
	// RowsOut counts rows given out.
	RowsOut uint64
	// BytesIn and BytesOut count bodies.
	BytesIn, BytesOut uint64
	// ComputeMs is time spent computing, in milliseconds.
	ComputeMs uint64
}

// Units are the totals that have a limit.
func (t Totals) Units() Units { return Units{t.Requests, t.Writes} }

func (t Totals) plus(v Totals) Totals { return t.with(v, plus) }

// Minus is the difference, field by field, 0 where it would be negative.
func (t Totals) Minus(v Totals) Totals { return t.minus(v) }

// Plus is the sum, field by field.
func (t Totals) Plus(v Totals) Totals { return t.plus(v) }

func (t Totals) minus(v Totals) Totals { return t.with(v, minus) }

func (t Totals) max(v Totals) Totals { return t.with(v, func(a, b uint64) uint64 { return max(a, b) }) }

func (t Totals) with(v Totals, f func(a, b uint64) uint64) Totals {
	return Totals{
		Requests: f(t.Requests, v.Requests), Writes: f(t.Writes, v.Writes), Reads: f(t.Reads, v.Reads), RowsOut: f(t.RowsOut, v.RowsOut),
		BytesIn: f(t.BytesIn, v.BytesIn), BytesOut: f(t.BytesOut, v.BytesOut), ComputeMs: f(t.ComputeMs, v.ComputeMs),
	}
}

func plus(a, b uint64) uint64 {
	if a > maxCount || b > maxCount-a {
		return maxCount
	}
	return a + b
}

func minus(a, b uint64) uint64 {
	if a < b {
		return 0
	}
	return a - b
}

// part is whole × n / of, rounded down; n is no greater than of.
func part(whole, n, of uint64) uint64 {
	if of == 0 {
		return 0
	}
	high, low := bits.Mul64(whole, min(n, of))
	quotient, _ := bits.Div64(high, low, of)
	return quotient
}
