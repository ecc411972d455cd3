package lab

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"regexp"
)

// hidden is what every printer shows in place of a value.
const hidden = "[secret]"

// Secret is a value that must not be seen: a key of an interface, a password. Whatever prints, logs or encodes it gets "[secret]"; only
// Reveal gives the value. The value lies behind a pointer because fmt does not call the methods of unexported fields: a struct that
// keeps a Secret in one prints an address. The zero value is the empty secret.
type Secret struct{ value *string }

// NewSecret hides a value.
func NewSecret(value string) Secret { return Secret{&value} }

// Reveal returns the value. It belongs into the header of a request or the input of another program, and nowhere else.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Empty tells whether there is no value.
func (s Secret) Empty() bool { return s.Reveal() == "" }

func (s Secret) String() string { return hidden }

func (s Secret) GoString() string { return hidden }

// Format prints "[secret]" for every verb, also for those, as %d or %x, that pass String by.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// KeptSecret tells of a secret without its value.
type KeptSecret struct {
	Name string `json:"name"`
	Kept string `json:"kept"` // where, in words for people
}

// Secrets keeps values under names that CheckSecretName allows. Each call may wait for a person: a key store may ask whether Loci may
// read, an encrypted file wants its passphrase. Errors: Invalid for a name that is none, NotFound, and Unavailable when what keeps the
// values cannot be opened; no error and no log holds a value.
type Secrets interface {
	Get(ctx context.Context, name string) (Secret, error)
	// Set keeps the value, in place of an older one of that name, and tells where.
	Set(ctx context.Context, name string, value Secret) (KeptSecret, error)
	// List tells all names in order; it asks nobody and opens no value.
	List(ctx context.Context) ([]KeptSecret, error)
	Remove(ctx context.Context, name string) error
}

var secretName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// CheckSecretName returns nil for the name of a secret. The error does not quote what was given: it may be a value in the wrong place.
func CheckSecretName(name string) error {
	if secretName.MatchString(name) {
		return nil
	}
	return Errorf(Invalid, "what was given as a name has %d bytes and is no name of a secret, want 1 to 64 of a-z 0-9 . _ -, the first a letter or digit", len(name)).
		WithHint("choose a name such as my-service; the value is asked for, or read from standard input")
}
