// Package popgym is the benchmark of arXiv 2303.01859 (POPGym, Morad et al., ICLR 2023) in the manner of its own table: one memory model
// after the other, trained by the same recurrent PPO on the same tasks, and judged by the best mean return of training. Read doc.md beside
// this file first.
package popgym

import (
	"github.com/loci-lab/loci/backend/agent"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/popgym"
)

// Slug names the benchmark in notebooks and the Library.
const Slug = "popgym"

// Reference is the agent kind of the yardsticks.
const Reference = "reference"

// ReferenceKnobs: a yardstick of the world instead of a learner.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick plays" default:"oracle" enum:"oracle,random,memory-free,full-memory" main:"true"`
}

// PPOKnobs: proximal policy optimisation with recurrent minibatches, and how long and how often.
type PPOKnobs struct {
	rl.PPOKnobs
	Steps        int  `json:"steps" doc:"environment steps of training; 0 leaves the agent untrained" unit:"steps" default:"300000" fast:"60000" full:"15000000" min:"0" max:"1000000000" main:"true" group:"budget"`
	Anneal       bool `json:"anneal" doc:"let the learning rate fall to zero along a line" default:"true" group:"learning"`
	Evaluations  int  `json:"evaluations" doc:"evaluations during training, evenly spread, the last at its end" default:"4" min:"1" max:"1000" group:"budget"`
	EvalEpisodes int  `json:"eval_episodes" doc:"episodes of each evaluation" unit:"episodes" default:"64" min:"1" max:"100000" group:"budget"`
}

// Sections are the set-up cells of a notebook of this benchmark.
func Sections() []schema.Section {
	agents := append(agent.Kinds(), schema.Kind{Name: Reference, Doc: "a yardstick of the world, without learning", New: func() any { return new(ReferenceKnobs) }})
	return []schema.Section{
		{Name: "world", Kinds: popgym.Worlds()},
		{Name: "agent", Kinds: agents},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "ppo", Doc: "proximal policy optimisation with recurrent minibatches", New: func() any { return new(PPOKnobs) }},
		}},
	}
}
