package memoryrplus

import (
	"slices"

	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/trainer/base"
	mathworld "github.com/loci-lab/loci/backend/world/math"
)

// Slug names the paper.
const Slug = "memory-r-plus"

// Kinds of agents.
const (
	Tiny      = "tiny"
	Reference = "reference"
)

// Encoders of responses.
const (
	Hash   = "hash"
	Hidden = "hidden"
)

// AgentKnobs are the sizes of the model and how it was warmed up.
type AgentKnobs struct {
	base.ModelKnobs
	Steps    int     `json:"warm_steps" doc:"supervised steps that make the warm start" unit:"steps" default:"190" min:"0" max:"10000000" main:"true" group:"warm start" pitfall:"after too many of them most answers are right, and there is little that a memory could add"`
	Batch    int     `json:"warm_batch" doc:"fresh traces of each supervised step" default:"32" min:"1" max:"65536" group:"warm start"`
	WarmRate float64 `json:"warm_rate" doc:"highest learning rate of the warm start" default:"0.002" min:"0.000001" max:"1" group:"warm start"`
	Corrupt  float64 `json:"corrupt" doc:"share of responses with a wrong step in the traces of the warm start" default:"0.3" min:"0" max:"1" group:"warm start"`
	WarmSeed int     `json:"warm_seed" doc:"seed of the warm start, which all seeds of a notebook share" default:"0" min:"0" max:"1000000" group:"warm start"`
}

// warm is the learning of the warm start. It stands here and not in base's own knobs because its length is part of what is studied.
func (k *AgentKnobs) warm() base.Knobs {
	return base.Knobs{Steps: k.Steps, Batch: k.Batch, Rate: k.WarmRate}
}

// ReferenceKnobs choose a yardstick.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick answers" default:"oracle" enum:"oracle,random,memory-free,full-memory" main:"true"`
}

// RLKnobs are the memory, the rewards and the learning.
type RLKnobs struct {
	rl.GRPOKnobs
	Scheme        string  `json:"scheme" doc:"r1: outcome and format alone; cosine: and a reward shaped by length; memory-r: and closeness to stored successes; memory-r-plus: and novelty against stored failures" default:"memory-r-plus" enum:"r1,cosine,memory-r,memory-r-plus" main:"true" group:"memory"`
	Pool          int     `json:"pool" doc:"questions of training, met again and again in a new order each time; 0 for fresh ones in every update" default:"1000" min:"0" max:"10000000" group:"learning" pitfall:"stored below pool lets questions go before they are met again"`
	Nearest       int     `json:"nearest" doc:"stored questions whose responses count for a question" symbol:"K" default:"1" min:"1" max:"1000" main:"true" group:"memory" pitfall:"with small numbers the words of different questions lie very close: their failures may be right answers here"`
	Each          int     `json:"each" doc:"responses kept of each question and store" symbol:"L" default:"50" min:"1" max:"100000" group:"memory"`
	Stored        int     `json:"stored" doc:"questions kept in each store" symbol:"N" default:"2000" min:"1" max:"1000000" group:"memory"`
	Window        int     `json:"window" doc:"last values by whose smallest and largest a term is scaled" symbol:"w" default:"100" min:"2" max:"1000000" group:"memory"`
	Warmup        int     `json:"warmup" doc:"updates before novelty counts" unit:"updates" default:"40" fast:"1" min:"0" max:"1000000" group:"memory"`
	Exploit       float64 `json:"exploit" doc:"weight of closeness to successes" default:"1" min:"0" max:"100" group:"memory"`
	Explore       float64 `json:"explore" doc:"weight of novelty against failures" default:"1" min:"0" max:"100" group:"memory"`
	ScoreFirst    bool    `json:"score_before_write" doc:"score a response before it is stored; stored first, a failure finds itself and earns nothing for novelty" default:"false" main:"true" group:"memory"`
	Encoder       string  `json:"encoder" doc:"hash: words and pairs of words; hidden: mean hidden state of the warm start, frozen" default:"hash" enum:"hash,hidden" group:"memory"`
	Bait          float64 `json:"bait" doc:"scale of the rewards for format; 1 is the authors' script, where they come to 2 against 1 for the right answer" default:"1" min:"0" max:"100" main:"true" group:"learning"`
	Extra         bool    `json:"more_supervised" doc:"spend the updates on more supervised steps instead of reinforcement: the control" default:"false" group:"learning"`
	Evaluations   int     `json:"evaluations" doc:"evaluations during training, evenly spread, the last at its end" default:"10" fast:"3" min:"1" max:"1000" group:"budget"`
	EvalQuestions int     `json:"eval_questions" doc:"questions of each evaluation during training" default:"128" fast:"64" min:"1" max:"100000" group:"budget"`
	TestQuestions int     `json:"test_questions" doc:"questions of each test, before and after learning" default:"512" fast:"128" min:"1" max:"100000" group:"budget"`
}

// worlds are those that the paper runs in.
func worlds() []schema.Kind {
	return slices.DeleteFunc(mathworld.Worlds(), func(k schema.Kind) bool { return k.Name != mathworld.WordProblems })
}

// Sections are the parts of a set-up.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: worlds()},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: Tiny, Doc: "tiny language model, warmed up on the oracle's traces", New: func() any { return new(AgentKnobs) }},
			{Name: Reference, Doc: "a yardstick of the world, without learning", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "grpo", Doc: "group-relative policy optimisation with rewards out of stored answers", New: func() any { return new(RLKnobs) }},
		}},
	}
}
