// Package hcam is arXiv 2105.14039, "Towards mental time travel: a hierarchical memory for reinforcement learning agents" (Lampinen et al.,
// NeurIPS 2021): an agent that first chooses which event to recall and then looks inside it, on the ballet. Read doc.md beside this file
// first; method.go follows the order of the training loop.
package hcam

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/ballet"
)

// Slug names the paper in notebooks and the Library.
const Slug = "hcam"

// Agent kinds.
const (
	HCAM      = "hcam"
	LSTM      = "lstm"
	Reference = "reference"
)

// What an attentive agent may read at a step.
const (
	Hierarchical = "hierarchical" // k chunks of all that are full: the paper's
	Summary      = "summary"      // the same, but of a chunk only its mean
	Flat         = "flat"         // every step so far
	Window       = "window"       // the last steps, as many as the hierarchical one compares itself with
)

// AgentKnobs: an encoder of single steps and layers of local attention and recall.
type AgentKnobs struct {
	Reading  string `json:"reading" doc:"what is read: chunks and then inside them (hierarchical), means of chunks (summary), everything (flat), or the last steps (window: as many as the hierarchical reading compares)" default:"hierarchical" enum:"hierarchical,summary,flat,window" main:"true" group:"memory"`
	Width    int    `json:"width" doc:"width of what is stored and of the layers" symbol:"D" unit:"units" default:"64" min:"2" max:"512" group:"memory"`
	Layers   int    `json:"layers" doc:"layers of local attention, recall and hidden network" default:"1" min:"1" max:"8" paper:"4" group:"memory"`
	Heads    int    `json:"heads" doc:"heads of the attention inside a chunk and of the local one; the width must divide by them" symbol:"H" default:"4" min:"1" max:"16" group:"memory"`
	Local    int    `json:"local" doc:"steps of local attention, the present one included" unit:"steps" default:"16" min:"2" max:"256" group:"memory"`
	Chunk    int    `json:"chunk" doc:"steps in a chunk" symbol:"C" unit:"steps" default:"12" min:"1" max:"512" main:"true" group:"memory"`
	Read     int    `json:"read" doc:"chunks that a query reads" symbol:"k" default:"2" min:"1" max:"32" main:"true" group:"memory"`
	Shift    int    `json:"shift" doc:"steps by which the borders of chunks are off the episode's start" unit:"steps" default:"0" min:"0" max:"512" group:"memory" pitfall:"without effect unless below chunk"`
	Position bool   `json:"position" doc:"tell the place inside a chunk, counted from its end" default:"true" group:"memory"`
	Stop     bool   `json:"stop_gradient" doc:"no gradient goes into what is stored" default:"false" group:"memory" pitfall:"without reconstruction the encoder then never learns to write the move"`
}

// Validate checks that heads divide the width.
func (k *AgentKnobs) Validate() error {
	if k.Width%k.Heads != 0 {
		return lab.Errorf(lab.Invalid, "hcam: heads is %d, want a divisor of width %d", k.Heads, k.Width).WithHint("set agent.heads to 1 or 2, or change agent.width")
	}
	return nil
}

// LSTMKnobs: the same encoder before a recurrent memory.
type LSTMKnobs struct {
	Width   int `json:"width" doc:"units of hidden and cell state" symbol:"H" unit:"units" default:"92" min:"1" max:"1024" main:"true" group:"memory"`
	Encoder int `json:"encoder" doc:"width of the encoded step" symbol:"D" unit:"units" default:"64" min:"1" max:"512" group:"memory"`
}

// ReferenceKnobs: a yardstick of the world instead of a learner.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick plays" default:"oracle" enum:"oracle,random,memory-free,full-memory" main:"true"`
}

// TrainKnobs: REINFORCE with a learned baseline, one decision an episode, and reconstruction of what was seen.
type TrainKnobs struct {
	LearningRate   float64 `json:"learning_rate" doc:"step size of Adam" default:"0.002" min:"0" max:"1" symbol:"α" main:"true" group:"learning"`
	Entropy        float64 `json:"entropy" doc:"weight of the entropy bonus, nats" default:"0.05" min:"0" max:"1" group:"learning"`
	Value          float64 `json:"value" doc:"weight of the baseline's squared error" default:"0.5" min:"0" max:"10" group:"learning"`
	Reconstruction float64 `json:"reconstruction" doc:"weight of telling the dancer's move from the encoded step" default:"0.5" min:"0" max:"10" group:"learning"`
	MaxGradNorm    float64 `json:"max_grad_norm" doc:"norm to which the gradient of all parameters together is cut" default:"1" min:"0.001" max:"1000" group:"learning"`
	Anneal         bool    `json:"anneal" doc:"let the learning rate fall to zero along a line" default:"true" group:"learning"`
	Batch          int     `json:"batch" doc:"episodes of an update, played side by side" unit:"episodes" default:"32" min:"1" max:"4096" group:"budget"`
	Updates        int     `json:"updates" doc:"updates of training; 0 leaves the agent untrained" unit:"updates" default:"4000" fast:"200" full:"20000" min:"0" max:"10000000" main:"true" group:"budget"`
	Warm           float64 `json:"warm" doc:"share of the updates, the first ones, that see two dancers of a mirror pair and ballets of short delay by turns" unit:"share" default:"0.8" min:"0" max:"1" group:"budget"`
	WarmDelay      int     `json:"warm_delay" doc:"blank steps behind each dance in those updates" unit:"steps" default:"4" min:"0" max:"64" group:"budget"`
	Evaluations    int     `json:"evaluations" doc:"evaluations during training, evenly spread, the last at its end" default:"6" fast:"4" min:"1" max:"1000" group:"budget"`
	EvalEpisodes   int     `json:"eval_episodes" doc:"episodes of each evaluation during training" unit:"episodes" default:"128" fast:"64" min:"64" max:"100000" group:"budget"`
	TestEpisodes   int     `json:"test_episodes" doc:"episodes of each test at the end" unit:"episodes" default:"512" fast:"128" min:"64" max:"1000000" group:"budget"`
}

// Sections are the set-up cells of a notebook of this paper.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: ballet.Worlds()[:1]},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: HCAM, Doc: "stores encoded steps and reads them by attention", New: func() any { return new(AgentKnobs) }},
			{Name: LSTM, Doc: "long short-term memory", New: func() any { return new(LSTMKnobs) }},
			{Name: Reference, Doc: "a yardstick of the world, without learning", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "reinforce", Doc: "policy gradient with a learned baseline, one decision an episode", New: func() any { return new(TrainKnobs) }},
		}},
	}
}
