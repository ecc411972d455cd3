package loop

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world/tool"
)

// Slug names the paper.
const Slug = "loop"

// Kinds of agents.
const (
	Tiny      = "tiny"
	Reference = "reference"
)

// What moves the model.
const (
	Policy     = "policy"     // advantages of the group, clipped ratio: LOOP, RLOO and GRPO by their numbers
	Critic     = "critic"     // advantages over a value head: PPO
	Rejection  = "rejection"  // imitation of the model's own attempts that passed all tests
	Supervised = "supervised" // imitation of the world's oracle, which needs no documentation
	Mixture    = "mixture"    // imitation of more traces of the warm start: the control
)

// What a ratio of probabilities is taken over.
const (
	ByToken      = "token"
	ByTurn       = "turn"
	ByTrajectory = "trajectory"
)

// How rewards become advantages within the attempts at one task.
const (
	LeaveOneOut = "leave-one-out" // R - mean of the others
	Normal      = "normal"        // (R - mean) / std
)

// AgentKnobs are the sizes of the model and how it was warmed up.
type AgentKnobs struct {
	base.ModelKnobs
	base.Knobs
	Skip     float64 `json:"skip" doc:"share of calls in the traces of the warm start that are made without looking up their documentation, their form guessed" unit:"share" default:"0.75" min:"0" max:"1" paper:"0.6" main:"true" group:"warm start" pitfall:"at 1 the model never looks anything up, and what is never sampled cannot be reinforced"`
	GiveUp   float64 `json:"give_up" doc:"share of failed calls after which a trace of the warm start ends" unit:"share" default:"0.15" min:"0" max:"1" paper:"0.15" group:"warm start"`
	WarmSeed int     `json:"warm_seed" doc:"seed of the warm start, which all seeds of a notebook share" default:"0" min:"0" max:"1000000" group:"warm start"`
}

// ReferenceKnobs choose a yardstick.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick plays" default:"oracle" enum:"oracle,random,memory-free,full-memory" main:"true"`
}

// RLKnobs are the learning and the examinations.
type RLKnobs struct {
	Updates     int     `json:"updates" doc:"iterations: attempts are played, then learned from; 0 leaves the warm start as it is" default:"30" fast:"4" full:"300" min:"0" max:"1000000" main:"true" group:"budget"`
	Tasks       int     `json:"tasks" doc:"tasks of each iteration" symbol:"P" default:"10" fast:"4" full:"40" min:"1" max:"4096" paper:"40" group:"budget"`
	Group       int     `json:"group" doc:"attempts at each task" symbol:"K" default:"6" fast:"4" min:"2" max:"1024" paper:"6" main:"true" group:"learning"`
	Learner     string  `json:"learner" doc:"what moves the model: policy, the clipped loss with advantages of the group; critic, with advantages over a value head; rejection, imitation of its own attempts that passed; supervised, imitation of the oracle; mixture, more of the warm start" default:"policy" enum:"policy,critic,rejection,supervised,mixture" main:"true" group:"learning"`
	Rate        float64 `json:"learning_rate" doc:"learning rate of Adam" default:"0.0001" min:"0" max:"1" paper:"0.00005" main:"true" group:"learning"`
	Temperature float64 `json:"temperature" doc:"temperature at which attempts are drawn; other values than 1 make the log-probabilities those of another policy" default:"1" min:"0.01" max:"10" paper:"1" group:"learning"`
	Advantage   string  `json:"advantage" doc:"leave-one-out: reward less the mean of the other attempts; normal: less the mean of all, by their standard deviation" default:"leave-one-out" enum:"leave-one-out,normal" main:"true" group:"learning"`
	Ratio       string  `json:"ratio" doc:"what the ratio of new to old probability is taken over and clipped: each token, each turn, the whole trajectory" default:"token" enum:"token,turn,trajectory" main:"true" group:"learning"`
	Epochs      int     `json:"epochs" doc:"passes over the attempts of an iteration" default:"2" min:"1" max:"100" paper:"2" main:"true" group:"learning"`
	Minibatch   int     `json:"minibatch" doc:"attempts of one optimiser step, drawn anew for each pass; 0 for all" default:"16" min:"0" max:"100000" paper:"32" main:"true" group:"learning"`
	Clip        float64 `json:"clip" doc:"the ratio counts from 1 / (1 + this) to 1 + this" symbol:"eps" default:"0.1" min:"0" max:"10" paper:"0.1" main:"true" group:"learning" pitfall:"the range is symmetric in the logarithm, not around 1"`
	Least       float64 `json:"least_advantage" doc:"attempts whose advantage is smaller are left out" default:"0.01" min:"0" max:"10" paper:"0.01" group:"learning"`
	KL          float64 `json:"kl" doc:"weight of the divergence from the warm start in the loss" symbol:"beta" unit:"return a nat" default:"0" min:"0" max:"100" paper:"0" group:"learning"`
	StopKL      float64 `json:"stop_kl" doc:"divergence of the model from the one that played, in nats an attempt, at which an iteration stops learning" unit:"nats" default:"20" min:"0" max:"1000000" paper:"20" group:"learning"`
	GradClip    float64 `json:"grad_clip" doc:"largest norm of the gradient; 0 for no limit" default:"1" min:"0" max:"1000" paper:"1" group:"learning"`
	ValueWeight float64 `json:"value_weight" doc:"weight of the value head's loss" default:"0.5" min:"0" max:"100" group:"learning"`
	Turns       int     `json:"turns" doc:"turns of an attempt at most, within the world's horizon" unit:"turns" default:"14" min:"2" max:"1000" paper:"40" group:"budget"`
	Answer      int     `json:"answer_tokens" doc:"tokens of one answer at most" unit:"tokens" default:"8" min:"3" max:"1000" paper:"1500" group:"budget"`
	Evaluations int     `json:"evaluations" doc:"evaluations during training, evenly spread, the last at its end" default:"8" fast:"2" min:"1" max:"1000" group:"budget"`
	EvalTasks   int     `json:"eval_tasks" doc:"held-out tasks of each evaluation during training" default:"60" fast:"12" min:"1" max:"100000" group:"budget"`
	TestTasks   int     `json:"test_tasks" doc:"held-out tasks of each test, before and after learning; three are one scenario" default:"180" fast:"24" min:"3" max:"100000" group:"budget"`
}

