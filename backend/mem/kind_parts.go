package mem

import (
	"context"
	"io"
	"math"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// RoomKnobs is how much a memory may hold and how much of it is read at once.
type RoomKnobs struct {
	Entries int `json:"entries" doc:"most entries that are kept" default:"2000" min:"1" max:"1000000" unit:"entries" group:"budget"`
	Tokens  int `json:"tokens" doc:"most tokens of all entries together; 0 for no limit" default:"0" min:"0" max:"100000000" unit:"tokens" group:"budget"`
}

func (r RoomKnobs) budget() Budget { return Budget(r) }

// shown is how many entries that were considered and not read stand in a report.
const shown = 5

// limit is how much is read: the K of a query goes before the memory's own.
func (q Query) limit(k int) Limit {
	if q.K > 0 {
		k = q.K
	}
	return Limit{K: k, Tokens: q.Tokens}
}

// drawn is what an experience becomes in a bank: its text, where it comes from and when, and its key as first label where the key is
// another text. What the world knows about it beyond that, its labels, stays outside.
func drawn(e lab.Experience) lab.Entry {
	entry := lab.Entry{Type: e.Kind, Text: e.Text}
	if e.Source != "" {
		entry.Sources = []string{e.Source}
	}
	if e.Key != "" && e.Key != e.Text {
		entry.Labels = []string{e.Key}
	}
	SetNumber(&entry, NumMade, float64(e.When))
	return entry
}

// keyOf is what queries are compared with.
func keyOf(e *lab.Entry) string {
	if len(e.Labels) > 0 {
		return e.Labels[0]
	}
	return e.Text
}

// offered says why an experience was written.
func offered(e lab.Experience) string {
	switch {
	case !e.Scored:
		return "a " + e.Kind + " was offered"
	case e.Success:
		return "a " + e.Kind + " was offered that succeeded"
	}
	return "a " + e.Kind + " was offered that failed"
}

// whole is the reading of a bank from its newest entry back: as much as the limit lets in, and a few entries behind it. newest lists the
// entries, the one to be read first in front.
func whole(b *Bank, q Query, limit Limit, newest []*lab.Entry, reason string) (Reading, error) {
	var hits []lab.Hit
	tokens, left := 0, shown
	for i, e := range newest {
		if tokens += e.Tokens; limit.Tokens > 0 && tokens > limit.Tokens || limit.K > 0 && i >= limit.K {
			if left--; left < 0 {
				break
			}
		}
		score := lab.Float(1 / float64(i+1))
		hits = append(hits, lab.Hit{Entry: e.ID, Score: score, Parts: map[string]lab.Float{"recency": score}})
	}
	return b.Recall(q.Text, hits, limit, reason)
}

// backwards returns entries with the last one first.
func backwards(all []*lab.Entry) []*lab.Entry {
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all
}

// vectorKeys is a bank that is searched by the embeddings of its entries' keys. A vector is part of its entry, so that the bank is the whole
// state.
type vectorKeys struct {
	*Bank
	embed Embedder
	index *Vectors
}

func newVectorKeys(b *Bank, env Env) vectorKeys {
	v := vectorKeys{Bank: b, embed: env.Embedder()}
	v.index = NewVectors(env.Core, v.embed.Width())
	return v
}

// embedded is the vector of one text.
func (v vectorKeys) embedded(ctx context.Context, text string) ([]float32, error) {
	vectors, err := v.embed.Embed(ctx, []string{text})
	if err != nil {
		return nil, err
	}
	if len(vectors) != 1 {
		return nil, lab.Errorf(lab.Internal, "the embedder gave %d vectors for one text", len(vectors))
	}
	return v.index.unit(vectors[0])
}

// add writes an entry with the vector of its key.
func (v vectorKeys) add(e lab.Entry, unit []float32, reason string) (string, error) {
	e.Vector = Floats(unit)
	id, err := v.Bank.Add(e, reason)
	if err != nil {
		return id, err
	}
	return id, v.index.Put(id, unit)
}

func (v vectorKeys) evict(budget Budget, rule Rule) error {
	gone, err := Evict(v.Bank, budget, rule, nil)
	for _, id := range gone {
		v.index.Delete(id)
	}
	return err
}

func (v vectorKeys) restore(r io.Reader) error {
	if err := v.Bank.Restore(r); err != nil {
		return err
	}
	return Reindex(v.index, v.Bank)
}

// lineKey is what a line is about, for memories that keep one line of each key: what stands before " : " and the first word behind it, or
// the first words of a line that has no such mark. A line of more words than most, or with no word beyond its key, has none.
func lineKey(line string, words, most int) (string, bool) {
	all := strings.Fields(line)
	n := words
	for i, w := range all {
		if w == ":" {
			n = i + 2
			break
		}
	}
	if len(all) > most || len(all) <= n {
		return "", false
	}
	return strings.Join(all[:n], " "), true
}

// keyed is the key of an experience: its own where it is a whole task, that of its line otherwise, and the whole text where the line has
// none.
func (k KeyKnobs) keyed(e lab.Experience, line string) string {
	if e.Kind == lab.OneTask && e.Key != "" {
		return e.Key
	}
	if key, ok := lineKey(line, k.KeyWords, k.LineWords); ok {
		return key
	}
	return line
}

// KeyKnobs say what a line is about.
type KeyKnobs struct {
	KeyWords  int `json:"key_words" doc:"first words of a line that say what it is about, where no colon does" default:"2" min:"1" max:"20" unit:"words" group:"memory" pitfall:"with too few, lines about different things take each other's place"`
	LineWords int `json:"line_words" doc:"lines of more words are about nothing in particular: each stands for itself" default:"12" min:"2" max:"1000" unit:"words" group:"memory"`
}

// lines are the lines of a text that have words.
func lines(text string) []string {
	var all []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = plain(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// finite refuses a number that would spoil what is learned.
func finite(name string, v float64) error {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return lab.Errorf(lab.Internal, "%s is %v, want a finite number", name, v)
	}
	return nil
}
