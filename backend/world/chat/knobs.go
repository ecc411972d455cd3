package chat

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// Name is the name of the world, as in a notebook.
const Name = "chat"

// Modes of the world.
const (
	InDialogue = "dialogue" // turns of a few speakers about themselves, facts change
	InChunks   = "chunks"   // pieces of text of four kinds, nothing is ever contradicted
)

// What a told turn offers to a memory.
const (
	OfferTurn  = "turn"  // what was said, with its day
	OfferFacts = "facts" // one experience for each fact in it, in the words of FactText; chatter offers nothing
)

// Knobs are the knobs of the world. The weights of kinds need not sum to one; a kind that is impossible at a turn (an addition to a list
// that nobody has told of) gives way to a new fact.
type Knobs struct {
	Mode     string `json:"mode" doc:"dialogue: turns of speakers whose facts change; chunks: pieces of text (facts, events, labelled samples, noise) without contradictions" default:"dialogue" enum:"dialogue,chunks" main:"true" group:"world"`
	Speakers int    `json:"speakers" doc:"personas of a dialogue" default:"2" min:"1" max:"6" group:"world"`
	Sessions int    `json:"sessions" doc:"sessions of a dialogue" default:"4" min:"1" max:"24" group:"world"`
	Turns    int    `json:"turns" doc:"turns of a session" unit:"turns" default:"4" min:"1" max:"64" group:"world" pitfall:"sessions times turns is at most 96: the calendar has 128 days"`

	New        float64 `json:"new" doc:"weight of turns that tell a new fact" default:"0.3" min:"0" max:"1" main:"true" group:"world"`
	Add        float64 `json:"add" doc:"weight of turns that add to a list" default:"0.2" min:"0" max:"1" main:"true" group:"world"`
	Change     float64 `json:"change" doc:"weight of turns that change a single value and say so (now)" default:"0.15" min:"0" max:"1" main:"true" group:"world"`
	Contradict float64 `json:"contradict" doc:"weight of turns that tell another value as if it were new" default:"0" min:"0" max:"1" group:"world"`
	Paraphrase float64 `json:"paraphrase" doc:"weight of turns that tell a known fact in other words" default:"0.15" min:"0" max:"1" main:"true" group:"world"`
	Remove     float64 `json:"remove" doc:"weight of turns that take a value out of a list of two or more" default:"0.06" min:"0" max:"1" main:"true" group:"world"`
	Expire     float64 `json:"expire" doc:"weight of turns that tell a value with the last day on which it holds" default:"0" min:"0" max:"1" group:"world" pitfall:"above 0 every question names its day, which takes three more tokens"`
	Event      float64 `json:"event" doc:"weight of turns that tell what happened on their day" default:"0" min:"0" max:"1" group:"world"`
	Chatter    float64 `json:"chatter" doc:"weight of turns without any fact" default:"0.14" min:"0" max:"1" main:"true" group:"world"`
	Longest    int     `json:"longest" doc:"most values of a list" unit:"values" default:"4" min:"2" max:"6" group:"world"`

	Questions    int     `json:"questions" doc:"questions at the end; success is to have all of them right" default:"8" min:"1" max:"32" group:"world"`
	Current      float64 `json:"current" doc:"weight of questions for a single value" default:"0.35" min:"0" max:"1" group:"world"`
	List         float64 `json:"list" doc:"weight of questions for all values of a list" default:"0.35" min:"0" max:"1" group:"world"`
	MultiHop     float64 `json:"multi_hop" doc:"weight of questions that name their persona by another fact" default:"0.1" min:"0" max:"1" group:"world"`
	Temporal     float64 `json:"temporal" doc:"weight of questions for a day, an order or what was before" default:"0.1" min:"0" max:"1" group:"world"`
	Unanswerable float64 `json:"unanswerable" doc:"weight of questions about what nobody has told" default:"0.1" min:"0" max:"1" group:"world"`
	Trust        int     `json:"trust" doc:"entries about the thing asked that the rule reader trusts, newest first; 0 for all" unit:"entries" default:"0" min:"0" max:"64" group:"world" pitfall:"at 1 a list must stand in one entry; at 0 whoever keeps everything answers everything"`
	Offer        string  `json:"offer" doc:"what a told turn offers to a memory: the turn, or each fact in it" default:"turn" enum:"turn,facts" group:"world"`

	Chunks  int     `json:"chunks" doc:"chunks of an instance in mode chunks" unit:"chunks" default:"8" min:"2" max:"104" main:"true" group:"world"`
	Facts   float64 `json:"facts" doc:"weight of chunks with facts, mode chunks" default:"0.4" min:"0" max:"1" group:"world"`
	Events  float64 `json:"events" doc:"weight of chunks with dated events, mode chunks" default:"0.25" min:"0" max:"1" group:"world"`
	Samples float64 `json:"samples" doc:"weight of chunks with labelled samples, mode chunks" default:"0.2" min:"0" max:"1" group:"world"`
	Noise   float64 `json:"noise" doc:"weight of chunks without anything to be asked for, mode chunks" default:"0.15" min:"0" max:"1" group:"world"`

	AskFacts   float64 `json:"ask_facts" doc:"weight of questions about facts, mode chunks" default:"0.4" min:"0" max:"1" group:"world"`
	AskEvents  float64 `json:"ask_events" doc:"weight of questions about events, mode chunks" default:"0.25" min:"0" max:"1" group:"world"`
	AskSamples float64 `json:"ask_samples" doc:"weight of questions about labelled samples, mode chunks" default:"0.2" min:"0" max:"1" group:"world" pitfall:"what is told much oftener than it is asked for is not worth its place in a memory"`
}

