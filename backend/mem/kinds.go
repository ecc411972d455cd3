package mem

import (
	"encoding/json"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// Section is the name of the section of a notebook that chooses a memory.
const Section = "memory"

// kind is one memory that every text notebook may choose.
type kind struct {
	schema.Kind
	labels Labels
	open   func(knobs any, env Env) (Memory, error)
}

// kinds lists them in the order of the Library.
func kinds() []kind {
	return []kind{
		{schema.Kind{Name: "none", Doc: "Keeps nothing.", New: func() any { return new(NoneKnobs) }}, noneLabels(), openNone},
		{schema.Kind{Name: "last-n", Doc: "The newest experiences, in their order.", New: func() any { return new(LastKnobs) }}, lastLabels(), openLast},
		{schema.Kind{Name: "full", Doc: "All experiences, in their order, as far as they fit.", New: func() any { return new(FullKnobs) }}, fullLabels(), openFull},
		{schema.Kind{Name: "summary", Doc: "A running summary: the newest line of each key, and how many it stands for.", New: func() any { return new(SummaryKnobs) }}, summaryLabels(), openSummary},
		{schema.Kind{Name: "bm25", Doc: "Experiences found by the words that they share with the query.", New: func() any { return new(BM25Kind) }}, bm25Labels(), openBM25},
		{schema.Kind{Name: "embedding", Doc: "Experiences found by the likeness of their embedding to the query's.", New: func() any { return new(EmbeddingKnobs) }}, embeddingLabels(), openEmbedding},
		{schema.Kind{Name: "hybrid", Doc: "Words and embeddings, joined by reciprocal rank.", New: func() any { return new(HybridKnobs) }}, hybridLabels(), openHybrid},
		{schema.Kind{Name: "union", Doc: "The best by words and the best by embeddings, joined as sets, behind a gate of provenance.", New: func() any { return new(UnionKind) }}, unionLabels(), openUnion},
		{schema.Kind{Name: "generative-agents", Doc: "Recency, importance and relevance, as generative agents score them; without reflection.", New: func() any { return new(GenerativeKnobs) }}, generativeLabels(), openGenerative},
		{schema.Kind{Name: "mem0", Doc: "One line of each key, kept by the operations add, update, delete and nothing, chosen by rule.", New: func() any { return new(Mem0Knobs) }}, mem0Labels(), openMem0},
		{schema.Kind{Name: "reflexion", Doc: "Notes of what failed, few, read whole.", New: func() any { return new(ReflexionKnobs) }}, reflexionLabels(), openReflexion},
		{schema.Kind{Name: "memrl", Doc: "Cases whose value is learned from what came of reading them; similarity decides what is considered, value what is read.", New: func() any { return new(MemRLKnobs) }}, memrlLabels(), openMemRL},
		{schema.Kind{Name: "reasoningbank", Doc: "Strategy items that a noisy judge's winners and losers leave, read with the past query that they were written for.", New: func() any { return new(ReasoningBankKnobs) }}, reasoningBankLabels(), openReasoningBank},
		{schema.Kind{Name: "reme", Doc: "Lessons found by when to use them, counted by what came of reading them; what seldom helps is deleted.", New: func() any { return new(ReMeKnobs) }}, remeLabels(), openReMe},
	}
}

// Kinds lists the memories that every text notebook may choose.
func Kinds() []schema.Kind {
	var all []schema.Kind
	for _, k := range kinds() {
		all = append(all, k.Kind)
	}
	return all
}

// KindsFirst lists them with one in front, which is then the default of a notebook's section.
func KindsFirst(name string) []schema.Kind {
	all := Kinds()
	if i := slices.IndexFunc(all, func(k schema.Kind) bool { return k.Name == name }); i > 0 {
		first := all[i]
		all = slices.Insert(slices.Delete(all, i, i+1), 0, first)
	}
	return all
}

// Open makes the memory that a set-up's section chooses. A kind that is unknown, or a knob out of its range, is an error of code invalid.
func Open(setup lab.Setup, env Env) (Memory, error) {
	k, err := find(setup.Kind(Section))
	if err != nil {
		return nil, err
	}
	knobs := k.New()
	if err := setup.Section(Section, knobs); err != nil {
		return nil, err
	}
	return k.open(knobs, env)
}

// OpenDefault makes a memory of that kind with the defaults of a budget.
func OpenDefault(name, budget string, env Env) (Memory, error) {
	raw, err := schema.Resolve(schema.Section{Name: Section, Kinds: Kinds()}, name, nil, budget)
	if err != nil {
		return nil, err
	}
	return Open(lab.Setup{Sections: map[string]json.RawMessage{Section: raw}}, env)
}

// LabelsOf returns where a kind stands in the taxonomies.
func LabelsOf(name string) (Labels, error) {
	k, err := find(name)
	return k.labels, err
}

func find(name string) (kind, error) {
	all := kinds()
	if i := slices.IndexFunc(all, func(k kind) bool { return k.Name == name }); i >= 0 {
		return all[i], nil
	}
	names := schema.Section{Kinds: Kinds()}.Names()
	return kind{}, lab.Errorf(lab.Invalid, "memory %q is unknown, want one of %q", name, names).WithHint("set memory.kind to one of %q", names)
}
