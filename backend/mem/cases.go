package mem

import (
	"context"
	"io"

	"github.com/loci-lab/loci/backend/lab"
)

// Cases is a bank of entries that are found by the likeness of their keys and have a value that is learned from what came of using them.
// The vectors of the keys are part of the entries, so that the bank is the whole state.
type Cases struct {
	*Bank
	embed Embedder
	index *Vectors
}

// NewCases makes a case bank on a bank; a nil embedder of env stands for a hashed bag of words. Entries that the bank has already are
// searched from their vectors.
func NewCases(b *Bank, env Env) (*Cases, error) {
	c := &Cases{Bank: b, embed: env.Embedder()}
	c.index = NewVectors(env.Core, c.embed.Width())
	return c, Reindex(c.index, b)
}

// Add writes an entry that is found by key, with a value to begin with.
func (c *Cases) Add(ctx context.Context, key string, e lab.Entry, value float64, reason string) (string, error) {
	vectors, err := c.embed.Embed(ctx, []string{key})
	if err != nil {
		return "", err
	}
	unit, err := c.index.unit(vectors[0])
	if err != nil {
		return "", err
	}
	e = *copied(&e)
	SetNumber(&e, NumValue, value)
	SetNumber(&e, NumUses, 0)
	e.Vector = Floats(unit)
	id, err := c.Bank.Add(e, reason)
	if err != nil {
		return id, err
	}
	return id, c.index.Put(id, unit)
}

// Like returns the k entries whose keys are most like a text, as candidates with their values.
func (c *Cases) Like(ctx context.Context, text string, k int) ([]Candidate, error) {
	vectors, err := c.embed.Embed(ctx, []string{text})
	if err != nil {
		return nil, err
	}
	found, err := c.index.Top(vectors[0], k)
	if err != nil {
		return nil, err
	}
	all := make([]Candidate, len(found))
	for i, m := range found {
		e, _ := c.Get(m.ID)
		all[i] = Candidate{ID: m.ID, Similarity: m.Score, Value: Number(e, NumValue), Importance: Number(e, NumImportance)}
	}
	return all, nil
}

// Credit moves the values of entries that were used towards a reward and counts the use. Entries that are gone are passed over.
//
// arXiv 2601.03192v1, sec. 4 (constant-step Monte Carlo):  Q <- Q + alpha (r - Q)   only for what was put in the prompt
func (c *Cases) Credit(ids []string, alpha, reward float64, reason string) error {
	for _, id := range ids {
		if _, ok := c.Get(id); !ok {
			continue
		}
		err := c.Change(id, func(e *lab.Entry) {
			q := Number(e, NumValue)
			SetNumber(e, NumValue, q+alpha*(reward-q))
			SetNumber(e, NumUses, Number(e, NumUses)+1)
		}, reason)
		if err != nil {
			return err
		}
	}
	return nil
}

// Delete removes an entry.
func (c *Cases) Delete(id, reason string) error {
	c.index.Delete(id)
	return c.Bank.Delete(id, reason)
}

// Evict deletes entries until the bank is within its budget, see Evict.
func (c *Cases) Evict(budget Budget, rule Rule) ([]string, error) {
	gone, err := Evict(c.Bank, budget, rule, nil)
	for _, id := range gone {
		c.index.Delete(id)
	}
	return gone, err
}

// Restore implements lab.Snapshotter.
func (c *Cases) Restore(r io.Reader) error {
	if err := c.Bank.Restore(r); err != nil {
		return err
	}
	return Reindex(c.index, c.Bank)
}

// Reindex makes a search hold the vectors of a bank's entries and nothing else; entries without a vector are left out.
func Reindex(x *Vectors, b *Bank) error {
	x.Clear()
	for _, e := range b.All() {
		if len(e.Vector) == 0 {
			continue
		}
		if err := x.Put(e.ID, Float32s(e.Vector)); err != nil {
			return err
		}
	}
	return nil
}

// Floats turns a vector into what an entry keeps; Float32s turns it back, bit for bit.
func Floats(v []float32) []lab.Float {
	all := make([]lab.Float, len(v))
	for i, value := range v {
		all[i] = lab.Float(value)
	}
	return all
}

// Float32s turns the vector of an entry back.
func Float32s(v []lab.Float) []float32 {
	all := make([]float32, len(v))
	for i, value := range v {
		all[i] = float32(value)
	}
	return all
}
