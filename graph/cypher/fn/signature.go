package fn

import "strings"

// Signature is the function's name, parameters and result for people: "left(text :: STRING, length :: INTEGER) :: STRING".
// Optional parameters stand in brackets, a repeated one is followed by "...".
func (f *Function) Signature() string {
	var b strings.Builder
	b.WriteString(f.Name + "(")
	for i, p := range f.Params {
		if i > 0 {
			b.WriteString(", ")
		}
		text := p.Name + " :: " + p.Types.String()
		if i >= f.MinArgs {
			text = "[" + text + "]"
		}
		b.WriteString(text)
	}
	if f.MaxArgs == Variadic {
		b.WriteString(", ...")
	}
	b.WriteString(") :: " + f.Result.String())
	return b.String()
}
