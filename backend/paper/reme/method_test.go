package reme

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/tool"
)

// tolerance of the golden curve, see papertest.Golden.
const tolerance = 0.002

// A yardstick writes, counts and deletes as the actor does, so its memory moves with every part of the mechanism.
func TestTheGoldenCurveStandsAndEveryPartOfTheMechanismMovesIt(t *testing.T) {
	papertest.Whole(t)
	bench := lab.Bench{Kernel: "go", Cache: t.TempDir()}
	curve := func(g given) papertest.Curve {
		return papertest.Curve(finish(t, begin(t, setup(t, g), bench)).Curves())
	}
	papertest.Golden(t, "golden.json", curve(brief()), tolerance, *update)
	long := brief().yardstick(world.MemoryFree).with("world", "sources", 2).with("memory", "period", 1).with("memory", "alpha", 2)
	papertest.Golden(t, "golden-pool.json", curve(long), tolerance, *update)
	papertest.Apart(t, map[string]papertest.Curve{
		"refined":              curve(long),
		"the pool alone":       curve(long.with("rl", "dynamic", false)),
		"without a reflection": curve(long.with("rl", "reflections", 0)),
		"without deletion":     curve(long.with("memory", "deletion", false)),
		"full addition":        curve(long.with("memory", "addition", "full").with("rl", "reflections", 0)),
		"whole trajectories":   curve(long.with("rl", "granularity", Trajectory)),
		"key of the task":      curve(long.with("rl", "key", TaskText)),
	}, tolerance)
}

func TestEveryKnobMovesTheEvents(t *testing.T) {
	papertest.Whole(t)
	bench := lab.Bench{Cache: t.TempDir()}
	text := func(g given) string { return finish(t, begin(t, setup(t, g), bench)).Text(t) }
	want := text(brief())
	for knob, value := range map[string]any{"width": 32, "layers": 2, "heads": 4, "inner": 32, "context": 96, "warm_steps": 11, "warm_batch": 4, "warm_rate": 0.02,
		"warm_seed": 1, "wrong": 0.9, "temperature": 1.5} {
		if text(brief().with("agent", knob, value)) == want {
			t.Errorf("with agent.%s at %v nothing changes", knob, value)
		}
	}
	if text(brief().with("rl", "pool_temperature", 0.1)) == want {
		t.Error("the temperature of the pool changes nothing")
	}
	quick := brief().yardstick("memory-free").with("world", "sources", 2)
	want = text(quick)
	for knob, value := range map[string]any{"pool": 3, "samples": 2, "tasks": 50, "attempts": 3, "block": 5, "held_out": 9, "dynamic": false, "reflections": 1, "granularity": Trajectory,
		"key": TaskText, "p_err": 0.9, "judge": 0.2, "kept_episodes": 2} {
		if text(quick.with("rl", knob, value)) == want {
			t.Errorf("with rl.%s at %v nothing changes", knob, value)
		}
	}
	for knob, value := range map[string]any{"k": 1, "delta": 0.6, "dedup": 0.2, "deletion": false, "alpha": 9, "beta": 0.1, "period": 3, "entries": 3, "tokens": 9} {
		if text(quick.with("memory", knob, value)) == want {
			t.Errorf("with memory.%s at %v nothing changes", knob, value)
		}
	}
	for knob, value := range map[string]any{"goals": 6, "sources": 3, "arguments": "two", "requests": 2, "drift": 9, "drifted": 1} {
		if text(quick.with("world", knob, value)) == want {
			t.Errorf("with world.%s at %v nothing changes", knob, value)
		}
	}
}

func TestYardsticksScoreAsTheyShould(t *testing.T) {
	for policy, bounds := range map[string][2]lab.Float{world.Oracle: {1, 1}, world.MemoryFree: {0, 0.2}, world.Random: {0, 0}} {
		got := finish(t, begin(t, setup(t, brief().yardstick(policy).with("memory", "kind", "none")), lab.Bench{})).Curves()
		for _, name := range []string{MetricSuccess, MetricHeldOut} {
			for _, v := range got[name] {
				if v < bounds[0] || v > bounds[1] {
					t.Errorf("%s has %s %v, want %v", policy, name, v, bounds)
				}
			}
		}
	}
}

