package exec

import (
	"fmt"
	"slices"

	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/bind"
	"github.com/hivellm/nexus/graph/cypher/plan"
)

// compiler turns one plan into a program.
type compiler struct {
	query   *bind.Query
	plan    *plan.Plan
	program *program
}

func compile(q *bind.Query, p *plan.Plan) *program {
	c := &compiler{query: q, plan: p, program: &program{
		text: q.Text, columns: q.Columns, writes: q.Writes, deletes: q.Deletes, params: q.Parameters, paramAt: q.ParameterAt, plan: p,
	}}
	c.program.width = q.Width
	if q.Mode == ast.ModeProfile {
		c.program.profile = map[plan.Op]int{}
	}
	c.program.root = c.union(p.Root)
	for _, out := range p.Root.Bound.Out {
		c.program.out = append(c.program.out, out.Slot)
	}
	return c.program
}

func slots(symbols []*bind.Symbol) []int {
	list := make([]int, len(symbols))
	for i, symbol := range symbols {
		list[i] = symbol.Slot
	}
	return list
}

// token finds or adds a name in one of the program's tables.
func token(table *[]string, name string) int {
	if i := slices.Index(*table, name); i >= 0 {
		return i
	}
	*table = append(*table, name)
	return len(*table) - 1
}

func (c *compiler) key(name string) int   { return token(&c.program.keys, name) }
func (c *compiler) label(name string) int { return token(&c.program.labels, name) }
func (c *compiler) typ(name string) int   { return token(&c.program.types, name) }

func (c *compiler) union(u *plan.Union) *union {
	out := &union{distinct: !u.Bound.All}
	for i, part := range u.Parts {
		out.parts = append(out.parts, c.line(part))
		out.from = append(out.from, slots(u.Bound.Parts[i].Out))
	}
	out.to = slots(u.Bound.Out)
	return out
}

func (c *compiler) line(p plan.Pipeline) line {
	var l line
	for _, op := range p {
		s := c.stage(op)
		if c.program.profile != nil {
			s = c.counted(op, s)
		}
		l = append(l, s)
	}
	return l
}

func (c *compiler) stage(op plan.Op) stage {
	switch o := op.(type) {
	case *plan.AllNodes:
		return c.allNodes(o)
	case *plan.TypeScan:
		return c.typeScan(o)
	case *plan.NodeByID:
		return c.nodeByID(o)
	case *plan.LabelScan:
		return c.labelScan(o)
	case *plan.IndexScan:
		return c.indexScan(o)
	case *plan.CheckNode:
		return c.checkNode(o)
	case *plan.NodeFilter:
		return c.nodeFilter(o)
	case *plan.PropertyFilter:
		return c.propertyFilter(o)
	case *plan.TakeRelationship:
		return c.takeRelationship(o)
	case *plan.Expand:
		return c.expand(o)
	case *plan.VarExpand:
		return c.varExpand(o)
	case *plan.TakeList:
		return c.takeList(o)
	case *plan.ShortestPath:
		return c.shortestPath(o)
	case *plan.BuildPath:
		return c.buildPath(o.Path)
	case *plan.Filter:
		return c.filter(o.Expr)
	case *plan.CountStore:
		return c.countStore(o)
	default:
		return c.clauseStage(op)
	}
}

func (c *compiler) clauseStage(op plan.Op) stage {
	switch o := op.(type) {
	case *plan.Optional:
		return c.optional(o)
	case *plan.Unwind:
		return c.unwind(o)
	case *plan.Project:
		return c.project(o)
	case *plan.Aggregate:
		return c.aggregate(o)
	case *plan.Distinct:
		return c.distinct(o)
	case *plan.Sort:
		return c.sort(o)
	case *plan.Skip:
		return c.skip(o)
	case *plan.Limit:
		return c.limit(o)
	case *plan.Create:
		return c.create(o)
	case *plan.Merge:
		return c.merge(o)
	case *plan.Update:
		return c.update(o)
	case *plan.Delete:
		return c.delete(o)
	case *plan.Foreach:
		return c.foreach(o)
	case *plan.Call:
		return c.call(o)
	case *plan.CallSubquery:
		return c.callSubquery(o)
	}
	panic(fmt.Sprintf("exec: no stage for %T", op))
}
