// Package srl is arXiv 2410.08979, "Overcoming Slow Decision Frequencies in Continuous Control: Model-Based Sequence Reinforcement Learning
// for Model-Free Control" (Patel and Siegelmann, ICLR 2025): from one observation an actor plans a whole sequence of different actions and
// plays it blindly; a model of the world, thrown away after training, lets a critic judge each of them. Read doc.md beside this file
// first; method.go follows the order of the training loop.
package srl

import (
	"github.com/loci-lab/loci/backend/rl/sac"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/control"
)

// Slug names the paper in notebooks and the Library.
const Slug = "srl"

// Agent kinds.
const (
	Sequence       = "sequence"        // SRL and the ablation without recall
	SequenceCritic = "sequence-critic" // one value for a whole sequence, no model
	Repeat         = "repeat"          // SAC; one action for several steps
	Reference      = "reference"       // a yardstick of the world
)

// Where the states between two decisions come from while the actor learns.
const (
	FromModel = "model" // the learned model recalls them: SRL
	FromWorld = "world" // the true dynamics: how much the model's errors cost
	Nowhere   = "none"  // not at all: only the first action is valued, the others imitate it
)

// SequenceKnobs are the agent of the paper.
type SequenceKnobs struct {
	Width   int    `json:"width" doc:"units of the recurrent actor, and of each of two hidden layers of critics and model" symbol:"H" unit:"units" default:"64" min:"1" max:"1024" group:"memory"`
	J       int    `json:"j" doc:"actions of a planned sequence in training" symbol:"J" unit:"steps" default:"8" min:"1" max:"32" main:"true" group:"memory"`
	Recall  string `json:"recall" doc:"where the states between decisions come from while learning: model (the learned one), world (the true dynamics), none (only the first action is valued, the others imitate it)" default:"model" enum:"model,world,none" main:"true" group:"learning"`
	Through bool   `json:"through" doc:"let gradients pass from later values through the model to earlier actions" default:"false" group:"learning" pitfall:"without effect where recall is not model"`
}

// SequenceCriticKnobs: the ablation with one value for a whole sequence.
type SequenceCriticKnobs struct {
	Width int `json:"width" doc:"units of the recurrent actor, and of each of two hidden layers of the critics" symbol:"H" unit:"units" default:"64" min:"1" max:"1024" group:"memory"`
	J     int `json:"j" doc:"actions of a planned sequence" symbol:"J" unit:"steps" default:"8" min:"1" max:"32" main:"true" group:"memory"`
}

// RepeatKnobs: soft actor-critic whose action is held for several steps.
type RepeatKnobs struct {
	Width  int  `json:"width" doc:"units of the actor, and of each of two hidden layers of critics and model" symbol:"H" unit:"units" default:"64" min:"1" max:"1024" group:"memory"`
	Repeat int  `json:"repeat" doc:"steps for which an action is held in training" unit:"steps" default:"1" min:"1" max:"32" main:"true" group:"memory"`
	Plan   bool `json:"plan" doc:"also learn a model, and plan online with it when tested: the policy is asked anew at every state that the model foresees" default:"false" main:"true" group:"learning"`
}

// ReferenceKnobs: a yardstick of the world instead of a learner.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick plays, holding its action: the scripted controller, or chance" default:"oracle" enum:"oracle,random" main:"true"`
}

// Knobs are soft actor-critic, and how long and how often this paper trains and looks.
type Knobs struct {
	sac.Knobs
	Steps        int `json:"steps" doc:"environment steps of training" unit:"steps" default:"8000" fast:"1500" full:"1000000" min:"100" max:"1000000000" main:"true" group:"budget"`
	Warmup       int `json:"warmup" doc:"first steps with random actions and without updates" unit:"steps" default:"1000" fast:"500" full:"10000" min:"10" max:"1000000" group:"budget"`
	Batch        int `json:"batch" doc:"transitions of an update" symbol:"B" unit:"transitions" default:"64" min:"1" max:"4096" group:"learning"`
	ActorEvery   int `json:"actor_every" doc:"updates of the critics for one of the actor" default:"2" min:"1" max:"100" group:"learning"`
	Evaluations  int `json:"evaluations" doc:"evaluations during training, evenly spread, the last at its end" default:"4" fast:"2" min:"1" max:"1000" group:"budget"`
	EvalEpisodes int `json:"eval_episodes" doc:"episodes of each evaluation, at each number of steps for a decision" unit:"episodes" default:"10" min:"1" max:"10000" group:"budget"`
	Longest      int `json:"longest" doc:"most steps for a decision in the final test: 1, 2, 4, 6, .." unit:"steps" default:"30" fast:"8" full:"30" min:"2" max:"64" group:"budget" pitfall:"the score divides by it: compare only at the same value"`
}

// Sections are the set-up cells of a notebook of this paper.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: []schema.Kind{
			{Name: control.PendulumName, Doc: "swing a pendulum up with too little torque and hold it", New: func() any { return new(control.PendulumKnobs) }},
			{Name: control.CartPoleName, Doc: "balance a pole on a cart with a continuous force", New: func() any { return new(control.CartPoleKnobs) }},
		}},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: Sequence, Doc: "SRL: a recurrent actor plans a sequence, and every action of it is valued", New: func() any { return new(SequenceKnobs) }},
			{Name: SequenceCritic, Doc: "a sequence is valued as a whole, without a model", New: func() any { return new(SequenceCriticKnobs) }},
			{Name: Repeat, Doc: "soft actor-critic that holds its action", New: func() any { return new(RepeatKnobs) }},
			{Name: Reference, Doc: "a yardstick of the world, without learning", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "sac", Doc: "soft actor-critic", New: func() any { return new(Knobs) }},
		}},
	}
}
