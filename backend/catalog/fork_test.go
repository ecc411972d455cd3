package catalog_test

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/paper/memoryrewriting"
	"github.com/loci-lab/loci/backend/paper/textmemory"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/schema"
)

// forked are set-ups of the papers that can fork, so small that a run takes seconds.
func forked(t testing.TB) map[string]lab.Setup {
	all := remembering(t)
	setups := map[string]lab.Setup{"memrl": all["memrl"], "slea-rl": all["slea-rl"], "slea-rl, memrl's memory": with1(t, all["slea-rl"], mem.Section, "memrl", nil),
		"memory-rewriting": tiny(t, memoryrewriting.LSTM, map[string]any{"width": 24}), "memory-r1": all["memory-r1"], "mem-alpha": all["mem-alpha"], "memact": all["memact"],
		"memory-r1, bm25": with1(t, all["memory-r1"], mem.Section, "bm25", nil), "mem-alpha, bm25": with1(t, all["mem-alpha"], mem.Section, "bm25", nil)}
	for _, kind := range mem.Kinds() {
		if kind.Name != "none" {
			setups["memories, "+kind.Name] = with1(t, resolved(t, textmemory.Slug, map[string]map[string]any{"agent": {"episodes": 12}}), mem.Section, kind.Name, nil)
		}
	}
	return setups
}

// with1 gives one section of a set-up another kind.
func with1(t testing.TB, setup lab.Setup, section, kind string, knobs map[string]any) lab.Setup {
	t.Helper()
	paper, err := catalog.Find(setup.Paper)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(paper.Sections, func(s schema.Section) bool { return s.Name == section })
	raw, err := schema.Resolve(paper.Sections[at], kind, knobs, "fast")
	if err != nil {
		t.Fatal(err)
	}
	setup.Sections = maps.Clone(setup.Sections)
	setup.Sections[section] = raw
	return setup
}

// parent runs a set-up to its end and returns its folder.
func parent(t *testing.T, setup lab.Setup) run.Config {
	t.Helper()
	cfg := with(setup, t.TempDir(), t.TempDir(), 1)
	if _, err := run.Execute(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// keptEpisodes lists the episodes of a record that have steps, with their number of steps.
func keptEpisodes(t *testing.T, dir string) (ids []int64, steps map[int64]int) {
	t.Helper()
	steps = map[int64]int{}
	for ev := range eventsOf(t, dir) {
		if s, ok := ev.(lab.Step); ok {
			if steps[s.Episode] == 0 {
				ids = append(ids, s.Episode)
			}
			steps[s.Episode] = s.T + 1
		}
	}
	return ids, steps
}

func eventsOf(t *testing.T, dir string) func(func(lab.Event) bool) {
	return func(yield func(lab.Event) bool) {
		for frame, err := range record.Scan(filepath.Join(dir, run.RecordFile), record.Position{}) {
			if err != nil {
				t.Fatal(err)
			}
			ev, err := frame.Event()
			if err != nil {
				t.Fatal(err)
			}
			if !yield(ev) {
				return
			}
		}
	}
}

// branch opens a fork of a run.
func branch(t *testing.T, of run.Config, f lab.Fork) *run.Branch {
	t.Helper()
	f.Parent = of.Start.Key
	cfg := run.ForkConfig{Config: of, Parent: of.Dir}
	cfg.Dir, cfg.Start.Key, cfg.Start.Fork = filepath.Join(t.TempDir(), "fork"), "fork", &f
	b, err := run.OpenFork(t.Context(), cfg)
	if err != nil {
		t.Fatalf("%+v: %v (%s)", f, err, lab.HintOf(err))
	}
	return b
}

// wantSame compares a fork's events with its parent's but for Start and End: all of them, or those that the fork has.
func wantSame(t *testing.T, parent, fork string, whole bool) {
	t.Helper()
	frames := func(dir string) (all []record.Frame) {
		for f, err := range record.Scan(filepath.Join(dir, run.RecordFile), record.Position{}) {
			if err != nil {
				t.Fatal(err)
			}
			f.Payload = slices.Clone(f.Payload)
			all = append(all, f)
		}
		return all
	}
	a, b := frames(parent), frames(fork)
	if whole && len(a) != len(b) {
		t.Fatalf("the fork has %d events, its parent %d", len(b), len(a))
	}
	for i := 1; i < len(b)-1; i++ {
		if a[i].Kind != b[i].Kind || string(a[i].Payload) != string(b[i].Payload) {
			t.Fatalf("event %d is %s %.300s, the parent has %s %.300s", i, b[i].Kind, b[i].Payload, a[i].Kind, a[i].Payload)
		}
	}
	if whole && string(a[len(a)-1].Payload) != string(b[len(b)-1].Payload) {
		t.Errorf("the ends differ: %s and %s", a[len(a)-1].Payload, b[len(b)-1].Payload)
	}
}

func TestForksOfEveryPaper(t *testing.T) {
	papertest.Whole(t)
	for name, setup := range forked(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of := parent(t, setup)
			t.Run("with nothing changed it reproduces its parent bit for bit", func(t *testing.T) { reproduces(t, of) })
			t.Run("an entry that was taken away is never read again", func(t *testing.T) { neverReadAgain(t, of) })
			t.Run("another action is taken at its step and nothing before it changes", func(t *testing.T) { actsOtherwise(t, of, setup) })
		})
	}
}

