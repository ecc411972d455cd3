package mem

import (
	"bytes"
	"context"

	"github.com/loci-lab/loci/backend/lab"
)

// Reasons of the operations that a person's changes make.
const (
	WhyTaken     = "fork: taken away by hand"
	WhyRewritten = "fork: rewritten by hand"
)

// AlterBank drops an entry or gives it another text, and says so by an operation. An entry that is not there is an error of code not-found.
// What stands beside the bank, as an index, is the caller's affair.
func AlterBank(b *Bank, c lab.Change) error {
	switch c.Kind {
	case lab.ChangeDrop:
		return b.Delete(c.Entry, WhyTaken)
	case lab.ChangeEdit:
		return b.Change(c.Entry, func(e *lab.Entry) { e.Text = c.Text }, WhyRewritten)
	}
	return lab.Errorf(lab.Invalid, "a memory cannot %q, want %q or %q", c.Kind, lab.ChangeDrop, lab.ChangeEdit)
}

// BankOf is the bank that a change means: the one of its name, or the only one that has its entry.
func BankOf(banks []*Bank, c lab.Change) (*Bank, error) {
	var found []*Bank
	for _, b := range banks {
		if _, ok := b.Get(c.Entry); ok && (c.Bank == "" || c.Bank == b.Name) {
			found = append(found, b)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, lab.Errorf(lab.Invalid, "entry %q is in %d banks", c.Entry, len(found)).WithHint("name the bank: %q, ...", found[0].Name)
	}
	var all []string
	for _, b := range banks {
		all = append(all, b.Name)
	}
	return nil, lab.Errorf(lab.NotFound, "no entry %q is in bank %q at that step; the banks are %q", c.Entry, c.Bank, all).
		WithHint("choose an entry that the memory held at the step")
}

// keyed is a memory that finds entries by vectors: a text that is rewritten gets another one.
type keyed interface {
	vectorOf(ctx context.Context, e *lab.Entry) ([]lab.Float, error)
}

func (v vectorKeys) vectorOf(ctx context.Context, e *lab.Entry) ([]lab.Float, error) {
	unit, err := v.embedded(ctx, keyOf(e))
	return Floats(unit), err
}

// vectorOf is that of the line itself, whatever it is about.
func (m *mem0) vectorOf(ctx context.Context, e *lab.Entry) ([]lab.Float, error) {
	unit, err := m.embedded(ctx, e.Text)
	return Floats(unit), err
}

// Alter makes changes by hand in a memory: its banks lose entries or have others' texts, and whatever the memory searches by is made anew
// from the banks, as after a restart.
func Alter(ctx context.Context, m Memory, changes []lab.Change) error {
	for _, c := range changes {
		b, err := BankOf(m.Banks(), c)
		if err != nil {
			return err
		}
		if err := alter(ctx, m, b, c); err != nil {
			return err
		}
	}
	if len(changes) == 0 {
		return nil
	}
	var state bytes.Buffer
	if err := m.Snapshot(&state); err != nil {
		return err
	}
	return m.Restore(&state)
}

func alter(ctx context.Context, m Memory, b *Bank, c lab.Change) error {
	e, _ := b.Get(c.Entry)
	by, ok := m.(keyed)
	if c.Kind != lab.ChangeEdit || !ok || len(e.Vector) == 0 {
		return AlterBank(b, c)
	}
	draft := copied(e)
	draft.Text = valid(c.Text)
	vector, err := by.vectorOf(ctx, draft)
	if err != nil {
		return err
	}
	return b.Change(c.Entry, func(e *lab.Entry) { e.Text, e.Vector = c.Text, vector }, WhyRewritten)
}
