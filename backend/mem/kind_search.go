package mem

import (
	"context"
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
)

// SearchKnobs are those that memories have alike which find entries by the query.
type SearchKnobs struct {
	K       int  `json:"k" doc:"entries that are read" default:"4" min:"1" max:"1000" unit:"entries" symbol:"k" main:"true" group:"memory"`
	Repeats bool `json:"repeats" doc:"an experience whose key and text are there already is kept once more; else it only makes the old entry new again" default:"false" group:"memory"`
	RoomKnobs
}

// BM25Kind are the knobs of the search by words.
type BM25Kind struct {
	SearchKnobs
	K1 float64 `json:"k1" doc:"how soon a word that occurs again counts no more" default:"1.2" min:"0" max:"100" paper:"1.2" group:"memory"`
	B  float64 `json:"b" doc:"how much long texts are held back" default:"0.75" min:"0" max:"1" paper:"0.75" group:"memory"`
}

// EmbeddingKnobs are those of the search by embeddings.
type EmbeddingKnobs struct {
	SearchKnobs
	Delta float64 `json:"delta" doc:"only what is more similar than this is read" default:"0" min:"-1" max:"1" symbol:"δ" group:"memory"`
}

// HybridKnobs are those of the search by both.
type HybridKnobs struct {
	SearchKnobs
	Pool     int     `json:"pool" doc:"best entries of each of the two searches that are joined" default:"20" min:"1" max:"10000" unit:"entries" group:"memory"`
	Constant float64 `json:"constant" doc:"constant of reciprocal rank fusion: a larger one levels the ranks" default:"60" min:"0" max:"10000" paper:"60" group:"memory"`
}

// searched keeps experiences and finds them by words, by embeddings or by both.
type searched struct {
	vectorKeys
	words  *BM25 // nil: not searched by words
	near   bool  // searched by embeddings
	knobs  SearchKnobs
	seen   map[string]string // id of an entry by its key and text
	search func(ctx context.Context, q Query, k int) ([]lab.Hit, string, error)
}

func newSearched(name string, env Env, k SearchKnobs) *searched {
	return &searched{vectorKeys: newVectorKeys(NewBank(name, env.Log, env.Count), env), knobs: k, seen: map[string]string{}}
}

func openBM25(knobs any, env Env) (Memory, error) {
	k := knobs.(*BM25Kind)
	m := newSearched("bm25", env, k.SearchKnobs)
	words, err := NewBM25(BM25Knobs{k.K1, k.B})
	m.words, m.search = words, m.byWords
	return m, err
}

func openEmbedding(knobs any, env Env) (Memory, error) {
	k := knobs.(*EmbeddingKnobs)
	m := newSearched("embedding", env, k.SearchKnobs)
	m.near = true
	m.search = func(ctx context.Context, q Query, n int) ([]lab.Hit, string, error) {
		found, err := m.nearest(ctx, q.Text, n+shown)
		hits := HitsOf(found, "similarity")
		Gate(hits, "similarity", k.Delta)
		return hits, fmt.Sprintf("cosine of the keys, above %.3g", k.Delta), err
	}
	return m, nil
}

func openHybrid(knobs any, env Env) (Memory, error) {
	k := knobs.(*HybridKnobs)
	m := newSearched("hybrid", env, k.SearchKnobs)
	words, err := NewBM25(DefaultBM25())
	m.words, m.near = words, true
	m.search = func(ctx context.Context, q Query, n int) ([]lab.Hit, string, error) {
		pool := max(k.Pool, n+shown)
		found, err := m.nearest(ctx, q.Text, pool)
		hits := ReciprocalRank(k.Constant, Ranked{"from-words", m.words.Top(q.Text, pool)}, Ranked{"from-similarity", found})
		return hits[:min(len(hits), n+shown)], fmt.Sprintf("reciprocal ranks of words and of keys, constant %.3g", k.Constant), err
	}
	return m, err
}

