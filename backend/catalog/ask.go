package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
)

// Asked is what a memory would read for a situation.
type Asked struct {
	Hits []lab.Hit // best first, near misses too
	By   string    // how the scores were made
	Note string    // what differs from a read of the run itself, "" where nothing does
	Own  bool      // the memory of the set-up read; else its entries were searched by their words
}

// MostAsked is how many entries a memory is filled with for a question. A larger bank is searched by words, so that the answer comes soon.
const MostAsked = 20_000

// nearMisses is how many entries that would not be read are listed by the search by words.
const nearMisses = 5

// Ask reads a bank, as it stood at some moment, for a situation: with the memory that the set-up names where it can be opened outside its
// run, else by the words that entries share with the situation, and says so. Nothing of the run changes.
func Ask(ctx context.Context, setup lab.Setup, bank string, entries []lab.Entry, situation string) (Asked, error) {
	if strings.TrimSpace(situation) == "" {
		return Asked{}, lab.Errorf(lab.Invalid, "the situation to ask about is empty").WithHint("type what the agent might see")
	}
	own, why, err := askOwn(ctx, setup, bank, entries, situation)
	if err != nil {
		return Asked{}, err
	}
	if why == "" {
		return own, nil
	}
	return askWords(entries, situation, why)
}

// askOwn opens the memory of the set-up; why says why it cannot be opened here.
func askOwn(ctx context.Context, setup lab.Setup, bank string, entries []lab.Entry, situation string) (a Asked, why string, err error) {
	if len(entries) > MostAsked {
		return a, fmt.Sprintf("its bank holds %d entries, more than the %d that are filled into a memory here", len(entries), MostAsked), nil
	}
	embed, why := embedderOf(entries)
	if why != "" {
		return a, why, nil
	}
	m, err := mem.Open(setup, mem.Env{Embed: embed})
	if err != nil {
		return a, "the memory of this paper works only inside its run", nil
	}
	if c, ok := m.(io.Closer); ok {
		defer func() { err = errors.Join(err, c.Close()) }()
	}
	if !fill(m, bank, entries) {
		return a, "the memory of this set-up keeps more than this bank", nil
	}
	read, err := m.Read(ctx, mem.Query{Text: situation, Now: clock(entries)})
	if err != nil {
		return a, "", err
	}
	return Asked{Hits: read.Hits, By: "as " + setup.Kind(mem.Section) + " reads", Note: caution(setup), Own: true}, "", nil
}

// caution says what of a read hangs on more than the bank.
func caution(setup lab.Setup) string {
	var knobs struct {
		Epsilon float64 `json:"epsilon"`
		Ties    string  `json:"ties"`
	}
	if err := json.Unmarshal(setup.Sections[mem.Section], &knobs); err != nil {
		return ""
	}
	if knobs.Epsilon > 0 || knobs.Ties == "random" {
		return "This memory reads partly by chance: inside the run other entries may be drawn."
	}
	return ""
}

// clock is the time of the world at which the bank is read: that of the newest thing that an entry tells.
func clock(entries []lab.Entry) int64 {
	now := 0.0
	for i := range entries {
		now = max(now, mem.Number(&entries[i], mem.NumMade), mem.Number(&entries[i], mem.NumRead))
	}
	return int64(now)
}

// embedderOf finds out what made the vectors of the entries: a hashed bag of words gives the same vectors again, anything else cannot be
// asked here.
func embedderOf(entries []lab.Entry) (mem.Embedder, string) {
	for i := range entries {
		e := &entries[i]
		if len(e.Vector) == 0 {
			continue
		}
		hashed := mem.NewHashed(len(e.Vector))
		for _, text := range append([]string{e.Text}, e.Labels...) { // a memory embeds either the text or its key
			if again, err := hashed.Vector(text); err == nil && alike(again, e.Vector) {
				return hashed, ""
			}
		}
		return nil, "its vectors were made by a model of the run, which is not at hand here"
	}
	return nil, ""
}

func alike(a []float32, b []lab.Float) bool {
	for i := range a {
		if math.Abs(float64(a[i])-float64(b[i])) > 1e-3 {
			return false
		}
	}
	return true
}

// fill puts entries into the bank of a memory that has just been opened, by way of its kept state: whatever else a memory derives from its
// bank, its index of words or vectors, it makes anew then. It tells whether it could.
func fill(m mem.Memory, bank string, entries []lab.Entry) bool {
	banks := m.Banks()
	if len(banks) != 1 {
		return false
	}
	banks[0].Name = bank // a world with many lives names a bank for each
	var empty, full bytes.Buffer
	if m.Snapshot(&empty) != nil {
		return false
	}
	for done := false; empty.Len() > 0; {
		var part json.RawMessage
		if mem.ReadState(&empty, &part) != nil {
			return false
		}
		var state map[string]json.RawMessage
		if json.Unmarshal(part, &state) == nil && state["entries"] != nil && state["next"] != nil {
			if done || !put(state, "entries", entries) || !put(state, "next", after(entries)) {
				return false
			}
			done = true
			if mem.WriteState(&full, state) != nil {
				return false
			}
			continue
		}
		if mem.WriteState(&full, part) != nil {
			return false
		}
	}
	return m.Restore(&full) == nil && banks[0].Len() == len(entries)
}

func put(state map[string]json.RawMessage, name string, value any) bool {
	text, err := json.Marshal(value)
	state[name] = text
	return err == nil
}

// after is the number of the entry that would be written next.
func after(entries []lab.Entry) int {
	next := 0
	for _, e := range entries {
		if n, err := strconv.Atoi(e.ID); err == nil {
			next = max(next, n+1)
		}
	}
	return next
}

// askWords ranks entries by BM25 over their texts and labels. The parts of a score are what each word gives.
func askWords(entries []lab.Entry, situation, why string) (Asked, error) {
	search, err := mem.NewBM25(mem.DefaultBM25())
	if err != nil {
		return Asked{}, err
	}
	for _, e := range entries {
		search.Put(e.ID, strings.Join(append([]string{e.Text}, e.Labels...), " "))
	}
	const read = 3
	out := Asked{By: "words that entries share with the situation (BM25)",
		Note: "Searched by words instead of the memory's own way, because " + why + ". The numbers of the entries are their own."}
	for i, f := range search.Top(situation, read+nearMisses) {
		h := lab.Hit{Entry: f.ID, Rank: i + 1, Score: lab.Float(f.Score), Used: i < read, Parts: map[string]lab.Float{}}
		for word, part := range search.Parts(situation, f.ID) {
			h.Parts[word] = lab.Float(part)
		}
		if !h.Used {
			h.Why = "rank"
		}
		out.Hits = append(out.Hits, h)
	}
	return out, nil
}
