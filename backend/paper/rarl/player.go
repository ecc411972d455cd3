package rarl

import (
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
)

// player acts greedily by a net as a world.Policy. Its retrieval batches are drawn once and serve all steps of an episode; what they hold
// is encoded once, since the weights do not move between.
type player struct {
	net     *net
	grid    int
	pass    *pass
	batches retrieval
	memory  memory
	x       *num.Tensor
	last    *readOp // of the last round of the last step; nil without a store
	rounds  int
	q       []float32 // [N][A] of the last step
}

// newPlayer draws the retrieval batches of n environments, of which number b has task b mod tasks: one batch an environment, or with a
// mixed store one for every run over all tasks.
func newPlayer(core *num.Core, n *net, s *store, stream *rng.Stream, content string, envs, groups int) *player {
	p := &player{net: n, grid: s.data.Knobs.Grid, pass: newPass(core, n)}
	if n.look == nil {
		return p
	}
	k, tasks := n.knobs, s.data.Knobs.Tasks
	w := want{content: content, trajectories: k.Trajectories, length: k.Length}
	if content == Mixed {
		w.trajectories, w.tasks = k.Trajectories*groups, make([]int, envs/tasks)
	} else {
		for b := range envs {
			w.tasks = append(w.tasks, b%tasks)
		}
	}
	s.fetch(stream, w, &p.batches)
	p.pass.begin()
	m, _, _ := p.pass.prepare(&p.batches)
	p.memory = m
	p.memory.keys, p.memory.values = kept(m.keys), kept(m.values)
	return p
}

// kept copies a result out of a tape.
func kept(x *num.Tensor) *num.Tensor {
	y := num.New(x.Name, x.Shape...)
	copy(y.Data, x.Data)
	return y
}

// Reset implements world.Policy: nothing is carried from step to step.
func (p *player) Reset() {}

// Act implements world.Policy.
func (p *player) Act(obs []float32, fresh []bool, actions []int32) {
	n := len(actions)
	raw := len(obs) / n
	in := featureWidth(raw, p.grid)
	p.x = tensor(p.x, n, in)
	for b := range actions {
		features(obs[b*raw:(b+1)*raw], p.x.Data[b*in:(b+1)*in], p.grid)
	}
	p.pass.begin()
	q := p.pass.values(p.x, &p.memory, nil)
	a := p.net.actions
	p.q = append(p.q[:0], q.Data...)
	for b := range actions {
		actions[b] = int32(rl.Best(p.q[b*a : b*a+a]))
	}
	if used := p.pass.reads.used; used > 0 {
		p.last, p.rounds = p.pass.reads.all[used-1], used
	}
}

// ownShare is how much of what the queries of environment b read came from episodes of that task, mean over slots, in [0, 1].
func (p *player) ownShare(b, task int, taskOf func(episode int) int) float64 {
	sum, k := 0.0, p.net.knobs.Slots
	for slot := range k {
		r := b*k + slot
		g := r / p.last.rows
		for c := range p.last.sel.states {
			at := r*p.last.sel.states + c
			i := g*p.memory.each + int(p.last.kept[at])/p.memory.steps
			if taskOf(int(p.batches.episode[i])) == task {
				sum += float64(p.last.weight[at])
			}
		}
	}
	return sum / float64(k)
}

// paid is what the queries of environment b brought in at the last step, nats, mean over slots and rounds.
func (p *player) paid(b int) float64 {
	sum, k := 0.0, p.net.knobs.Slots
	for _, o := range p.pass.squeezes.all[:p.pass.squeezes.used] {
		for slot := range k {
			sum += float64(o.kl[b*k+slot])
		}
	}
	return sum / float64(k*max(p.rounds, 1))
}
