// Package memo is arXiv 2510.19732, "Memo: Training Memory-Efficient Embodied Agents with Reinforcement Learning" (Gupta et al.,
// NeurIPS 2025): a transformer policy that sums up each segment of its experience in a few learned vectors and reads them as input
// tokens ever after. Read doc.md beside this file first; method.go follows the order of the training loop.
package memo

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn/summary"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/darkkey"
	"github.com/loci-lab/loci/backend/world/tmaze"
)

// Slug names the paper in notebooks and the Library.
const Slug = "memo"

// Agent kinds.
const (
	Summaries = "summaries"
	Context   = "context"
	Reference = "reference"
)

// NetKnobs are the sizes of the transformer, the same for all that learn.
type NetKnobs struct {
	Width  int `json:"width" doc:"width of a token" symbol:"d" unit:"units" default:"32" min:"4" max:"512" group:"network"`
	Layers int `json:"layers" doc:"blocks of attention and feed-forward layers" default:"2" min:"1" max:"8" group:"network"`
	Heads  int `json:"heads" doc:"attention heads; the width must divide by them into even parts" default:"2" min:"1" max:"32" group:"network"`
	Inner  int `json:"inner" doc:"width of the feed-forward layers" unit:"units" default:"64" min:"4" max:"2048" group:"network"`
}

// Validate checks that the heads divide the width into even parts: rotary positions turn pairs.
func (k NetKnobs) Validate() error {
	if k.Width%k.Heads != 0 || k.Width/k.Heads%2 != 0 {
		return lab.Errorf(lab.Invalid, "%s: heads is %d with width %d, want a divisor that leaves an even width of a head", Slug, k.Heads, k.Width).
			WithHint("set agent.heads to 1 or 2, or change agent.width")
	}
	return nil
}

// SummaryKnobs: Memo, and with accumulate off the recurrent memory transformer.
type SummaryKnobs struct {
	NetKnobs
	Segment    int  `json:"segment" doc:"steps after which a segment is summed up" symbol:"l_seg" unit:"steps" default:"8" min:"1" max:"1024" paper:"256" main:"true" group:"memory"`
	Summaries  int  `json:"summaries" doc:"vectors that sum up a segment" symbol:"l_sum" unit:"vectors" default:"1" min:"1" max:"128" paper:"32" main:"true" group:"memory"`
	Accumulate bool `json:"accumulate" doc:"keep the summaries of all segments; otherwise only the newest are passed on, as in the recurrent memory transformer" default:"true" main:"true" group:"memory"`
	Limit      int  `json:"limit" doc:"entries that the cache may hold, the oldest summaries are dropped beyond it; 0 sets no limit" symbol:"T" unit:"entries" default:"0" min:"0" max:"65536" group:"memory"`
	Reencode   bool `json:"reencode" doc:"run summaries through the network as input tokens; otherwise the layer states at the prompts serve as cache" default:"true" main:"true" group:"memory"`
	Randomise  bool `json:"randomise" doc:"draw the segment length of each training pass from 0.8 to 1.2 of its value" default:"true" main:"true" group:"memory"`
	Depth      int  `json:"depth" doc:"preceding segments whose summaries the gradient crosses; 0 for all" unit:"segments" default:"0" min:"0" max:"1024" main:"true" group:"memory"`
}

// Validate checks the network, and that a limit leaves room for a segment and the summaries of one.
func (k *SummaryKnobs) Validate() error {
	if k.Limit > 0 && k.Limit < k.Segment+k.Summaries {
		return lab.Errorf(lab.Invalid, "%s: limit is %d entries with segments of %d and %d summaries, want 0 or at least %d", Slug, k.Limit, k.Segment, k.Summaries, k.Segment+k.Summaries).
			WithHint("set agent.limit to 0 for no limit")
	}
	return k.NetKnobs.Validate()
}

// rule is what the network remembers.
func (k *SummaryKnobs) rule() summary.Rule {
	r := summary.Rule{Segment: k.Segment, Direct: !k.Reencode, Depth: k.Depth}
	switch {
	case !k.Accumulate:
		r.Keep = 1
	case k.Limit > 0:
		r.Keep = (k.Limit - k.Segment) / k.Summaries
	}
	return r
}

// ContextKnobs: a transformer over what it saw: full context, a sliding window, or cut at the borders of episodes.
type ContextKnobs struct {
	NetKnobs
	Window int  `json:"window" doc:"last entries that a step may see, its own included; 0 for the whole trial" symbol:"T" unit:"entries" default:"0" min:"0" max:"65536" main:"true" group:"memory"`
	Across bool `json:"across" doc:"see earlier episodes of the trial, too" default:"true" main:"true" group:"memory"`
}

