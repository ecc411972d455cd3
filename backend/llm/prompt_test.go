package llm_test

import (
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
)

const askPrompt = `---
reader: the agent that answers
fields:
  memory: what was remembered, one entry a line
  question: what is asked
---
## system
You answer from notes.
  Keep blanks inside.

## user

Notes:
{{memory}}

## not a section
{{question}} (again: {{question}})
`

func prompt(t testing.TB, text string) *llm.Prompt {
	t.Helper()
	p, err := llm.ParsePrompt("ask", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPromptIsRenderedWithItsFields(t *testing.T) {
	p := prompt(t, askPrompt)
	if p.Name != "ask" || p.Reader != "the agent that answers" || !reflect.DeepEqual(p.Fields, []llm.PromptField{{Name: "memory", Doc: "what was remembered, one entry a line"}, {Name: "question", Doc: "what is asked"}}) {
		t.Errorf("%+v", p)
	}
	got, err := p.Render(map[string]string{"memory": "a {{question}}\n", "question": "where?"})
	want := []llm.Message{
		{Role: llm.System, Text: "You answer from notes.\n  Keep blanks inside."},
		{Role: llm.User, Text: "Notes:\na {{question}}\n\n\n## not a section\nwhere? (again: where?)"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	alone, err := prompt(t, "---\nreader: x\n---\n## user\nhello").Render(nil)
	if err != nil || !reflect.DeepEqual(alone, []llm.Message{{Role: llm.User, Text: "hello"}}) {
		t.Errorf("%q, %v", alone, err)
	}
}

func TestTheHashIsTheTextsOnEverySystem(t *testing.T) {
	a, b := prompt(t, askPrompt), prompt(t, strings.ReplaceAll(askPrompt, "\n", "\r\n"))
	if a.Hash() != b.Hash() || len(a.Hash()) != 24 {
		t.Errorf("%s and %s", a.Hash(), b.Hash())
	}
	if c := prompt(t, strings.Replace(askPrompt, "notes", "memory", 1)); c.Hash() == a.Hash() {
		t.Error("another text has the same hash")
	}
}

func TestValuesThatAreNotTheFieldsAreRefused(t *testing.T) {
	p := prompt(t, askPrompt)
	for name, c := range map[string]struct {
		values map[string]string
		words  []string
	}{
		"one is missing":  {map[string]string{"memory": ""}, []string{`"question" has no value`, `"memory" "question"`}},
		"one is unknown":  {map[string]string{"memory": "", "question": "", "questions": ""}, []string{`"questions" is unknown`}},
		"all are missing": {nil, []string{`"memory" has no value`}},
	} {
		_, err := p.Render(c.values)
		if lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
		for _, w := range c.words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q is missing in %v", name, w, err)
			}
		}
	}
}

func TestAPromptThatIsNoneIsToldWithItsLine(t *testing.T) {
	head := "---\nreader: x\nfields:\n  text: y\n---\n"
	for _, c := range []struct {
		name, text string
		words      []string
	}{
		{"empty", "", []string{"line 1", "no head"}},
		{"no end of the head", "---\nreader: x\n## user\nhi\n", []string{"line 1", "no head"}},
		{"a head that is no YAML", "---\n[\n---\n## user\nhi\n", []string{"no YAML"}},
		{"no reader", "---\nfields:\n  text: y\n---\n## user\n{{text}}\n", []string{"who reads"}},
		{"an unknown key", "---\nreader: x\nauthor: y\n---\n## user\nhi\n", []string{"line 3", `"author"`, `"fields"`}},
		{"fields in a list", "---\nreader: x\nfields: [text]\n---\n## user\nhi\n", []string{"line 3", `"fields"`}},
		{"a field without a word", "---\nreader: x\nfields:\n  text:\n---\n## user\n{{text}}\n", []string{"line 4", `"text"`, "what it holds"}},
		{"a field with a wrong name", "---\nreader: x\nfields:\n  Text: y\n---\n## user\nhi\n", []string{"line 4", `"Text"`}},
		{"no section", head, []string{"## user"}},
		{"no user", head + "## system\n{{text}}\n", []string{"## user"}},
		{"text before", head + "hello\n## user\n{{text}}\n", []string{"line 6", "before the first section"}},
		{"a section twice", head + "## user\n{{text}}\n## user\nhi\n", []string{"line 8", `"user" stands behind "user"`}},
		{"system behind user", head + "## user\n{{text}}\n## system\nhi\n", []string{"line 8", `"system" stands behind "user"`}},
		{"an empty section", head + "## system\n\n## user\n{{text}}\n", []string{`"system" is empty`}},
		{"an unknown field", head + "## user\nsay\n\n{{txt}} {{text}}\n", []string{"line 9", `"txt"`, `"text"`}},
		{"braces that are none", head + "## user\n{{text}}\n{{ text }}\n", []string{"line 8", "{{NAME}}"}},
		{"a field that is not used", "---\nreader: x\nfields:\n  text: y\n  more: z\n---\n## user\n{{text}}\n", []string{`"more"`, "no section"}},
		{"no UTF-8", head + "## user\n\xff\n", []string{"UTF-8"}},
		{"too large", head + strings.Repeat("x", 1<<20), []string{"1048576"}},
	} {
		p, err := llm.ParsePrompt("ask", []byte(c.text))
		if p != nil && err != nil {
			p = nil
		}
		if lab.CodeOf(err) != lab.Invalid || err == nil {
			t.Errorf("%s: %v, %v", c.name, p, err)
			continue
		}
		for _, w := range append(c.words, `"ask"`) {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q is missing in: %v", c.name, w, err)
			}
		}
	}
}

func TestAFolderOfPromptsIsReadByName(t *testing.T) {
	all, err := llm.ReadPrompts(fstest.MapFS{"ask.md": {Data: []byte(askPrompt)}, "note.md": {Data: []byte("---\nreader: x\n---\n## user\nhi")}, "x.txt": {Data: []byte("y")}})
	if err != nil || len(all) != 2 || all["ask"].Name != "ask" || all["note"].Reader != "x" {
		t.Errorf("%v, %v", all, err)
	}
	if _, err := llm.ReadPrompts(fstest.MapFS{}); lab.CodeOf(err) != lab.Invalid {
		t.Error(err)
	}
	if _, err := llm.ReadPrompts(fstest.MapFS{"bad.md": {Data: []byte("x")}}); lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), `"bad"`) {
		t.Error(err)
	}
}

func FuzzParsePrompt(f *testing.F) {
	f.Add([]byte(askPrompt))
	f.Add([]byte("---\nreader: x\n---\n## user\nhi"))
	f.Add([]byte("---\n? [a]\n: b\n---\n## user\n{{"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := llm.ParsePrompt("x", text)
		if err != nil {
			if lab.CodeOf(err) != lab.Invalid {
				t.Fatal(err)
			}
			return
		}
		values := map[string]string{}
		for _, field := range p.Fields {
			values[field.Name] = "VALUE"
		}
		messages, err := p.Render(values)
		if err != nil || len(messages) == 0 || messages[len(messages)-1].Role != llm.User {
			t.Fatalf("%q, %v", messages, err)
		}
	})
}
