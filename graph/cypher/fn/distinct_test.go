package fn

import (
	"testing"

	"github.com/hivellm/nexus/graph/value"
)

// TestDistinctSet_SurvivesCollisions: values whose hashes are equal are still told apart.
func TestDistinctSet_SurvivesCollisions(t *testing.T) {
	a, b, c := value.Int(1), value.Int(2), value.Int(3)
	s := &distinctSet{first: map[uint64]value.Value{value.Hash(a, 0): b, value.Hash(c, 0): b}}
	for i, want := range []bool{true, false, false} {
		if got := s.add(a); got != want {
			t.Errorf("the value was added for the %dth time: %v", i+1, got)
		}
	}
	if !s.add(c) || s.add(c) || len(s.more) != 2 {
		t.Error("another value with a taken hash was lost")
	}
}
