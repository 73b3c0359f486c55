package exec

import (
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// each goes through a list, its element in a slot, until visit says stop. False means that the list is null.
func each(r *run, list eval, at ast.Node, slot int, visit func(r *run) (more bool, err error)) (bool, error) {
	v, err := list(r)
	if err != nil || v.IsNull() {
		return false, err
	}
	if v.Kind() != value.KindList {
		return false, fail(at, ast.TypeError, "InvalidArgumentType", "a list is needed, found %s", v.Kind())
	}
	for _, item := range v.List() {
		if err := r.step(); err != nil {
			return false, err
		}
		r.row[slot] = item
		more, err := visit(r)
		if err != nil {
			return false, err
		}
		if !more {
			break
		}
	}
	return true, nil
}

func (c *compiler) comprehension(x *ast.ListComprehension) eval {
	list, slot := c.expr(x.List), c.slot(x.Variable)
	where, projection := c.optionalExpr(x.Where), c.optionalExpr(x.Projection)
	return func(r *run) (value.Value, error) {
		var out []value.Value
		var grown int64
		known, err := each(r, list, x.List, slot, func(r *run) (bool, error) {
			if where != nil {
				if t, err := truth(r, where, x.Where); err != nil || t != value.True {
					return true, err
				}
			}
			v := r.row[slot]
			if projection != nil {
				var err error
				if v, err = projection(r); err != nil {
					return false, err
				}
			}
			out = append(out, v)
			grown += weight(v)
			return true, r.within(grown)
		})
		if err != nil || !known {
			return value.Null, err
		}
		return value.List(out), nil
	}
}

func (c *compiler) quantifier(x *ast.Quantifier) eval {
	list, slot, where := c.expr(x.List), c.slot(x.Variable), c.optionalExpr(x.Where)
	return func(r *run) (value.Value, error) {
		var yes, no, unknown int
		known, err := each(r, list, x.List, slot, func(r *run) (bool, error) {
			t := value.Unknown
			var err error
			if where != nil {
				t, err = truth(r, where, x.Where)
			} else {
				t, err = truth(r, slotEval(slot), x.List)
			}
			switch t {
			case value.True:
				yes++
			case value.False:
				no++
			default:
				unknown++
			}
			return true, err
		})
		if err != nil || !known {
			return value.Null, err
		}
		return quantified(x.Kind, yes, no, unknown).Value(), nil
	}
}

// quantified is the answer of a quantifier over so many true, false and unknown elements.
func quantified(kind ast.QuantifierKind, yes, no, unknown int) value.Ternary {
	maybe := func(certain value.Ternary) value.Ternary {
		if unknown > 0 {
			return value.Unknown
		}
		return certain
	}
	switch kind {
	case ast.QuantifierAny:
		if yes > 0 {
			return value.True
		}
		return maybe(value.False)
	case ast.QuantifierNone:
		if yes > 0 {
			return value.False
		}
		return maybe(value.True)
	case ast.QuantifierAll:
		if no > 0 {
			return value.False
		}
		return maybe(value.True)
	}
	if yes > 1 {
		return value.False
	}
	return maybe(value.TernaryOf(yes == 1))
}

func (c *compiler) reduce(x *ast.Reduce) eval {
	initial, list, step := c.expr(x.Initial), c.expr(x.List), c.expr(x.Step)
	accumulator, slot := c.slot(x.Accumulator), c.slot(x.Variable)
	return func(r *run) (value.Value, error) {
		v, err := initial(r)
		if err != nil {
			return value.Null, err
		}
		r.row[accumulator] = v
		known, err := each(r, list, x.List, slot, func(r *run) (bool, error) {
			v, err := step(r)
			r.row[accumulator] = v
			return true, err
		})
		if err != nil || !known {
			return value.Null, err
		}
		return r.row[accumulator], nil
	}
}

// patternExpr is a pattern as a condition, or a shortest path as a value.
func (c *compiler) patternExpr(x *ast.PatternExpr) eval {
	use := c.query.Patterns[x]
	match := c.line(c.plan.Patterns[x])
	if x.Pattern.Shortest == ast.ShortestAll {
		return collected(match, slotEval(use.Path.Slot))
	}
	rows := c.tally(match, c.plan.Patterns[x], true)
	if x.Pattern.Shortest == ast.ShortestNone {
		return func(r *run) (value.Value, error) {
			n, err := rows(r)
			return value.Bool(n > 0), err
		}
	}
	slot := use.Path.Slot
	return func(r *run) (value.Value, error) {
		n, err := rows(r)
		if err != nil || n == 0 {
			return value.Null, err
		}
		return r.row[slot], nil
	}
}

// collected is the list of an expression's values over all rows of a pipeline.
func collected(l line, e eval) eval {
	return func(r *run) (value.Value, error) {
		var out []value.Value
		var grown int64
		err := l.run(r, tailFunc(func(r *run) error {
			v, err := e(r)
			if err != nil {
				return err
			}
			out = append(out, v)
			grown += weight(v)
			return r.within(grown)
		}))
		if err != nil {
			return value.Null, err
		}
		return value.List(out), nil
	}
}

func (c *compiler) patternComprehension(x *ast.PatternComprehension) eval {
	return collected(c.line(c.plan.Patterns[x]), c.expr(x.Projection))
}

func (c *compiler) subquery(x *ast.Subquery) eval {
	planned := c.plan.Subqueries[x]
	u := c.union(planned)
	if len(u.parts) == 1 && x.Kind != ast.SubqueryCollect {
		return c.tallied(x.Kind, u.parts[0], planned.Parts[0])
	}
	switch x.Kind {
	case ast.SubqueryExists:
		return func(r *run) (value.Value, error) {
			defer r.forget(r.memory)
			p, found := &pipe{}, false
			err := u.run(r, tailFunc(func(*run) error {
				found = true
				return p
			}))
			return value.Bool(found), p.absorb(err)
		}
	case ast.SubqueryCount:
		return func(r *run) (value.Value, error) {
			n := int64(0)
			err := u.run(r, tailFunc(func(*run) error {
				n++
				return nil
			}))
			return value.Int(n), err
		}
	}
	slot := u.to[0]
	return func(r *run) (value.Value, error) {
		var out []value.Value
		err := u.run(r, tailFunc(func(r *run) error {
			out = append(out, r.row[slot])
			return r.within(int64(len(out)) * valueBytes)
		}))
		return value.List(out), err
	}
}

// tallied is EXISTS { } or COUNT { } of a single query.
func (c *compiler) tallied(kind ast.SubqueryKind, l line, from plan.Pipeline) eval {
	rows := c.tally(l, from, kind == ast.SubqueryExists)
	return func(r *run) (value.Value, error) {
		n, err := rows(r)
		if kind == ast.SubqueryExists {
			return value.Bool(n > 0), err
		}
		return value.Int(n), err
	}
}
