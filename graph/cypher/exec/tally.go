package exec

import (
	"github.com/hivellm/nexus/graph/cypher/plan"
)

// tally is the end of a pipeline within an expression: it counts rows, or stops at the first. One whose stages keep
// nothing between rows is opened once in a run and used for every evaluation, which never overlap.
type tally struct {
	pipe  pipe
	first bool // one row is enough
	n     int64
	op    operator
}

func (t *tally) push(*run) error {
	t.n++
	if t.first {
		return &t.pipe
	}
	return nil
}

func (*tally) finish(*run) error { return nil }

// tally compiles the counting of a pipeline's rows. With first it stops at the first row.
func (c *compiler) tally(l line, from plan.Pipeline, first bool) func(r *run) (int64, error) {
	place, kept := c.program.tallies, keepsNothing(from)
	c.program.tallies++
	return func(r *run) (int64, error) {
		defer r.forget(r.memory)
		t := r.tally(place)
		if t == nil || !kept {
			t = &tally{first: first}
			t.op = l.open(t, &t.pipe)
			r.tallies[place] = t
		}
		t.n = 0
		err := t.pipe.drive(r, t.op)
		return t.n, err
	}
}

// tally is what a place has opened in this run, nil before the first time.
func (r *run) tally(place int) *tally {
	if r.tallies == nil {
		r.tallies = make([]*tally, r.program.tallies)
	}
	return r.tallies[place]
}

// keepsNothing tells whether no operator of a pipeline has anything left of one row when the next one comes, even after
// it was left early.
func keepsNothing(p plan.Pipeline) bool {
	for _, op := range p {
		switch o := op.(type) {
		case *plan.AllNodes, *plan.TypeScan, *plan.NodeByID, *plan.LabelScan, *plan.IndexScan, *plan.CheckNode,
			*plan.NodeFilter, *plan.PropertyFilter, *plan.TakeRelationship, *plan.Expand, *plan.VarExpand, *plan.TakeList,
			*plan.BuildPath, *plan.Filter, *plan.Unwind, *plan.Project:
		case *plan.Optional:
			if !keepsNothing(o.Inner) {
				return false
			}
		default:
			return false
		}
	}
	return true
}
