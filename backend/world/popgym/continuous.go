package popgym

import (
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/control"
)

// Continuous is a pendulum task with the benchmark's own action, a torque: a control.Vec.
type Continuous struct {
	world *World
	game  *pendulum
	spec  control.Spec
}

// NewContinuous makes the pendulum task that the knobs name with batch environments. Another task is lab.Invalid.
func NewContinuous(k Knobs, batch int) (*Continuous, error) {
	w, err := New(k, batch)
	if err != nil {
		return nil, err
	}
	g, ok := w.game.(*pendulum)
	if !ok {
		return nil, lab.Errorf(lab.Invalid, "popgym: task %q has discrete actions, want %s or %s", k.Task, PositionPendulum, NoisyPendulum).
			WithHint("set world.task to one of these")
	}
	s := control.Spec{Name: w.spec.Name, Obs: w.spec.Obs, Act: 1, Low: []float32{-control.PendulumTorque}, High: []float32{control.PendulumTorque},
		Horizon: w.spec.Horizon, ObsNames: w.spec.ObsNames, ActNames: []string{"torque"}}
	return &Continuous{world: w, game: g, spec: s}, nil
}

// Spec implements control.Vec.
func (c *Continuous) Spec() control.Spec { return c.spec }

// Size implements control.Vec.
func (c *Continuous) Size() int { return c.world.Size() }

// Reset implements control.Vec.
func (c *Continuous) Reset(seed uint64, obs []float32) { c.world.Reset(seed, obs) }

// Step implements control.Vec.
func (c *Continuous) Step(actions []float32, obs, reward []float32, done []bool) {
	w := c.world
	w.check(len(actions), len(obs), len(reward), len(done))
	out := rows{obs, w.spec.Obs, w.shape.width()}
	for b, u := range actions {
		if u != u {
			panic(fmt.Sprintf("%s: torque of environment %d is no number", w.spec.Name, b))
		}
		c.game.turn(b, u, out, reward, w.why)
		if w.knobs.PreviousAction {
			tail := obs[b*w.spec.Obs+w.shape.width() : (b+1)*w.spec.Obs]
			tail[0], tail[1], tail[2] = u, 1, 0 // not cut to its bounds: the package's wrapper does not either
		}
	}
	w.count(obs, reward, done)
}

// Detail makes Info carry numbers.
func (c *Continuous) Detail(on bool) { c.world.Detail(on) }

// Info implements control.Vec.
func (c *Continuous) Info(b int) world.Info { return c.world.Info(b) }

// Last implements control.Vec.
func (c *Continuous) Last(b int) []float32 { return c.world.Final(b) }

// Scene implements control.Vec.
func (c *Continuous) Scene(b int) lab.Scene { return c.world.Scene(b) }

// Saw implements control.Vec.
func (c *Continuous) Saw(b int) string { return c.world.Saw(b) }

// Snapshot keeps every environment exactly.
func (c *Continuous) Snapshot(out io.Writer) error { return c.world.Snapshot(out) }

// Restore takes up a kept state of a world with the same knobs and size.
func (c *Continuous) Restore(in io.Reader) error { return c.world.Restore(in) }

// Replay makes the episode with that Info.Seed again, alone.
func (c *Continuous) Replay(seed uint64, obs []float32) (*Continuous, error) {
	one, err := NewContinuous(c.world.knobs, 1)
	if err != nil {
		return nil, err
	}
	if obs == nil {
		obs = make([]float32, c.spec.Obs)
	}
	one.world.detail, one.world.seed = c.world.detail, seed
	one.world.begin(0, seed, obs)
	return one, nil
}

// Reference returns one of world.References: those of World with its torques, and even ones for random.
func (c *Continuous) Reference(name string, seed uint64) (control.Policy, error) {
	if name == world.Random {
		return control.Uniform(c.spec, seed), nil
	}
	p, err := c.world.Reference(name, seed)
	if err != nil {
		return nil, err
	}
	return &torquePolicy{p, c.game.torques, make([]int32, c.Size())}, nil
}

// torquePolicy plays the torques that a discrete policy chooses.
type torquePolicy struct {
	policy  world.Policy
	torques []float32
	actions []int32
}

// Reset implements control.Policy.
func (p *torquePolicy) Reset() { p.policy.Reset() }

// Act implements control.Policy.
func (p *torquePolicy) Act(obs []float32, fresh []bool, actions []float32) {
	p.policy.Act(obs, fresh, p.actions)
	for b, a := range p.actions {
		actions[b] = p.torques[a]
	}
}
