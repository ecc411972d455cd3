package reme

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world/tool"
)

// Slug names the paper.
const Slug = "reme"

// Kinds of agents.
const (
	Tiny      = "tiny"
	Reference = "reference"
)

// AgentKnobs are the sizes of the actor and how it was warmed up.
type AgentKnobs struct {
	base.ModelKnobs
	base.Knobs
	WarmSeed int     `json:"warm_seed" doc:"seed of the warm start, which all seeds of a notebook share" default:"0" min:"0" max:"1000000" group:"warm start"`
	Wrong    float64 `json:"wrong" doc:"share of lessons in the prompts of the warm start that are wrong there: what the actor learns to trust" default:"0.15" paper:"0.15, our sheet" min:"0" max:"1" main:"true" group:"warm start" pitfall:"at 0 an actor follows any lesson, at 1 none"`
	Temper   float64 `json:"temperature" doc:"temperature of the actor's answers in the stream and in tests; the initial pool has its own" default:"0.5" min:"0" max:"10" group:"agent" pitfall:"at 0 the attempts at a task are all the same"`
}

// ReferenceKnobs choose a yardstick.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick acts" default:"oracle" enum:"oracle,random,memory-free" main:"true"`
}

// Granularities and keys.
const (
	Keypoint   = "keypoint"
	Trajectory = "trajectory"
	WhenToUse  = "when-to-use"
	TaskText   = "task"
)

// RunKnobs are the initial pool, the stream of tasks, and the roles that write lessons.
type RunKnobs struct {
	Pool        int     `json:"pool" doc:"training tasks that the initial pool is made of" default:"10" fast:"4" min:"0" max:"100000" main:"true" unit:"tasks" group:"budget"`
	Samples     int     `json:"samples" doc:"attempts at each of them" default:"8" fast:"4" min:"1" max:"1000" paper:"8" symbol:"N" group:"budget"`
	PoolTemper  float64 `json:"pool_temperature" doc:"temperature of these attempts" default:"0.9" min:"0" max:"10" paper:"0.9" group:"budget"`
	Tasks       int     `json:"tasks" doc:"tasks of the stream, which come once and in order" default:"120" fast:"30" min:"1" max:"100000" main:"true" unit:"tasks" group:"budget"`
	Attempts    int     `json:"attempts" doc:"attempts at each task of the stream, all with the same reading; memory learns from the first" default:"4" fast:"2" min:"1" max:"100" paper:"4" group:"budget"`
	Block       int     `json:"block" doc:"tasks that one point of a curve stands for" default:"10" fast:"5" min:"1" max:"10000" unit:"tasks" group:"budget"`
	HeldOut     int     `json:"held_out" doc:"tasks of a test, whose goals training never has together" default:"60" fast:"10" min:"1" max:"100000" unit:"tasks" group:"budget"`
	Dynamic     bool    `json:"dynamic" doc:"refine: lessons are added, counted and deleted along the stream; else the initial pool stays as it is" default:"true" paper:"true" main:"true" group:"memory"`
	Reflections int     `json:"reflections" doc:"times that a failed task is tried again with a lesson from the failure; what did not help is discarded" default:"3" min:"0" max:"100" paper:"3" main:"true" group:"memory"`
	Granularity string  `json:"granularity" doc:"keypoint: one entry for each step that matters; trajectory: one for the whole task" default:"keypoint" enum:"keypoint,trajectory" paper:"keypoint" main:"true" group:"memory"`
	Key         string  `json:"key" doc:"what an entry is found by: when-to-use names the goals that it is about, task is the text of the task that it came from" default:"when-to-use" enum:"when-to-use,task" paper:"when-to-use" main:"true" group:"memory"`
	Rewrite     bool    `json:"rewrite" doc:"what was read is rewritten into one line of guidance: what the task asks for alone, in its order" default:"false" paper:"optional" group:"memory"`
	PErr        float64 `json:"p_err" doc:"chance that a lesson from a failure blames the wrong thing" default:"0.3" min:"0" max:"1" symbol:"p_err" main:"true" group:"roles"`
	Judge       float64 `json:"judge" doc:"accuracy of the validator: it keeps a lesson that is right, and drops one that is wrong, with this chance" default:"0.8" min:"0" max:"1" main:"true" group:"roles"`
	Kept        int     `json:"kept_episodes" doc:"tasks of each block and of each test that go into the record whole" default:"1" min:"0" max:"100000" group:"budget"`
}

// Validate checks what bounds alone do not.
func (k *RunKnobs) Validate() error {
	if k.Tasks%k.Block != 0 {
		return lab.Errorf(lab.Invalid, "reme: tasks is %d, want a multiple of block %d", k.Tasks, k.Block).WithHint("set rl.tasks to a multiple of rl.block")
	}
	return nil
}

// worlds are those that the paper runs in. Half of the stream lies before the drift.
func worlds() []schema.Kind {
	all := tool.Worlds()
	at := slices.IndexFunc(all, func(k schema.Kind) bool { return k.Name == tool.Services })
	k := all[at]
	k.Presets = []schema.Preset{{Path: "arguments", Default: "one"}, {Path: "drift", Default: "60", Fast: "15"}}
	return []schema.Kind{k}
}

// memories are all that package mem has, the paper's first. A count of all readings moves slowly behind a drift: the bound of the search
// lies above the paper's.
func memories() []schema.Kind {
	all := mem.KindsFirst(Slug)
	all[0].Presets = []schema.Preset{{Path: "beta", Default: "0.6"}}
	return all
}

// sizes are the actor's, and of its warm start.
func sizes() []schema.Preset {
	return []schema.Preset{{Path: "width", Default: "64"}, {Path: "layers", Default: "2"}, {Path: "inner", Default: "128"}, {Path: "context", Default: "192"},
		{Path: "warm_steps", Default: "1400", Fast: "500"}, {Path: "warm_batch", Default: "32"}, {Path: "warm_rate", Default: "0.004"}}
}

// Sections are the parts of a set-up.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: worlds()},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: Tiny, Doc: "tiny language model that reads lessons, warmed up on oracle traces of services with other rules and then frozen", New: func() any { return new(AgentKnobs) }, Presets: sizes()},
			{Name: Reference, Doc: "a yardstick of the world, without memory", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: mem.Section, Kinds: memories()},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "stream", Doc: "an initial pool of lessons, and a stream of tasks along which a frozen actor's pool is refined", New: func() any { return new(RunKnobs) }},
		}},
	}
}
