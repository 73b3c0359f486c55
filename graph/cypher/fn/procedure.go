package fn

import (
	"strings"

	"github.com/hivellm/nexus/graph/value"
)

// Procedure is what CALL runs: rows for arguments. It is registered by the caller of the query engine.
type Procedure struct {
	// Name with its namespace: "db.labels". Names compare with case.
	Name string
	// Params are the arguments in order; a standalone CALL without parentheses takes them from the statement's
	// parameters of the same names. Null is taken for every one.
	Params []Param
	// Columns are the names that YIELD takes, in order. A procedure without columns makes no rows, and lets the rows
	// of the query around it pass.
	Columns []string
	// Call runs the procedure: yield is called for each row, as long as Columns, and its error ends the call. Rows
	// and args are not kept.
	Call func(c *Context, args []value.Value, yield func(row []value.Value) error) error
}

// Procedures finds procedures by name; the nil map has none. It must not change while queries run.
type Procedures map[string]*Procedure

// NewProcedures makes a registry; of equal names the last wins.
func NewProcedures(all ...*Procedure) Procedures {
	p := make(Procedures, len(all))
	for _, one := range all {
		p[one.Name] = one
	}
	return p
}

// Accepts tells whether an argument of kind k may stand for parameter i. An integer may stand for a float.
func (p *Procedure) Accepts(i int, k value.Kind) bool {
	t := p.Params[i].Types
	return k == value.KindNull || t.Has(k) || k == value.KindInt && t.Has(value.KindFloat)
}

// Signature is the procedure's name, parameters and columns for messages: "db.labels() :: (label)".
func (p *Procedure) Signature() string {
	names := make([]string, len(p.Params))
	for i, q := range p.Params {
		names[i] = q.Name + " :: " + q.Types.String()
	}
	return p.Name + "(" + strings.Join(names, ", ") + ") :: (" + strings.Join(p.Columns, ", ") + ")"
}
