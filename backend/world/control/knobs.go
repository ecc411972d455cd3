package control

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// Names of the worlds, as in a notebook.
const (
	PendulumName  = "pendulum"
	CartPoleName  = "cartpole-c"
	PointMassName = "point-mass"
)

// PendulumKnobs are the knobs of the swing-up.
type PendulumKnobs struct {
	Horizon int `json:"horizon" doc:"steps of an episode" unit:"steps" default:"200" min:"1" max:"10000" paper:"200" group:"world"`
}

// CartPoleKnobs are the knobs of the continuous balance.
type CartPoleKnobs struct {
	Horizon int `json:"horizon" doc:"steps after which an episode is solved" unit:"steps" default:"200" min:"1" max:"10000" group:"world"`
}

// PointMassKnobs are the knobs of the point mass. The goal is not in the observation.
type PointMassKnobs struct {
	Goals   int     `json:"goals" doc:"goals, spread evenly on a circle around the middle; each is a task of its own" symbol:"N" unit:"goals" default:"5" min:"1" max:"16" main:"true" group:"world"`
	Goal    int     `json:"goal" doc:"which goal pays, from 0, counter-clockwise from the right" default:"0" min:"0" max:"15" group:"world" pitfall:"the observation does not tell the goal: an agent knows it by its task alone"`
	Radius  float64 `json:"radius" doc:"distance of the goals from the middle" default:"1.5" min:"0" max:"2" group:"world"`
	Horizon int     `json:"horizon" doc:"steps of an episode, a tenth of a second each" unit:"steps" default:"40" min:"1" max:"10000" group:"world"`
}

// Validate checks the bounds, for callers that build knobs in Go.
func (k *PendulumKnobs) Validate() error { return within(PendulumName, "horizon", k.Horizon, 1, 10000) }

// Validate checks the bounds, for callers that build knobs in Go.
func (k *CartPoleKnobs) Validate() error { return within(CartPoleName, "horizon", k.Horizon, 1, 10000) }

// Validate checks that the goal is one of the goals, and the bounds, for callers that build knobs in Go.
func (k *PointMassKnobs) Validate() error {
	for _, err := range []error{
		within(PointMassName, "goals", k.Goals, 1, 16),
		within(PointMassName, "goal", k.Goal, 0, k.Goals-1),
		within(PointMassName, "radius", k.Radius, 0, 2),
		within(PointMassName, "horizon", k.Horizon, 1, 10000),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// Worlds lists the worlds of this package for the catalog.
func Worlds() []schema.Kind {
	return []schema.Kind{
		{Name: PendulumName, Doc: "Swing a pendulum up with too little torque and hold it: timing.", New: func() any { return new(PendulumKnobs) }},
		{Name: CartPoleName, Doc: "Balance a pole on a cart with a continuous force: never look away for long.", New: func() any { return new(CartPoleKnobs) }},
		{Name: PointMassName, Doc: "Push a point to a goal that the observation does not show.", New: func() any { return new(PointMassKnobs) }},
	}
}

// New makes the world that the knobs belong to (a pointer as made by Worlds), with batch environments. Wrong knobs are lab.Invalid.
func New(knobs any, size int) (World, error) {
	switch k := knobs.(type) {
	case *PendulumKnobs:
		if err := k.Validate(); err != nil {
			return nil, err
		}
		return newBatch(pendulum{*k}, size)
	case *CartPoleKnobs:
		if err := k.Validate(); err != nil {
			return nil, err
		}
		return newBatch(cartPole{*k}, size)
	case *PointMassKnobs:
		if err := k.Validate(); err != nil {
			return nil, err
		}
		return newBatch(pointMass{*k}, size)
	}
	return nil, lab.Errorf(lab.Internal, "knobs of type %T belong to no world of continuous control", knobs)
}

// within returns nil or an error that quotes the value; a NaN lies within nothing.
func within[T int | float64](name, knob string, v, lo, hi T) error {
	if v >= lo && v <= hi {
		return nil
	}
	return lab.Errorf(lab.Invalid, "%s: knob %s is %v, want %v to %v", name, knob, v, lo, hi).
		WithHint("choose %s between %v and %v", knob, lo, hi)
}
