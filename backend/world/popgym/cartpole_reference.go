package popgym

import (
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/control"
)

// reference: the oracle pushes as a linear controller of the whole state would. Full-memory does the same with a state that it works out:
// exactly from positions, by adding up from velocities, by a Kalman filter from noisy positions; with much noise even a good estimate
// comes too late for some episodes. Memory-free pushes to the side where the pole leans or falls.
func (g *cartpole) reference(name string, _ uint64) act {
	switch name {
	case world.Oracle:
		return func(b int, _ []float32, _ bool) int32 { return balance(&g.envs[b].State) }
	case world.MemoryFree:
		return func(_ int, row []float32, _ bool) int32 { return push(row[1] > 0) }
	case world.FullMemory:
		o := &observer{game: g, at: make([]observed, len(g.envs))}
		if g.seen == noisyPositions {
			o.gains = cartpoleGains(g.sigma, int(g.limit))
		}
		return o.act
	}
	return nil
}

func push(right bool) int32 {
	if right {
		return 1
	}
	return 0
}

// balance leans against the fall, and a little outwards where the cart must come back to the middle.
func balance(s *[4]float64) int32 {
	return push(0.1*s[0]+0.25*s[1]+3*s[2]+0.75*s[3] > 0)
}

// observer keeps a belief of the state.
type observer struct {
	game  *cartpole
	at    []observed
	gains [][4][2]float64
}

type observed struct {
	state [4]float64
	last  int32
	steps int
}

const cartpoleSeconds = 0.02 // of a step

func (o *observer) act(b int, row []float32, fresh bool) int32 {
	e := &o.at[b]
	x, y := float64(row[0]), float64(row[1])
	switch {
	case fresh:
		*e = observed{state: [4]float64{x, 0, y, 0}}
		if o.gains != nil {
			e.state = [4]float64{}
			e.correct(&o.gains[0], x, y)
		}
	case o.game.seen == velocities:
		e.state = [4]float64{e.state[0] + cartpoleSeconds*e.state[1], x, e.state[2] + cartpoleSeconds*e.state[3], y}
	case o.gains != nil:
		e.steps = min(e.steps+1, len(o.gains)-1)
		control.CartPoleStep(&e.state, force(e.last))
		e.correct(&o.gains[e.steps], x, y)
	default: // the positions moved by the velocities before the step, so those are known now, and the step can be done again
		e.state[1], e.state[3] = (x-e.state[0])/cartpoleSeconds, (y-e.state[2])/cartpoleSeconds
		control.CartPoleStep(&e.state, force(e.last))
		e.state[0], e.state[2] = x, y
	}
	e.last = balance(&e.state)
	return e.last
}

func force(action int32) float64 { return float64(2*action-1) * control.CartPoleForce }

// correct moves the belief towards what was seen.
func (e *observed) correct(gain *[4][2]float64, x, y float64) {
	dx, dy := x-e.state[0], y-e.state[2]
	for i := range e.state {
		e.state[i] += gain[i][0]*dx + gain[i][1]*dy
	}
}

// cartpoleGains are the gains [L+1][4][2] of a Kalman filter on the equations of cart and pole near upright: both positions are seen with
// that deviation, nothing else is uncertain, and the first state lies evenly in +-0.05. A little is added to the angle's own
// uncertainty for what the linear equations leave out.
func cartpoleGains(sigma float64, steps int) [][4][2]float64 {
	f := cartpoleLinear()
	var p [4][4]float64
	for i := range p {
		p[i][i] = 0.05 * 0.05 / 3
	}
	gains := make([][4][2]float64, steps+1)
	for t := range gains {
		if t > 0 {
			p = spread(&f, &p)
		}
		gains[t] = gainOf(&p, sigma*sigma)
		p = narrow(&gains[t], &p)
	}
	return gains
}

// cartpoleLinear is the change of a step's result with each number of the state, at rest upright.
func cartpoleLinear() (f [4][4]float64) {
	const h = 1e-5
	for j := range f {
		var hi, lo [4]float64
		hi[j], lo[j] = h, -h
		control.CartPoleStep(&hi, 0)
		control.CartPoleStep(&lo, 0)
		for i := range f {
			f[i][j] = (hi[i] - lo[i]) / (2 * h)
		}
	}
	return f
}

// spread is F P F' plus what the linear equations leave out.
func spread(f, p *[4][4]float64) (out [4][4]float64) {
	for i := range out {
		for j := range out {
			for k := range out {
				for l := range out {
					out[i][j] += f[i][k] * p[k][l] * f[j][l]
				}
			}
		}
	}
	out[1][1] += 1e-6
	out[3][3] += 1e-5
	return out
}

// gainOf is P H' (H P H' + r)^-1 where H picks place and angle.
func gainOf(p *[4][4]float64, r float64) (k [4][2]float64) {
	a, b, d := p[0][0]+r, p[0][2], p[2][2]+r
	det := a*d - b*b
	for i := range k {
		k[i][0] = (p[i][0]*d - p[i][2]*b) / det
		k[i][1] = (p[i][2]*a - p[i][0]*b) / det
	}
	return k
}

// narrow is (1 - K H) P.
func narrow(k *[4][2]float64, p *[4][4]float64) (out [4][4]float64) {
	for i := range out {
		for j := range out {
			out[i][j] = p[i][j] - k[i][0]*p[0][j] - k[i][1]*p[2][j]
		}
	}
	return out
}
