package sched

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/stats"
)

// resultFile lies beside a fork's record.
const resultFile = "fork.json"

// ForkResult is what a fork showed.
type ForkResult struct {
	Parent run.Outcome `json:"parent"` // the episode as it was
	Fork   run.Outcome `json:"fork"`   // with the changes, and the same random numbers
	First  int         `json:"first"`  // first step that differs, -1 where none does
	Pairs  []ForkPair  `json:"pairs"`
}

// ForkPair is the episode played twice with the random numbers of one replay.
type ForkPair struct {
	Changed   run.Outcome `json:"changed"`
	Unchanged run.Outcome `json:"unchanged"`
}

// ForkEffect sums the pairs up: changed less unchanged.
type ForkEffect struct {
	Return      stats.Interval
	Success     stats.Interval
	Sign        stats.SignFlipResult // of the returns
	SuccessSign stats.SignFlipResult
	N           int
	Same        bool // all replays went the same way: nothing in the episode depends on chance
}

// Effect is the effect over the pairs; ok is false where there is none.
func (r ForkResult) Effect() (e ForkEffect, ok bool) {
	if len(r.Pairs) == 0 {
		return e, false
	}
	returns, successes := make([]float64, len(r.Pairs)), make([]float64, len(r.Pairs))
	e.Same, e.N = len(r.Pairs) > 1, len(r.Pairs)
	for i, p := range r.Pairs {
		returns[i] = float64(p.Changed.Return) - float64(p.Unchanged.Return)
		successes[i] = share(p.Changed.Success) - share(p.Unchanged.Success)
		e.Same = e.Same && p.Changed.Course == r.Pairs[0].Changed.Course && p.Unchanged.Course == r.Pairs[0].Unchanged.Course
	}
	const alpha = 0.05
	e.Return, e.Success = stats.Student(returns, alpha), stats.Student(successes, alpha)
	e.Sign, e.SuccessSign = stats.SignFlip(returns, nil), stats.SignFlip(successes, nil) // so few pairs that all arrangements are counted
	return e, true
}

func share(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Words says the effect in one sentence.
func (r ForkResult) Words(f lab.Fork) string {
	what := f.Words()
	what = strings.ToUpper(what[:1]) + what[1:]
	e, ok := r.Effect()
	switch {
	case !ok && r.First < 0:
		return what + ": the episode goes the very same way."
	case !ok:
		return fmt.Sprintf("%s: the return is %s in place of %s; step %d is the first that differs.", what, short(float64(r.Fork.Return)), short(float64(r.Parent.Return)), r.First)
	case e.Same:
		came := "the return changes by " + signed(float64(e.Return.Mean))
		if float64(e.Return.Mean) == 0 {
			came = "the return stays as it was"
		}
		return fmt.Sprintf("%s: %s in each of %d replays. All replays are the same: nothing here depends on chance, and one look says it all.", what, came, e.N)
	}
	if float64(e.Return.Mean) == 0 && float64(e.Return.SD) == 0 {
		return fmt.Sprintf("%s: the return is the same in each of %d pairs.", what, e.N)
	}
	interval := fmt.Sprintf("%s on average (%s to %s, 95 %% t interval, %d pairs, p = %s)", signed(float64(e.Return.Mean)),
		signed(float64(e.Return.Low)), signed(float64(e.Return.High)), e.N, chance(float64(e.Sign.P)))
	if float64(e.Return.Low) > 0 || float64(e.Return.High) < 0 {
		return fmt.Sprintf("%s: the return changes by %s.", what, interval)
	}
	return fmt.Sprintf("%s: no clear effect on the return, %s.", what, interval)
}

func short(x float64) string { return fmt.Sprintf("%.3g", x) }

func signed(x float64) string {
	if math.Abs(x) < 5e-4 {
		return "0"
	}
	return strings.Replace(fmt.Sprintf("%+.2g", x), "-", "−", 1)
}

func chance(p float64) string {
	if p < 0.001 {
		return "less than 0.001"
	}
	return fmt.Sprintf("%.2g", p)
}

func (o *Owner) resultPath(key string) string { return filepath.Join(o.Folder(key), resultFile) }

func (o *Owner) forkResult(key string) (r ForkResult, err error) {
	text, err := os.ReadFile(o.resultPath(key))
	if err != nil {
		return r, lab.Errorf(lab.NotFound, "fork %q has no result: %w", key, err)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, lab.Errorf(lab.Invalid, "the result of fork %q cannot be read: %w", key, err)
	}
	return r, nil
}

// keepResult writes the result so that it is there whole or not at all.
func (o *Owner) keepResult(key string, r ForkResult) error {
	text, err := json.Marshal(r)
	if err == nil {
		path := o.resultPath(key)
		if err = os.WriteFile(path+".tmp", text, 0o644); err == nil {
			err = os.Rename(path+".tmp", path)
		}
	}
	if err != nil {
		return lab.Errorf(lab.Unavailable, "the result of fork %q cannot be kept: %w", key, err).WithHint("free space or make the data folder writable")
	}
	return nil
}

// compareForks puts the episode of a fork beside its parent's.
func compareForks(parent, fork string, episode int64) (r ForkResult, err error) {
	was, err := episodeOf(parent, episode)
	if err != nil {
		return r, err
	}
	is, err := episodeOf(fork, episode)
	if err != nil {
		return r, err
	}
	r = ForkResult{Parent: was.outcome, Fork: is.outcome, First: -1}
	for t := 0; t < max(len(was.steps), len(is.steps)) && r.First < 0; t++ {
		if t >= len(was.steps) || t >= len(is.steps) || !bytes.Equal(was.steps[t], is.steps[t]) {
			r.First = t
		}
	}
	return r, nil
}

// played is an episode of a record, with what was seen and done at each step.
type played struct {
	outcome run.Outcome
	steps   [][]byte
}

func episodeOf(path string, id int64) (p played, err error) {
	r, err := record.Open(path)
	if err != nil {
		return p, err
	}
	defer r.Close()
	watch := run.NewWatcher(id)
	for f, err := range r.EpisodeFrames(id, 0) {
		if err != nil {
			return p, err
		}
		ev, err := f.Event()
		if err != nil {
			return p, err
		}
		if s, ok := ev.(lab.Step); ok {
			p.steps = append(p.steps, fmt.Appendf(nil, "%s\x00%s\x00%v\x00%v", s.Saw, s.Action, s.Reward, s.Done))
		}
		watch.See(ev)
	}
	p.outcome = watch.Outcome()
	return p, nil
}
