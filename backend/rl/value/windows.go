package value

import (
	"context"
	"fmt"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl/replay"
)

// burnIn is the part of a window that only warms the memory up.
type burnIn struct {
	net   *QNet
	space [2]*Space // of the network and its slow copy
	rows  int
	which int
	obs   []float32 // [n][O]
	fresh []bool
	state []float32 // [n][S]
	q     []float32
	run   func(i0, i1 int)

	action []int32 // [T+1][n]

	state0 [2]num.Tensor // [n][S] after burn-in
}

func (l *Learner) burnRows(i0, i1 int) {
	b := &l.burn
	b.net.Step(&l.core.K, b.space[b.which], b.obs, b.state, b.q, b.fresh, i0, i1)
}

// warm plays the first burn steps of a window through one of the two networks and returns the states after them.
func (l *Learner) warm(which int, net *QNet, w *replay.Windows, burn int) *num.Tensor {
	b, n, o := &l.burn, len(w.At), net.Inputs()
	x := &b.state0[which]
	x.Shape, x.Data = append(x.Shape[:0], w.State0.Shape...), grow(x.Data, w.State0.Len())
	copy(x.Data, w.State0.Data)
	if burn == 0 {
		return x
	}
	if b.space[which] == nil || b.rows != n {
		if b.rows != n {
			b.space, b.rows = [2]*Space{}, n
		}
		b.space[which] = net.NewSpace(n)
	}
	b.net, b.which, b.state, b.q = net, which, x.Data, grow(b.q, n*net.Actions())
	work := n * nn.Count(l.params)
	for t := range burn {
		b.obs, b.fresh = w.Obs.Data[t*n*o:(t+1)*n*o], w.Fresh[t*n:(t+1)*n]
		l.core.Do(n, work, b.run)
	}
	return x
}

// StepWindows makes one gradient step on windows of sequences. The first burn steps only warm the memories of both networks up, from the
// stored states; values are learned on the others (R2D2, OpenReview r1lyTjAqYX, sec. 3.1). Gradients end at the first
// step after burn-in. It looks at ctx once; errors are those of Step.
//
// A step that cut its episode short has a target only where the observation after it is known, that is where it is not the first of
// another episode.
func (l *Learner) StepWindows(ctx context.Context, w *replay.Windows, burn int) (Stats, error) {
	if err := ctx.Err(); err != nil {
		return Stats{}, err
	}
	n, o := len(w.At), l.Net.Inputs()
	steps := len(w.Reward)/n - burn
	if burn < 0 || steps < 1 {
		panic(fmt.Sprintf("value: windows of %d steps with a burn-in of %d: want at least one step after it", steps+burn, burn))
	}
	obs, fresh := view(&l.obs, w.Obs.Data[burn*n*o:], steps+1, n, o), w.Fresh[burn*n:]
	l.look.Reset()
	slow := l.Slow.Sequence(l.look, obs, l.warm(1, l.Slow, w, burn), fresh)
	l.tape.Reset()
	q := l.Net.Sequence(l.tape, obs, l.warm(0, l.Net, w, burn), fresh)
	l.windowTargets(w, burn, steps, q, slow)
	action := l.actions(w, burn, steps)
	return l.descend(q, Samples{Action: action, Target: l.Target, Weight: w.Weight, Mask: l.Mask})
}

// windowTargets fills Target and Mask [T+1][n]; the last row has no target.
func (l *Learner) windowTargets(w *replay.Windows, burn, steps int, q, slow *num.Tensor) {
	n, acts := len(w.At), l.Net.Actions()
	total := steps * n
	l.Target, l.Mask, l.boot, l.lost = grow(l.Target, total+n), grow(l.Mask, total+n), grow(l.boot, total), grow(l.lost, total)
	fast := q
	if !l.Knobs.Double {
		fast = slow
	}
	Double(fast.Data[n*acts:], slow.Data[n*acts:], acts, l.boot)
	l.unscale(l.boot)
	from := burn * n
	for i := range l.lost {
		l.lost[i] = w.Fresh[from+n+i]
	}
	s := Steps{Reward: w.Reward[from:], Next: l.boot, Terminal: w.Terminal[from:], Cut: w.Cut[from:], Lost: l.lost, Mask: w.Mask[from:]}
	NStep(s, n, l.Knobs.NStep, l.Knobs.Gamma, l.Target[:total], l.Mask[:total])
	l.rescale(l.Target[:total])
	clear(l.Target[total:])
	clear(l.Mask[total:])
}

// actions are those of the steps after burn-in, and of a last row that has no target.
func (l *Learner) actions(w *replay.Windows, burn, steps int) []int32 {
	n := len(w.At)
	l.burn.action = grow(l.burn.action, (steps+1)*n)
	copy(l.burn.action, w.Action[burn*n:])
	clear(l.burn.action[steps*n:])
	return l.burn.action
}
