package app

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/sched"
)

// portable is the kernel family that exists everywhere: results at budget fast are recorded with it, so that any computer can run them
// again and must get equal numbers. Language models take twenty times as long with it; theirs are recorded with avx2.
const portable = "go"

func (c *cli) recordCommand() *cobra.Command {
	var pick choice
	var verify, finished bool
	cmd := &cobra.Command{
		Use: "record [NOTEBOOK...]", Short: "Write the results of a notebook beside it, or --verify that recorded ones come out again",
		Long: "Runs what is missing and writes experiments/SLUG.results/BUDGET.json: the curves of every run, the verdicts, and where and when they were made.\n" +
			"At budget fast the whole records of the first seed go to experiments/SLUG.results/fast, so that episodes can be looked at without a run.\n" +
			"With --finished it runs nothing and takes what is finished: so a claim that five seeds could not decide gets more seeds for its own arms alone.\n" +
			"With --verify it runs one randomly drawn recorded run of budget fast again, with the kernel it was recorded with, and demands equal numbers.",
		Example: "  loci record experiments/memory-rewriting.md --budget laptop --seeds 100-104\n  loci record --verify",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				found, err := filepath.Glob(filepath.Join("experiments", "[a-z]*.md"))
				if err != nil || len(found) == 0 {
					return lab.Errorf(lab.NotFound, "no notebook lies in experiments here").WithHint("name a notebook, or change to the project's folder")
				}
				args = found
			}
			for _, file := range args {
				var err error
				if verify {
					err = c.verify(cmd.Context(), file)
				} else {
					err = c.withEnv(cmd.Context(), func(ctx context.Context, e *env) error { return c.record(ctx, e, file, &pick, finished) })
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	pick.flags(cmd.Flags())
	cmd.Flags().BoolVar(&finished, "finished", false, "take the runs that are finished, and run nothing")
	cmd.Flags().BoolVar(&verify, "verify", false, "run one recorded run again and compare its numbers")
	return cmd
}

// record runs what is missing and writes the results file.
func (c *cli) record(ctx context.Context, e *env, file string, pick *choice, finished bool) error {
	doc, err := e.load(file)
	if err != nil {
		return err
	}
	complete := c.finish
	if finished {
		complete = c.finished
	}
	plan, err := complete(ctx, e, doc, pick)
	if err != nil {
		return err
	}
	res, err := e.collect(ctx, file, plan)
	if err != nil {
		return err
	}
	path := filepath.Join(filepath.Dir(file), filepath.FromSlash(resultsFile(file, plan.Budget)))
	if err := writeJSON(path, res); err != nil {
		return err
	}
	if plan.Budget == "fast" {
		if err := e.writeRecords(ctx, path, res, plan); err != nil {
			return err
		}
	}
	fmt.Fprintf(c.err, "wrote %s: %d runs, %.1f minutes on %d workers\n", path, len(res.Runs), res.Minutes, c.cfg.Jobs)
	return nil
}

// finished is the plan with those of its runs that are finished.
func (c *cli) finished(ctx context.Context, e *env, doc *notebook.Document, pick *choice) (sched.Plan, error) {
	opt, err := pick.options()
	if err != nil {
		return sched.Plan{}, err
	}
	plan, err := e.owner.Plan(ctx, doc, opt)
	plan.Runs = slices.DeleteFunc(plan.Runs, func(r sched.RunInfo) bool { return r.State != sched.Done })
	if err == nil && len(plan.Runs) == 0 {
		err = lab.Errorf(lab.NotFound, "none of the runs that were asked for is finished").WithHint("leave --finished out to run them")
	}
	return plan, err
}

// collect gathers what the runs of a finished plan came to.
func (e *env) collect(ctx context.Context, file string, plan sched.Plan) (results, error) {
	verdicts, err := e.owner.Verdicts(ctx, plan)
	if err != nil {
		return results{}, err
	}
	res := results{Paper: plan.Doc.Paper(), Notebook: filepath.Base(file), Budget: plan.Budget, Date: time.Now().UTC().Format(time.DateOnly),
		Commit: Commit, Machine: run.Machine(), Kernel: e.kernel, Verdicts: verdicts, Metrics: e.owner.Shown(plan.Doc)}
	seconds, read := 0.0, claimWords(plan.Doc)
	for _, r := range plan.Runs {
		if !slices.Contains(res.Seeds, r.Seed) {
			res.Seeds = append(res.Seeds, r.Seed)
		}
		rec := resultRun{Arm: r.Arm, Case: r.Case, Seed: r.Seed, Key: r.Key, Seconds: math.Round(r.Seconds*10) / 10, Series: map[string]recCurve{}}
		seconds += r.Seconds
		names, err := e.store.MetricNames(ctx, r.Key)
		if err != nil {
			return results{}, err
		}
		for _, name := range names {
			xs, ys, err := e.store.Values(ctx, r.Key, name)
			if err != nil {
				return results{}, err
			}
			most := mostPoints(len(plan.Runs))
			if read[name] {
				most = len(xs)
			}
			rec.Series[name] = shorten(xs, ys, most)
		}
		res.Runs = append(res.Runs, rec)
	}
	if res.Data, err = e.dataRead(plan); err != nil {
		return results{}, err
	}
	res.Minutes = math.Round(seconds/60/float64(e.cfg.Jobs)*10) / 10
	return res, nil
}

// claimWords are all names in the expressions of a notebook's claims, those of metrics among them: their curves ship whole, so that the
// verdicts follow from what ships.
func claimWords(doc *notebook.Document) map[string]bool {
	words := map[string]bool{}
	for _, c := range doc.Claims() {
		for _, value := range c.Value {
			for _, w := range strings.FieldsFunc(value, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
				words[w] = true
			}
		}
	}
	return words
}

// recordedPoints is the most points of a curve that no claim reads; longer ones keep evenly spread points and the last. A table of many runs
// is looked at as a table: of more than manyRuns each keeps fewer points, since all results are part of the program.
const (
	recordedPoints     = 32
	manyRuns           = 400
	manyRecordedPoints = 6
)

func mostPoints(runs int) int {
	if runs > manyRuns {
		return manyRecordedPoints
	}
	return recordedPoints
}

func shorten(xs []int64, ys []float64, most int) recCurve {
	var c recCurve
	n := len(xs)
	for i := range min(n, most) {
		at := i
		if n > most {
			at = i * (n - 1) / (most - 1)
		}
		c.X, c.Y = append(c.X, xs[at]), append(c.Y, lab.Float(ys[at]))
	}
	return c
}

// writeJSON writes a file whole or not at all.
func writeJSON(path string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return lab.Errorf(lab.Internal, "%s cannot be written as JSON: %w", filepath.Base(path), err)
	}
	err = os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = file.Replace(path, append(text, '\n'), 0o644)
	}
	if err != nil {
		return lab.Errorf(lab.Unavailable, "%q cannot be written: %w", path, err).WithHint("make the folder writable or free space")
	}
	return nil
}

