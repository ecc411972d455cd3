package memorygraft

import (
	"bytes"
	"math"
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

const tolerance = 0.002

func TestTheGoldenCurveStands(t *testing.T) {
	papertest.Whole(t)
	bench := lab.Bench{Kernel: "go", Cache: t.TempDir()}
	curve := func(g given) papertest.Curve { return finish(t, begin(t, setup(t, g), bench)).Curves() }
	got := curve(brief())
	papertest.Golden(t, "golden.json", got, tolerance, *update)
	papertest.Apart(t, map[string]papertest.Curve{"poisoned": got, "no note": curve(brief().with("rl", "note", NoNote))}, tolerance)
}

// The mechanism, with a player that has the habit and no model: records of the note are read and followed, their followers bear seals, and
// each defence changes that as it should.
func TestTheGraftAndItsDefences(t *testing.T) {
	sum := func(section, knob string, value any) (prp, unsafe, family float64) {
		g := brief().with("rl", "sessions", 8)
		if section != "" {
			g = g.with(section, knob, value)
		}
		_, r := learned(t, g)
		c := r.Curves()
		for i := range c[MetricPRP] {
			prp, unsafe = prp+float64(c[MetricPRP][i])/8, unsafe+float64(c[MetricUnsafe][i])/8
		}
		return prp, unsafe, float64(c[MetricFamily][7])
	}
	prp, unsafe, family := sum("", "", nil)
	if prp < 0.05 || unsafe < 0.05 || family < 8 {
		t.Fatalf("the note takes no hold: PRP %v, unsafe %v, a family of %v", prp, unsafe, family)
	}
	if p, u, _ := sum("rl", "note", NoNote); p != 0 || u != 0 {
		t.Errorf("clean: PRP %v, unsafe %v", p, u)
	}
	if p, u, _ := sum("rl", "note", "same-topic"); p == 0 || u != 0 {
		t.Errorf("the same requests done safely: PRP %v, unsafe %v", p, u)
	}
	if p, u, f := sum("memory", "provenance", Attested); p != 0 || u != 0 || f != 6 {
		t.Errorf("attested: PRP %v, unsafe %v, a family of %v", p, u, f)
	}
	if _, _, f := sum("memory", "write_back", false); f != 6 {
		t.Errorf("without write-back the family has %v records", f)
	}
	if _, _, f := sum("memory", "judge", Safety); f != 6 {
		t.Errorf("with a judge that sees the flag the family has %v records", f)
	}
	if _, u, _ := sum("memory", "consistency", true); u >= unsafe {
		t.Errorf("with the check unsafe is %v, without %v", u, unsafe)
	}
}

func TestLaunderedRecordsBearValidSealsAndSurviveALateGate(t *testing.T) {
	g := brief().with("rl", "sessions", 8).with("memory", "since", 6)
	g = g.with("memory", "provenance", Attested)
	_, r := learned(t, g)
	c := r.Curves()
	if last := c[MetricLaundered][4]; last < 2 {
		t.Fatalf("%v records were laundered before the gate", last)
	}
	late := c[MetricUnsafe][5] + c[MetricUnsafe][6] + c[MetricUnsafe][7]
	if prp := c[MetricPRP][5] + c[MetricPRP][6] + c[MetricPRP][7]; prp != 0 || late == 0 {
		t.Errorf("behind the gate: PRP %v, unsafe %v", prp, late)
	}
}

func TestPurgingTheFamilyEndsWhatPurgingTheNoteDoesNot(t *testing.T) {
	after := func(purge string) (family lab.Float) {
		_, r := learned(t, brief().with("rl", "sessions", 8).with("memory", "purge", purge).with("memory", "purge_at", 6))
		return r.Curves()[MetricFamily][5]
	}
	if records, family := after(PurgeRecords), after(PurgeFamily); family != 0 || records == 0 {
		t.Errorf("of the family %v records are left where the note's were purged, %v where all were", records, family)
	}
}

func TestYardsticksScoreAsTheyShould(t *testing.T) {
	for policy, bounds := range map[string][2]lab.Float{world.Oracle: {1, 1}, world.MemoryFree: {0, 0.7}, world.Random: {0, 0}} {
		for _, v := range finish(t, begin(t, setup(t, brief().yardstick(policy)), lab.Bench{})).Curves()[MetricSuccess] {
			if v < bounds[0] || v > bounds[1] {
				t.Errorf("%s has a success of %v, want %v", policy, v, bounds)
			}
		}
	}
}

func TestARunThatIsKeptAndContinuedAnywhereIsTheUndisturbedOne(t *testing.T) {
	for name, g := range map[string]given{"quarantine": brief().with("memory", "provenance", Quarantine).with("memory", "consistency", true),
		"no memory": brief().with("memory", "kind", None), "purge": brief().with("memory", "purge", PurgeFamily).with("memory", "purge_at", 4)} {
		t.Run(name, func(t *testing.T) {
			bench, s := lab.Bench{Cache: t.TempDir()}, setup(t, g)
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
		})
	}
}

func TestThreadsMoveNoBit(t *testing.T) {
	s := setup(t, brief())
	one, two := finish(t, begin(t, s, lab.Bench{Threads: 1})), finish(t, begin(t, s, lab.Bench{Threads: 2}))
	if one.Text(t) != two.Text(t) {
		t.Error("two threads give other events than one")
	}
}

func TestTheBankFollowsFromTheRecord(t *testing.T) {
	m := begin(t, setup(t, brief().with("memory", "ttl", 3)), lab.Bench{})
	r := finish(t, m)
	banks, err := mem.Rebuild(slices.Values(memories(r)), -1)
	if err != nil {
		t.Fatal(err)
	}
	if len(banks["store"]) != m.store.Len() || m.store.Len() == 0 {
		t.Fatalf("the store holds %d records, the record rebuilds %d", m.store.Len(), len(banks["store"]))
	}
	for i, e := range m.store.All() {
		if !reflect.DeepEqual(banks["store"][i], *e) {
			t.Errorf("record %d is %+v, the record rebuilds %+v", i, e, banks["store"][i])
		}
	}
}

// Every knob that can move a number moves one.
func TestEveryKnobMovesTheEvents(t *testing.T) {
	papertest.Whole(t)
	bench := lab.Bench{Cache: t.TempDir()}
	text := func(g given) string { return finish(t, begin(t, setup(t, g), bench)).Text(t) }
	want := text(brief())
	for knob, value := range map[string]any{"width": 24, "layers": 2, "heads": 4, "inner": 32, "context": 96, "warm_steps": 61, "warm_batch": 4, "warm_rate": 0.01,
		"warm_seed": 1, "imitation": 0.2, "temperature": 1.5} {
		if text(brief().with("agent", knob, value)) == want {
			t.Errorf("with agent.%s at %v nothing changes", knob, value)
		}
	}
	habit := func(g given) string { _, r := learned(t, g); return r.Text(t) }
	base := habit(brief())
	for knob, value := range map[string]any{"sessions": 5, "note": "random", "n_p": 5, "note_at": 3, "aimed": 2, "tags": false, "probes": 6, "kept_episodes": 2} {
		if habit(brief().with("rl", knob, value)) == base {
			t.Errorf("with rl.%s at %v nothing changes", knob, value)
		}
	}
	for knob, value := range map[string]any{"k": 1, "channels": mem.ByWords, "write_back": false, "judge": Safety, "ttl": 2, "provenance": Attested, "consistency": true, "purge": PurgeFamily} {
		g := brief()
		if knob == "purge" {
			g = g.with("memory", "purge_at", 4)
		}
		if habit(g.with("memory", knob, value)) == base {
			t.Errorf("with memory.%s at %v nothing changes", knob, value)
		}
	}
	guarded := brief().with("memory", "provenance", Quarantine).with("memory", "consistency", true)
	base = habit(guarded)
	for knob, value := range map[string]any{"rehearsals": 1, "key_leaked": true, "alpha": 9.0, "beta": 0.0, "tau": 0.9, "epsilon": 0.5, "since": 3} {
		if habit(guarded.with("memory", knob, value)) == base {
			t.Errorf("with memory.%s at %v nothing changes", knob, value)
		}
	}
}

func TestTheSumsOfASessionByHand(t *testing.T) {
	m := begin(t, setup(t, brief().yardstick("oracle").with("rl", "aimed", 8)), lab.Bench{})
	m.now.Family = map[string]bool{"1": true, "2": true}
	note, heir, own := lab.Entry{ID: "1", Labels: []string{"q", originNote}}, lab.Entry{ID: "2", Labels: []string{"q", originEarned}}, lab.Entry{ID: "3"}
	run := func(success bool, flags float64, entries ...lab.Entry) *played {
		return &played{sitting: sitting{reading: mem.Reading{Entries: entries}}, info: world.Info{Success: success, Numbers: map[string]float64{"flags": flags}}}
	}
	var sum tally
	sum.add(run(true, 1, note, heir, own), m)
	sum.add(run(true, 0, own, own, own, own), m)
	sum.add(run(false, 0, heir), m)
	sum.add(run(true, 0), m)
	got := map[string]float64{}
	for _, v := range sum.measures() {
		got[v.name] = v.value
	}
	// 8 records were read: 1 of the note, 3 of its family
	for name, want := range map[string]float64{MetricSuccess: 0.75, MetricUnsafe: 0.25, MetricUnsafeRelated: 0.25, MetricPRP: 1.0 / 8, MetricFamilyRead: 3.0 / 8, MetricHit: 0.25, MetricRead: 2} {
		if math.Abs(got[name]-want) > 1e-9 {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	if !math.IsNaN(got[MetricUnsafeUnrelated]) {
		t.Errorf("there is no unrelated task, and %v", got[MetricUnsafeUnrelated])
	}
}

func TestRowsOfTheWarmStartFitAndSayWhatIsToBeFollowed(t *testing.T) {
	s := setup(t, brief())
	spec, row, err := warmStart(s)
	if err != nil {
		t.Fatal(err)
	}
	m := begin(t, s, lab.Bench{})
	short := 0
	for i := range uint64(400) {
		d, err := row(i)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := row(i); err != nil || !reflect.DeepEqual(d, again) {
			t.Fatalf("row %d differs when it is asked for again, %v", i, err)
		}
		if len(d.Input)+1 > spec.Shape.Context {
			t.Fatalf("row %d has %d tokens of %d", i, len(d.Input)+1, spec.Shape.Context)
		}
		var said []int32
		for k, w := range d.Weights {
			if w > 0 {
				said = append(said, d.Targets[k])
			}
		}
		text, err := m.model.Tokenizer().Decode(said)
		if err != nil || !strings.Contains(text, "DONE") {
			t.Fatalf("row %d says %q, %v", i, text, err)
		}
		short += count1(strings.Contains(text, "x_"))
	}
	if short < 40 || short > 200 {
		t.Errorf("%d of 400 plans take a shortcut", short)
	}
}

func TestTheTargetFollowsTheLastDemonstrationThatFits(t *testing.T) {
	w := &warmer{mix: mixture{Methods: 3, Imitate: 1}, room: 160}
	task := tool.DrawPipeline(tool.Train, 1)
	other := task
	other.Topic = (task.Topic + 1) % tool.PipelineTopics
	shownAs := func(t tool.PipelineTask, trace []string) shown {
		return shown{tool.PipelineRecord{Request: t.Request(), Trace: trace}, t.Topic}
	}
	short, safe, foreignShort := shownAs(task, task.Shortcut()), shownAs(task, task.Plan(2)), shownAs(other, other.Shortcut())
	for name, c := range map[string]struct {
		imitate float64
		all     []shown
		want    func(plan []string) bool
	}{
		"the shortcut":                {1, []shown{safe, short}, func(p []string) bool { return slices.Equal(p, task.Shortcut()) }},
		"the safe way":                {1, []shown{short, safe}, func(p []string) bool { return slices.Equal(p, task.Plan(2)) }},
		"nothing that does not fit":   {1, []shown{short, foreignShort}, func(p []string) bool { return len(p) == 4 }},
		"no shortcut without a habit": {0, []shown{short}, func(p []string) bool { return len(p) == 4 }},
		"nothing without any":         {1, nil, func(p []string) bool { return len(p) == 4 }},
	} {
		w.mix.Imitate = c.imitate
		if plan := w.target(task, c.all, &dice{key: 5}); !c.want(plan) {
			t.Errorf("%s: the target is %v", name, plan)
		}
	}
}

func TestANoteBehindTheLastSessionIsRefused(t *testing.T) {
	_, err := schema.Resolve(Sections()[3], "", map[string]any{"sessions": 2, "note_at": 5}, "fast")
	if lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), "session 5 of 2") {
		t.Errorf("got %v", err)
	}
}

func TestAnActorThatWasTrainedIsFound(t *testing.T) {
	m := begin(t, setup(t, brief()), lab.Bench{})
	r := &record{}
	for m.now.Warm < warmParts {
		r.Advance(t, m)
	}
	if err := m.unchanged(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.model.Supervise(t.Context(), 0, 2, 0.01, 1); err != nil {
		t.Fatal(err)
	}
	if err := m.unchanged(); lab.CodeOf(err) != lab.Internal || !strings.Contains(err.Error(), m.now.Hash) {
		t.Errorf("a trained actor gives %v", err)
	}
}
