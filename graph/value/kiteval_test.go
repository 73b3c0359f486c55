package value

import (
	"fmt"
	"strconv"
	"strings"
)

// kitParser evaluates the few expressions that the kit's temporal features are made of.
type kitParser struct {
	text  string
	names map[string]Value
	err   error
}

var kitNow = Instant{EpochSeconds: 1_790_000_000, Nano: 5}

func (p *kitParser) fail(err error) Value {
	if p.err == nil && err != nil {
		p.err = err
	}
	return Null
}

func (p *kitParser) take(token string) bool {
	p.text = strings.TrimLeft(p.text, " \n")
	if !strings.HasPrefix(p.text, token) {
		return false
	}
	p.text = p.text[len(token):]
	return true
}

func (p *kitParser) expression(level int) Value {
	if level == 3 {
		return p.primary()
	}
	operators := [...][]string{{">=", "<=", "=", "<", ">"}, {"+", "-"}, {"*", "/"}}[level]
	left := p.expression(level + 1)
	for {
		operator := ""
		for _, o := range operators {
			if p.take(o) {
				operator = o
				break
			}
		}
		if operator == "" {
			return left
		}
		left = p.apply(operator, left, p.expression(level+1))
	}
}

func (p *kitParser) apply(operator string, a, b Value) Value {
	compared, known := Less(a, b)
	truth := func(b bool) Value {
		if known != True {
			return Null
		}
		return Bool(b)
	}
	var v Value
	var err error
	switch operator {
	case "=":
		return Equal(a, b).Value()
	case "<":
		return truth(compared == -1)
	case ">":
		return truth(compared == 1)
	case "<=":
		return truth(compared <= 0)
	case ">=":
		return truth(compared == 0 || compared == 1)
	case "+":
		v, err = Add(a, b)
	case "-":
		v, err = Sub(a, b)
	case "*":
		v, err = Mul(a, b)
	case "/":
		v, err = Div(a, b)
	}
	if err != nil {
		return p.fail(err)
	}
	return v
}

func (p *kitParser) primary() Value {
	switch {
	case p.take("'"):
		s, rest, _ := strings.Cut(p.text, "'")
		p.text = rest
		return String(s)
	case p.take("{"):
		return p.mapLiteral()
	case p.take("["):
		var items []Value
		for !p.take("]") {
			items = append(items, p.expression(0))
			p.take(",")
		}
		return List(items)
	}
	end := 0
	for end < len(p.text) && (strings.IndexByte("._", p.text[end]) >= 0 || p.text[end] >= '0' && p.text[end] <= '9' ||
		p.text[end]|0x20 >= 'a' && p.text[end]|0x20 <= 'z' || end == 0 && p.text[end] == '-') {
		end++
	}
	word := p.text[:end]
	p.text = p.text[end:]
	if word == "" {
		return p.fail(fmt.Errorf("nothing to read at %q", p.text))
	}
	if p.take("(") {
		var arguments []Value
		for !p.take(")") && p.err == nil {
			arguments = append(arguments, p.expression(0))
			p.take(",")
		}
		return p.call(word, arguments)
	}
	return p.word(word)
}

func (p *kitParser) mapLiteral() Value {
	var b MapBuilder
	for !p.take("}") && p.err == nil {
		key, rest, _ := strings.Cut(p.text, ":")
		p.text = rest
		b.Set(strings.TrimSpace(key), p.expression(0))
		p.take(",")
	}
	return MapOf(b.Map())
}

func (p *kitParser) word(word string) Value {
	switch word {
	case "null":
		return Null
	case "true", "false":
		return Bool(word == "true")
	}
	if n, err := strconv.ParseInt(word, 10, 64); err == nil {
		return Int(n)
	}
	if f, err := strconv.ParseFloat(word, 64); err == nil {
		return Float(f)
	}
	if v, ok := p.names[word]; ok {
		return v
	}
	if name, component, ok := strings.Cut(word, "."); ok {
		if v, ok := Component(p.names[name], component); ok {
			return v
		}
	}
	return p.fail(fmt.Errorf("unknown word %q", word))
}

var kitKinds = map[string]Kind{
	"date": KindDate, "localtime": KindLocalTime, "time": KindTime, "localdatetime": KindLocalDateTime, "datetime": KindDateTime,
}

func (p *kitParser) call(name string, a []Value) Value {
	var v Value
	var err error
	kind, method, _ := strings.Cut(name, ".")
	k, isKind := kitKinds[kind]
	switch {
	case name == "toString":
		return String(FormatTemporal(a[0]))
	case name == "duration":
		v, err = MakeDuration(a[0])
	case name == "datetime.fromepoch":
		v, err = DateTimeFromEpoch(a[0].Int(), a[1].Int())
	case name == "datetime.fromepochmillis":
		v, err = DateTimeFromEpochMillis(a[0].Int())
	case isKind && method == "truncate":
		v, err = Truncate(k, a[0].Str(), a[1], a[2].Map())
	case isKind && len(a) == 1:
		v, err = MakeTemporal(k, a[0], kitNow)
	case isKind:
		v, err = Now(k, kitNow, "")
	case name == "duration.between":
		v, err = DurationBetween(a[0], a[1])
	case name == "duration.inMonths":
		v, err = DurationInMonths(a[0], a[1])
	case name == "duration.inDays":
		v, err = DurationInDays(a[0], a[1])
	case name == "duration.inSeconds":
		v, err = DurationInSeconds(a[0], a[1])
	default:
		err = fmt.Errorf("unknown function %s", name)
	}
	if err != nil {
		return p.fail(err)
	}
	return v
}
