package wmar

import (
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rng"
)

const (
	testObs     = 6
	testActions = 3
)

// windows are n random windows of steps with resets in their middle.
func windows(s *rng.Stream, n, steps int) *replay.Windows {
	q := replay.NewSequences(n, steps, testObs, 0, 0)
	for range n {
		x := &replay.Sequence{Steps: steps, Obs: make([]float32, (steps+1)*testObs), Fresh: make([]bool, steps+1), Action: make([]int32, steps),
			Reward: make([]float32, steps), Terminal: make([]bool, steps), Cut: make([]bool, steps)}
		for i := range x.Obs {
			if s.Bool(0.4) {
				x.Obs[i] = 1
			}
		}
		for t := range steps {
			x.Fresh[t] = t == 0 || s.Bool(0.3)
			x.Action[t], x.Reward[t], x.Terminal[t] = int32(s.IntN(testActions)), float32(s.Normal()), s.Bool(0.3)
		}
		q.Add(x)
	}
	w := &replay.Windows{}
	for i := range n {
		w.At = append(w.At, replay.Window{Slot: i})
	}
	q.Gather(steps, w)
	return w
}

// small is a model whose biases are not zero: an empty state would stand exactly on the kink of every ReLU.
func small(t testing.TB, free float64) *model {
	s := rng.New(3, "weights")
	m := newModel(core(t), s, testObs, testActions, LearnerKnobs{State: 5, Groups: 2, Classes: 3, Width: 8}, Knobs{FreeNats: free, RewardWeight: 3})
	for _, p := range m.params() {
		for i, v := range p.Data {
			if v == 0 {
				p.Data[i] = float32(0.3 * s.Normal())
			}
		}
	}
	return m
}

// The loss whose gradient an update follows: divergences with one side held are not what their value says, so both halves are summed with
// their own frozen sides.
type frozen struct {
	post, prior []float32
}

func (m *model) surrogate(w *replay.Windows, steps int, f frozen) float64 {
	out := m.forward(w, steps, nil)
	l := m.loss(out, w, false)
	dyn, rep := 0.0, 0.0
	rows := out.goes.Len()
	for r := range rows {
		at, to := r*m.z, (r+1)*m.z
		kl := balance(f.post[at:to], f.prior[at:to], nil, nil, m.cls, m.free, 0, nil, nil, nil)
		if kl <= m.free {
			continue
		}
		dyn += balance(f.post[at:to], m.probs[at:to], nil, nil, m.cls, m.free, 0, nil, nil, nil) / float64(rows)
		rep += balance(m.scan.probs[at:to], f.prior[at:to], nil, nil, m.cls, m.free, 0, nil, nil, nil) / float64(rows)
	}
	return l.Planes + 3*l.Reward + l.Goes + dynamics*dyn + representation*rep
}

// The straight-through gradient is the true one when the drawn latents are held as z = q + (drawn - q0): then z moves as q does.
func TestTheWorldModelsGradientsAgreeWithFiniteDifferences(t *testing.T) {
	for name, free := range map[string]float64{"every divergence counts": 0, "some are free": 0.25} {
		t.Run(name, func(t *testing.T) {
			const steps, n = 4, 3
			m, w := small(t, free), windows(rng.New(5, "windows"), n, steps)
			m.forward(w, steps, rng.New(7, "latents"))
			held := make([]float32, steps*n*m.z)
			for i := range held {
				r, j := i/m.z, i%m.z
				held[i] = m.scan.feat.Data[r*(m.h+m.z)+m.h+j] - m.scan.probs[i]
			}
			m.scan.held = held
			l := m.gradients(w, steps, nil)
			f := frozen{append([]float32(nil), m.scan.probs...), append([]float32(nil), m.probs...)}
			if l.KL == 0 {
				t.Fatal("posterior and prior agree: the test says nothing")
			}
			compared := 0
			for _, p := range m.params() {
				for i := 0; i < p.Len(); i += 1 + p.Len()/7 {
					const e = 3e-3
					was := p.Data[i]
					p.Data[i] = was + e
					up := m.surrogate(w, steps, f)
					p.Data[i] = was - e
					down := m.surrogate(w, steps, f)
					p.Data[i] = was
					want, got := (up-down)/(2*e), float64(p.Grad[i])
					if math.Abs(got-want) > 2e-3+0.02*math.Abs(want) {
						t.Errorf("%s[%d]: gradient %v, finite difference %v", p.Name, i, got, want)
					}
					compared++
				}
			}
			if compared < 100 {
				t.Errorf("only %d numbers were checked", compared)
			}
		})
	}
}

