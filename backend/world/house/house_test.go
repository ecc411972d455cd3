package house

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
)

func build(t testing.TB, variant string, rules uint64) *World {
	t.Helper()
	k := defaults()
	k.Variant = variant
	w, err := New(k, rules)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func variants() []string { return []string{HiddenRules, ExactIDs, Habits} }

// play lets somebody answer an episode to its end and returns it.
func play(t testing.TB, w *World, split string, seed uint64, answer func(e *episode) string) *episode {
	t.Helper()
	d, err := w.Start(split, seed)
	if err != nil {
		t.Fatal(err)
	}
	e := d.(*episode)
	for !e.Act(answer(e)).Done {
	}
	return e
}

func refer(t testing.TB, w *World, name string) func(e *episode) string {
	t.Helper()
	s, err := w.Reference(name, 5)
	if err != nil {
		t.Fatal(err)
	}
	return func(e *episode) string { return s.Answer(e) }
}

// By hand: a hot metal mug with the rules of seed 3, which the test fixes: metal is heated in the stove, the stove wants green, dishes are
// kept in the box. The script has nine turns, and each step teaches the line beside it.
func TestAnEpisodeGoesAsWorkedOutByHand(t *testing.T) {
	w := build(t, HiddenRules, 3)
	w.rules.fits[hot][1], w.rules.power[5], w.rules.holds[0] = 5, 1, 3
	task := Task{Split: Train, Family: Heat, Sentence: "heat and store metal mug", things: [2]thing{{0, 1}, {none, none}}, place: none}
	e := w.Episode(task, 11).(*episode)
	spot := w.lex.places[e.lies[0]]
	steps := []struct{ act, teaches string }{
		{"go " + spot, "heat metal mug : go " + spot + " works"},
		{"take mug", "heat metal mug : take mug works"},
		{"go panel", "heat metal mug : go panel works"},
		{"use green", "heat metal mug : use green works"},
		{"go stove", "heat metal mug : go stove works"},
		{"use stove", "heat metal mug : use stove works|stove : use green works"},
		{"go box", "store metal mug : go box works"},
		{"open box", "store metal mug : open box works"},
		{"put mug in box", "store metal mug : put in box works"},
	}
	for i, s := range steps {
		key := e.Read()
		out := e.Act(s.act)
		var lines []string
		for _, x := range e.Experiences() {
			if x.Kind == lab.OneStep {
				lines = append(lines, x.Text)
				if x.Key != key {
					t.Errorf("step %d has key %q, want the observation %q", i, x.Key, key)
				}
			}
		}
		if got := strings.Join(lines, "|"); got != s.teaches || out.Done != (i == 8) || out.Note != "" {
			t.Errorf("%s teaches %q and gives %+v, want %q", s.act, got, out, s.teaches)
		}
	}
	last := e.Experiences()[1]
	want := "heat and store metal mug : go " + spot + " ; take mug ; go panel ; use green ; go stove ; use stove ; go box ; open box ; put mug in box ; success"
	if last.Kind != lab.OneTask || last.Key != task.Sentence || last.Text != want || !last.Success || last.Reward != 1 || e.limit != 10 {
		t.Errorf("the whole task gives %+v, want the text %q", last, want)
	}
}

func TestWhatIsRefusedTeachesOnlyWhatHangsOnTheRules(t *testing.T) {
	w := build(t, HiddenRules, 3)
	w.rules.fits[hot][1], w.rules.power[5], w.rules.power[4], w.rules.holds[0] = 5, 1, 0, 3
	task := Task{Split: Train, Family: Heat, Sentence: "heat and store metal mug", things: [2]thing{{0, 1}, {none, none}}, place: none}
	for _, c := range []struct {
		name, script, teaches, shows string
		spoils                       bool
	}{
		{"an oven without power", "go SPOT;take mug;go panel;use green;go oven;use oven", "heat metal mug : use oven dead|oven : use green fails", "no power", true},
		{"an oven that does not suit", "go SPOT;take mug;go panel;use red;go oven;use oven", "heat metal mug : use oven fails|oven : use red works", "nothing happens", true},
		{"an oven with empty hands", "go panel;use red;go oven;use oven", "heat metal mug : use fails|oven : use red works", "nothing happens", false},
		{"a thing that is not yet hot", "go SPOT;take mug;go box;open box;put mug in box", "heat metal mug : put fails", "nothing happens", false},
		{"a shut receptacle", "go SPOT;take mug;go box;put mug in box", "heat metal mug : put fails", "nothing happens", false},
		{"another class of appliance", "go SPOT;take mug;go fan;use fan", "heat metal mug : use fan dead", "no power", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := w.Episode(task, 11).(*episode)
			for act := range strings.SplitSeq(strings.ReplaceAll(c.script, "SPOT", w.lex.places[e.lies[0]]), ";") {
				e.Act(act)
			}
			var lines []string
			for _, x := range e.Experiences() {
				lines = append(lines, x.Text)
			}
			if got := strings.Join(lines, "|"); got != c.teaches || !strings.HasSuffix(e.Read(), c.shows) {
				t.Errorf("teaches %q and shows %q, want %q and %q", got, e.Read(), c.teaches, c.shows)
			}
			f := newFacts(w.lex, &w.knobs, 1)
			for _, line := range lines {
				f.learn(line)
			}
			if got := len(f.no) > 0; got != c.spoils {
				t.Errorf("what was taken in is %v and %v", f.yes, f.no)
			}
		})
	}
}

