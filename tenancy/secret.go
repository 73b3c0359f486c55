package tenancy

import (
	"fmt"
	"log/slog"
)

// redacted is what a Secret prints as.
const redacted = "***"

// Secret is a text that must not be printed: fmt with any verb, slog, JSON and every text encoder show "***".
// The zero value is the empty secret and prints the same.
type Secret struct{ text string }

// NewSecret wraps a text that must not be printed.
func NewSecret(text string) Secret { return Secret{text: text} }

// Reveal is the secret's text, for the one place that must have it.
func (s Secret) Reveal() string { return s.text }

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.text == "" }

// String is "***".
func (s Secret) String() string { return redacted }

// GoString is "***".
func (s Secret) GoString() string { return redacted }

// Format writes "***" for every verb.
func (s Secret) Format(state fmt.State, _ rune) { _, _ = state.Write([]byte(redacted)) }

// LogValue is "***".
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText writes "***".
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON writes "***" as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }
