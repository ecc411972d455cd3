package spatiallyawaretransformer

import (
	"fmt"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn/seq"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/ballet"
)

// player plays the trained memory: it watches, keeps what its rule says, and at the question takes the most probable answer. All
// environments stand at the same step, since all episodes of a world are equally long.
type player struct {
	agent   *agent
	stage   *ballet.Stage
	tape    *num.Tape
	keeping keeping
	chance  *rng.Stream
	seen    []float32 // [t][B][O] of the present episodes
	steps   int
	rules   []string // [B] of the present episodes
	salt    []uint64 // [B] of the draws of rules that let chance decide
	kept    []kept   // [B] at the last question
	logits  *num.Tensor
	read    seq.Seen
	chunks  *seq.Chunks
	places  [][]int // [B] what was told of the places

	stored, asked int // questions whose event was kept, and all
}

func newPlayer(core *num.Core, a *agent, stage *ballet.Stage, chance *rng.Stream) *player {
	return &player{agent: a, stage: stage, tape: num.NewTape(core), chance: chance,
		keeping: keeping{knobs: a.knobs, visits: a.visits, places: stage.Layout.Places}, rules: make([]string, stage.Size()), salt: make([]uint64, stage.Size()), kept: make([]kept, stage.Size()),
		places: make([][]int, stage.Size())}
}

// Reset implements world.Policy.
func (p *player) Reset() { p.seen, p.steps = p.seen[:0], 0 }

// obs is what was seen so far as a tensor.
func (p *player) obs() *num.Tensor {
	b := p.stage.Size()
	return &num.Tensor{Name: "obs", Shape: []int{p.steps, b, len(p.seen) / (b * p.steps)}, Data: p.seen}
}

// Act implements world.Policy.
func (p *player) Act(obs []float32, fresh []bool, actions []int32) {
	if fresh[0] {
		p.Reset()
	}
	p.seen = append(p.seen, obs...)
	p.steps++
	if fresh[0] {
		p.decide()
	}
	clear(actions)
	if obs[p.stage.Layout.Question()] == 0 {
		return
	}
	all := p.obs()
	for e := range p.kept {
		p.places[e] = p.agent.reader.told(all, e)
		p.kept[e] = p.keeping.episode(p.places[e], p.rules[e], p.draw(e))
		p.count(e)
	}
	p.tape.Reset()
	p.logits, p.read, p.chunks = p.agent.reader.forward(p.tape, all, p.kept)
	n := p.logits.Last()
	for e := range actions {
		actions[e] = int32(rl.Best(p.logits.Data[e*n : (e+1)*n]))
	}
}

// decide takes the rules of the episodes that begin, from their tasks: greedily where they are learned.
func (p *player) decide() {
	obs := p.obs()
	tasks := make([]int, len(p.rules))
	for e := range tasks {
		tasks[e] = taskOf(p.stage.Layout, obs, e)
	}
	var chosen []int
	if a := p.agent.allocator; a != nil {
		p.tape.Reset()
		chosen = a.choose(a.values(p.tape, tasks), 0, nil)
	}
	for e, task := range tasks {
		p.rules[e] = ruleFor(p.agent.knobs.Rule, task, e, chosen, p.chance)
		p.salt[e] = p.chance.Uint64()
	}
}

// draw hands out the numbers by which chance decides in episode e: the same ones however often the memory is made again.
func (p *player) draw(e int) func() float64 {
	n := uint64(0)
	return func() float64 { n++; return world.Unit(world.Draw(p.salt[e], n)) }
}

// count notes whether the asked event is in memory: of a visit its first step stands for all, of a room any of its steps.
func (p *player) count(e int) {
	s := p.stage.Script(e)
	p.asked++
	want := s.Events[s.Asked]
	if p.agent.visits {
		if p.kept[e].holds(int(want.Start)) {
			p.stored++
		}
		return
	}
	for t, f := range s.Frames {
		if f.Look == want.Look && f.Move > 0 && p.kept[e].holds(t) {
			p.stored++
			return
		}
	}
}

// sizes are the numbers kept at step t, and the steps that can be recalled.
func (p *player) sizes(_, t int) (memory, context int) {
	limit := p.agent.knobs.Capacity * stepsPerVisit
	if p.agent.visits {
		limit = p.agent.knobs.Capacity * visitSteps
	}
	n := min(t, limit)
	return n * p.agent.knobs.Width, max(n, 1)
}

// note adds to a kept step the answer's probabilities, and, as State, the attention inside the chunk that was read first.
func (p *player) note(e int, s *lab.Step) {
	if s.T < p.stage.Spec().Horizon-1 || p.logits == nil {
		return
	}
	n := p.logits.Last()
	probs := make([]float32, n)
	rl.Probabilities(p.logits.Data[e*n:(e+1)*n], probs)
	s.Numbers = map[string]lab.Float{}
	for i, name := range p.stage.Spec().Actions {
		s.Numbers["p "+name] = exam.Short(probs[i])
	}
	which, w := p.read.Chosen(e)
	for i, c := range which {
		s.Numbers["weight of "+p.name(e, int(c)-int(p.chunks.Start[e]))] = exam.Short(w[i])
	}
	if len(which) > 0 {
		for _, v := range p.read.Inside(e, 0) {
			s.State = append(s.State, exam.Short(v))
		}
	}
}

