package ast

// Shortest says whether a path pattern is wrapped in a shortest-path function.
type Shortest uint8

// The values of Shortest.
const (
	ShortestNone Shortest = iota // a plain pattern
	ShortestOne                  // shortestPath(…)
	ShortestAll                  // allShortestPaths(…)
)

// PathPattern is nodes joined by relationships, perhaps named.
type PathPattern struct {
	Span
	// Variable is the name of the path, nil when anonymous.
	Variable *Variable
	Shortest Shortest
	// Nodes has one element more than Relationships; Relationships[i] stands between Nodes[i] and Nodes[i+1].
	Nodes         []*NodePattern
	Relationships []*RelationshipPattern
}

// NodePattern is `(variable:Labels {properties} WHERE where)`.
type NodePattern struct {
	Span
	// Variable is nil when anonymous.
	Variable *Variable
	// Labels is nil when absent.
	Labels LabelExpr
	// Properties is nil, a *MapLiteral or a *Parameter.
	Properties Expr
	// Where is nil when absent.
	Where Expr
}

// Direction is where the arrow of a relationship pattern points, as read from left to right.
type Direction uint8

// The directions of a relationship pattern.
const (
	DirectionBoth  Direction = iota // -[]- and <-[]->
	DirectionRight                  // -[]->
	DirectionLeft                   // <-[]-
)

// RelationshipPattern is `-[variable:TYPES *range {properties} WHERE where]->`.
type RelationshipPattern struct {
	Span
	Direction Direction
	// Variable is nil when anonymous.
	Variable *Variable
	// Types is nil when any type will do.
	Types LabelExpr
	// Length is nil for exactly one relationship.
	Length *Length
	// Properties is nil, a *MapLiteral or a *Parameter.
	Properties Expr
	// Where is nil when absent.
	Where Expr
}

// Length is the range of a variable length relationship: `*`, `*2` (Min = Max = 2), `*1..3`, `*..3`, `*2..`.
type Length struct {
	Span
	// Min and Max are nil when not written. Neither is negative.
	Min *int64
	Max *int64
}
