// Package spatiallyawaretransformer is arXiv 2402.15160, "Spatially-Aware Transformer for Embodied Agents" (Cho et al., ICLR 2024): memories
// that know where they were made, are kept and read by place, and a policy that learns which memory to let go. Read doc.md beside this file
// first; method.go follows the order of the training loop.
package spatiallyawaretransformer

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/ballet"
)

// Slug names the paper in notebooks and the Library.
const Slug = "spatially-aware-transformer"

// Agent kinds.
const (
	SAT       = "sat"
	Reference = "reference"
)

// How steps are put into chunks.
const (
	ByTime  = "time"
	ByPlace = "place"
)

// Rules beside those of package ballet: who decides.
const (
	AMA      = "ama"      // learned for each task
	Designed = "designed" // the rule that is right for the task: the oracle
	Any      = "any"      // one of the four, evenly drawn for each episode
)

// AgentKnobs: encoded steps with codes of time and place, kept under a capacity and read in two stages.
type AgentKnobs struct {
	Grouping string `json:"grouping" doc:"what makes a chunk of steps: time (consecutive ones) or place (one room's); visits are chunks by themselves" default:"place" enum:"time,place" main:"true" group:"memory"`
	Place    bool   `json:"place_code" doc:"tell the place with each step" default:"true" main:"true" group:"memory"`
	Rule     string `json:"rule" doc:"which visit goes when the memory is full: a fixed rule, a random visit, any rule by chance, the one designed for the task, or one learned for each task (ama); steps of rooms go oldest first" default:"fifo" enum:"fifo,lifo,lvfo,mvfo,random,any,designed,ama" main:"true" group:"memory"`
	Capacity int    `json:"capacity" doc:"visits that are kept; of steps twelve times as many" unit:"visits" default:"9" min:"1" max:"24" paper:"9" main:"true" group:"memory"`
	Chunk    int    `json:"chunk" doc:"steps in a chunk of the rooms" symbol:"C" unit:"steps" default:"8" min:"1" max:"128" paper:"32" group:"memory"`
	Read     int    `json:"read" doc:"chunks that the question reads" symbol:"k" default:"2" min:"1" max:"32" paper:"4" group:"memory"`
	Width    int    `json:"width" doc:"width of what is stored and of the reader" symbol:"D" unit:"units" default:"64" min:"8" max:"512" paper:"128" group:"memory"`
	Layers   int    `json:"layers" doc:"layers of recall and hidden network" default:"1" min:"1" max:"8" paper:"4" group:"memory"`
	Heads    int    `json:"heads" doc:"heads of the attention inside a chunk; the width must divide by them" symbol:"H" default:"8" min:"1" max:"16" paper:"2" group:"memory"`
}

// Validate checks that heads divide the width.
func (k *AgentKnobs) Validate() error {
	if k.Width%k.Heads != 0 {
		return lab.Errorf(lab.Invalid, "sat: heads is %d, want a divisor of width %d", k.Heads, k.Width).WithHint("set agent.heads to 1 or 2, or change agent.width")
	}
	return nil
}

// ReferenceKnobs: a yardstick of the world instead of a learner.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick plays" default:"oracle" enum:"oracle,random,memory-free,full-memory" main:"true"`
}

// TrainKnobs: cross-entropy of the answer, and a bandit over rules where the rule is learned.
type TrainKnobs struct {
	LearningRate float64 `json:"learning_rate" doc:"step size of Adam" default:"0.006" min:"0" max:"1" symbol:"α" paper:"0.0002" main:"true" group:"learning"`
	MaxGradNorm  float64 `json:"max_grad_norm" doc:"norm to which the gradient of all parameters together is cut" default:"5" min:"0.001" max:"1000" paper:"5" group:"learning"`
	Anneal       bool    `json:"anneal" doc:"let the learning rate fall to zero along a line" default:"true" group:"learning"`
	Regret       float64 `json:"regret" doc:"weight of the squared error of the expected reward of the rule taken" default:"0.1" min:"0" max:"10" paper:"0.1" group:"learning"`
	Epsilon      float64 `json:"epsilon" doc:"share of rules drawn by chance at the end of the exploration; it begins at 1" unit:"share" symbol:"ε" default:"0.2" min:"0" max:"1" paper:"0.2" group:"learning"`
	Explore      float64 `json:"explore" doc:"share of the updates over which epsilon falls" unit:"share" default:"0.6" min:"0.01" max:"1" group:"learning"`
	Batch        int     `json:"batch" doc:"episodes of an update, played side by side" unit:"episodes" default:"32" min:"1" max:"4096" paper:"32" group:"budget"`
	Updates      int     `json:"updates" doc:"updates of training; 0 leaves the agent untrained" unit:"updates" default:"2000" fast:"200" full:"20000" min:"0" max:"10000000" main:"true" group:"budget"`
	Evaluations  int     `json:"evaluations" doc:"evaluations during training, evenly spread, the last at its end" default:"6" fast:"4" min:"1" max:"1000" group:"budget"`
	EvalEpisodes int     `json:"eval_episodes" doc:"episodes of each evaluation during training" unit:"episodes" default:"128" fast:"64" min:"64" max:"100000" group:"budget"`
	TestEpisodes int     `json:"test_episodes" doc:"episodes of the test at the end" unit:"episodes" default:"512" fast:"128" min:"64" max:"1000000" group:"budget"`
}

// Sections are the set-up cells of a notebook of this paper.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: ballet.Worlds()[1:]},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: SAT, Doc: "stores steps with time and place, keeps some, reads them in two stages", New: func() any { return new(AgentKnobs) }},
			{Name: Reference, Doc: "a yardstick of the world, without learning", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "supervised", Doc: "cross-entropy of the answer; a bandit over rules where the rule is learned", New: func() any { return new(TrainKnobs) }},
		}},
	}
}
