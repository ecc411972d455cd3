package rarl

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/world/gridrobo"
)

// bankName is how the memory browser lists what an episode may look up.
const bankName = "retrieval batch"

// mostHits of a read are listed.
const mostHits = 8

// teller tells of one player's kept episodes: what is in the retrieval batch, and what each slot reads at each step.
type teller struct {
	player *player
	store  *store
	last   int // step at which the episode ends
}

// events at a kept step. The batch is written before the first step and taken away after the last.
func (l *teller) events(b, t int) (events []lab.Event) {
	p := l.player
	if p.last == nil {
		return nil
	}
	first, n := l.group(b)*p.memory.each, p.memory.each
	if t == 0 {
		for i := range n {
			e := l.entry(first+i, i)
			events = append(events, lab.Memory{Op: lab.OpWrite, Bank: bankName, Entry: e.ID, After: &e, Reason: "drawn from the store for this episode", Size: i + 1})
		}
	}
	for slot := range p.net.knobs.Slots {
		events = append(events, l.read(b, slot))
	}
	if t == l.last {
		for i := n - 1; i >= 0; i-- {
			e := l.entry(first+i, i)
			events = append(events, lab.Memory{Op: lab.OpDelete, Bank: bankName, Entry: e.ID, Before: &e, Reason: "the episode is over: the next one draws a batch of its own", Size: i})
		}
	}
	return events
}

func (l *teller) group(b int) int { return b * l.player.net.knobs.Slots / l.player.last.rows }

// entry is trajectory i of a batch; at is its place among all batches.
func (l *teller) entry(at, i int) lab.Entry {
	r := &l.player.batches
	e, d := int(r.episode[at]), l.store.data
	text := fmt.Sprintf("%s, steps %d to %d of recording %d, return %.0f", gridrobo.TaskName(d.Task(e)), r.start[at]+1, int(r.start[at])+r.steps, e, r.returns[at])
	return lab.Entry{ID: name(i), Type: "trajectory", Text: text, Labels: []string{gridrobo.TaskName(d.Task(e))},
		Numbers: map[string]lab.Float{"return": exam.Short(r.returns[at]), "task": lab.Float(d.Task(e))}}
}

func name(i int) string { return fmt.Sprintf("trajectory %d", i+1) }

// read is what one slot looked up in its last round: trajectories by their share of the attention before the choice, and what is left
// of it after.
func (l *teller) read(b, slot int) lab.Event {
	p := l.player
	o, n, steps := p.last, p.memory.each, p.memory.steps
	row := b*p.net.knobs.Slots + slot
	first := l.group(b) * n
	weight, top := make([]float32, n), make([]int, n)
	for c := o.sel.states - 1; c >= 0; c-- {
		at := row*o.sel.states + c
		i := int(o.kept[at]) / steps
		weight[i] += o.weight[at]
		top[i] = int(o.kept[at])%steps + 1
	}
	var hits []lab.Hit
	for i := range n {
		h := lab.Hit{Entry: name(i), Score: exam.Short(o.score[row*n+i]), Used: weight[i] > 0,
			Parts: map[string]lab.Float{"attention": exam.Short(o.score[row*n+i]), "read": exam.Short(weight[i])}}
		switch {
		case weight[i] > 0:
			at := first + i
			h.Parts["state"] = lab.Float(top[i])
			h.Why = l.state(at, top[i]-1)
		case o.taken[row*n+i]:
			h.Why = "kept, but none of its states was"
		default:
			h.Why = "not among the trajectories kept"
		}
		hits = append(hits, h)
	}
	slices.SortStableFunc(hits, func(x, y lab.Hit) int { return cmp.Compare(y.Parts["read"], x.Parts["read"]) })
	slices.SortStableFunc(hits, func(x, y lab.Hit) int { return boolean(y.Used) - boolean(x.Used) })
	for i := range hits {
		hits[i].Rank = i + 1
	}
	return lab.Memory{Op: lab.OpRead, Bank: bankName, Reason: "softmax over all states of the batch, summed over each trajectory (attention); of the kept states, their share (read)",
		Query: fmt.Sprintf("slot %d", slot+1), Hits: hits[:min(len(hits), mostHits)], Size: n}
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// state tells a stored state and the future that it had.
func (l *teller) state(at, j int) string {
	d, e, t := l.store.data, int(l.player.batches.episode[at]), int(l.player.batches.start[at])+j
	a, r := d.Step(e, t)
	return fmt.Sprintf("%s; did %s, paid %.0f", gridrobo.Words(d.Knobs.Grid, d.Row(e, t)), gridrobo.ActionName(a), r)
}
