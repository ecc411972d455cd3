package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/target"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/tinker"
)

// What the trial of a training service does: a few tokens, so that it costs next to nothing.
const (
	trialTokens   = 8
	trialPatience = 20 * time.Minute // the first model at a service may take minutes to build
	trialRate     = 1e-5
	trialGap      = 0.05 // nats; more says that sampler and trainer are not one model
)

// trialPrompt are tokens that every vocabulary has.
func trialPrompt() []int32 { return []int32{1, 2, 3} }

// trialSpent is what a trial used.
type trialSpent struct {
	Prompt  int     `json:"prompt"`  // tokens that were read
	Sampled int     `json:"sampled"` // tokens that were written
	Trained int     `json:"trained"` // tokens of the row that was trained
	Dollars float64 `json:"dollars"` // by the prices of the target
	Priced  bool    `json:"priced"`  // the target has prices for the model
}

// String is a line for people.
func (s trialSpent) String() string {
	text := fmt.Sprintf("%d tokens read, %d written, %d trained", s.Prompt, s.Sampled, s.Trained)
	if !s.Priced {
		return text + "; no price is set for this model"
	}
	return text + fmt.Sprintf("; %.6f dollars by the target's prices", s.Dollars)
}

// trial is one real sample and one real step on a model of its own, which is unloaded in the end.
type trial struct {
	service target.Service
	key     lab.Secret
	model   string // to start from
	spent   trialSpent
	train   *tinker.Trainer
	sample  llm.Sequence
	rows    []rl.Datum
}

// serviceSteps asks a service what it is, then does with it what a run does, in the smallest: it makes a model, samples, computes a gradient,
// moves the weights, and unloads the model. It tells each step that went well.
// relayed puts a relay before a service that wants one, once it is known that it answers.
func serviceSteps(ctx context.Context, s target.Service, key lab.Secret, relayed func(target.Service) (target.Service, error), told func(target.Answer)) (models []string, spent trialSpent, err error) {
	report, err := target.ProbeAloud(ctx, s, key, told)
	if err != nil {
		return report.Models, spent, err
	}
	if s, err = relayed(s); err != nil {
		return report.Models, spent, err
	}
	t := trial{service: s, key: key, model: s.BaseModel}
	if t.model == "" && len(report.Models) > 0 {
		t.model = report.Models[0]
	}
	if t.model == "" {
		return nil, spent, lab.Errorf(lab.Invalid, "service %q lists no model, and the target names none", s.Name).WithHint("add the target again with --base-model")
	}
	err = t.run(ctx, told)
	return report.Models, t.spent, err
}

func (t *trial) run(ctx context.Context, told func(target.Answer)) (err error) {
	bounded, cancel := context.WithTimeout(ctx, trialPatience)
	defer cancel()
	defer func() {
		if t.train != nil {
			err = errors.Join(err, t.train.Close())
		}
		err = t.explain(ctx, bounded, err)
	}()
	for _, step := range []struct {
		name string
		try  func(context.Context) (string, error)
	}{{"model", t.open}, {"sample", t.draw}, {"gradient", t.gradient}, {"step", t.step}, {"clean up", t.unload}} {
		began := time.Now()
		said, err := step.try(bounded)
		if err != nil {
			return err
		}
		told(target.Answer{Step: step.name, Said: said, Seconds: time.Since(began).Seconds()})
	}
	return nil
}

// open makes the model. Nothing else may have been done with it.
func (t *trial) open(ctx context.Context) (said string, err error) {
	s := t.service
	t.train, err = tinker.Open(ctx, tinker.Options{URL: s.URL, Key: t.key, BaseModel: t.model, Rank: s.Rank, Profile: s.Profile})
	if err != nil {
		t.train = nil
		return "", err
	}
	what := "all weights"
	if s.Rank > 0 {
		what = fmt.Sprintf("adapters of rank %d", s.Rank)
	}
	return fmt.Sprintf("%s of %q are made; profile %s", what, t.model, t.train.Profile().Name), nil
}

func (t *trial) draw(ctx context.Context) (string, error) {
	sampler, err := t.train.Sampler(ctx)
	if err != nil {
		return "", err
	}
	replies, err := sampler.Sample(ctx, []llm.Request{{Prompt: trialPrompt(), N: 1, Sampling: llm.Sampling{MaxTokens: trialTokens, Temperature: 1, Seed: 1}}})
	if err != nil {
		return "", err
	}
	if len(replies) != 1 || len(replies[0].Sequences) != 1 || len(replies[0].Sequences[0].Tokens) == 0 {
		return "", lab.Errorf(lab.Unavailable, "service %q drew no token of a sample of %d", t.service.Name, trialTokens).WithHint("read the log of the service; try another base model")
	}
	t.sample = replies[0].Sequences[0]
	t.spent.Prompt, t.spent.Sampled = len(trialPrompt()), len(t.sample.Tokens)
	return fmt.Sprintf("%d tokens behind a prompt of %d", t.spent.Sampled, t.spent.Prompt), nil
}

// gradient trains on what was just drawn, so that the log-probabilities of the draw and of the pass must agree.
func (t *trial) gradient(ctx context.Context) (string, error) {
	attempt := rl.Trajectory{Segments: []rl.Segment{{Context: trialPrompt(), Tokens: t.sample.Tokens, Logprobs: t.sample.Logprobs}}}
	rows, err := rl.Rows(&attempt, 1)
	if err != nil {
		return "", err
	}
	t.rows = rows
	out, err := t.train.ForwardBackward(ctx, rows, rl.Loss{Name: rl.ImportanceSampling}).Wait(ctx)
	if err != nil {
		return "", err
	}
	for _, row := range rows {
		t.spent.Trained += len(row.Input)
	}
	gap := trainer.LargestGap(rows, out)
	said := fmt.Sprintf("loss %.4g over %d tokens; sampler and trainer differ by %.2g nats", out.Metrics[trainer.LossSum], t.spent.Sampled, gap)
	if !(gap <= trialGap) {
		said += fmt.Sprintf(", more than %g: they are not quite one model", trialGap)
	}
	return said, nil
}

func (t *trial) step(ctx context.Context) (string, error) {
	if _, err := t.train.OptimStep(ctx, trainer.NewAdam(trialRate)).Wait(ctx); err != nil {
		return "", err
	}
	if price, ok := t.service.PriceOf(t.model); ok {
		t.spent.Priced, t.spent.Dollars = true, price.Cost(target.Used{Input: t.spent.Prompt, Output: t.spent.Sampled, Trained: t.spent.Trained})
	}
	return fmt.Sprintf("the weights moved at a rate of %g", trialRate), nil
}

func (t *trial) unload(context.Context) (string, error) {
	train := t.train
	t.train = nil
	return "the model is unloaded; " + t.spent.String(), train.Close()
}

// explain puts an error of a run's client into the words of a test.
func (t *trial) explain(ctx, bounded context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return lab.Errorf(lab.Cancelled, "stopped while service %q was tried: %w", t.service.Name, ctx.Err())
	case bounded.Err() != nil:
		return lab.Errorf(lab.Unavailable, "service %q was not done with one sample and one step after %v", t.service.Name, trialPatience).
			WithHint("read the log of the service: is it still loading its model, or out of memory?")
	}
	e, ok := errors.AsType[*lab.Error](err)
	if !ok {
		return err
	}
	told := *e
	told.Hint = strings.NewReplacer(", then resume the run", ", then test again", "resume the run", "test again").Replace(e.Hint)
	return &told
}
