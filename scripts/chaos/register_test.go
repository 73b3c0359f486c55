package chaos

import (
	"fmt"
	"math"

	"github.com/anishathalye/porcupine"
)

// absent is the state of a register that nobody wrote yet.
const absent = math.MinInt

// kind is what an operation does to a register.
type kind int

// The kinds.
const (
	read kind = iota
	write
	add     // one more; nothing where the register is absent
	compare // set where it holds what is expected
)

// input is an operation as it was asked for.
type input struct {
	register  int
	kind      kind
	value     int // write, compare: the new one
	expected  int // compare
	keyed     bool
	arguments string // for a reader of a failed history
}

// output is what came back. known is false where only the effect is known, or not even that.
type output struct {
	known bool
	// took says that a row came back: for compare and add, that it had effect.
	took  bool
	value int
	// many says that more than one node was found for a register: never right.
	many bool
}

// registers is the model: every register by itself is a number, or absent.
func registers() porcupine.Model {
	return porcupine.Model{
		Partition: partition,
		Init:      func() any { return absent },
		Step: func(state, in, out any) (bool, any) {
			return step(state.(int), in.(input), out.(output))
		},
		DescribeOperation: func(in, out any) string { return describe(in.(input), out.(output)) },
		DescribeState: func(state any) string {
			if state.(int) == absent {
				return "absent"
			}
			return fmt.Sprint(state)
		},
	}
}

func partition(history []porcupine.Operation) [][]porcupine.Operation {
	var parts [][]porcupine.Operation
	of := map[int]int{}
	for _, op := range history {
		register := op.Input.(input).register
		at, ok := of[register]
		if !ok {
			at = len(parts)
			of[register] = at
			parts = append(parts, nil)
		}
		parts[at] = append(parts[at], op)
	}
	return parts
}

// step tells whether a register in state may answer so, and its next state.
func step(state int, in input, out output) (bool, any) {
	if out.many {
		return false, state
	}
	switch in.kind {
	case read:
		return !out.known || out.took == (state != absent) && (!out.took || out.value == state), state
	case write:
		return true, in.value
	case add:
		if state == absent {
			return !out.known || !out.took, state
		}
		return !out.known || out.took && out.value == state+1, state + 1
	case compare:
		if state != in.expected || state == absent {
			return !out.known || !out.took, state
		}
		return !out.known || out.took, in.value
	}
	return false, state
}

func describe(in input, out output) string {
	answer := "?"
	switch {
	case out.many:
		answer = "several nodes"
	case out.known && out.took:
		answer = fmt.Sprint(out.value)
	case out.known:
		answer = "none"
	}
	return in.arguments + " -> " + answer
}
