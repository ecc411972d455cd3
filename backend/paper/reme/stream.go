package reme

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/tool"
)

// streamSplit and poolSplit are the splits of training episodes in the record.
const (
	streamSplit = "train"
	poolSplit   = "pool"
)

// task is one task of the stream (sec. 3.2 and 3.3 of arXiv 2512.10696v1):
//
//	reuse    the K entries whose when-to-use is most like the task, once, before the first turn
//	act      the frozen actor does the task with them in its prompt, several times side by side; the first attempt counts for the memory
//	refine   f += 1 for what was read, u += 1 if the task succeeded; every few tasks what has f >= alpha and u/f <= beta is deleted
//	         success: its patterns are validated and added
//	         failure: a lesson is extracted and the task tried again with it, at most 3 times; it is added only if a retry succeeds
func (m *method) task(ctx context.Context, emit lab.Emitter) error {
	who, err := m.player(ctx)
	if err != nil {
		return err
	}
	i := m.now.Tasks
	s := sitting{world: m.home.At(i), split: tool.Train, seed: m.seedOf(streamSeeds, i), number: int64(m.knobs.Pool + i + 1)}
	m.log.Episode, m.log.T = s.number, 0
	if err := m.read(ctx, m.memory, &s); err != nil {
		return err
	}
	done, err := who.play(ctx, []sitting{s}, m.knobs.Attempts, m.temper, world.Draw(m.draws, uint64(i)))
	if err != nil {
		return err
	}
	tries := done[0]
	now, _ := tool.ServicesWant(s.world)
	m.now.Tally.add(&s, tries, now)
	m.now.Scores = append(m.now.Scores, share(wins(tries), len(tries)))
	if m.kept(i) {
		if err := m.show(emit, &s, &tries[0]); err != nil {
			return err
		}
	}
	m.log.T = len(tries[0].turns)
	if m.knobs.Dynamic {
		if err := m.refine(ctx, who, &s, &tries[0], i); err != nil {
			return err
		}
	}
	if err := emit.Emit(m.episode(&s, &tries[0], streamSplit, m.kept(i), m.omitted(i))); err != nil {
		return err
	}
	m.now.Tasks++
	return m.endBlock(ctx, emit)
}

// read asks the memory once for a task, and puts what it gives into the prompt.
func (m *method) read(ctx context.Context, memory mem.Memory, s *sitting) error {
	e, err := s.begin()
	if err != nil {
		return err
	}
	if s.reading, err = memory.Read(ctx, mem.Query{Text: taskText(e), Now: s.number, Tokens: m.room}); err != nil {
		return err
	}
	s.lines = s.reading.Lines()
	if m.knobs.Rewrite {
		s.lines = guidance(s.lines, tool.ServiceGoals(e.Case().Users[0]))
	}
	return nil
}

// refine counts, deletes and adds behind a task.
func (m *method) refine(ctx context.Context, who player, s *sitting, p *played, i int) error {
	before := m.rules()
	o := mem.Outcome{At: mem.AfterEpisode, Now: s.number, Used: s.reading.IDs(), Scored: true, Reward: float64(p.info.Return), Success: p.success}
	if err := m.memory.Manage(ctx, o); err != nil {
		return err
	}
	m.countDeleted(s, before)
	d := &dice{key: world.Draw(m.roles, uint64(s.number))}
	if p.success {
		return m.offer(ctx, s, p.goals, p.successes(m.knobs.Granularity), true, d)
	}
	if m.knobs.Reflections == 0 {
		l, ok := p.failure(m.knobs.PErr, m.world.Sources, d)
		if !ok {
			return nil
		}
		// A memory with selective addition drops it, one with full addition keeps it.
		return m.offer(ctx, s, p.goals, []lesson{l}, false, d)
	}
	return m.reflect(ctx, who, s, p, i, d)
}

// reflect tries a failed task again, each time with the lessons of the failures before it handed to the actor. What was handed is written
// when a retry succeeds, and discarded otherwise.
func (m *method) reflect(ctx context.Context, who player, s *sitting, p *played, i int, d *dice) error {
	var lessons []lesson
	last := &p.attempt
	for try := range m.knobs.Reflections {
		l, ok := last.failure(m.knobs.PErr, m.world.Sources, d)
		if !ok {
			return nil
		}
		l.origin = fromReflection
		lessons = held(lessons, l)
		again := *s
		again.lines = handed(s.lines, lessons)
		done, err := who.play(ctx, []sitting{again}, 1, m.temper, world.Draw(world.Draw(m.draws, uint64(i)), uint64(try)+1))
		if err != nil {
			return err
		}
		m.now.Tally.Retries++
		if last = &done[0][0].attempt; last.success {
			m.now.Tally.Rescued++
			return m.offer(ctx, s, p.goals, m.whole(lessons, last), true, d)
		}
	}
	return nil
}

// whole is what a retry that succeeded leaves: the lessons that were handed to it or, of trajectories, the whole one.
func (m *method) whole(lessons []lesson, won *attempt) []lesson {
	if m.knobs.Granularity != Trajectory {
		return lessons
	}
	all := won.successes(Trajectory)
	for i := range all {
		all[i].origin = fromReflection
	}
	return all
}

// rules are the rules of every entry of the pool by its id.
func (m *method) rules() map[string][]tool.ServiceRule {
	all := map[string][]tool.ServiceRule{}
	for _, b := range m.memory.Banks() {
		for _, e := range b.All() {
			all[e.ID] = tool.ServiceRules(e.Text)
		}
	}
	return all
}

// countDeleted counts what Manage deleted, and how much of it was right.
func (m *method) countDeleted(s *sitting, before map[string][]tool.ServiceRule) {
	after, now := m.rules(), wanted(s.world)
	n := 0
	for id, rules := range before { // a sum of counts has no order
		if _, there := after[id]; !there {
			n++
			if right(rules, now) {
				m.now.Tally.Unjust++
			}
		}
	}
	m.now.Tally.Deleted += n
}

// wanted are the rules that hold at the moment of a world.
func wanted(w *tool.World) []tool.ServiceRule {
	now, _ := tool.ServicesWant(w)
	return now
}

// wins counts the attempts that succeeded.
func wins(tries []played) (n int) {
	for i := range tries {
		if tries[i].success {
			n++
		}
	}
	return n
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}
