package exec

// operator takes rows: push for each one, standing in the run's row, then finish once.
type operator interface {
	push(r *run) error
	finish(r *run) error
}

// pipe is one pipeline under way. It is also the error with which LIMIT ends it early.
type pipe struct{ _ byte }

// Error implements error; it is never shown.
func (p *pipe) Error() string { return "enough rows" }

// stage makes an operator for one execution.
type stage func(next operator, p *pipe) operator

// line is a compiled pipeline.
type line []stage

// open joins the stages before a tail.
func (l line) open(tail operator, p *pipe) operator {
	op := tail
	for i := len(l) - 1; i >= 0; i-- {
		op = l[i](op, p)
	}
	return op
}

// run pushes one row, which stands in r already, through the pipeline into the tail.
func (l line) run(r *run, tail operator) error {
	p := &pipe{}
	return p.drive(r, l.open(tail, p))
}

// drive pushes one row and then finishes.
func (p *pipe) drive(r *run, op operator) error {
	if err := p.absorb(op.push(r)); err != nil {
		return err
	}
	return p.absorb(op.finish(r))
}

// absorb drops the error by which this very pipeline was told to stop.
func (p *pipe) absorb(err error) error {
	if err == error(p) {
		return nil
	}
	return err
}

// through is an operator that passes the end of rows on.
type through struct{ next operator }

func (t *through) finish(r *run) error { return t.next.finish(r) }

// tailFunc is a tail that calls a function for each row.
type tailFunc func(r *run) error

func (t tailFunc) push(r *run) error { return t(r) }
func (tailFunc) finish(*run) error   { return nil }

// union is compiled pipelines whose rows go to the same columns.
type union struct {
	parts    []line
	from     [][]int // per part, the slots of its columns
	to       []int
	distinct bool
}

// run pushes the rows of all parts into the tail; the columns stand in the slots `to`.
func (u *union) run(r *run, tail operator) error {
	if len(u.parts) == 1 {
		return u.parts[0].run(r, tail)
	}
	var seen *rowSet
	if u.distinct {
		seen = newRowSet(len(u.to))
		defer seen.release(r)
	}
	for i, part := range u.parts {
		from := u.from[i]
		join := tailFunc(func(r *run) error {
			for j, slot := range u.to {
				r.row[slot] = r.row[from[j]]
			}
			if seen != nil {
				fresh, err := seen.add(r, u.to)
				if err != nil || !fresh {
					return err
				}
			}
			return tail.push(r)
		})
		if err := part.run(r, join); err != nil {
			return err
		}
	}
	return tail.finish(r)
}
