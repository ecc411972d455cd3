package control

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Constants of the point mass.
const (
	pointStep  = 0.1 // seconds
	pointPush  = 3.0 // acceleration of a full action
	pointDrag  = 1.0 // share of the velocity lost in a second
	PointEdge  = 2.5 // the point stops at the edge of this square
	pointReach = 0.2 // within this distance of the goal an episode counts as solved
)

// pointMass is a damped double integrator in the plane: a state of place and velocity. In one step of 0.1 s
//
//	v' = v + (3 a - v) dt;   p' = p + v' dt, stopped at +-2.5
//
// and the reward is -|p' - goal| / 3.
type pointMass struct{ Knobs PointMassKnobs }

func (p pointMass) spec() Spec {
	return Spec{Name: PointMassName, Obs: 4, Act: 2, Low: []float32{-1, -1}, High: []float32{1, 1}, Horizon: p.Knobs.Horizon,
		ObsNames: []string{"place, x", "place, y", "velocity, x", "velocity, y"}, ActNames: []string{"push, x", "push, y"}}
}

// Place is where the goal stands.
func (k PointMassKnobs) Place() (x, y float64) {
	sin, cos := math.Sincos(2 * math.Pi * float64(k.Goal) / float64(k.Goals))
	return k.Radius * cos, k.Radius * sin
}

// start draws the place evenly from +-1, at rest.
func (pointMass) start(seed uint64) state {
	return state{2*world.Unit(world.Draw(seed, 0)) - 1, 2*world.Unit(world.Draw(seed, 1)) - 1}
}

func (p pointMass) step(s *state, action []float32) (float64, bool) {
	for i := range 2 {
		s[2+i] += float64((pointPush*float64(action[i]) - pointDrag*s[2+i]) * pointStep)
		s[i] += float64(s[2+i] * pointStep)
		if math.Abs(s[i]) > PointEdge {
			s[i], s[2+i] = math.Copysign(PointEdge, s[i]), 0
		}
	}
	return -p.distance(s) / 3, false
}

func (p pointMass) distance(s *state) float64 {
	x, y := p.Knobs.Place()
	return math.Hypot(s[0]-x, s[1]-y)
}

func (pointMass) observe(s *state, obs []float32) {
	for i, x := range s {
		obs[i] = float32(x)
	}
}

func (pointMass) recognise(obs []float32) (s state) {
	for i := range s {
		s[i] = float64(obs[i])
	}
	return s
}

func (p pointMass) solved(s *state, _ int32) bool { return p.distance(s) < pointReach }

func (p pointMass) control(obs, action []float32) {
	x, y := p.Knobs.Place()
	PointController(obs, action, x, y, 4, 1.6)
}

// PointController pushes towards (x, y): gain times the way left minus damp times the velocity.
func PointController(obs, action []float32, x, y, gain, damp float64) {
	action[0] = float32(gain*(x-float64(obs[0])) - damp*float64(obs[2]))
	action[1] = float32(gain*(y-float64(obs[1])) - damp*float64(obs[3]))
}

// scene draws the square of +-2.5 on a grid of 21.
func (p pointMass) scene(s *state) lab.Scene {
	const w = 21
	cell := func(v float64) int { return min(max(int(math.Round((v/PointEdge+1)/2*(w-1))), 0), w-1) }
	x, y := p.Knobs.Place()
	return lab.Scene{W: w, H: w, Marks: []lab.Mark{
		{X: cell(x), Y: w - 1 - cell(y), Shape: "goal", Label: fmt.Sprintf("goal %d", p.Knobs.Goal+1)},
		{X: cell(s[0]), Y: w - 1 - cell(s[1]), Shape: "agent", Label: fmt.Sprintf("%.1f away", p.distance(s))}}}
}

func (pointMass) saw(s *state) string {
	return fmt.Sprintf("at (%.2f, %.2f), moving (%.2f, %.2f)", s[0], s[1], s[2], s[3])
}
