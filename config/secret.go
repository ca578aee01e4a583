package config

import (
	"fmt"
	"io"
	"log/slog"
)

// hidden is what everybody sees of a secret.
const hidden = "•••"

// Secret is a value that is never printed: fmt, encoding/json, log/slog and YAML all get •••.
type Secret struct {
	// A pointer, because fmt prints fields that it may not call methods on, such as a Secret in an unexported field.
	value *string
}

// NewSecret hides value.
func NewSecret(value string) Secret { return Secret{&value} }

// Reveal is the value itself, for the one place that needs it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsEmpty says that there is no value.
func (s Secret) IsEmpty() bool { return s.Reveal() == "" }

func (Secret) String() string   { return hidden }
func (Secret) GoString() string { return hidden }

// Format covers every verb of fmt, also those that String does not.
func (Secret) Format(f fmt.State, _ rune) {
	// fmt has no place for an error.
	_, _ = io.WriteString(f, hidden)
}

// MarshalText is for encodings that ask for text; JSON asks for it too.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON is MarshalText as a JSON string.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// LogValue is for slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }
