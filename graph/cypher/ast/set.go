package ast

// Set is SET with its items.
type Set struct {
	Span
	Items []SetItem
}

func (*Set) clause() {}

// SetItem is *SetProperty, *SetMap or *SetLabels.
type SetItem interface {
	Node
	setItem()
}

// SetProperty is `target.key = value`.
type SetProperty struct {
	Span
	Property *Property
	Value    Expr
}

// SetMap is `variable = value` (Add false: replaces all properties) or `variable += value` (Add true).
type SetMap struct {
	Span
	Variable *Variable
	Add      bool
	Value    Expr
}

// SetLabels is `variable:Label:Label`.
type SetLabels struct {
	Span
	Variable *Variable
	Labels   []Name
}

func (*SetProperty) setItem() {}
func (*SetMap) setItem()      {}
func (*SetLabels) setItem()   {}
