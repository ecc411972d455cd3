package rarl

import (
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// small is a net with a retrieval batch of two groups.
func small(t *testing.T, state string) (*pass, *retrieval, *num.Tensor) {
	t.Helper()
	k := RetrievalKnobs{Width: 6, Summary: 5, Slots: 2, Rounds: 2, KeepTraj: 2, KeepStates: 3, Code: 3, Beta: 0.3, Choose: "score", State: state}
	n := newNet(rng.New(2, "weights"), k, 4, 3, true)
	s := rng.New(4, "test")
	r := &retrieval{groups: 2, each: 3, steps: 4, x: random(s, "x", 4, 6, 4), action: make([]int32, 24), reward: make([]float32, 24), value: make([]float32, 24)}
	r.x.Grad = nil
	for i := range r.action {
		r.action[i], r.reward[i], r.value[i] = int32(i%3), float32(i%2), float32(i)/24
	}
	x := random(s, "states", 4, 4)
	x.Grad = nil
	return newPass(core(t), n), r, x
}

// The whole network: values, bottleneck of both rounds and auxiliary heads.
func TestTheGradientOfTheWholeNetworkIsThatOfDifferences(t *testing.T) {
	for _, state := range []string{"slots", "agent"} {
		t.Run(state, func(t *testing.T) {
			p, r, x := small(t, state)
			eps := random(rng.New(7, "eps"), "eps", 2*4*2*3).Data
			differences(t, p.tape, p.net.Params(), 4, 2e-2, func() []*num.Tensor {
				p.begin()
				m, h, b := p.prepare(r)
				guess := p.guess(h, b)
				q := p.values(x, &m, eps)
				aux := p.auxiliary.record(p.tape, guess, r.action, r.reward, r.value)
				return append([]*num.Tensor{total(p.tape, q), aux}, p.losses...)
			})
		})
	}
}

// Keys look back, values look ahead: what comes later in a trajectory moves the value of a state and not its key, what came before moves
// the key and not the value.
func TestKeysKnowThePastAndValuesTheFuture(t *testing.T) {
	p, r, _ := small(t, "slots")
	state := func(x *num.Tensor, i, j int) []float32 {
		w := x.Last()
		at := (i*r.steps + j) * w
		return slices.Clone(x.Data[at : at+w])
	}
	look := func() (key, value []float32) {
		p.begin()
		m, _, _ := p.prepare(r)
		return state(m.keys, 4, 1), state(m.values, 4, 1)
	}
	key, value := look()
	r.row(4, 3)[0]++ // later
	laterKey, laterValue := look()
	r.row(4, 3)[0]--
	r.row(4, 0)[0]++ // earlier
	earlierKey, earlierValue := look()
	if !slices.Equal(key, laterKey) || slices.Equal(value, laterValue) {
		t.Error("the future moves keys, or does not move values")
	}
	if slices.Equal(key, earlierKey) || !slices.Equal(value, earlierValue) {
		t.Error("the past does not move keys, or moves values")
	}
	r.row(4, 0)[0]--
	r.row(3, 1)[0]++ // the same step of another trajectory
	if k, v := look(); !slices.Equal(key, k) || !slices.Equal(value, v) {
		t.Error("trajectories mix")
	}
}

// A bottleneck without price and an agent without a store differ from the full one; retrieval batches of zeros are all alike.
func TestAStoreOfZerosTellsNothing(t *testing.T) {
	m := begin(t, ra().With("content", Zeros), 1, lab.Bench{Kernel: "go"})
	w := want{content: Zeros, trajectories: 3, length: 10, tasks: []int{0, 1}}
	var a, b retrieval
	m.store.fetch(rng.New(1, "a"), w, &a)
	m.store.fetch(rng.New(2, "b"), w, &b)
	if !slices.Equal(a.x.Data, b.x.Data) || slices.Max(a.x.Data) != 0 || slices.Min(a.x.Data) != 0 {
		t.Error("zeros tell batches apart")
	}
}
