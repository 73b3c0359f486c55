package bind

import (
	"slices"

	"github.com/hivellm/nexus/graph/cypher/ast"
)

// scope is the names that can be seen at one place, in the order they came.
type scope struct {
	symbols []*Symbol
	parent  *scope
}

func (s *scope) lookup(name string) *Symbol {
	for at := s; at != nil; at = at.parent {
		for i := len(at.symbols) - 1; i >= 0; i-- {
			if at.symbols[i].Name == name {
				return at.symbols[i]
			}
		}
	}
	return nil
}

// add makes a name visible; an empty name is kept for its slot only.
func (s *scope) add(symbol *Symbol) { s.symbols = append(s.symbols, symbol) }

// inner is a scope that sees all of this one.
func (s *scope) inner() *scope { return &scope{parent: s} }

// all lists what can be seen, outermost first; the nearer one of two equal names only.
func (s *scope) all() []*Symbol {
	if s == nil {
		return nil
	}
	symbols := s.parent.all()
	for _, symbol := range s.symbols {
		symbols = slices.DeleteFunc(symbols, func(o *Symbol) bool { return symbol.Name != "" && o.Name == symbol.Name })
		symbols = append(symbols, symbol)
	}
	return symbols
}

// symbol makes a new symbol with a slot of its own.
func (b *binder) symbol(name string, t Type) *Symbol {
	s := &Symbol{Name: name, Slot: b.query.Width, Type: t}
	b.query.Width++
	return s
}

// declare makes a symbol for a variable that is declared here.
func (b *binder) declare(s *scope, v *ast.Variable, t Type) *Symbol {
	symbol := b.symbol(v.Name, t)
	b.query.Refs[v] = symbol
	s.add(symbol)
	return symbol
}

// use finds the symbol of a variable.
func (b *binder) use(s *scope, v *ast.Variable) (*Symbol, error) {
	symbol := s.lookup(v.Name)
	if symbol == nil {
		return nil, b.fail(v, ast.SyntaxError, "UndefinedVariable", "variable `%s` is not defined", v.Name)
	}
	b.query.Refs[v] = symbol
	return symbol, nil
}

func (b *binder) alreadyBound(v *ast.Variable) error {
	return b.fail(v, ast.SyntaxError, "VariableAlreadyBound", "variable `%s` is already declared", v.Name)
}
