package output

import "strings"

// Entity is a value of a query's answer for people: nodes as (:Label {..}), relationships as [:TYPE {..}], others as
// Cell.
func Entity(t Tree) string {
	switch {
	case t.Kind == '{' && !t.Member("elementId").Null() && t.Member("labels").Kind == '[':
		var out strings.Builder
		out.WriteByte('(')
		for _, label := range t.Member("labels").Items {
			out.WriteString(":" + label.Text)
		}
		return out.String() + properties(t) + ")"
	case t.Kind == '{' && !t.Member("elementId").Null() && !t.Member("type").Null():
		return "[:" + t.Member("type").Text + properties(t) + "]"
	case t.Kind == '{' && len(t.Names) == 2 && t.Names[0] == "nodes" && t.Names[1] == "relationships":
		return path(t)
	}
	return t.Cell()
}

func properties(t Tree) string {
	p := t.Member("properties")
	if len(p.Items) == 0 {
		return ""
	}
	var out strings.Builder
	for i, item := range p.Items {
		if i > 0 {
			out.WriteString(", ")
		}
		out.WriteString(p.Names[i] + ": " + item.JSON())
	}
	return " {" + out.String() + "}"
}

func path(t Tree) string {
	nodes, relationships := t.Member("nodes").Items, t.Member("relationships").Items
	var out strings.Builder
	for i, node := range nodes {
		out.WriteString(Entity(node))
		if i >= len(relationships) {
			continue
		}
		r := relationships[i]
		if r.Member("startNodeId").Text == node.Member("id").Text {
			out.WriteString("-" + Entity(r) + "->")
			continue
		}
		out.WriteString("<-" + Entity(r) + "-")
	}
	return out.String()
}
