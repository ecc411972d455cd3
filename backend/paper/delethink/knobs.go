package delethink

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/schema"
	mathworld "github.com/loci-lab/loci/backend/world/math"

	"github.com/loci-lab/loci/backend/trainer/base"
)

// Slug names the paper.
const Slug = "delethink"

// Kinds of agents.
const (
	Tiny      = "tiny"
	Reference = "reference"
)

// AgentKnobs are the sizes of the model and how it was warmed up.
type AgentKnobs struct {
	base.ModelKnobs
	base.Knobs
	WarmOps     int     `json:"warm_ops" doc:"most operations of most questions of the warm start" unit:"operations" default:"20" fast:"6" min:"1" max:"60" group:"warm start"`
	WarmLong    float64 `json:"warm_long" doc:"share of questions of the warm start that are longer, up to warm_long_ops" default:"0.4" fast:"0" min:"0" max:"1" group:"warm start"`
	WarmLongOps int     `json:"warm_long_ops" doc:"most operations of the longer questions of the warm start" unit:"operations" default:"44" min:"1" max:"60" group:"warm start"`
	WarmTokens  int     `json:"warm_tokens" doc:"most tokens of one row of the warm start: of a longer one the end is left out" unit:"tokens" default:"256" min:"16" max:"131072" group:"warm start"`
	WarmLive    int     `json:"warm_live" doc:"most variables of a question of the warm start; each trace draws its number" unit:"variables" default:"4" fast:"2" min:"1" max:"6" group:"warm start"`
	WarmSeed    int     `json:"warm_seed" doc:"seed of the warm start, which all seeds of a notebook share" default:"0" min:"0" max:"1000000" group:"warm start"`
	Cut         float64 `json:"cut" doc:"share of the rows of the warm start that begin in the middle of the work, behind the question and some tokens of it" default:"0.6" min:"0" max:"1" group:"warm start"`
	Wrong       float64 `json:"wrong" doc:"share of steps with a wrong value in the traces of the warm start" default:"0.05" paper:"0.15" min:"0" max:"1" group:"warm start"`
	Restate     float64 `json:"restate" doc:"share of steps that are followed by a line which restates every variable, in the traces of the warm start" default:"0.1" min:"0" max:"1" main:"true" group:"warm start"`
}

// ReferenceKnobs choose a yardstick.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick answers" default:"oracle" enum:"oracle,random,memory-free,full-memory" main:"true"`
}

// RLKnobs are the template of thinking and the learning.
type RLKnobs struct {
	rl.GRPOKnobs
	Chunk         int    `json:"chunk" doc:"tokens of thought in sight at once" symbol:"C" unit:"tokens" default:"64" min:"2" max:"100000" main:"true" group:"memory"`
	Carry         int    `json:"carry" doc:"last tokens of a chunk that the next one begins with" symbol:"m" unit:"tokens" default:"32" min:"0" max:"100000" main:"true" group:"memory"`
	Chunks        int    `json:"chunks" doc:"chunks at most; 1 is thinking at length" symbol:"I" default:"4" min:"1" max:"1000" main:"true" group:"memory"`
	Fold          int    `json:"fold" doc:"tokens of the first chunk that join the question for good" unit:"tokens" default:"0" min:"0" max:"100000" group:"memory" pitfall:"they are taken off the carried tokens"`
	Normalise     string `json:"normalise" doc:"trace: every attempt weighs the same; chunk: every chunk does, so that attempts of many chunks weigh more" default:"trace" enum:"trace,chunk" group:"learning"`
	Extra         bool   `json:"more_supervised" doc:"spend the updates on more supervised steps, on as many tokens, instead of reinforcement: the control" default:"false" group:"learning"`
	LongOps       int    `json:"long_ops" doc:"operations of the long questions of the last test" unit:"operations" default:"40" min:"1" max:"60" group:"budget"`
	LongChunks    int    `json:"long_chunks" doc:"chunks at most on the long questions; thinking at length gets as many tokens" default:"12" min:"1" max:"1000" group:"budget"`
	Evaluations   int    `json:"evaluations" doc:"evaluations during training, evenly spread, the last at its end" default:"8" fast:"3" min:"1" max:"1000" group:"budget"`
	EvalQuestions int    `json:"eval_questions" doc:"questions of each evaluation during training" default:"64" fast:"32" min:"1" max:"100000" group:"budget"`
	TestQuestions int    `json:"test_questions" doc:"questions of each test at the end" default:"256" fast:"64" min:"1" max:"100000" group:"budget"`
}

// Validate checks what bounds alone do not.
func (k *RLKnobs) Validate() error {
	if k.Chunks > 1 && k.Carry >= k.Chunk {
		return lab.Errorf(lab.Invalid, "delethink: carry is %d, want less than chunk %d: a chunk must have room for new tokens", k.Carry, k.Chunk).
			WithHint("set rl.carry to half of rl.chunk, or rl.chunks to 1")
	}
	return nil
}

func (k *RLKnobs) template() template { return template{k.Chunk, k.Carry, k.Chunks, k.Fold} }

// long is the template of the long questions. Thinking at length gets as many tokens as the chunks of the knob's defaults would.
func (k *RLKnobs) long() template {
	t := k.template()
	if t.chunks == 1 {
		t.chunk = longBudget(k.LongChunks)
		return t
	}
	t.chunks = max(1, 1+(longBudget(k.LongChunks)-t.chunk)/(t.chunk-t.carry))
	return t
}

// longBudget is the budget of thought on long questions: that of the paper's template (C 64, m 32) with so many chunks.
func longBudget(chunks int) int { return template{chunk: 64, carry: 32, chunks: chunks}.budget() }

// worlds are those that the paper runs in. A smaller modulus than the world's own keeps the table of facts so small that a warm start learns
// it in minutes; variables change hands more often, so that the question alone seldom tells their values.
func worlds() []schema.Kind {
	kinds := slices.DeleteFunc(mathworld.Worlds(), func(k schema.Kind) bool { return k.Name != mathworld.RunningArithmetic })
	for i := range kinds {
		kinds[i].Presets = []schema.Preset{{Path: "modulus", Default: "31", Fast: "13"}, {Path: "operand", Default: "5", Fast: "2"},
			{Path: "stay", Default: "0.5"}, {Path: "reads", Default: "0.2"}, {Path: "shortest", Fast: "2"}, {Path: "longest", Fast: "6"}}
	}
	return kinds
}

// sizes are the model's, and of its warm start.
func sizes() []schema.Preset {
	return []schema.Preset{{Path: "width", Default: "128", Fast: "64"}, {Path: "layers", Fast: "2"}, {Path: "inner", Default: "336", Fast: "128"},
		{Path: "context", Default: "704"}, {Path: "warm_steps", Default: "2800", Fast: "900"}}
}

// Sections are the parts of a set-up.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: worlds()},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: Tiny, Doc: "tiny language model, warmed up on the oracle's traces", New: func() any { return new(AgentKnobs) }, Presets: sizes()},
			{Name: Reference, Doc: "a yardstick of the world, without learning", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "delethink", Doc: "thinking in chunks with group-relative policy optimisation; one chunk is thinking at length", New: func() any { return new(RLKnobs) },
				Presets: []schema.Preset{{Path: "clip_high", Default: "0.26"}, {Path: "questions", Default: "16", Fast: "8"}, {Path: "updates", Default: "50", Fast: "20"}, {Path: "chunk", Fast: "24"}, {Path: "carry", Fast: "12"}, {Path: "learning_rate", Default: "0.0001"}}},
		}},
	}
}