func TestAnObservationReadsBackAndIsShort(t *testing.T) {
	for _, variant := range variants() {
		w := build(t, variant, 9)
		for seed := range uint64(300) {
			s := refer(t, w, world.References()[seed%4])
			play(t, w, w.Splits()[seed%2], seed, func(e *episode) string {
				want, told := e.view(), e.Read()
				got, ok := w.lex.parse(told)
				want2 := *want
				want2.task.Split = ""
				if len(want2.sees) == 0 {
					want2.sees = nil
				}
				if !want2.holds {
					want2.held = thing{}
				}
				if !ok || !reflect.DeepEqual(got, want2) {
					t.Fatalf("%q reads back as %+v, want %+v", told, got, want2)
				}
				if n := len(strings.Fields(told)) + strings.Count(told, "\n"); n > 45 {
					t.Fatalf("%q has %d tokens, want 45 at most", told, n)
				}
				said := s(e)
				if n := len(strings.Fields(said)); n < 2 || n > 5 {
					t.Fatalf("action %q has %d words", said, n)
				}
				return said
			})
		}
	}
	if n := len(Words()); n > 250 {
		t.Errorf("%d words, want 250 at most", n)
	}
}

// chance is what guessing each hidden answer once comes to: one in the receptacles for each class, and so on.
func chance(w *World, e *episode) float64 {
	k := w.knobs
	r, a, s := 1/float64(k.Receptacles), 1/float64(k.Appliances), 1/float64(k.Switches)
	switch e.task.Family {
	case Put, Bring:
		return r
	case Look:
		return a
	case Clean:
		return a * r
	case Heat, Cool:
		return a * s * r
	case Serve:
		return 1. / 16
	}
	return r * r
}

func TestWithoutMemorySuccessIsChance(t *testing.T) {
	const episodes = 4000
	for _, variant := range variants() {
		w := build(t, variant, 21)
		blind, won, sum := refer(t, w, world.MemoryFree), 0, 0.0
		for seed := range uint64(episodes) {
			e := play(t, w, w.Splits()[seed%2], seed, blind)
			won += btoi(e.info.Success)
			sum += chance(w, e)
		}
		got, want := float64(won)/episodes, sum/episodes
		t.Logf("%s: memory-free %.3f, chance %.3f", variant, got, want)
		if got > want+0.05+0.015 || got < want-0.03 {
			t.Errorf("%s: memory-free succeeds in %.3f, want %.3f, which is chance, and at most 0.05 above", variant, got, want)
		}
	}
}

