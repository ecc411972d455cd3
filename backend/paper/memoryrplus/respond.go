package memoryrplus

import (
	"context"
	"errors"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world"
	mathworld "github.com/loci-lab/loci/backend/world/math"
)

// question is a story with its token ids, as the model reads it.
type question struct {
	*mathworld.WordProblem
	seed uint64 // of the story, or of the draws of its answers where these are others
	ids  []int32
}

// questions returns the stories of those seeds in a split.
func questions(w *mathworld.Words, words *llm.Words, split string, seeds []uint64) ([]question, error) {
	qs := make([]question, len(seeds))
	for i, seed := range seeds {
		p, err := w.Problem(split, seed)
		if err != nil {
			return nil, err
		}
		ids, err := words.Encode(p.Question)
		if err != nil {
			return nil, err
		}
		qs[i] = question{p, seed, ids}
	}
	return qs, nil
}

func sampling(words *llm.Words, temperature float64) llm.Sampling {
	return llm.Sampling{MaxTokens: mathworld.ResponseTokens, Temperature: temperature, Stop: [][]int32{{words.End()}}}
}

// respond draws a group of responses to every question; the prompt of a group is computed once. The seeds of the questions decide every draw.
func respond(ctx context.Context, s llm.Sampler, qs []question, group int, how llm.Sampling) ([]rl.Group, error) {
	requests := make([]llm.Request, len(qs))
	for i, q := range qs {
		how.Seed = q.seed
		requests[i] = llm.Request{Prompt: q.ids, N: group, Sampling: how}
	}
	replies, err := s.Sample(ctx, requests)
	if err != nil {
		return nil, err
	}
	groups := make([]rl.Group, len(qs))
	for i, r := range replies {
		groups[i].Item = qs[i].seed
		for _, y := range r.Sequences {
			groups[i].Trajectories = append(groups[i].Trajectories,
				rl.Trajectory{Segments: []rl.Segment{{Context: qs[i].ids, Tokens: y.Tokens, Logprobs: y.Logprobs, Stop: y.Stop}}})
		}
	}
	return groups, nil
}

// mixture is what the traces of a warm start are made of.
type mixture struct {
	World mathworld.WordKnobs
	Trace mathworld.WordTraceKnobs
}

// warmStart says how the model of a set-up is warmed up: on fresh responses of the oracle, some of which have a wrong step in right form.
func warmStart(setup lab.Setup) (base.Spec, base.Source, error) {
	var agent AgentKnobs
	var mix mixture
	if err := errors.Join(setup.Section("agent", &agent), setup.Section("world", &mix.World)); err != nil {
		return base.Spec{}, nil, err
	}
	mix.Trace = mathworld.WordTraceKnobs{Corrupt: agent.Corrupt}
	w, err := mathworld.NewWords(mix.World)
	if err != nil {
		return base.Spec{}, nil, err
	}
	words, err := llm.NewWords(w.Spec().Words)
	if err != nil {
		return base.Spec{}, nil, err
	}
	spec := base.Spec{Shape: agent.Shape(words.Size()), Words: words.List(), World: mathworld.WordProblems, Knobs: agent.warm(),
		Seed: uint64(agent.WarmSeed), Mix: mix}
	first := rng.New(spec.Seed, "traces").Uint64()
	return spec, func(i uint64) (rl.Datum, error) { return traceRow(w, words, world.Draw(first, i)>>11, mix.Trace) }, nil
}

// traceRow is one supervised row: story, response and end token, of which response and end are trained.
func traceRow(w *mathworld.Words, words *llm.Words, seed uint64, mix mathworld.WordTraceKnobs) (rl.Datum, error) {
	t, err := w.Trace(seed, mix)
	if err != nil {
		return rl.Datum{}, err
	}
	asked, err := words.Encode(t.Question)
	if err != nil {
		return rl.Datum{}, err
	}
	said, err := words.Encode(t.Response)
	if err != nil {
		return rl.Datum{}, err
	}
	return rl.Supervised(asked, append(said, words.End())), nil
}

// encoder turns a text into a vector of unit length, or zero of an empty text. It never changes during a run.
type encoder func(text string) ([]float32, error)

// newEncoder returns the hashed encoder, or the mean hidden state of a frozen model.
func newEncoder(kind string, core *num.Core, model *nn.Decoder, words *llm.Words) (encoder, error) {
	if kind != Hidden {
		return func(text string) ([]float32, error) { return encodeHash(text), nil }, nil
	}
	frozen, tape := model.Clone(), num.NewTape(core)
	return func(text string) ([]float32, error) {
		out := make([]float32, frozen.Shape.Width)
		ids, err := words.Encode(strings.TrimSpace(text))
		if err != nil || len(ids) == 0 {
			return out, err
		}
		tape.Reset()
		row := nn.Row{Tokens: ids}
		for at := range ids {
			row.Reads = append(row.Reads, nn.Read{At: at})
		}
		packs, _ := nn.PackRows([]nn.Row{row}, 0)
		hidden := frozen.Hidden(tape, packs[0])
		core.K.SumRows(out, hidden.Data, hidden.Last(), hidden.Rows(), hidden.Last())
		return unit(out), nil
	}, nil
}