func reproduces(t *testing.T, of run.Config) {
	ids, steps := keptEpisodes(t, of.Dir)
	for _, at := range []int{0, len(ids) / 2, len(ids) - 1} {
		f := lab.Fork{Episode: ids[at], T: steps[ids[at]] / 2, Whole: at == len(ids)/2}
		b := branch(t, of, f)
		if _, err := b.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantSame(t, of.Dir, b.Dir, f.Whole)
		watch := run.NewWatcher(f.Episode)
		for ev := range eventsOf(t, of.Dir) {
			watch.See(ev)
		}
		was := watch.Outcome()
		if again, err := b.Replay(t.Context(), 0, false); err != nil || again != was {
			t.Errorf("episode %d played again came to %+v, recorded is %+v: %v", f.Episode, again, was, err)
		}
	}
}

func neverReadAgain(t *testing.T, of run.Config) {
	at, ok := someReading(t, of.Dir)
	if !ok {
		t.Skip("no kept episode read an entry")
	}
	b := branch(t, of, lab.Fork{Episode: at.episode, T: at.t, Changes: []lab.Change{{Kind: lab.ChangeDrop, Bank: at.bank, Entry: at.entry}}, Whole: true})
	if _, err := b.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	taken := false
	for ev := range eventsOf(t, b.Dir) {
		m, ok := ev.(lab.Memory)
		if !ok || m.Bank != at.bank {
			continue
		}
		if m.Op == lab.OpDelete && m.Entry == at.entry && strings.HasPrefix(m.Reason, "fork") {
			taken = true
			if m.Episode != at.episode {
				t.Errorf("it was taken away in episode %d, want %d", m.Episode, at.episode)
			}
		}
		if taken && m.Op == lab.OpRead && slices.ContainsFunc(m.Hits, func(h lab.Hit) bool { return h.Entry == at.entry }) {
			t.Errorf("episode %d, step %d: it was read again", m.Episode, m.T)
		}
	}
	if !taken {
		t.Error("no operation says that it was taken away")
	}
	if w := witnessed(t, b.Dir); w.operations == 0 {
		t.Error("the record of the fork rebuilds no bank")
	}
}

// reading is an entry that stood in a prompt.
type reading struct {
	episode     int64
	t           int
	bank, entry string
}

// someReading finds, among readings of episodes that were kept, the first used entry.
func someReading(t *testing.T, dir string) (reading, bool) {
	t.Helper()
	_, steps := keptEpisodes(t, dir)
	for ev := range eventsOf(t, dir) {
		if m, ok := ev.(lab.Memory); ok && m.Op == lab.OpRead && steps[m.Episode] > m.T {
			for _, h := range m.Hits {
				if h.Used {
					return reading{m.Episode, m.T, m.Bank, h.Entry}, true
				}
			}
		}
	}
	return reading{}, false
}

