package memo

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl/exam"
)

// bankName is how the memory browser lists the summaries.
const bankName = "summaries"

// mostHits of a read are listed.
const mostHits = 8

// events are the operations on the memory at a kept step: a read where something is decided (at the junction, and in a dark room where
// an episode begins), the write of a full segment, the deletion of what the rule drops, and at the end of a trial of all.
func (l *looker) events(b, t int) (events []lab.Event) {
	c := l.player.cache
	if t == 0 {
		l.banks[b] = nil
	}
	if c.Rule.Segment == 0 {
		return nil
	}
	if reads := t == l.arena.decisions || l.arena.begins >= 0 && l.player.begins[b]; reads && len(l.banks[b]) > 0 {
		events = append(events, l.read(b))
	}
	if (t+1)%c.Rule.Segment == 0 {
		events = append(events, l.write(b, t))
		if keep := c.Rule.Keep; keep > 0 && len(l.banks[b]) > keep {
			events = append(events, l.remove(b, "only the newest summaries stay"))
		}
	}
	if t == l.arena.length-1 {
		for len(l.banks[b]) > 0 {
			events = append(events, l.remove(b, "the trial is over, and nothing survives it"))
		}
	}
	return events
}

// write is what the segment that ends with step t left.
func (l *looker) write(b, t int) lab.Event {
	c := l.player.cache
	all := c.Summaries[len(c.Summaries)-1]
	w, sums := len(all)/examTrials, c.Model.Shape.Prompts
	vector, norm := make([]lab.Float, w), 0.0
	for i, x := range all[b*w : (b+1)*w] {
		vector[i] = exam.Short(x)
		norm += float64(x) * float64(x)
	}
	number, first := len(c.Summaries), t+2-c.Rule.Segment
	entry := lab.Entry{ID: fmt.Sprintf("segment %d", number), Type: "summary", Tokens: sums, Vector: vector,
		Text:    fmt.Sprintf("what steps %d to %d left: vectors that the policy reads as tokens (%d)", first, t+1, sums),
		Numbers: map[string]lab.Float{"segment": lab.Float(number), "norm": exam.Short(float32(math.Sqrt(norm)))}}
	l.banks[b] = append(l.banks[b], entry)
	m := l.operation(b, lab.OpWrite, "the segment is full: its prompts read it")
	m.Entry, m.After = entry.ID, &entry
	return m
}

// remove drops the oldest entry.
func (l *looker) remove(b int, why string) lab.Event {
	entry := l.banks[b][0]
	l.banks[b] = l.banks[b][1:]
	m := l.operation(b, lab.OpDelete, why)
	m.Entry, m.Before = entry.ID, &entry
	return m
}

// read lists the attention of the step on each summary; those below an even share over all entries count as not used.
func (l *looker) read(b int) lab.Event {
	row, sums := l.row(b), l.player.cache.Model.Shape.Prompts
	even := 1 / float64(len(row))
	var hits []lab.Hit
	for i, entry := range l.banks[b] {
		share := 0.0
		for _, s := range row[i*sums : (i+1)*sums] {
			share += float64(s)
		}
		hit := lab.Hit{Entry: entry.ID, Score: exam.Short(float32(share)), Used: share >= even*float64(sums), Parts: map[string]lab.Float{"attention": exam.Short(float32(share))}}
		if !hit.Used {
			hit.Why = "below an even share of the attention"
		}
		hits = append(hits, hit)
	}
	slices.SortStableFunc(hits, func(x, y lab.Hit) int { return cmp.Compare(y.Score, x.Score) })
	for i := range hits {
		hits[i].Rank = i + 1
	}
	m := l.operation(b, lab.OpRead, "attention of this step on what each segment left, mean over heads and layers")
	m.Query, m.Hits = l.arena.Saw(b), hits[:min(len(hits), mostHits)]
	return m
}

func (l *looker) operation(b int, op lab.MemoryOp, why string) lab.Memory {
	m := lab.Memory{Op: op, Bank: bankName, Reason: why, Size: len(l.banks[b])}
	for _, e := range l.banks[b] {
		m.Tokens += e.Tokens
	}
	return m
}
