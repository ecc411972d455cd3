// Package memoryvla is MemoryVLA (sheet memoryvla): a policy that imitates a teacher keeps a small bank of tokens of past frames, reads it
// by attention, blends what it read through a gate, and merges the two neighbours that are most alike when the bank is full. Read doc.md
// beside this file first; net.go follows one frame through the network, bank.go is the bank.
package memoryvla

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/desk"
)

// Slug names the paper in notebooks and the Library.
const Slug = "memoryvla"

// Agent kinds.
const (
	VLA       = "vla"
	Reference = "reference"
)

// What an agent remembers with.
const (
	MemoryBank  = "bank"
	MemoryNone  = "none"
	MemoryStack = "stack"
	MemoryGRU   = "gru"
)

// What leaves a full bank.
const (
	EvictMerge  = "merge"
	EvictFIFO   = "fifo"
	EvictRandom = "random"
)

// How what was read joins the present token.
const (
	BlendGate = "gate"
	BlendAdd  = "add"
)

// Which streams have a bank.
const (
	StreamsBoth       = "both"
	StreamsPerceptual = "perceptual"
	StreamsCognitive  = "cognitive"
)

// VLAKnobs are the network and its memory.
type VLAKnobs struct {
	Memory   string `json:"memory" doc:"bank: tokens of past frames; none: the present frame alone; stack: the tokens of the last frames side by side; gru: a recurrent state over the pooled token" default:"bank" enum:"bank,none,stack,gru" main:"true" group:"memory"`
	Length   int    `json:"length" doc:"entries that each bank holds, or frames of the stack" symbol:"L" unit:"frames" default:"4" min:"1" max:"256" paper:"16" main:"true" group:"memory" pitfall:"merging and first in, first out differ only where this is below the delay"`
	Evict    string `json:"evict" doc:"merge: the two neighbours that are most alike become their mean; fifo: the oldest leaves; random: any leaves" default:"merge" enum:"merge,fifo,random" main:"true" group:"memory"`
	Blend    string `json:"blend" doc:"gate: a learned share of each channel; add: the sum" default:"gate" enum:"gate,add" main:"true" group:"memory"`
	Streams  string `json:"streams" doc:"which tokens have a bank: those of the cells, the pooled one, or both" default:"both" enum:"both,perceptual,cognitive" main:"true" group:"memory"`
	TimeCode bool   `json:"time_code" doc:"keys carry when their frame was seen" default:"true" main:"true" group:"memory"`
	Width    int    `json:"width" doc:"width of a perceptual token; there is one for each of the nine cells" symbol:"D_p" default:"16" min:"4" max:"256" paper:"256" group:"network"`
	Pooled   int    `json:"pooled" doc:"width of the cognitive token" symbol:"D_c" default:"32" min:"4" max:"1024" paper:"4096" group:"network"`
	Layers   int    `json:"layers" doc:"cross-attention blocks of each reading" default:"2" min:"1" max:"4" paper:"2" group:"network"`
	Hidden   int    `json:"hidden" doc:"units of the action head" default:"64" min:"4" max:"1024" group:"network"`
}

// Validate checks what no bound on a single knob can.
func (k *VLAKnobs) Validate() error {
	if k.Width%2 != 0 || k.Pooled%2 != 0 {
		return lab.Errorf(lab.Invalid, "vla: width is %d and pooled %d, want even numbers: time is coded in pairs", k.Width, k.Pooled).
			WithHint("raise the odd one by one")
	}
	return nil
}

// ReferenceKnobs: a yardstick of the world instead of a learner.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick plays" default:"oracle" enum:"oracle,random,memory-free,full-memory" main:"true"`
}

// CloneKnobs: imitation of the teacher, and how long and how often.
type CloneKnobs struct {
	LearningRate float64 `json:"learning_rate" doc:"step size of Adam" default:"0.003" min:"0" max:"1" symbol:"α" main:"true" group:"learning"`
	MaxGradNorm  float64 `json:"max_grad_norm" doc:"norm to which the gradient of all parameters together is cut" default:"1" min:"0.001" max:"1000" group:"learning"`
	Batch        int     `json:"batch" doc:"whole episodes of a gradient step; the bank of each is rebuilt in the order of time" symbol:"B" unit:"episodes" default:"8" min:"1" max:"256" group:"learning"`
	Chunk        int     `json:"chunk" doc:"actions predicted at once; the first is played" unit:"actions" default:"4" min:"1" max:"16" paper:"16" group:"learning"`
	Noise        float64 `json:"noise" doc:"standard deviation of what disturbs the teacher's displacement in demonstrations, as a share of the largest; the label is undisturbed" default:"0.2" min:"0" max:"2" group:"learning"`
	Fresh        bool    `json:"fresh" doc:"every pass has demonstrations of its own; false: all passes go over the same ones, as in the paper" default:"true" group:"learning" pitfall:"few demonstrations are learned by heart, by the drift of the arm and the walk of the distractor"`
	Demos        int     `json:"demos" doc:"demonstrated episodes of a pass" unit:"episodes" default:"1500" fast:"96" full:"2000" min:"1" max:"100000" main:"true" group:"budget"`
	Epochs       int     `json:"epochs" doc:"passes; 0 leaves the agent untrained" default:"14" fast:"4" full:"20" min:"0" max:"1000" main:"true" group:"budget"`
	Every        int     `json:"every" doc:"passes between two examinations" default:"7" fast:"2" min:"1" max:"1000" group:"budget"`
	Exam         int     `json:"exam" doc:"episodes of each task in an examination" unit:"episodes" default:"100" fast:"50" min:"10" max:"10000" group:"budget"`
}

// Sections are the set-up cells of a notebook of this paper.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: []schema.Kind{desk.Kind()}},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: VLA, Doc: "cells and instruction to tokens, a memory, a chunk of actions", New: func() any { return new(VLAKnobs) }},
			{Name: Reference, Doc: "a yardstick of the world, without learning", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "clone", Doc: "behaviour cloning of the scripted teacher", New: func() any { return new(CloneKnobs) }},
		}},
	}
}
