package memo

import (
	"context"
	"io"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
)

// actor plays B trials side by side, drawing actions, and keeps them whole: arrays [T][B].
type actor struct {
	player
	stream *rng.Stream
	at     int // step of the trials

	now   []float32 // [B][O] what is shown
	fresh []bool    // [B]

	obs      []float32 // [T][B][O]
	began    []bool
	action   []int32
	logProb  []float32 // of the action, by the policy that played
	value    []float32
	reward   []float32
	done     []bool
	finished func(b int, info world.Info)
}

func newActor(core *num.Core, a *agent, w *arena, stream *rng.Stream, seed uint64) *actor {
	b, n := w.Size(), w.Size()*w.length
	x := &actor{player: *newPlayer(core, a, w, a.rule), stream: stream, now: make([]float32, b*w.Spec().Obs), fresh: make([]bool, b),
		obs: make([]float32, n*w.Spec().Obs), began: make([]bool, n), action: make([]int32, n), logProb: make([]float32, n),
		value: make([]float32, n), reward: make([]float32, n), done: make([]bool, n)}
	w.Reset(seed, x.now)
	for i := range x.fresh {
		x.fresh[i] = true
	}
	return x
}

// collect plays until that step of the trial. It looks at ctx once a step.
func (a *actor) collect(ctx context.Context, to int) error {
	b, w := a.arena.Size(), a.arena.Spec().Obs
	for ; a.at < to; a.at++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		r0, r1 := a.at*b, (a.at+1)*b
		copy(a.obs[r0*w:r1*w], a.now)
		a.see(a.now, a.fresh)
		copy(a.began[r0:r1], a.begins)
		a.decide(r0)
		a.arena.Step(a.action[r0:r1], a.now, a.reward[r0:r1], a.done[r0:r1])
		copy(a.fresh, a.done[r0:r1])
		for e, d := range a.fresh {
			if d && a.finished != nil {
				a.finished(e, a.arena.Info(e))
			}
		}
	}
	return nil
}

// decide draws an action for every trial where one counts. Elsewhere it is the first, and nothing is drawn.
func (a *actor) decide(r0 int) {
	n := len(a.probs)
	for e := range a.fresh {
		row := a.cache.Out[e*(n+1) : (e+1)*(n+1)]
		a.action[r0+e], a.logProb[r0+e], a.value[r0+e] = 0, 0, row[n]
		if a.at >= a.arena.decisions {
			lse := rl.Probabilities(row[:n], a.probs)
			action := a.stream.Categorical(a.probs)
			a.action[r0+e], a.logProb[r0+e] = int32(action), float32(float64(row[action])-lse)
		}
	}
}

// next writes the value of what is shown now, 0 where the trial is over.
func (a *actor) next(last []float32) {
	if a.at == a.arena.length {
		clear(last)
		return
	}
	begins := make([]bool, len(last))
	a.arena.mark(a.now, a.fresh, begins)
	a.cache.Peek(a.now, begins)
	n := len(a.probs)
	for e := range last {
		last[e] = a.cache.Out[e*(n+1)+n]
	}
}

// refresh makes the cache anew with the present parameters: the stale cache of arXiv 2510.19732v2, sec. 4.
func (a *actor) refresh() {
	n := a.at * a.arena.Size()
	a.cache.Refresh(a.obs[:n*a.arena.Spec().Obs], a.began[:n])
}

// Snapshot writes what the trials show and the stream. It is called between trials only, where the cache is empty and nothing collected
// is needed again.
func (a *actor) Snapshot(w io.Writer) error { return rl.WriteParts(w, a.parts()...) }

// Restore reads what Snapshot wrote, into an actor made in the same way.
func (a *actor) Restore(r io.Reader) error { return rl.ReadParts(r, a.parts()...) }

func (a *actor) parts() []rl.Part {
	shown := &num.Tensor{Name: "shown", Shape: []int{len(a.now)}, Data: a.now}
	return []rl.Part{{Name: "shown", State: tensors{shown}}, {Name: "stream", State: rl.Stream(a.stream)}, {Name: "world", State: a.arena.Tensor}}
}

// tensors makes numbers a part of a kept state.
type tensors []*num.Tensor

func (t tensors) Snapshot(w io.Writer) error { return nn.WriteTensors(w, nil, t) }

func (t tensors) Restore(r io.Reader) error {
	_, err := nn.ReadTensors(r, t)
	return err
}
