package shard

import (
	"bytes"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rl/value"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/maze"
)

func core(t testing.TB, workers int) *num.Core {
	t.Helper()
	c := num.NewCore(num.Go(), workers)
	t.Cleanup(c.Close)
	return c
}

// mazes are T-mazes of those numbers of environments.
func mazes(t testing.TB, sizes ...int) (all []world.Vec) {
	t.Helper()
	for _, b := range sizes {
		w, err := maze.NewTMaze(maze.TMazeKnobs{Length: 3, Alphabet: 2}, b)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, w)
	}
	return all
}

// play makes steps random steps and returns all that was seen.
func play(w world.Vec, s *rng.Stream, steps int) (seen []float32) {
	b, spec := w.Size(), w.Spec()
	obs, reward, done, actions := make([]float32, b*spec.Obs), make([]float32, b), make([]bool, b), make([]int32, b)
	for range steps {
		for i := range actions {
			actions[i] = int32(s.IntN(len(spec.Actions)))
		}
		w.Step(actions, obs, reward, done)
		seen = append(append(seen, obs...), reward...)
		for i, d := range done {
			if d {
				seen = append(seen, float32(i), w.Info(i).Return)
			}
		}
	}
	return seen
}

const much = 1 << 30 // so much work that all workers wake

func TestShardsAreTheirWorldsSideBySide(t *testing.T) {
	parts, alone := mazes(t, 3, 1, 4), mazes(t, 3, 1, 4)
	w := New(core(t, 3), much, parts...)
	o := w.Spec().Obs
	obs := make([]float32, w.Size()*o)
	w.Reset(11, obs)
	var want []float32
	for i, p := range alone {
		x := make([]float32, p.Size()*o)
		p.Reset(rng.New(11, "shard/"+string(rune('0'+i))).Uint64(), x)
		want = append(want, x...)
	}
	if !slices.Equal(obs, want) || w.Size() != 8 {
		t.Fatalf("%d environments start elsewhere", w.Size())
	}
	actions, reward, done := make([]int32, 8), make([]float32, 8), make([]bool, 8)
	s := rng.New(1, "actions")
	for range 40 {
		for i := range actions {
			actions[i] = int32(s.IntN(len(w.Spec().Actions)))
		}
		w.Step(actions, obs, reward, done)
		at := 0
		for _, p := range alone {
			n := p.Size()
			x, r, d := make([]float32, n*o), make([]float32, n), make([]bool, n)
			p.Step(actions[at:at+n], x, r, d)
			if !slices.Equal(obs[at*o:(at+n)*o], x) || !slices.Equal(reward[at:at+n], r) || !slices.Equal(done[at:at+n], d) {
				t.Fatal("a world goes another way among others")
			}
			for b := range n {
				if d[b] && w.Info(at+b).Seed != p.Info(b).Seed || w.Saw(at+b) != p.Saw(b) {
					t.Fatalf("environment %d is another one", at+b)
				}
			}
			at += n
		}
	}
}

func TestWorkersAndStopsChangeNothing(t *testing.T) {
	var want []float32
	for workers := 1; workers <= 3; workers++ {
		w := New(core(t, workers), much, mazes(t, 3, 1, 4)...)
		w.Reset(5, make([]float32, w.Size()*w.Spec().Obs))
		s := rng.New(2, "actions")
		seen := play(w, s, 30)
		var kept bytes.Buffer
		if err := w.Snapshot(&kept); err != nil {
			t.Fatal(err)
		}
		w = New(core(t, workers), much, mazes(t, 3, 1, 4)...)
		if err := w.Restore(&kept); err != nil {
			t.Fatal(err)
		}
		if seen = append(seen, play(w, s, 30)...); want == nil {
			want = seen
		} else if !slices.Equal(seen, want) {
			t.Errorf("with %d workers something else is seen", workers)
		}
	}
	w := New(core(t, 1), much, mazes(t, 3, 1, 4)...)
	w.Reset(5, make([]float32, w.Size()*w.Spec().Obs))
	if got := play(w, rng.New(2, "actions"), 60); !slices.Equal(got, want) {
		t.Error("an undisturbed run sees something else")
	}
}

func TestR2D2OnShardsIsTheSameForAnyWorkers(t *testing.T) {
	k := value.R2D2Knobs{Envs: 8, Sequence: 8, BurnIn: 2, Stride: 4, Capacity: 64, Warmup: 8, Batch: 8, Every: 4, Eta: 0.9, Epsilon: 0.4, Slope: 7, Prior: true}
	q := value.Knobs{LearningRate: 1e-3, Gamma: 0.97, Double: true, NStep: 3, Huber: 1, Tau: 0.01, TargetEvery: 1, MaxGradNorm: 10}
	var want []float32
	for workers := 1; workers <= 2; workers++ {
		c := core(t, workers)
		w := New(c, much, mazes(t, 4, 4)...)
		net := func() *value.QNet {
			s := rng.New(3, "net")
			return value.NewQNet(s, nil, nn.NewGRU(s, "memory", w.Spec().Obs, 16), len(w.Spec().Actions), true)
		}
		r := value.NewR2D2(c, net(), net(), w, k, q, replay.PriorityKnobs{Alpha: 0.9, Beta: 0.6, Floor: 1e-6}, 4)
		for range 8 {
			if _, _, err := r.Advance(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		var got []float32
		for _, p := range r.Learner.Net.Params() {
			got = append(got, p.Data...)
		}
		if want == nil {
			want = got
		} else if !slices.Equal(got, want) {
			t.Error("two workers give other weights than one")
		}
	}
}
