package memact

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rl"
)

// Changes implements lab.Forker. A context does not outlive its episode; the kept ones are examinations with the most probable tokens: nothing
// in them depends on chance, in a replay neither.
func (m *method) Changes() []lab.ChangeKind {
	if m.model == nil {
		return nil
	}
	return lab.ChangeKinds()
}

// Fork implements lab.Forker.
func (m *method) Fork(f lab.Fork) error {
	m.fork = &f
	return f.Check(m.Changes())
}

// byHand is another action in the place of what the model draws, in the kept episode that the fork is about.
func (p *party) byHand(items []item) *rl.TextFork {
	if p.fork == nil {
		return nil
	}
	for _, it := range items {
		if it.log == nil || it.log.log.Episode != p.fork.Episode {
			continue
		}
		text, ok := p.fork.Action(p.fork.Episode, p.fork.T)
		return &rl.TextFork{Item: it.seed, Turn: p.fork.T, Act: ok, Answer: text}
	}
	return nil
}

// alter makes the changes of a fork in a context, before the model reads it.
func (p *party) alter(d *desk) error {
	if p.fork == nil || d.log == nil {
		return nil
	}
	for _, c := range p.fork.Due(d.log.log.Episode, d.info.Steps) {
		if err := d.alter(c); err != nil {
			return err
		}
	}
	return nil
}

// alter takes one record away, or gives it another text. The bank of the telling says so.
func (d *desk) alter(c lab.Change) error {
	if _, err := mem.BankOf([]*mem.Bank{d.log.bank}, c); err != nil {
		return err
	}
	for i := range d.h.records {
		r := &d.h.records[i]
		if d.log.places[r.key()] != c.Entry {
			continue
		}
		if c.Kind == lab.ChangeDrop {
			d.h.records = append(d.h.records[:i:i], d.h.records[i+1:]...)
			return d.log.alter(c, d.info.Steps)
		}
		ids, err := d.words.Encode(c.Text)
		if err != nil {
			return err
		}
		r.Call, r.Out, r.Own, r.Said = "", c.Text, nil, ids
		return d.log.alter(c, d.info.Steps)
	}
	return lab.Errorf(lab.Internal, "entry %q stands in the bank and not in the context", c.Entry)
}

// alter changes the bank before the call at which the fork stands: its events belong to that call.
func (t *telling) alter(c lab.Change, at int) error {
	t.early, t.log.T = true, at
	defer func() { t.early = false }()
	return mem.AlterBank(t.bank, c)
}
