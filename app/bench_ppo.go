package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/maze"
)

const (
	ppoWidth  = 128
	ppoEvery  = 1.5 // times PyTorch that every round must reach
	ppoAVX512 = 3   // times PyTorch that the median must reach with AVX-512
	ppoOther  = 2   // and with any other kernel
)

// ppoRun is what one round of one side came to.
type ppoRun struct {
	Steps   int       `json:"steps"`
	Seconds float64   `json:"seconds"`
	Curve   []float64 `json:"curve"` // mean return of the episodes that ended in each update, the warm-up first
}

func (r ppoRun) rate() float64 { return float64(r.Steps) / r.Seconds }

// last is the mean return of the last update in which an episode ended.
func (r ppoRun) last() float64 { return r.Curve[len(r.Curve)-1] }

// benchPPO trains the same network by the same algorithm on the same world here and in PyTorch, in turn, from new weights each round.
func benchPPO(ctx context.Context, l *benchLab) ([]measure, error) {
	work, err := newPPOWork(l.updates)
	if err != nil {
		return nil, err
	}
	p, err := findPeer(ctx, work, l)
	if err != nil {
		return nil, err
	}
	var t ppoTable
	err = l.inRounds(ctx, func(r int) error {
		peak := peakOf(l.kernels, l.threads)
		ours, err := work.run(ctx, l.kernels, l.threads, uint64(r))
		if err != nil {
			return err
		}
		var theirs peerRun
		if p != nil {
			if theirs, err = p.run(ctx, work, l.threads, r); err != nil {
				return err
			}
			l.say("ppo-gru: round %d: %s steps/s here, %s with PyTorch", r+1, number(ours.rate()), number(theirs.rate()))
		}
		t.add(work, ours, theirs, peak)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return t.measures(l, p != nil), nil
}

// ppoTable gathers the rounds.
type ppoTable struct {
	ours, theirs, peaks, shares []float64
	theirProducts               []float64
	ourReturn, theirReturn      []float64
	lastOurs, lastTheirs        ppoRun
	peer                        peerRun
}

func (t *ppoTable) add(w *ppoWork, ours ppoRun, theirs peerRun, peak float64) {
	peak = max(peak, theirs.SGEMM) // of two measured peaks the higher one is nearer the truth
	t.peaks = append(t.peaks, peak)
	t.shares = append(t.shares, w.flopsPerStep()*ours.rate()/1e9/peak)
	t.ours, t.ourReturn, t.lastOurs = append(t.ours, ours.rate()), append(t.ourReturn, ours.last()), ours
	if theirs.Steps > 0 {
		t.theirs, t.theirReturn, t.lastTheirs = append(t.theirs, theirs.rate()), append(t.theirReturn, theirs.last()), theirs.ppoRun
		t.peer, t.theirProducts = theirs, append(t.theirProducts, theirs.SGEMM)
	}
}

func (t *ppoTable) measures(l *benchLab, compared bool) []measure {
	out := []measure{
		{Name: "Loci", Unit: "steps/s", Rounds: t.ours},
		{Name: "matrix peak", Unit: "GFLOP/s", Rounds: t.peaks},
		{Name: "Loci, share of the matrix peak", Unit: "share", Rounds: t.shares,
			Note: "the peak is the best matrix product measured in the same round, ours or PyTorch's"},
		{Name: "mean return, Loci", Unit: "reward", Rounds: t.ourReturn, Curve: t.lastOurs.Curve},
	}
	if compared {
		want := float64(ppoOther)
		if l.kernels.Name == "avx512" {
			want = ppoAVX512
		}
		out = append(out,
			measure{Name: "PyTorch", Unit: "steps/s", Rounds: t.theirs, Note: t.peer.describe()},
			measure{Name: "PyTorch, matrix product alone", Unit: "GFLOP/s", Rounds: t.theirProducts,
				Note: "where PyTorch's matrix product stays far below the matrix peak, its library has no fast path for this processor, and the ratio is larger than it would be on one that it knows"},
			measure{Name: "mean return, PyTorch", Unit: "reward", Rounds: t.theirReturn, Curve: t.lastTheirs.Curve},
			measure{Name: "Loci against PyTorch", Unit: "times", Rounds: ratios(t.ours, t.theirs), Limit: atLeast(want).inEvery(ppoEvery)},
		)
	}
	for i := range out {
		out[i].Threads = l.threads
	}
	return out
}

// ppoWork is the work of one round: both sides get these knobs.
type ppoWork struct {
	rl      rl.PPOKnobs
	world   maze.EndlessKnobs
	updates int
}

func newPPOWork(updates int) (*ppoWork, error) {
	w := &ppoWork{updates: updates}
	var err error
	if w.world, err = benchMazeKnobs(); err != nil {
		return nil, err
	}
	if err := defaults(&w.rl); err != nil {
		return nil, err
	}
	w.rl.Envs, w.rl.Rollout, w.rl.Epochs, w.rl.Minibatches = 64, 128, 4, 4
	return w, nil
}

// benchMazeKnobs is the Endless T-Maze of the benches.
func benchMazeKnobs() (maze.EndlessKnobs, error) {
	var k maze.EndlessKnobs
	err := defaults(&k)
	k.Corridors, k.Length, k.Regime = 5, 5, maze.Fixed
	return k, err
}

// defaults fills knobs with what their tags say.
func defaults[K any](knobs *K) error {
	values, err := schema.Defaults(schema.Kind{Name: "bench", New: func() any { return new(K) }}, "laptop")
	if err != nil {
		return err
	}
	text, err := json.Marshal(values)
	if err != nil {
		return lab.Errorf(lab.Internal, "defaults cannot be written: %w", err)
	}
	if err := json.Unmarshal(text, knobs); err != nil {
		return lab.Errorf(lab.Internal, "defaults cannot be read: %w", err)
	}
	return nil
}

// flopsPerStep counts operations of matrix products for one step of one environment: once forward while acting, and in every epoch once
// forward and twice backward. The world, the gates and the losses come on top, so that a share of the peak below counts them as waste.
func (w *ppoWork) flopsPerStep() float64 {
	obs, out := w.world.Alphabet+2, w.world.Alphabet+2 // actions and the value
	forward := 2 * ppoWidth * (obs + 3*ppoWidth + 3*ppoWidth + out)
	return float64(forward * (1 + 3*w.rl.Epochs))
}

// run trains from new weights: one update of warm-up, then those that count.
func (w *ppoWork) run(ctx context.Context, k num.Kernels, threads int, seed uint64) (ppoRun, error) {
	core := num.NewCore(k, threads)
	defer core.Close()
	m, err := maze.NewEndless(w.world, w.rl.Envs)
	if err != nil {
		return ppoRun{}, err
	}
	spec, weights := m.Spec(), rng.New(seed, "weights")
	encoder := nn.NewMLP(weights, "encoder", spec.Obs, []int{ppoWidth}, num.ReLU)
	policy := rl.NewActorCritic(weights, encoder, nn.NewGRU(weights, "memory", ppoWidth, ppoWidth), len(spec.Actions))
	actor := rl.NewActor(core, policy, m, rng.New(seed, "actions"))
	learner := rl.NewLearner(core, policy, w.rl, rng.New(seed, "shuffle"))
	rollout := rl.NewRollout(actor, w.rl.Rollout)
	actor.Reset(seed)

	r := ppoRun{Steps: w.updates * w.rl.Rollout * w.rl.Envs}
	var start time.Time
	for u := range w.updates + 1 {
		if u == 1 {
			start = time.Now()
		}
		var got meanReturn
		if err := rl.Collect(ctx, actor, rollout, rl.Hooks{End: got.add}); err != nil {
			return r, err
		}
		if _, err := learner.Update(ctx, rollout); err != nil {
			return r, fmt.Errorf("update %d: %w", u, err)
		}
		r.Curve = append(r.Curve, got.mean())
	}
	r.Seconds = time.Since(start).Seconds()
	return r, nil
}

// meanReturn averages over episodes.
type meanReturn struct {
	sum float64
	n   int
}

func (m *meanReturn) add(_, _ int, info world.Info) {
	m.sum += float64(info.Return)
	m.n++
}

// mean is 0/0, not a number, where no episode ended. With 128 steps a rollout and at most 60 an episode, some always do.
func (m *meanReturn) mean() float64 { return m.sum / float64(m.n) }