// Kinds lists the worlds of this package for the catalog.
func Kinds() []schema.Kind {
	return []schema.Kind{{Name: Name, Doc: "What personas tell of themselves over sessions, facts that change, contradict and expire, and questions about them.", New: func() any { return new(Knobs) }}}
}

// Worlds is Kinds, under the name that other world packages use.
func Worlds() []schema.Kind { return Kinds() }

// Defaults are the knobs as the tags say, for callers that build knobs in Go.
func Defaults() Knobs {
	return Knobs{Mode: InDialogue, Speakers: 2, Sessions: 4, Turns: 4, New: 0.3, Add: 0.2, Change: 0.15, Paraphrase: 0.15, Remove: 0.06, Chatter: 0.14,
		Longest: 4, Questions: 8, Current: 0.35, List: 0.35, MultiHop: 0.1, Temporal: 0.1, Unanswerable: 0.1, Offer: OfferTurn,
		Chunks: 8, Facts: 0.4, Events: 0.25, Samples: 0.2, Noise: 0.15,
		AskFacts: 0.4, AskEvents: 0.25, AskSamples: 0.2}
}

// mostTurns leaves room on the calendar for the days between sessions.
const mostTurns = 96

// Validate checks the bounds again, for callers that build knobs in Go, and what a single bound cannot say.
func (k *Knobs) Validate() error {
	if err := k.legalWords(); err != nil {
		return err
	}
	if err := k.legalCounts(); err != nil {
		return err
	}
	for _, n := range k.weights() {
		if !(n.value >= 0 && n.value <= 1) {
			return lab.Errorf(lab.Invalid, "%s: knob %s is %v, want 0 to 1", Name, n.name, n.value).WithHint("choose %s between 0 and 1", n.name)
		}
	}
	if n := k.Sessions * k.Turns; n > mostTurns {
		return lab.Errorf(lab.Invalid, "%s: %d sessions of %d turns are %d turns, want at most %d", Name, k.Sessions, k.Turns, n, mostTurns).
			WithHint("set world.turns to at most %d", mostTurns/k.Sessions)
	}
	if k.New == 0 && k.Mode == InDialogue && k.Chatter+k.Event == 0 {
		return lab.Errorf(lab.Invalid, "%s: knobs new, event and chatter are 0, want one above 0: no dialogue can begin", Name).WithHint("set world.new above 0")
	}
	if k.Mode == InChunks && k.Facts+k.Events+k.Samples == 0 {
		return lab.Errorf(lab.Invalid, "%s: knobs facts, events and samples are 0, want one above 0: there is nothing to ask for", Name).WithHint("set world.facts above 0")
	}
	if k.Mode == InChunks && k.AskFacts+k.AskEvents+k.AskSamples == 0 {
		return lab.Errorf(lab.Invalid, "%s: knobs ask_facts, ask_events and ask_samples are 0, want one above 0: nothing is asked", Name).WithHint("set world.ask_facts above 0")
	}
	return nil
}

func (k *Knobs) legalWords() error {
	for _, n := range []struct {
		name, value string
		legal       []string
	}{{"mode", k.Mode, []string{InDialogue, InChunks}}, {"offer", k.Offer, []string{OfferTurn, OfferFacts}}} {
		if !slices.Contains(n.legal, n.value) {
			return lab.Errorf(lab.Invalid, "%s: knob %s is %q, want one of %q", Name, n.name, n.value, n.legal).
				WithHint("set world.%s to one of %q", n.name, n.legal)
		}
	}
	return nil
}

func (k *Knobs) legalCounts() error {
	for _, n := range []struct {
		name          string
		value, lo, hi int
	}{
		{"speakers", k.Speakers, 1, 6}, {"sessions", k.Sessions, 1, 24}, {"turns", k.Turns, 1, 64}, {"longest", k.Longest, 2, half},
		{"questions", k.Questions, 1, 32}, {"trust", k.Trust, 0, 64}, {"chunks", k.Chunks, 2, mostChunks},
	} {
		if n.value < n.lo || n.value > n.hi {
			return lab.Errorf(lab.Invalid, "%s: knob %s is %d, want %d to %d", Name, n.name, n.value, n.lo, n.hi).
				WithHint("choose %s between %d and %d", n.name, n.lo, n.hi)
		}
	}
	return nil
}

type weight struct {
	name  string
	value float64
}

func (k *Knobs) weights() []weight {
	return []weight{{"new", k.New}, {"add", k.Add}, {"change", k.Change}, {"contradict", k.Contradict}, {"paraphrase", k.Paraphrase},
		{"remove", k.Remove}, {"expire", k.Expire}, {"event", k.Event}, {"chatter", k.Chatter}, {"current", k.Current}, {"list", k.List},
		{"multi_hop", k.MultiHop}, {"temporal", k.Temporal}, {"unanswerable", k.Unanswerable}, {"facts", k.Facts}, {"events", k.Events},
		{"samples", k.Samples}, {"noise", k.Noise}, {"ask_facts", k.AskFacts}, {"ask_events", k.AskEvents}, {"ask_samples", k.AskSamples}}
}
