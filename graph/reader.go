package graph

import "github.com/hivellm/nexus/graph/value"

// NodeReader reads properties of nodes of one frozen version one after another. It keeps the page and the record it was
// at last, so that several properties of a node, and nodes in the order of their ids, are found with few steps. For one
// goroutine; it holds the version.
type NodeReader struct {
	graph      *Graph
	page       *nodePage
	number     uint64 // of page, whether or not there is one
	id         NodeID
	properties []byte // of id; nil where there is no such node
}

// NewNodeReader begins on a version that no draft writes any more: not one of Peek's.
func NewNodeReader(g *Graph) NodeReader {
	return NodeReader{graph: g, number: noPage, id: NodeID(noPage)}
}

// noPage is neither the number of a page nor an id.
const noPage = ^uint64(0)

// Property is the version's NodeProperty.
func (r *NodeReader) Property(id NodeID, key PropertyKey) value.Value {
	if r.graph.reads != nil {
		r.graph.reads.nodeProperty(r.graph, id, key)
	}
	if r.id != id {
		r.move(id)
	}
	return decodeProperty(findProperty(r.properties, key))
}

func (r *NodeReader) move(id NodeID) {
	if number := uint64(id) >> pageBits; number != r.number {
		r.page, r.number = r.graph.nodes.page(number), number
	}
	r.id, r.properties = id, nil
	if r.page == nil || r.page.live&(1<<(id&pageMask)) == 0 {
		return
	}
	r.properties = nodeProperties(r.page.records.at(uint64(id & pageMask)))
}
