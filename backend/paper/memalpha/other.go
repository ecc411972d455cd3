package memalpha

import (
	"context"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/chat"
)

// sitOther examines what writes no stores: another kind of memory with the same reader, or a yardstick of the world.
func (m *method) sitOther(ctx context.Context, emit lab.Emitter, x examination) (seen tally, err error) {
	k := m.chat
	k.Chunks = x.chunks
	w, err := chat.New(k)
	if err != nil {
		return seen, err
	}
	for i, seed := range rng.New(m.seed, "exam "+x.name).Seeds(x.instances) {
		if err := ctx.Err(); err != nil {
			return seen, err
		}
		var told *telling
		if i < x.keep {
			m.now.Episodes++
			told = tell(m.now.Episodes, m.words, 0)
		}
		r, err := m.converse(ctx, w, seed, told)
		if err != nil {
			return seen, err
		}
		if seen.add(r); told != nil {
			if err := told.end(emit, r, m.now.Updates); err != nil {
				return seen, err
			}
		}
	}
	return seen, nil
}

// converse plays one instance as a dialogue: chunks are offered to the memory by its own rule, and questions answered from what it recalls.
func (m *method) converse(ctx context.Context, w *chat.World, seed uint64, told *telling) (*rollout, error) {
	in, err := w.Instance(chat.Test, seed)
	if err != nil {
		return nil, err
	}
	d, err := w.Start(chat.Test, seed)
	if err != nil {
		return nil, err
	}
	r := &rollout{in: in, stores: newStores(MemoryKnobs{}, m.subject, nil), right: map[chat.QuestionKind]float64{}, told: told}
	who, err := m.speaker(w, told)
	if err != nil {
		return nil, err
	}
	for t := 0; ; t++ {
		told.at(t)
		if err := m.alterOther(ctx, told, who.memory, t); err != nil {
			return nil, err
		}
		said, err := who.answer(ctx, d)
		if err != nil {
			return nil, err
		}
		said = m.said(told, t, said)
		out := d.Act(said)
		if err := who.learn(ctx, d, out, int64(t)); err != nil {
			return nil, err
		}
		if i := t - len(in.Chunks); i >= 0 {
			right := chat.Match(said, in.Questions[i].Gold)
			r.right[in.Questions[i].Kind] += right
			r.r1 += right
			told.answered(r, i, said, right)
		}
		if out.Done {
			r.r1 /= float64(len(in.Questions))
			r.held = who.tokens()
			r.r3 = short(r.held, length(in))
			return r, nil
		}
	}
}

// speaker plays a dialogue.
type speaker struct {
	yardstick world.Speaker // nil for a memory
	memory    mem.Memory
	reader    world.Reader
}

func (m *method) speaker(w *chat.World, told *telling) (s speaker, err error) {
	if m.setup.Kind("agent") == Reference {
		var k ReferenceKnobs
		if err := m.setup.Section("agent", &k); err != nil {
			return s, err
		}
		s.yardstick, err = w.Reference(k.Policy, rng.New(m.seed, "yardstick").Uint64())
		return s, err
	}
	env := mem.Env{Core: m.core, Draw: rng.New(m.seed, "memory")}
	if told != nil {
		env.Log = &told.log
	}
	s.reader = w.Reader(m.seed)
	s.reader.Begin()
	s.memory, err = mem.Open(m.setup, env)
	return s, err
}

func (s speaker) answer(ctx context.Context, d world.Dialogue) (string, error) {
	if s.yardstick != nil {
		return s.yardstick.Answer(d), nil
	}
	var lines []string
	if asked := d.(world.Recalling).Query(); asked != "" {
		found, err := s.memory.Read(ctx, mem.Query{Text: asked})
		if err != nil {
			return "", err
		}
		lines = found.Lines()
	}
	return s.reader.Answer(d.Read(), lines), nil
}

func (s speaker) learn(ctx context.Context, d world.Dialogue, out world.Outcome, now int64) error {
	if s.yardstick != nil {
		return nil
	}
	for _, e := range d.(world.Recalling).Experiences() {
		if err := s.memory.Write(ctx, e); err != nil {
			return err
		}
	}
	if err := s.memory.Manage(ctx, mem.Outcome{At: mem.AfterStep, Now: now}); err != nil || !out.Done {
		return err
	}
	return s.memory.Manage(ctx, mem.Outcome{At: mem.AfterEpisode, Now: now, Scored: true, Reward: d.Info().Numbers["exact"], Success: d.Info().Success})
}

// tokens are the words of all that a memory holds.
func (s speaker) tokens() (n int) {
	if s.memory == nil {
		return 0
	}
	for _, b := range s.memory.Banks() {
		for _, e := range b.All() {
			n += len(strings.Fields(e.Text))
		}
	}
	return n
}

var _ lab.Emitter = (*telling)(nil)
