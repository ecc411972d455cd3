// Package rarl is arXiv 2202.08417, "Retrieval-Augmented Reinforcement Learning" (Goyal et al., ICML 2022): a value function that looks
// things up in a store of trajectories at every decision, by queries that are learned end to end. Read doc.md beside this file first;
// net.go follows the steps of the retrieval process, method.go the loop around it.
package rarl

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/gridrobo"
)

// Slug names the paper in notebooks and the Library.
const Slug = "ra-rl"

// Agent kinds.
const (
	DQN       = "dqn"       // the same encoder and head, nothing to look up
	Retrieval = "ra-dqn"    // the paper's
	Reference = "reference" // a yardstick of the world
)

// What the retrieval batch is made of.
const (
	Own   = "own"   // trajectories of the task at hand
	Mixed = "mixed" // of all tasks, the same number of each where it divides evenly
	Wrong = "wrong" // of another task
	Best  = "best"  // of the task at hand, the quarter with the highest returns
	Zeros = "zeros" // own trajectories, all numbers replaced by zero: A-2
)

// WorldKnobs are the tasks and the data.
type WorldKnobs struct {
	gridrobo.Knobs
	Episodes int     `json:"episodes" doc:"recorded episodes of each task" unit:"episodes" default:"300" fast:"60" full:"1000" min:"20" max:"100000" group:"data"`
	Noise    float64 `json:"noise" doc:"share of random actions in the recordings" unit:"share" default:"0.4" min:"0" max:"1" group:"data"`
}

// RetrievalKnobs are the agent that looks things up, and its ablations.
type RetrievalKnobs struct {
	Width        int     `json:"width" doc:"units of each of two encoder layers and of the hidden layer of the head" unit:"units" default:"64" min:"1" max:"1024" group:"network"`
	Summary      int     `json:"summary" doc:"units of the two recurrent summaries, of keys, values and slots" symbol:"H" unit:"units" default:"32" min:"1" max:"1024" group:"memory"`
	Slots        int     `json:"slots" doc:"slots of the retrieval process, each with a query of its own" symbol:"n_f" unit:"slots" default:"2" min:"1" max:"16" main:"true" group:"memory"`
	Rounds       int     `json:"rounds" doc:"steps of the retrieval process at each decision; with 1 the slots are never written" unit:"rounds" default:"2" min:"1" max:"8" main:"true" group:"memory"`
	Trajectories int     `json:"trajectories" doc:"whole episodes in a retrieval batch" unit:"episodes" default:"8" min:"1" max:"512" main:"true" group:"memory"`
	Length       int     `json:"length" doc:"steps of a stored trajectory; shorter ones are pieces of the same episodes" symbol:"l" unit:"steps" default:"20" min:"1" max:"200" main:"true" group:"memory" pitfall:"must divide world.horizon; short pieces hide what came of a situation"`
	KeepTraj     int     `json:"k_traj" doc:"trajectories that a query keeps" symbol:"k_traj" default:"4" min:"1" max:"512" main:"true" group:"memory"`
	KeepStates   int     `json:"k_states" doc:"states inside them that a query keeps" symbol:"k_states" default:"4" min:"1" max:"512" main:"true" group:"memory"`
	Code         int     `json:"code" doc:"numbers of what a query may bring in" symbol:"z" unit:"numbers" default:"16" min:"1" max:"256" group:"memory"`
	Beta         float64 `json:"beta" doc:"price of a nat of what is brought in" symbol:"β" default:"0.001" min:"0" max:"100" main:"true" group:"memory" pitfall:"the loss is a mean over slots and decisions, returns are discounted by rl.gamma: scale beta with them"`
	Content      string  `json:"content" doc:"what the retrieval batch is made of: own, mixed, wrong, best, zeros" default:"own" enum:"own,mixed,wrong,best,zeros" main:"true" group:"memory"`
	Choose       string  `json:"choose" doc:"which trajectories a query keeps: those of highest score, or of highest return (the paper's shortcut where the store is of the task)" default:"score" enum:"score,return" main:"true" group:"memory"`
	State        string  `json:"state" doc:"who asks: slots (a state of the retrieval process) or agent (queries made from the agent's state, A-1)" default:"slots" enum:"slots,agent" main:"true" group:"memory"`
	Auxiliary    float64 `json:"auxiliary" doc:"weight of the auxiliary heads on the summaries" default:"0.1" min:"0" max:"100" group:"learning"`
}

