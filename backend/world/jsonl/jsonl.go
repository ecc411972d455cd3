// Package jsonl makes worlds of questions and answers out of JSON lines: one object a line, with a question and its answer. GSM8K is such a
// file whose answers end in a number behind four hash marks.
package jsonl

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/grade"
)

// Names of the worlds, as in a notebook, and of the layouts of their files.
const (
	Name  = "jsonl"
	GSM8K = "gsm8k"
)

// Splits of the worlds; they share no question.
const (
	Train = "train"
	Test  = "test"
)

// Knobs say how a file is read.
type Knobs struct {
	Data     string  `json:"data" doc:"name under which the file was imported" default:"questions" main:"true"`
	Question string  `json:"question" doc:"field of a line that holds the question" default:"question"`
	Answer   string  `json:"answer" doc:"field of a line that holds the answer" default:"answer"`
	Number   bool    `json:"number" doc:"answers are compared by the number that they end in, that behind #### where there is such a mark; else by their words" default:"false"`
	Share    float64 `json:"test_share" doc:"share of the questions that are the test, drawn by a hash of the question" default:"0.25" min:"0" max:"1"`
}

// Validate checks what bounds cannot say.
func (k *Knobs) Validate() error {
	for _, f := range []struct{ knob, value string }{{"data", k.Data}, {"question", k.Question}, {"answer", k.Answer}} {
		if f.value == "" {
			return lab.Errorf(lab.Invalid, "jsonl: knob %s is empty, want a name", f.knob).WithHint("loci import-data list shows the names of data; the fields are those of the file")
		}
	}
	if k.Question == k.Answer {
		return lab.Errorf(lab.Invalid, "jsonl: question and answer are both read from field %q", k.Question).WithHint("name two fields of the file")
	}
	return nil
}

// Worlds lists the worlds for the catalog.
func Worlds() []schema.Kind {
	knobs := func() any { return new(Knobs) }
	return []schema.Kind{
		{Name: Name, Doc: "Imported questions and answers, one JSON object a line.", New: knobs},
		{Name: GSM8K, Doc: "Imported GSM8K problems: short stories of arithmetic whose answers end in a number.", New: knobs,
			Presets: []schema.Preset{{Path: "data", Default: GSM8K}, {Path: "number", Default: "true"}}},
	}
}

// Item is one question with its answer.
type Item struct {
	Question string
	Answer   string
}

// right says whether an answer to the item is.
func (k *Knobs) right(item Item, answer string) bool {
	if k.Number {
		return grade.SameNumber(answer, item.Answer)
	}
	return grade.Exact(answer, item.Answer)
}
