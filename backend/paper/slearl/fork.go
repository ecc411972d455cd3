package slearl

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rl"
)

// Changes implements lab.Forker. Only episodes of examinations are kept, in which a model acts.
func (m *method) Changes() []lab.ChangeKind {
	switch {
	case m.who != nil:
		return nil
	case m.knobs.Key == NoKey:
		return []lab.ChangeKind{lab.ChangeAct}
	}
	return lab.ChangeKinds()
}

// Fork implements lab.Forker.
func (m *method) Fork(f lab.Fork) error {
	m.player.fork = &f
	return f.Check(m.Changes())
}

// textFork says which attempt of a game is changed. Only kept episodes have numbers of their own.
func (p *player) textFork(g *game) *rl.TextFork {
	if p.fork == nil {
		return nil
	}
	i := p.fork.Episode - g.episode
	if g.kept == 0 || i < 0 || i >= int64(min(g.kept, len(g.items))) {
		return nil
	}
	answer, act := p.fork.Action(p.fork.Episode, p.fork.T)
	return &rl.TextFork{Item: g.items[i], Turn: p.fork.T, Act: act, Answer: answer, Replay: p.fork.Replay}
}

// alter makes the changes of a fork where they fall due, and tells whether there were any.
func (p *player) alter(ctx context.Context, g *game, item, t int) (bool, error) {
	if item >= g.kept {
		return false, nil
	}
	due := p.fork.Due(g.episode+int64(item), t)
	if len(due) == 0 {
		return false, nil
	}
	p.log.Episode, p.log.T = g.episode+int64(item), t
	p.events.hand = true
	defer func() { p.events.hand = false }()
	return true, p.memory.alter(ctx, due)
}

// keepAltered makes the changes once more, silently, in a memory that an examination gave back as it was.
func (p *player) keepAltered(ctx context.Context, kept int, first int64) error {
	o, ok := p.memory.(other)
	f := p.fork
	if !ok || f == nil || kept == 0 || f.Episode < first || f.Episode >= first+int64(kept) {
		return nil
	}
	return o.alter(ctx, f.Memory())
}

func (o other) alter(ctx context.Context, changes []lab.Change) error {
	return mem.Alter(ctx, o.Memory, changes)
}

// alter takes an entry out of the library with its links, or rewrites it where it stands in all of them.
func (s shelf) alter(_ context.Context, changes []lab.Change) error {
	for _, c := range changes {
		b, err := mem.BankOf(s.zones[:], c)
		if err != nil {
			return err
		}
		zone := 0
		if b == s.zones[1] {
			zone = 1
		}
		name := linkName(zone, c.Entry)
		if c.Kind == lab.ChangeDrop {
			s.index.unlink(name)
			delete(s.facts, name)
		}
		if err := mem.AlterBank(b, c); err != nil {
			return err
		}
		if e, there := b.Get(c.Entry); there {
			s.know(zone, e)
		}
	}
	return nil
}