// DQNKnobs are the agent without retrieval.
type DQNKnobs struct {
	Width int `json:"width" doc:"units of each of two encoder layers and of the hidden layer of the head" unit:"units" default:"64" min:"1" max:"1024" group:"network"`
}

// ReferenceKnobs: a yardstick of the world instead of a learner.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick plays: the scripted solver that all returns are measured by, one without memory, one with, or chance" default:"oracle" enum:"oracle,random,memory-free,full-memory" main:"true"`
}

// Knobs are double DQN on recorded data, and how long and how often this paper trains and looks.
type Knobs struct {
	LearningRate float64 `json:"learning_rate" doc:"step size of Adam" symbol:"α" default:"0.003" min:"0" max:"1" group:"learning"`
	Gamma        float64 `json:"gamma" doc:"discount of a reward one step later" symbol:"γ" default:"0.9" min:"0" max:"1" group:"learning"`
	Huber        float64 `json:"huber" doc:"error beyond which the loss grows in a straight line; 0 for the squared error" symbol:"δ" default:"1" min:"0" max:"1000000" group:"learning"`
	CQL          float64 `json:"cql" doc:"weight of the term that pushes down values of actions that the recordings do not have" default:"4" min:"0" max:"1000" group:"learning" pitfall:"with 0, values of actions that were never recorded grow beyond the largest return there can be"`
	Tau          float64 `json:"tau" doc:"how far the slow network moves towards the fast one at each update" symbol:"τ" default:"0.01" min:"0.00001" max:"1" group:"learning"`
	MaxGradNorm  float64 `json:"max_grad_norm" doc:"norm to which the gradient of all parameters together is cut" default:"10" min:"0.001" max:"1000000" group:"learning"`
	Batch        int     `json:"batch" doc:"transitions of an update" symbol:"B" unit:"transitions" default:"64" min:"1" max:"4096" group:"learning"`
	Groups       int     `json:"groups" doc:"tasks that an update draws its transitions from, each with a retrieval batch" unit:"tasks" default:"2" min:"1" max:"256" group:"learning"`
	Updates      int     `json:"updates" doc:"updates" unit:"updates" default:"4000" fast:"400" full:"100000" min:"1" max:"10000000" main:"true" group:"budget"`
	Reports      int     `json:"reports" doc:"examinations, evenly spread" default:"3" fast:"2" min:"1" max:"1000" group:"budget"`
	EvalEpisodes int     `json:"eval_episodes" doc:"episodes of each task in an examination" unit:"episodes" default:"10" fast:"5" min:"1" max:"1000" group:"budget"`
}

// Validate checks that the batch splits evenly.
func (k *Knobs) Validate() error {
	if k.Batch%k.Groups != 0 {
		return lab.Errorf(lab.Invalid, "a batch of %d does not split into %d tasks", k.Batch, k.Groups).WithHint("choose rl.batch as a multiple of rl.groups")
	}
	return nil
}

// fits checks the agent against the world.
func (k *RetrievalKnobs) fits(w *WorldKnobs, l *Knobs) error {
	if w.Horizon%k.Length != 0 {
		return lab.Errorf(lab.Invalid, "trajectories of %d steps do not cut episodes of %d into equal pieces", k.Length, w.Horizon).
			WithHint("choose agent.length as a divisor of world.horizon")
	}
	if need := k.Trajectories + l.Batch/l.Groups; w.Episodes < need {
		return lab.Errorf(lab.Invalid, "%d recorded episodes a task are too few for %d queries and %d others to look up", w.Episodes, l.Batch/l.Groups, k.Trajectories).
			WithHint("set world.episodes to %d or more", need)
	}
	return nil
}

// Sections are the set-up cells of a notebook of this paper.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: []schema.Kind{
			{Name: gridrobo.Name, Doc: "a robot, three coloured objects and up to 24 tasks, with recorded episodes of each", New: func() any { return new(WorldKnobs) }},
		}},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: Retrieval, Doc: "double DQN that looks up stored trajectories at every decision", New: func() any { return new(RetrievalKnobs) }},
			{Name: DQN, Doc: "double DQN with the same encoder, without a store", New: func() any { return new(DQNKnobs) }},
			{Name: Reference, Doc: "a yardstick of the world, without learning", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "offline-dqn", Doc: "double Q-learning on recorded transitions", New: func() any { return new(Knobs) }},
		}},
	}
}