// Validate checks the network.
func (k *ContextKnobs) Validate() error { return k.NetKnobs.Validate() }

// ReferenceKnobs: a yardstick of the world instead of a learner.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick plays" default:"oracle" enum:"oracle,random,memory-free,full-memory" main:"true"`
}

// PPOKnobs: proximal policy optimisation over whole trials, and how long and how often this paper trains and looks.
type PPOKnobs struct {
	LearningRate float64 `json:"learning_rate" doc:"step size of Adam" symbol:"α" default:"0.003" min:"0" max:"1" paper:"0.0004" group:"learning"`
	Gamma        float64 `json:"gamma" doc:"discount of a reward one step later; it goes on over the episodes of a trial" symbol:"γ" default:"0.99" min:"0" max:"1" paper:"0.99" group:"learning"`
	Lambda       float64 `json:"lambda" doc:"decay of the advantage estimator: 0 trusts the value function, 1 the rewards seen" symbol:"λ" default:"0.95" min:"0" max:"1" paper:"0.95" group:"learning"`
	Clip         float64 `json:"clip" doc:"how far the probability of an action may move from its old value before the gradient stops" symbol:"ε" default:"0.2" min:"0.01" max:"1" paper:"0.2" group:"learning"`
	Entropy      float64 `json:"entropy" doc:"weight of the entropy bonus, nats" default:"0.03" min:"0" max:"1" paper:"0.01" group:"learning"`
	Value        float64 `json:"value" doc:"weight of the value loss" default:"0.5" min:"0" max:"10" group:"learning"`
	MaxGradNorm  float64 `json:"max_grad_norm" doc:"norm to which the gradient of all parameters together is cut" default:"0.5" min:"0.001" max:"1000" group:"learning"`
	Epochs       int     `json:"epochs" doc:"passes over what was collected" default:"4" min:"1" max:"100" group:"learning"`
	Minibatches  int     `json:"minibatches" doc:"parts of a pass; each has some of the trials" default:"1" min:"1" max:"1024" group:"learning"`
	Partial      int     `json:"partial" doc:"updates within a trial, each on the steps since the last one" default:"1" min:"1" max:"64" group:"learning" pitfall:"an update in the middle of a trial leaves a stale cache behind: see refresh"`
	Refresh      bool    `json:"refresh" doc:"make the cache anew with the new parameters after an update within a trial" default:"true" group:"learning"`
	Trials       int     `json:"trials" doc:"trials played side by side" default:"32" min:"1" max:"4096" group:"budget"`
	Updates      int     `json:"updates" doc:"trials in a row; 0 leaves the agent untrained" default:"100" fast:"40" full:"1500" min:"0" max:"1000000" main:"true" group:"budget"`
	Evaluations  int     `json:"evaluations" doc:"evaluations during training, evenly spread, the last at its end" default:"25" fast:"10" full:"100" min:"1" max:"10000" group:"budget"`
	EvalTrials   int     `json:"eval_trials" doc:"trials of each evaluation during training" default:"64" min:"64" max:"100000" group:"budget"`
	TestTrials   int     `json:"test_trials" doc:"trials of each test at the end" default:"256" fast:"64" min:"64" max:"100000" group:"budget"`
}

// Validate checks what no bound on a single knob can.
func (k *PPOKnobs) Validate() error {
	if k.Minibatches > k.Trials {
		return lab.Errorf(lab.Invalid, "%s: minibatches is %d with %d trials, want at most one for each trial", Slug, k.Minibatches, k.Trials).
			WithHint("set rl.minibatches to %d or less", k.Trials)
	}
	return nil
}

// loss are the knobs that the shared loss reads; the bound on values stays off, since targets of +-1 lie further apart than it.
func (k *PPOKnobs) loss() rl.PPOKnobs {
	return rl.PPOKnobs{LearningRate: k.LearningRate, Gamma: k.Gamma, Lambda: k.Lambda, Clip: k.Clip, Entropy: k.Entropy, Value: k.Value,
		MaxGradNorm: k.MaxGradNorm, Epochs: k.Epochs, Minibatches: k.Minibatches}
}

// Sections are the set-up cells of a notebook of this paper.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: []schema.Kind{tmaze.Kind(), darkkey.Kind()}},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: Summaries, Doc: "sums up each segment in a few vectors and reads them as input tokens: Memo, and its ablations", New: func() any { return new(SummaryKnobs) }},
			{Name: Context, Doc: "the same transformer over its full context, a window of it, or one episode", New: func() any { return new(ContextKnobs) }},
			{Name: Reference, Doc: "a yardstick of the world, without learning", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "ppo", Doc: "proximal policy optimisation over whole trials", New: func() any { return new(PPOKnobs) }},
		}},
	}
}
