package sched

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
)

// pursuit is a halving sweep that is under way. Its note lies in the data folder from before the sweep's first run begins until the sweep is
// over or a person ended it, so that the later rungs come whatever happens to this process. It says what was asked for and nothing of how far
// that got: the rungs follow from the records.
type pursuit struct {
	File    string    `json:"file"`
	Text    string    `json:"text"` // of the notebook as it was then
	Options Options   `json:"options"`
	Since   time.Time `json:"since"` // when it was begun: what ended later counts, though everything is to be run again
	id      string    // name of the note, which follows from the sweep
}

func (o *Owner) pursuitFile(id string) string { return filepath.Join(o.Home, "sweeps", id+".json") }

// markOf names a halving sweep by its rungs and the keys of its first one. A sweep has another name where another build would make other
// runs of the same notebook. "" is for a plan that runs no such sweep.
func markOf(p Plan) string {
	if p.Sweep == nil || p.Sweep.Kind != notebook.HalvingSweep || p.Doc == nil {
		return ""
	}
	hash := sha256.New()
	fmt.Fprintln(hash, p.Sweep.Name, p.Sweep.Rungs())
	for _, r := range p.Runs {
		if r.Trial.Rung == 0 {
			fmt.Fprintln(hash, r.Key)
		}
	}
	return "sweep-" + hex.EncodeToString(hash.Sum(nil)[:8])
}

// pursue writes the note of the sweep that a plan runs and returns its name, "" where the plan runs none that has rungs. A note of the same
// sweep that is there already is replaced: the person asked anew, perhaps for another target. One of the sweep as an earlier text of the
// notebook had it goes: the person means the text of today.
func (o *Owner) pursue(p Plan) (id string, err error) {
	if id = markOf(p); id == "" || o.Vocabulary == nil {
		return "", nil
	}
	note := pursuit{File: p.File, Text: string(notebook.Print(p.Doc)), Options: p.Sweep.opt, Since: p.Sweep.opt.since}
	if note.Since.IsZero() {
		note.Since = o.Now().Truncate(time.Millisecond) // finer than that the library keeps no time
	}
	for _, old := range o.pursuits() {
		if old.File == note.File && old.Options.Sweep == note.Options.Sweep && old.Text != note.Text {
			o.dropPursuit(old.id)
		}
	}
	path := o.pursuitFile(id)
	text, err := json.Marshal(note)
	if err = errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o755)); err == nil {
		err = file.Replace(path, text, 0o600)
	}
	if err != nil {
		return "", lab.Errorf(lab.Unavailable, "the note on sweep %q cannot be written: %w", p.Sweep.Name, err).WithHint("free space or make the data folder writable")
	}
	return id, nil
}

// pursued removes the note of the sweep that a job ran to its end. It stays where the job ends because Loci closes, or because its target cannot
// be reached: the rungs are still to come.
func (o *Owner) pursued(j *job) {
	j.mu.Lock()
	away := j.away
	j.mu.Unlock()
	if j.note != "" && !away && o.ctx.Err() == nil {
		o.dropPursuit(j.note)
	}
}

func (o *Owner) dropPursuit(id string) {
	if err := os.Remove(o.pursuitFile(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		o.Log.Warn("a note on a sweep stays", "sweep", id, "error", err)
	}
}

// pursuits reads all notes on sweeps, oldest first. One that cannot be read is told in the log and left where it is.
func (o *Owner) pursuits() (all []pursuit) {
	paths, _ := filepath.Glob(filepath.Join(o.Home, "sweeps", "*.json")) // the pattern is well formed
	for _, path := range paths {
		name := filepath.Base(path)
		p := pursuit{id: name[:len(name)-len(".json")]}
		text, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(text, &p)
		}
		if err != nil {
			o.Log.Warn("a note on a sweep cannot be read", "file", path, "error", err)
			continue
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b pursuit) int { return a.Since.Compare(b.Since) })
	return all
}

// resume goes on with the sweeps that earlier processes left, as a job for each, and returns the keys of the runs that those carry out. A sweep of
// which nothing is left to run, and one that this build would make other runs of, is given up.
func (o *Owner) resume(ctx context.Context) (theirs map[string]bool, err error) {
	theirs = map[string]bool{}
	if o.Vocabulary == nil {
		return theirs, nil
	}
	for _, p := range o.pursuits() {
		plan, failed := o.resumeOne(ctx, p)
		err = errors.Join(err, failed)
		for _, r := range plan.Runs {
			if r.State != Done && !r.kept { // what is over may not have been crossed off yet
				theirs[r.Key] = true
			}
		}
	}
	return theirs, err
}

// resumeOne goes on with a sweep and returns its plan, an empty one where it did not.
func (o *Owner) resumeOne(ctx context.Context, p pursuit) (Plan, error) {
	plan, err := o.pursuitPlan(ctx, p)
	if lab.CodeOf(err) == lab.Invalid || err == nil && markOf(plan) != p.id {
		o.dropPursuit(p.id)
		text := fmt.Sprintf("Sweep %s of %s was begun by another version of Loci, for which its runs would be others: it does not go on by itself", p.Options.Sweep, p.File)
		o.notice("warn", text+"; run it again to begin it anew")
		o.Log.Warn(text, "error", err)
		return Plan{}, nil
	}
	if err != nil {
		return Plan{}, err
	}
	if plan.Todo() == 0 {
		o.dropPursuit(p.id)
		return Plan{}, nil
	}
	if _, err := o.Start(ctx, plan); err != nil {
		return Plan{}, err
	}
	o.notice("info", fmt.Sprintf("Sweep %s of %s goes on by itself: %s", p.Options.Sweep, plan.Title, plan.Sweep.Standing()))
	return plan, nil
}

// pursuitPlan is what is left of a sweep. What failed since it was begun is its answer and is not tried again, as it would not have been by a
// process that stayed.
func (o *Owner) pursuitPlan(ctx context.Context, p pursuit) (Plan, error) {
	doc, problems := notebook.Parse(p.File, []byte(p.Text), o.Vocabulary)
	if err := notebook.Err(problems); err != nil {
		return Plan{}, err
	}
	opt := p.Options
	opt.since = p.Since
	return o.Plan(ctx, doc, opt)
}

// Standing says at which rung a sweep is: "rung 2 of 3".
func (s *Sweeping) Standing() string {
	all := len(s.Rungs())
	return fmt.Sprintf("rung %d of %d", all-len(s.Ahead), all)
}

// cause is why a run failed that is not tried again; nil for any other.
func (r RunInfo) cause() error {
	if !r.kept {
		return nil
	}
	return lab.Errorf(lab.Invalid, "%s", r.Err).WithHint("%s", r.Hint)
}
