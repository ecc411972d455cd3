package slearl

import (
	"slices"

	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world/house"
)

// Slug names the paper; Library is its memory, the kind of that name in a notebook's memory section.
const (
	Slug    = "slea-rl"
	Library = "slea-rl"
)

// Kinds of agents.
const (
	Tiny      = "tiny"
	Reference = "reference"
)

// What a reading is keyed by.
const (
	ByStep = "step" // the present observation, at every step
	ByTask = "task" // the first observation, once for the whole episode
	Hybrid = "hybrid"
	NoKey  = "none" // nothing is read
)

// AgentKnobs are the sizes of the model and how it was warmed up.
type AgentKnobs struct {
	base.ModelKnobs
	base.Knobs
	Right    float64 `json:"hints_right" doc:"share of right hints in the traces of the warm start" unit:"share" default:"0.7" min:"0" max:"1" paper:"0.7" group:"warm start" pitfall:"with all hints right the model trusts every hint, and learning to use them has nothing left to show"`
	Slip     float64 `json:"slip" doc:"share of steps in the traces that are a guess, so that the model sees where guesses lead" unit:"share" default:"0.15" min:"0" max:"1" group:"warm start"`
	WarmSeed int     `json:"warm_seed" doc:"seed of the warm start, which all seeds of a notebook share" default:"0" min:"0" max:"1000000" group:"warm start"`
}

// ReferenceKnobs choose a yardstick.
type ReferenceKnobs struct {
	Policy   string `json:"policy" doc:"which yardstick plays" default:"oracle" enum:"oracle,random,memory-free,full-memory" main:"true"`
	Practice int    `json:"practice" doc:"training episodes that full-memory plays before the test" unit:"episodes" default:"400" min:"0" max:"1000000"`
}

// LibraryKnobs are the experience library.
type LibraryKnobs struct {
	Delta      float64 `json:"delta" doc:"likeness from which on an observation joins a cluster" symbol:"δ" default:"0.7" min:"0" max:"1" paper:"0.85" main:"true" group:"memory" pitfall:"too low, and phases of a task that call for different hints are one cluster"`
	Reach      float64 `json:"reach" doc:"likeness from which on an entry is linked to a cluster, or read where a cluster has none" default:"0.2" min:"0" max:"1" paper:"0.85" group:"memory" pitfall:"held-out rooms and things are never very like what was seen"`
	Suits      float64 `json:"suits" doc:"share of the words of an entry's subject that the observation must have for it to be read; a class stands for its things" default:"1" min:"0" max:"1" group:"memory" pitfall:"below 1 what holds for wood is read where metal is at hand"`
	Strategies int     `json:"strategies" doc:"strategies in a reading" symbol:"k+" unit:"entries" default:"2" min:"0" max:"20" paper:"2" main:"true" group:"memory"`
	Warnings   int     `json:"warnings" doc:"warnings in a reading" symbol:"k-" unit:"entries" default:"1" min:"0" max:"20" paper:"1" main:"true" group:"memory"`
	Capacity   int     `json:"capacity" doc:"strategies of each level; of warnings half as many" symbol:"C" unit:"entries" default:"100" min:"2" max:"100000" paper:"100" main:"true" group:"memory"`
	Admission  bool    `json:"admission" doc:"admit to a full level only what scores above its lowest; else the oldest goes" default:"true" group:"memory"`
	Alike      float64 `json:"alike" doc:"likeness to an entry above which a candidate is dropped" default:"0.85" min:"0" max:"1" paper:"0.85" group:"memory"`
	Warmup     int     `json:"library_warmup" doc:"updates before anything is read" symbol:"W" unit:"updates" default:"3" fast:"1" min:"0" max:"1000000" paper:"5" group:"memory"`
	Least      int     `json:"least" doc:"entries that the library must exceed before anything is read" unit:"entries" default:"10" fast:"2" min:"0" max:"100000" paper:"10" group:"memory"`
	Winners    int     `json:"winners" doc:"best episodes of a batch whose strategies are written, and as many of the worst for warnings" unit:"episodes" default:"8" min:"0" max:"10000" paper:"5" group:"memory"`
	Candidates int     `json:"candidates" doc:"strategies that a batch may propose; of warnings half as many" unit:"entries" default:"16" min:"0" max:"10000" paper:"10" group:"memory"`
	Clusters   int     `json:"clusters" doc:"clusters at most; the least used goes" unit:"clusters" default:"500" min:"1" max:"1000000" paper:"500" group:"memory"`
}

// RLKnobs are the learning and the reading.
type RLKnobs struct {
	rl.GRPOKnobs
	Key           string  `json:"key" doc:"what a reading is keyed by: step, the present observation at every step; task, the first one for the whole episode; hybrid, both; none, nothing is read" default:"step" enum:"step,task,hybrid,none" main:"true" group:"memory"`
	StepWeight    float64 `json:"step_weight" doc:"weight of the step-level advantage" symbol:"w" default:"1" min:"0" max:"100" paper:"1" main:"true" group:"learning"`
	StepDelta     float64 `json:"step_delta" doc:"likeness from which on the observations of a group are one cluster for the step-level advantage" default:"0.88" min:"0" max:"1" paper:"0.85" group:"learning"`
	MeanNorm      bool    `json:"mean_norm" doc:"step-level advantages are not divided by the standard deviation of their cluster" default:"false" group:"learning"`
	Divergence    float64 `json:"divergence" doc:"cost of moving away from the warm start" symbol:"β" unit:"return a nat" default:"0.05" min:"0" max:"100" paper:"0.01" group:"learning" pitfall:"without it an early habit, such as one appliance for every material, takes over and nothing else is tried any more"`
	Gamma         float64 `json:"gamma" doc:"discount of what a step earns later" symbol:"γ" default:"0.95" min:"0" max:"1" paper:"0.95" group:"learning"`
	Invalid       float64 `json:"invalid_penalty" doc:"cost of an action that is none" default:"0.1" min:"0" max:"10" paper:"0.1" group:"learning"`
	TestHints     bool    `json:"test_hints" doc:"hints stay at the test" default:"true" group:"memory"`
	Extra         bool    `json:"more_supervised" doc:"spend the updates on more supervised steps instead of reinforcement: the control" default:"false" group:"learning"`
	Evaluations   int     `json:"evaluations" doc:"evaluations during training, evenly spread, the last at its end" default:"10" fast:"2" min:"1" max:"1000" group:"budget"`
	EvalQuestions int     `json:"eval_questions" doc:"held-out tasks of each evaluation during training" default:"96" fast:"24" min:"1" max:"100000" group:"budget"`
	TestQuestions int     `json:"test_questions" doc:"held-out tasks of each test, before and after learning" default:"360" fast:"36" min:"1" max:"100000" group:"budget"`
}

// Sections are the parts of a set-up.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: worlds()},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: Tiny, Doc: "tiny language model, warmed up on the oracle's traces under other rules", New: func() any { return new(AgentKnobs) }, Presets: []schema.Preset{
				{Path: "width", Default: "64"}, {Path: "layers", Default: "2"}, {Path: "inner", Default: "160"}, {Path: "context", Default: "128"},
				{Path: "warm_steps", Default: "5000", Fast: "500", Full: "5000"}}},
			{Name: Reference, Doc: "a yardstick of the world, without learning", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: mem.Section, Kinds: memories()},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "slea", Doc: "group-relative policy optimisation with advantages of episodes and of steps", New: func() any { return new(RLKnobs) },
				Presets: []schema.Preset{{Path: "updates", Default: "60", Fast: "4", Full: "150"}, {Path: "learning_rate", Default: "0.0005", Fast: "0.0005", Full: "0.0005"}}},
		}},
	}
}

// worlds are those that the paper runs in. Its flats are smaller than the world's own, or too few attempts at a long task would succeed at
// first for reinforcement to begin with.
func worlds() []schema.Kind {
	all := slices.Clone(house.Worlds())
	all[0].Presets = []schema.Preset{{Path: "receptacles", Default: "4", Fast: "4", Full: "6"}, {Path: "switches", Default: "2", Fast: "2", Full: "3"},
		{Path: "slack", Default: "2", Fast: "2", Full: "2"}, {Path: "familiar", Default: "1", Fast: "1", Full: "1"}}
	return all
}

// memories are the library, and every memory that text notebooks may choose.
func memories() []schema.Kind {
	own := schema.Kind{Name: Library, Doc: "Strategies and warnings out of batches of episodes, found by clusters of observations.", New: func() any { return new(LibraryKnobs) }}
	return append([]schema.Kind{own}, mem.Kinds()...)
}
