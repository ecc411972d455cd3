package reasoningbank

import (
	"slices"

	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world/shop"
)

// Slug names the paper; the kind of memory has the same name.
const Slug = "reasoningbank"

// Kinds of agents.
const (
	Tiny      = "tiny"
	Reference = "reference"
)

// Forms of what a task leaves.
const (
	Items    = "items"
	Visits   = "visits"
	Workflow = "workflow"
)

// Ways of scaling at test time.
const (
	Single     = "single"
	Vanilla    = "vanilla"
	Parallel   = "parallel"
	Sequential = "sequential"
)

// AgentKnobs are the sizes of the actor and how it was warmed up.
type AgentKnobs struct {
	base.ModelKnobs
	base.Knobs
	WarmSeed int     `json:"warm_seed" doc:"seed of the warm start, which all seeds of a notebook share" default:"0" min:"0" max:"1000000" group:"warm start"`
	Wrong    float64 `json:"wrong" doc:"share of entries in the prompts of the warm start that come from a site with other habits: what the actor learns to trust" default:"0.1" min:"0" max:"1" group:"warm start" pitfall:"at 0 an actor follows any advice, at 1 none"`
	Temper   float64 `json:"temperature" doc:"temperature of the actor's actions" default:"0.7" paper:"0.7" min:"0" max:"10" main:"true" group:"agent" pitfall:"at 0 all rollouts of a task are the same, and there is nothing to contrast"`
}

// ReferenceKnobs choose a yardstick.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick acts" default:"oracle" enum:"oracle,random,memory-free" main:"true"`
}

// RunKnobs are the stream of tasks, the judge, the writer and scaling at test time.
type RunKnobs struct {
	Tasks    int     `json:"tasks" doc:"tasks of the stream, each met once" unit:"tasks" default:"120" fast:"36" min:"6" max:"100000" paper:"684 of WebArena" main:"true" group:"budget"`
	Window   int     `json:"window" doc:"tasks over which the curves are averaged" unit:"tasks" default:"20" fast:"12" min:"1" max:"100000" group:"budget"`
	Last     int     `json:"last" doc:"tasks at the end of the stream that success_last and best_last look at" unit:"tasks" default:"40" fast:"12" min:"1" max:"100000" group:"budget"`
	HeldOut  int     `json:"held_out" doc:"further goals that are tried behind the stream, with the memory as it then stands" unit:"tasks" default:"60" fast:"24" min:"1" max:"100000" group:"budget"`
	Shadows  int     `json:"shadows" doc:"further rollouts of every task that only measure: no judge, writer or memory sees them" unit:"rollouts" default:"3" fast:"1" min:"0" max:"100" group:"budget"`
	Form     string  `json:"form" doc:"what a task leaves: strategy items, the script of the visit as it was (Synapse), or the workflow of a winner (AWM)" default:"items" enum:"items,visits,workflow" paper:"items" main:"true" group:"memory"`
	FP       float64 `json:"false_positive" doc:"chance that the judge takes a failure for a success" default:"0.15" min:"0" max:"1" main:"true" group:"judge"`
	FN       float64 `json:"false_negative" doc:"chance that the judge takes a success for a failure" default:"0.1" min:"0" max:"1" main:"true" group:"judge"`
	Noise    float64 `json:"noise" doc:"chance that the writer puts an advice at random among those of a rollout" default:"0.3" min:"0" max:"1" group:"memory"`
	Most     int     `json:"most" doc:"items that one rollout leaves at most" default:"3" paper:"3" min:"1" max:"100" group:"memory"`
	Contrast int     `json:"contrast" doc:"items that a contrast of several rollouts leaves at most" default:"5" paper:"5" min:"1" max:"100" group:"scaling"`
	Scaling  string  `json:"scaling" doc:"single: one rollout a task; parallel: some rollouts and one contrast of them; sequential: one rollout that is re-examined some times; vanilla: some rollouts, each distilled for itself" default:"single" enum:"single,parallel,sequential,vanilla" main:"true" group:"scaling"`
	Rollouts int     `json:"rollouts" doc:"rollouts of a task where it is scaled" default:"5" fast:"3" min:"2" max:"100" paper:"5" symbol:"k" group:"scaling"`
	Kept     int     `json:"kept_episodes" doc:"tasks of each window, and of the test, that go into the record whole" default:"2" fast:"1" min:"0" max:"100000" group:"budget"`
}

// rollouts is the number of rollouts of a task that count.
func (k *RunKnobs) rollouts() int {
	if k.Scaling == Single {
		return 1
	}
	return k.Rollouts
}

// memories are all that package mem has, the paper's first; there the loop of this package judges, so that the bank's own judge is always right.
func memories() []schema.Kind {
	kinds := mem.KindsFirst(Slug)
	for i, k := range kinds {
		if k.Name == Slug {
			kinds[i].Presets = []schema.Preset{{Path: "false_positive", Default: "0"}, {Path: "false_negative", Default: "0"}, {Path: "items", Default: "100"}}
			continue
		}
		fields, err := schema.Fields(k)
		if err == nil && slices.ContainsFunc(fields, func(f schema.Field) bool { return f.Path == "k" }) {
			kinds[i].Presets = []schema.Preset{{Path: "k", Default: "1"}}
		}
	}
	return kinds
}

// sizes are the actor's, and of its warm start.
func sizes() []schema.Preset {
	return []schema.Preset{{Path: "width", Default: "64", Fast: "32"}, {Path: "layers", Default: "2", Fast: "1"}, {Path: "inner", Default: "128", Fast: "64"},
		{Path: "context", Default: "192", Fast: "192"}, {Path: "warm_steps", Default: "800", Fast: "150"}, {Path: "warm_batch", Default: "32", Fast: "16"},
		{Path: "warm_rate", Default: "0.003"}}
}

// Sections are the parts of a set-up.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: shop.Worlds()},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: Tiny, Doc: "tiny language model that reads memories, warmed up on a shopper who knows the habits of other sites and then frozen", New: func() any { return new(AgentKnobs) }, Presets: sizes()},
			{Name: Reference, Doc: "a yardstick of the world, without memory", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: mem.Section, Kinds: memories()},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "stream", Doc: "tasks that are met once, without labels: a frozen actor reads, acts, judges itself and writes", New: func() any { return new(RunKnobs) }},
		}},
	}
}
