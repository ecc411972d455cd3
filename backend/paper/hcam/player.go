package hcam

import (
	"fmt"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/world/ballet"
)

// player plays the trained agent greedily: it watches, and at the question takes the most probable place. All environments stand at the same
// step, since all episodes of a ballet are equally long.
type player struct {
	agent *agent
	stage *ballet.Stage
	tape  *num.Tape
	seen  []float32 // [t][B][O] of the present episodes
	steps int
	last  forwarded
	probs []float32 // [B][A] of the last answer

	hits  int // questions whose most relevant chunk is of the asked dancer
	asked int // questions so far with chunks to choose from
}

func newPlayer(core *num.Core, a *agent, stage *ballet.Stage) *player {
	return &player{agent: a, stage: stage, tape: num.NewTape(core)}
}

// Reset implements world.Policy.
func (p *player) Reset() { p.seen, p.steps = p.seen[:0], 0 }

// Act implements world.Policy.
func (p *player) Act(obs []float32, fresh []bool, actions []int32) {
	if fresh[0] {
		p.Reset()
	}
	p.seen = append(p.seen, obs...)
	p.steps++
	clear(actions)
	if obs[p.stage.Layout.Question()] == 0 {
		return
	}
	b, n := len(actions), p.agent.actions
	p.tape.Reset()
	p.last = p.agent.forward(p.tape, &num.Tensor{Name: "obs", Shape: []int{p.steps, b, len(obs) / b}, Data: p.seen}, false)
	p.probs = slices.Grow(p.probs[:0], b*n)[:b*n]
	for i := range b {
		row := p.probs[i*n : (i+1)*n]
		rl.Probabilities(p.last.out.Data[i*(n+1):i*(n+1)+n], row)
		actions[i] = int32(rl.Best(row))
		p.count(i)
	}
}

// choosing tells whether the agent chooses between chunks.
func (p *player) choosing() (*reader, bool) {
	r, ok := p.agent.memory.(*reader)
	return r, ok && (r.knobs.Reading == Hierarchical || r.knobs.Reading == Summary)
}

// count notes whether the most relevant chunk holds moves of the asked dancer.
func (p *player) count(b int) {
	if _, ok := p.choosing(); !ok {
		return
	}
	which, _ := p.last.glance.Chosen(b)
	if len(which) == 0 {
		return
	}
	p.asked++
	from, to := p.span(b, which[0])
	s := p.stage.Script(b)
	start := int(s.Events[s.Asked].Start)
	if from < start+len(p.stage.Dances()[0].Moves) && start < to {
		p.hits++
	}
}

// span gives the steps of a chunk of the plan within the episode of environment b.
func (p *player) span(b int, chunk int32) (from, to int) {
	c := p.last.glance.chunks.All[chunk]
	from = int(c.Row) - b*p.last.glance.steps
	return from, from + int(c.Len)
}

// note adds to a kept step what the agent made of the question: probabilities of the places, the baseline, the weight of every chunk read,
// and, as State, the attention inside the most relevant one.
func (p *player) note(b int, s *lab.Step) {
	n := p.agent.actions
	if p.steps-1 != s.T || p.last.out == nil || len(p.probs) == 0 || s.T < p.stage.Spec().Horizon-1 {
		return
	}
	s.Numbers = map[string]lab.Float{"baseline": exam.Short(p.last.out.Data[b*(n+1)+n])}
	for i, name := range p.stage.Spec().Actions {
		s.Numbers["p "+name] = exam.Short(p.probs[b*n+i])
	}
	if _, ok := p.choosing(); !ok {
		return
	}
	which, w := p.last.glance.Chosen(b)
	for i, c := range which {
		from, to := p.span(b, c)
		s.Numbers[fmt.Sprintf("weight of steps %d-%d", from, to-1)] = exam.Short(w[i])
	}
	if len(which) > 0 {
		for _, v := range p.last.glance.Inside(b, 0) {
			s.State = append(s.State, exam.Short(v))
		}
	}
}

// events tells what happened to the store of environment b at step t: a chunk became full, or, at the question, chunks were read.
func (p *player) events(b, t int) []lab.Event {
	r, ok := p.choosing()
	if !ok {
		return nil
	}
	full := r.cut(t + 1)
	var evs []lab.Event
	if n := len(full); n > 0 && int(full[n-1].Row+full[n-1].Len) == t+1 && t < p.stage.Spec().Horizon-1 {
		e := p.entry(b, n-1, int(full[n-1].Row), t+1)
		evs = append(evs, lab.Memory{Op: lab.OpWrite, Bank: "chunks", Entry: e.ID, After: &e, Reason: "the accumulator is full", Size: n, Tokens: t + 1})
	}
	if t == p.stage.Spec().Horizon-1 {
		evs = append(evs, p.read(b, t, len(r.cut(t))))
	}
	return evs
}

// entry describes the chunk of that number, steps from..to.
func (p *player) entry(b, number, from, to int) lab.Entry {
	l, w := p.stage.Layout, p.stage.Spec().Obs
	envs, text, look := p.stage.Size(), "", -1
	for t := from; t < to; t++ {
		row := p.seen[(t*envs+b)*w : (t*envs+b+1)*w]
		seen := slices.Index(row[:l.Looks], 1)
		if seen >= 0 && seen != look {
			place := slices.Index(row[l.Place():l.Place()+l.Places], 1)
			text += fmt.Sprintf(" the %s at %s:", ballet.Look(seen), ballet.Directions()[place])
		}
		look = seen
		switch move := slices.Index(row[l.Move():l.Move()+ballet.Moves], 1); {
		case seen < 0:
			text += " ."
		case move > 0:
			text += " " + ballet.Directions()[move-1]
		}
	}
	return lab.Entry{ID: fmt.Sprintf("chunk %d", number+1), Type: "chunk", Text: fmt.Sprintf("steps %d to %d:%s", from, to-1, text), Tokens: to - from,
		Numbers: map[string]lab.Float{"first step": lab.Float(from)}}
}

// read tells which of n chunks the question chose in the last layer, with their relevance, and which it passed over.
func (p *player) read(b, t, n int) lab.Memory {
	which, w := p.last.glance.Chosen(b)
	first, relevance := p.last.glance.Open(b)
	hits := make([]lab.Hit, 0, n)
	order := make([]int, len(relevance))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case relevance[i] > relevance[j]:
			return -1
		case relevance[i] < relevance[j]:
			return 1
		}
		return 0
	})
	for rank, i := range order {
		h := lab.Hit{Entry: fmt.Sprintf("chunk %d", i+1), Rank: rank + 1, Score: exam.Short(relevance[i]), Parts: map[string]lab.Float{"relevance": exam.Short(relevance[i])},
			Why: "below the chunks read"}
		if at := slices.Index(which, int32(first+i)); at >= 0 {
			h.Used, h.Why = true, ""
			h.Parts["weight"] = exam.Short(w[at])
		}
		hits = append(hits, h)
	}
	return lab.Memory{Op: lab.OpRead, Bank: "chunks", Reason: "relevance of chunk means; softmax over those read", Query: p.stage.Saw(b), Hits: hits,
		Size: n, Tokens: t}
}
