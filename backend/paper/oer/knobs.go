// Package oer is arXiv 2305.13804, "OER: Offline Experience Replay for Continual Offline Reinforcement Learning" (Gai, Wang and He, ECAI
// 2023): tasks arrive one after another as fixed data sets, a small buffer may be kept of each, and the question is what to keep and who
// should clone it. Read doc.md beside this file first; method.go follows the order of the training loop.
package oer

import (
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl/td3bc"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/control"
)

// Slug names the paper in notebooks and the Library.
const Slug = "oer"

// Agent kinds.
const (
	Dual      = "dual"       // DBC: a learner for the task, and a second actor that clones it and the buffers
	Single    = "single"     // one actor does both
	EWC       = "ewc"        // one actor without buffers, held where old tasks were sensitive
	MultiTask = "multi-task" // all data sets at once
	Reference = "reference"  // a yardstick of the world
)

// How a buffer is chosen.
const (
	ByModel    = "model"    // MBES: the real transitions nearest to where the learned policy would go
	Uniform    = "uniform"  // evenly
	ByReward   = "reward"   // the highest rewards
	BySurprise = "surprise" // the largest errors of the critic
	Nothing    = "nothing"  // no buffer
)

// maxGoals bounds the tasks, so that each has its metric.
const maxGoals = 8

// PointMassKnobs are the tasks and their data sets.
type PointMassKnobs struct {
	Goals       int     `json:"goals" doc:"tasks: goals on a circle, learned one after another, counter-clockwise" symbol:"N" unit:"tasks" default:"5" fast:"3" min:"1" max:"8" main:"true" group:"world"`
	Radius      float64 `json:"radius" doc:"distance of the goals from the middle" default:"1.5" min:"0.5" max:"2" group:"world"`
	Horizon     int     `json:"horizon" doc:"steps of an episode" unit:"steps" default:"40" min:"5" max:"1000" group:"world"`
	Transitions int     `json:"transitions" doc:"transitions of each data set, rounded down to whole episodes" unit:"transitions" default:"8000" fast:"2000" min:"200" max:"1000000" group:"data"`
	Right       float64 `json:"right" doc:"share of episodes by a controller with the right gains" default:"0.2" min:"0" max:"1" main:"true" group:"data"`
	Weak        float64 `json:"weak" doc:"share of episodes by a controller that pushes too little" default:"0.3" min:"0" max:"1" group:"data"`
	Overshoot   float64 `json:"overshoot" doc:"share of episodes by a controller that brakes too little" default:"0.3" min:"0" max:"1" group:"data"`
	Wrong       float64 `json:"wrong" doc:"share of episodes by a controller that goes to another goal" default:"0.2" min:"0" max:"1" group:"data"`
	Noise       float64 `json:"noise" doc:"noise on the controllers' actions" default:"0.3" min:"0" max:"2" group:"data"`
}

// Validate checks that the shares sum to one.
func (k *PointMassKnobs) Validate() error {
	if sum := k.Right + k.Weak + k.Overshoot + k.Wrong; math.Abs(sum-1) > 1e-6 {
		return lab.Errorf(lab.Invalid, "point-mass: the shares of the four controllers sum to %v, want 1", sum).
			WithHint("set world.right, world.weak, world.overshoot and world.wrong so that they sum to 1")
	}
	return nil
}

// task is the world of one goal.
func (k PointMassKnobs) task(goal int) *control.PointMassKnobs {
	return &control.PointMassKnobs{Goals: k.Goals, Goal: goal, Radius: k.Radius, Horizon: k.Horizon}
}

