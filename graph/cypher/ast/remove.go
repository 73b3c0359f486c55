package ast

// Remove is REMOVE with its items.
type Remove struct {
	Span
	Items []RemoveItem
}

func (*Remove) clause() {}

// RemoveItem is *RemoveProperty or *RemoveLabels.
type RemoveItem interface {
	Node
	removeItem()
}

// RemoveProperty is `target.key`.
type RemoveProperty struct {
	Span
	Property *Property
}

// RemoveLabels is `variable:Label:Label`.
type RemoveLabels struct {
	Span
	Variable *Variable
	Labels   []Name
}

func (*RemoveProperty) removeItem() {}
func (*RemoveLabels) removeItem()   {}
