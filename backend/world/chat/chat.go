// Package chat is ChatWorld: what a few personas tell of themselves over sessions, in words of a small fixed vocabulary, and questions
// about it. Facts are told, told again in other words, added to, changed, contradicted, taken back, and expire; questions ask for single
// values, lists, a persona named by another fact, days and orders, and for what nobody has told. In mode chunks a text comes in pieces
// (facts, dated events, labelled samples, noise) without contradictions, for writers of memories (arXiv 2509.25911).
//
// A conversation is made from a seed without end; chance comes from world.Draw, so no order of calls can move it. A persona has each
// value of an attribute in one of the splits only: training and test share no pair of persona and value.
package chat

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

// World is a world. It never changes and may be used by several goroutines; a dialogue by one.
type World struct {
	knobs Knobs
	lex   *lexicon
	sides *sides
	spec  world.TextSpec
}

// New makes the world. Its errors are of code invalid.
func New(k Knobs) (*World, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	w := &World{knobs: k, lex: newLexicon()}
	w.sides = newSides(w.lex)
	told := k.Sessions * k.Turns
	if k.Mode == InChunks {
		told = mostChunks
	}
	w.spec = world.TextSpec{Name: Name, Words: slices.Clone(w.lex.words), Horizon: told + k.Questions + 1}
	return w, nil
}

// Knobs are the knobs that the world was made with.
func (w *World) Knobs() Knobs { return w.knobs }

// Spec returns the shape of the world. The words are the same for all knobs, so that one model serves every length.
func (w *World) Spec() world.TextSpec { return w.spec }

// Splits returns train and test.
func (w *World) Splits() []string { return []string{Train, Test} }

// Names are the words of all personas.
func (w *World) Names() []string { return slices.Clone(w.lex.names) }

// Attributes are the nouns of the attributes that a persona of a dialogue has: first those with one value, then lists.
func (w *World) Attributes() (single, list []string) {
	for a, at := range w.lex.attrs[:attributes] {
		if a < singles {
			single = append(single, at.noun)
		} else {
			list = append(list, at.noun)
		}
	}
	return single, list
}

// Values are the words of the values of an attribute; nil where there is no such attribute.
func (w *World) Values(attribute string) []string {
	a, ok := w.lex.noun[attribute]
	if !ok {
		return nil
	}
	return slices.Clone(w.lex.attrs[a].pool)
}

// Start returns the episode of that seed in that split: all that is told, a turn or a chunk at a time, then the questions.
func (w *World) Start(split string, seed uint64) (world.Dialogue, error) {
	if w.knobs.Mode == InChunks {
		in, err := w.Instance(split, seed)
		if err != nil {
			return nil, err
		}
		return w.beginChunks(in), nil
	}
	c, err := w.Conversation(split, seed)
	if err != nil {
		return nil, err
	}
	return w.beginTurns(c), nil
}

// sideOf says which half of the values a split has.
func (w *World) sideOf(split string) (int, error) {
	if i := slices.Index(w.Splits(), split); i >= 0 {
		return i, nil
	}
	return 0, lab.Errorf(lab.Invalid, "%s: split %q is unknown, want one of %q", Name, split, w.Splits()).WithHint("name one of %q", w.Splits())
}

// sides hold, for each persona and attribute (or sample), the values in an order of their own: the first half belongs to one split, the rest
// to the other.
type sides struct {
	persona [][allKinds][]string
	sample  [][]string
}

func newSides(l *lexicon) *sides {
	s := &sides{persona: make([][allKinds][]string, len(l.names)), sample: make([][]string, len(l.samples))}
	for n := range s.persona {
		for a := range label {
			s.persona[n][a] = shuffled(l.attrs[a].pool, uint64(n*allKinds+a))
		}
	}
	for i := range s.sample {
		s.sample[i] = shuffled(l.attrs[label].pool, uint64(1<<32+i))
	}
	return s
}

func shuffled(pool []string, key uint64) []string {
	list, d := slices.Clone(pool), dice{key: key}
	for i := range list {
		j := d.below(i + 1)
		list[i], list[j] = list[j], list[i]
	}
	return list
}

func part(values []string, side int) []string {
	n := len(values) / 2
	return values[side*n : (side+1)*n : (side+1)*n]
}

// dice are the draws of one key in their order.
type dice struct{ key, drawn uint64 }

func (d *dice) bits() uint64 {
	d.drawn++
	return world.Draw(d.key, d.drawn-1)
}

func (d *dice) below(n int) int           { return world.Pick(d.bits(), n) }
func (d *dice) between(lo, hi int) int    { return lo + d.below(hi-lo+1) }
func (d *dice) chance(share float64) bool { return world.Unit(d.bits()) < share }

// kind draws an index by weights that are not all 0.
func (d *dice) kind(weights []float64) int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	at, last := world.Unit(d.bits())*sum, 0
	for i, w := range weights {
		if w > 0 {
			if last = i; at < w {
				return i
			}
			at -= w
		}
	}
	return last
}
