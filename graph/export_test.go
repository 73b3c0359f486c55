package graph

// RecountMemory adds up what Graph keeps incrementally: pages, what they hold, and sets.
func (g *Graph) RecountMemory() (kept, counted uint64) {
	kept = g.nodes.bytes + g.relationships.bytes + g.setBytes + g.labelSets.pages.bytes + g.typeSets.pages.bytes + g.keyUses.pages.bytes
	counted = recountSpine(&g.nodes, func(p *nodePage) uint64 {
		total := p.records.memory()
		for _, a := range p.adjacency {
			total += a.memory()
		}
		return total
	})
	counted += recountSpine(&g.relationships, func(p *relationshipPage) uint64 { return p.properties.memory() })
	counted += recountSpine(&g.keyUses.pages, nil)
	for _, sets := range []*table[idSet]{&g.labelSets, &g.typeSets} {
		counted += recountSpine(&sets.pages, func(p *tablePage[idSet]) (total uint64) {
			for i := range p.items {
				total += recountSpine(&p.items[i].pages, nil)
			}
			return total
		})
	}
	return kept, counted
}

func recountSpine[P any](s *spine[P], held func(*P) uint64) uint64 {
	total := uint64(len(s.top)) * 8
	for _, m := range s.top {
		if m == nil {
			continue
		}
		total += allocatedFor[middle[P]]()
		for _, b := range m.branches {
			if b == nil {
				continue
			}
			total += allocatedFor[branch[P]]()
			for _, p := range b.pages {
				if p == nil {
					continue
				}
				total += allocatedFor[P]()
				if held != nil {
					total += held(p)
				}
			}
		}
	}
	return total
}
