package jsonl

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
)

const sample = `{"question": "How many legs have two dogs?", "answer": "2 dogs have 4 * 2 = 8 legs.\n#### 8", "more": [1]}

{"question": "What is 1,000 + 1?", "answer": 1001}
{"question": "And half of 5?", "answer": "#### 2.50"}
`

func numbers() Knobs {
	return Knobs{Data: "mine", Question: "question", Answer: "answer", Number: true, Share: 0.5}
}

func TestLinesAreReadWithNumbersForAnswers(t *testing.T) {
	items, err := Parse("q.jsonl", []byte(sample), numbers())
	want := []Item{{"How many legs have two dogs?", "2 dogs have 4 * 2 = 8 legs.\n#### 8"}, {"What is 1,000 + 1?", "1001"}, {"And half of 5?", "#### 2.50"}}
	if err != nil || !reflect.DeepEqual(items, want) {
		t.Fatalf("items are %q, %v", items, err)
	}
}

func TestErrorsNameLineAndField(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
		change           func(k *Knobs)
	}{
		{"no JSON", sample + "{\"question\": \"x\",, }", "q.jsonl:5:18: this is no JSON", nil},
		{"no object", sample + "[1]", "record 5, field (the whole) is [1], want an object with question and answer", nil},
		{"no question", `{"q": "x", "answer": 1}`, "record 1, field question is missing, want a text", nil},
		{"an empty question", `{"question": " ", "answer": 1}`, `record 1, field question is " "`, nil},
		{"no answer", `{"question": "x", "answer": null}`, "record 1, field answer is null, want a text or a number", nil},
		{"an answer without a number", `{"question": "x", "answer": "none"}`, `record 1, field answer is "none", want a text that ends in a number`, nil},
		{"other names of fields", sample, "record 1, field prompt is missing", func(k *Knobs) { k.Question = "prompt" }},
		{"nothing", "\n\n", "q.jsonl has no line", nil},
	} {
		k := numbers()
		if c.change != nil {
			c.change(&k)
		}
		_, err := Parse("q.jsonl", []byte(c.text), k)
		if err == nil || lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), c.want) || lab.HintOf(err) == "" {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample), true)
	f.Add([]byte(`{"question":"a","answer":"b"}`), false)
	f.Fuzz(func(t *testing.T, text []byte, number bool) {
		k := numbers()
		k.Number = number
		items, err := Parse("f", text, k)
		if err != nil {
			if lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
				t.Fatalf("%v has code %s and hint %q", err, lab.CodeOf(err), lab.HintOf(err))
			}
			return
		}
		w, err := New(Name, k, items)
		if err != nil {
			t.Fatal(err)
		}
		for _, split := range w.Splits() {
			for seed := range uint64(min(3, w.Size(split))) {
				d, err := w.Start(split, seed)
				if err != nil {
					t.Fatal(err)
				}
				oracle, err := w.Reference(world.Oracle, 0)
				if err != nil {
					t.Fatal(err)
				}
				if d.Act(oracle.Answer(d)); number && !d.Info().Success {
					t.Fatalf("the oracle fails %+v", d)
				}
			}
		}
	})
}

func build(t *testing.T, name string, k Knobs, text string) *World {
	t.Helper()
	items, err := Parse("q.jsonl", []byte(text), k)
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(name, k, items)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestTheRuleAnswersOnlyWhatWasRecalled(t *testing.T) {
	k := numbers()
	k.Share = 0
	w := build(t, Name, k, sample)
	if w.Size(Train) != 3 || w.Size(Test) != 0 {
		t.Fatalf("sizes are %d and %d", w.Size(Train), w.Size(Test))
	}
	r := w.Reader(0)
	var lines []string
	for seed := range uint64(6) {
		started, err := w.Start(Train, seed)
		if err != nil {
			t.Fatal(err)
		}
		d := started.(*Dialogue)
		r.Begin()
		if d.Query() != d.Read() || len(d.Experiences()) != 0 {
			t.Fatalf("before the answer the query is %q and there are experiences %v", d.Query(), d.Experiences())
		}
		if out := d.Act(r.Answer(d.Read(), lines)); !out.Done || (out.Reward == 1) != (seed >= 3) {
			t.Errorf("question %d: %+v", seed, out)
		}
		e := d.Experiences()
		if len(e) != 1 || !e[0].Scored || e[0].Success != (seed >= 3) || d.Query() != "" {
			t.Fatalf("question %d brings %+v", seed, e)
		}
		lines = append(lines, e[0].Text)
	}
}

func TestReferencesAndGrading(t *testing.T) {
	k := numbers()
	k.Share = 1
	w := build(t, GSM8K, k, sample)
	for name, want := range map[string]int{world.Oracle: 6, world.MemoryFree: 0, world.FullMemory: 3} {
		r, err := w.Reference(name, 1)
		if err != nil {
			t.Fatal(err)
		}
		right := 0
		for seed := range uint64(6) {
			d, err := w.Start(Test, seed)
			if err != nil {
				t.Fatal(err)
			}
			if d.Act(r.Answer(d)); d.Info().Success {
				right++
			}
			if again := d.Act("8"); !again.Done || again.Reward != 0 || again.Note == "" {
				t.Errorf("a second answer gives %+v", again)
			}
			if s := d.Scene(); len(s.Marks) != 3 || s.Marks[2].Y >= s.H {
				t.Errorf("the picture is %+v", s)
			}
		}
		if right != want {
			t.Errorf("%s answers %d of 6 rightly, want %d", name, right, want)
		}
	}
	if _, err := w.Reference(world.Random, 1); err != nil {
		t.Error(err)
	}
	for _, err := range []error{second(w.Reference("psychic", 0)), second(w.Start("psychic", 0)), second(w.Start(Train, 0))} {
		if err == nil || lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
			t.Errorf("error is %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestWordsAreComparedWithoutNumbers(t *testing.T) {
	k := numbers()
	k.Number, k.Share = false, 0
	w := build(t, Name, k, `{"question": "Capital of France?", "answer": "Paris"}`)
	for answer, want := range map[string]bool{"the Paris!": true, "Rome": false} {
		d, err := w.Start(Train, 0)
		if err != nil {
			t.Fatal(err)
		}
		if d.Act(answer); d.Info().Success != want {
			t.Errorf("%q counts as %v", answer, d.Info().Success)
		}
	}
}

func TestTheKnobsAreWellFormed(t *testing.T) {
	if err := (schema.Section{Name: "world", Kinds: Worlds()}).Check(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(k *Knobs){"no data": func(k *Knobs) { k.Data = "" }, "one field": func(k *Knobs) { k.Answer = k.Question }, "share": func(k *Knobs) { k.Share = 2 }} {
		k := numbers()
		change(&k)
		if _, err := New(Name, k, nil); lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheReleasedProblemsAreRead(t *testing.T) {
	dir := os.Getenv("LOCI_TEST_DATA")
	if dir == "" {
		t.Skip("LOCI_TEST_DATA names no folder with gsm8k200.jsonl")
	}
	text, err := os.ReadFile(filepath.Join(dir, "gsm8k200.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	k := numbers()
	k.Share = 0.25
	w := build(t, GSM8K, k, string(text))
	if n, m := w.Size(Train), w.Size(Test); n+m != 200 || m < 30 || m > 70 {
		t.Errorf("%d and %d problems, want 200 in all and about 50 in the test", n, m)
	}
}
