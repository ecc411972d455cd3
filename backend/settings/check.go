package settings

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"

	"github.com/loci-lab/loci/backend/lab"
)

// Limits of changed keys that are taken for no mistake.
const (
	mostCommands = 400
	mostBindings = 6 // of one command
)

var (
	commandID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,59}$`)
	// A binding is one press or two, one after the other: "j", "Shift+Enter", "Mod+K", "g l".
	binding = regexp.MustCompile(`^(?:(?:Mod\+)?(?:Alt\+)?(?:Shift\+)?(?:[^\s\p{C}]|[A-Z][A-Za-z]+[0-9]{0,2}|F[0-9]{1,2}))(?: (?:(?:Mod\+)?(?:Alt\+)?(?:Shift\+)?(?:[^\s\p{C}]|[A-Z][A-Za-z]+[0-9]{0,2}|F[0-9]{1,2})))?$`)
)

// Check returns nil for a value that the setting may have, and else an Invalid error that quotes it and lists the legal ones.
func (s Setting) Check(value json.RawMessage) error {
	switch s.Kind {
	case Choice:
		return s.checkChoice(value)
	case Whole, Number:
		return s.checkNumber(value)
	case Switch:
		var on bool
		if strict(value, &on) != nil {
			return s.wrong(value, "true or false")
		}
		return nil
	case Keys:
		return s.checkKeys(value)
	}
	return lab.Errorf(lab.Internal, "setting %q is of kind %q, which nothing checks", s.Name, s.Kind)
}

// strict decodes one JSON value; null is none, and nothing may follow.
func strict(value json.RawMessage, into any) error {
	if string(bytes.TrimSpace(value)) == "null" {
		return io.ErrUnexpectedEOF
	}
	return json.Unmarshal(value, into)
}

func (s Setting) wrong(value json.RawMessage, want string) error {
	return lab.Errorf(lab.Invalid, "%s is %.60s, want %s", s.Title, value, want).WithHint("the old value stays; %s", s.back())
}

// back says what the default is.
func (s Setting) back() string { return "the default is " + s.Say(s.Default) }

func (s Setting) checkChoice(value json.RawMessage) error {
	var v string
	err := strict(value, &v)
	if err == nil && slices.ContainsFunc(s.Legal, func(o Option) bool { return o.Value == v }) {
		return nil
	}
	want := ""
	for i, o := range s.Legal {
		if i > 0 {
			want += ", "
		}
		want += strconv.Quote(o.Value)
	}
	return s.wrong(value, "one of "+want)
}

func (s Setting) checkNumber(value json.RawMessage) error {
	var v float64
	want := plain(s.Min) + " to " + plain(s.Max)
	if s.Kind == Whole {
		want = "a whole number from " + want
	}
	if strict(value, &v) != nil || v < s.Min || v > s.Max || s.Kind == Whole && v != math.Trunc(v) {
		return s.wrong(value, want)
	}
	return nil
}

func plain(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func (s Setting) checkKeys(value json.RawMessage) error {
	var all map[string][]string
	if strict(value, &all) != nil {
		return s.wrong(value, "an object with lists of keys")
	}
	if len(all) > mostCommands {
		return lab.Errorf(lab.Invalid, "%d commands have changed keys, want at most %d", len(all), mostCommands).WithHint("reset some of them")
	}
	for id, list := range all {
		if !commandID.MatchString(id) {
			return lab.Errorf(lab.Invalid, "%.60q is the name of no command", id).WithHint("reload the page")
		}
		if len(list) > mostBindings {
			return lab.Errorf(lab.Invalid, "command %q has %d keys, want at most %d", id, len(list), mostBindings).WithHint("remove some of them")
		}
		for _, b := range list {
			if len(b) > 40 || !binding.MatchString(b) {
				return lab.Errorf(lab.Invalid, "%.40q of command %q is no key, want one such as %q, %q, %q or %q", b, id, "j", "Shift+Enter", "Mod+K", "g l").
					WithHint("press the key in the field; the old one stays")
			}
		}
	}
	return nil
}

// Say is a value in words.
func (s Setting) Say(value json.RawMessage) string {
	var v any
	if json.Unmarshal(value, &v) != nil {
		return string(value)
	}
	switch v := v.(type) {
	case string:
		for _, o := range s.Legal {
			if o.Value == v {
				return o.Label
			}
		}
		return v
	case bool:
		if v {
			return "on"
		}
		return "off"
	case float64:
		switch {
		case v == 0 && s.Zero != "":
			return s.Zero
		case s.Unit != "":
			return plain(v) + " " + s.Unit
		}
		return plain(v)
	case map[string]any:
		if len(v) == 0 {
			return "none"
		}
		return strconv.Itoa(len(v))
	}
	return string(value)
}