func (m *searched) byWords(_ context.Context, q Query, n int) ([]lab.Hit, string, error) {
	found := m.words.Top(q.Text, n+shown)
	hits := make([]lab.Hit, len(found))
	for i, f := range found {
		hits[i] = lab.Hit{Entry: f.ID, Score: lab.Float(f.Score), Parts: map[string]lab.Float{}}
		for word, part := range m.words.Parts(q.Text, f.ID) {
			hits[i].Parts[word] = lab.Float(part)
		}
	}
	return hits, "words that the query shares with key and text", nil
}

func (m *searched) nearest(ctx context.Context, text string, k int) ([]Match, error) {
	unit, err := m.embedded(ctx, text)
	if err != nil {
		return nil, err
	}
	return m.index.Top(unit, k)
}

// Write keeps an experience, or makes the entry new again that says the same.
func (m *searched) Write(ctx context.Context, e lab.Experience) error {
	entry := drawn(e)
	if id, ok := m.seen[identity(&entry)]; ok && !m.knobs.Repeats {
		return m.Change(id, func(old *lab.Entry) { SetNumber(old, NumMade, float64(e.When)) }, "it was offered again")
	}
	var unit []float32
	var err error
	if m.near {
		if unit, err = m.embedded(ctx, keyOf(&entry)); err != nil {
			return err
		}
	}
	if err := m.put(entry, unit, offered(e)); err != nil {
		return err
	}
	return m.shorten()
}

// put writes an entry into the bank and into its searches.
func (m *searched) put(e lab.Entry, unit []float32, reason string) (err error) {
	id := ""
	if unit != nil {
		id, err = m.vectorKeys.add(e, unit, reason)
	} else {
		id, err = m.Bank.Add(e, reason)
	}
	if kept, ok := m.Get(id); ok {
		m.know(kept)
	}
	return err
}

// know puts an entry that the bank holds into the searches that are not made of vectors.
func (m *searched) know(e *lab.Entry) {
	m.seen[identity(e)] = e.ID
	if m.words != nil {
		m.words.Put(e.ID, searchText(e))
	}
}

// searchText is what words are looked up in: the text, and the key where it is another.
func searchText(e *lab.Entry) string {
	if len(e.Labels) > 0 {
		return e.Labels[0] + " " + e.Text
	}
	return e.Text
}

// identity tells entries with the same key and text from others; texts have no zero byte where the world's words have none, and one in them
// only makes two entries count as one.
func identity(e *lab.Entry) string { return valid(keyOf(e)) + "\x00" + valid(e.Text) }

// shorten lets the oldest go until there is room.
func (m *searched) shorten() error {
	before := map[string]*lab.Entry{}
	if _, ok := m.knobs.budget().holds(m.Bank); ok {
		return nil
	}
	for _, e := range m.All() {
		before[e.ID] = e
	}
	gone, err := Evict(m.Bank, m.knobs.budget(), EvictLongestIdle, nil)
	for _, id := range gone {
		m.forget(before[id])
	}
	return err
}

// forget takes an entry that the bank no longer holds out of the searches.
func (m *searched) forget(e *lab.Entry) {
	m.index.Delete(e.ID)
	if m.words != nil {
		m.words.Delete(e.ID)
	}
	if m.seen[identity(e)] == e.ID {
		delete(m.seen, identity(e))
	}
}

// Read finds entries for a query.
func (m *searched) Read(ctx context.Context, q Query) (Reading, error) {
	limit := q.limit(m.knobs.K)
	hits, reason, err := m.search(ctx, q, limit.K)
	if err != nil {
		return Reading{}, err
	}
	return m.Recall(q.Text, hits, limit, reason)
}

func (m *searched) Manage(context.Context, Outcome) error { return nil }
func (m *searched) Banks() []*Bank                        { return []*Bank{m.Bank} }

// Restore implements lab.Snapshotter.
func (m *searched) Restore(r io.Reader) error {
	if err := m.restore(r); err != nil {
		return err
	}
	m.seen = map[string]string{}
	if m.words != nil {
		words, err := NewBM25(m.words.knobs)
		if err != nil {
			return err
		}
		m.words = words
	}
	for _, e := range m.All() {
		m.know(e)
	}
	return nil
}
