package chaos

import (
	"testing"

	"github.com/anishathalye/porcupine"
)

// TestRegisters_ModelJudges proves that the checker can fail: small histories, each with its verdict.
func TestRegisters_ModelJudges(t *testing.T) {
	op := func(client int, call, back int64, in input, out output) porcupine.Operation {
		return porcupine.Operation{ClientId: client, Call: call, Return: back, Input: in, Output: out}
	}
	w := func(v int) input { return input{kind: write, value: v} }
	saw := func(v int) output { return output{known: true, took: true, value: v} }
	none, unknown := output{known: true}, output{}
	for _, c := range []struct {
		name    string
		history []porcupine.Operation
		want    bool
	}{
		{"a read of what was written", []porcupine.Operation{op(0, 1, 2, w(7), none), op(1, 3, 4, input{}, saw(7))}, true},
		{"a stale read", []porcupine.Operation{op(0, 1, 2, w(7), none), op(1, 3, 4, input{}, none)}, false},
		{"a lost write", []porcupine.Operation{op(0, 1, 2, w(7), none), op(0, 3, 4, w(8), none), op(1, 5, 6, input{}, saw(7))}, false},
		{"a read beside the write", []porcupine.Operation{op(0, 1, 4, w(7), none), op(1, 2, 3, input{}, none)}, true},
		{"seen, then not", []porcupine.Operation{op(0, 1, 9, w(7), none), op(1, 2, 3, input{}, saw(7)), op(1, 4, 5, input{}, none)}, false},
		{"unknown, later seen", []porcupine.Operation{op(0, 1, 99, w(7), unknown), op(1, 3, 4, input{}, none), op(1, 5, 6, input{}, saw(7))}, true},
		{"unknown, never seen", []porcupine.Operation{op(0, 1, 99, w(7), unknown), op(1, 3, 4, input{}, none)}, true},
		{"an addition doubled", []porcupine.Operation{op(0, 1, 2, w(7), none), op(0, 3, 4, input{kind: add}, saw(8)), op(1, 5, 6, input{}, saw(9))}, false},
		{"compared and set", []porcupine.Operation{op(0, 1, 2, w(7), none), op(0, 3, 4, input{kind: compare, expected: 7, value: 9}, saw(9)), op(1, 5, 6, input{}, saw(9))}, true},
		{"compared with another", []porcupine.Operation{op(0, 1, 2, w(7), none), op(0, 3, 4, input{kind: compare, expected: 6, value: 9}, saw(9))}, false},
		{"two nodes for one", []porcupine.Operation{op(0, 1, 2, input{}, output{known: true, many: true})}, false},
		{"another register's", []porcupine.Operation{op(0, 1, 2, w(7), none), op(1, 3, 4, input{register: 1}, none)}, true},
	} {
		if got := porcupine.CheckOperations(registers(), c.history); got != c.want {
			t.Errorf("%s: linearizable = %t, wanted %t", c.name, got, c.want)
		}
	}
}
