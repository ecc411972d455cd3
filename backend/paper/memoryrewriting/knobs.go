// Package memoryrewriting is arXiv 2601.15086, "Memory Retention Is Not Enough to Master Memory Tasks in Reinforcement Learning"
// (Shchendrigin et al., AAMAS 2026): agents with different memories, trained by PPO, on mazes in which an old cue must give way to a
// new one. Read doc.md beside this file first; method.go follows the order of the training loop.
package memoryrewriting

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/maze"
)

// Slug names the paper in notebooks and the Library.
const Slug = "memory-rewriting"

// Agent kinds: the memories that are compared, and the references that need no training.
const (
	MLP         = "mlp"
	RNN         = "rnn"
	GRU         = "gru"
	LSTM        = "lstm"
	FFM         = "ffm"
	Transformer = "transformer"
	Reference   = "reference"
)

// MLPKnobs: a network that sees the present observation only.
type MLPKnobs struct {
	Width int `json:"width" doc:"units of each hidden layer" unit:"units" default:"96" min:"1" max:"1024" group:"memory"`
	Depth int `json:"depth" doc:"hidden layers" unit:"layers" default:"3" min:"1" max:"8" group:"memory"`
}

// RNNKnobs: the vanilla recurrent network of the gate ablation.
type RNNKnobs struct {
	Width int `json:"width" doc:"units of the recurrent state" symbol:"H" unit:"units" default:"96" min:"1" max:"1024" main:"true" group:"memory"`
}

// GRUKnobs: reset and update gate, one of the paper's gate ablations.
type GRUKnobs struct {
	Width int `json:"width" doc:"units of the recurrent state" symbol:"H" unit:"units" default:"64" min:"1" max:"1024" main:"true" group:"memory"`
}

// LSTMKnobs: the paper's strongest agent. Forget "keep" is our control: the gate stands at 1 and nothing is ever let go.
type LSTMKnobs struct {
	Width      int     `json:"width" doc:"units of hidden and cell state" symbol:"H" unit:"units" default:"64" min:"1" max:"1024" main:"true" group:"memory"`
	Forget     string  `json:"forget" doc:"learned: the forget gate is trained; keep: it stands at 1, so that the cell state never lets go" default:"learned" enum:"learned,keep" main:"true" group:"memory"`
	ForgetBias float64 `json:"forget_bias" doc:"initial bias of the forget gate" default:"1" min:"-10" max:"10" group:"memory" pitfall:"without effect where forget is keep"`
}

// FFMKnobs: fast and forgetful memory (arXiv 2310.04128), which forgets by a fixed form of decay with learned rates.
type FFMKnobs struct {
	Width    int     `json:"width" doc:"units of the output" symbol:"H" unit:"units" default:"64" min:"1" max:"1024" group:"memory"`
	Memory   int     `json:"memory" doc:"traces kept" symbol:"m" default:"16" min:"1" max:"512" main:"true" group:"memory"`
	Context  int     `json:"context" doc:"frequencies of each trace" symbol:"c" default:"4" min:"1" max:"64" main:"true" group:"memory"`
	Duration float64 `json:"duration" doc:"steps over which the slowest trace falls to one percent at the start of training" unit:"steps" default:"1024" min:"2" max:"1000000" group:"memory"`
}

// TransformerKnobs: gated transformer that attends to the last steps of the episode.
type TransformerKnobs struct {
	Width  int `json:"width" doc:"width of a token" symbol:"D" unit:"units" default:"40" min:"2" max:"1024" group:"memory"`
	Heads  int `json:"heads" doc:"attention heads; the width must divide by them" default:"4" min:"1" max:"64" group:"memory"`
	Layers int `json:"layers" doc:"blocks of attention and gated network" default:"1" min:"1" max:"8" group:"memory"`
	Window int `json:"window" doc:"last steps of the episode that can be attended to" unit:"steps" default:"64" min:"2" max:"1024" main:"true" group:"memory"`
}

// ReferenceKnobs: a yardstick of the world instead of a learner.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick plays" default:"oracle" enum:"oracle,random,memory-free,full-memory" main:"true"`
}

// Validate checks that heads divide the width.
func (k *TransformerKnobs) Validate() error {
	if k.Width%k.Heads != 0 {
		return lab.Errorf(lab.Invalid, "transformer: heads is %d, want a divisor of width %d", k.Heads, k.Width).
			WithHint("set agent.heads to 1, 2 or 4, or change agent.width")
	}
	return nil
}

// PPOKnobs: proximal policy optimisation with recurrent minibatches, and how long and how often this paper trains and looks.
type PPOKnobs struct {
	rl.PPOKnobs
	Steps        int  `json:"steps" doc:"environment steps of training; 0 leaves the agent untrained" unit:"steps" default:"1500000" fast:"200000" full:"10000000" min:"0" max:"1000000000" main:"true" group:"budget"`
	Anneal       bool `json:"anneal" doc:"let the learning rate fall to zero along a line" default:"true" group:"learning"`
	Evaluations  int  `json:"evaluations" doc:"evaluations during training, evenly spread, the last at its end" default:"15" fast:"10" min:"1" max:"1000" group:"budget"`
	EvalEpisodes int  `json:"eval_episodes" doc:"episodes of each evaluation during training" unit:"episodes" default:"256" fast:"128" min:"64" max:"100000" group:"budget"`
	TestEpisodes int  `json:"test_episodes" doc:"episodes of each test at the end" unit:"episodes" default:"1024" fast:"256" min:"64" max:"1000000" group:"budget"`
}

// Sections are the set-up cells of a notebook of this paper.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: maze.Worlds()},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: MLP, Doc: "no memory: acts on the present observation", New: func() any { return new(MLPKnobs) }},
			{Name: RNN, Doc: "vanilla recurrent network, no gate", New: func() any { return new(RNNKnobs) }},
			{Name: GRU, Doc: "gated recurrent unit", New: func() any { return new(GRUKnobs) }},
			{Name: LSTM, Doc: "long short-term memory; its forget gate may be clamped", New: func() any { return new(LSTMKnobs) }},
			{Name: FFM, Doc: "fast and forgetful memory: forgets by a fixed form", New: func() any { return new(FFMKnobs) }},
			{Name: Transformer, Doc: "gated transformer over a window: keeps everything in sight", New: func() any { return new(TransformerKnobs) }},
			{Name: Reference, Doc: "a yardstick of the world, without learning", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "ppo", Doc: "proximal policy optimisation with recurrent minibatches", New: func() any { return new(PPOKnobs) }},
		}},
	}
}

// tests are the numbers of corridors that a finished agent is tested at, whatever it was trained at.
func tests() []int { return []int{1, 3, 5, 10} }
