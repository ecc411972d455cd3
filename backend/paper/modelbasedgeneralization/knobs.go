// Package modelbasedgeneralization is arXiv 2211.02222, "The Benefits of Model-Based Generalization in Reinforcement Learning" (Young
// et al., ICML 2023): the same Q-network learns from replayed transitions, or from transitions that a learned model imagines from
// replayed states, and everything else is equal. Read doc.md beside this file first; method.go follows the order of the training loop.
package modelbasedgeneralization

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/factored"
)

// Slug names the paper in notebooks and the Library.
const Slug = "model-based-generalization"

// Agent kinds.
const (
	Learner   = "learner"
	Reference = "reference"
	Analysis  = "analysis"
)

// Sources of the transitions that the Q-network learns from.
const (
	Replay    = "replay"    // the buffer itself: experience replay
	Model     = "model"     // a learned factored model, rolled out from replayed states
	Memoriser = "memoriser" // a table of stored successors, rolled out in the same way
	Perfect   = "perfect"   // the world's own step
)

// LearnerKnobs: a Q-network with softmax exploration, and where its transitions come from.
type LearnerKnobs struct {
	Source      string  `json:"source" doc:"where the transitions of the Q-network come from: replay, a learned model, a table of stored successors, or the world's own step" default:"model" enum:"replay,model,memoriser,perfect" main:"true" group:"memory"`
	RealShare   float64 `json:"real_share" doc:"share of each batch that is replayed whatever the source" unit:"share" default:"0" min:"0" max:"1" group:"memory"`
	Rollout     int     `json:"rollout" doc:"steps of an imagined rollout; the number of rollouts is the batch divided by it, so that the transitions stay as many" unit:"steps" default:"10" min:"1" max:"100" paper:"10" main:"true" group:"memory"`
	Temperature float64 `json:"temperature" doc:"of the softmax over values that chooses actions" symbol:"tau" default:"0.1" min:"0.001" max:"100" main:"true" group:"learning" pitfall:"it is in units of reward: tune it with the world"`
	Width       int     `json:"width" doc:"units of each hidden layer, of the Q-network and of the model" unit:"units" default:"64" min:"1" max:"1024" group:"memory"`
	Depth       int     `json:"depth" doc:"hidden layers, of the Q-network and of the model" unit:"layers" default:"2" min:"1" max:"8" group:"memory"`
}

// ReferenceKnobs: a yardstick of the world instead of a learner.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick plays" default:"oracle" enum:"oracle,random,memory-free,full-memory" main:"true"`
}

// AnalysisKnobs: the theorem counted out on a small flute, without learning.
type AnalysisKnobs struct {
	Pipes   int `json:"pipes" doc:"pipes of the flute whose states are counted, whatever the world" symbol:"n" unit:"pipes" default:"3" min:"2" max:"3" group:"world"`
	Draws   int `json:"draws" doc:"random sets of transitions that are averaged" unit:"sets" default:"20" fast:"4" min:"1" max:"10000" group:"budget"`
	Parents int `json:"parents" doc:"most bits that a next bit may depend on, in the class of models; the reward may depend on as many as there are pipes" unit:"bits" default:"1" min:"0" max:"2" main:"true" group:"memory"`
}

// DQNKnobs: Q-learning with a target network, and how long and how often this paper trains and looks.
type DQNKnobs struct {
	LearningRate float64 `json:"learning_rate" doc:"step size of the Q-network" default:"0.001" min:"0" max:"1" main:"true" group:"learning"`
	ModelRate    float64 `json:"model_rate" doc:"step size of the model" default:"0.001" min:"0" max:"1" group:"learning"`
	Gamma        float64 `json:"gamma" doc:"discount" symbol:"gamma" default:"0.9" min:"0" max:"0.9999" paper:"0.9" group:"learning"`
	Batch        int     `json:"batch" doc:"transitions of one update of the Q-network" unit:"transitions" default:"160" min:"1" max:"10000" paper:"320" group:"learning"`
	ModelBatch   int     `json:"model_batch" doc:"replayed transitions of one update of the model; rollouts start from the first of them" unit:"transitions" default:"32" min:"1" max:"10000" paper:"32" group:"learning"`
	Updates      int     `json:"updates" doc:"updates for each environment step" unit:"updates" default:"4" min:"1" max:"100" paper:"1 or 10" main:"true" group:"learning"`
	Target       int     `json:"target" doc:"updates between two copies of the Q-network into the target network" unit:"updates" default:"100" min:"1" max:"100000" paper:"100" group:"learning"`
	Capacity     int     `json:"capacity" doc:"transitions that the buffer holds" unit:"transitions" default:"100000" min:"100" max:"1000000" paper:"100000" group:"learning"`
	Start        int     `json:"start" doc:"environment steps before the first update" unit:"steps" default:"500" min:"1" max:"1000000" paper:"1000" group:"learning"`
	Envs         int     `json:"envs" doc:"environments side by side" unit:"environments" default:"4" min:"1" max:"256" group:"budget"`
	Steps        int     `json:"steps" doc:"environment steps of training, all environments together; 0 leaves the agent untrained" unit:"steps" default:"6000" fast:"1000" full:"1000000" min:"0" max:"100000000" main:"true" group:"budget"`
	Evaluations  int     `json:"evaluations" doc:"evaluations during training, evenly spread, the last at its end" default:"10" fast:"5" min:"1" max:"1000" group:"budget"`
	EvalEpisodes int     `json:"eval_episodes" doc:"episodes of each evaluation" unit:"episodes" default:"16" min:"1" max:"10000" group:"budget"`
}

// Validate checks that a batch is made of whole rollouts and that these find starts enough.
func (k *DQNKnobs) Validate() error {
	if k.Start < k.ModelBatch {
		return lab.Errorf(lab.Invalid, "dqn: start is %d, want at least the model_batch of %d", k.Start, k.ModelBatch).
			WithHint("set rl.start to %d or more", k.ModelBatch)
	}
	return nil
}

// rollouts is the number of imagined rollouts in a batch of which the share real is replayed.
func (k *DQNKnobs) rollouts(a LearnerKnobs) (rollouts, real int, err error) {
	real = int(float64(k.Batch)*a.RealShare + 0.5)
	if a.Source == Replay {
		return 0, k.Batch, nil
	}
	rollouts = (k.Batch - real) / a.Rollout
	if rollouts*a.Rollout+real != k.Batch || rollouts > k.ModelBatch {
		return 0, 0, lab.Errorf(lab.Invalid, "dqn: %d imagined transitions of a batch in rollouts of %d, want whole rollouts, at most %d", k.Batch-real, a.Rollout, k.ModelBatch).
			WithHint("set agent.rollout to a divisor of %d, or change rl.batch", k.Batch-real)
	}
	return rollouts, real, nil
}

// Sections are the set-up cells of a notebook of this paper.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: factored.Worlds()},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: Learner, Doc: "a Q-network; its transitions come from replay, a learned model, a table or the world itself", New: func() any { return new(LearnerKnobs) }},
			{Name: Reference, Doc: "a yardstick of the world, without learning", New: func() any { return new(ReferenceKnobs) }},
			{Name: Analysis, Doc: "counts the states whose best action is settled by data, without learning", New: func() any { return new(AnalysisKnobs) }},
		}},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "dqn", Doc: "Q-learning with a target network and softmax exploration", New: func() any { return new(DQNKnobs) }},
		}},
	}
}
