package control

import (
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Constants of cart and pole, as in Gymnasium's CartPole-v1.
const (
	CartPoleForce  = 10.0                   // newtons
	CartPoleTrack  = 2.4                    // the cart fails beyond this distance from the middle
	CartPoleAngle  = 12 * 2 * math.Pi / 360 // the pole fails beyond this angle, radians
	cartPoleG      = 9.8
	cartMass       = 1.0
	poleMass       = 0.1
	poleHalf       = 0.5 // half of the pole's length
	cartPoleStep   = 0.02
	cartPoleTotal  = cartMass + poleMass
	poleMassLength = poleMass * poleHalf
)

// CartPoleStep moves place, velocity, angle and angular velocity by one step of 0.02 s under a force in newtons, and tells whether the
// cart left the track or the pole fell. Equations of Gymnasium's CartPole-v1 with its default integrator, which is explicit Euler:
//
//	q = (force + m l w^2 sin) / M;  w' = (g sin - q cos) / (l (4/3 - m cos^2 / M));  v' = q - m l w' cos / M
//	place and angle move by the velocities before the step
func CartPoleStep(s *[4]float64, force float64) (failed bool) {
	sin, cos := math.Sincos(s[2])
	q := (force + float64(poleMassLength*(s[3]*s[3])*sin)) / cartPoleTotal
	turn := (float64(cartPoleG*sin) - float64(cos*q)) / (poleHalf * (4.0/3.0 - float64(poleMass*(cos*cos)/cartPoleTotal)))
	push := q - float64(poleMassLength*turn*cos/cartPoleTotal)
	s[0] += float64(cartPoleStep * s[1])
	s[1] += float64(cartPoleStep * push)
	s[2] += float64(cartPoleStep * s[3])
	s[3] += float64(cartPoleStep * turn)
	return CartPoleFailed(s)
}

// CartPoleFailed tells whether the cart is off the track or the pole beyond its angle.
func CartPoleFailed(s *[4]float64) bool {
	return s[0] < -CartPoleTrack || s[0] > CartPoleTrack || s[2] < -CartPoleAngle || s[2] > CartPoleAngle
}

// cartPole is the balance with a continuous force.
type cartPole struct{ Knobs CartPoleKnobs }

func (c cartPole) spec() Spec {
	return Spec{Name: CartPoleName, Obs: 4, Act: 1, Low: []float32{-1}, High: []float32{1}, Horizon: c.Knobs.Horizon,
		ObsNames: []string{"place of the cart", "velocity", "angle of the pole", "angular velocity"}, ActNames: []string{"force in tens of newtons"}}
}

// start draws all four numbers evenly from +-0.05.
func (cartPole) start(seed uint64) (s state) {
	for i := range s {
		s[i] = 0.05 * (2*world.Unit(world.Draw(seed, uint64(i))) - 1)
	}
	return s
}

// step pays 1 for every step, the one that fails included.
func (cartPole) step(s *state, action []float32) (float64, bool) {
	return 1, CartPoleStep((*[4]float64)(s), CartPoleForce*float64(action[0]))
}

func (cartPole) observe(s *state, obs []float32) {
	for i, x := range s {
		obs[i] = float32(x)
	}
}

func (cartPole) recognise(obs []float32) (s state) {
	for i := range s {
		s[i] = float64(obs[i])
	}
	return s
}

// solved: it stood until the time was out.
func (cartPole) solved(_ *state, why int32) bool { return why == horizon }

// control is linear in the state; its gains bring place and angle back together.
func (cartPole) control(obs, action []float32) {
	action[0] = 0.1*obs[0] + 0.2*obs[1] + 3*obs[2] + 0.6*obs[3]
}

// scene draws the track as a row, the pole as a cube above the cart, shifted by the angle.
func (cartPole) scene(s *state) lab.Scene {
	const w, h = 25, 5
	place := func(x float64) int { return min(max(int(math.Round((x/CartPoleTrack+1)/2*(w-1))), 0), w-1) }
	scene := lab.Scene{W: w, H: h, Marks: []lab.Mark{{X: 0, Y: h - 1, Shape: "wall"}, {X: w - 1, Y: h - 1, Shape: "wall"}}}
	x := place(s[0])
	// One column is 0.2 metres; the tip is drawn five times as far out as it stands, or no lean would show.
	tip := min(max(x+int(math.Round(5*2*poleHalf*math.Sin(s[2])/0.2)), 0), w-1)
	return lab.Scene{W: w, H: h, Marks: append(scene.Marks,
		lab.Mark{X: tip, Y: 0, Shape: "cube", Label: fmt.Sprintf("%.0f°", degrees(s[2]))},
		lab.Mark{X: x, Y: h - 1, Shape: "agent", Label: fmt.Sprintf("%.1f", s[0])})}
}

func (cartPole) saw(s *state) string {
	return fmt.Sprintf("cart at %.2f, moving %.2f; pole at %.1f degrees, turning %.1f a second", s[0], s[1], degrees(s[2]), degrees(s[3]))
}
