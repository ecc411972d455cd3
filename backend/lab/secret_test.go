package lab

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const told = "tml-0123456789-distinctive"

func TestNoPrinterShowsTheValueOfASecret(t *testing.T) {
	s := NewSecret(told)
	type open struct{ Key Secret }
	type closed struct{ key Secret }
	verbs := "vsqdxXobtTpcUeEfFgG"
	var shown strings.Builder
	for _, v := range verbs {
		for _, flag := range []string{"", "+", "#", " ", "40", ".3"} {
			for _, x := range []any{s, &s, open{s}, &open{s}, closed{s}, &closed{s}, []Secret{s}, map[string]Secret{"a": s}, map[Secret]int{s: 1}, [1]closed{{s}}} {
				fmt.Fprintf(&shown, "%"+flag+string(v)+"\n", x)
			}
		}
	}
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, xml.Marshal} {
		b, err := marshal(open{s})
		if err != nil || !bytes.Contains(b, []byte(hidden)) {
			t.Errorf("encoded as %s, %v", b, err)
		}
		shown.Write(b)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&shown, nil), slog.NewJSONHandler(&shown, nil)} {
		slog.New(h).Info("said", "key", s, "in", open{s}, "within", closed{s}, "there", &s)
	}
	fmt.Fprint(&shown, s, Errorf(Invalid, "key %v", s), errors.Join(fmt.Errorf("%q", s)))
	text := shown.String()
	for _, form := range []string{told, fmt.Sprintf("%x", told), fmt.Sprintf("%X", told), told[:3] + "\n", fmt.Sprintf("% x", told)} {
		if strings.Contains(text, form) {
			t.Errorf("shown as %q", form)
		}
	}
	if strings.Count(text, hidden) < len(verbs) {
		t.Error("nothing was shown at all")
	}
	if s.Reveal() != told || s.Empty() || !(Secret{}).Empty() || (Secret{}).Reveal() != "" {
		t.Error("the value is lost")
	}
}

func TestNamesOfSecretsAreShortLowerCaseWords(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "my-service": true, "hf.token_2": true, "0": true, strings.Repeat("a", 64): true,
		"": false, "-a": false, ".a": false, "A": false, "a b": false, "a/b": false, "a\n": false, "ä": false, strings.Repeat("a", 65): false, "a=b": false,
	} {
		err := CheckSecretName(name)
		if (err == nil) != want {
			t.Errorf("%q: %v", name, err)
		}
		if err != nil && (CodeOf(err) != Invalid || HintOf(err) == "") {
			t.Errorf("%q: %#v", name, err)
		}
	}
	if err := CheckSecretName(strings.ToUpper(told)); err == nil || strings.Contains(err.Error(), strings.ToUpper(told)) {
		t.Errorf("a value in the place of a name is quoted: %v", err)
	}
}
