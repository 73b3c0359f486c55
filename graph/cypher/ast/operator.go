package ast

// Operator is the operator of a Unary, Binary or Chain expression.
type Operator uint8

// The operators.
const (
	OpOr Operator = iota
	OpXor
	OpAnd
	OpNot
	OpEqual
	OpNotEqual
	OpLess
	OpLessEqual
	OpGreater
	OpGreaterEqual
	OpIn
	OpStartsWith
	OpEndsWith
	OpContains
	OpMatches
	OpAdd
	OpSubtract
	OpMultiply
	OpDivide
	OpModulo
	OpPower
	OpPlus  // unary +
	OpMinus // unary -
)

var operatorText = [...]string{
	OpOr: "OR", OpXor: "XOR", OpAnd: "AND", OpNot: "NOT",
	OpEqual: "=", OpNotEqual: "<>", OpLess: "<", OpLessEqual: "<=", OpGreater: ">", OpGreaterEqual: ">=",
	OpIn: "IN", OpStartsWith: "STARTS WITH", OpEndsWith: "ENDS WITH", OpContains: "CONTAINS", OpMatches: "=~",
	OpAdd: "+", OpSubtract: "-", OpMultiply: "*", OpDivide: "/", OpModulo: "%", OpPower: "^",
	OpPlus: "+", OpMinus: "-",
}

// String returns the operator as it is written.
func (o Operator) String() string { return operatorText[o] }

// Compares says whether the operator is one of = <> < <= > >=.
func (o Operator) Compares() bool { return o >= OpEqual && o <= OpGreaterEqual }
