package hop

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// Name is the name of the world, as in a notebook.
const Name = "hop"

// What an answer pays.
const (
	PaysEach  = "each"  // 1 for every right answer
	PaysShare = "share" // the share of right answers
	PaysAll   = "all"   // 1 if all are right
)

// Bounds that the vocabulary sets.
const (
	MostEntities   = 48
	MostRelations  = 8
	MostObjectives = 16
	MostTurns      = 40 // turns of an episode: as many ids and numbers are words
	MostNumber     = 20 // of a question
)

// Knobs are the knobs of the world.
type Knobs struct {
	Least     int     `json:"least" doc:"questions of an episode at least" symbol:"N" default:"2" min:"1" max:"16" main:"true" group:"world" pitfall:"an episode of one question asks for no memory: its answer stands in the search result in sight"`
	Most      int     `json:"most" doc:"questions of an episode at most" symbol:"N" default:"4" min:"1" max:"16" main:"true" group:"world"`
	Hops      int     `json:"hops" doc:"relations that a question chains at most: of 2, boss home ana asks for the boss of the home of ana" default:"1" min:"1" max:"3" main:"true" group:"world"`
	Entities  int     `json:"entities" doc:"entities of the corpus; it has a fact for each of them and each relation" default:"40" min:"12" max:"48" group:"world" pitfall:"chance is one in these for every question"`
	Relations int     `json:"relations" doc:"relations of the corpus" default:"6" min:"2" max:"8" group:"world"`
	Leads     int     `json:"leads" doc:"facts that a search brings beside the one that was looked for" default:"3" min:"0" max:"12" main:"true" group:"world"`
	Spread    int     `json:"spread" doc:"leads that a search brings beyond these at most, as many as chance will" default:"0" min:"0" max:"12" group:"world" pitfall:"with 0 all search results are equally long, and a model meets every word at the same few positions"`
	Alike     float64 `json:"alike" doc:"share of leads that look like what was looked for: the same relation or the same entity" default:"0.5" min:"0" max:"1" group:"world"`
	Misses    float64 `json:"misses" doc:"share of facts for which the first search brings useless leads alone, so that it must be searched again" default:"0" min:"0" max:"1" group:"world"`
	Aliases   float64 `json:"aliases" doc:"share of questions that name their entity by an alias, which only a search in the alias table resolves" default:"0" min:"0" max:"1" group:"world"`
	Each      int     `json:"turns_each" doc:"turns that an episode has for each question" unit:"turns" default:"3" min:"1" max:"10" group:"world"`
	Spare     int     `json:"turns_spare" doc:"turns that it has beyond these; the answer takes one" unit:"turns" default:"2" min:"1" max:"20" group:"world"`
	Hint      int     `json:"hint" doc:"the text of a turn says how many turns are left, this many at most; 0 says nothing" unit:"turns" default:"9" min:"0" max:"40" group:"world" pitfall:"without it an agent answers too early or too late; a number never seen in training means nothing to it"`
	IDs       bool    `json:"ids" doc:"each search result begins with an identifier of its own, one token" default:"false" group:"world"`
	Numbered  bool    `json:"numbered" doc:"every question has a number, consecutive in an episode and beginning anywhere, and answers name it: ask #5 boss ana #6 mother ben, ans #5 bob #6 rosa" default:"false" group:"world"`
	Pays      string  `json:"pays" doc:"what answers pay: each right one 1, their share, or 1 if all are right" default:"each" enum:"each,share,all" group:"world"`
}

// Worlds lists the worlds of this package for the catalog.
func Worlds() []schema.Kind {
	return []schema.Kind{{Name: Name, Doc: "Search over a corpus of facts made for each episode, to answer several questions at once.", New: func() any { return new(Knobs) }}}
}

// Validate checks the bounds again, for callers that build knobs in Go.
func (k *Knobs) Validate() error {
	for _, n := range []struct {
		name          string
		value, lo, hi int
	}{
		{"least", k.Least, 1, k.Most}, {"most", k.Most, 1, MostObjectives}, {"hops", k.Hops, 1, 3}, {"entities", k.Entities, 2*k.Most + 4, MostEntities},
		{"relations", k.Relations, 2, MostRelations}, {"leads", k.Leads, 0, 12}, {"spread", k.Spread, 0, 12}, {"turns_each", k.Each, 1, 10},
		{"turns_spare", k.Spare, 1, 20}, {"hint", k.Hint, 0, MostTurns},
	} {
		if n.value < n.lo || n.value > n.hi {
			return lab.Errorf(lab.Invalid, "%s: knob %s is %d, want %d to %d", Name, n.name, n.value, n.lo, n.hi).
				WithHint("choose world.%s between %d and %d", n.name, n.lo, n.hi)
		}
	}
	for _, n := range []struct {
		name  string
		value float64
	}{{"alike", k.Alike}, {"misses", k.Misses}, {"aliases", k.Aliases}} {
		if !(n.value >= 0 && n.value <= 1) {
			return lab.Errorf(lab.Invalid, "%s: knob %s is %v, want 0 to 1", Name, n.name, n.value).WithHint("choose world.%s between 0 and 1", n.name)
		}
	}
	if pays := []string{PaysEach, PaysShare, PaysAll}; !slices.Contains(pays, k.Pays) {
		return lab.Errorf(lab.Invalid, "%s: knob pays is %q, want one of %q", Name, k.Pays, pays).WithHint("set world.pays to one of %q", pays)
	}
	if n := k.Turns(k.Most); n > MostTurns {
		return lab.Errorf(lab.Invalid, "%s: %d questions have %d turns, want %d at most", Name, k.Most, n, MostTurns).
			WithHint("lower world.most, world.turns_each or world.turns_spare")
	}
	return nil
}

// Turns is the number of turns of an episode of n questions.
func (k *Knobs) Turns(n int) int { return k.Each*n + k.Spare }