// Validate checks what bounds alone do not.
func (k *RLKnobs) Validate() error {
	if k.Learner != Policy && (k.Ratio != ByToken || k.Advantage != LeaveOneOut || k.KL != 0) {
		return lab.Errorf(lab.Invalid, "loop: learner is %q with ratio %q, advantage %q and kl %v, which learner %q alone looks at", k.Learner, k.Ratio, k.Advantage, k.KL, Policy).
			WithHint("leave rl.ratio, rl.advantage and rl.kl at their defaults, or set rl.learner to %q", Policy)
	}
	return nil
}

// bounds are those of a ratio (arXiv 2502.01600v3): g(A) = A (1 + eps) for A > 0 and A / (1 + eps) for A < 0.
func (k *RLKnobs) bounds() (low, high float64) { return 1 / (1 + k.Clip), 1 + k.Clip }

// batch is the number of attempts of one optimiser step, of n.
func (k *RLKnobs) batch(n int) int {
	if k.Minibatch == 0 {
		return max(n, 1)
	}
	return k.Minibatch
}

// worlds are those that the paper runs in.
func worlds() (kinds []schema.Kind) {
	for _, k := range tool.Worlds() {
		if k.Name == tool.Apps {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// sizes are the model's, and of its warm start.
func sizes() []schema.Preset {
	return []schema.Preset{{Path: "width", Default: "64", Fast: "48", Full: "128"}, {Path: "layers", Default: "2", Fast: "2", Full: "3"}, {Path: "inner", Default: "160", Fast: "96", Full: "336"},
		{Path: "context", Default: "192", Fast: "192", Full: "192"}, {Path: "warm_steps", Default: "1200", Fast: "400", Full: "5000"}, {Path: "warm_batch", Default: "24", Fast: "16", Full: "32"}}
}

// Sections are the parts of a set-up.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: worlds()},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: Tiny, Doc: "tiny language model that sees the whole interaction, warmed up on traces that guess too often", New: func() any { return new(AgentKnobs) }, Presets: sizes()},
			{Name: Reference, Doc: "a yardstick of the world, without learning", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: Slug, Doc: "leave-one-out advantages, several passes over the same attempts, no critic and no reference model; baselines are values of its knobs", New: func() any { return new(RLKnobs) }},
		}},
	}
}
