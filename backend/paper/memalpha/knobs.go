package memalpha

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world/chat"
)

// Slug names the paper.
const Slug = "mem-alpha"

// Kinds of agents.
const (
	Tiny      = "tiny"
	Reference = "reference"
)

// Own is the kind of memory that the paper brings.
const Own = Slug

// Who writes into the stores.
const (
	Learned = "learned"
	Oracle  = "oracle"
	Weak    = "weak"
	CopyAll = "copy-all"
)

// Over which rewards a step's reward is normalised.
const (
	PerInstance = "instance" // all steps of all rollouts of an instance
	PerChunk    = "chunk"    // the steps of all rollouts at the same chunk
)

// AgentKnobs are the sizes of the model and what it was warmed up on. The habits of the traces are drawn independently of each other, so
// that everything that is to be found by learning is sampled now and then, and no trace need have all of it.
type AgentKnobs struct {
	base.ModelKnobs
	Steps     int     `json:"warm_steps" doc:"supervised steps that make the warm start" unit:"steps" default:"1500" fast:"250" min:"0" max:"10000000" main:"true" group:"warm start" pitfall:"too few, and chunks are copied wrongly: learning then repairs copying and not habits"`
	Batch     int     `json:"warm_batch" doc:"fresh traces of each supervised step" default:"32" min:"1" max:"65536" group:"warm start"`
	WarmRate  float64 `json:"warm_rate" doc:"highest learning rate of the warm start" default:"0.002" min:"0.000001" max:"1" group:"warm start"`
	Half      float64 `json:"half" doc:"share of traces that copy the first half of the chunk alone, as one entry" default:"0.6" min:"0" max:"1" main:"true" group:"warm start"`
	OneStore  float64 `json:"one_store" doc:"share of traces that put everything into the semantic store" default:"0.7" min:"0" max:"1" main:"true" group:"warm start"`
	NoCore    float64 `json:"no_core" doc:"share of traces that never write the core" default:"0.75" min:"0" max:"1" main:"true" group:"warm start"`
	Malformed float64 `json:"malformed" doc:"share of the calls of traces that cannot be executed" default:"0.3" min:"0" max:"1" main:"true" group:"warm start"`
	WarmSeed  int     `json:"warm_seed" doc:"seed of the warm start, which all seeds of a notebook share" default:"0" min:"0" max:"1000000" group:"warm start"`
}

// warm is the learning of the warm start.
func (k *AgentKnobs) warm() base.Knobs {
	return base.Knobs{Steps: k.Steps, Batch: k.Batch, Rate: k.WarmRate}
}

// ReferenceKnobs choose a yardstick.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick answers" default:"oracle" enum:"oracle,random,memory-free,full-memory" main:"true"`
}

// MemoryKnobs are the three stores, who writes them and what is read of them.
type MemoryKnobs struct {
	Writer    string `json:"writer" doc:"who writes: the model, or a rule: oracle keeps all facts in their stores, weak is the mixture of the warm start, copy-all puts each chunk whole into the semantic store" default:"learned" enum:"learned,oracle,weak,copy-all" main:"true" group:"memory"`
	Recalled  int    `json:"recalled" doc:"entries of the semantic and of the episodic store that a question is answered from, each by BM25; the core is always read" symbol:"k" default:"3" min:"0" max:"1000" main:"true" group:"memory" paper:"15 in the authors' server, where the memory is too long to be shown whole"`
	Visible   int    `json:"visible" doc:"newest entries of each of the two stores that the writer sees" default:"2" min:"0" max:"9" paper:"20" main:"true" group:"memory" pitfall:"what the writer does not see it can neither update nor delete"`
	CoreLimit int    `json:"core_limit" doc:"most words of the core; what is longer is cut" unit:"words" default:"12" min:"1" max:"64" paper:"512 tokens" group:"memory"`
	Calls     int    `json:"calls" doc:"most calls of one response; further ones are not executed and count as failed" default:"4" min:"1" max:"16" group:"memory"`
	Tokens    int    `json:"tokens" doc:"most tokens of one response" unit:"tokens" default:"40" min:"4" max:"512" paper:"2048" group:"memory"`
}

