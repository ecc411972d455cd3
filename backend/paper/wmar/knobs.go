// Package wmar is arXiv 2401.16650, "Augmenting Replay in World Models for Continual Reinforcement Learning" (Yang, Kuhlmann and
// Kowadlo): games come one after another, a world model learns from replayed rollouts, and a policy learns inside that model. What small
// set of rollouts keeps the model right about all games? Read doc.md beside this file first; method.go follows the order of the training
// loop.
package wmar

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/arcade"
)

// Slug names the paper in notebooks and the Library.
const Slug = "wmar"

// Agent kinds.
const (
	Learner   = "world-model"
	Reference = "reference"
)

// Which rollouts are kept. All have the same number of rollouts in all, but for Everything.
const (
	Mix        = "mix"  // half for the last ones, half for a uniform sample of all: the paper's
	FIFO       = "fifo" // the last ones: DreamerV3
	Long       = "long" // a uniform sample of all
	Everything = "all"  // no limit
)

// Suites of tasks.
const (
	Unlike = "games"  // four games that share nothing
	Alike  = "levels" // four levels of one game
)

// maxTasks is the length of a suite, so that each task has its metrics.
const maxTasks = 4

// ArcadeKnobs are the tasks.
type ArcadeKnobs struct {
	Suite string `json:"suite" doc:"the tasks: games that share nothing, or levels of one game" default:"games" enum:"games,levels" main:"true" group:"world"`
	Tasks int    `json:"tasks" doc:"tasks, learned one after another" symbol:"N" unit:"tasks" default:"4" fast:"2" min:"1" max:"4" main:"true" group:"world"`
	Order string `json:"order" doc:"the order of the tasks" default:"forward" enum:"forward,backward" group:"world"`
}

// tasks are the games in their order.
func (k ArcadeKnobs) tasks() []arcade.Knobs {
	all := make([]arcade.Knobs, k.Tasks)
	for i := range all {
		n := i
		if k.Order == "backward" {
			n = k.Tasks - 1 - i
		}
		all[i] = arcade.Knobs{Game: arcade.Games()[n], Level: 1}
		if k.Suite == Alike {
			all[i] = arcade.Knobs{Game: arcade.Collect, Level: n + 1}
		}
	}
	return all
}

// LearnerKnobs are a world model with its stores.
type LearnerKnobs struct {
	Store     string  `json:"store" doc:"which rollouts are kept: half recent and half a sample of all, the recent ones, the sample alone, or everything" default:"mix" enum:"mix,fifo,long,all" main:"true" group:"memory"`
	LongShare float64 `json:"long_share" doc:"with store mix: probability that a batch comes from the sample of all" unit:"probability" default:"0.5" min:"0" max:"1" paper:"0.5" main:"true" group:"memory"`
	Rollouts  int     `json:"rollouts" doc:"rollouts kept, both stores together" unit:"rollouts" default:"128" fast:"32" min:"2" max:"4096" paper:"1024" main:"true" group:"memory"`
	Length    int     `json:"length" doc:"steps of a spliced rollout" unit:"steps" default:"64" fast:"32" min:"8" max:"512" paper:"512" group:"memory"`
	State     int     `json:"state" doc:"units of the recurrent state" symbol:"H" unit:"units" default:"64" min:"4" max:"512" paper:"512" group:"memory"`
	Groups    int     `json:"groups" doc:"categorical latents" unit:"variables" default:"8" min:"1" max:"32" paper:"32" group:"memory"`
	Classes   int     `json:"classes" doc:"classes of each latent" unit:"classes" default:"8" min:"2" max:"32" paper:"32" group:"memory"`
	Width     int     `json:"width" doc:"units of the hidden layers of encoder and decoder; the other networks have half as many" unit:"units" default:"128" min:"4" max:"1024" group:"memory"`
}

// Latent is Z, the width of all latents together.
func (k LearnerKnobs) latent() int { return k.Groups * k.Classes }

// ReferenceKnobs: a yardstick of the world instead of a learner.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick plays" default:"oracle" enum:"oracle,random,memory-free,full-memory" main:"true"`
}

