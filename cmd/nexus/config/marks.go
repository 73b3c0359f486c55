package config

import (
	"fmt"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// keyed is one key of a file with its value.
type keyed struct {
	name  string
	value any
}

// flatten lists the keys of a file in order of their names, tables opened.
func flatten(prefix string, tree map[string]any) []keyed {
	var list []keyed
	for name, value := range tree {
		if table, ok := value.(map[string]any); ok {
			list = append(list, flatten(prefix+name+".", table)...)
			if len(table) == 0 && !isTable(prefix+name) {
				list = append(list, keyed{prefix + name, value})
			}
			continue
		}
		list = append(list, keyed{prefix + name, value})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].name < list[j].name })
	return list
}

// isTable tells whether settings begin with the name and a point.
func isTable(name string) bool {
	for _, s := range settings {
		if len(s.key) > len(name) && s.key[:len(name)+1] == name+"." {
			return true
		}
	}
	return false
}

// marks remembers where keys stand in a file.
type marks map[string]unstable.Position

// marksOf finds the keys of a file that parses.
func marksOf(content []byte) marks {
	found := marks{}
	var parser unstable.Parser
	parser.Reset(content)
	table := ""
	for parser.NextExpression() {
		expression := parser.Expression()
		name := ""
		for keys := expression.Key(); keys.Next(); {
			node := keys.Node()
			if name != "" {
				name += "."
			}
			name += string(node.Data)
			found.note(&parser, expression, table, name, node.Raw)
		}
		if expression.Kind == unstable.Table || expression.Kind == unstable.ArrayTable {
			table = name + "."
		}
	}
	return found
}

// note keeps the first place of a key.
func (m marks) note(parser *unstable.Parser, expression *unstable.Node, table, name string, raw unstable.Range) {
	if expression.Kind == unstable.KeyValue {
		name = table + name
	}
	if _, ok := m[name]; !ok {
		m[name] = parser.Shape(raw).Start
	}
}

// where is a place in words: file, line and column of the key or of the nearest one around it.
func (m marks) where(file, key string) string {
	for name := key; name != ""; {
		if at, ok := m[name]; ok {
			return fmt.Sprintf("%s: line %d, column %d", file, at.Line, at.Column)
		}
		cut := strings.LastIndexByte(name, '.')
		if cut < 0 {
			break
		}
		name = name[:cut]
	}
	return file
}
