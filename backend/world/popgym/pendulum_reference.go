package popgym

import (
	"math"

	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/control"
)

// reference: the oracle pumps energy until the rod reaches the top and holds it there, from angle and speed. Full-memory does the same:
// from two positions the speed follows exactly; from noisy ones a Kalman filter estimates both. Memory-free holds the rod where it sees
// it near the top, and else turns one way.
func (g *pendulum) reference(name string, _ uint64) act {
	switch name {
	case world.Oracle:
		return func(b int, _ []float32, _ bool) int32 {
			e := &g.envs[b]
			return g.nearest(swing(control.WrapAngle(e.Angle), e.Speed))
		}
	case world.MemoryFree:
		return func(_ int, row []float32, _ bool) int32 {
			if angle := math.Atan2(float64(row[1]), float64(row[0])); math.Abs(angle) < 0.5 {
				return g.nearest(-12 * angle)
			}
			return 0
		}
	case world.FullMemory:
		f := &follower{game: g, at: make([]followed, len(g.envs))}
		return f.act
	}
	return nil
}

// nearest is the action whose torque is nearest.
func (g *pendulum) nearest(torque float64) int32 {
	n := float64(len(g.torques) - 1)
	i := math.Round((min(max(torque, -control.PendulumTorque), control.PendulumTorque)/control.PendulumTorque + 1) / 2 * n)
	return int32(i)
}

// swing is the torque of a hand-made controller. With speed w the energy w^2/2 + 15 cos(angle) is 15 upright at rest, and a torque u
// changes it at the rate 3 u w.
func swing(angle, speed float64) float64 {
	if math.Abs(angle) < 0.6 && math.Abs(speed) < 3 {
		return -14*angle - 3.5*speed
	}
	torque := control.PendulumTorque * (15.5 - speed*speed/2 - 15*math.Cos(angle))
	if speed < 0 {
		return -torque
	}
	return torque
}

// follower keeps a belief of angle and speed.
type follower struct {
	game *pendulum
	at   []followed
}

type followed struct {
	e    pendulumEnv
	p    [2][2]float64 // variance of angle and speed
	last float32
}

func (f *follower) act(b int, row []float32, fresh bool) int32 {
	at := &f.at[b]
	seen := math.Atan2(float64(row[1]), float64(row[0]))
	switch {
	case fresh:
		*at = followed{e: pendulumEnv{Angle: seen}}
		at.p[0][0], at.p[1][1] = f.game.sigma*f.game.sigma, 1.0/3
	case !f.game.noisy: // the angle moved by the new speed
		at.e.Speed = control.WrapAngle(seen-at.e.Angle) / 0.05
		at.e.Angle = seen
	default:
		at.filter(row, f.game.sigma)
	}
	a := f.game.nearest(swing(control.WrapAngle(at.e.Angle), at.e.Speed))
	at.last = f.game.torques[a]
	return a
}

// filter is an extended Kalman filter of angle and speed: the belief moves as the pendulum does, and is then corrected by how far the
// position seen lies to the side of the one believed.
func (at *followed) filter(row []float32, sigma float64) {
	const dt = 0.05
	k := 15 * math.Cos(at.e.Angle) * dt // change of the speed with the angle
	at.e.move(at.last)
	p := &at.p
	a, b := p[0][0]+dt*(k*p[0][0]+p[1][0]), p[0][1]+dt*(k*p[0][1]+p[1][1])
	c, d := k*p[0][0]+p[1][0], k*p[0][1]+p[1][1]
	p[0][0], p[0][1] = a+(a*k+b)*dt, a*k+b
	p[1][0], p[1][1] = c+(c*k+d)*dt, c*k+d
	p[0][0] += 1e-6
	p[1][1] += 1e-4
	sin, cos := math.Sincos(at.e.Angle)
	off := float64(row[1])*cos - float64(row[0])*sin
	r := p[0][0] + sigma*sigma
	k0, k1 := p[0][0]/r, p[1][0]/r
	at.e.Angle += k0 * off
	at.e.Speed = min(max(at.e.Speed+k1*off, -control.PendulumSpeed), control.PendulumSpeed)
	p00, p01 := p[0][0], p[0][1]
	p[0][0], p[0][1] = p00-k0*p00, p01-k0*p01
	p[1][0], p[1][1] = p[1][0]-k1*p00, p[1][1]-k1*p01
}
