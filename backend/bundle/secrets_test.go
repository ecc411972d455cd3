package bundle

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// Values are put together at run time, so that no search of this source finds them.
var stored = "correct-horse" + `"battery\` + "staple/+42"

func planted() map[string]string {
	b64 := base64.StdEncoding.EncodeToString
	chars := "Zq3" + "Kd9Lm2Np7Rt5Vx8Yb4Cf6Gh1Jk0Ws" + "Ae2Bu5Di8Eo3"
	escaped := func(s string) string {
		var out strings.Builder
		for _, r := range s {
			out.WriteString(`\u00` + hex.EncodeToString([]byte{byte(r)}))
		}
		return out.String()
	}
	inside, _ := json.Marshal(stored)
	twice, _ := json.Marshal(string(inside))
	return map[string]string{
		"the stored value as it is":              stored,
		"the stored value in JSON":               string(inside),
		"the stored value in JSON in JSON":       string(twice),
		"the stored value in escapes":            escaped(stored),
		"the stored value in base64":             b64([]byte(stored)),
		"the stored value inside longer base64":  b64([]byte("user:" + stored + "@host of a service")),
		"the stored value in base64 for the web": base64.URLEncoding.EncodeToString([]byte("a" + stored)),
		"the stored value in a web address":      url.QueryEscape(stored),
		"the stored value in hexadecimal":        hex.EncodeToString([]byte(stored)),
		"a model service's key":                  "sk-" + chars,
		"a model service's key in escapes":       escaped("sk-" + chars),
		"a GitHub token":                         "ghp" + "_" + chars[:36],
		"an AWS key":                             "AKIA" + "IOSFODNN7EXAMPL9",
		"a Hugging Face token":                   "hf" + "_" + chars[:34],
		"a private key":                          "-----BEGIN " + "RSA PRIVATE KEY-----",
		"a Bearer token":                         "Authorization: Bearer " + chars,
		"a Slack token":                          "xox" + "b-12345678901-" + chars[:24],
		"a Google key":                           "AIza" + "Sy" + chars[:33],
		"an age key":                             "AGE-SECRET-KEY-1" + strings.ToUpper(chars + chars)[:58],
		"a GitHub token in base64":               b64([]byte("token=ghp" + "_" + chars[:36])),
		"a signed token":                         "eyJ" + chars[:30] + ".eyJ" + chars[:30] + "." + chars[:40],
		"a model service's key in an address":    "https%3A%2F%2Fx.test%2F%3Fkey%3Dsk-" + chars,
	}
}

// places puts a text into each part of an experiment in turn.
func places() map[string]func(t testing.TB, e *Experiment, text string) {
	event := func(change func(events []lab.Event, text string)) func(testing.TB, *Experiment, string) {
		return func(t testing.TB, e *Experiment, text string) {
			events := played(keyB, 0)
			change(events, text)
			e.Runs[0].Record = filepath.Join(t.TempDir(), "again", "record.loci")
			write(t, e.Runs[0].Record, events...)
		}
	}
	return map[string]func(testing.TB, *Experiment, string){
		"notebook": func(_ testing.TB, e *Experiment, text string) { e.Notebook = append(e.Notebook, "x "+text+" y\n"...) },
		"title":    func(_ testing.TB, e *Experiment, text string) { e.Title = text },
		"results": func(_ testing.TB, e *Experiment, text string) {
			e.Results, _ = json.Marshal(map[string]string{"sentence": text})
		},
		"step": event(func(ev []lab.Event, text string) { ev[3] = lab.Step{Episode: 1, Saw: text, Action: "look"} }),
		"context": event(func(ev []lab.Event, text string) {
			ev[1] = lab.Context{Episode: 1, Blocks: []lab.Block{{Name: "tool", Text: "it said: " + text}}}
		}),
		"memory": event(func(ev []lab.Event, text string) {
			ev[2] = lab.Memory{Op: lab.OpWrite, Bank: "main", Episode: 1, Entry: "e", After: &lab.Entry{ID: "e", Text: text}}
		}),
		"weights": func(t testing.TB, e *Experiment, text string) {
			path := filepath.Join(filepath.Dir(e.Runs[0].Record), "checkpoint-000000000001.ckpt")
			if err := os.WriteFile(path, append(bytes.Repeat([]byte{0, 1, 2}, 400_000), text...), 0o644); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func TestPlantedSecretsAreFoundInEveryPartAndNeverShownOrWritten(t *testing.T) {
	for secret, text := range planted() {
		for part, plant := range places() {
			if part == "weights" && !strings.Contains(secret, "as it is") && !strings.HasPrefix(text, "hf_") {
				continue // weights are no text: they are searched for what stands there as it is
			}
			t.Run(secret+" in "+part, func(t *testing.T) {
				e := demo(t)
				plant(t, &e, text)
				dir := t.TempDir()
				_, err := Write(t.Context(), filepath.Join(dir, "x.loci"), e, Options{Detail: Detail{true, true, true},
					Secrets: []Known{{Name: "my-service", Value: lab.NewSecret(stored)}}})
				found, ok := errors.AsType[*SecretsError](err)
				if !ok {
					t.Fatalf("not found: %v", err)
				}
				if strings.Contains(err.Error()+lab.HintOf(err), stored) || strings.Contains(err.Error(), text) {
					t.Error("the message shows the value")
				}
				if found.Leaks[0].Part == "" || found.Leaks[0].Place == "" || found.Leaks[0].Kind == "" {
					t.Errorf("hit is %+v, want a part, a place and a kind", found.Leaks[0])
				}
				if left, rerr := os.ReadDir(dir); rerr != nil || len(left) > 0 {
					t.Errorf("%v was written (%v)", left, rerr)
				}
			})
		}
	}
}

func TestAPageStopsAtASecretToo(t *testing.T) {
	for secret, text := range planted() {
		p := NewPage(Options{Secrets: []Known{{Name: "my-service", Value: lab.NewSecret(stored)}}})
		if err := p.Add("episodes:x", map[string]string{"saw": text}); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "x.html")
		err := p.Write(t.Context(), path, "title", []byte("0"), []byte("a{}"))
		invalid(t, err, "looks like a secret")
		if _, serr := os.Stat(path); serr == nil {
			t.Errorf("%s: a page was written", secret)
		}
	}
}

func TestPlainTextIsNoSecret(t *testing.T) {
	h, short := newHunter([]Known{{Name: "tiny", Value: lab.NewSecret("abc")}})
	if len(short) != 1 || short[0] != "tiny" {
		t.Errorf("too short are %q, want tiny", short)
	}
	for _, text := range []string{
		"the task-sk-eleton of a risk-averse-and-long-winded-sentence", "sk-" + strings.Repeat("a", 40), "Bearer of good news everybody",
		"a hash: 0f3a9c0f3a9c0f3a9c0f3a9c0f3a9c0f3a9c0f3a9c0f3a9c0f3a9c0f3a9c0f3a", "-----BEGIN PUBLIC KEY-----", "eyJhbGciOiJub25lIn0",
		"disk-usage-of-the-whole-computer-in-bytes", `{"vector":[0.123456789,0.987654321]}`, "100 % of AKIA", "hf_hub",
	} {
		if found := h.look([]byte(text)); len(found) > 0 {
			t.Errorf("%q reads as %+v", text, found)
		}
	}
}

func TestAHitTellsLineAndByte(t *testing.T) {
	h, _ := newHunter([]Known{{Name: "my-service", Value: lab.NewSecret("hunter2-hunter2")}})
	h.lines("content/notebook/a.md", []byte("one\ntwo hunter2-hunter2\n"))
	want := Leak{Part: "content/notebook/a.md", Place: "line 2, byte 4", Kind: "stored secret my-service"}
	if len(h.hits) != 1 || h.hits[0] != want {
		t.Errorf("hits are %+v, want %+v", h.hits, want)
	}
}

func FuzzHunterFindsAPlantedValue(f *testing.F) {
	f.Add([]byte("before "), []byte(" after"), uint8(0))
	f.Add([]byte(`{"a":"`), []byte(`"}`), uint8(1))
	f.Add([]byte("x=%41&k="), []byte("&y"), uint8(2))
	f.Fuzz(func(t *testing.T, before, after []byte, how uint8) {
		h, _ := newHunter([]Known{{Name: "s", Value: lab.NewSecret(stored)}})
		value := stored
		switch how % 4 {
		case 1:
			b, err := json.Marshal(stored)
			if err != nil {
				t.Fatal(err)
			}
			value = string(b)
			before = bytes.TrimRight(before, `\`) // an odd backslash before it would take the value's first character with it
		case 2:
			value = url.QueryEscape(stored)
		case 3:
			value = base64.StdEncoding.EncodeToString([]byte(stored))
		}
		if how%4 == 2 && bytes.ContainsAny(before, `\%`) {
			t.Skip("what stands before may belong to the value")
		}
		text := append(append(bytes.Clone(before), value...), after...)
		if len(h.look(text)) == 0 {
			t.Errorf("the value is not found in %q", text)
		}
	})
}