// name is the entry that chunk i of episode e's memory is.
func (p *player) name(e, i int) string {
	c := p.kept[e].chunks[i]
	switch {
	case p.agent.visits:
		return fmt.Sprintf("visit %d", c[0]/visitSteps+1)
	case p.agent.knobs.Grouping == ByPlace:
		room, part := p.kept[e].places[i], 1
		for _, other := range p.kept[e].places[:i] {
			if other == room {
				part++
			}
		}
		return fmt.Sprintf("room %d, part %d", room+1, part)
	}
	return fmt.Sprintf("steps %d-%d", c[0], c[len(c)-1])
}

// events tells what happened to the memory of episode e at step t. Where entries are whole visits or stretches of time they are written
// when complete; a room's entry changes with every step there.
func (p *player) events(e, t int) []lab.Event {
	if t == p.stage.Spec().Horizon-1 {
		return []lab.Event{p.reading(e)}
	}
	before, after := p.at(e, t), p.at(e, t+1)
	var evs []lab.Event
	for _, old := range before {
		if !slices.ContainsFunc(after, func(x lab.Entry) bool { return x.ID == old.ID }) {
			evs = append(evs, lab.Memory{Op: lab.OpDelete, Bank: "memory", Entry: old.ID, Before: &old, Reason: "full; rule " + p.rule(e), Size: len(after)})
		}
	}
	for _, now := range after {
		i := slices.IndexFunc(before, func(x lab.Entry) bool { return x.ID == now.ID })
		switch {
		case i < 0:
			evs = append(evs, lab.Memory{Op: lab.OpWrite, Bank: "memory", Entry: now.ID, After: &now, Reason: "seen", Size: len(after)})
		case before[i].Text != now.Text:
			evs = append(evs, lab.Memory{Op: lab.OpChange, Bank: "memory", Entry: now.ID, Before: &before[i], After: &now, Reason: "seen", Size: len(after)})
		}
	}
	return evs
}

func (p *player) rule(e int) string {
	if p.agent.visits {
		return p.rules[e]
	}
	return ballet.FIFO
}

// at is what the memory of episode e holds after n steps. Entries that are whole visits or stretches of time are there when complete, the
// last stretch when the walk ends.
func (p *player) at(e, n int) (all []lab.Entry) {
	frames := p.stage.Script(e).Frames
	switch {
	case p.agent.visits:
		n = n / visitSteps * visitSteps
	case p.agent.knobs.Grouping == ByTime && n < len(frames):
		n = n / p.agent.knobs.Chunk * p.agent.knobs.Chunk
	}
	place := make([]int, n)
	for t := range place {
		place[t] = int(frames[t].Place)
	}
	held := p.kept[e]
	p.kept[e] = p.keeping.episode(place, p.rules[e], p.draw(e))
	for i, c := range p.kept[e].chunks {
		all = append(all, lab.Entry{ID: p.name(e, i), Type: "chunk", Text: p.text(e, c), Tokens: len(c)})
	}
	p.kept[e] = held
	return all
}

// text puts steps into words.
func (p *player) text(e int, chunk []int) (text string) {
	s, look, place := p.stage.Script(e), int8(-1), int8(-1)
	for _, t := range chunk {
		f := s.Frames[t]
		if f.Look != look || f.Place != place {
			text += fmt.Sprintf(" %s in room %d:", ballet.Look(int(f.Look)), f.Place+1)
			look, place = f.Look, f.Place
		}
		if f.Move > 0 {
			text += " " + ballet.Directions()[f.Move-1]
			continue
		}
		text += " ."
	}
	return fmt.Sprintf("from step %d:%s", chunk[0], text)
}

// reading tells which entries the question read, with their relevance, and which it passed over.
func (p *player) reading(e int) lab.Memory {
	which, w := p.read.Chosen(e)
	first, relevance := p.read.Open(e)
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
	var hits []lab.Hit
	for rank, i := range order {
		h := lab.Hit{Entry: p.name(e, i), Rank: rank + 1, Score: exam.Short(relevance[i]), Parts: map[string]lab.Float{"relevance": exam.Short(relevance[i])},
			Why: "below the chunks read"}
		if at := slices.Index(which, int32(first+i)); at >= 0 {
			h.Used, h.Why = true, ""
			h.Parts["weight"] = exam.Short(w[at])
		}
		hits = append(hits, h)
	}
	return lab.Memory{Op: lab.OpRead, Bank: "memory", Reason: "relevance of chunk means; softmax over those read", Query: p.stage.Saw(e), Hits: hits, Size: len(hits)}
}
