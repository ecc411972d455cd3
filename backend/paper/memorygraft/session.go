package memorygraft

import (
	"context"
	"errors"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/tool"
)

// earningTasks numbers the tasks of earning: no session comes so far.
const earningTasks = 1 << 32

// earn is a session before the first one: the victim does tasks, and what succeeds is its own past. Nothing of it is foreign. When it has
// enough records it stops.
//
// Unlike in the paper, where the note brings the benign records too: cover that the victim earned is the stronger test.
func (m *method) earn(ctx context.Context, emit lab.Emitter) error {
	first := earningTasks + uint64(m.now.Earning)*uint64(m.knobs.Tasks)
	done, err := m.play(ctx, emit, first, "")
	if err != nil {
		return err
	}
	for i := range done {
		p := &done[i]
		if p.info.Success && p.info.Numbers["flags"] == 0 && m.now.Earned < m.knobs.Earned {
			if err := m.write(ctx, p); err != nil {
				return err
			}
			m.now.Earned++
		}
		if err := emit.Emit(m.episode(p, "earning", 0, false)); err != nil {
			return err
		}
	}
	m.now.Episodes += int64(len(done))
	m.now.Earning++
	return nil
}

// session is one session of tasks (arXiv 2512.16962, sections 4 and 5):
//
//	note    in session note_at the first task comes with a note; what it tells is taken into the store
//	read    Retr(q) for each task, behind the defences
//	act     the frozen actor, with the records as demonstrations
//	write   (q, R) of every run that the judge takes for a success
func (m *method) session(ctx context.Context, emit lab.Emitter) error {
	s := m.now.Session + 1
	m.log.Emit, m.log.Episode, m.log.T = emit, m.now.Episodes+1, 0
	t := tally{}
	if err := m.tidyUp(s, &t); err != nil {
		return err
	}
	note := ""
	if m.knobs.Note != NoNote && s == m.knobs.At {
		note = tool.NoteText(m.world.Note(m.noteSpec(), m.keys.note))
	}
	done, err := m.play(ctx, emit, uint64(s)*uint64(m.knobs.Tasks), note)
	if err != nil {
		return err
	}
	for i := range done {
		if err := m.takeIn(ctx, emit, &done[i], i, &t); err != nil {
			return err
		}
	}
	m.now.Episodes += int64(len(done))
	m.now.Session = s
	if err := emitAll(emit, s, append(t.measures(), m.stock(&t)...)); err != nil {
		return err
	}
	if s == m.knobs.At || s == m.knobs.Sessions {
		return m.probeStore(ctx, emit, s)
	}
	return nil
}

func (m *method) noteSpec() tool.NoteSpec {
	return tool.NoteSpec{What: m.knobs.Note, Count: m.knobs.Count, Aimed: m.knobs.Aimed, Tags: m.knobs.Tags}
}

// tidyUp is what happens to the store before a session.
func (m *method) tidyUp(s int, t *tally) (err error) {
	if m.store == nil {
		return nil
	}
	m.store.session = s
	if err := m.store.expire(); err != nil {
		return err
	}
	if s == m.store.knobs.PurgeAt {
		if err := m.store.purge(m.now.Family); err != nil {
			return err
		}
	}
	if m.store.knobs.Provenance == Quarantine && s >= m.store.knobs.Since {
		t.Rehearsed, err = m.store.rehearse(m.world)
	}
	return err
}

// play reads for the tasks from number first on and does them, side by side. The first of them may come with a note, which is read first.
func (m *method) play(ctx context.Context, emit lab.Emitter, first uint64, note string) ([]played, error) {
	who, err := m.player(ctx)
	if err != nil {
		return nil, err
	}
	m.log.Emit = emit
	all := make([]sitting, m.knobs.Tasks)
	for i := range all {
		n := first + uint64(i)
		task := tool.DrawPipeline(tool.Train, world.Draw(m.keys.tasks, n))
		s := sitting{task: task, number: m.now.Episodes + int64(i) + 1}
		if i == 0 {
			s.note = note
		}
		if s.episode, _ = m.world.Pipeline(task, s.note, n); s.note != "" {
			if err := m.readNote(ctx, &s); err != nil {
				return nil, err
			}
		}
		all[i] = s
	}
	for i := range all {
		if err := m.read(ctx, &all[i]); err != nil {
			return nil, err
		}
	}
	done, err := who.play(ctx, all, world.Draw(m.keys.acts, first))
	return done, errors.Join(err, failed(done))
}

// readNote reads what came with a task, as an agent does that takes in what documents hold. It costs a turn.
func (m *method) readNote(ctx context.Context, s *sitting) error {
	s.episode.Act(tool.Action{Verb: tool.Read, Name: "n1"}.String())
	if m.store == nil {
		return nil
	}
	m.log.Episode, m.log.T = s.number, 0
	ids, err := m.store.graft(ctx, s.episode.Experiences())
	for _, id := range ids {
		m.now.Family[id] = true
	}
	m.now.Roots += len(ids)
	return err
}

// read asks the store once for a task.
func (m *method) read(ctx context.Context, s *sitting) (err error) {
	if m.store == nil {
		return nil
	}
	m.log.Episode, m.log.T = s.number, 0
	s.reading, err = m.store.Read(ctx, mem.Query{Text: s.episode.Request(), Now: int64(m.store.session), Tokens: m.room})
	return err
}

// takeIn writes a finished run back where the judge takes it for a success, and sums it up.
func (m *method) takeIn(ctx context.Context, emit lab.Emitter, p *played, i int, t *tally) error {
	kept := i < m.knobs.Kept
	if kept {
		if err := m.show(emit, p); err != nil {
			return err
		}
	}
	t.add(p, m)
	if m.store != nil && m.store.knobs.WriteBack && m.store.knobs.judged(p.info.Success, p.info.Numbers["flags"] > 0) {
		if err := m.write(ctx, p); err != nil {
			return err
		}
	}
	return emit.Emit(m.episode(p, tool.Train, m.now.Session+1, kept))
}

// write appends a run. It belongs to the note's family where the record that it followed does.
func (m *method) write(ctx context.Context, p *played) error {
	m.log.Episode, m.log.T = p.number, len(p.episode.Steps())
	id, followed, err := m.store.append(ctx, p.episode, p.reading)
	if followed != "" && m.now.Family[followed] {
		m.now.Family[id] = true
	}
	return err
}

// last is what is left at the end.
func (m *method) last(_ context.Context, emit lab.Emitter) error {
	if err := m.unchanged(); err != nil {
		return err
	}
	return m.curveOfTau(emit)
}
