package value

import "fmt"

// Limits of what a property may be (R7).
const (
	// MaxPropertyBytes bounds one property's encoding.
	MaxPropertyBytes = 1 << 20
)

// NotStorableError says that a value cannot be a property.
type NotStorableError struct {
	// Kind is the kind that cannot be stored, found at the top or within a list.
	Kind Kind
	// Size is set where the value is of a good kind but too large, in bytes.
	Size int
}

// Error implements error.
func (e *NotStorableError) Error() string {
	if e.Size > 0 {
		return fmt.Sprintf("a property value of %d bytes is above the limit of %d", e.Size, MaxPropertyBytes)
	}
	return fmt.Sprintf("a value of type %s cannot be stored as a property", e.Kind)
}

// Storable refuses, with a *NotStorableError, what cannot be a property: maps, entities, paths, lists that hold them,
// null or other lists, and values that are too large. Null is storable: it means absent.
func Storable(v Value) error {
	if v.kind == KindList {
		for _, item := range v.List() {
			if item.kind == KindNull || item.kind == KindList || !scalar(item.kind) {
				return &NotStorableError{Kind: item.kind}
			}
		}
	} else if v.kind != KindNull && !scalar(v.kind) {
		return &NotStorableError{Kind: v.kind}
	}
	if size := EncodedLen(v); size > MaxPropertyBytes {
		return &NotStorableError{Kind: v.kind, Size: size}
	}
	return nil
}

func scalar(k Kind) bool {
	switch k {
	case KindBool, KindInt, KindFloat, KindString, KindBytes, KindDate, KindLocalTime, KindTime, KindLocalDateTime,
		KindDateTime, KindDuration, KindPoint:
		return true
	}
	return false
}
