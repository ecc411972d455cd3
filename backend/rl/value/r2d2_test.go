package value

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
)

// recall shows a cue of two kinds at the first step, blanks for delay steps, then asks: 1 for the action of the cue, -1 for the other.
type recall struct {
	S      uint64
	Delay  int
	T, Cue []int
	K      []uint64
	infos  []world.Info
}

func newRecall(b, delay int) *recall {
	return &recall{Delay: delay, T: make([]int, b), Cue: make([]int, b), K: make([]uint64, b), infos: make([]world.Info, b)}
}

func (w *recall) Spec() world.Spec {
	return world.Spec{Name: "recall", Obs: 3, Actions: []string{"left", "right"}, Horizon: w.Delay + 2, ObsNames: []string{"left", "right", "asked"}}
}

func (w *recall) Size() int { return len(w.T) }

func (w *recall) begin(b int, obs []float32) {
	w.T[b], w.Cue[b] = 0, int(rng.New(w.S, fmt.Sprint(b, "/", w.K[b])).Uint64()&1)
	w.observe(b, obs)
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
		w.begin(b, obs)
	}
}

func (w *recall) Step(actions []int32, obs, reward []float32, done []bool) {
	for b := range w.T {
		reward[b], done[b] = 0, w.T[b] == w.Delay+1
		if w.T[b]++; !done[b] {
			w.observe(b, obs)
			continue
		}
		if reward[b] = -1; int(actions[b]) == w.Cue[b] {
			reward[b] = 1
		}
		w.infos[b] = world.Info{Steps: w.T[b], Return: reward[b], Why: lab.EndTerminal}
		w.K[b]++
		w.begin(b, obs)
	}
}

func (w *recall) Info(b int) world.Info        { return w.infos[b] }
func (w *recall) Scene(int) lab.Scene          { return lab.Scene{} }
func (w *recall) Saw(int) string               { return "" }
func (w *recall) Snapshot(out io.Writer) error { return json.NewEncoder(out).Encode(w) }
func (w *recall) Restore(r io.Reader) error    { return json.NewDecoder(r).Decode(w) }

func r2d2Knobs() R2D2Knobs {
	return R2D2Knobs{Envs: 8, Sequence: 12, BurnIn: 4, Stride: 8, Capacity: 256, Warmup: 16, Batch: 16, Every: 4, Eta: 0.9, Epsilon: 0.4, Slope: 3, Prior: true}
}

func qKnobs() Knobs {
	return Knobs{LearningRate: 3e-3, Gamma: 0.97, Double: true, NStep: 3, Huber: 1, Tau: 0.02, TargetEvery: 1, MaxGradNorm: 10}
}

func newR2D2(t testing.TB, workers int, kind string, k R2D2Knobs, q Knobs) *R2D2 {
	t.Helper()
	p := replay.PriorityKnobs{Alpha: 0.9, Beta: 0.6, Floor: 1e-6}
	return NewR2D2(core(t, workers), net(kind, 3, 16, 2, false), net(kind, 3, 16, 2, false), newRecall(k.Envs, 3), k, q, p, 5)
}