func TestARunThatIsKeptAndContinuedAnywhereIsTheUndisturbedOne(t *testing.T) {
	papertest.Whole(t)
	bench := lab.Bench{Cache: t.TempDir()}
	s := setup(t, brief())
	want := finish(t, begin(t, s, bench)).Text(t)
	m, got := begin(t, s, bench), &record{}
	for left := true; left; {
		var state bytes.Buffer
		if err := m.Snapshot(&state); err != nil {
			t.Fatal(err)
		}
		m = begin(t, s, bench)
		if err := m.Restore(&state); err != nil {
			t.Fatal(err)
		}
		left = got.Advance(t, m)
	}
	if got.Text(t) != want {
		t.Error("a run that is continued behind every unit goes another way")
	}
}

func TestThreadsMoveNoBit(t *testing.T) {
	papertest.Whole(t)
	s := setup(t, brief())
	one, two := finish(t, begin(t, s, lab.Bench{Threads: 1})), finish(t, begin(t, s, lab.Bench{Threads: 2}))
	if one.Text(t) != two.Text(t) {
		t.Error("two threads give other events than one")
	}
}

// Any memory stands in this loop, and its bank is rebuilt from the record.
func TestEveryMemoryRunsAndItsBanksFollowFromTheRecord(t *testing.T) {
	for _, k := range mem.Kinds() {
		m := begin(t, setup(t, brief().yardstick(world.MemoryFree).with("memory", "kind", k.Name).with("world", "sources", 2)), lab.Bench{})
		r := finish(t, m)
		var events []lab.Memory
		for _, ev := range r.Events {
			if ev, ok := ev.(lab.Memory); ok {
				events = append(events, ev)
			}
		}
		banks, err := mem.Rebuild(slices.Values(events), -1)
		if err != nil {
			t.Fatalf("%s: %v", k.Name, err)
		}
		for _, b := range m.memory.Banks() {
			if len(banks[b.Name]) != b.Len() {
				t.Errorf("%s: bank %s holds %d entries, the record rebuilds %d", k.Name, b.Name, b.Len(), len(banks[b.Name]))
			}
			for i, e := range b.All() {
				if !reflect.DeepEqual(banks[b.Name][i], *e) {
					t.Errorf("%s: entry %d is %+v, the record rebuilds %+v", k.Name, i, e, banks[b.Name][i])
				}
			}
		}
	}
}

// The pool is the same for all arms that differ in what comes after it, and a fixed one stays as it is.
func TestFixedAndDynamicBeginWithTheSamePoolAndAFixedOneStays(t *testing.T) {
	pools := map[bool][]string{}
	for _, dynamic := range []bool{true, false} {
		m := begin(t, setup(t, brief().yardstick(world.MemoryFree).with("rl", "dynamic", dynamic)), lab.Bench{})
		r := &record{}
		r.Advance(t, m)
		for _, e := range m.memory.Banks()[0].All() {
			pools[dynamic] = append(pools[dynamic], e.Text)
		}
		for r.Advance(t, m) {
		}
		if n := m.memory.Banks()[0].Len(); !dynamic && n != len(pools[false]) {
			t.Errorf("a fixed pool of %d entries has %d at the end", len(pools[false]), n)
		}
	}
	if len(pools[true]) == 0 || !slices.Equal(pools[true], pools[false]) {
		t.Errorf("pools %q and %q", pools[true], pools[false])
	}
}

