package ast

// Create is CREATE of one or more paths.
type Create struct {
	Span
	Paths []*PathPattern
}

func (*Create) clause() {}