func TestAResetInsideAWindowHidesWhatCameBefore(t *testing.T) {
	const steps, n = 4, 1
	m, w := small(t, 0), windows(rng.New(9, "windows"), n, steps)
	for i := range w.Fresh {
		w.Fresh[i] = i == 2
	}
	last := func() []float32 {
		m.forward(w, steps, rng.New(1, "latents"))
		return append([]float32(nil), m.scan.next.Data[2*m.h:]...)
	}
	before := last()
	w.Action[1] = (w.Action[1] + 1) % testActions
	for i := range testObs {
		w.Obs.Data[i] = 1 - w.Obs.Data[i]
	}
	after := last()
	for i := range before {
		if before[i] != after[i] {
			t.Fatal("what happened before a reset reaches the state behind it")
		}
	}
	w.Fresh[2] = false
	open := last()
	same := true
	for i := range open {
		same = same && open[i] == after[i]
	}
	if same {
		t.Error("without the reset the state behind it stays the same: the test says nothing")
	}
}

func TestTheActorsAndTheCriticsGradientsAgreeWithFiniteDifferences(t *testing.T) {
	b := newBehaviour(core(t), rng.New(2, "weights"), 6, 3, LearnerKnobs{Width: 8}, Knobs{Entropy: 0.3})
	s := rng.New(4, "rows")
	feat := num.New("feat", 5, 6)
	for i := range feat.Data {
		feat.Data[i] = float32(s.Normal())
	}
	action := []int32{0, 2, 1, 1, 0}
	returns, base, weight := []float32{1, 0.5, -1, 2, 0}, []float32{0.2, 0.7, 0, 1, 0.4}, []float32{1, 0.9, 0.5, 0.7, 0.2}
	actorLoss := func() (sum float64) {
		b.tape.Reset()
		logits := b.actor.Sequence(b.tape, feat, nil, nil).Data
		for r := range 5 {
			var p [3]float64
			z := 0.0
			for j := range p {
				p[j] = math.Exp(float64(logits[3*r+j]))
				z += p[j]
			}
			h := 0.0
			for j := range p {
				p[j] /= z
				h -= p[j] * math.Log(p[j])
			}
			sum += float64(weight[r]) / 5 * (-float64(returns[r]-base[r])/1.5*math.Log(p[action[r]]) - 0.3*h)
		}
		return sum
	}
	criticLoss := func() (sum float64) {
		b.tape.Reset()
		v := b.critic.Sequence(b.tape, feat, nil, nil).Data
		for r := range 5 {
			d := float64(v[r] - returns[r])
			sum += float64(weight[r]) / 5 * d * d / 2
		}
		return sum
	}
	b.teachActor(feat, action, returns, base, weight, 1.5)
	b.teachCritic(feat, returns, weight)
	checked(t, "actor", b.actor.Params(), actorLoss)
	checked(t, "critic", b.critic.Params(), criticLoss)
}

func checked(t *testing.T, name string, params []*num.Tensor, loss func() float64) {
	t.Helper()
	for _, p := range params {
		for i := range p.Data {
			const e = 1e-3
			was := p.Data[i]
			p.Data[i] = was + e
			up := loss()
			p.Data[i] = was - e
			down := loss()
			p.Data[i] = was
			if want, got := (up-down)/(2*e), float64(p.Grad[i]); math.Abs(got-want) > 1e-3+0.02*math.Abs(want) {
				t.Errorf("%s, %s[%d]: gradient %v, finite difference %v", name, p.Name, i, got, want)
			}
		}
	}
}
