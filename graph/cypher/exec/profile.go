package exec

import (
	"fmt"

	"github.com/hivellm/nexus/graph/cypher/plan"
)

// counter counts the rows that one operator passes on, for PROFILE.
type counter struct {
	through
	place int
}

func (o *counter) push(r *run) error {
	r.counts[o.place]++
	return o.next.push(r)
}

// counted makes a stage whose rows are counted.
func (c *compiler) counted(op plan.Op, s stage) stage {
	place, known := c.program.profile[op]
	if !known {
		place = len(c.program.profile)
		c.program.profile[op] = place
	}
	return func(next operator, p *pipe) operator { return s(&counter{through{next}, place}, p) }
}

// profiled is the plan with the rows that each operator passed on.
func (r *run) profiled() string {
	if r.program.profile == nil {
		return ""
	}
	return r.program.plan.Text(func(op plan.Op) string {
		place, ok := r.program.profile[op]
		if !ok {
			return ""
		}
		return fmt.Sprintf(" (rows: %d)", r.counts[place])
	})
}
