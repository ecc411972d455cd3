package jsonl

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world/dataset"
	"github.com/loci-lab/loci/backend/world/grade"
)

// Parse reads the items of a file; name is for the errors, in which the record is the number of the line. Empty lines are left out, and so
// are fields that are not asked for.
func Parse(name string, text []byte, k Knobs) ([]Item, error) {
	var items []Item
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		item, err := k.item(name, number, line)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	if len(items) == 0 {
		return nil, lab.Errorf(lab.Invalid, "%s has no line, want at least 1 question", name).WithHint("give a file with one JSON object a line")
	}
	return items, nil
}

func (k *Knobs) item(name string, number int, line []byte) (item Item, err error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil || fields == nil {
		if !json.Valid(line) {
			return item, dataset.Syntax(name, line, number, err)
		}
		return item, dataset.Fault(name, number, "(the whole)", line, "an object with "+k.Question+" and "+k.Answer)
	}
	var ok bool
	if item.Question, ok = dataset.Text(fields[k.Question]); !ok || strings.TrimSpace(item.Question) == "" {
		return item, dataset.Fault(name, number, k.Question, fields[k.Question], "a text")
	}
	if item.Answer, ok = dataset.Answer(fields[k.Answer]); !ok {
		return item, dataset.Fault(name, number, k.Answer, fields[k.Answer], "a text or a number")
	}
	if _, is := grade.Number(item.Answer); k.Number && !is {
		return item, dataset.Fault(name, number, k.Answer, fields[k.Answer], "a text that ends in a number, behind "+grade.Mark+" where other numbers stand before it")
	}
	return item, nil
}
