package memrl

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world/house"
)

// Slug names the paper.
const Slug = "memrl"

// Kinds of agents.
const (
	Tiny      = "tiny"
	Reference = "reference"
)

// Embedders.
const (
	Hashed = "hashed"
	Hidden = "hidden"
)

// AgentKnobs are the sizes of the reader and how it was warmed up.
type AgentKnobs struct {
	base.ModelKnobs
	base.Knobs
	WarmSeed int     `json:"warm_seed" doc:"seed of the warm start, which all seeds of a notebook share" default:"0" min:"0" max:"1000000" group:"warm start"`
	Wrong    float64 `json:"wrong" doc:"share of memories in the prompts of the warm start that come from a house with other rules: what the reader learns to trust" default:"0.15" paper:"0.15, our sheet" min:"0" max:"1" main:"true" group:"warm start" pitfall:"at 0 a reader follows any memory, at 1 none"`
	Embedder string  `json:"embedder" doc:"what memories compare tasks by: a hashed bag of words, or the mean hidden state of the reader" default:"hashed" enum:"hashed,hidden" group:"memory"`
	Temper   float64 `json:"temperature" doc:"temperature of the reader's actions while it learns; tests take the most probable action" default:"0.2" min:"0" max:"10" group:"agent" pitfall:"at 0 a wrong guess is repeated until a memory speaks against it; at 1 known steps are left now and then"`
}

// ReferenceKnobs choose a yardstick.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick acts" default:"oracle" enum:"oracle,random,memory-free" main:"true"`
}

// Writers.
const (
	Styles = "styles"
	Raw    = "raw"
)

// RunKnobs are the loop of runtime learning and its writer.
type RunKnobs struct {
	Epochs      int     `json:"epochs" doc:"times that the training tasks are met" unit:"epochs" default:"10" fast:"4" min:"1" max:"1000" paper:"10" main:"true" group:"budget"`
	Tasks       int     `json:"tasks" doc:"training tasks, the same ones in every epoch" default:"80" fast:"20" min:"2" max:"100000" group:"budget"`
	HeldOut     int     `json:"held_out" doc:"tasks of the test split" default:"40" fast:"12" min:"2" max:"100000" group:"budget"`
	Flats       int     `json:"flats" doc:"flats in which each held-out task is done at a test: things lie elsewhere in each" default:"3" fast:"1" min:"1" max:"1000" group:"budget"`
	Tests       int     `json:"tests" doc:"tests on the held-out tasks, evenly spread over the epochs, the last at the end" default:"5" fast:"2" min:"1" max:"1000" group:"budget"`
	Batch       int     `json:"batch" doc:"tasks that are read for and done side by side before their rewards and experiences come in; 1 is the paper's order" default:"16" fast:"20" min:"1" max:"100000" group:"budget" pitfall:"within a batch no task profits from another"`
	Writer      string  `json:"writer" doc:"styles: scripts in one of three styles, reflections of failures; raw: the whole course of every episode" default:"styles" enum:"styles,raw" main:"true" group:"memory"`
	Literal     float64 `json:"literal" doc:"share of scripts that tell where this episode's things stood in place of what they are" default:"0.3333" min:"0" max:"1" main:"true" group:"memory"`
	Truncated   float64 `json:"truncated" doc:"share of scripts that lose all but the last step; the rest are schemas: which things, in which order" default:"0.3333" min:"0" max:"1" main:"true" group:"memory"`
	RewardNoise float64 `json:"reward_noise" doc:"chance that a memory is told the opposite of what came of an episode" default:"0" min:"0" max:"1" group:"learning"`
	Kept        int     `json:"kept_episodes" doc:"episodes of each epoch and of each test that go into the record whole" default:"2" min:"0" max:"100000" group:"budget"`
}

// Validate checks what bounds alone do not.
func (k *RunKnobs) Validate() error {
	if k.Literal+k.Truncated > 1 {
		return lab.Errorf(lab.Invalid, "memrl: literal %v and truncated %v come to more than 1", k.Literal, k.Truncated).
			WithHint("leave a share for schemas: lower rl.literal or rl.truncated")
	}
	return nil
}

// worlds are those that the paper runs in. A rule has fewer answers than the world's own default gives it: what is studied is which memory is
// read, and something must succeed by chance before there is anything to choose from.
func worlds() []schema.Kind {
	kinds := house.Worlds()
	for i := range kinds {
		kinds[i].Presets = []schema.Preset{{Path: "receptacles", Default: "4"}, {Path: "appliances", Default: "2"}, {Path: "switches", Default: "2"}, {Path: "familiar", Default: "1"}}
	}
	return kinds
}

// memories are all that package mem has, the paper's first. Whatever finds entries by the task reads two of them: all arms have one budget of
// the prompt, and a reader of this size makes little of a third line, which would share the reward with the others all the same.
func memories() []schema.Kind {
	kinds := mem.KindsFirst("memrl")
	for i, k := range kinds {
		fields, err := schema.Fields(k)
		if err == nil && slices.ContainsFunc(fields, func(f schema.Field) bool { return f.Path == "k" }) {
			kinds[i].Presets = []schema.Preset{{Path: "k", Default: "2"}}
		}
	}
	return kinds
}

// sizes are the reader's, and of its warm start.
func sizes() []schema.Preset {
	return []schema.Preset{{Path: "width", Fast: "64"}, {Path: "layers", Fast: "2"}, {Path: "inner", Fast: "128"}, {Path: "context", Default: "384"},
		{Path: "warm_steps", Default: "4000", Fast: "400"}, {Path: "warm_batch", Default: "64", Fast: "32"}}
}

// Sections are the parts of a set-up.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: worlds()},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: Tiny, Doc: "tiny language model that reads memories, warmed up on oracle traces of houses with other rules and then frozen", New: func() any { return new(AgentKnobs) }, Presets: sizes()},
			{Name: Reference, Doc: "a yardstick of the world, without memory", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: mem.Section, Kinds: memories()},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "runtime", Doc: "the same tasks again and again with a frozen reader: what is learned is the memory", New: func() any { return new(RunKnobs) }},
		}},
	}
}
