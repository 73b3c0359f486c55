package ast

// LabelExpr is what a pattern or a label predicate demands of labels or of a relationship type: *LabelName, *LabelAnd,
// *LabelOr, *LabelNot or *LabelAny.
type LabelExpr interface {
	Node
	labelExpr()
}

// LabelName is one label or type.
type LabelName struct {
	Name
}

// LabelAnd is `A&B` or `A:B`; Terms has at least two elements.
type LabelAnd struct {
	Span
	Terms []LabelExpr
}

// LabelOr is `A|B`; Terms has at least two elements.
type LabelOr struct {
	Span
	Terms []LabelExpr
}

// LabelNot is `!A`.
type LabelNot struct {
	Span
	Term LabelExpr
}

// LabelAny is `%`: at least one label.
type LabelAny struct{ Span }

func (*LabelName) labelExpr() {}
func (*LabelAnd) labelExpr()  {}
func (*LabelOr) labelExpr()   {}
func (*LabelNot) labelExpr()  {}
func (*LabelAny) labelExpr()  {}

// Conjunction returns the names of an expression that is one name or an AND of names, in order. A nil expression gives
// no names and true; any other shape gives false.
func Conjunction(e LabelExpr) ([]Name, bool) {
	and, ok := e.(*LabelAnd)
	if !ok {
		return single(e)
	}
	return names(and.Terms)
}

// Disjunction returns the names of an expression that is one name or an OR of names, in order. A nil expression gives
// no names and true; any other shape gives false.
func Disjunction(e LabelExpr) ([]Name, bool) {
	or, ok := e.(*LabelOr)
	if !ok {
		return single(e)
	}
	return names(or.Terms)
}

func single(e LabelExpr) ([]Name, bool) {
	if e == nil {
		return nil, true
	}
	name, ok := e.(*LabelName)
	if !ok {
		return nil, false
	}
	return []Name{name.Name}, true
}

func names(terms []LabelExpr) ([]Name, bool) {
	list := make([]Name, 0, len(terms))
	for _, term := range terms {
		name, ok := term.(*LabelName)
		if !ok {
			return nil, false
		}
		list = append(list, name.Name)
	}
	return list, true
}
