package popgym

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// bandit: arms that pay with probabilities drawn evenly from [0, 1) at the start of the episode.
//
// Observation: whether the arm paid; reward +1/L if it did, else -1/L; L steps. Draw and probability are compared as 32-bit numbers, as
// NumPy 2 does.
type bandit struct {
	arms  int
	limit int32
	envs  []banditEnv
	p     []float32 // [B][arms]
	pulls []int32   // [B][2][arms] of the first and of the second half
	pay   float32
	taped []float64 // draws of environment 0 in the order of steps, instead of its own; see the comparison with the package
}

type banditEnv struct {
	Chance chance // of the payments
	Steps  int32
	Paid   int32 // 0 or 1, the last pull
	Total  int32 // pulls paid
}

func newBandit(arms, steps, batch int) (*bandit, shape) {
	g := &bandit{arms: arms, limit: int32(steps), envs: make([]banditEnv, batch), pay: float32(1 / float64(steps))}
	g.p, g.pulls = make([]float32, batch*arms), make([]int32, 2*batch*arms)
	s := shape{space: []int{2}, obsNames: []string{"nothing", "paid"}, actSpace: []int{arms}, horizon: steps,
		numbers: []string{"paid", "pulls of the best arm", "mean regret"}}
	for i := range arms {
		s.actions = append(s.actions, fmt.Sprintf("arm %d", i+1))
	}
	return g, s
}

func (g *bandit) of(b int) []float32 { return g.p[b*g.arms : (b+1)*g.arms] }

func (g *bandit) begin(b int, seed uint64) {
	for i, p := 0, g.of(b); i < len(p); i++ {
		p[i] = float32(world.Draw(seed, uint64(i))>>40) / (1 << 24)
	}
	g.open(b, chance(world.Draw(seed, uint64(g.arms))))
}

// open starts with the arms drawn.
func (g *bandit) open(b int, c chance) {
	g.envs[b] = banditEnv{Chance: c}
	clear(g.pulls[2*b*g.arms : 2*(b+1)*g.arms])
}

// step has no branch that chance decides: an arm's probability is a multiple of 2^-24, and so is a draw, so that whole numbers compare.
func (g *bandit) step(actions []int32, out rows, reward []float32, why []uint8) {
	for b, a := range actions {
		e := &g.envs[b]
		p := g.p[b*g.arms+int(a)]
		e.Paid = int32(uint32(int32(e.Chance.next()>>40)-int32(p*(1<<24))) >> 31)
		if g.taped != nil {
			e.Paid = g.tapedPay(p)
		}
		paid := float32(e.Paid)
		reward[b], why[b] = g.pay*(2*paid-1), 0
		e.Total += e.Paid
		half := 2 * b
		if 2*e.Steps >= g.limit {
			half++
		}
		g.pulls[half*g.arms+int(a)]++
		if e.Steps++; e.Steps >= g.limit {
			why[b] = horizon
		}
		row := out.of(b)
		row[1], row[0] = paid, 1-paid
	}
}

// tapedPay is the payment of environment 0 by the draw on the tape.
func (g *bandit) tapedPay(p float32) int32 {
	if float32(g.taped[g.envs[0].Steps]) < p {
		return 1
	}
	return 0
}

func (g *bandit) write(b int, row []float32) {
	row[1] = float32(g.envs[b].Paid)
	row[0] = 1 - row[1]
}

// Success: in the second half, the arms pulled pay at least nine tenths of the best one, in expectation.
func (g *bandit) outcome(b int) (bool, [maxNumbers]float64) {
	best, steps := g.best(b), float64(g.limit)
	pulls, p := g.pulls[2*b*g.arms:2*(b+1)*g.arms], g.of(b)
	regret, late := 0.0, 0.0
	for i := range p {
		n := float64(pulls[i] + pulls[g.arms+i])
		regret += n * float64(p[best]-p[i])
		late += float64(pulls[g.arms+i]) * float64(p[i])
	}
	return late >= 0.9*float64(p[best])*steps/2,
		[maxNumbers]float64{float64(g.envs[b].Total), float64(pulls[best] + pulls[g.arms+int(best)]), regret / steps}
}

// reference: memory-free pulls one arm throughout, since without memory none is known to be better. Full-memory pulls the arm with the
// greatest mean plus spread of its belief, a Beta distribution, and looks at the spread less the fewer steps are left: close to the
// best, not the Bayes-optimal plan.
func (g *bandit) reference(name string, _ uint64) act {
	switch name {
	case world.Oracle:
		return func(b int, _ []float32, _ bool) int32 { return g.best(b) }
	case world.MemoryFree:
		return func(int, []float32, bool) int32 { return 0 }
	case world.FullMemory:
		k := &keeper{arms: g.arms, limit: float64(g.limit), pulls: make([]float64, len(g.p)), paid: make([]float64, len(g.p)), at: make([]keeperAt, len(g.envs))}
		return k.act
	}
	return nil
}

// best is the arm with the greatest probability.
func (g *bandit) best(b int) int32 {
	p, best := g.of(b), 0
	for i := range p {
		if p[i] > p[best] {
			best = i
		}
	}
	return int32(best)
}

// keeper counts pulls and payments of each arm.
type keeper struct {
	arms        int
	limit       float64
	pulls, paid []float64 // [B][arms]
	at          []keeperAt
}

type keeperAt struct{ last, steps int }

func (k *keeper) act(b int, row []float32, fresh bool) int32 {
	at, pulls, paid := &k.at[b], k.pulls[b*k.arms:(b+1)*k.arms], k.paid[b*k.arms:(b+1)*k.arms]
	if fresh {
		clear(pulls)
		clear(paid)
		at.steps = 0
	} else {
		pulls[at.last]++
		paid[at.last] += float64(row[1])
		at.steps++
	}
	eager := 2 * max(0, 1-float64(at.steps)/k.limit)
	best := -1.0
	for i := range pulls {
		n := pulls[i] + 2
		mean := (paid[i] + 1) / n
		if v := mean + eager*math.Sqrt(mean*(1-mean)/(n+1)); v > best {
			best, at.last = v, i
		}
	}
	return int32(at.last)
}

func (g *bandit) scene(b int) lab.Scene {
	e := &g.envs[b]
	const across = 10
	s := lab.Scene{W: across, H: (g.arms+across-1)/across + 1}
	for i, p := range g.of(b) {
		m := lab.Mark{X: i % across, Y: i / across, Shape: "ghost", Label: fmt.Sprintf("%.2f", p)}
		if int32(i) == g.best(b) {
			m.Shape = "goal"
		}
		s.Marks = append(s.Marks, m)
	}
	label := fmt.Sprintf("%s, %s", g.saw(b), progress(int(e.Steps), int(g.limit)))
	return lab.Scene{W: s.W, H: s.H, Marks: append(s.Marks, lab.Mark{X: 0, Y: s.H - 1, Shape: "agent", Label: label, Tone: 1})}
}

func (g *bandit) saw(b int) string { return []string{"nothing", "paid"}[g.envs[b].Paid] }

func (g *bandit) parts() []any { return []any{g.p, g.pulls, g.envs} }
