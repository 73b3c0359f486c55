package exec

import (
	"fmt"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// measure is what PROFILE counts of an operator: the rows it passed on and how often it looked at the graph.
type measure struct{ rows, hits uint64 }

// counter stands behind an operator and counts the rows that it passes on.
type counter struct {
	through
	place int
}

func (o *counter) push(r *run) error {
	r.counts[o.place].rows++
	return o.next.push(r)
}

// entrance stands before an operator: what is looked up until it is left again counts as the operator's.
type entrance struct {
	operator
	place int
}

func (o *entrance) push(r *run) error {
	before := r.current
	r.current = o.place
	err := o.operator.push(r)
	r.current = before
	return err
}

func (o *entrance) finish(r *run) error {
	before := r.current
	r.current = o.place
	err := o.operator.finish(r)
	r.current = before
	return err
}

// counted makes a stage that is measured.
func (c *compiler) counted(op plan.Op, s stage) stage {
	place, known := c.program.profile[op]
	if !known {
		place = len(c.program.profile)
		c.program.profile[op] = place
	}
	return func(next operator, p *pipe) operator { return &entrance{s(&counter{through{next}, place}, p), place} }
}

// hit notes a look at the graph for PROFILE.
func (r *run) hit() {
	if r.counts != nil {
		r.counts[r.current].hits++
	}
}

// visit notes a look at the graph and steps.
func (r *run) visit() error {
	r.hit()
	return r.step()
}

// looking makes an expression that looks at the graph count as such. Without PROFILE it is the expression itself.
func (c *compiler) looking(e eval) eval {
	if c.program.profile == nil {
		return e
	}
	return func(r *run) (value.Value, error) {
		r.hit()
		return e(r)
	}
}

// lookingLabels is looking for a test of labels.
func (c *compiler) lookingLabels(test labelTest) labelTest {
	if c.program.profile == nil {
		return test
	}
	return func(r *run, id graph.NodeID) bool {
		r.hit()
		return test(r, id)
	}
}

// profiled is the plan with what each operator did, as text and as a tree.
func (r *run) profiled() (string, *plan.Node) {
	of := func(op plan.Op) measure {
		if place, ok := r.program.profile[op]; ok {
			return r.counts[place]
		}
		return measure{}
	}
	text := r.program.plan.Text(func(op plan.Op) string {
		m := of(op)
		return fmt.Sprintf(" (rows: %d, hits: %d)", m.rows, m.hits)
	})
	return text, r.program.plan.Tree(r.fn.Before, func(op plan.Op) (rows, hits uint64) {
		m := of(op)
		return m.rows, m.hits
	})
}
