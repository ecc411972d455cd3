// Package wire holds the messages of the training protocol, which client (trainer/tinker) and server (engine) share: JSON structs of
// every call, their translation to and from the nouns of Loci (rl.Datum, trainer.Output, llm.Request), and a hand-written codec for
// the three messages that travel as protobuf (package tinker_public, proto3): forward-backward requests, their outputs, and samples.
// A file NAME.go has the messages of a noun in their JSON form, NAME_proto.go the protobuf form.
//
// Reading is strict about what must be there and tolerant of what is not known: newer clients and servers add fields.
package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Media types of bodies.
const (
	JSON     = "application/json"
	Protobuf = "application/x-protobuf"
)

// Prefix stands before the path of every call.
const Prefix = "/api/v1/"

// bad makes an error of code invalid; the text says what is wrong with the message.
func bad(format string, args ...any) error {
	return lab.Errorf(lab.Invalid, named+format, args...)
}

// named begins every such text, once.
const named = "protocol: "

// within says where in the message an error lies.
func within(err error, format string, args ...any) error {
	place := fmt.Sprintf(format, args...)
	return &lab.Error{Code: lab.Invalid, Msg: named + place + ": " + strings.TrimPrefix(err.Error(), named), Err: err}
}

// Decode reads a message from JSON. Fields tagged wire:"required" must be there and not null, at any depth; unknown ones are passed
// over. Errors have code invalid and name the field.
func Decode[T any](body []byte) (T, error) {
	var message T
	if err := json.Unmarshal(body, &message); err != nil {
		if errors.Is(err, &lab.Error{Code: lab.Invalid}) {
			return message, err
		}
		return message, bad("the body is no valid message: %w", err)
	}
	if err := required(body, reflect.TypeFor[T](), ""); err != nil {
		return message, err
	}
	return message, nil
}

// Encode writes a message as JSON. It fails on numbers that JSON cannot hold (NaN, infinities).
func Encode(message any) ([]byte, error) {
	body, err := json.Marshal(message)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, named+"cannot write the message: %w", err)
	}
	return body, nil
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// required walks a type and the JSON that was read into it. Types that read themselves check themselves.
func required(raw json.RawMessage, t reflect.Type, path string) error {
	if isNull(raw) || reflect.PointerTo(t).Implements(unmarshaler) {
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return required(raw, t.Elem(), path)
	case reflect.Struct:
		return requiredOfStruct(raw, t, path)
	case reflect.Slice:
		return requiredOfSlice(raw, t, path)
	}
	return nil
}

func requiredOfStruct(raw json.RawMessage, t reflect.Type, path string) error {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(raw, &values); err != nil {
		return bad("%s is no object: %w", place(path), err)
	}
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		value, there := values[name]
		if other := otherCase(values, name); other != "" {
			return bad("%s has %q, want %q", place(path), other, name)
		}
		if field.Tag.Get("wire") == "required" && (!there || isNull(value)) {
			return bad("%s lacks %q", place(path), name)
		}
		if there {
			if err := required(value, field.Type, join(path, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// otherCase returns a key that differs from the name in upper and lower case only: encoding/json would take it for the name.
func otherCase(values map[string]json.RawMessage, name string) string {
	for key := range values {
		if key != name && strings.EqualFold(key, name) {
			return key
		}
	}
	return ""
}

func requiredOfSlice(raw json.RawMessage, t reflect.Type, path string) error {
	if elem := t.Elem(); elem.Kind() != reflect.Struct || reflect.PointerTo(elem).Implements(unmarshaler) {
		return nil
	}
	var values []json.RawMessage
	if err := json.Unmarshal(raw, &values); err != nil {
		return bad("%s is no list: %w", place(path), err)
	}
	for i, value := range values {
		if isNull(value) {
			return bad("entry %d of %s is null", i, place(path))
		}
		if err := required(value, t.Elem(), path); err != nil {
			return err
		}
	}
	return nil
}

func isNull(raw json.RawMessage) bool {
	return len(raw) == 0 || bytes.Equal(bytes.TrimSpace(raw), []byte("null"))
}

func place(path string) string {
	if path == "" {
		return "the message"
	}
	return path
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
