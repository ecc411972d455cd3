package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world/dataset"
	"github.com/loci-lab/loci/backend/world/grade"
	"github.com/loci-lab/loci/backend/world/jsonl"
	"github.com/loci-lab/loci/backend/world/locomo"
)

// layouts are those that can be imported.
func layouts() []string { return []string{locomo.Name, jsonl.GSM8K, jsonl.Name} }

// readData reads a file of a user's, all of it.
func readData(path string) ([]byte, error) {
	at, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, lab.Errorf(lab.NotFound, "there is no file %q", path).WithHint("give the path of the file that you downloaded; docs/data.md says where it comes from")
	case err == nil && at.IsDir():
		return nil, lab.Errorf(lab.Invalid, "%q is a folder, want a file", path).WithHint("give the path of a file in it")
	case err == nil && at.Size() > dataset.Limit:
		return nil, lab.Errorf(lab.Invalid, "%q has %d bytes, want at most %d", path, at.Size(), dataset.Limit).WithHint("import a part of it")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "%q cannot be read: %w", path, err).WithHint("make the file readable")
	}
	return text, nil
}

// checked is what checking a file found.
type checked struct {
	summary any
	rows    [][2]string // for people
	warning string
}

// checkData checks a file against a layout, all of it.
func checkData(layout, path string, text []byte, k jsonl.Knobs) (found checked, err error) {
	switch layout {
	case locomo.Name:
		f, err := locomo.Parse(path, text)
		if err != nil {
			return found, err
		}
		return conversations(f.Summary()), nil
	case jsonl.GSM8K, jsonl.Name:
		k.Number = layout == jsonl.GSM8K
		items, err := jsonl.Parse(path, text, k)
		if err != nil {
			return found, err
		}
		return questions(items), nil
	}
	return found, lab.Errorf(lab.Invalid, "layout %q is unknown, want one of %q", layout, layouts()).WithHint("name one of %q", layouts())
}

func conversations(s locomo.Summary) checked {
	found := checked{summary: s, rows: [][2]string{{"conversations", fmt.Sprint(s.Conversations)}, {"sessions", fmt.Sprint(s.Sessions)},
		{"turns", fmt.Sprint(s.Turns)}, {"turns with a picture", fmt.Sprint(s.Pictures)}, {"questions", fmt.Sprint(s.Questions)}}}
	for _, c := range grade.Categories() {
		found.rows = append(found.rows, [2]string{"  " + c.String(), fmt.Sprint(s.Categories[c.String()])})
	}
	found.rows = append(found.rows, [2]string{"questions without evidence", fmt.Sprint(s.NoEvidence)}, [2]string{"evidence that names no turn", fmt.Sprint(len(s.Unknown))})
	if len(s.Unknown) > 0 {
		found.warning = "Evidence that names no turn is left out of recall: " + strings.Join(s.Unknown, ", ")
	}
	return found
}

// itemSummary counts the questions of a file of JSON lines.
type itemSummary struct {
	Questions int     `json:"questions"`
	Distinct  int     `json:"distinct_questions"`
	Words     float64 `json:"words"` // mean of a question
}

func questions(items []jsonl.Item) checked {
	seen, words := map[string]bool{}, 0
	for _, item := range items {
		seen[item.Question] = true
		words += len(strings.Fields(item.Question))
	}
	s := itemSummary{len(items), len(seen), float64(words) / float64(len(items))}
	return checked{summary: s, rows: [][2]string{{"questions", fmt.Sprint(s.Questions)}, {"distinct questions", fmt.Sprint(s.Distinct)},
		{"words of a question", fmt.Sprintf("%.1f", s.Words)}}}
}

func (found checked) raw() (json.RawMessage, error) {
	text, err := json.Marshal(found.summary)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "what the file holds cannot be written as JSON: %w", err)
	}
	return text, nil
}
