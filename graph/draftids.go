package graph

import "math"

// Block is a run of ids that was reserved for one draft.
type Block struct{ First, Count uint64 }

// idBlocks gives a draft its ids.
type idBlocks struct {
	of   [2]Block // what is left, by EntityKind
	more func(EntityKind) (Block, error)
}

// UseIDs makes later creations take their ids from here on: everything from there is the draft's.
func (d *Draft) UseIDs(node, relationship uint64) {
	d.blocks = &idBlocks{of: [2]Block{
		NodeEntity:         {node, math.MaxUint64 - node},
		RelationshipEntity: {relationship, math.MaxUint64 - relationship},
	}}
}

// UseBlocks makes later creations take their ids from blocks that more reserves, each time when the last is used up. It
// may wait; its error is the creation's.
func (d *Draft) UseBlocks(more func(EntityKind) (Block, error)) { d.blocks = &idBlocks{more: more} }

// TakeUnused takes what is left of the last block of either kind, by EntityKind: later creations need new blocks.
func (d *Draft) TakeUnused() (unused [2]Block) {
	if d.blocks != nil {
		unused, d.blocks.of = d.blocks.of, [2]Block{}
	}
	return unused
}

// nextID returns the id that the next creation gets; took says that it got it.
func (d *Draft) nextID(kind EntityKind) (uint64, error) {
	switch {
	case d.blocks == nil && kind == NodeEntity:
		return d.m.g.meta.NextNode, nil
	case d.blocks == nil:
		return d.m.g.meta.NextRelationship, nil
	}
	block := &d.blocks.of[kind]
	if block.Count == 0 {
		reserved, err := d.blocks.more(kind)
		if err != nil {
			return 0, err
		}
		*block = reserved
	}
	return block.First, nil
}

func (d *Draft) took(kind EntityKind) {
	if d.blocks != nil {
		block := &d.blocks.of[kind]
		block.First, block.Count = block.First+1, block.Count-1
	}
}
