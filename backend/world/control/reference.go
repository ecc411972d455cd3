package control

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Reference implements World.
func (v *batch) Reference(name string, seed uint64) (Policy, error) {
	switch name {
	case world.Oracle:
		return scripted{v}, nil
	case world.Random:
		return &uniform{spec: v.of, seed: seed}, nil
	}
	return nil, lab.Errorf(lab.Invalid, "%s: reference %q is unknown, want one of %q", v.of.Name, name, References())
}

// scripted is the hand-made controller of a world.
type scripted struct{ v *batch }

// Reset implements Policy.
func (scripted) Reset() {}

// Act implements Policy.
func (p scripted) Act(obs []float32, _ []bool, actions []float32) {
	n, a := p.v.of.Obs, p.v.of.Act
	for b := range len(actions) / a {
		row := actions[b*a : (b+1)*a]
		p.v.physics.control(obs[b*n:(b+1)*n], row)
		for i := range row {
			row[i] = min(max(row[i], p.v.of.Low[i]), p.v.of.High[i])
		}
	}
}

// uniform is the random reference.
type uniform struct {
	spec  Spec
	seed  uint64
	drawn uint64
}

// Uniform returns the random reference of a world of that shape: every action within the bounds is equally likely at every step.
func Uniform(s Spec, seed uint64) Policy { return &uniform{spec: s, seed: seed} }

// Reset implements Policy.
func (u *uniform) Reset() { u.drawn = 0 }

// Act implements Policy.
func (u *uniform) Act(_ []float32, _ []bool, actions []float32) {
	for i := range actions {
		lo, hi := u.spec.Low[i%u.spec.Act], u.spec.High[i%u.spec.Act]
		actions[i] = lo + float32((hi-lo)*float32(world.Unit(world.Draw(u.seed, u.drawn))))
		u.drawn++
	}
}

// Evaluate plays the first ceil(episodes/B) episodes of every environment under a seed, as world.Evaluate does, and returns the means.
func Evaluate(ctx context.Context, v Vec, p Policy, seed uint64, episodes int) (world.Score, error) {
	size, spec := v.Size(), v.Spec()
	obs, reward, actions := make([]float32, size*spec.Obs), make([]float32, size), make([]float32, size*spec.Act)
	done, fresh, left := make([]bool, size), make([]bool, size), make([]int, size)
	for b := range left {
		left[b], fresh[b] = (episodes+size-1)/size, true
	}
	var sum world.Score
	total := size * left[0]
	v.Reset(seed, obs)
	p.Reset()
	for sum.Episodes < total {
		if err := ctx.Err(); err != nil {
			return world.Score{}, err
		}
		p.Act(obs, fresh, actions)
		v.Step(actions, obs, reward, done)
		copy(fresh, done)
		for b, over := range done {
			if over && left[b] > 0 {
				left[b]--
				add(&sum, v.Info(b))
			}
		}
	}
	n := max(float64(sum.Episodes), 1)
	sum.Success, sum.Return, sum.Steps = sum.Success/n, sum.Return/n, sum.Steps/n
	return sum, nil
}

func add(s *world.Score, in world.Info) {
	s.Episodes++
	s.Return += float64(in.Return)
	s.Steps += float64(in.Steps)
	if in.Success {
		s.Success++
	}
}
