package tool

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
)

// Worlds lists the worlds of this package for the catalog: one a suite.
func Worlds() []schema.Kind {
	return []schema.Kind{
		{Name: Apps, Doc: "Files, notes, contacts and a wallet behind calls whose form only their documentation tells.", New: func() any { return new(AppsKnobs) }},
		{Name: Services, Doc: "Requests to services, each of which wants something to be looked up right before; what, only earlier tasks tell.", New: func() any { return new(ServicesKnobs) }},
		{Name: Pipeline, Doc: "Data pipelines in tokens alone, with abstract shortcuts that succeed and raise a flag, and notes that anyone may have written.", New: func() any { return new(PipelineKnobs) }},
	}
}

// Knobs are those of a suite, made by New of its kind in Worlds.
type Knobs interface {
	Validate() error
	Suite() Suite
}

// World is a suite under the rules of one seed. It may be used by several goroutines; a dialogue by one.
type World struct {
	suite  Suite
	rules  uint64
	number int
	spec   world.TextSpec
	terms  map[string]int // place of a word in spec
}

// New makes the world of those knobs; rules is the seed of what holds over its episodes. Its errors are of code invalid.
func New(knobs any, rules uint64) (*World, error) {
	k, ok := knobs.(Knobs)
	if !ok {
		return nil, lab.Errorf(lab.Internal, "knobs of type %T belong to no suite of tools", knobs)
	}
	if err := k.Validate(); err != nil {
		return nil, err
	}
	w := &World{suite: k.Suite(), rules: rules, terms: map[string]int{}}
	for _, word := range append(Words(), w.suite.Words()...) {
		if _, known := w.terms[word]; !known {
			w.terms[word] = len(w.spec.Words)
			w.spec.Words = append(w.spec.Words, word)
		}
	}
	w.spec.Name, w.spec.Horizon = w.suite.Name(), w.suite.Horizon()
	return w, nil
}

// Ruled is the same world under the rules of another seed.
func (w *World) Ruled(rules uint64) *World {
	other := *w
	other.rules = rules
	return &other
}

// At is the same world at the moment of task number n of the stream: what drifts has drifted that far.
func (w *World) At(n int) *World {
	other := *w
	other.number = max(n, 0)
	return &other
}

// Suite returns the suite.
func (w *World) Suite() Suite { return w.suite }

// Spec returns the shape of the world.
func (w *World) Spec() world.TextSpec { return w.spec }

// Splits names the kinds of episodes.
func (w *World) Splits() []string { return w.suite.Splits() }

// Start returns the episode of that seed in that split.
func (w *World) Start(split string, seed uint64) (world.Dialogue, error) {
	e, err := w.Begin(split, seed)
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Begin is Start for callers that want more than a dialogue.
func (w *World) Begin(split string, seed uint64) (*Episode, error) {
	if !slices.Contains(w.Splits(), split) {
		return nil, unknownSplit(w.spec.Name, split, w.Splits())
	}
	return begin(w, w.suite.Draw(Seat{Split: split, Rules: w.rules, Seed: seed, Number: w.number}), seed), nil
}

// Reader returns the suite's rule that acts on recalled lines.
func (w *World) Reader(seed uint64) world.Reader { return w.suite.Reader(seed) }
