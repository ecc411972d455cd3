package memo

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/darkkey"
	"github.com/loci-lab/loci/backend/world/tmaze"
)

// arena is a world as this paper looks at it: all its trials are of one length, and they begin together.
type arena struct {
	world.Tensor
	length    int // T, steps of a trial
	decisions int // first step at which the action counts
	begins    int // number of the observation that is 1 where an episode begins, -1 where a trial is one episode
}

// newArena makes the world of a set-up with batch trials; corridor is that of a passive T-Maze where it is not 0.
func newArena(setup lab.Setup, batch, corridor int) (*arena, error) {
	if setup.Kind("world") == darkkey.Name {
		var k darkkey.Knobs
		if err := setup.Section("world", &k); err != nil {
			return nil, err
		}
		w, err := darkkey.New(k, batch)
		if err != nil {
			return nil, err
		}
		return &arena{Tensor: w, length: k.Trial, begins: 2*k.Grid + 1}, nil
	}
	var k tmaze.Knobs
	if err := setup.Section("world", &k); err != nil {
		return nil, err
	}
	if corridor > 0 {
		k.Corridor = corridor
	}
	w, err := tmaze.New(k, batch)
	if err != nil {
		return nil, err
	}
	return &arena{Tensor: w, length: k.Corridor + 1, decisions: k.Corridor, begins: -1}, nil
}

// mark writes which rows of obs [B][O] are the first of an episode; fresh are those of a trial.
func (a *arena) mark(obs []float32, fresh, begins []bool) {
	copy(begins, fresh)
	if a.begins < 0 {
		return
	}
	w := a.Spec().Obs
	for b := range begins {
		begins[b] = obs[b*w+a.begins] == 1
	}
}

// corridors are the lengths at which a finished agent is tested: multiples of the trained one, in quarters.
func corridors(trained int) (lengths []int) {
	for _, quarters := range []int{1, 2, 4, 6, 8, 12} {
		if c := trained * quarters / 4; c > 0 {
			lengths = append(lengths, c)
		}
	}
	return lengths
}
