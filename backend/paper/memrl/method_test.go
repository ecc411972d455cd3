package memrl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/house"
)

// tolerance of the golden curve: a number may differ by this much, plus this share of itself. Processors differ in the last bit of an
// exponential, and then another token may be drawn.
const tolerance = 0.002

func TestTheGoldenCurveStands(t *testing.T) {
	papertest.Whole(t)
	path := filepath.Join("testdata", "golden.json")
	got := finish(t, begin(t, setup(t, brief()), lab.Bench{Kernel: "go"})).Curves()
	if *update {
		text, err := json.MarshalIndent(got, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][]lab.Float
	if err := json.Unmarshal(text, &want); err != nil || len(want) != len(got) {
		t.Fatalf("%d metrics, want %d, %v", len(got), len(want), err)
	}
	for name, values := range want {
		if len(got[name]) != len(values) {
			t.Errorf("%s has %d values, want %d", name, len(got[name]), len(values))
			continue
		}
		for i, w := range values {
			if g := got[name][i]; !(math.Abs(float64(g-w)) <= tolerance*(1+math.Abs(float64(w)))) {
				t.Errorf("%s, value %d: %v, want %v; a change here is a decision: rewrite with -update and say so in the commit", name, i, g, w)
			}
		}
	}
}

// Every knob that can move a number moves one. The knobs of the memory are moved with a yardstick, whose runs take no time: it writes, reads
// and learns as the reader does.
func TestEveryKnobMovesTheEvents(t *testing.T) {
	papertest.Whole(t)
	bench := lab.Bench{Cache: t.TempDir()}
	text := func(g given) string { return finish(t, begin(t, setup(t, g), bench)).Text(t) }
	want := text(brief())
	for knob, value := range map[string]any{"width": 32, "layers": 2, "heads": 4, "inner": 32, "context": 128, "warm_steps": 31, "warm_batch": 4, "warm_rate": 0.02,
		"warm_seed": 1, "wrong": 0.9, "embedder": Hidden, "temperature": 1.5} {
		if text(brief().with("agent", knob, value)) == want {
			t.Errorf("with agent.%s at %v nothing changes", knob, value)
		}
	}
	quick := brief().with("rl", "epochs", 6).yardstick("memory-free")
	want = text(quick)
	for knob, value := range map[string]any{"epochs": 2, "tasks": 7, "held_out": 40, "flats": 2, "tests": 1, "batch": 4, "writer": "raw", "literal": 0.6, "truncated": 0.6,
		"reward_noise": 0.5, "kept_episodes": 3} {
		if text(quick.with("rl", knob, value)) == want {
			t.Errorf("with rl.%s at %v nothing changes", knob, value)
		}
	}
	for knob, value := range map[string]any{"lambda": 0.0, "alpha": 0.1, "delta": 0.9, "pool": 1, "pool_of": "entries", "k": 1, "epsilon": 0.5, "q_init": 0.5,
		"add_threshold": 0.2, "z_score": false, "clip": 0.1, "ties": "newest", "reward": "world", "learn_at": "step", "eviction": "oldest", "entries": 5, "tokens": 60} {
		g, base := quick, want
		if knob == "eviction" { // which counts where something must go
			g = quick.with("memory", "entries", 6)
			base = text(g)
		}
		if text(g.with("memory", knob, value)) == base {
			t.Errorf("with memory.%s at %v nothing changes", knob, value)
		}
	}
}

func TestYardsticksScoreAsTheyShould(t *testing.T) {
	for policy, bounds := range map[string][2]lab.Float{world.Oracle: {1, 1}, world.MemoryFree: {0, 0.5}, world.Random: {0, 0.1}} {
		got := finish(t, begin(t, setup(t, brief().with("rl", "tasks", 40).with("rl", "held_out", 40).yardstick(policy)), lab.Bench{})).Curves()
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
	for _, embedder := range []string{Hashed, Hidden} {
		keptAndContinued(t, setup(t, brief().with("memory", "epsilon", 0.3).with("agent", "embedder", embedder)))
	}
}

func keptAndContinued(t *testing.T, s lab.Setup) {
	t.Helper()
	bench := lab.Bench{Cache: t.TempDir()}
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
	s := setup(t, brief())
	one, two := finish(t, begin(t, s, lab.Bench{Threads: 1})), finish(t, begin(t, s, lab.Bench{Threads: 2}))
	if one.Text(t) != two.Text(t) {
		t.Error("two threads give other events than one")
	}
}

// Any memory stands in this loop: its bank is rebuilt from the record, and what the reader saw stands in it.
func TestEveryMemoryRunsAndItsBanksFollowFromTheRecord(t *testing.T) {
	bench := lab.Bench{Cache: t.TempDir()}
	for _, k := range mem.Kinds() {
		m := begin(t, setup(t, brief().with("memory", "kind", k.Name)), bench)
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
			if len(events) == 0 || len(banks[b.Name]) != b.Len() {
				t.Errorf("%s: bank %s holds %d entries, the record rebuilds %d", k.Name, b.Name, b.Len(), len(banks[b.Name]))
			}
			for i, e := range b.All() {
				if !reflect.DeepEqual(banks[b.Name][i], *e) {
					t.Errorf("%s: entry %d is %+v, the record rebuilds %+v", k.Name, i, e, banks[b.Name][i])
				}
			}
		}
		if c := r.Curves(); len(c[MetricSuccess]) != 3 || len(c[MetricHeldOut]) != 3 {
			t.Errorf("%s: %d epochs and %d tests, want 3 and 3", k.Name, len(c[MetricSuccess]), len(c[MetricHeldOut]))
		}
	}
}

func TestOnlyWhatWasReadLearns(t *testing.T) {
	m := begin(t, setup(t, brief().with("memory", "k", 1).yardstick("memory-free")), lab.Bench{})
	read := map[int64]map[string]bool{}
	for _, ev := range finish(t, m).Events {
		ev, ok := ev.(lab.Memory)
		switch {
		case ok && ev.Op == lab.OpRead:
			read[ev.Episode] = map[string]bool{}
			for _, h := range ev.Hits {
				read[ev.Episode][h.Entry] = h.Used
			}
		case ok && ev.Op == lab.OpChange:
			before, after := float64(ev.Before.Numbers[mem.NumValue]), float64(ev.After.Numbers[mem.NumValue])
			up, down := before+0.3*(1-before), before+0.3*(-1-before)
			if !read[ev.Episode][ev.Entry] || math.Abs(after-up) > 1e-9 && math.Abs(after-down) > 1e-9 {
				t.Errorf("episode %d, which read %v: entry %s went from %v to %v", ev.Episode, read[ev.Episode], ev.Entry, before, after)
			}
		}
	}
}

func TestATestLeavesTheMemoryAsItIs(t *testing.T) {
	m := begin(t, setup(t, brief().with("memory", "kind", "generative-agents").yardstick("memory-free")), lab.Bench{})
	r := &record{}
	for range 4 {
		r.Advance(t, m)
	}
	var before, after bytes.Buffer
	if err := m.memory.Snapshot(&before); err != nil {
		t.Fatal(err)
	}
	if err := m.examine(t.Context(), r, 9); err != nil {
		t.Fatal(err)
	}
	if err := m.memory.Snapshot(&after); err != nil || !bytes.Equal(before.Bytes(), after.Bytes()) || before.Len() < 100 {
		t.Errorf("a test changed a memory of %d bytes, %v", before.Len(), err)
	}
}

func TestAReaderThatWasTrainedIsFound(t *testing.T) {
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
		t.Errorf("a trained reader gives %v", err)
	}
}

