// Package meter counts what a run uses at a training service: tokens, and the time that it waits there. The client of runs is part of the code
// identity of every recorded run of a language model and keeps no count, so its calls go through a relay on loopback of this process, which
// passes them on as they are and reads along.
package meter

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target"
)

// File is the name of the file that keeps what a run has used, in the run's folder beside its record. It is not part of the record: times and
// repeated calls differ between two runs of one seed.
const File = "used.json"

// Used is what one run has used at a training service since it was begun, over all processes that carried it out.
type Used struct {
	Service string  `json:"service"` // name of the target
	Model   string  `json:"model"`   // that the run started from, by the service's name; "" before one was made
	Calls   int64   `json:"calls"`   // queued calls that were answered
	Input   int64   `json:"input"`   // tokens that the model read: prompts of samples, rows of passes without a gradient
	Output  int64   `json:"output"`  // tokens that it wrote
	Trained int64   `json:"trained"` // tokens of rows that it computed a gradient on
	Waited  float64 `json:"waited"`  // seconds in which a call of the run was at the service
	Queued  float64 `json:"queued"`  // seconds of Waited in which none of them was being carried out, as far as the service tells
	Told    bool    `json:"told"`    // the service tells how long calls queue
	Priced  bool    `json:"priced"`  // the target has a price for the model
	Dollars float64 `json:"dollars"` // of all tokens, by the prices that were set when it ran last, or, where there was none, by those of the day
}

// Price puts in what all of it costs by these prices; nil knows none.
func (u *Used) Price(of func(model string) (target.Price, bool)) {
	var p target.Price
	if of != nil {
		p, u.Priced = of(u.Model)
	}
	if u.Dollars = 0; u.Priced {
		u.Dollars = p.Cost(target.Used{Input: int(u.Input), Output: int(u.Output), Trained: int(u.Trained)})
	}
}

// Read returns what the run in that folder has used; nil where it asked no service yet. A file that cannot be read is an error of code
// invalid.
func Read(dir string) (*Used, error) {
	path := filepath.Join(dir, File)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var u Used
	if err == nil {
		err = json.Unmarshal(text, &u)
	}
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "what the run used at its service cannot be read from %q: %w", path, err).WithHint("remove that file: the run goes on without it, and counts from zero")
	}
	return &u, nil
}

// write keeps what the run has used.
func (u Used) write(dir string) error {
	text, err := json.MarshalIndent(u, "", "  ")
	if err == nil {
		err = file.Replace(filepath.Join(dir, File), append(text, '\n'), 0o644)
	}
	if err != nil {
		return lab.Errorf(lab.Unavailable, "what the run used at its service cannot be kept in %q: %w", dir, err).WithHint("free space, or make the folder writable")
	}
	return nil
}
