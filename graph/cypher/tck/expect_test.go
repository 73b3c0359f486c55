package tck

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"

	"github.com/hivellm/nexus/graph/value"
)

// expectation reads the kit's notation of values.
type expectation struct {
	text string
	at   int
}

// parseCell reads one value in the kit's notation.
func parseCell(text string) (c cell, err error) {
	p := &expectation{text: text}
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("the kit's value %q: %v", text, e)
		}
	}()
	c = p.value()
	p.space()
	if p.at != len(text) {
		panic(fmt.Sprintf("more text at byte %d", p.at))
	}
	return c, nil
}

func (p *expectation) space() {
	for p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
}

func (p *expectation) peek(token string) bool {
	p.space()
	return strings.HasPrefix(p.text[p.at:], token)
}

func (p *expectation) take(token string) bool {
	if !p.peek(token) {
		return false
	}
	p.at += len(token)
	return true
}

func (p *expectation) must(token string) {
	if !p.take(token) {
		panic(fmt.Sprintf("%q expected at byte %d", token, p.at))
	}
}

func (p *expectation) value() cell {
	switch {
	case p.peek("'"):
		return cell{scalar: value.String(p.str())}
	case p.peek("[:"):
		return p.relationship()
	case p.peek("["):
		return p.list()
	case p.peek("{"):
		return p.properties(cell{kind: mapCell})
	case p.peek("("):
		return p.node()
	case p.peek("<"):
		return p.path()
	}
	return cell{scalar: p.word()}
}

func (p *expectation) str() string {
	p.must("'")
	var b strings.Builder
	for p.text[p.at] != '\'' {
		if p.text[p.at] == '\\' && p.at+1 < len(p.text) && strings.IndexByte(`\'`, p.text[p.at+1]) >= 0 {
			p.at++
		}
		b.WriteByte(p.text[p.at])
		p.at++
	}
	p.at++
	return b.String()
}

// word is a literal that is no string.
func (p *expectation) word() value.Value {
	p.space()
	end := p.at
	for end < len(p.text) && !strings.ContainsRune(" ,]})>", rune(p.text[end])) {
		end++
	}
	word := p.text[p.at:end]
	p.at = end
	switch word {
	case "null":
		return value.Null
	case "true", "false":
		return value.Bool(word == "true")
	case "NaN":
		return value.Float(math.NaN())
	case "Inf":
		return value.Float(math.Inf(1))
	case "-Inf":
		return value.Float(math.Inf(-1))
	}
	if n, err := strconv.ParseInt(word, 10, 64); err == nil {
		return value.Int(n)
	}
	f, err := strconv.ParseFloat(word, 64)
	if err != nil {
		panic(fmt.Sprintf("%q is no value", word))
	}
	return value.Float(f)
}

func (p *expectation) list() cell {
	c := cell{kind: listCell}
	p.must("[")
	for !p.take("]") {
		if len(c.items) > 0 {
			p.must(",")
		}
		c.items = append(c.items, p.value())
	}
	return c
}

// properties reads {key: value, ...} into c and sorts the keys.
func (p *expectation) properties(c cell) cell {
	p.must("{")
	for !p.take("}") {
		if len(c.keys) > 0 {
			p.must(",")
		}
		c.keys = append(c.keys, p.name())
		p.must(":")
		c.values = append(c.values, p.value())
	}
	sort.Sort(byKey{c.keys, c.values})
	return c
}

func (p *expectation) name() string {
	p.space()
	if p.take("`") {
		end := strings.IndexByte(p.text[p.at:], '`')
		name := p.text[p.at : p.at+end]
		p.at += end + 1
		return name
	}
	start := p.at
	for i, r := range p.text[start:] {
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			p.at = start + i
			return p.text[start:p.at]
		}
	}
	panic("a name without end")
}

func (p *expectation) node() cell {
	c := cell{kind: nodeCell}
	p.must("(")
	for p.take(":") {
		c.labels = append(c.labels, p.name())
	}
	slices.Sort(c.labels)
	if p.peek("{") {
		c = p.properties(c)
	}
	p.must(")")
	return c
}

func (p *expectation) relationship() cell {
	c := cell{kind: relationshipCell}
	p.must("[")
	p.must(":")
	c.labels = []string{p.name()}
	if p.peek("{") {
		c = p.properties(c)
	}
	p.must("]")
	return c
}

func (p *expectation) path() cell {
	c := cell{kind: pathCell}
	p.must("<")
	c.items = append(c.items, p.node())
	for !p.take(">") {
		against := p.take("<")
		p.must("-")
		r := p.relationship()
		r.against = against
		p.must("-")
		if !against {
			p.must(">")
		}
		c.items = append(c.items, r, p.node())
	}
	return c
}

// byKey sorts keys and their values together.
type byKey struct {
	keys   []string
	values []cell
}

func (b byKey) Len() int           { return len(b.keys) }
func (b byKey) Less(i, j int) bool { return b.keys[i] < b.keys[j] }
func (b byKey) Swap(i, j int) {
	b.keys[i], b.keys[j] = b.keys[j], b.keys[i]
	b.values[i], b.values[j] = b.values[j], b.values[i]
}

// valueOf turns a cell without entities into a value: parameters are written in the kit's notation too.
func valueOf(c cell) (value.Value, error) {
	switch c.kind {
	case scalarCell:
		return c.scalar, nil
	case listCell:
		items := make([]value.Value, len(c.items))
		for i, item := range c.items {
			v, err := valueOf(item)
			if err != nil {
				return value.Null, err
			}
			items[i] = v
		}
		return value.List(items), nil
	case mapCell:
		values := make([]value.Value, len(c.keys))
		for i := range c.keys {
			v, err := valueOf(c.values[i])
			if err != nil {
				return value.Null, err
			}
			values[i] = v
		}
		return value.MapOf(value.NewMap(slices.Clone(c.keys), values)), nil
	}
	return value.Null, fmt.Errorf("%s cannot be a parameter", c.text(false))
}
