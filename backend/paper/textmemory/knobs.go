package textmemory

import (
	"slices"

	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/mem/outside"
	"github.com/loci-lab/loci/backend/schema"
)

// Slug names the notebook's paper.
const Slug = "text-memory"

// Kinds of agents.
const (
	Reader    = "reader"
	Reference = "reference"
	Retrieval = "retrieval"
)

// Embedders of memories that compare by embeddings.
const (
	hashed   = "hashed"
	endpoint = "endpoint"
)

// PlayKnobs are how much is played and what is read of a memory.
type PlayKnobs struct {
	Episodes int    `json:"episodes" doc:"episodes that are played; in worlds of real data no more than they have, each once" unit:"episodes" default:"100" fast:"10" full:"1000" min:"1" max:"1000000" main:"true" group:"budget"`
	Pool     int    `json:"pool" doc:"episodes that come again and again in the same order; 0 for a new one each time" unit:"episodes" default:"0" min:"0" max:"1000000" group:"world" pitfall:"where nothing comes again, a memory of whole tasks can only help if tasks are alike"`
	Split    string `json:"split" doc:"which episodes of the world" default:"test" enum:"train,test" group:"world"`
	Points   int    `json:"points" doc:"points of a curve, each the mean over its share of the episodes" default:"10" fast:"5" min:"1" max:"1000" group:"budget"`
	Kept     int    `json:"kept" doc:"episodes recorded step by step, evenly spread from the first on" unit:"episodes" default:"4" fast:"2" min:"0" max:"10000" group:"budget"`
	K        int    `json:"read" doc:"entries that are read before an answer; 0 for as many as the memory's own knob says" unit:"entries" default:"0" min:"0" max:"10000" group:"memory"`
	Tokens   int    `json:"read_tokens" doc:"most tokens of all entries read before an answer; 0 for no limit" unit:"tokens" default:"0" min:"0" max:"1000000" group:"memory"`
	Embedder string `json:"embedder" doc:"what memories compare by: a hashed bag of words, or the embeddings model of the endpoint that model names" default:"hashed" enum:"hashed,endpoint" group:"memory"`
}

// ReaderKnobs are those of an agent that answers out of recalled lines.
type ReaderKnobs struct {
	PlayKnobs
	Reply       int     `json:"reply_tokens" doc:"most tokens of an answer; on an endpoint only" unit:"tokens" default:"128" min:"1" max:"100000" group:"budget"`
	Temperature float64 `json:"temperature" doc:"temperature of the answers; on an endpoint only" default:"0" min:"0" max:"2" group:"memory"`
}

// ReferenceKnobs choose a yardstick, which looks into the world and uses no memory.
type ReferenceKnobs struct {
	PlayKnobs
	Policy string `json:"policy" doc:"which yardstick answers" default:"oracle" enum:"oracle,random,memory-free,full-memory" main:"true"`
}

// RetrievalKnobs are those of an agent that recalls for every question and answers none.
type RetrievalKnobs struct {
	PlayKnobs
	Depth    int  `json:"depth" doc:"entries that are recalled for every question" unit:"entries" default:"20" min:"20" max:"1000" main:"true" group:"memory"`
	Feedback bool `json:"feedback" doc:"after every question the memory is told which of the recalled entries held evidence and which did not" default:"true" main:"true" group:"memory"`
}

// Sections are the parts of a set-up.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: worldKinds()},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: Reader, Doc: "the world's own rule answers out of what is recalled; with model: endpoint NAME, the model does", New: func() any { return new(ReaderKnobs) }},
			{Name: Reference, Doc: "a yardstick of the world, without a memory", New: func() any { return new(ReferenceKnobs) }},
			{Name: Retrieval, Doc: "recalls for every question and answers none: how much of the evidence is found, in worlds that tell it", New: func() any { return new(RetrievalKnobs) }},
		}},
		{Name: mem.Section, Kinds: append(mem.KindsFirst("bm25"), outside.Kind())},
	}
}

// worldKinds are those of all worlds.
func worldKinds() (all []schema.Kind) {
	for _, f := range families() {
		all = slices.Concat(all, f.kinds)
	}
	return all
}
