package ast

// Span is a half-open range of byte offsets in the query text.
type Span struct {
	Start int
	End   int
}

// Pos returns the span itself; embedding Span makes a struct a Node.
func (s Span) Pos() Span { return s }

// Text returns the part of text that the span covers.
func (s Span) Text(text string) string { return text[s.Start:s.End] }

// Node is anything that has a place in the query text.
type Node interface {
	Pos() Span
}

// Statement is what a Query holds: *RegularQuery, *CreateIndex, *DropIndex, *CreateConstraint, *DropConstraint,
// *ShowIndexes or *ShowConstraints.
type Statement interface {
	Node
	statement()
}

// Clause is one step of a SingleQuery or the body of a Foreach.
type Clause interface {
	Node
	clause()
}

// Expr is anything that has a value.
type Expr interface {
	Node
	expr()
}

// Name is a label, relationship type, property key, index, function or procedure name with its place. Text is unescaped.
type Name struct {
	Span
	Text string
}

// Variable is a name that stands for a value. It is an Expr where it is used, and a plain field where it is declared.
type Variable struct {
	Span
	Name string
}

func (*Variable) expr() {}
