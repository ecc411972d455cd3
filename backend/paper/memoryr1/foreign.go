package memoryr1

import (
	"context"
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
)

// recallers lets a memory of another kind go through some conversations. It writes by its own rule; the same questions are asked of it, and
// what it recalls goes to the same readers. The first ones are told operation by operation where there is an emitter.
func (m *method) recallers(ctx context.Context, emit lab.Emitter, talks []*talk) ([]*written, error) {
	all := make([]*written, len(talks))
	for i, t := range talks {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		log := &mem.Log{}
		if emit != nil && i < keptTalks {
			log.Emit, log.Episode = emit, m.now.Episodes+int64(i)+1
		}
		memory, err := mem.Open(m.setup, mem.Env{Log: log, Draw: rng.New(m.seed, fmt.Sprintf("memory/%d", t.Seed))})
		if err != nil {
			return nil, err
		}
		for _, b := range memory.Banks() {
			b.Name += fmt.Sprint(" ", log.Episode) // conversations share nothing
		}
		if all[i], err = m.through(ctx, memory, log, t); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// through tells a memory a whole conversation and asks it about all that holds at the end.
func (m *method) through(ctx context.Context, memory mem.Memory, log *mem.Log, t *talk) (*written, error) {
	d, err := m.world.world.Start(t.from.Split, t.Seed)
	if err != nil {
		return nil, err
	}
	told := d.(world.Recalling)
	for log.T = range t.Turns {
		if err := m.alter(ctx, memory, log); err != nil {
			return nil, err
		}
		told.Act("ok")
		for _, e := range told.Experiences() {
			if err := memory.Write(ctx, e); err != nil {
				return nil, err
			}
		}
		if err := memory.Manage(ctx, mem.Outcome{At: mem.AfterStep, Now: m.day(t, log.T)}); err != nil {
			return nil, err
		}
	}
	w := &written{talk: t, recalled: map[string][]line{}, banks: memory.Banks()}
	log.T = len(t.Turns)
	if err := m.alter(ctx, memory, log); err != nil {
		return nil, err
	}
	for _, f := range t.Turns[len(t.Turns)-1].Holds {
		q := t.ask(f.key, len(t.Turns)-1)
		r, err := memory.Read(ctx, mem.Query{Text: q.text, Now: m.day(t, len(t.Turns)-1), K: m.knobs.Candidates})
		if err != nil {
			return nil, err
		}
		w.recalled[q.text] = m.lines(r)
	}
	w.Lines = m.held(w.banks)
	return w, nil
}

// day is the world's clock at a turn.
func (m *method) day(t *talk, now int) int64 { return int64(t.from.Turns[now].Day) }

// lines are recalled entries as our readers know them, the best first: each fact in them is a line of its own, without its day.
func (m *method) lines(r mem.Reading) (all []line) {
	for i := len(r.Entries) - 1; i >= 0; i-- {
		all = append(all, m.facts(r.Entries[i])...)
	}
	return all
}

func (m *method) facts(e lab.Entry) (all []line) {
	when := 0
	for n, f := range m.world.world.Extract(e.Text) {
		when = max(when, f.Day) // the first sentence has the day of all
		all = append(all, line{ID: fmt.Sprintf("%s.%d", e.ID, n), Text: m.world.text(factOf(f)), When: when, Born: when})
	}
	return all
}

// held are the facts of whole banks: what lies among the entries of other conversations.
func (m *method) held(banks []*mem.Bank) (all []line) {
	for _, b := range banks {
		for _, e := range b.All() {
			all = append(all, m.facts(*e)...)
		}
	}
	return all
}
