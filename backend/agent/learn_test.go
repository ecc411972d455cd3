package agent

import (
	"io"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
)

// recall is the smallest world that needs a memory: a cue of two kinds at the first step, a blank one, then a step that asks which cue
// it was: 1 for the right answer, -1 for the other.
type recall struct {
	cues []*rng.Stream
	t    []int
	cue  []int
}

const askedAt = 2

func newRecall(b int) *recall {
	return &recall{make([]*rng.Stream, b), make([]int, b), make([]int, b)}
}

func (w *recall) Spec() world.Spec {
	return world.Spec{Name: "recall", Obs: 3, Actions: []string{"left", "right"}, Horizon: askedAt + 1, ObsNames: []string{"left", "right", "asked"}}
}

func (w *recall) show(b int, obs []float32) {
	o := obs[3*b : 3*b+3]
	clear(o)
	switch w.t[b] {
	case 0:
		w.cue[b] = w.cues[b].IntN(2)
		o[w.cue[b]] = 1
	case askedAt:
		o[2] = 1
	}
}

func (w *recall) Size() int { return len(w.t) }

func (w *recall) Reset(seed uint64, obs []float32) {
	for b, s := range rng.New(seed, "cues").Seeds(len(w.t)) {
		w.cues[b], w.t[b] = rng.New(s, "cue"), 0
		w.show(b, obs)
	}
}

func (w *recall) Step(actions []int32, obs, reward []float32, done []bool) {
	for b := range w.t {
		reward[b], done[b] = 0, w.t[b] == askedAt
		w.t[b]++
		if done[b] {
			reward[b], w.t[b] = -1, 0
			if int(actions[b]) == w.cue[b] {
				reward[b] = 1
			}
		}
		w.show(b, obs)
	}
}

func (w *recall) Info(int) world.Info      { return world.Info{} }
func (w *recall) Scene(int) lab.Scene      { return lab.Scene{} }
func (w *recall) Saw(int) string           { return "" }
func (w *recall) Snapshot(io.Writer) error { return nil }
func (w *recall) Restore(io.Reader) error  { return nil }

// narrow is each kind at a size that learns within moments.
func narrow(kind string) map[string]any {
	given := map[string]any{"width": 24}
	switch kind {
	case LRU:
		given["state"] = 16
	case HCAM:
		given["chunk"], given["chunks"], given["window"] = 2, 4, 2
	case GTrXL:
		given["window"] = 8
	}
	return given
}

// learned trains a policy for at most so many rollouts and returns the mean reward of the questions in the last one.
func learned(t *testing.T, kind string, rollouts int) (mean float64) {
	t.Helper()
	best, err := num.Family("")
	if err != nil {
		t.Fatal(err)
	}
	core := num.NewCore(best, 1)
	defer core.Close()
	policy, _, err := New(setup(t, kind, narrow(kind)), "agent", 3, 2, rng.New(7, "weights"))
	if err != nil {
		t.Fatal(err)
	}
	actor := rl.NewActor(core, policy, newRecall(32), rng.New(7, "actions"))
	actor.Reset(7)
	knobs := rl.PPOKnobs{LearningRate: 5e-3, Gamma: 0.99, Lambda: 0.95, Clip: 0.2, ValueClip: 0.2, Entropy: 0.005, Value: 0.5, MaxGradNorm: 0.5,
		Epochs: 4, Minibatches: 2, Envs: 32, Rollout: 14}
	learner, rollout := rl.NewLearner(core, policy, knobs, rng.New(7, "shuffle")), rl.NewRollout(actor, knobs.Rollout)
	for range rollouts {
		if err := rl.Collect(t.Context(), actor, rollout, rl.Hooks{}); err != nil {
			t.Fatal(err)
		}
		mean = 0
		questions := 0.0
		for i, d := range rollout.Done {
			if d {
				mean, questions = mean+float64(rollout.Reward[i]), questions+1
			}
		}
		if mean /= questions; mean > 0.9 {
			return mean
		}
		if _, err := learner.Update(t.Context(), rollout); err != nil {
			t.Fatal(err)
		}
	}
	return mean
}

func TestEveryMemoryLearnsToRecallAndNoOtherModelDoes(t *testing.T) {
	for _, m := range models() {
		t.Run(m.name, func(t *testing.T) {
			if m.name == MLP || m.name == PositionalMLP {
				if mean := learned(t, m.name, 12); mean > 0.4 {
					t.Errorf("a policy that remembers nothing earns %.2f of 1", mean)
				}
				return
			}
			if mean := learned(t, m.name, 60); mean < 0.9 {
				t.Errorf("earns %.2f of 1 after 60 rollouts", mean)
			}
		})
	}
}
