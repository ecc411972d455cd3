package rl

import (
	"encoding/json"
	"io"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
)

// recall is the smallest world that needs memory: a cue of two kinds is seen at the first step only; after delay blank steps the
// agent is asked and gets 1 for the action of the cue, -1 for the other one.
type recall struct {
	S     uint64
	Delay int
	T     []int   // steps into the episode
	Cue   []int   // 0 or 1
	K     []int64 // episode
	infos []world.Info
}

func newRecall(b, delay int) *recall {
	return &recall{Delay: delay, T: make([]int, b), Cue: make([]int, b), K: make([]int64, b), infos: make([]world.Info, b)}
}

func (w *recall) Spec() world.Spec {
	return world.Spec{Name: "recall", Obs: 3, Actions: []string{"left", "right"}, Horizon: w.Delay + 2, ObsNames: []string{"cue left", "cue right", "asked"}}
}

func (w *recall) Size() int { return len(w.T) }

// begin draws the cue from seed, environment and episode (splitmix64).
func (w *recall) begin(b int) {
	x := w.S + uint64(b)*0x9e3779b97f4a7c15 + uint64(w.K[b])*0xbf58476d1ce4e5b9
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	w.T[b], w.Cue[b] = 0, int((x^x>>31)&1)
}

func (w *recall) observe(b int, obs []float32) {
	o := obs[3*b : 3*b+3]
	clear(o)
	if w.T[b] == 0 {
		o[w.Cue[b]] = 1
	}
	if w.T[b] == w.Delay+1 {
		o[2] = 1
	}
}

func (w *recall) Reset(seed uint64, obs []float32) {
	w.S = seed
	for b := range w.T {
		w.K[b] = 0
		w.begin(b)
		w.observe(b, obs)
	}
}

func (w *recall) Step(actions []int32, obs, reward []float32, done []bool) {
	for b := range w.T {
		reward[b], done[b] = 0, w.T[b] == w.Delay+1
		w.T[b]++
		if done[b] {
			reward[b] = -1
			if int(actions[b]) == w.Cue[b] {
				reward[b] = 1
			}
			w.infos[b] = world.Info{Steps: w.T[b], Return: reward[b], Success: reward[b] > 0, Why: lab.EndTerminal}
			w.K[b]++
			w.begin(b)
		}
		w.observe(b, obs)
	}
}

func (w *recall) Info(b int) world.Info        { return w.infos[b] }
func (w *recall) Scene(int) lab.Scene          { return lab.Scene{} }
func (w *recall) Saw(int) string               { return "" }
func (w *recall) Snapshot(out io.Writer) error { return json.NewEncoder(out).Encode(w) }
func (w *recall) Restore(r io.Reader) error    { return json.NewDecoder(r).Decode(w) }

// kit is everything of a small run.
type kit struct {
	core    *num.Core
	actor   *Actor
	learner *Learner
	rollout *Rollout
}

// toyKnobs suit the recall world: larger steps than usual, little entropy.
func toyKnobs() PPOKnobs {
	return PPOKnobs{LearningRate: 3e-3, Gamma: 0.99, Lambda: 0.95, Clip: 0.2, ValueClip: 0.2, Entropy: 0.01, Value: 0.5, MaxGradNorm: 0.5,
		Epochs: 4, Minibatches: 4, Envs: 16, Rollout: 32}
}

// memory makes a memory of that kind and width by name, as a paper would.
func memory(s *rng.Stream, kind string, in, h int) nn.Memory {
	switch kind {
	case "mlp":
		return nn.NewMLP(s, "memory", in, []int{h}, num.Tanh)
	case "rnn":
		return nn.NewRNN(s, "memory", in, h)
	case "gru":
		return nn.NewGRU(s, "memory", in, h)
	case "lstm":
		return nn.NewLSTM(s, "memory", in, h, 1, false)
	case "ffm":
		return nn.NewFFM(s, "memory", in, h/8+1, 3, h, 64)
	case "transformer":
		return nn.NewTransformer(s, "memory", in, h/4*2, 2, 2, h, h/2-1)
	}
	panic("unknown memory " + kind)
}

func kinds() []string { return []string{"mlp", "rnn", "gru", "lstm", "ffm", "transformer"} }

func newKit(t testing.TB, k num.Kernels, kind string, workers, h, delay int, knobs PPOKnobs) *kit {
	t.Helper()
	core := num.NewCore(k, workers)
	t.Cleanup(core.Close)
	s := rng.New(7, "weights")
	encoder := nn.NewMLP(s, "encoder", 3, []int{h}, num.Tanh)
	policy := NewActorCritic(s, encoder, memory(s, kind, h, h), 2)
	a := NewActor(core, policy, newRecall(knobs.Envs, delay), rng.New(7, "actions"))
	a.Reset(7)
	return &kit{core, a, NewLearner(core, policy, knobs, rng.New(7, "shuffle")), NewRollout(a, knobs.Rollout)}
}

// advance does one unit of work: a rollout and its update.
func (k *kit) advance(t testing.TB) Stats {
	t.Helper()
	if err := Collect(t.Context(), k.actor, k.rollout, Hooks{}); err != nil {
		t.Fatal(err)
	}
	s, err := k.learner.Update(t.Context(), k.rollout)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (k *kit) parts() []Part { return []Part{{"actor", k.actor}, {"learner", k.learner}} }
