package mem

import (
	"context"
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
)

// GenerativeKnobs are those of the scoring of generative agents.
type GenerativeKnobs struct {
	K          int     `json:"k" doc:"entries that are read" default:"4" min:"1" max:"1000" unit:"entries" symbol:"k" main:"true" group:"memory"`
	Decay      float64 `json:"decay" doc:"what is left of the recency of an entry after each hour without being recalled" default:"0.995" min:"0.001" max:"1" paper:"0.995" main:"true" group:"memory"`
	Hour       int     `json:"hour" doc:"ticks of the world's clock that count as one hour" default:"10" min:"1" max:"1000000000" unit:"ticks" group:"memory" pitfall:"clocks differ between worlds: where recency decides nothing or everything, change this first"`
	Recency    float64 `json:"recency" doc:"weight of recency" default:"1" min:"0" max:"100" paper:"1" group:"memory"`
	Importance float64 `json:"importance" doc:"weight of importance" default:"1" min:"0" max:"100" paper:"1" group:"memory"`
	Relevance  float64 `json:"relevance" doc:"weight of relevance" default:"1" min:"0" max:"100" paper:"1" group:"memory"`
	RoomKnobs
}

// generative scores every entry by recency, importance and relevance, see Generative. Reflection, the second half of the paper's memory,
// needs a model that writes and is left out.
type generative struct {
	vectorKeys
	knobs GenerativeKnobs
	score Generative
}

func openGenerative(knobs any, env Env) (Memory, error) {
	k := *knobs.(*GenerativeKnobs)
	return &generative{newVectorKeys(NewBank("stream", env.Log, env.Count), env), k,
		Generative{k.Decay, k.Recency, k.Importance, k.Relevance}}, nil
}

// Write keeps every experience with its importance.
func (m *generative) Write(ctx context.Context, e lab.Experience) error {
	entry := drawn(e)
	unit, err := m.embedded(ctx, keyOf(&entry))
	if err != nil {
		return err
	}
	known, err := m.index.Top(unit, 1)
	if err != nil {
		return err
	}
	SetNumber(&entry, NumImportance, importance(e, known))
	if _, err := m.add(entry, unit, offered(e)); err != nil {
		return err
	}
	return m.evict(m.knobs.budget(), EvictLongestIdle)
}

// importance stands for the poignancy that the paper asks a model for, in [0,1]: half of it what came of the experience (a whole task more
// than a step, success more than failure, what was not judged least), half how new it is: one minus the largest similarity to a known key.
func importance(e lab.Experience, known []Match) float64 {
	came := 0.0
	switch {
	case e.Scored && e.Kind == lab.OneTask && e.Success:
		came = 1
	case e.Scored && (e.Success || e.Kind == lab.OneTask):
		came = 0.6
	case e.Scored:
		came = 0.3
	}
	news := 1.0
	if len(known) > 0 {
		news = min(1-known[0].Score, 1)
	}
	return came/2 + max(news, 0)/2
}

// Read recalls by the three scores and notes when.
func (m *generative) Read(ctx context.Context, q Query) (Reading, error) {
	candidates, err := m.candidates(ctx, q)
	if err != nil {
		return Reading{}, err
	}
	limit := q.limit(m.knobs.K)
	hits := m.score.Score(candidates)
	reading, err := m.Recall(q.Text, hits[:min(len(hits), limit.K+shown)], limit,
		fmt.Sprintf("%.3g recency + %.3g importance + %.3g relevance", m.score.Recency, m.score.Importance, m.score.Relevance))
	if err != nil {
		return reading, err
	}
	for _, id := range reading.IDs() {
		if err := m.Change(id, func(e *lab.Entry) { SetNumber(e, NumRead, float64(q.Now)) }, "it was recalled"); err != nil {
			return reading, err
		}
	}
	return reading, nil
}

func (m *generative) candidates(ctx context.Context, q Query) ([]Candidate, error) {
	unit, err := m.embedded(ctx, q.Text)
	if err != nil {
		return nil, err
	}
	found, err := m.index.Top(unit, m.Len())
	if err != nil {
		return nil, err
	}
	all := make([]Candidate, len(found))
	for i, f := range found {
		e, _ := m.Get(f.ID)
		idle := float64(q.Now) - max(Number(e, NumRead), Number(e, NumMade))
		all[i] = Candidate{ID: f.ID, Similarity: f.Score, Importance: Number(e, NumImportance), Age: max(idle, 0) / float64(m.knobs.Hour)}
	}
	return all, nil
}

func (m *generative) Manage(context.Context, Outcome) error { return nil }
func (m *generative) Banks() []*Bank                        { return []*Bank{m.Bank} }
func (m *generative) Restore(r io.Reader) error             { return m.restore(r) }