// verify runs one recorded run of budget fast again, in a data folder of its own, and compares every number.
func (c *cli) verify(ctx context.Context, file string) error {
	res := readResults(os.DirFS(filepath.Dir(file)), resultsFile(file, "fast"))
	if res == nil || len(res.Runs) == 0 {
		return lab.Errorf(lab.NotFound, "%s has no recorded results at budget fast", file).WithHint("loci record %s --budget fast --kernel %s", file, portable)
	}
	if !slices.Contains(num.Families(), res.Kernel) {
		fmt.Fprintf(c.err, "%s was recorded with kernel %s, which this processor does not have: not compared\n", file, res.Kernel)
		return nil
	}
	home, err := os.MkdirTemp("", "loci-verify-")
	if err != nil {
		return lab.Errorf(lab.Unavailable, "no temporary folder can be made: %w", err).WithHint("free space")
	}
	defer os.RemoveAll(home)
	other := &cli{cfg: c.cfg, out: c.out, err: c.err, json: c.json, flags: c.flags, in: c.in, keep: c.keep}
	other.cfg.Home, other.cfg.Kernel = home, res.Kernel
	if missing := c.lend(other.data(), res.Data); missing != "" {
		fmt.Fprintf(c.err, "%s was recorded on %s, which is not here: not compared\n", file, missing)
		return nil
	}
	want := res.Runs[rand.IntN(len(res.Runs))]
	pick := choice{budget: "fast", seeds: fmt.Sprint(want.Seed), arms: []string{want.Arm}}
	if want.Case != "" {
		pick.cases = []string{want.Case}
	}
	return other.withEnv(ctx, func(ctx context.Context, e *env) error {
		doc, err := e.load(file)
		if err != nil {
			return err
		}
		plan, err := other.finish(ctx, e, doc, &pick)
		if err != nil {
			return err
		}
		got, err := e.collect(ctx, file, plan)
		if err != nil {
			return err
		}
		if diff := differences(want, got.Runs[0]); len(diff) > 0 {
			return lab.Errorf(lab.Conflict, "%s, arm %s, case %s, seed %d does not come out as recorded with kernel %s: %s",
				file, want.Arm, want.Case, want.Seed, res.Kernel, strings.Join(diff, "; ")).
				WithHint("if the change is meant, record again and say so in the commit: loci record %s --budget fast --kernel %s", file, res.Kernel)
		}
		fmt.Fprintf(c.err, "%s, arm %s, case %s, seed %d: all %d metrics come out as recorded (kernel %s)\n", file, want.Arm, want.Case, want.Seed, len(want.Series), res.Kernel)
		return nil
	})
}

// differences lists the metrics whose points are not equal.
func differences(want, got resultRun) (diff []string) {
	for _, name := range sortedKeys(want.Series) {
		w, g := want.Series[name], got.Series[name]
		if !slices.Equal(w.X, g.X) || !slices.EqualFunc(w.Y, g.Y, func(a, b lab.Float) bool { return a == b || (a != a && b != b) }) {
			diff = append(diff, fmt.Sprintf("%s is %v, recorded %v", name, tail(g.Y), tail(w.Y)))
		}
	}
	return diff
}

func tail(ys []lab.Float) any {
	if len(ys) == 0 {
		return "missing"
	}
	return float64(ys[len(ys)-1])
}