// BufferKnobs are the agent of the paper and its ablations.
type BufferKnobs struct {
	Width   int     `json:"width" doc:"units of each of two hidden layers, of actors and critics" unit:"units" default:"64" min:"1" max:"1024" group:"memory"`
	Select  string  `json:"select" doc:"what is kept of a task: model (MBES: near where the learned policy would go), uniform, reward, surprise, nothing" default:"model" enum:"model,uniform,reward,surprise,nothing" main:"true" group:"memory"`
	Buffer  float64 `json:"buffer" doc:"share of a data set that is kept" unit:"share" default:"0.01" min:"0.001" max:"1" main:"true" group:"memory"`
	Kappa   float64 `json:"kappa" doc:"weight of the action in the distance; 0 looks at states alone" symbol:"κ" default:"10" min:"0" max:"100" main:"true" group:"memory" pitfall:"with 0 a visited state may carry a bad action of the data, which is then cloned"`
	Rollout int     `json:"rollout" doc:"steps of the model from one start" symbol:"H" unit:"steps" default:"40" min:"1" max:"1000" group:"memory"`
	Weight  float64 `json:"weight" doc:"weight of cloning old tasks" symbol:"w" default:"1" min:"0" max:"100" main:"true" group:"learning"`
	Model   int     `json:"model" doc:"units of each of two hidden layers of the transition model" unit:"units" default:"64" min:"1" max:"1024" group:"memory"`
}

// EWCKnobs: elastic weight consolidation (arXiv 1612.00796) on one actor.
type EWCKnobs struct {
	Width    int     `json:"width" doc:"units of each of two hidden layers, of actor and critics" unit:"units" default:"64" min:"1" max:"1024" group:"memory"`
	Strength float64 `json:"strength" doc:"weight of the penalty" symbol:"λ" default:"10" min:"0" max:"1000000" main:"true" group:"memory"`
	Samples  int     `json:"samples" doc:"states on which the sensitivity of a task is measured" unit:"states" default:"256" min:"1" max:"100000" group:"memory"`
}

// MultiTaskKnobs: all data sets at once, the upper bound.
type MultiTaskKnobs struct {
	Width int `json:"width" doc:"units of each of two hidden layers, of actor and critics" unit:"units" default:"64" min:"1" max:"1024" group:"memory"`
}

// ReferenceKnobs: a yardstick of the world instead of a learner.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick plays: the scripted controller that all returns are measured by, or chance" default:"oracle" enum:"oracle,random" main:"true"`
}

// Knobs are TD3+BC, and how long and how often this paper trains and looks.
type Knobs struct {
	td3bc.Knobs
	Updates      int `json:"updates" doc:"updates of the critics for each task" unit:"updates" default:"3000" fast:"600" full:"100000" min:"2" max:"10000000" main:"true" group:"budget"`
	ModelUpdates int `json:"model_updates" doc:"updates of the transition model for each task" unit:"updates" default:"1500" fast:"400" full:"20000" min:"1" max:"10000000" group:"budget"`
	Reports      int `json:"reports" doc:"reports of losses in each task, evenly spread" default:"10" fast:"4" min:"1" max:"1000" group:"budget"`
	EvalEpisodes int `json:"eval_episodes" doc:"episodes of each task in an evaluation" unit:"episodes" default:"32" min:"1" max:"10000" group:"budget"`
}

// Sections are the set-up cells of a notebook of this paper.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: []schema.Kind{
			{Name: control.PointMassName, Doc: "a point that is pushed to one of several goals, and a data set for each goal", New: func() any { return new(PointMassKnobs) }},
		}},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: Dual, Doc: "two actors: one learns the task, the other clones it and the buffers", New: func() any { return new(BufferKnobs) }},
			{Name: Single, Doc: "one actor learns the task and clones the buffers", New: func() any { return new(BufferKnobs) }},
			{Name: EWC, Doc: "one actor without buffers; a penalty holds what old tasks need", New: func() any { return new(EWCKnobs) }},
			{Name: MultiTask, Doc: "one actor, all data sets at once: the upper bound", New: func() any { return new(MultiTaskKnobs) }},
			{Name: Reference, Doc: "a yardstick of the world, without learning", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "td3bc", Doc: "twin critics and an actor held near the data", New: func() any { return new(Knobs) }},
		}},
	}
}
