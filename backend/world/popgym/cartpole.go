package popgym

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/control"
)

// sight is what of cart and pole, or of the pendulum, is seen.
type sight int

const (
	positions      sight = iota
	noisyPositions       // with normal noise, then cut to the bounds of the observation
	velocities
)

// cartpole: balance a pole on a cart by pushing it left or right, seeing only half of the state.
//
// Observation: place of the cart and angle of the pole, or their velocities; but the first observation of an episode holds place and angle
// in all tasks, as in the package. Reward 1/L a step, the one that fails included; an episode ends when the cart leaves the track, when
// the pole falls, or after L steps.
type cartpole struct {
	seen  sight
	limit int32
	sigma float64
	pay   float32
	high  [2]float32 // bounds of an observation with noise
	envs  []cartpoleEnv
	taped []float64 // normal numbers of environment 0, two an observation, instead of its own; see the comparison with the package
}

type cartpoleEnv struct {
	State  [4]float64 // place, velocity, angle, angular velocity
	Seed   uint64
	Obs    [2]float32
	Steps  int32
	Failed bool
}

func newCartpole(seen sight, limit int, sigma float64, batch int) (*cartpole, shape) {
	g := &cartpole{seen: seen, limit: int32(limit), sigma: sigma, pay: float32(1 / float64(limit)), envs: make([]cartpoleEnv, batch)}
	g.high = [2]float32{2 * control.CartPoleTrack, 2 * control.CartPoleAngle}
	s := shape{box: 2, obsNames: []string{"place of the cart", "angle of the pole"}, actSpace: []int{2}, actions: []string{"push left", "push right"},
		horizon: limit, numbers: []string{"place at the end", "angle at the end"}}
	if seen == velocities {
		s.obsNames = []string{"velocity of the cart", "angular velocity of the pole"}
	}
	return g, s
}

// begin draws all four numbers evenly from +-0.05.
func (g *cartpole) begin(b int, seed uint64) {
	e := &g.envs[b]
	*e = cartpoleEnv{Seed: seed}
	for i := range e.State {
		e.State[i] = 0.05 * (2*world.Unit(world.Draw(seed, uint64(i))) - 1)
	}
	g.open(b)
}

// open makes the first observation of a state.
func (g *cartpole) open(b int) {
	e := &g.envs[b]
	e.Obs = [2]float32{float32(e.State[0]), float32(e.State[2])}
	g.blur(b, e)
}

func (g *cartpole) step(actions []int32, out rows, reward []float32, why []uint8) {
	for b, a := range actions {
		e := &g.envs[b]
		e.Failed = control.CartPoleStep(&e.State, float64(2*a-1)*control.CartPoleForce)
		e.Steps++
		reward[b], why[b] = g.pay, 0
		if e.Failed {
			why[b] = terminal
		}
		if e.Steps >= g.limit {
			why[b] |= horizon
		}
		if e.Obs = [2]float32{float32(e.State[0]), float32(e.State[2])}; g.seen == velocities {
			e.Obs = [2]float32{float32(e.State[1]), float32(e.State[3])}
		}
		g.blur(b, e)
		copy(out.of(b), e.Obs[:])
	}
}

// blur adds the noise of a noisy task.
func (g *cartpole) blur(b int, e *cartpoleEnv) {
	if g.seen != noisyPositions {
		return
	}
	one, two := 0.0, 0.0
	if b == 0 && g.taped != nil {
		one, two = g.taped[2*e.Steps], g.taped[2*e.Steps+1]
	} else {
		one, two = normals(e.Seed, uint64(e.Steps), g.sigma)
	}
	for i, x := range [2]float64{one, two} {
		e.Obs[i] = min(max(e.Obs[i]+float32(x), -g.high[i]), g.high[i])
	}
}

// noiseDraws is where the draws of noise begin.
const noiseDraws = 1 << 8

// normals are two normal numbers with that deviation (Box and Muller).
func normals(seed, i uint64, sigma float64) (x, y float64) {
	u := 1 - world.Unit(world.Draw(seed, noiseDraws+2*i)) // in (0, 1]
	sin, cos := math.Sincos(2 * math.Pi * world.Unit(world.Draw(seed, noiseDraws+2*i+1)))
	r := sigma * math.Sqrt(-2*math.Log(u))
	return r * cos, r * sin
}

func (g *cartpole) write(b int, row []float32) { copy(row, g.envs[b].Obs[:]) }

// Success is a pole that never fell.
func (g *cartpole) outcome(b int) (bool, [maxNumbers]float64) {
	e := &g.envs[b]
	return !e.Failed, [maxNumbers]float64{e.State[0], e.State[2]}
}

// scene draws the track as a row and the tip of the pole above the cart, shifted by its angle.
func (g *cartpole) scene(b int) lab.Scene {
	const w, h = 25, 5
	e := &g.envs[b]
	column := func(x float64) int { return min(max(int(math.Round((x/control.CartPoleTrack+1)/2*(w-1))), 0), w-1) }
	x := column(e.State[0])
	tip := min(max(x+int(math.Round(25*math.Sin(e.State[2]))), 0), w-1)
	return lab.Scene{W: w, H: h, Marks: []lab.Mark{
		{X: 0, Y: h - 1, Shape: "wall"}, {X: w - 1, Y: h - 1, Shape: "wall"},
		{X: tip, Y: 0, Shape: "cube", Label: fmt.Sprintf("%.1f°", e.State[2]*180/math.Pi), Tone: 2},
		{X: x, Y: h - 1, Shape: "agent", Label: progress(int(e.Steps), int(g.limit)), Tone: 1},
	}}
}

func (g *cartpole) saw(b int) string {
	e := &g.envs[b]
	if g.seen == velocities && e.Steps > 0 {
		return fmt.Sprintf("cart moving %.3f, pole turning %.3f", e.Obs[0], e.Obs[1])
	}
	return fmt.Sprintf("cart at %.3f, pole at %.3f", e.Obs[0], e.Obs[1])
}

func (g *cartpole) parts() []any { return []any{g.envs} }
