package memact

import (
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world/hop"
)

// Slug names the paper.
const Slug = "memact"

// Kinds of agents.
const (
	Tiny      = "tiny"
	Reference = "reference"
)

// How the context is kept short.
const (
	CurateMode = "curate" // by the agent's memory actions
	PlainMode  = "plain"  // not at all: there is no memory action
	WindowMode = "window" // the oldest records are dropped
)

// What rows are made of an attempt.
const (
	DCPORows  = "dcpo"  // a row for each piece between two edits, with the context that it had
	NaiveRows = "naive" // one row over all that was written and said, as if nothing had been deleted
)

// Over what the mean and the deviation of a group are taken.
const (
	PerAttempt = "trajectory"
	PerSegment = "segment"
)

// AgentKnobs are the sizes of the model and how it was warmed up.
type AgentKnobs struct {
	base.ModelKnobs
	base.Knobs
	Tool     float64 `json:"tool" doc:"share of traces of the warm start whose instruction names the memory action; the others do without" default:"0.7" min:"0" max:"1" group:"warm start" pitfall:"at 0 or 1 one of the two ways is never met"`
	Lazy     float64 `json:"lazy" doc:"share of the memory actions that are due and that the traces leave out" default:"0.15" min:"0" max:"1" main:"true" group:"warm start"`
	Forget   float64 `json:"forget" doc:"share of the memory actions of the traces whose text keeps the newest fact alone" default:"0.65" paper:"0.2, one fact" min:"0" max:"1" main:"true" group:"warm start"`
	Wrong    float64 `json:"spare" doc:"share of the memory actions of the traces that leave one record standing which is of no more use" default:"0.1" min:"0" max:"1" group:"warm start"`
	WarmMost int     `json:"warm_most" doc:"most questions of a trace of the warm start" default:"6" fast:"4" min:"1" max:"8" group:"warm start"`
	Due      int     `json:"due" doc:"search results in the context at which the traces hold a memory action to be due" unit:"records" default:"2" min:"1" max:"8" group:"warm start"`
	WarmSeed int     `json:"warm_seed" doc:"seed of the warm start, which all seeds of a notebook share" default:"0" min:"0" max:"1000000" group:"warm start"`
}

func (k *AgentKnobs) habits() habits { return habits{k.Lazy, k.Forget, k.Wrong} }

// ReferenceKnobs choose a yardstick.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick acts; the oracle prunes as the traces do, without their faults" default:"oracle" enum:"oracle,random,memory-free,full-memory" main:"true"`
	Due    int    `json:"due" doc:"search results in the context at which the oracle prunes" unit:"records" default:"2" min:"1" max:"8"`
}

// ContextKnobs are the context and how it is kept short.
type ContextKnobs struct {
	Mode     string  `json:"mode" doc:"curate: by memory actions; plain: there is no memory action; window: neither, and the oldest records are dropped when the context is longer than the limit" default:"curate" enum:"curate,plain,window" main:"true" group:"memory"`
	Limit    int     `json:"limit" doc:"most tokens of the context; a longer one ends the episode; 0 for no limit" unit:"tokens" default:"96" paper:"20000" min:"0" max:"100000" main:"true" group:"memory"`
	Penalty  float64 `json:"penalty" doc:"taken off where the context is longer than the limit, or the answer cannot be read" default:"0.1" paper:"0.1" min:"0" max:"10" group:"memory" pitfall:"a wrong answer costs nothing: to give up is better than to overflow"`
	Prunable bool    `json:"prunable" doc:"records of earlier memory actions may be pruned" default:"true" group:"memory"`
	Tokens   int     `json:"tokens" doc:"most tokens of one action" unit:"tokens" default:"24" min:"4" max:"512" group:"memory"`
}

// RLKnobs are the learning.
type RLKnobs struct {
	rl.GRPOKnobs
	Least      int     `json:"least" doc:"fewest questions of an episode of training; the most is world.most" unit:"questions" default:"3" min:"1" max:"8" group:"budget"`
	Rows       string  `json:"rows" doc:"dcpo: a row for each piece of an attempt between two edits; naive: one row, as if nothing had been deleted" default:"dcpo" enum:"dcpo,naive" main:"true" group:"learning"`
	Statistics string  `json:"statistics" doc:"mean and deviation of a group over its attempts, or over their pieces, which counts an attempt as often as it was cut" default:"trajectory" enum:"trajectory,segment" main:"true" group:"learning"`
	Segments   int     `json:"segments" doc:"pieces of a group that are trained, drawn in turn from its attempts" symbol:"N_seg" default:"16" paper:"16" min:"1" max:"1024" main:"true" group:"learning"`
	Hide       float64 `json:"hide" doc:"share of training episodes from which the memory action is hidden" default:"0" min:"0" max:"1" group:"learning" paper:"0.5 in the authors' script"`
	Extra      bool    `json:"more_supervised" doc:"spend the updates on more supervised steps instead of reinforcement: the control" default:"false" group:"learning"`

	Evaluations  int `json:"evaluations" doc:"evaluations during training, evenly spread, the last at its end" default:"10" fast:"2" min:"1" max:"1000" group:"budget"`
	EvalEpisodes int `json:"eval_episodes" doc:"episodes of each evaluation during training" default:"48" fast:"24" min:"1" max:"100000" group:"budget"`
	TestEpisodes int `json:"test_episodes" doc:"episodes of each number of questions at the end" default:"128" fast:"24" min:"1" max:"100000" group:"budget"`
}

func fields(text string) []string { return strings.Fields(text) }

// checkWorld refuses worlds in which letters or ids are missing.
func checkWorld(k *hop.Knobs) error {
	if k.Most > len(slotWords()) {
		return lab.Errorf(lab.Invalid, "%s: world.most is %d, want at most %d: questions are named by letters", Slug, k.Most, len(slotWords())).WithHint("set world.most to at most %d", len(slotWords()))
	}
	if !k.IDs {
		return lab.Errorf(lab.Invalid, "%s: world.ids is false, want true: records are deleted by the ids of their outputs", Slug).WithHint("set world.ids to true")
	}
	if k.Numbered {
		return lab.Errorf(lab.Invalid, "%s: world.numbered is true, want false: questions have letters here", Slug).WithHint("set world.numbered to false")
	}
	return nil
}

// worlds are those that the paper runs in.
func worlds() []schema.Kind {
	kinds := hop.Worlds()
	for i := range kinds {
		kinds[i].Presets = []schema.Preset{{Path: "ids", Default: "true"}, {Path: "hint", Default: "0"}, {Path: "most", Default: "6", Fast: "4"}, {Path: "pays", Default: "all"}, {Path: "turns_each", Default: "2"}}
	}
	return kinds
}

// sizes are the model's, and of its warm start.
func sizes() []schema.Preset {
	return []schema.Preset{{Path: "width", Default: "64", Fast: "48"}, {Path: "layers", Default: "2"}, {Path: "inner", Default: "160", Fast: "96"},
		{Path: "context", Default: "256"}, {Path: "warm_steps", Default: "1200", Fast: "400"}, {Path: "warm_rate", Default: "0.004"}}
}

// Sections are the parts of a set-up.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: worlds()},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: Tiny, Doc: "tiny language model, warmed up on traces of a faulty teacher", New: func() any { return new(AgentKnobs) }, Presets: sizes()},
			{Name: Reference, Doc: "a yardstick, without learning", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: "memory", Kinds: []schema.Kind{
			{Name: "context", Doc: "the context itself, a list of records that is edited in place", New: func() any { return new(ContextKnobs) }},
		}},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "dcpo", Doc: "group-relative policy optimisation over pieces of edited contexts", New: func() any { return new(RLKnobs) },
				Presets: []schema.Preset{{Path: "questions", Default: "6", Fast: "4"}, {Path: "updates", Default: "40", Fast: "6"}, {Path: "learning_rate", Default: "0.0002"}}},
		}},
	}
}
