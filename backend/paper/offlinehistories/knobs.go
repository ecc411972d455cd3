// Package offlinehistories is arXiv 2310.20663, "Offline RL with Observation Histories: Analyzing and Improving Sample Complexity" (Hong,
// Dragan, Levine; ICLR 2024): an encoder of whole histories, trained by conservative Q-learning and a bisimulation loss, so that histories
// that mean the same lie together and good halves of poor trajectories can be put together. Read doc.md beside this file first; method.go
// follows the order of training.
package offlinehistories

import (
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/stitch"
)

// Slug names the paper in notebooks and the Library.
const Slug = "offline-histories"

// Agent kinds.
const (
	Learner   = "learner"
	Reference = "reference"
)

// Methods of offline learning.
const (
	CQL        = "cql"
	BC         = "bc"
	FilteredBC = "filtered-bc"
)

// What the encoder sees.
const (
	History = "history"
	State   = "state"
)

// WorldKnobs are the maze and the data that are walked in it.
type WorldKnobs struct {
	stitch.Knobs
	stitch.DataKnobs
}

// LearnerKnobs: encoder, heads and losses.
type LearnerKnobs struct {
	Method   string  `json:"method" doc:"conservative Q-learning, behaviour cloning, or cloning of the best trajectories" default:"cql" enum:"cql,bc,filtered-bc" main:"true" group:"learning"`
	Sees     string  `json:"sees" doc:"what the encoder gets: the history of observations and actions, or the true state (an upper bound)" default:"history" enum:"history,state" main:"true" group:"memory"`
	Bisim    float64 `json:"bisim" doc:"weight of the bisimulation loss" symbol:"c_b" default:"0.5" min:"0" max:"100" main:"true" group:"memory"`
	Warm     float64 `json:"warm" doc:"share of the training before the bisimulation loss counts; over the next share as long it grows to its weight. Before the values tell what is worth knowing, it would pull all histories together" unit:"share" default:"0.4" min:"0" max:"0.5" group:"memory"`
	Model    float64 `json:"model" doc:"weight with which the loss of the latent model shapes the encoder; its heads learn in any case, so that J can be measured" symbol:"c_m" default:"1" min:"0" max:"100" main:"true" group:"memory"`
	Pairs    string  `json:"pairs" doc:"which pairs of histories are compared: those with the same action, or all" default:"same-action" enum:"same-action,all" group:"memory"`
	Width    int     `json:"width" doc:"units of the recurrent state" symbol:"H" unit:"units" default:"64" min:"1" max:"1024" group:"memory"`
	Latent   int     `json:"latent" doc:"numbers of the latent state" symbol:"z" unit:"numbers" default:"16" min:"1" max:"256" main:"true" group:"memory"`
	Heads    int     `json:"heads" doc:"units of the hidden layer of each head" unit:"units" default:"64" min:"1" max:"1024" group:"memory"`
	TopShare float64 `json:"top_share" doc:"share of the best trajectories that filtered cloning imitates" unit:"share" default:"0.25" min:"0.01" max:"1" group:"learning"`
}

// ReferenceKnobs: a yardstick of the world instead of a learner.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick plays" default:"oracle" enum:"oracle,random,memory-free,full-memory" main:"true"`
}

// OfflineKnobs: how long and how often this paper trains and looks.
type OfflineKnobs struct {
	LearningRate float64 `json:"learning_rate" doc:"step size" default:"0.001" min:"0" max:"1" main:"true" group:"learning"`
	Alpha        float64 `json:"alpha" doc:"weight of the conservative term" symbol:"alpha" default:"0.5" min:"0" max:"100" main:"true" group:"learning"`
	Gamma        float64 `json:"gamma" doc:"discount" symbol:"gamma" default:"0.97" min:"0" max:"0.9999" group:"learning"`
	MaxGradNorm  float64 `json:"max_grad_norm" doc:"bound of the norm of the gradient" default:"10" min:"0.01" max:"1000" group:"learning"`
	Batch        int     `json:"batch" doc:"trajectories of one update" unit:"trajectories" default:"32" min:"2" max:"1024" group:"learning"`
	Target       int     `json:"target" doc:"updates between two copies of the network into the slow one" unit:"updates" default:"100" min:"1" max:"10000" group:"learning"`
	Updates      int     `json:"updates" doc:"updates of training; 0 leaves the agent untrained" unit:"updates" default:"1500" fast:"100" full:"20000" min:"0" max:"10000000" main:"true" group:"budget"`
	Evaluations  int     `json:"evaluations" doc:"evaluations during training, evenly spread, the last at its end" default:"10" fast:"4" min:"1" max:"1000" group:"budget"`
	EvalEpisodes int     `json:"eval_episodes" doc:"episodes of each evaluation" unit:"episodes" default:"256" fast:"128" min:"64" max:"100000" group:"budget"`
	HeldOut      int     `json:"held_out" doc:"trajectories that J and the distances are measured on" unit:"trajectories" default:"100" min:"10" max:"10000" group:"budget"`
}

// Sections are the set-up cells of a notebook of this paper.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: []schema.Kind{{Name: stitch.Name, Doc: stitch.Kind().Doc, New: func() any { return new(WorldKnobs) }}}},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: Learner, Doc: "an encoder of histories with a head, trained on data alone", New: func() any { return new(LearnerKnobs) }},
			{Name: Reference, Doc: "a yardstick of the world, without learning", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "offline", Doc: "training on a fixed set of trajectories", New: func() any { return new(OfflineKnobs) }},
		}},
	}
}