func TestWithFullMemorySuccessComesWithinTwoHundredEpisodes(t *testing.T) {
	for _, variant := range variants() {
		won := 0
		for rules := range uint64(5) {
			w := build(t, variant, rules)
			keeps := refer(t, w, world.FullMemory)
			for seed := range uint64(400) {
				if e := play(t, w, Train, seed, keeps); seed >= 200 {
					won += btoi(e.info.Success)
				}
			}
		}
		t.Logf("%s: full-memory succeeds in %.3f of episodes 200 to 399", variant, float64(won)/1000)
		if won < 930 {
			t.Errorf("%s: full-memory succeeds in %d of 1000 episodes, want 930", variant, won)
		}
	}
}

// readAll plays episodes by the rule and recalls what lines says.
func readAll(t *testing.T, w *World, episodes int, lines func(e *episode) []string, ended func(e *episode)) float64 {
	t.Helper()
	r, won := w.Reader(3), 0
	for seed := range uint64(episodes) {
		r.Begin()
		e := play(t, w, Test, seed, func(e *episode) string { return r.Answer(e.Read(), lines(e)) })
		won += btoi(e.info.Success)
		if ended != nil {
			ended(e)
		}
	}
	return float64(won) / float64(episodes)
}

func TestTheReaderActsOnLinesAndElseGuesses(t *testing.T) {
	for _, variant := range variants() {
		w, other := build(t, variant, 4), build(t, variant, 5)
		right := readAll(t, w, 300, func(e *episode) []string { return w.Facts(e.task, e.clock) }, nil)
		nothing := readAll(t, w, 1000, func(*episode) []string { return nil }, nil)
		wrong := readAll(t, w, 300, func(e *episode) []string { return other.Facts(e.task, e.clock) }, nil)
		mended := readAll(t, w, 300, func(e *episode) []string {
			return append(other.Facts(e.task, e.clock), w.Facts(e.task, e.clock)...)
		}, nil)
		if right != 1 || mended != 1 || nothing > 0.18 || wrong > 0.25 {
			t.Errorf("%s: right lines %.3f, right behind wrong ones %.3f, none %.3f, wrong ones %.3f", variant, right, mended, nothing, wrong)
		}
	}
}

func TestScriptsOfEarlierEpisodesTeachTheReader(t *testing.T) {
	w := build(t, HiddenRules, 6)
	keeps := refer(t, w, world.FullMemory)
	var scripts []string
	for seed := range uint64(400) {
		scripts = append(scripts, play(t, w, Train, seed, keeps).Script())
	}
	if got := readAll(t, w, 200, func(*episode) []string { return scripts }, nil); got < 0.95 {
		t.Errorf("with 400 scripts of training the reader succeeds in %.3f of held-out tasks", got)
	}
}

func TestSplitsShareNoPair(t *testing.T) {
	for _, variant := range variants() {
		w := build(t, variant, 8)
		pairs := map[string]string{}
		for _, split := range w.Splits() {
			for seed := range uint64(2000) {
				d, err := w.Start(split, seed)
				if err != nil {
					t.Fatal(err)
				}
				e := d.(*episode)
				mine := []string{"door " + w.lex.rooms[e.roomOf(door)], "oven " + w.lex.rooms[e.roomOf(w.lex.appliance0+4)]}
				for i := range e.task.count() {
					mine = append(mine, w.lex.name(e.task.things[i]))
					if e.lies[i] != none {
						mine = append(mine, w.lex.nouns[e.task.things[i].noun]+" "+w.lex.places[e.lies[i]])
					}
				}
				if variant == Habits {
					mine = append(mine, w.lex.persons[e.task.person])
				}
				for _, p := range mine {
					if was := pairs[p]; was != "" && was != split {
						t.Fatalf("%s: %q is in both splits", variant, p)
					}
					pairs[p] = split
				}
			}
		}
		if len(pairs) < 8 {
			t.Errorf("%s: only %d pairs were seen", variant, len(pairs))
		}
	}
}

