package mem

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
)

// Gates of a union: whose word an entry needs before it may be read.
const (
	GateOff     = "off"     // nobody's
	GateOutcome = "outcome" // what claims that something was done must have been scored by the environment
	GateSuccess = "success" // ... and scored a success
	GateStrict  = "strict"  // nothing else is read, what was merely told neither
)

// NumAttested says in an entry whose word stands behind it: 2 the environment scored it a success, 1 it scored it a failure, 0 nobody.
const NumAttested = "attested"

// WhyUnattested is why a gate holds an entry apart.
const WhyUnattested = "held apart: the environment never confirmed it"

// UnionKind are the knobs of the union with its gate of provenance.
type UnionKind struct {
	K        int    `json:"k" doc:"entries that each of the two searches brings in: between k and twice as many are read" default:"3" min:"1" max:"1000" unit:"entries" paper:"3" symbol:"k" main:"true" group:"memory"`
	Channels string `json:"channels" doc:"which searches may bring an entry in: both, the one by words, or the one by the embedding of keys" default:"union" enum:"union,words,embedding" paper:"union" main:"true" group:"memory"`
	Gate     string `json:"gate" doc:"off: everything is read; outcome: what claims that something was done is held apart until the environment has scored it; success: until it scored it a success; strict: so is what was merely told" default:"outcome" enum:"off,outcome,success,strict" main:"true" group:"memory" pitfall:"in a world where everything is told and nothing is scored, strict reads nothing"`
	Repeats  bool   `json:"repeats" doc:"an experience whose key and text are there already is kept once more; else it only makes the old entry new again, or confirms it" default:"false" group:"memory"`
	RoomKnobs
}

// gated is a union that knows who stands behind its entries.
type gated struct {
	*Union
	knobs UnionKind
}

func openUnion(knobs any, env Env) (Memory, error) {
	k := *knobs.(*UnionKind)
	u, err := NewUnion(NewBank("union", env.Log, env.Count), env, k.K, k.Channels)
	if err != nil {
		return nil, err
	}
	m := &gated{u, k}
	u.Screen = m.screen
	return m, nil
}

// screen is the gate.
func (m *gated) screen(e *lab.Entry) string {
	attested, told := Number(e, NumAttested), e.Type == lab.ToldTurn
	pass := true
	switch m.knobs.Gate {
	case GateOutcome:
		pass = told || attested >= 1
	case GateSuccess:
		pass = told || attested == 2
	case GateStrict:
		pass = attested == 2
	}
	if pass {
		return ""
	}
	return WhyUnattested
}

// attestedBy is what the environment said of an experience.
func attestedBy(e lab.Experience) float64 {
	switch {
	case !e.Scored:
		return 0
	case e.Success:
		return 2
	}
	return 1
}

// Write keeps an experience. One that is there already is made new again, and what the environment says of it now counts from here on: an
// entry that was held apart is released.
func (m *gated) Write(ctx context.Context, e lab.Experience) error {
	entry := drawn(e)
	SetNumber(&entry, NumAttested, attestedBy(e))
	if old := m.same(&entry); old != nil && !m.knobs.Repeats {
		reason := "it was offered again"
		if attestedBy(e) > Number(old, NumAttested) {
			reason = "the environment confirmed it"
		}
		return m.Change(old.ID, func(c *lab.Entry) {
			SetNumber(c, NumMade, float64(e.When))
			SetNumber(c, NumAttested, max(attestedBy(e), Number(c, NumAttested)))
		}, reason)
	}
	if _, err := m.Add(ctx, entry, offered(e)); err != nil {
		return err
	}
	return m.shorten()
}

// same finds the oldest entry with the key and the text of another.
func (m *gated) same(e *lab.Entry) *lab.Entry {
	want := identity(e)
	for _, old := range m.All() {
		if identity(old) == want {
			return old
		}
	}
	return nil
}

func (m *gated) shorten() error {
	gone, err := Evict(m.Bank, m.knobs.budget(), EvictLongestIdle, nil)
	for _, id := range gone {
		m.index.Delete(id)
		m.words.Delete(id)
	}
	return err
}

func (m *gated) Manage(context.Context, Outcome) error { return nil }
func (m *gated) Banks() []*Bank                        { return []*Bank{m.Bank} }

func unionLabels() Labels {
	return Labels{"token-level, flat", "factual; experiential: case", "copy, with who stands behind it", "confirmation by the environment; forgetting: time",
		"always; raw query; lexical and semantic, joined as sets behind a gate of provenance", "heuristic", "episodic", "hybrid", "arXiv 2512.16962, sections 4.1 and 6"}
}