// RLKnobs are the rewards and the learning.
type RLKnobs struct {
	rl.GRPOKnobs
	Beta          float64 `json:"beta" doc:"weight of r3, how much shorter the memory is than what was read" symbol:"β" default:"0.05" min:"0" max:"10" paper:"0.05" main:"true" group:"learning"`
	Gamma         float64 `json:"gamma" doc:"weight of r4, the share of calls that the judge finds valid" symbol:"γ" default:"0.1" min:"0" max:"10" paper:"0.1" main:"true" group:"learning"`
	Format        float64 `json:"format" doc:"weight of r2, the share of calls that can be executed" default:"1" min:"0" max:"10" paper:"1" group:"learning" pitfall:"a response without any call has r2 = 0: at 1 leaving out noise is dearer than keeping it"`
	Statistics    string  `json:"statistics" doc:"what the reward of a step is normalised by: instance, the steps of all rollouts of the instance; chunk, those of all rollouts at the same chunk" default:"chunk" enum:"instance,chunk" main:"true" group:"learning"`
	Shortest      int     `json:"shortest" doc:"fewest chunks of an instance of training; the most is world.chunks" unit:"chunks" default:"4" min:"2" max:"104" group:"budget"`
	Extra         bool    `json:"more_supervised" doc:"spend the updates on more supervised steps instead of reinforcement: the control" default:"false" group:"learning"`
	Evaluations   int     `json:"evaluations" doc:"evaluations during training, evenly spread, the last at its end" default:"6" fast:"2" min:"1" max:"1000" group:"budget"`
	EvalInstances int     `json:"eval_instances" doc:"instances of each evaluation during training" default:"32" fast:"8" min:"1" max:"100000" group:"budget"`
	TestInstances int     `json:"test_instances" doc:"instances of each test, before and after learning" default:"96" fast:"16" min:"1" max:"100000" group:"budget"`
	LongInstances int     `json:"long_instances" doc:"instances of each test of long and longest" default:"24" fast:"4" min:"1" max:"100000" group:"budget"`
	Long          int     `json:"long" doc:"chunks of the long test" unit:"chunks" default:"32" fast:"16" min:"2" max:"104" group:"budget"`
	Longest       int     `json:"longest" doc:"chunks of the longest test" unit:"chunks" default:"104" fast:"32" min:"2" max:"104" main:"true" group:"budget"`
}

// Sections are the parts of a set-up.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: worlds()},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: Tiny, Doc: "tiny language model that writes the stores, warmed up on the traces of a weak writer", New: func() any { return new(AgentKnobs) }, Presets: []schema.Preset{
				{Path: "width", Default: "64"}, {Path: "layers", Default: "2"}, {Path: "inner", Default: "160"}, {Path: "context", Default: "256"}}},
			{Name: Reference, Doc: "a yardstick of the world, without memory of ours and without learning", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: mem.Section, Kinds: append([]schema.Kind{
			{Name: Own, Doc: "a core text and two lists, semantic and episodic, that a writer fills by calls", New: func() any { return new(MemoryKnobs) }},
		}, mem.Kinds()...)},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "grpo", Doc: "group-relative policy optimisation of the writer by the answers that its memory gives", New: func() any { return new(RLKnobs) }, Presets: []schema.Preset{
				{Path: "updates", Default: "80", Fast: "6"}, {Path: "questions", Default: "16", Fast: "4"}, {Path: "learning_rate", Default: "0.0005"}}},
		}},
	}
}

// worlds is ChatWorld in mode chunks.
func worlds() []schema.Kind {
	kinds := chat.Worlds()
	for i := range kinds {
		kinds[i].Presets = []schema.Preset{{Path: "mode", Default: chat.InChunks}, {Path: "questions", Default: "12"},
			{Path: "facts", Default: "0.3"}, {Path: "events", Default: "0.25"}, {Path: "samples", Default: "0.35"}, {Path: "noise", Default: "0.1"},
			{Path: "ask_facts", Default: "0.5"}, {Path: "ask_events", Default: "0.45"}, {Path: "ask_samples", Default: "0.05"}}
	}
	return kinds
}

// onlyChunks is an error of code invalid for a dialogue: the writer reads chunks.
func onlyChunks(k chat.Knobs) error {
	if k.Mode == chat.InChunks {
		return nil
	}
	return lab.Errorf(lab.Invalid, "%s: world.mode is %q, want %q: the writer reads chunks", Slug, k.Mode, chat.InChunks).WithHint("set world.mode to %s", chat.InChunks)
}
