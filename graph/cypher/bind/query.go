package bind

import (
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/fn"
)

// Symbol is one variable, named or not, of one scope.
type Symbol struct {
	Name string
	Slot int
	Type Type
}

// Query is a bound text.
type Query struct {
	Text string
	Mode ast.Mode
	// Root is nil for a schema command, which stands in Schema.
	Root   *Union
	Schema ast.Statement
	// Width is how many slots a row has.
	Width      int
	Columns    []string
	Parameters []string
	// ParameterAt are the byte offsets at which the parameters stand first.
	ParameterAt []int
	Writes      bool
	// Deletes tells whether entities may vanish while the query runs.
	Deletes bool
	// Refs finds the symbol of a variable, used or declared.
	Refs map[*ast.Variable]*Symbol
	// Slots holds expressions that are not computed but read from a slot: aggregates, and what ORDER BY or an
	// aggregating item share with the projection.
	Slots map[ast.Expr]int
	// Patterns and Subqueries hold the bound form of expressions that match.
	Patterns   map[ast.Expr]*PatternUse
	Subqueries map[*ast.Subquery]*Union
}

// PatternUse is a pattern within an expression: *ast.PatternExpr or *ast.PatternComprehension.
type PatternUse struct {
	Pattern *Pattern
	Where   ast.Expr
	// Path is the pattern's path symbol; nil when the path is not needed.
	Path *Symbol
}

// Union is one or more parts with the same columns.
type Union struct {
	All   bool
	Parts []*Part
	// Out are the symbols of the columns, written by each part.
	Out []*Symbol
}

// Part is one row of clauses.
type Part struct {
	Clauses []Clause
	Columns []string
	// Out are the columns' symbols; nil when the part returns nothing.
	Out    []*Symbol
	Writes bool
}

// Clause is a bound clause.
type Clause interface{ clause() }

// Match is MATCH.
type Match struct {
	Optional bool
	Pattern  *Pattern
	Where    ast.Expr
	// Live are the symbols in scope before the clause.
	Live []*Symbol
}

// Unwind is UNWIND.
type Unwind struct {
	List ast.Expr
	Out  *Symbol
}

// Project is WITH or RETURN.
type Project struct {
	// Items are computed for each row; with aggregates they are the grouping keys.
	Items []Item
	// Aggregating is true when rows are grouped.
	Aggregating bool
	Aggregates  []Aggregate
	// After are computed for each group.
	After    []Item
	Distinct bool
	OrderBy  []SortKey
	Skip     ast.Expr
	Limit    ast.Expr
	Where    ast.Expr
	// Out are the symbols of the new scope in the order of the columns.
	Out []*Symbol
	// Returns is true for RETURN.
	Returns bool
}

// Item is an expression and the symbol that gets its value.
type Item struct {
	Expr ast.Expr
	Out  *Symbol
}

// Aggregate is one aggregating call.
type Aggregate struct {
	Function *fn.Aggregate
	Distinct bool
	Args     []ast.Expr
	Slot     int
	Call     ast.Expr
}

// SortKey is a key of ORDER BY.
type SortKey struct {
	Expr       ast.Expr
	Descending bool
}

// Create is CREATE.
type Create struct {
	Nodes         []CreateNode
	Relationships []CreateRelationship
	Paths         []*PathUse
	// ReadsOwn is true when a value may depend on what the clause itself makes: then each part is made before the values
	// of the next are computed.
	ReadsOwn bool
	Live     []*Symbol
}

// CreateNode is a node to create.
type CreateNode struct {
	// Path is the place, in the clause, of the path that the part first stands in.
	Path       int
	Out        *Symbol
	Labels     []string
	Properties ast.Expr
}

// CreateRelationship is a relationship to create.
type CreateRelationship struct {
	Path       int
	Out        *Symbol
	Type       string
	From, To   *Symbol
	Properties ast.Expr
	At         ast.Node
}

// Merge is MERGE.
type Merge struct {
	// Pattern is what is looked for, Create what is made where nothing was found.
	Pattern  *Pattern
	Create   *Create
	OnCreate []Write
	OnMatch  []Write
	Live     []*Symbol
	At       ast.Node
}

// Write is one item of SET or REMOVE.
type Write struct {
	Kind   WriteKind
	Target ast.Expr
	Key    string
	Labels []string
	Value  ast.Expr
	At     ast.Node
}

// WriteKind is what a Write does.
type WriteKind uint8

// The kinds of Write.
const (
	SetProperty WriteKind = iota
	ReplaceProperties
	AddProperties
	SetLabels
	RemoveProperty
	RemoveLabels
)

// Update is SET or REMOVE.
type Update struct {
	Writes []Write
	Live   []*Symbol
}

// Delete is DELETE.
type Delete struct {
	Detach  bool
	Targets []ast.Expr
	Live    []*Symbol
	At      ast.Node
}

// Foreach is FOREACH.
type Foreach struct {
	List ast.Expr
	Out  *Symbol
	Body []Clause
	Live []*Symbol
}

// Call is CALL of a procedure.
type Call struct {
	Name string
	// Arity is how many arguments the procedure takes; Implicit takes them from parameters.
	Args     []ast.Expr
	Implicit []string
	// Fields are the procedure's columns that are wanted, by place, and their symbols.
	Fields []int
	Out    []*Symbol
	Where  ast.Expr
	At     ast.Node
}

// CallSubquery is CALL { }.
type CallSubquery struct {
	Query *Union
	// Returns is true when the inner query has columns; otherwise each row passes once.
	Returns bool
	Writes  bool
	Live    []*Symbol
}

func (*Match) clause()        {}
func (*Unwind) clause()       {}
func (*Project) clause()      {}
func (*Create) clause()       {}
func (*Merge) clause()        {}
func (*Update) clause()       {}
func (*Delete) clause()       {}
func (*Foreach) clause()      {}
func (*Call) clause()         {}
func (*CallSubquery) clause() {}

// Pattern is a graph to match: nodes, relationships between them, and paths over both.
type Pattern struct {
	Nodes         []*Node
	Relationships []*Relationship
	Paths         []*PathUse
}

// Node is a node of a pattern.
type Node struct {
	Symbol *Symbol
	// Bound is true when the symbol has a value before the clause.
	Bound bool
	// Labels, Properties and Wheres gather what all its places in the pattern demand.
	Labels     []ast.LabelExpr
	Properties []PropertyTest
	Wheres     []ast.Expr
}

// PropertyTest demands that a property equals a value.
type PropertyTest struct {
	Key   string
	Value ast.Expr
}

// Relationship is a relationship of a pattern, from left to right as written.
type Relationship struct {
	Symbol    *Symbol
	Bound     bool
	Left      *Node
	Right     *Node
	Direction ast.Direction
	Types     ast.LabelExpr
	// Variable is true for a variable length; Max is -1 without a bound.
	Variable   bool
	Min, Max   int64
	Properties []PropertyTest
	Where      ast.Expr
	// Shortest is how many of the paths are wanted, when wrapped in a shortest-path function.
	Shortest ast.Shortest
}

// PathUse is a path of a pattern: its symbols from left to right.
type PathUse struct {
	// Symbol is nil when the path has no name.
	Symbol        *Symbol
	Nodes         []*Symbol
	Relationships []*Relationship
	// Created holds the relationships' symbols where the path is created rather than matched.
	Created []*Symbol
}
