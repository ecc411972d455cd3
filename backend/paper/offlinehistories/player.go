package offlinehistories

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/world/stitch"
)

// player acts greedily: the action of the largest value, or of the largest probability after cloning.
type player struct {
	core *num.Core
	net  *network
	maze *stitch.Maze
	sees string
	in   int

	state, x, hidden, z []float32 // [B][H], [B][in], [B][H], [B][z]
	values              []float32 // [B][A]
	scratch             []float32
	headScratch         []float32
	previous            []int32 // [B] -1 at the start of an episode
	none                []bool
}

func newPlayer(l *learner, m *stitch.Maze) *player {
	b, h := m.Size(), l.agent.Width
	p := &player{core: l.core, net: l.net, maze: m, sees: l.agent.Sees, in: l.data.in, state: make([]float32, b*h), x: make([]float32, b*l.data.in),
		hidden: make([]float32, b*h), z: make([]float32, b*l.agent.Latent), values: make([]float32, b*acts), previous: make([]int32, b),
		headScratch: make([]float32, b*l.net.head.Size().Scratch), none: make([]bool, b)}
	if l.net.gru != nil {
		p.scratch = make([]float32, b*l.net.gru.Size().Scratch)
	}
	return p
}

// Reset implements world.Policy.
func (p *player) Reset() { clear(p.state) }

// Act implements world.Policy.
func (p *player) Act(obs []float32, fresh []bool, actions []int32) {
	b, o, k := len(actions), p.maze.Spec().Obs, &p.core.K
	for i := range b {
		if fresh[i] {
			p.previous[i] = -1
		}
		fill(p.x[i*p.in:(i+1)*p.in], p.sees, obs[i*o:(i+1)*o], p.previous[i], p.maze.Truth(i))
	}
	h := p.net.latent.In()
	if p.net.gru != nil {
		p.net.gru.Step(k, p.x, p.state, p.hidden, fresh, p.scratch)
	} else {
		p.net.state.Apply(k, p.x, p.in, p.hidden, h, b)
	}
	p.net.latent.Apply(k, p.hidden, h, p.z, p.net.latent.Out(), b)
	p.net.head.Step(k, p.z, nil, p.values, p.none, p.headScratch)
	for i := range b {
		row := p.values[i*acts : (i+1)*acts]
		best := int32(0)
		for a, v := range row {
			if v > row[best] {
				best = int32(a)
			}
		}
		actions[i], p.previous[i] = best, best
	}
}

// note adds values, latent state and the two walks of the data that a walk from A is put together from.
func (p *player) note(b int, s *lab.Step) {
	s.Numbers = map[string]lab.Float{}
	for a, name := range p.maze.Spec().Actions {
		s.Numbers["value "+name] = exam.Short(p.values[b*acts+a])
	}
	d := p.net.latent.Out()
	for _, v := range p.z[b*d : (b+1)*d] {
		s.State = append(s.State, exam.Short(v))
	}
	right := stitch.CellL + 3*int32(p.maze.Truth(b)%2)
	wrong := stitch.CellL + stitch.CellR - right
	walkA := []int32{stitch.CellA, stitch.CellA + 1, stitch.CellA + 2, wrong, wrong + 1}
	walkB := []int32{stitch.CellB, stitch.CellB + 1, stitch.CellLoop, stitch.CellLoop + 1, stitch.CellLoop + 2, stitch.CellB + 2, right, right + 1}
	for label, cells := range [2][]int32{walkA, walkB} {
		for _, c := range cells {
			x, y := stitch.Place(int(c))
			s.Scene.Marks = append(s.Scene.Marks, lab.Mark{X: x, Y: y, Shape: "ghost", Label: []string{"data from A", "data from B"}[label]})
		}
	}
}