func TestFamiliarMaterialsAreTakenFromTheHeldOutOnes(t *testing.T) {
	k := defaults()
	k.Familiar = 1
	w, err := New(k, 1)
	if err != nil {
		t.Fatal(err)
	}
	for n, half := range w.halves.materials {
		all := slices.Sorted(slices.Values(slices.Concat(half[0], half[1])))
		if len(half[0]) != 3 || len(half[1]) != 1 || !slices.Equal(all, []int{0, 1, 2, 3}) {
			t.Errorf("%s comes in %v in training and %v at the test", w.lex.nouns[n], half[0], half[1])
		}
	}
}

func TestTasksAreDistinctAndBeginAlike(t *testing.T) {
	for _, variant := range variants() {
		w := build(t, variant, 2)
		many, err := w.Tasks(Train, 80)
		if err != nil {
			t.Fatal(err)
		}
		few, _ := w.Tasks(Train, 10)
		seen := map[string]bool{}
		for i, task := range many {
			if seen[task.Sentence] || i < min(10, len(few)) && !reflect.DeepEqual(task, few[i]) {
				t.Errorf("%s: task %d, %q, comes twice or in another place", variant, i, task.Sentence)
			}
			seen[task.Sentence] = true
		}
		if variant == HiddenRules && len(many) != 80 || len(many) < 8 {
			t.Errorf("%s has %d tasks", variant, len(many))
		}
		a, b := w.Episode(many[0], 1), w.Episode(many[0], 2)
		if a.Read() == w.Episode(many[1], 1).Read() || a.Read() != w.Episode(many[0], 1).Read() || variant == HiddenRules && a.Read() == b.Read() {
			t.Errorf("%s: episodes of a task are %q and %q", variant, a.Read(), b.Read())
		}
	}
	if _, err := build(t, HiddenRules, 2).Tasks("psychic", 3); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("an unknown split gives %v", err)
	}
}

func TestLikingsDriftAndRulesDoNot(t *testing.T) {
	w := build(t, Habits, 1)
	changes, last := 0, -1
	for clock := range uint64(20000) {
		if now := w.rules.likes(0, 0, clock); now != last {
			changes, last = changes+1, now
		}
	}
	if changes < 12 || changes > 40 { // 20000 / 600 = 33 draws, of which three in four differ
		t.Errorf("a liking changed %d times in 20000 episodes, want about 25", changes)
	}
	w.knobs.Drift = 0
	if w.rules.likes(0, 0, 1) != w.rules.likes(0, 0, 1e12) {
		t.Error("a liking changes without drift")
	}
}

func TestKnobsOutOfBoundsAreNamed(t *testing.T) {
	for name, spoil := range map[string]func(k *Knobs){
		"variant": func(k *Knobs) { k.Variant = "magic" }, "families": func(k *Knobs) { k.Families = "few" },
		"horizon": func(k *Knobs) { k.Horizon = 3 }, "slack": func(k *Knobs) { k.Slack = -1 }, "receptacles": func(k *Knobs) { k.Receptacles = 7 },
		"appliances": func(k *Knobs) { k.Appliances = 1 }, "switches": func(k *Knobs) { k.Switches = 5 }, "drift": func(k *Knobs) { k.Drift = -1 }, "familiar": func(k *Knobs) { k.Familiar = 2 },
	} {
		k := defaults()
		spoil(&k)
		if _, err := New(k, 0); lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), name) || lab.HintOf(err) == "" {
			t.Errorf("a bad %s gives %v", name, err)
		}
	}
}

