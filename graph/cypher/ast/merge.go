package ast

// Merge is MERGE of one path. Several ON CREATE (or ON MATCH) parts are joined in the order of the text.
type Merge struct {
	Span
	Path     *PathPattern
	OnCreate []SetItem
	OnMatch  []SetItem
}

func (*Merge) clause() {}