func TestATestLeavesTheMemoryAsItIs(t *testing.T) {
	m := begin(t, setup(t, brief().yardstick(world.MemoryFree)), lab.Bench{})
	r := &record{}
	for range 4 {
		r.Advance(t, m)
	}
	var before, after bytes.Buffer
	if err := m.memory.Snapshot(&before); err != nil {
		t.Fatal(err)
	}
	if err := m.examine(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := m.memory.Snapshot(&after); err != nil || !bytes.Equal(before.Bytes(), after.Bytes()) || before.Len() < 100 {
		t.Errorf("a test changed a memory of %d bytes, %v", before.Len(), err)
	}
}

func TestAnActorThatWasTrainedIsFound(t *testing.T) {
	m := begin(t, setup(t, brief()), lab.Bench{})
	r := &record{}
	for m.now.Warm < warmParts {
		r.Advance(t, m)
	}
	if err := m.unchanged(r); err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.model.Supervise(t.Context(), 0, 2, 0.01, 1); err != nil {
		t.Fatal(err)
	}
	if err := m.unchanged(r); lab.CodeOf(err) != lab.Internal || !strings.Contains(err.Error(), m.now.Hash) {
		t.Errorf("a trained actor gives %v", err)
	}
}

func TestARewrittenReadingIsOneLineOfWhatTheTaskAsksFor(t *testing.T) {
	m := begin(t, setup(t, brief().yardstick(world.MemoryFree).with("rl", "pool", 8).with("memory", "delta", -1)), lab.Bench{})
	(&record{}).Advance(t, m)
	s := sitting{world: m.home, split: tool.Train, seed: m.seedOf(streamSeeds, 0)}
	for _, rewrite := range []bool{false, true} {
		m.knobs.Rewrite = rewrite
		if err := m.read(t.Context(), m.memory, &s); err != nil {
			t.Fatal(err)
		}
		if want := map[bool]int{false: 5, true: 1}[rewrite]; len(s.lines) != want || len(s.reading.Entries) != 5 {
			t.Errorf("rewriting %v: %d lines of %d entries, want %d: %q", rewrite, len(s.lines), len(s.reading.Entries), want, s.lines)
		}
	}
}

// A reading happens once a task, before its first turn, and what is counted is what was read.
func TestMemoryIsAskedOnceATaskAndOnlyWhatWasReadIsCounted(t *testing.T) {
	m := begin(t, setup(t, brief().yardstick(world.MemoryFree).with("world", "sources", 2)), lab.Bench{})
	read := map[int64]map[string]bool{}
	changed := 0
	for _, ev := range finish(t, m).Events {
		ev, ok := ev.(lab.Memory)
		switch {
		case ok && ev.Op == lab.OpRead:
			if read[ev.Episode] != nil || ev.T != 0 {
				t.Fatalf("episode %d reads again, at turn %d", ev.Episode, ev.T)
			}
			read[ev.Episode] = map[string]bool{}
			for _, h := range ev.Hits {
				read[ev.Episode][h.Entry] = h.Used
			}
		case ok && ev.Op == lab.OpChange:
			changed++
			if f := mem.Number(ev.After, mem.NumUses) - mem.Number(ev.Before, mem.NumUses); !read[ev.Episode][ev.Entry] || f != 1 {
				t.Errorf("episode %d: entry %s was counted %v times and read: %v", ev.Episode, ev.Entry, f, read[ev.Episode][ev.Entry])
			}
		}
	}
	if len(read) != 40 || changed == 0 {
		t.Errorf("%d readings, %d counts", len(read), changed)
	}
}

func TestRowsOfTheWarmStartAreOfOtherRulesAndFit(t *testing.T) {
	s := setup(t, brief().with("agent", "context", 192))
	spec, row, err := warmStart(s)
	if err != nil {
		t.Fatal(err)
	}
	m := begin(t, s, lab.Bench{})
	longest, steps, bare := 0, 0, 0
	for i := range uint64(300) {
		d, err := row(i)
		if err != nil {
			t.Fatal(err)
		}
		again, err := row(i)
		if err != nil || !reflect.DeepEqual(d, again) {
			t.Fatalf("row %d differs when it is asked for again, %v", i, err)
		}
		longest = max(longest, len(d.Input)+1)
		text, err := m.model.Tokenizer().Decode(d.Input)
		if err != nil {
			t.Fatal(err)
		}
		steps += strings.Count(text, "for ")
		if strings.HasPrefix(text, "for ") {
			bare++
		}
	}
	if longest > spec.Shape.Context || steps < 600 || bare < 10 || bare > 90 {
		t.Errorf("the longest of 300 rows has %d tokens of %d; %d steps; %d rows without a lesson", longest, spec.Shape.Context, steps, bare)
	}
}

func TestTasksAreWholeBlocks(t *testing.T) {
	_, err := schema.Resolve(Sections()[3], "", map[string]any{"tasks": 25, "block": 10}, "laptop")
	if lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), "25") {
		t.Errorf("got %v", err)
	}
}