func TestKnobsResolveAtEveryBudget(t *testing.T) {
	section := schema.Section{Name: "world", Kinds: Worlds()}
	if err := section.Check(); err != nil {
		t.Fatal(err)
	}
	for _, budget := range lab.Budgets() {
		raw, err := schema.Resolve(section, Name, nil, budget)
		if err != nil {
			t.Fatal(err)
		}
		k := new(Knobs)
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(raw, &fields); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, k); err != nil {
			t.Fatal(err)
		}
		if *k != defaults() {
			t.Errorf("at %s the knobs are %+v, the tests use %+v", budget, *k, defaults())
		}
	}
}

// FuzzActions: an answer is understood or noted; what is understood reads back as said; nothing panics, and a turn passes.
func FuzzActions(f *testing.F) {
	for _, s := range []string{"go bed", "open box", "take mug", "take clay mug", "take mug 7", "use red", "use oven", "put mug in box", "put mug 7 in bed", "put tea in desk", "", "put in in in", "go go"} {
		f.Add(s, uint64(3))
	}
	worlds := []*World{build(f, HiddenRules, 1), build(f, ExactIDs, 1), build(f, Habits, 1)}
	f.Fuzz(func(t *testing.T, answer string, seed uint64) {
		w := worlds[seed%3]
		d, err := w.Start(w.Splits()[seed%2], seed)
		if err != nil {
			t.Fatal(err)
		}
		out := d.Act(answer)
		a, note := w.lex.parseAction(answer)
		if note == "" {
			again, note := w.lex.parseAction(w.lex.say(a))
			if note != "" || again.verb != a.verb || again.place != a.place || again.knob != a.knob || !again.what.means(a.what) && !a.what.means(again.what) {
				t.Fatalf("%q is %+v, said again %+v, %s", answer, a, again, note)
			}
		}
		if out.Note != note || d.Info().Steps != 1 || out.Reward != 0 {
			t.Fatalf("%q gives %+v", answer, out)
		}
		if _, ok := w.lex.parse(d.Read()); !ok {
			t.Fatalf("behind %q the observation %q does not read back", answer, d.Read())
		}
	})
}

// FuzzLines: no line of a memory makes the rule panic or say what is no action.
func FuzzLines(f *testing.F) {
	for _, s := range []string{"hot clay mug : use oven works", "oven : use red fails", "dish : not put in box", "mug 7 : look in box works", "ana drink : take tea fails", ":", ";;:;", "put : put put", "clay : use oven ; use"} {
		f.Add(s, uint64(3))
	}
	worlds := []*World{build(f, HiddenRules, 1), build(f, ExactIDs, 1), build(f, Habits, 1)}
	f.Fuzz(func(t *testing.T, line string, seed uint64) {
		w := worlds[seed%3]
		r := w.Reader(seed)
		r.Begin()
		d, err := w.Start(Train, seed)
		if err != nil {
			t.Fatal(err)
		}
		for !slices.Contains([]string{lab.EndTerminal, lab.EndHorizon}, d.Info().Why) {
			said := r.Answer(d.Read(), []string{line, line})
			if _, note := w.lex.parseAction(said); note != "" {
				t.Fatalf("with line %q the rule says %q: %s", line, said, note)
			}
			d.Act(said)
		}
		r.Answer(line, nil)
	})
}

// BenchmarkSteps: steps a second of scripted play, observations read as an agent would.
func BenchmarkSteps(b *testing.B) {
	for _, variant := range variants() {
		b.Run(variant, func(b *testing.B) {
			w := build(b, variant, 1)
			s := refer(b, w, world.Oracle)
			b.ReportAllocs()
			seed, told := uint64(0), 0
			var e *episode
			for b.Loop() {
				if e == nil || e.info.Why != "" {
					d, err := w.Start(Train, seed)
					if err != nil {
						b.Fatal(err)
					}
					e, seed = d.(*episode), seed+1
				}
				told += len(e.Read())
				e.Act(s(e))
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "steps/s")
		})
	}
}