// Knobs are the learning of model and policy, and how long and how often this paper trains and looks.
type Knobs struct {
	LearningRate float64 `json:"learning_rate" doc:"step size of the world model" default:"0.003" min:"0" max:"1" paper:"0.0001" main:"true" group:"learning"`
	ActorRate    float64 `json:"actor_rate" doc:"step size of actor and critic" default:"0.002" min:"0" max:"1" group:"learning"`
	Gamma        float64 `json:"gamma" doc:"discount" symbol:"gamma" default:"0.95" min:"0" max:"0.9999" paper:"0.997" group:"learning"`
	Lambda       float64 `json:"lambda" doc:"how far returns look before they trust the critic" symbol:"lambda" default:"0.95" min:"0" max:"1" paper:"0.95" group:"learning"`
	Entropy      float64 `json:"entropy" doc:"weight of the policy's entropy" default:"0.02" min:"0" max:"1" paper:"0.0003" group:"learning"`
	FreeNats     float64 `json:"free_nats" doc:"divergence between posterior and prior below which neither is pulled" unit:"nats" default:"1" min:"0" max:"100" paper:"1" group:"learning"`
	RewardWeight float64 `json:"reward_weight" doc:"weight of the reward in the loss of the world model" default:"10" min:"0" max:"1000" paper:"1" group:"learning" pitfall:"rewards are rare and squared: with 1 the planes drown them"`
	Batch        int     `json:"batch" doc:"windows of an update of the model" unit:"windows" default:"16" min:"1" max:"1024" paper:"16" group:"learning"`
	Window       int     `json:"window" doc:"steps of a window" unit:"steps" default:"16" min:"2" max:"512" paper:"32" group:"learning"`
	Imagined     int     `json:"imagined" doc:"imagined rollouts of an update of the policy" unit:"rollouts" default:"64" min:"1" max:"4096" paper:"128" group:"learning"`
	Horizon      int     `json:"horizon" doc:"steps of an imagined rollout" unit:"steps" default:"10" min:"1" max:"100" paper:"16" group:"learning"`
	Context      int     `json:"context" doc:"replayed steps from which an imagined rollout starts" unit:"steps" default:"4" min:"1" max:"64" paper:"4" group:"learning"`
	Steps        int     `json:"steps" doc:"environment steps of each task, rounded down to whole rollouts of all environments; 0 leaves the agent untrained" unit:"steps" default:"8192" fast:"2048" full:"1474560" min:"0" max:"100000000" paper:"1474560" main:"true" group:"budget"`
	ModelUpdates int     `json:"model_updates" doc:"updates of the world model for each task" unit:"updates" default:"1500" fast:"300" full:"90000" min:"0" max:"10000000" paper:"90000" main:"true" group:"budget"`
	ActorUpdates int     `json:"actor_updates" doc:"updates of the policy for each task" unit:"updates" default:"1000" fast:"200" full:"72000" min:"0" max:"10000000" paper:"72000" group:"budget"`
	Envs         int     `json:"envs" doc:"environments side by side" unit:"environments" default:"8" min:"1" max:"256" paper:"4" group:"budget"`
	Evaluations  int     `json:"evaluations" doc:"evaluations in each task, evenly spread, the last at its end" default:"4" fast:"2" min:"1" max:"1000" group:"budget"`
	EvalEpisodes int     `json:"eval_episodes" doc:"episodes of each task in an evaluation" unit:"episodes" default:"32" min:"1" max:"10000" group:"budget"`
}

// cycles is how often all environments fill a rollout in a task.
func (k Knobs) cycles(length int) int { return k.Steps / (k.Envs * length) }

// check looks at what two sections say together.
func check(k Knobs, a LearnerKnobs) error {
	if k.Window > a.Length || k.Context > a.Length {
		return lab.Errorf(lab.Invalid, "wmar: windows of %d and contexts of %d steps are cut from rollouts of %d, want at most as many", k.Window, k.Context, a.Length).
			WithHint("set rl.window and rl.context to %d or less, or agent.length to %d or more", a.Length, max(k.Window, k.Context))
	}
	if k.Steps > 0 && k.cycles(a.Length) < k.Evaluations {
		return lab.Errorf(lab.Invalid, "wmar: %d steps are %d rollouts of each of %d environments, want one for each of %d evaluations",
			k.Steps, k.cycles(a.Length), k.Envs, k.Evaluations).WithHint("set rl.steps to %d or more", k.Evaluations*k.Envs*a.Length)
	}
	return nil
}

// Sections are the set-up cells of a notebook of this paper.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: []schema.Kind{
			{Name: "arcade", Doc: "small games on one grid, learned one after another", New: func() any { return new(ArcadeKnobs) }},
		}},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: Learner, Doc: "a world model taught by replay, and a policy taught by the model", New: func() any { return new(LearnerKnobs) }},
			{Name: Reference, Doc: "a yardstick of the world, without learning", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "imagination", Doc: "a world model by maximum likelihood, an actor and a critic inside it", New: func() any { return new(Knobs) }},
		}},
	}
}
