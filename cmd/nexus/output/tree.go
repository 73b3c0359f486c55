package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Tree is a JSON value with the order of its members kept.
type Tree struct {
	// Kind is '{', '[', '"' for texts, or 'x' for numbers, booleans and null.
	Kind byte
	// Text is a text's value, or the digits or word of 'x'.
	Text  string
	Names []string // of '{'
	Items []Tree   // of '{' and '['
}

// maxTreeDepth bounds nesting.
const maxTreeDepth = 1000

// ParseTree reads a JSON text.
func ParseTree(text []byte) (Tree, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	tree, err := readTree(decoder, 0)
	if err != nil {
		return Tree{}, fmt.Errorf("the answer is not JSON: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return Tree{}, fmt.Errorf("the answer has something after its JSON")
	}
	return tree, nil
}

func readTree(decoder *json.Decoder, depth int) (Tree, error) {
	token, err := decoder.Token()
	if err != nil {
		return Tree{}, err
	}
	if depth > maxTreeDepth {
		return Tree{}, fmt.Errorf("nested deeper than %d", maxTreeDepth)
	}
	switch token := token.(type) {
	case json.Delim:
		return readItems(decoder, byte(token), depth)
	case string:
		return Tree{Kind: '"', Text: token}, nil
	case json.Number:
		return Tree{Kind: 'x', Text: token.String()}, nil
	case bool:
		return Tree{Kind: 'x', Text: strconv.FormatBool(token)}, nil
	}
	return Tree{Kind: 'x', Text: "null"}, nil
}

func readItems(decoder *json.Decoder, kind byte, depth int) (Tree, error) {
	tree := Tree{Kind: kind}
	for decoder.More() {
		if kind == '{' {
			name, err := decoder.Token()
			if err != nil {
				return Tree{}, err
			}
			text, _ := name.(string)
			tree.Names = append(tree.Names, text)
		}
		item, err := readTree(decoder, depth+1)
		if err != nil {
			return Tree{}, err
		}
		tree.Items = append(tree.Items, item)
	}
	_, err := decoder.Token() // the closing bracket
	return tree, err
}

// Member finds a member of an object; the zero Tree when there is none.
func (t Tree) Member(name string) Tree {
	for i, n := range t.Names {
		if n == name {
			return t.Items[i]
		}
	}
	return Tree{}
}

// Null tells whether it is null or not there.
func (t Tree) Null() bool { return t.Kind == 0 || t.Kind == 'x' && t.Text == "null" }

// Cell is the value in a table: texts plain, null as nothing, everything else as compact JSON.
func (t Tree) Cell() string {
	switch {
	case t.Null():
		return ""
	case t.Kind == '"' || t.Kind == 'x':
		return t.Text
	}
	return t.JSON()
}

// JSON is the value as compact JSON.
func (t Tree) JSON() string {
	var out strings.Builder
	t.appendJSON(&out)
	return out.String()
}

func (t Tree) appendJSON(out *strings.Builder) {
	switch t.Kind {
	case '{', '[':
		out.WriteByte(t.Kind)
		for i, item := range t.Items {
			if i > 0 {
				out.WriteByte(',')
			}
			if t.Kind == '{' {
				out.WriteString(quoted(t.Names[i]) + ":")
			}
			item.appendJSON(out)
		}
		out.WriteByte(t.Kind + 2) // the closing bracket of either stands two further in ASCII
	case '"':
		out.WriteString(quoted(t.Text))
	default:
		out.WriteString(t.Text)
	}
}

func quoted(text string) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string can always be encoded
	return strings.TrimSuffix(out.String(), "\n")
}

// YAML is the value as YAML: block style, texts quoted as JSON quotes them, which YAML reads the same.
func (t Tree) YAML() string {
	var out strings.Builder
	t.appendYAML(&out, 0, false)
	text := out.String()
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text
}

// appendYAML appends a value; inline says that something stands before it on its line already.
func (t Tree) appendYAML(out *strings.Builder, depth int, inline bool) {
	if len(t.Items) == 0 {
		switch t.Kind {
		case '{':
			out.WriteString("{}")
		case '[':
			out.WriteString("[]")
		case '"':
			out.WriteString(quoted(t.Text))
		default:
			out.WriteString(t.Text)
		}
		return
	}
	for i, item := range t.Items {
		if i > 0 || !inline {
			if i > 0 {
				out.WriteByte('\n')
			}
			out.WriteString(strings.Repeat("  ", depth))
		}
		if t.Kind == '[' {
			out.WriteString("- ")
			item.appendYAML(out, depth+1, true)
			continue
		}
		out.WriteString(yamlName(t.Names[i]) + ":")
		if len(item.Items) > 0 {
			out.WriteByte('\n')
			item.appendYAML(out, depth+1, false)
			continue
		}
		out.WriteByte(' ')
		item.appendYAML(out, depth+1, true)
	}
}

// yamlName is a member's name, plain where YAML cannot mistake it.
func yamlName(name string) string {
	for i, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '-') {
			return quoted(name)
		}
	}
	switch strings.ToLower(name) {
	case "", "null", "true", "false", "yes", "no", "on", "off", "y", "n":
		return quoted(name)
	}
	return name
}
