package popgym

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/control"
)

// pendulum: swing a rod up and hold it there, seeing its angle but not its speed.
//
// Observation: cosine and sine of the angle, with noise in the noisy task. Reward: minus the cost of Pendulum-v1, moved and scaled so that
// the sum over an episode of L steps lies in [-1, 1]. The task's action is a torque in [-2, 2]: Continuous offers that; World offers
// Knobs.Torques evenly spaced ones instead, a deviation that lets algorithms with discrete actions play.
type pendulum struct {
	noisy   bool
	limit   int32
	sigma   float64
	torques []float32
	envs    []pendulumEnv
	taped   []float64 // as in cartpole
}

type pendulumEnv struct {
	Angle, Speed float64
	Seed         uint64
	Obs          [2]float32
	Steps        int32
	Up           int32 // steps in a row, up to now, within upright of the top
}

const (
	pendulumWorst = 16.2736044 // the greatest cost, in the package's digits
	upright       = 0.3        // radians
)

func newPendulum(noisy bool, limit int, sigma float64, torques, batch int) (*pendulum, shape) {
	g := &pendulum{noisy: noisy, limit: int32(limit), sigma: sigma, envs: make([]pendulumEnv, batch)}
	s := shape{box: 2, obsNames: []string{"cosine of the angle", "sine of the angle"}, horizon: limit, numbers: []string{"upright at the end", "angle at the end"}}
	for i := range torques {
		t := float32(2*control.PendulumTorque*float64(i)/float64(torques-1) - control.PendulumTorque)
		g.torques, s.actions = append(g.torques, t), append(s.actions, fmt.Sprintf("torque %.3g", t))
	}
	s.torques = g.torques
	return g, s
}

// begin draws the angle from +-pi and the speed from +-1, both evenly.
func (g *pendulum) begin(b int, seed uint64) {
	g.envs[b] = pendulumEnv{Seed: seed, Angle: math.Pi * (2*world.Unit(world.Draw(seed, 0)) - 1), Speed: 2*world.Unit(world.Draw(seed, 1)) - 1}
	g.see(b, &g.envs[b])
}

func (g *pendulum) step(actions []int32, out rows, reward []float32, why []uint8) {
	for b, a := range actions {
		g.turn(b, g.torques[a], out, reward, why)
	}
}

// turn plays one torque in environment b.
func (g *pendulum) turn(b int, torque float32, out rows, reward []float32, why []uint8) {
	e := &g.envs[b]
	const half = pendulumWorst / 2
	reward[b] = float32((half - e.move(torque)) / half / float64(g.limit))
	if e.Steps++; math.Abs(control.WrapAngle(e.Angle)) < upright {
		e.Up++
	} else {
		e.Up = 0
	}
	if why[b] = 0; e.Steps >= g.limit {
		why[b] = horizon
	}
	g.see(b, e)
	copy(out.of(b), e.Obs[:])
}

// move is control.PendulumStep as NumPy 2 computes it for a torque of 32 bits: what holds the torque alone is rounded to 32 bits. It
// returns the cost.
func (e *pendulumEnv) move(u float32) float64 {
	u = min(max(u, -control.PendulumTorque), control.PendulumTorque)
	w := control.WrapAngle(e.Angle)
	cost := float64(w*w) + float64(0.1*float64(e.Speed*e.Speed)) + float64(float32(0.001)*float32(u*u))
	e.Speed += float64((float64(15*math.Sin(e.Angle)) + float64(float32(3*u))) * 0.05)
	e.Speed = min(max(e.Speed, -control.PendulumSpeed), control.PendulumSpeed)
	e.Angle += float64(e.Speed * 0.05)
	return cost
}

// see makes the observation of a state.
func (g *pendulum) see(b int, e *pendulumEnv) {
	sin, cos := math.Sincos(e.Angle)
	if e.Obs = [2]float32{float32(cos), float32(sin)}; !g.noisy {
		return
	}
	one, two := 0.0, 0.0
	if b == 0 && g.taped != nil {
		one, two = g.taped[2*e.Steps], g.taped[2*e.Steps+1]
	} else {
		one, two = normals(e.Seed, uint64(e.Steps), g.sigma)
	}
	e.Obs = [2]float32{min(max(e.Obs[0]+float32(one), -1), 1), min(max(e.Obs[1]+float32(two), -1), 1)}
}

func (g *pendulum) write(b int, row []float32) { copy(row, g.envs[b].Obs[:]) }

// Success is a rod within 0.3 radians of upright for the last five steps.
func (g *pendulum) outcome(b int) (bool, [maxNumbers]float64) {
	e := &g.envs[b]
	return e.Up >= 5, [maxNumbers]float64{float64(e.Up), control.WrapAngle(e.Angle)}
}

// scene draws the rod from the middle of a grid of nine.
func (g *pendulum) scene(b int) lab.Scene {
	const half = 4
	e := &g.envs[b]
	sin, cos := math.Sincos(e.Angle)
	at := func(r float64) (x, y int) { return half + int(math.Round(r*sin)), half - int(math.Round(r*cos)) }
	marks := []lab.Mark{{X: half, Y: 0, Shape: "goal", Label: "up", Tone: 3}, {X: half, Y: half, Shape: "wall"}}
	for r := 1.0; r < half; r++ {
		x, y := at(r)
		marks = append(marks, lab.Mark{X: x, Y: y, Shape: "floor"})
	}
	x, y := at(half)
	label := fmt.Sprintf("%.0f°, speed %.1f, %s", control.WrapAngle(e.Angle)*180/math.Pi, e.Speed, progress(int(e.Steps), int(g.limit)))
	return lab.Scene{W: 2*half + 1, H: 2*half + 1, Marks: append(marks, lab.Mark{X: x, Y: y, Shape: "agent", Label: label, Tone: 1})}
}

func (g *pendulum) saw(b int) string {
	e := &g.envs[b]
	return fmt.Sprintf("cosine %.3f, sine %.3f", e.Obs[0], e.Obs[1])
}

func (g *pendulum) parts() []any { return []any{g.envs} }
