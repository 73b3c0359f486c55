package exec

import "github.com/hivellm/nexus/graph/cypher/bind"

// barrier is what all writing clauses share: rows wait until the clause has taken the last one, and are then pushed on
// under the new version of the graph.
type barrier struct {
	next operator
	pipe *pipe
	kept buffer
	last bool
}

func newBarrier(next operator, p *pipe, slots []int, last bool) barrier {
	return barrier{next: next, pipe: p, kept: buffer{slots: slots}, last: last}
}

// keep holds the row back; after the last clause nobody wants it.
func (b *barrier) keep(r *run) error {
	if b.last {
		return r.step()
	}
	return b.kept.add(r)
}

// open shows the new version and pushes the rows on.
func (b *barrier) open(r *run) error {
	r.see(r.draft.Graph())
	if b.last {
		return b.next.finish(r)
	}
	return b.kept.replay(r, b.next, b.pipe)
}

// liveSlots are the slots that rows of a writing clause need: what was in scope, and what it makes.
func liveSlots(live []*bind.Symbol, create *bind.Create) []int {
	var list []int
	seen := map[int]bool{}
	add := func(symbol *bind.Symbol) {
		if symbol != nil && symbol.Slot >= 0 && !seen[symbol.Slot] {
			seen[symbol.Slot] = true
			list = append(list, symbol.Slot)
		}
	}
	for _, symbol := range live {
		add(symbol)
	}
	if create == nil {
		return list
	}
	for i := range create.Nodes {
		if create.Nodes[i].Out.Name != "" {
			add(create.Nodes[i].Out)
		}
	}
	for i := range create.Relationships {
		if create.Relationships[i].Out.Name != "" {
			add(create.Relationships[i].Out)
		}
	}
	for _, path := range create.Paths {
		add(path.Symbol)
	}
	return list
}
