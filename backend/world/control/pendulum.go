package control

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Constants of the pendulum, as in Gymnasium's Pendulum-v1.
const (
	PendulumSpeed  = 8.0  // greatest angular velocity, radians a second
	PendulumTorque = 2.0  // greatest torque
	pendulumG      = 10.0 // with mass 1 and length 1
	pendulumStep   = 0.05 // seconds
)

// PendulumStep moves a rod of mass 1 and length 1, hung up at its end, by one step of 0.05 s under a torque that lies in
// +-PendulumTorque. Angle 0 is upright. Equations of Gymnasium's Pendulum-v1, semi-implicit Euler:
//
//	cost = wrap(angle)^2 + 0.1 speed^2 + 0.001 torque^2                       before the step
//	speed' = clip(speed + (3 g / (2 l) sin(angle) + 3 / (m l^2) torque) dt, +-8);   angle' = angle + speed' dt
func PendulumStep(angle, speed, torque float64) (angle1, speed1, cost float64) {
	w := WrapAngle(angle)
	cost = float64(w*w) + float64(0.1*(speed*speed)) + float64(0.001*(torque*torque))
	speed1 = speed + float64((float64(1.5*pendulumG*math.Sin(angle))+float64(3*torque))*pendulumStep)
	speed1 = min(max(speed1, -PendulumSpeed), PendulumSpeed)
	return angle + float64(speed1*pendulumStep), speed1, cost
}

// WrapAngle returns the angle within [-pi, pi).
func WrapAngle(angle float64) float64 {
	w := math.Mod(angle+math.Pi, 2*math.Pi)
	if w < 0 {
		w += 2 * math.Pi
	}
	return w - math.Pi
}

// pendulum is the swing-up: a state of angle and angular velocity.
type pendulum struct{ Knobs PendulumKnobs }

func (p pendulum) spec() Spec {
	return Spec{Name: PendulumName, Obs: 3, Act: 1, Low: []float32{-PendulumTorque}, High: []float32{PendulumTorque}, Horizon: p.Knobs.Horizon,
		ObsNames: []string{"cosine of the angle", "sine of the angle", "angular velocity"}, ActNames: []string{"torque"}}
}

// start draws the angle from +-pi and the velocity from +-1, both evenly.
func (pendulum) start(seed uint64) state {
	return state{math.Pi * (2*world.Unit(world.Draw(seed, 0)) - 1), 2*world.Unit(world.Draw(seed, 1)) - 1}
}

func (pendulum) step(s *state, action []float32) (float64, bool) {
	angle, speed, cost := PendulumStep(s[0], s[1], float64(action[0]))
	s[0], s[1] = angle, speed
	return -cost, false
}

func (pendulum) observe(s *state, obs []float32) {
	sin, cos := math.Sincos(s[0])
	obs[0], obs[1], obs[2] = float32(cos), float32(sin), float32(s[1])
}

func (pendulum) recognise(obs []float32) state {
	return state{math.Atan2(float64(obs[1]), float64(obs[0])), float64(obs[2])}
}

// solved: it stands within 0.3 radians of upright at the end.
func (pendulum) solved(s *state, _ int32) bool { return math.Abs(WrapAngle(s[0])) < 0.3 }

// control pumps energy until the pendulum can reach the top, then holds it there. With speed w the energy w^2/2 + 15 cos(angle) is 15
// upright at rest, and a torque u changes it at the rate 3 u w.
func (pendulum) control(obs, action []float32) {
	angle, speed := math.Atan2(float64(obs[1]), float64(obs[0])), float64(obs[2])
	if math.Abs(angle) < 0.5 && math.Abs(speed) < 2.5 {
		action[0] = float32(-12*angle - 3*speed)
		return
	}
	torque := PendulumTorque * (15.5 - speed*speed/2 - 15*math.Cos(angle))
	if speed < 0 {
		torque = -torque
	}
	action[0] = float32(torque)
}

// scene draws the rod from the middle of a grid of nine.
func (pendulum) scene(s *state) lab.Scene {
	const half = 4
	sin, cos := math.Sincos(s[0])
	at := func(r float64) (x, y int) {
		return half + int(math.Round(r*sin)), half - int(math.Round(r*cos))
	}
	scene := lab.Scene{W: 2*half + 1, H: 2*half + 1, Marks: []lab.Mark{{X: half, Y: 0, Shape: "goal", Label: "up"}, {X: half, Y: half, Shape: "wall"}}}
	for r := 1.0; r < half; r++ {
		x, y := at(r)
		scene.Marks = append(scene.Marks, lab.Mark{X: x, Y: y, Shape: "floor"})
	}
	x, y := at(half)
	return lab.Scene{W: scene.W, H: scene.H, Marks: append(scene.Marks, lab.Mark{X: x, Y: y, Shape: "agent", Label: fmt.Sprintf("%.0f°", degrees(WrapAngle(s[0])))})}
}

func degrees(radians float64) float64 { return radians * 180 / math.Pi }

func (pendulum) saw(s *state) string {
	return fmt.Sprintf("angle %.0f degrees from upright, %.1f radians a second", degrees(WrapAngle(s[0])), s[1])
}
