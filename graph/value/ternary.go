package value

// Ternary is a truth value of three-valued logic.
type Ternary uint8

// The truth values. The zero value is False.
const (
	False Ternary = iota
	True
	Unknown
)

// TernaryOf makes a truth value of a boolean.
func TernaryOf(b bool) Ternary {
	if b {
		return True
	}
	return False
}

// Value is the truth value as a Cypher value: true, false or null.
func (t Ternary) Value() Value {
	switch t {
	case True:
		return Bool(true)
	case False:
		return Bool(false)
	}
	return Null
}

// And is Unknown unless either side decides.
func (t Ternary) And(o Ternary) Ternary {
	switch {
	case t == False || o == False:
		return False
	case t == True && o == True:
		return True
	}
	return Unknown
}

// Or is Unknown unless either side decides.
func (t Ternary) Or(o Ternary) Ternary {
	switch {
	case t == True || o == True:
		return True
	case t == False && o == False:
		return False
	}
	return Unknown
}

// Xor is Unknown when either side is.
func (t Ternary) Xor(o Ternary) Ternary {
	if t == Unknown || o == Unknown {
		return Unknown
	}
	return TernaryOf(t != o)
}

// Not is Unknown for Unknown.
func (t Ternary) Not() Ternary {
	switch t {
	case True:
		return False
	case False:
		return True
	}
	return Unknown
}
