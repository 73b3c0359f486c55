package value

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// ErrJSON is wrapped by every error of FromJSON.
var ErrJSON = errors.New("malformed JSON")

// FromJSON reads one JSON value, strictly: nothing may follow it, keys do not repeat, texts are UTF-8, nesting is at
// most MaxNesting. A number without point or exponent is an integer, and an error outside int64; others are floats.
func FromJSON(text []byte) (Value, error) {
	p := jsonParser{text: text}
	v, err := p.value(0)
	if err != nil {
		return Null, err
	}
	if p.space(); p.at < len(text) {
		return Null, p.fault("something after the value")
	}
	return v, nil
}

type jsonParser struct {
	text []byte
	at   int
}

func (p *jsonParser) fault(format string, args ...any) error {
	return fmt.Errorf("%w at byte %d: %s", ErrJSON, p.at, fmt.Sprintf(format, args...))
}

func (p *jsonParser) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

func (p *jsonParser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *jsonParser) value(depth int) (Value, error) {
	if depth > MaxNesting {
		return Null, p.fault("nested deeper than %d", MaxNesting)
	}
	p.space()
	switch c := p.peek(); {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		s, err := p.str()
		return String(s), err
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	for _, w := range jsonWords {
		if strings.HasPrefix(string(p.text[p.at:min(len(p.text), p.at+5)]), w.text) {
			p.at += len(w.text)
			return w.value, nil
		}
	}
	return Null, p.fault("a value was expected")
}

var jsonWords = [...]struct {
	text  string
	value Value
}{{"null", Null}, {"true", Bool(true)}, {"false", Bool(false)}}

func (p *jsonParser) object(depth int) (Value, error) {
	p.at++
	var b MapBuilder
	for p.space(); p.peek() != '}'; p.space() {
		if b.Len() > 0 {
			if p.peek() != ',' {
				return Null, p.fault("a comma or } was expected")
			}
			p.at++
			p.space()
		}
		if p.peek() != '"' {
			return Null, p.fault("a key was expected")
		}
		key, err := p.str()
		if err != nil {
			return Null, err
		}
		if p.space(); p.peek() != ':' {
			return Null, p.fault("a colon was expected")
		}
		p.at++
		v, err := p.value(depth + 1)
		if err != nil {
			return Null, err
		}
		b.Set(key, v)
	}
	p.at++
	entries := b.Len()
	m := b.Map()
	if m.Len() != entries {
		return Null, p.fault("a key stands twice in one object")
	}
	return MapOf(m), nil
}

func (p *jsonParser) array(depth int) (Value, error) {
	p.at++
	items := []Value{}
	for p.space(); p.peek() != ']'; p.space() {
		if len(items) > 0 {
			if p.peek() != ',' {
				return Null, p.fault("a comma or ] was expected")
			}
			p.at++
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return Null, err
		}
		items = append(items, v)
	}
	p.at++
	return List(items), nil
}

// str reads a string; p.at stands on its quote.
func (p *jsonParser) str() (string, error) {
	start := p.at + 1
	for i := start; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			raw := p.text[start:i]
			if !utf8.Valid(raw) {
				return "", p.fault("a string that is not UTF-8")
			}
			p.at = i + 1
			return string(raw), nil
		case c == '\\':
			return p.escaped(start, i)
		case c < 0x20:
			p.at = i
			return "", p.fault("a control character in a string")
		}
	}
	return "", p.fault("a string without an end")
}

// escaped goes on with a string whose first escape stands at i.
func (p *jsonParser) escaped(start, i int) (string, error) {
	out := append([]byte(nil), p.text[start:i]...)
	for i < len(p.text) {
		c := p.text[i]
		switch {
		case c == '"':
			if !utf8.Valid(out) {
				return "", p.fault("a string that is not UTF-8")
			}
			p.at = i + 1
			return string(out), nil
		case c < 0x20:
			p.at = i
			return "", p.fault("a control character in a string")
		case c != '\\':
			out = append(out, c)
			i++
			continue
		}
		r, size, err := p.escape(i)
		if err != nil {
			return "", err
		}
		out = utf8.AppendRune(out, r)
		i += size
	}
	return "", p.fault("a string without an end")
}

const jsonEscapes = "\"\"\\\\//b\bf\fn\nr\rt\t"

// escape reads the escape at i.
func (p *jsonParser) escape(i int) (r rune, size int, err error) {
	if i+1 >= len(p.text) {
		return 0, 0, p.fault("a string without an end")
	}
	for k := 0; k < len(jsonEscapes); k += 2 {
		if p.text[i+1] == jsonEscapes[k] {
			return rune(jsonEscapes[k+1]), 2, nil
		}
	}
	first, ok := p.hex(i)
	if !ok {
		p.at = i
		return 0, 0, p.fault("an unknown escape")
	}
	if !utf16.IsSurrogate(first) {
		return first, 6, nil
	}
	second, ok := p.hex(i + 6)
	if r = utf16.DecodeRune(first, second); !ok || r == utf8.RuneError {
		p.at = i
		return 0, 0, p.fault("half of a surrogate pair")
	}
	return r, 12, nil
}

// hex reads \uXXXX at i.
func (p *jsonParser) hex(i int) (rune, bool) {
	if i+6 > len(p.text) || p.text[i] != '\\' || p.text[i+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.text[i+2:i+6]), 16, 16)
	return rune(n), err == nil
}

func (p *jsonParser) number() (Value, error) {
	start := p.at
	if p.peek() == '-' {
		p.at++
	}
	digits := p.digits()
	if digits == 0 || digits > 1 && p.text[p.at-digits] == '0' {
		return Null, p.fault("a malformed number")
	}
	whole := true
	if p.peek() == '.' {
		whole = false
		p.at++
		if p.digits() == 0 {
			return Null, p.fault("a malformed number")
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		whole = false
		p.at++
		if c := p.peek(); c == '+' || c == '-' {
			p.at++
		}
		if p.digits() == 0 {
			return Null, p.fault("a malformed number")
		}
	}
	text := string(p.text[start:p.at])
	if whole {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return Null, p.fault("the integer %s does not fit into 64 bits", clip(text))
		}
		return Int(n), nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return Null, p.fault("the number %s does not fit into a float", clip(text))
	}
	return Float(f), nil
}

func (p *jsonParser) digits() int {
	start := p.at
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		p.at++
	}
	return p.at - start
}

// clip bounds a text that goes into a message.
func clip(text string) string {
	const most = 40
	if len(text) <= most {
		return text
	}
	return text[:most] + "…"
}
