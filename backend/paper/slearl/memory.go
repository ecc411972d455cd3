package slearl

import (
	"bytes"
	"context"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
)

// memory is what hints are read from: the library, or any memory of the catalog.
type memory interface {
	// recall reads at an observation of an episode that began with first.
	recall(ctx context.Context, saw, first string) (mem.Reading, error)
	// absorb takes in the episodes of a batch.
	absorb(ctx context.Context, batch []*trace) error
	// ready says whether anything is read yet after so many updates.
	ready(updates int) bool
	size() int
	// rest makes readings leave no trace until resume: for examinations.
	rest() (resume func() error, err error)
	// alter makes changes by hand.
	alter(ctx context.Context, changes []lab.Change) error
	lab.Snapshotter
}

// shelf is the library as a memory.
type shelf struct{ *library }

func (s shelf) recall(_ context.Context, saw, first string) (mem.Reading, error) {
	return s.read(saw, first)
}

func (s shelf) ready(updates int) bool { return updates >= s.knobs.Warmup && s.size() > s.knobs.Least }

func (s shelf) absorb(_ context.Context, batch []*trace) error {
	episodes := make([]episode, len(batch))
	for i, t := range batch {
		episodes[i] = t.episode()
	}
	return s.evolve(episodes)
}

func (s shelf) rest() (func() error, error) {
	s.frozen = true
	kept := s.hits
	return func() error {
		s.frozen, s.hits = false, kept
		return nil
	}, nil
}

// other is a memory of the catalog. It is offered what the first attempt at each task brought, step by step.
type other struct {
	mem.Memory
	key string
}

// hintTokens is the most tokens of all hints together.
const hintTokens = hintSlots * slotWords

func (o other) recall(ctx context.Context, saw, first string) (mem.Reading, error) {
	if o.key == ByTask {
		saw = first
	}
	return o.Read(ctx, mem.Query{Text: saw, K: hintSlots, Tokens: hintTokens})
}

func (o other) ready(int) bool { return true }

func (o other) size() (n int) {
	for _, b := range o.Banks() {
		n += b.Len()
	}
	return n
}

func (o other) absorb(ctx context.Context, batch []*trace) error {
	for _, t := range batch {
		if t.number != 0 {
			continue
		}
		if err := o.live(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// live offers one episode.
func (o other) live(ctx context.Context, t *trace) error {
	var used []string
	for i := range t.steps {
		s := &t.steps[i]
		for _, e := range s.brought {
			if err := o.Write(ctx, e); err != nil {
				return err
			}
		}
		for _, id := range s.read.IDs() {
			if !slices.Contains(used, id) {
				used = append(used, id)
			}
		}
		if err := o.Manage(ctx, mem.Outcome{At: mem.AfterStep, Now: s.now(), Used: s.read.IDs()}); err != nil {
			return err
		}
	}
	return o.Manage(ctx, mem.Outcome{At: mem.AfterEpisode, Now: t.now(), Used: used, Scored: true, Reward: t.earned(), Success: t.info.Success})
}

func (o other) rest() (func() error, error) {
	var kept bytes.Buffer
	if err := o.Snapshot(&kept); err != nil {
		return nil, err
	}
	return func() error { return o.Restore(&kept) }, nil
}

// filter lets events of memories through: of readings only those that are to be kept, and during an examination nothing else.
type filter struct {
	to    lab.Emitter
	reads bool // readings are kept
	exam  bool
	hand  bool // what a person changes goes into the record at any time
}

// Emit implements lab.Emitter.
func (f *filter) Emit(ev lab.Event) error {
	if m, ok := ev.(lab.Memory); ok {
		if read := m.Op == lab.OpRead; read && !f.reads || !read && f.exam && !f.hand {
			return nil
		}
	}
	return f.to.Emit(ev)
}