// advance does n units of work.
func advance(t testing.TB, r *R2D2, n int) {
	t.Helper()
	for range n {
		if _, _, err := r.Advance(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// score is the mean return of greedy play over 200 episodes of recall.
func score(t testing.TB, r *R2D2) (mean float64) {
	t.Helper()
	const b, episodes = 20, 200
	w, g := newRecall(b, 3), NewGreedy(core(t, 1), r.Learner.Net, b)
	obs, reward, done, fresh, actions := make([]float32, 3*b), make([]float32, b), make([]bool, b), make([]bool, b), make([]int32, b)
	w.Reset(99, obs)
	g.Reset()
	for i := range fresh {
		fresh[i] = true
	}
	for n := 0; n < episodes; {
		g.Act(obs, fresh, actions)
		w.Step(actions, obs, reward, done)
		copy(fresh, done)
		for i, d := range done {
			if d {
				n++
				mean += float64(reward[i]) / episodes
			}
		}
	}
	return mean
}

func TestR2D2LearnsToRecallAndAMemoryFreeNetworkDoesNot(t *testing.T) {
	r := newR2D2(t, 1, "gru", r2d2Knobs(), qKnobs())
	advance(t, r, 500)
	if got := score(t, r); got < 0.95 {
		t.Errorf("with a memory the mean return is %.2f, want at least 0.95", got)
	}
	r = newR2D2(t, 1, "mlp", r2d2Knobs(), qKnobs())
	advance(t, r, 250)
	if got := score(t, r); math.Abs(got) > 0.3 {
		t.Errorf("without a memory the mean return is %.2f, want about 0", got)
	}
}

func weightsOf(q *QNet) (all []float32) {
	for _, x := range q.Params() {
		all = append(all, x.Data...)
	}
	return all
}

func TestWorkersChangeNoBitOfR2D2(t *testing.T) {
	k := r2d2Knobs()
	k.Envs, k.Batch, k.Warmup = 17, 33, 20
	var want []float32
	for workers := 1; workers <= 3; workers++ {
		p := replay.PriorityKnobs{Alpha: 0.9, Beta: 0.6, Floor: 1e-6}
		r := NewR2D2(core(t, workers), net("gru", 3, 40, 2, true), net("gru", 3, 40, 2, true), newRecall(k.Envs, 3), k, qKnobs(), p, 5)
		advance(t, r, 9)
		if got := weightsOf(r.Learner.Net); want == nil {
			want = got
		} else if !slices.Equal(got, want) {
			t.Fatalf("%d workers give other weights than one", workers)
		}
	}
}

func TestAContinuedR2D2EqualsAnUndisturbedOne(t *testing.T) {
	for _, kind := range []string{"mlp", "gru"} {
		whole, stopped := newR2D2(t, 1, kind, r2d2Knobs(), qKnobs()), newR2D2(t, 1, kind, r2d2Knobs(), qKnobs())
		advance(t, whole, 33)
		advance(t, stopped, 20)
		var kept bytes.Buffer
		if err := stopped.Snapshot(&kept); err != nil {
			t.Fatal(err)
		}
		resumed := newR2D2(t, 1, kind, r2d2Knobs(), qKnobs())
		advance(t, resumed, 1) // whatever it did before is of no account
		if err := resumed.Restore(&kept); err != nil {
			t.Fatal(err)
		}
		advance(t, resumed, 13)
		if !slices.Equal(weightsOf(whole.Learner.Net), weightsOf(resumed.Learner.Net)) || !slices.Equal(weightsOf(whole.Learner.Slow), weightsOf(resumed.Learner.Slow)) {
			t.Errorf("%s: the continued run has other weights", kind)
		}
	}
}

func TestR2D2AllocatesNothingAfterTheFirstUpdate(t *testing.T) {
	k := r2d2Knobs()
	r := newR2D2(t, 1, "gru", k, qKnobs())
	r.Actor.World = quiet{r.Actor.World.(*recall)}
	advance(t, r, 20)
	ctx := t.Context()
	if n := testing.AllocsPerRun(5, func() {
		if _, _, err := r.Advance(ctx); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// quiet is recall whose cue is drawn without allocation.
type quiet struct{ *recall }

func (w quiet) Step(actions []int32, obs, reward []float32, done []bool) {
	for b := range w.T {
		reward[b], done[b] = float32(w.T[b]%2), w.T[b] == w.Delay+1
		if w.T[b]++; done[b] {
			w.T[b] = 0
		}
		w.observe(b, obs)
	}
}

func TestALearnerStopsAtNumbersThatAreNone(t *testing.T) {
	r := newR2D2(t, 1, "gru", r2d2Knobs(), qKnobs())
	advance(t, r, 20)
	before := weightsOf(r.Learner.Net)
	for i := range r.Windows.Reward {
		r.Windows.Reward[i] = float32(math.NaN())
	}
	_, err := r.Learner.StepWindows(t.Context(), &r.Windows, 0)
	if lab.CodeOf(err) != lab.Internal || err == nil || !strings.Contains(err.Error(), "loss is NaN") || lab.HintOf(err) != "lower rl.learning_rate" {
		t.Errorf("error %v", err)
	}
	if !slices.Equal(weightsOf(r.Learner.Net), before) {
		t.Error("parameters moved")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := r.Advance(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled run gives %v", err)
	}
}

func TestBurnInWarmsTheMemoryUp(t *testing.T) {
	// With the same weights, the steps after burn-in have the values that they have when the window is played whole.
	r := newR2D2(t, 1, "gru", r2d2Knobs(), qKnobs())
	advance(t, r, 20)
	w, l := &r.Windows, r.Learner
	n, acts := len(w.At), 2
	values := func(burn int) []float32 {
		l.tape.Reset()
		steps := r.Knobs.Sequence - burn
		q := l.Net.Sequence(l.tape, view(&l.obs, w.Obs.Data[burn*n*3:], steps+1, n, 3), l.warm(0, l.Net, w, burn), w.Fresh[burn*n:])
		return slices.Clone(q.Data)
	}
	whole, part := values(0), values(5)
	for i, v := range part {
		near(t, "value", float64(v), float64(whole[5*n*acts+i]), 1e-5)
	}
}

// limited is recall whose episodes run out of time instead of ending.
type limited struct{ *recall }

func (w limited) Info(b int) world.Info {
	i := w.recall.Info(b)
	i.Why = lab.EndHorizon
	return i
}

func TestStepsThatRanOutOfTimeHaveNoTargetInSplicedSequences(t *testing.T) {
	r := newR2D2(t, 1, "gru", r2d2Knobs(), qKnobs())
	r.Actor.World = limited{r.Actor.World.(*recall)}
	advance(t, r, 20)
	w, n, cuts := &r.Windows, r.Knobs.Batch, 0
	from := r.Knobs.BurnIn * n
	for i, m := range r.Learner.Mask[:len(w.Reward)-from] {
		lost := false // a cut within reach of the three steps of the target
		for k, j := 0, i; k < 3 && j < len(w.Reward)-from; k, j = k+1, j+n {
			lost = lost || w.Cut[from+j]
		}
		if w.Terminal[from+i] || (m == 0) != lost {
			t.Fatalf("sample %d: mask %v, a cut within reach %v", i, m, lost)
		}
		if w.Cut[from+i] {
			cuts++
		}
	}
	if cuts == 0 {
		t.Error("no episode was cut")
	}
}

func TestR2D2WithoutPrioritiesDrawsAllAlikeAndGoesAnotherWay(t *testing.T) {
	k := r2d2Knobs()
	k.Prior = false
	a, b, steps := newR2D2(t, 1, "gru", r2d2Knobs(), qKnobs()), newR2D2(t, 1, "gru", k, qKnobs()), 0
	b.Step = func() { steps++ }
	advance(t, a, 25)
	advance(t, b, 25)
	if slices.Equal(weightsOf(a.Learner.Net), weightsOf(b.Learner.Net)) {
		t.Error("priorities change nothing")
	}
	if steps != 100 || slices.ContainsFunc(b.Windows.Weight, func(w float32) bool { return w != 1 }) {
		t.Errorf("%d steps, weights %v", steps, b.Windows.Weight)
	}
}

func TestAnActorExploresBySoftmaxWhereItHasATemperature(t *testing.T) {
	r := newR2D2(t, 1, "gru", r2d2Knobs(), qKnobs())
	a := r.Actor
	a.Temperature = 0.5
	for range 3 {
		a.Decide()
		for b := range a.Actions {
			q, p := a.Q[2*b:2*b+2], a.Probs[2*b:2*b+2]
			near(t, "probability", float64(p[1]), 1/(1+math.Exp(float64(q[0]-q[1])/0.5)), 1e-6)
		}
		a.Play()
	}
	if got := a.Net.Probe(a.Space, "forget", 2); len(got) != 16 || got[0] <= 0 || got[0] >= 1 {
		t.Errorf("gates %v", got)
	}
	if a.Net.Probe(a.Space, "nothing", 0) != nil {
		t.Error("a probe of no name answers")
	}
}
