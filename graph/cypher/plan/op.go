package plan

import (
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/bind"
)

// Plan is a query's plan.
type Plan struct {
	Query *bind.Query
	Rules Rules
	Root  *Union
	// Patterns and Subqueries are the plans of what matches within expressions.
	Patterns   map[ast.Expr]Pipeline
	Subqueries map[*ast.Subquery]*Union
	// looks are what was asked of the graph.
	looks []look
}

// Union is one or more pipelines whose rows are joined.
type Union struct {
	Bound *bind.Union
	Parts []Pipeline
}

// Pipeline is operators in the order rows flow.
type Pipeline []Op

// Op is one operator.
type Op interface{ line() string }

// AllNodes finds every node.
type AllNodes struct{ Node *bind.Node }

// LabelScan finds the nodes with a label.
type LabelScan struct {
	Node  *bind.Node
	Label string
}

// NodeByID finds the node with an id or, with Element, an element id.
type NodeByID struct {
	Node    *bind.Node
	Value   ast.Expr
	Element bool
}

// TypeScan finds the relationships of some types; a TakeRelationship that finds their ends follows.
type TypeScan struct {
	Relationship *bind.Relationship
	Types        []string
}

// CheckNode lets rows pass whose symbol is a node of the graph.
type CheckNode struct{ Node *bind.Node }

// NodeFilter checks labels and properties that a pattern demands of a node.
type NodeFilter struct{ Node *bind.Node }

// TakeRelationship finds the ends of a relationship that is known.
type TakeRelationship struct {
	Relationship *bind.Relationship
	// LeftKnown and RightKnown say which ends have values already.
	LeftKnown, RightKnown bool
	Unique                []*bind.Relationship
}

// Expand follows relationships from a known node. With Into the other end is known too.
type Expand struct {
	Relationship *bind.Relationship
	From, To     *bind.Node
	Direction    graph.Direction
	Into         bool
	// Reversed is true when From is the right end of the pattern as written.
	Reversed bool
	// Unique are the relationships of the same pattern found before.
	Unique []*bind.Relationship
}

// VarExpand follows a variable number of relationships. Unlisted says that nobody looks at the list of them.
type VarExpand struct {
	Expand
	Unlisted bool
}

// TakeList walks a list of relationships that is known.
type TakeList struct{ Expand }

// ShortestPath finds shortest paths between two known nodes.
type ShortestPath struct{ Expand }

// BuildPath makes a path of what was matched.
type BuildPath struct{ Path *bind.PathUse }

// Filter lets rows pass for which an expression is true.
type Filter struct{ Expr ast.Expr }

// Optional passes each row of its pipeline or, if there is none, one row of nulls.
type Optional struct {
	Inner Pipeline
	Nulls []*bind.Symbol
}

// Unwind passes one row for each element of a list.
type Unwind struct{ Clause *bind.Unwind }

// Project computes new columns.
type Project struct{ Items []bind.Item }

// Aggregate groups rows.
type Aggregate struct {
	Keys       []bind.Item
	Aggregates []bind.Aggregate
}

// CountStore answers a count from the graph's figures.
type CountStore struct {
	Label, Type string
	// Relationships says what is counted.
	Relationships bool
	Slot          int
}

// Distinct drops rows seen before.
type Distinct struct{ Out []*bind.Symbol }

// Sort orders rows; Limit, if not nil, and Skip say how many are needed at most.
type Sort struct {
	Keys        []bind.SortKey
	Out         []*bind.Symbol
	Skip, Limit ast.Expr
}

// Skip drops the first rows.
type Skip struct{ Count ast.Expr }

// Limit lets only the first rows pass.
type Limit struct{ Count ast.Expr }

// Create, Merge, Update, Delete, Foreach, Call and CallSubquery are the clauses of those names. Last is true when no
// clause follows, so that rows need not be kept.
type Create struct {
	Clause *bind.Create
	Last   bool
}

// Merge is MERGE; Match finds what is there.
type Merge struct {
	Clause *bind.Merge
	Match  Pipeline
	Last   bool
}

// Update is SET and REMOVE.
type Update struct {
	Clause *bind.Update
	Last   bool
}

// Delete is DELETE.
type Delete struct {
	Clause *bind.Delete
	Last   bool
}

// Foreach is FOREACH.
type Foreach struct {
	Clause *bind.Foreach
	Body   Pipeline
	Last   bool
}

// Call is CALL of a procedure.
type Call struct{ Clause *bind.Call }

// CallSubquery is CALL { }.
type CallSubquery struct {
	Clause *bind.CallSubquery
	Inner  *Union
	Last   bool
}
