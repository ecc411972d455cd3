package control

import (
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func close64(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// Hanging level (angle pi/2) with speed 1 and torque 2: acceleration 15*1 + 3*2 = 21, so speed 1 + 21*0.05 = 2.05 and angle
// pi/2 + 2.05*0.05 = pi/2 + 0.1025; cost (pi/2)^2 + 0.1 + 0.004 = 2.46740110 + 0.104.
func TestPendulumByHand(t *testing.T) {
	angle, speed, cost := PendulumStep(math.Pi/2, 1, 2)
	close64(t, "angle", angle, math.Pi/2+0.1025)
	close64(t, "speed", speed, 2.05)
	close64(t, "cost", cost, math.Pi*math.Pi/4+0.104)
	if _, speed, _ = PendulumStep(math.Pi/2, 7.9, 2); speed != 8 {
		t.Errorf("speed is %v, want the bound 8", speed)
	}
	close64(t, "an angle beyond half a turn", WrapAngle(3*math.Pi/2), -math.Pi/2)
	close64(t, "an angle far below", WrapAngle(-5*math.Pi/2), -math.Pi/2)
}

// Upright at rest under 11 N: q = 11/1.1 = 10, w' = -10 / (0.5 (4/3 - 0.1/1.1)) = -10/0.6212121 = -16.0975610,
// v' = 10 + 0.05*16.0975610/1.1 = 10.7317073; place and angle stand still in the first step.
func TestCartPoleByHand(t *testing.T) {
	s := [4]float64{}
	if CartPoleStep(&s, 11) {
		t.Error("failed at the first step")
	}
	turn := -10 / (0.5 * (4.0/3 - 0.1/1.1))
	for i, want := range []float64{0, 0.02 * (10 - 0.05*turn/1.1), 0, 0.02 * turn} {
		close64(t, "number of the state", s[i], want)
	}
	for _, s := range [][4]float64{{2.41}, {-2.41}, {0, 0, 0.21}, {0, 0, -0.21}} {
		if !CartPoleFailed(&s) {
			t.Errorf("%v is no failure", s)
		}
	}
	if s := [4]float64{2.39, 9, 0.209, 9}; CartPoleFailed(&s) {
		t.Errorf("%v is a failure", s)
	}
}

// At the middle with velocity (1, 0), a full push to the left: v = 1 + (-3 - 1)*0.1 = 0.6, p = 0.06; the goal of task 0 is at (1.5, 0).
func TestPointMassByHand(t *testing.T) {
	p := pointMass{PointMassKnobs{Goals: 5, Radius: 1.5, Horizon: 40}}
	s := state{0, 0, 1, 0}
	r, over := p.step(&s, []float32{-1, 0})
	close64(t, "place", s[0], 0.06)
	close64(t, "velocity", s[2], 0.6)
	close64(t, "reward", r, -1.44/3)
	if over {
		t.Error("the point mass has no failure")
	}
	s = state{2.45, 0, 2, 0}
	if p.step(&s, []float32{1, 0}); s[0] != PointEdge || s[2] != 0 {
		t.Errorf("beyond the edge the state is %v", s)
	}
	x, y := PointMassKnobs{Goals: 4, Goal: 1, Radius: 2}.Place()
	close64(t, "goal, x", x, 0)
	close64(t, "goal, y", y, 2)
}

func TestWrongKnobsAreTold(t *testing.T) {
	for _, knobs := range []any{&PendulumKnobs{}, &CartPoleKnobs{Horizon: -1}, &PointMassKnobs{Goals: 3, Goal: 3, Radius: 1, Horizon: 10},
		&PointMassKnobs{Goals: 3, Radius: math.NaN(), Horizon: 10}} {
		if _, err := New(knobs, 1); lab.CodeOf(err) != lab.Invalid {
			t.Errorf("%+v gives %v", knobs, err)
		}
	}
	if _, err := New(3, 1); lab.CodeOf(err) != lab.Internal {
		t.Errorf("knobs of no world give %v", err)
	}
}
