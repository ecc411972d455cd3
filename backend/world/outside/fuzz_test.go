package outside

import (
	"encoding/json"
	"strings"
	"testing"
)

func FuzzADescriptionIsUsableOrRefused(f *testing.F) {
	f.Add([]byte(`{"name":"x","horizon":3,"splits":["train","test"],"words":["a","b"],"actions":["a b","b"]}`))
	f.Add([]byte(`{"name":"x","horizon":3,"splits":["train","test"],"actions":["\u00a0"]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var h hello
		if json.Unmarshal(text, &h) != nil || h.Check() != nil {
			return
		}
		if h.legal("train") != nil || h.Horizon < 1 || twice(h.vocabulary()) != "" {
			t.Fatalf("%+v is taken", h)
		}
		known := " " + strings.Join(h.Words, " ") + " "
		r := &reader{actions: h.Actions, seed: 1}
		for _, a := range h.Actions {
			for _, w := range strings.Fields(a) {
				if len(h.Words) > 0 && !strings.Contains(known, " "+w+" ") {
					t.Fatalf("action %q of %q is taken", a, h.Words)
				}
			}
			// what paid is said again, whatever the actions are called
			if got := r.Answer("", []string{"told\n" + a + "\npaid"}); !strings.HasSuffix("told "+a, got) {
				t.Fatalf("%q paid, and %q is said", a, got)
			}
		}
	})
}

func FuzzNoReplyOfATurnPanics(f *testing.F) {
	f.Add([]byte(`{"told":"wall","reward":1,"done":false,"experiences":[{"kind":"step","text":"x"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var c consequence
		if json.Unmarshal(text, &c) == nil && c.Check() == nil && (c.Told == nil || c.Reward == nil || c.Done == nil) {
			t.Fatalf("%s is taken", text)
		}
	})
}
