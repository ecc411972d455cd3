package sac

import (
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/value"
)

// Twin is two critics, their slow copies and their optimiser.
type Twin struct {
	Critic, Slow [2]*Critic
	Opt          *nn.Adam

	frozen       [2]*Critic
	params, slow []*num.Tensor
	loss         [2]value.Loss
	zero         []int32 // the one action of a critic that says a single value
	blank        blanks
	tape, look   *num.Tape     // of the critics' own steps, and of what frozen ones read: a pass finds its memory on a tape of its own
	seen         [2]num.Tensor // what frozen critics read, without gradient
}

// NewTwin returns twins made by that function: first both critics, then both slow copies, which get the numbers of the first.
func NewTwin(core *num.Core, critic func(i int, slow bool) *Critic) *Twin {
	w := &Twin{blank: blanks{}, tape: num.NewTape(core), look: num.NewTape(core)}
	for i := range 2 {
		w.Critic[i] = critic(i, false)
		w.frozen[i] = w.Critic[i].Frozen()
		w.params = append(w.params, w.Critic[i].Params()...)
	}
	for i := range 2 {
		w.Slow[i] = critic(i, true)
		w.slow = append(w.slow, w.Slow[i].Params()...)
	}
	value.Follow(&core.K, w.slow, w.params, 1)
	w.Opt = nn.NewAdam(w.params)
	return w
}

// slowValues records what the slow critics say of actions at obs [T][n][O].
func (w *Twin) slowValues(t *num.Tape, obs, act *num.Tensor, fresh []bool) (q [2]*num.Tensor) {
	for i, c := range w.Slow {
		q[i] = c.Value(t, c.Read(t, obs, w.blank.of(c.Memory, obs.Shape[1]), fresh), act)
	}
	return q
}

// frozenValues records what the critics say of actions at obs, with gradients by the actions only: the memories are not played
// on the tape t.
func (w *Twin) frozenValues(t *num.Tape, obs, act *num.Tensor, fresh []bool) (q [2]*num.Tensor) {
	w.look.Reset()
	for i, c := range w.Critic {
		x := obs
		if c.Memory != nil {
			seen := c.Read(w.look, obs, w.blank.of(c.Memory, obs.Shape[1]), fresh)
			x = &w.seen[i]
			x.Shape, x.Data = seen.Shape, seen.Data
		}
		q[i] = w.frozen[i].Value(t, x, act)
	}
	return q
}

// learn makes one gradient step of both critics towards y where mask is not 0. It returns the mean of their losses, of half the squared
// error, and the mean value of the actions of the data.
func (w *Twin) learn(obs, act *num.Tensor, fresh []bool, y, weight, mask []float32, rate, clip float64) (loss, mean float64, err error) {
	t := w.tape
	t.Reset()
	w.zero = grow(w.zero, len(y))
	clear(w.zero)
	var both [2]*num.Tensor
	for i, c := range w.Critic {
		q := c.Value(t, c.Read(t, obs, w.blank.of(c.Memory, obs.Shape[1]), fresh), act)
		l, s := w.loss[i].Record(t, q, value.Samples{Action: w.zero, Target: y, Weight: weight, Mask: mask})
		both[i] = l
		loss, mean = loss+s.Loss/2, mean+s.Value/2
	}
	return loss, mean, descend(t, t.Add(both[0], both[1]), "critics", w.params, w.Opt, rate, clip)
}

// follow moves the slow critics.
func (w *Twin) follow(k *num.Kernels, tau float64) { value.Follow(k, w.slow, w.params, tau) }

func (w *Twin) parts() []rl.Part {
	return []rl.Part{{Name: "critics", State: rl.Weights(w.params, w.Opt)}, {Name: "slow critics", State: rl.Weights(w.slow, nil)}}
}

// descend makes one gradient step by a loss of one element that is on the tape. A loss or gradient that is not a finite number is an
// error, and no parameter moves.
func descend(t *num.Tape, loss *num.Tensor, who string, params []*num.Tensor, opt *nn.Adam, rate, clip float64) error {
	if !finite(float64(loss.Data[0])) {
		return lab.Errorf(lab.Internal, "loss of the %s is %g after %d gradient steps", who, loss.Data[0], opt.Steps()).WithHint("lower rl.learning_rate")
	}
	t.Backward(loss)
	if norm := nn.ClipNorm(&t.Core.K, params, clip); !finite(norm) {
		return lab.Errorf(lab.Internal, "norm of the gradient of the %s is %g after %d gradient steps", who, norm, opt.Steps()).WithHint("lower rl.learning_rate")
	}
	opt.Step(&t.Core.K, rate)
	return nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
