package mem1

import (
	"slices"

	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world/hop"
)

// Slug names the paper.
const Slug = "mem1"

// Kinds of agents.
const (
	Tiny      = "tiny"
	Reference = "reference"
)

// What the context of a turn is made of.
const (
	Pruned = "pruned" // the questions, the last answer with its state, and what came of it
	Whole  = "whole"  // all that was read and written
)

// Under which context the probabilities of a turn's tokens are taken when they are trained.
const (
	PerTurn  = "turn"     // the one that they were drawn under
	Stitched = "stitched" // the whole history, which the policy did not see: wrong, to show what it costs
)

// tested are the numbers of questions of the tests at the end.
func tested() []int { return []int{2, 4, 8} }

// AgentKnobs are the sizes of the model, its template and how it was warmed up.
type AgentKnobs struct {
	base.ModelKnobs
	base.Knobs
	Template  string  `json:"template" doc:"pruned: a turn sees the questions, the last answer with its state, and what came of it; whole: all that was read and written" default:"pruned" enum:"pruned,whole" main:"true" group:"memory"`
	Forget    float64 `json:"forget" doc:"share of the traces of the warm start whose state keeps nothing but the newest answer, a those before it are gone" default:"0.6" paper:"0.25" min:"0" max:"1" main:"true" group:"warm start" pitfall:"with 0 the warm start does all that reinforcement could find; near 1 nothing else is ever drawn, and reinforcement finds nothing"`
	WarmMost  int     `json:"warm_most" doc:"questions of the longest episodes of the warm start; it has episodes of every number from 1 on" symbol:"N" default:"8" fast:"4" min:"1" max:"16" main:"true" group:"warm start"`
	WarmShort int     `json:"warm_short" doc:"questions of most episodes of the warm start at most" default:"4" min:"1" max:"16" group:"warm start"`
	WarmLong  float64 `json:"warm_long" doc:"share of the episodes of the warm start that have up to warm_most questions instead" default:"0.5" fast:"0" min:"0" max:"1" group:"warm start" pitfall:"with long episodes alone a small model does not begin to look anything up; without any it does not reach beyond the short ones"`
	WarmFrom  float64 `json:"warm_from" doc:"share of the warm start after which it has long episodes" default:"0.4" min:"0" max:"1" group:"warm start"`
	Vary      int     `json:"warm_vary" doc:"a search of the warm start brings this many leads more or fewer than the world's" default:"2" min:"0" max:"6" group:"warm start" pitfall:"with 0 each word of a context stands at the same few positions, and a context of more questions is longer than any that was seen"`
	Wholes    float64 `json:"warm_whole" doc:"share of the rows of the warm start that are whole episodes; the others are one turn each" default:"0.5" min:"0" max:"1" group:"warm start"`
	WarmSeed  int     `json:"warm_seed" doc:"seed of the warm start, which all seeds of a notebook share" default:"0" min:"0" max:"1000000" group:"warm start"`
}

// ReferenceKnobs choose a yardstick.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick plays" default:"oracle" enum:"oracle,random,memory-free,full-memory" main:"true"`
}

// RLKnobs are the learning.
type RLKnobs struct {
	rl.GRPOKnobs
	Credit        string `json:"credit" doc:"turn: the tokens of a turn are trained under the context that they were drawn under; stitched: under the whole history, which the policy did not see" default:"turn" enum:"turn,stitched" main:"true" group:"learning"`
	Extra         bool   `json:"more_supervised" doc:"spend the updates on more supervised steps instead of reinforcement: the control" default:"false" group:"learning"`
	Evaluations   int    `json:"evaluations" doc:"evaluations during training, evenly spread, the last at its end" default:"4" fast:"2" min:"1" max:"1000" group:"budget"`
	EvalQuestions int    `json:"eval_questions" doc:"held-out episodes of each evaluation during training" default:"32" fast:"8" min:"1" max:"100000" group:"budget"`
	TestQuestions int    `json:"test_questions" doc:"held-out episodes of each test at the end, for every number of questions" default:"64" fast:"8" min:"1" max:"100000" group:"budget"`
}

// Sections are the parts of a set-up.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: worlds()},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: Tiny, Doc: "tiny language model, warmed up on the oracle's traces", New: func() any { return new(AgentKnobs) }, Presets: []schema.Preset{
				{Path: "width", Default: "32"}, {Path: "inner", Default: "96"}, {Path: "context", Default: "352"},
				{Path: "warm_steps", Default: "4000", Fast: "800"}, {Path: "warm_batch", Default: "16"}, {Path: "warm_rate", Default: "0.005"}}},
			{Name: Reference, Doc: "a yardstick of the world, without learning", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "mem1", Doc: "group-relative policy optimisation over the contexts of the turns", New: func() any { return new(RLKnobs) },
				Presets: []schema.Preset{{Path: "updates", Default: "16", Fast: "4"}, {Path: "questions", Default: "6"}, {Path: "learning_rate", Default: "0.0015"}}},
		}},
	}
}

// worlds are those that the paper runs in: an episode has as many turns as its questions need, and one for the answers.
func worlds() []schema.Kind {
	all := slices.Clone(hop.Worlds())
	all[0].Presets = []schema.Preset{{Path: "entities", Default: "20"}, {Path: "relations", Default: "3"}, {Path: "leads", Default: "2"}, {Path: "turns_each", Default: "1"}, {Path: "turns_spare", Default: "1"}, {Path: "hint", Default: "3"}, {Path: "numbered", Default: "true"}}
	return all
}
