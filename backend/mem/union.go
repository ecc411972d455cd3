package mem

import (
	"cmp"
	"context"
	"io"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
)

// Channels of a union: which of its two searches may bring an entry in.
const (
	ByUnion     = "union"
	ByWords     = "words"
	ByEmbedding = "embedding"
)

// WhyChannels is why a candidate of neither search's first K is not read.
const WhyChannels = "behind the K best of each search"

// Union reads what either of two searches finds: the K best by words and the K best by the likeness of embeddings, joined as sets
// (arXiv 2512.16962, section 4.1: Retr(q) = top K by BM25 united with top K by cosine; K to 2K entries). Whoever owns it may screen entries:
// what a screen holds back is passed over by both searches, whatever its likeness, and the next best takes its place.
type Union struct {
	vectorKeys
	words    *BM25
	k        int
	channels string
	// Screen says why an entry must not be read, "" where it may. Nil lets everything in.
	Screen func(e *lab.Entry) string
	// Risk is what is taken off an entry's likeness, at least 0. Nil takes nothing off.
	Risk func(e *lab.Entry) float64
}

// NewUnion makes an empty store on a bank. channels is one of ByUnion, ByWords and ByEmbedding.
func NewUnion(b *Bank, env Env, k int, channels string) (*Union, error) {
	if all := []string{ByUnion, ByWords, ByEmbedding}; !slices.Contains(all, channels) {
		return nil, lab.Errorf(lab.Invalid, "channels of a union are %q, want one of %q", channels, all).WithHint("set channels to %q", ByUnion)
	}
	words, err := NewBM25(DefaultBM25())
	return &Union{vectorKeys: newVectorKeys(b, env), words: words, k: k, channels: channels}, err
}

// Add writes an entry under its key, which is its first label, or its text where it has none.
func (u *Union) Add(ctx context.Context, e lab.Entry, reason string) (string, error) {
	unit, err := u.embedded(ctx, keyOf(&e))
	if err != nil {
		return "", err
	}
	id, err := u.vectorKeys.add(e, unit, reason)
	if kept, ok := u.Get(id); ok {
		u.words.Put(id, searchText(kept))
	}
	return id, err
}

// Delete removes an entry from the bank and from both searches.
func (u *Union) Delete(id, reason string) error {
	u.index.Delete(id)
	u.words.Delete(id)
	return u.Bank.Delete(id, reason)
}

// Found is what the two searches found for a text before anything is read.
type Found struct {
	Hits []lab.Hit // best first by score; what a screen or the ranks keep out has its reason
	Used []string  // ids of those that would be read, best first
}

// Find searches without reading: no event is made, and nothing changes. Near misses are among the hits.
//
// The union is ordered by S = cosine - risk (alpha = beta = 1 in section 6 of arXiv 2512.16962, risk already weighted); equal ones by the
// score of the words. Parts: similarity, from-words, and risk where there is one.
func (u *Union) Find(ctx context.Context, text string, k int) (Found, error) {
	all, err := u.FindBy(ctx, text, k, u.channels)
	if err != nil {
		return Found{}, err
	}
	return all[0], nil
}

// FindBy is Find through other channels than the store's own, for each of them: what one search alone would have brought in.
func (u *Union) FindBy(ctx context.Context, text string, k int, channels ...string) ([]Found, error) {
	unit, err := u.embedded(ctx, text)
	if err != nil {
		return nil, err
	}
	near, err := u.index.Top(unit, u.Len())
	if err != nil {
		return nil, err
	}
	all := u.candidates(near, u.words.Top(text, u.Len()))
	found := make([]Found, len(channels))
	for i, by := range channels {
		found[i] = foundOf(all, u.choose(all, k, by))
	}
	return found, nil
}

// scored is an entry on its way through the union.
type scored struct {
	id, why      string
	byWords      int // place by words, -1 where it shares none
	score        float64
	cosine, word float64
	risk         float64
	risky        bool // a risk was looked at
}

// candidates joins both rankings; every entry is a candidate, in the order of S.
func (u *Union) candidates(near, words []Match) []scored {
	place := make(map[string]int, len(words))
	for i, m := range words {
		place[m.ID] = i
	}
	all := make([]scored, len(near))
	for i, m := range near {
		e, _ := u.Get(m.ID)
		c := scored{id: m.ID, cosine: m.Score, byWords: -1, risky: u.Risk != nil}
		if at, ok := place[m.ID]; ok {
			c.byWords, c.word = at, words[at].Score
		}
		if u.Screen != nil {
			c.why = u.Screen(e)
		}
		if c.risky {
			c.risk = u.Risk(e)
		}
		c.score = c.cosine - c.risk
		all[i] = c
	}
	slices.SortStableFunc(all, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.word, a.word), CompareIDs(a.id, b.id))
	})
	return all
}

// choose tells for each candidate whether it is among the K best of a search of those that no screen holds back.
func (u *Union) choose(all []scored, k int, channels string) (in []bool) {
	if k <= 0 {
		k = u.k
	}
	in = make([]bool, len(all))
	var byWords []int // places in all, best by words first
	for i := range all {
		if all[i].byWords >= 0 && all[i].why == "" {
			byWords = append(byWords, i)
		}
	}
	slices.SortFunc(byWords, func(a, b int) int { return cmp.Compare(all[a].byWords, all[b].byWords) })
	if channels != ByEmbedding {
		for _, i := range byWords[:min(k, len(byWords))] {
			in[i] = true
		}
	}
	for i, left := 0, k; i < len(all) && left > 0 && channels != ByWords; i++ {
		if all[i].why == "" {
			in[i], left = true, left-1
		}
	}
	return in
}

// foundOf lists what is read, and behind it a few near misses of either kind.
func foundOf(all []scored, in []bool) (f Found) {
	held, missed := 0, 0
	for i := range all {
		why := all[i].why
		switch {
		case in[i]:
			f.Used = append(f.Used, all[i].id)
		case why != "":
			if held++; held > shown {
				continue
			}
		default:
			why = WhyChannels
			if missed++; missed > shown {
				continue
			}
		}
		f.Hits = append(f.Hits, all[i].hit(why))
	}
	return f
}

func (c *scored) hit(why string) lab.Hit {
	h := lab.Hit{Entry: c.id, Score: lab.Float(c.score), Why: why, Parts: map[string]lab.Float{"similarity": lab.Float(c.cosine), "from-words": lab.Float(c.word)}}
	if c.risky {
		h.Parts["risk"] = lab.Float(-c.risk)
	}
	return h
}

// Read finds entries for a query and reports them.
func (u *Union) Read(ctx context.Context, q Query) (Reading, error) {
	found, err := u.Find(ctx, q.Text, q.K)
	if err != nil {
		return Reading{}, err
	}
	return u.Recall(q.Text, found.Hits, Limit{Tokens: q.Tokens}, "the "+u.channels+" of the best by words and by the likeness of keys")
}

// Restore implements lab.Snapshotter.
func (u *Union) Restore(r io.Reader) error {
	if err := u.restore(r); err != nil {
		return err
	}
	words, err := NewBM25(DefaultBM25())
	if err != nil {
		return err
	}
	u.words = words
	for _, e := range u.All() {
		u.words.Put(e.ID, searchText(e))
	}
	return nil
}

// Follows is the mark of a label that says which entry another one follows more closely than what else stood in the prompt: the id stands
// behind it. What stood in the prompt are the entry's sources.
const Follows = "follows "
