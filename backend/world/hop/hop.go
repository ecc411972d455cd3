// Package hop is HopWorld: search over a corpus of facts to answer several questions in one episode.
//
// A fact says that a relation of an entity is another entity: boss ana is bob. The corpus is made anew for every episode, so nothing can be
// learned by heart: an agent asks for one fact a turn (find boss ana), is told it with leads that are of no use, and names the answers to all
// questions at the end (ans bob ; rosa). What it found before must still be in its sight or in its memory then. Questions may chain
// relations, and may name an entity by an alias that only a search in the alias table resolves (find alias doc).
//
// Facts of the training split are none of the test split: for each relation and entity, half of the entities are possible values in the
// one and half in the other. Chance comes from world.Draw, so no order of calls can move it.
package hop

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Splits of the world.
const (
	Train = "train"
	Test  = "test"
)

// World makes episodes. It may be used by several goroutines; an episode by one.
type World struct {
	knobs Knobs
	lex   *lexicon
	spec  world.TextSpec
}

// New makes the world. Its errors are of code invalid.
func New(k Knobs) (*World, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	w := &World{knobs: k, lex: newLexicon()}
	w.spec = world.TextSpec{Name: Name, Words: slices.Clone(w.lex.words), Horizon: k.Turns(k.Most)}
	return w, nil
}

// Spec returns the shape of the world.
func (w *World) Spec() world.TextSpec { return w.spec }

// Knobs returns those that it was made with.
func (w *World) Knobs() Knobs { return w.knobs }

// Splits returns train and test.
func (w *World) Splits() []string { return []string{Train, Test} }

// Start returns the episode of that seed in that split; it is an *Episode.
func (w *World) Start(split string, seed uint64) (world.Dialogue, error) {
	return w.Episode(split, seed)
}

// Episode is Start for callers that want to look inside.
func (w *World) Episode(split string, seed uint64) (*Episode, error) {
	side := slices.Index(w.Splits(), split)
	if side < 0 {
		return nil, lab.Errorf(lab.Invalid, "%s: split %q is unknown, want one of %q", Name, split, w.Splits()).WithHint("name one of %q", w.Splits())
	}
	c := &corpus{w: w, side: uint64(side), key: world.Draw(seed, uint64(side))}
	e := &Episode{corpus: c, questions: c.questions()}
	e.turns = w.knobs.Turns(len(e.questions))
	e.info.Seed = seed & seedBits
	return e, nil
}