func TestTheSumsOfAnEpochByHand(t *testing.T) {
	entry := func(style string, q float64) lab.Entry {
		return lab.Entry{ID: "1", Sources: []string{style + " 1/2"}, Numbers: map[string]lab.Float{mem.NumValue: lab.Float(q)}}
	}
	episode := func(success bool, entries ...lab.Entry) *played {
		return &played{info: world.Info{Success: success}, turns: make([]rl.Turn, 4), reading: mem.Reading{Entries: entries}}
	}
	var sum tally
	sum.add(episode(true, entry(schemaStyle, 0.5), entry(failedStyle, -0.2)), true)
	sum.add(episode(false, entry(literalStyle, 0.1), entry(literalStyle, -0.6)), true)
	sum.add(episode(true), false)
	sum.add(episode(false), false)
	got := map[string]float64{}
	for _, v := range sum.measures() {
		got[v.name] = v.value
	}
	// values .5 and -.2 before successes, .1 and -.6 before failures: their ranks 4, 2, 3, 1 against 3.5, 3.5, 1.5, 1.5 have the sums
	// (1.5 - .5 - .5 + 1.5) = 2 of products, 5 and 4 of squares, so 2 / sqrt(20); the means are .15 and -.25.
	for name, want := range map[string]float64{MetricSuccess: 0.5, MetricForgetting: 0.25, MetricSteps: 4, MetricRead: 1, MetricEmpty: 0.5, MetricReadStyle + literalStyle: 0.5,
		MetricReadStyle + schemaStyle: 0.25, MetricQCorr: 2 / math.Sqrt(20), MetricQSpread: 0.4} {
		if math.Abs(got[name]-want) > 1e-9 {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
}

func TestRowsOfTheWarmStartAreOfOtherRulesAndFit(t *testing.T) {
	s := setup(t, brief().with("agent", "context", 384))
	spec, row, err := warmStart(s)
	if err != nil {
		t.Fatal(err)
	}
	m := begin(t, s, lab.Bench{})
	longest, lines := 0, map[int]int{}
	for i := range uint64(600) {
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
		lines[strings.Count(text, " ; success")+strings.Count(text, " ; failed")]++
	}
	if longest > spec.Shape.Context || lines[0] == 0 || lines[0] > 120 || lines[1]+lines[2]+lines[3] < 480 {
		t.Errorf("the longest of 600 rows has %d tokens of %d; lines of memory by row: %v", longest, spec.Shape.Context, lines)
	}
	if got := setup(t, brief().with("world", "slack", 2).with("world", "families", house.LongFamilies)); true {
		other, _, err := warmStart(got)
		if err != nil || !reflect.DeepEqual(other.Mix, spec.Mix) {
			t.Errorf("another slack asks for another reader: %+v, %v", other.Mix, err)
		}
	}
}

func TestSharesOfStylesMustLeaveRoom(t *testing.T) {
	_, err := schema.Resolve(Sections()[3], "", map[string]any{"literal": 0.7, "truncated": 0.4}, "fast")
	if lab.CodeOf(err) != lab.Invalid || !strings.Contains(fmt.Sprint(err), "0.7") {
		t.Errorf("got %v", err)
	}
}