func actsOtherwise(t *testing.T, of run.Config, setup lab.Setup) {
	paper, err := catalog.Find(setup.Paper)
	if err != nil {
		t.Fatal(err)
	}
	m, err := paper.New(setup, 1, lab.Bench{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer m.(io.Closer).Close()
	if !slices.Contains(m.(lab.Forker).Changes(), lab.ChangeAct) {
		t.Skip("this memory decides nothing")
	}
	at, text := someAction(t, of.Dir)
	b := branch(t, of, lab.Fork{Episode: at.Episode, T: at.T, Changes: []lab.Change{{Kind: lab.ChangeAct, Text: text}}})
	if _, err := b.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	was, is := stepsOf(t, of.Dir, at.Episode), stepsOf(t, b.Dir, at.Episode)
	for i, step := range was {
		if i < at.T && (step.Action != is[i].Action || step.Saw != is[i].Saw) {
			t.Errorf("step %d before the change is %q, was %q", i, is[i].Action, was[i].Action)
		}
	}
	if !strings.HasPrefix(is[at.T].Action, text) {
		t.Errorf("step %d did %q, want %q", at.T, is[at.T].Action, text)
	}
}

// someAction finds a step of a kept episode and what was done at another one, or may be done in its place.
func someAction(t *testing.T, dir string) (lab.Step, string) {
	t.Helper()
	var first *lab.Step
	for ev := range eventsOf(t, dir) {
		s, ok := ev.(lab.Step)
		if !ok || s.Action == "" {
			continue
		}
		if first == nil {
			first = &s
			continue
		}
		if text := strings.TrimSuffix(s.Action, " <end>"); s.Action != first.Action && s.Episode == first.Episode {
			return *first, text
		}
	}
	for name := range first.Numbers {
		if other, ok := strings.CutPrefix(name, "p "); ok && other != first.Action {
			return *first, other
		}
	}
	t.Fatal("no episode has two different actions")
	return lab.Step{}, ""
}

func stepsOf(t *testing.T, dir string, episode int64) map[int]lab.Step {
	all := map[int]lab.Step{}
	for ev := range eventsOf(t, dir) {
		if s, ok := ev.(lab.Step); ok && s.Episode == episode {
			all[s.T] = s
		}
	}
	return all
}

func TestAReplayHasItsOwnChanceAndIsTheSameEachTime(t *testing.T) {
	of := parent(t, forked(t)["memrl"])
	at, ok := someReading(t, of.Dir)
	if !ok {
		t.Fatal("no kept episode read an entry")
	}
	b := branch(t, of, lab.Fork{Episode: at.episode, T: at.t, Changes: []lab.Change{{Kind: lab.ChangeDrop, Bank: at.bank, Entry: at.entry}}})
	courses := map[string]bool{}
	for k := range 8 {
		one, err := b.Replay(t.Context(), k+1, false)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := b.Replay(t.Context(), k+1, false); err != nil || again != one {
			t.Errorf("replay %d came to %+v, then to %+v: %v", k+1, one, again, err)
		}
		courses[one.Course] = true
		if _, err := b.Replay(t.Context(), k+1, true); err != nil {
			t.Fatal(err)
		}
	}
	if len(courses) < 2 {
		t.Error("eight replays went the same way: they share their random numbers")
	}
}

func TestAForkThatCannotBeIsRefusedInWords(t *testing.T) {
	of := parent(t, forked(t)["memrl"])
	ids, steps := keptEpisodes(t, of.Dir)
	drop := []lab.Change{{Kind: lab.ChangeDrop, Entry: "999"}}
	for _, c := range []struct {
		name  string
		f     lab.Fork
		alter func(*run.ForkConfig)
		code  lab.Code
		words string
	}{
		{"an episode that is not there", lab.Fork{Episode: 12345}, nil, lab.NotFound, "no steps of episode 12345"},
		{"a step behind the end", lab.Fork{Episode: ids[0], T: steps[ids[0]]}, nil, lab.Invalid, "it has 0 to"},
		{"an entry that is not there", lab.Fork{Episode: ids[len(ids)-1], Changes: drop}, nil, lab.NotFound, `no entry "999"`},
		{"an action without words", lab.Fork{Episode: ids[0], Changes: []lab.Change{{Kind: lab.ChangeAct}}}, nil, lab.Invalid, "has no text"},
		{"other code", lab.Fork{Episode: ids[0]}, func(c *run.ForkConfig) { c.Start.Code = "another" }, lab.Conflict, "made by other code"},
		{"another kernel", lab.Fork{Episode: ids[0]}, func(c *run.ForkConfig) { c.Start.Kernel = "another" }, lab.Conflict, "with kernel"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := run.ForkConfig{Config: of, Parent: of.Dir}
			cfg.Dir, cfg.Start.Fork = filepath.Join(t.TempDir(), "fork"), &c.f
			if c.alter != nil {
				c.alter(&cfg)
			}
			b, err := run.OpenFork(t.Context(), cfg)
			if err == nil {
				_, err = b.Look(t.Context())
			}
			if lab.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.words) {
				t.Errorf("error is %v (%s), want %s with %q", err, lab.CodeOf(err), c.code, c.words)
			}
			if left, _ := os.ReadDir(filepath.Dir(cfg.Dir)); len(left) > 0 {
				t.Errorf("%v is left of it", left)
			}
		})
	}
}
