package reasoningbank

import (
	"context"
	"errors"
	"strconv"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/world"
)

// task is one task of the stream (secs. 3 and 4 of arXiv 2509.25140):
//
//	read    the items of the k past queries nearest to this one, all of them
//	act     the frozen actor does the task with them in its prompt, once or k times
//	judge   the actor as its own judge: every rollout is taken for a success or a failure, now and then wrongly
//	answer  with the rollout that the judge picks
//	write   why it worked, or what would have prevented the failure; of several rollouts what their contrast shows
//
// What really came of it goes into the metrics and nowhere else.
func (m *method) task(ctx context.Context, emit lab.Emitter) error {
	who, err := m.player(ctx)
	if err != nil {
		return err
	}
	i := m.now.Tasks
	m.log.Emit, m.log.Episode, m.log.T = emit, m.now.Episodes+1, 0
	s := sitting{goal: m.stream[i], clock: uint64(i + 1), number: m.now.Episodes + 1}
	if s.reading, err = m.memory.Read(ctx, m.query(s.goal.Sentence, i)); err != nil {
		return err
	}
	done, shadows, err := m.rollouts(ctx, who, s, i)
	if err != nil {
		return err
	}
	pick := m.pick(done)
	m.now.Tasks++
	m.measure(done, shadows, pick)
	if err := m.record(emit, done, pick); err != nil {
		return err
	}
	m.log.T = len(done[pick].turns)
	if err := m.learn(ctx, done, pick, m.keys.dice(m.keys.write, i)); err != nil {
		return err
	}
	return m.window(emit)
}

// query is what the memory is asked for a task.
func (m *method) query(sentence string, task int) mem.Query {
	return mem.Query{Text: sentence, Now: int64(task + 1), Tokens: m.room}
}

// rollouts does a task as often as it is scaled, and some times more for the metrics. The judge has looked at all of them.
func (m *method) rollouts(ctx context.Context, who player, s sitting, task int) (done, shadows []played, err error) {
	if m.knobs.Scaling == Sequential {
		return m.examined(ctx, who, s, task)
	}
	n := m.knobs.rollouts()
	s.n = n + m.knobs.Shadows
	all, err := m.play(ctx, who, s, world.Draw(m.keys.act, uint64(task)))
	if err != nil {
		return nil, nil, err
	}
	m.judge(all[:n], task, 0)
	return all[:n], all[n:], nil
}

func (m *method) play(ctx context.Context, who player, s sitting, seed uint64) ([]played, error) {
	all, err := who.play(ctx, m.shop, []sitting{s}, m.temper, seed)
	if err = errors.Join(err, failed(all)); err != nil {
		return nil, err
	}
	return all[0], nil
}

// judge looks at rollouts, of which the first is that number of its task.
func (m *method) judge(all []played, task, first int) {
	for i := range all {
		all[i].won = m.knobs.judged(all[i].info.Success, chance(m.keys.judge, int64(task), first+i))
	}
}

// examined does a task once and examines it again some times (sequential scaling): what the writer says of the rollout before stands as notes
// behind the memory, and the task is done again. The shadows are those of the last examination.
func (m *method) examined(ctx context.Context, who player, s sitting, task int) (done, shadows []played, err error) {
	d := &dice{key: world.Draw(m.keys.write, uint64(task)+1<<32)}
	for r := range m.knobs.Rollouts {
		s.n = 1
		if r == m.knobs.Rollouts-1 {
			s.n += m.knobs.Shadows
		}
		all, err := m.play(ctx, who, s, world.Draw(world.Draw(m.keys.act, uint64(task)), uint64(r)))
		if err != nil {
			return nil, nil, err
		}
		m.judge(all[:1], task, r)
		done, shadows = append(done, all[0]), all[1:]
		t := traceOf(all[0].visit, all[0].won)
		if text := t.left(m.knobs.Form, t.distil(m.knobs.Noise, m.knobs.Most, d)); text != "" {
			s.notes = []string{text}
		}
	}
	return done, shadows, nil
}

// pick is the rollout that is answered with: the best in the judge's eyes, and the last of those that examine each other.
func (m *method) pick(done []played) int {
	if m.knobs.Scaling == Sequential {
		return len(done) - 1
	}
	won := make([]bool, len(done))
	for i := range done {
		won[i] = done[i].won
	}
	return bestOf(won)
}

// learn distils the rollouts of a task and offers what is left to the memory. All that it hears of how they ended is what the judge says.
func (m *method) learn(ctx context.Context, done []played, pick int, d *dice) error {
	s := done[pick].sitting
	o := mem.Outcome{At: mem.AfterEpisode, Now: int64(m.now.Tasks), Used: s.reading.IDs(), Scored: true, Reward: float64(btoi(done[pick].won)), Success: done[pick].won}
	if err := m.memory.Manage(ctx, o); err != nil {
		return err
	}
	traces := make([]trace, len(done))
	for i := range done {
		traces[i] = traceOf(done[i].visit, done[i].won)
	}
	if m.knobs.Form == Items && (m.knobs.Scaling == Parallel || m.knobs.Scaling == Sequential) {
		return m.write(ctx, s, contrast(traces, m.knobs.Noise, m.knobs.Contrast, d), "", done[pick].won)
	}
	for i := range traces {
		t := &traces[i]
		items := t.distil(m.knobs.Noise, m.knobs.Most, d)
		if err := m.write(ctx, s, items, t.left(m.knobs.Form, items), t.won); err != nil {
			return err
		}
	}
	return nil
}

// write offers the memory what a task left: items, or a text of another form.
func (m *method) write(ctx context.Context, s *sitting, items []advice, text string, won bool) error {
	if text == "" && m.knobs.Form == Items {
		text = written(items)
	}
	if text == "" {
		return nil
	}
	if m.knobs.Form == Items {
		m.now.Window.wrote(items, m.shop)
	}
	return m.memory.Write(ctx, lab.Experience{Kind: lab.OneTask, Key: s.goal.Sentence, Text: text, When: int64(m.now.Tasks), Source: strconv.FormatInt(s.number, 10),
		Scored: true, Reward: lab.Float(btoi(won)), Success: won})
}
