package ast

import (
	"strings"
	"testing"
)

func TestPosition_CountsCharacters(t *testing.T) {
	const text = "aé\n\tü=日x"
	for _, c := range []struct{ offset, line, column int }{
		{-1, 1, 1}, {0, 1, 1}, {1, 1, 2}, {3, 1, 3}, {4, 2, 1}, {5, 2, 2}, {7, 2, 3}, {8, 2, 4}, {11, 2, 5}, {99, 2, 6},
	} {
		if line, column := Position(text, c.offset); line != c.line || column != c.column {
			t.Errorf("offset %d is line %d, column %d, want %d, %d", c.offset, line, column, c.line, c.column)
		}
	}
}

func TestError_CaretStandsUnderThePlace(t *testing.T) {
	long := strings.Repeat("x", 500)
	for name, c := range map[string]struct {
		text   string
		offset int
		want   string
	}{
		"first line":      {"MATCH é x\nRETURN", 9, "MATCH é x\n        ^"},
		"last line":       {"MATCH\r\n\tRETURN x", 8, " RETURN x\n ^"},
		"end of a line":   {"MATCH\r\nRETURN", 5, "MATCH\n     ^"},
		"end of the text": {"RETURN", 6, "RETURN\n      ^"},
		"empty":           {"", 0, "\n^"},
		"long":            {long, 250, strings.Repeat("x", 2*caretWidth) + "\n" + strings.Repeat(" ", caretWidth) + "^"},
	} {
		if got := NewError(c.text, c.offset, "UnexpectedSyntax", "no").Caret(c.text); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

func TestError_SaysWhatWhereAndWhatToDo(t *testing.T) {
	e := NewError("a\nbc", 3, "UnexpectedSyntax", "no")
	e.Hint = "try"
	if got, want := e.Error(), "SyntaxError (UnexpectedSyntax): no (line 2, column 2); try"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestQuoteName_QuotesWhatIsNoPlainName(t *testing.T) {
	for name, want := range map[string]string{
		"a": "a", "_1": "_1", "größe": "größe", "日本": "日本", "where": "where", "": "``", "1a": "`1a`", "a b": "`a b`", "a`b": "`a``b`",
	} {
		if got := QuoteName(name); got != want {
			t.Errorf("%q is written %s, want %s", name, got, want)
		}
	}
	for name, want := range map[string]string{"where": "`where`", "Exists": "`Exists`", "a": "a", "a b": "`a b`"} {
		if got := QuoteVariable(name); got != want {
			t.Errorf("variable %q is written %s, want %s", name, got, want)
		}
	}
}

func TestConjunction_AndDisjunctionTakePlainShapesOnly(t *testing.T) {
	a, b := &LabelName{Name{Text: "A"}}, &LabelName{Name{Text: "B"}}
	and, or := &LabelAnd{Terms: []LabelExpr{a, b}}, &LabelOr{Terms: []LabelExpr{a, b}}
	for _, c := range []struct {
		expr                     LabelExpr
		conjunction, disjunction bool
		count                    int
	}{
		{nil, true, true, 0}, {a, true, true, 1}, {and, true, false, 2}, {or, false, true, 2},
		{&LabelNot{Term: a}, false, false, 0}, {&LabelAny{}, false, false, 0},
		{&LabelAnd{Terms: []LabelExpr{a, or}}, false, false, 0}, {&LabelOr{Terms: []LabelExpr{a, and}}, false, false, 0},
	} {
		for _, shape := range []struct {
			of   func(LabelExpr) ([]Name, bool)
			want bool
		}{{Conjunction, c.conjunction}, {Disjunction, c.disjunction}} {
			names, ok := shape.of(c.expr)
			if ok != shape.want || ok && len(names) != c.count {
				t.Errorf("%#v: got %v, %v", c.expr, names, ok)
			}
		}
	}
}

func TestWalkExpr_PassesPatternsButEntersNoSubquery(t *testing.T) {
	variable := func(name string) *Variable { return &Variable{Name: name} }
	pattern := &PathPattern{
		Nodes: []*NodePattern{
			{Properties: &MapLiteral{Entries: []MapEntry{{Value: variable("a")}}}},
			{Variable: variable("declared"), Where: variable("c")},
		},
		Relationships: []*RelationshipPattern{{Where: variable("b")}},
	}
	inner := &RegularQuery{Parts: []*SingleQuery{{Clauses: []Clause{&Unwind{List: variable("hidden"), Variable: variable("x")}}}}}
	e := &Binary{
		Left:  &PatternExpr{Pattern: pattern},
		Right: &ListLiteral{Items: []Expr{&Subquery{Query: inner}, variable("d")}},
	}
	found := func(walk func(func(Node))) string {
		var names []string
		walk(func(n Node) {
			if v, ok := n.(*Variable); ok {
				names = append(names, v.Name)
			}
		})
		return strings.Join(names, " ")
	}
	exprs := found(func(see func(Node)) { WalkExpr(e, func(x Expr) bool { see(x); return true }) })
	if exprs != "a b c d" {
		t.Errorf("WalkExpr found %q", exprs)
	}
	nodes := found(func(see func(Node)) { Walk(e, func(n Node) bool { see(n); return true }) })
	if nodes != "a b c hidden d" {
		t.Errorf("Walk found %q", nodes)
	}
}
