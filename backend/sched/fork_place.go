package sched

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// ForkPlace is what may be done at a step.
type ForkPlace struct {
	Can     []lab.ChangeKind
	Why     string // why nothing can be done, "" where something can
	Remote  bool   // the model answers anew each time: only replays tell something
	Price   float64
	Priced  bool        // Price, in dollars of 20 replays, is known
	Seconds float64     // that the episode's unit of work took
	Entries []ForkEntry // that the agent had before it at the step, in the order of reading
	Action  string      // what it did
}

// ForkEntry is an entry that may be dropped or rewritten.
type ForkEntry struct {
	Bank string
	ID   string
	Text string
}

// ForkPlace looks up what may be done at a step of a run.
func (o *Owner) ForkPlace(ctx context.Context, key string, episode int64, t int) (ForkPlace, error) {
	parent, err := o.Store.FindRun(ctx, key)
	if err != nil {
		return ForkPlace{}, err
	}
	p := ForkPlace{Remote: Remote(parent.Setup)}
	if parent.Fork != nil {
		p.Why = "This run is a fork itself: fork its parent, with all changes in one fork."
		return p, nil
	}
	code, err := o.Papers.Code(parent.Setup)
	switch {
	case err != nil:
		p.Why = err.Error()
	case code != parent.Code:
		p.Why = "This run was made by other code than this program's: run the notebook again, and fork the new run."
	case o.Kernel != parent.Kernel:
		p.Why = "This run was made with kernel " + parent.Kernel + ", this program works with " + o.Kernel + ": start Loci with that kernel, or run the notebook again."
	}
	if p.Why != "" {
		return p, nil
	}
	if p.Can, err = o.changes(parent.Setup, parent.Seed); err != nil {
		return p, err
	}
	if len(p.Can) == 0 {
		p.Why = "Runs of this paper, as it is set up, cannot be forked yet."
		return p, nil
	}
	s, err := survey(o.path(key), episode, t)
	if err != nil {
		return p, err
	}
	p.Seconds, p.Entries, p.Action = s.seconds(), s.entries(), s.action
	p.Price, p.Priced = o.price(parent.Setup, s)
	if s.steps == 0 {
		p.Can, p.Why = nil, "The steps of this episode were not kept."
	}
	return p, nil
}

// changes asks a method of the set-up what it can.
func (o *Owner) changes(setup lab.Setup, seed uint64) ([]lab.ChangeKind, error) {
	m, err := o.Papers.New(setup, seed, o.Bench)
	if err != nil {
		return nil, err
	}
	if c, ok := m.(io.Closer); ok {
		defer func() { _ = c.Close() }()
	}
	if f, ok := m.(lab.Forker); ok {
		return f.Changes(), nil
	}
	return nil, nil
}

// llmEnd is the word that ends what a model of our own writes.
const llmEnd = "<end>"

// surveyed is a record read up to the end of an episode.
type surveyed struct {
	episode int64
	t       int
	banks   map[string]map[string]*lab.Entry
	order   []string // of the banks
	seen    []ForkEntry
	action  string
	steps   int
	prompt  int // tokens of all contexts of the episode
	answers int // words of all answers
	begin   time.Time
	end     time.Time
	last    time.Time // of the last event of the unit before
}

func survey(path string, episode int64, t int) (*surveyed, error) {
	s := &surveyed{episode: episode, t: t, banks: map[string]map[string]*lab.Entry{}}
	over := false
	for f, err := range record.Scan(path, record.Position{}) {
		if err != nil {
			return s, err
		}
		if f.Kind == lab.KindProgress {
			if over {
				s.end = f.Time
				return s, nil
			}
			s.last = f.Time
		}
		if err := s.take(f); err != nil {
			return s, err
		}
		if id, _, ok := f.EpisodeOf(); ok && id == episode && f.Kind == lab.KindEpisode && s.steps > 0 {
			s.begin, s.end, over = s.last, f.Time, true
		}
	}
	return s, nil
}

func (s *surveyed) take(f record.Frame) error {
	if f.Kind != lab.KindMemory && f.Kind != lab.KindContext && f.Kind != lab.KindStep {
		return nil
	}
	id, t, _ := f.EpisodeOf()
	if f.Kind != lab.KindMemory && id != s.episode {
		return nil
	}
	if f.Kind == lab.KindMemory && id == s.episode && t > s.t {
		return nil // behind the step
	}
	ev, err := f.Event()
	if err != nil {
		return err
	}
	switch ev := ev.(type) {
	case lab.Memory:
		s.memory(ev)
	case lab.Context:
		for _, b := range ev.Blocks {
			s.prompt += b.Count
			for _, e := range b.Entries {
				if ev.T == s.t {
					s.add("", e)
				}
			}
		}
	case lab.Step:
		s.steps++
		s.answers += len(ev.Action)/4 + 1
		if ev.T == s.t {
			s.action = strings.TrimSuffix(ev.Action, " "+llmEnd)
		}
	}
	return nil
}

func (s *surveyed) memory(m lab.Memory) {
	bank := s.banks[m.Bank]
	if bank == nil {
		bank = map[string]*lab.Entry{}
		s.banks[m.Bank] = bank
		s.order = append(s.order, m.Bank)
	}
	switch m.Op {
	case lab.OpDelete:
		delete(bank, m.Entry)
	case lab.OpRead:
		if m.Episode == s.episode && m.T == s.t {
			for _, h := range m.Hits {
				if h.Used {
					s.add(m.Bank, h.Entry)
				}
			}
		}
	default:
		bank[m.Entry] = m.After
	}
}

// add notes an entry that stood before the agent. A context does not say from which bank its entries are: the one that has it now.
func (s *surveyed) add(bank, id string) {
	if slices.ContainsFunc(s.seen, func(e ForkEntry) bool { return e.ID == id && (bank == "" || e.Bank == bank) }) {
		return
	}
	for _, name := range s.order {
		if e := s.banks[name][id]; e != nil && (bank == "" || bank == name) {
			s.seen = append(s.seen, ForkEntry{Bank: name, ID: id, Text: e.Text})
			return
		}
	}
}

func (s *surveyed) entries() []ForkEntry { return s.seen }

func (s *surveyed) seconds() float64 { return max(0, s.end.Sub(s.begin).Seconds()) }

// price is what 20 pairs of replays cost in dollars, from the tokens of the episode's prompts and answers.
func (o *Owner) price(setup lab.Setup, s *surveyed) (dollars float64, ok bool) {
	name, is := strings.CutPrefix(setup.Model, "endpoint ")
	if !is || o.Bench.Endpoint == nil {
		return 0, false
	}
	e, err := o.Bench.Endpoint(name)
	if err != nil || e.Prices == [2]float64{} {
		return 0, false
	}
	return 2 * MostReplays * (float64(s.prompt)*e.Prices[0] + float64(s.answers)*e.Prices[1]) / 1e6, true
}
