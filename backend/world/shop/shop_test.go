package shop

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
)

func build(t testing.TB, variant string, site uint64) *World {
	t.Helper()
	k := defaults()
	k.Variant = variant
	w, err := New(k, site)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func variants() []string { return []string{Quirks, Preferences} }

// visit plays an episode to its end.
func visit(t testing.TB, w *World, split string, seed uint64, answer func(e *episode) string) *episode {
	t.Helper()
	d, err := w.Start(split, seed)
	if err != nil {
		t.Fatal(err)
	}
	e := d.(*episode)
	for e.info.Why == "" {
		e.Act(answer(e))
	}
	return e
}

// certain is the shop in which a class has these habits.
func certain(t testing.TB, c Class, habits ...int) *World {
	w := build(t, Quirks, 3)
	copy(w.site.habits[c][:], habits)
	return w
}

func TestAVisitByHand(t *testing.T) {
	w := certain(t, Buy, 1, 1, 0) // by the menu, filtered, without a size
	g := Goal{Split: Train, Class: Buy, noun: 0, attr: w.halves.colours[0][0][1], person: none}
	g.Sentence = w.lex.sentence(&g)
	colour := w.lex.colours[g.attr]
	e := w.Episode(g, 11).(*episode)
	for i, s := range []struct{ act, teaches, shows string }{
		{"click menu", "for buy : enter menu works", "at list plain\nrows "},
		{"click filter", "", "at list filter\nrows "},
		{"click " + colour, "for buy : list filter works", "at item plain\n" + colour + " mug "},
		{"click buy", "for buy : item plain works", "at item plain"},
	} {
		out := e.Act(s.act)
		if e.lesson() != s.teaches || !strings.HasPrefix(e.Read(), s.shows) || strings.Contains(e.Read(), "note") || out.Note != "" || out.Done != (i == 3) {
			t.Fatalf("%s teaches %q, shows %q and gives %+v, want %q and %q", s.act, e.lesson(), e.Read(), out, s.teaches, s.shows)
		}
	}
	all := e.Experiences()
	want := g.Sentence + " : click menu ; click filter ; click " + colour + " ; click buy ; success"
	if last := all[len(all)-1]; len(all) != 2 || last.Kind != lab.OneTask || last.Key != g.Sentence || last.Text != want || !last.Success || last.Reward != 1 {
		t.Fatalf("the visit leaves %+v, want the script %q", all, want)
	}
	if e.limit != 5 || !slices.Equal(e.Chosen(), []string{"menu", "filter", "plain"}) {
		t.Errorf("the limit is %d, want 5; chosen were %v", e.limit, e.Chosen())
	}
}

func TestAWrongChoiceIsNotedOnePageLaterAndScoresItsShare(t *testing.T) {
	w := certain(t, Price, 0, 1, 1) // by search, filtered, with the total
	g := Goal{Split: Train, Class: Price, noun: 2, attr: w.halves.colours[2][0][0], person: none}
	g.Sentence = w.lex.sentence(&g)
	e := w.Episode(g, 5).(*episode)
	e.Act("click menu")
	if !strings.Contains(e.Read(), "\nnote ads\n") || e.lesson() != "for price : enter menu fails" {
		t.Fatalf("behind the wrong way in stands %q, which teaches %q", e.Read(), e.lesson())
	}
	e.Act("click " + w.lex.colours[g.attr])
	if !strings.Contains(e.Read(), "\nnote old\n") {
		t.Fatalf("behind the wrong list stands %q", e.Read())
	}
	e.Act("click total")
	out := e.Act("answer " + w.lex.numbers[e.price()-1])
	// Of way in, list, option and answer the last two are right.
	if !out.Done || out.Reward != 0.5 || e.info.Success || !reflect.DeepEqual(e.Noted(), []bool{true, true, false}) {
		t.Errorf("the visit gives %+v, Info %+v and the notes %v", out, e.info, e.Noted())
	}
	w.knobs.Notes = 0
	quiet := w.Episode(g, 5).(*episode)
	quiet.Act("click menu")
	if strings.Contains(quiet.Read(), "note") {
		t.Errorf("without notes the page is %q", quiet.Read())
	}
}

func TestBackOpensThePageBeforeAndForgetsItsNote(t *testing.T) {
	w := certain(t, Last, 0, 0, 0)
	g := Goal{Split: Train, Class: Last, noun: 4, attr: none, person: none}
	g.Sentence = w.lex.sentence(&g)
	e := w.Episode(g, 9).(*episode)
	home := e.Read()
	e.Act("click archive")
	wrong := e.Read()
	e.Act("back")
	if e.Read() != home {
		t.Fatalf("back leads to %q", e.Read())
	}
	e.Act("click account")
	if got := e.Read(); got == wrong || strings.Contains(got, "note") || e.refused != 0 {
		t.Errorf("the right way in shows %q, the wrong one %q", got, wrong)
	}
}

func TestOnlyTheRightChoicesShowTheNumberThatIsAskedFor(t *testing.T) {
	w := build(t, Quirks, 8)
	oracle, guesser := refer(t, w, world.Oracle), refer(t, w, world.MemoryFree)
	for seed := range uint64(400) {
		right := visit(t, w, Train, seed, func(e *episode) string { return oracle.Answer(e) })
		if right.goal.Class.buys() {
			continue
		}
		other := visit(t, w, Train, seed, func(e *episode) string { return guesser.Answer(e) })
		if same := other.told == right.told; same != (other.wrong() == 0) && other.finish && other.row == other.wanted() {
			t.Fatalf("with %d wrong choices the answer to %q is %d, the truth %d", other.wrong(), other.goal.Sentence, other.told, right.told)
		}
	}
}

func refer(t testing.TB, w *World, name string) world.Speaker {
	t.Helper()
	s, err := w.Reference(name, 5)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAPageReadsBackAndIsShort(t *testing.T) {
	for _, variant := range variants() {
		w := build(t, variant, 9)
		for seed := range uint64(300) {
			s := refer(t, w, world.References()[seed%4])
			visit(t, w, w.Splits()[seed%2], seed, func(e *episode) string {
				want, told := *e.view(), e.Read()
				got, ok := w.lex.parse(told)
				want.goal.Split = ""
				if !ok || !samePage(&got, &want) {
					t.Fatalf("%q reads back as %+v, want %+v", told, got, want)
				}
				if n := len(strings.Fields(told)) + strings.Count(told, "\n"); n > 30 {
					t.Fatalf("%q has %d tokens, want 30 at most", told, n)
				}
				return s.Answer(e)
			})
		}
	}
	if n := len(Words()); n > 150 {
		t.Errorf("%d words, want 150 at most", n)
	}
}

func samePage(a, b *view) bool {
	return a.goal.Class == b.goal.Class && a.goal.noun == b.goal.noun && a.goal.attr == b.goal.attr && a.page == b.page && a.mode == b.mode &&
		slices.Equal(a.rows, b.rows) && slices.Equal(a.see, b.see) && a.note == b.note && a.price == b.price
}

func TestSplitsShareNoPair(t *testing.T) {
	for _, variant := range variants() {
		w := build(t, variant, 8)
		oracle, pairs := refer(t, w, world.Oracle), map[string]string{}
		for _, split := range w.Splits() {
			for seed := range uint64(1500) {
				e := visit(t, w, split, seed, func(e *episode) string { return oracle.Answer(e) })
				mine := e.attrs()
				for i, attr := range mine {
					mine[i] = attr + " " + w.lex.nouns[e.goal.noun]
				}
				if variant == Preferences {
					mine = append(mine, w.lex.persons[e.goal.person])
				}
				for _, p := range mine {
					if was := pairs[p]; was != "" && was != split {
						t.Fatalf("%s: %q is in both splits", variant, p)
					}
					pairs[p] = split
				}
			}
		}
	}
}

func TestWithFullMemorySuccessComesSoonAndWithoutItStaysAtChance(t *testing.T) {
	for variant, chance := range map[string]float64{Quirks: 1. / 8, Preferences: 1. / 6} {
		won, lucky := 0, 0
		for site := range uint64(10) {
			w := build(t, variant, site)
			keeps, blind := refer(t, w, world.FullMemory), refer(t, w, world.MemoryFree)
			for seed := range uint64(200) {
				lucky += btoi(visit(t, w, Train, seed, func(e *episode) string { return blind.Answer(e) }).info.Success)
				if e := visit(t, w, Train, seed, func(e *episode) string { return keeps.Answer(e) }); seed >= 100 {
					won += btoi(e.info.Success)
				}
			}
		}
		if got := float64(lucky) / 2000; won < 970 || math.Abs(got-chance) > 0.05 {
			t.Errorf("%s: with full memory %d of 1000 succeed behind the first 100 visits; without %.3f, chance is %.3f", variant, won, got, chance)
		}
	}
}

func TestTheReaderActsOnLinesOnScriptsAndElseGuesses(t *testing.T) {
	w, other := build(t, Quirks, 4), build(t, Quirks, 5)
	facts := func(w *World, g *Goal) (all []string) {
		for at, o := range w.Right(g.Class) {
			all = append(all, Advice(g.Class.String(), stageNames()[at], o))
		}
		return all
	}
	oracle := refer(t, w, world.Oracle)
	scripts := map[Class]string{}
	for seed := range uint64(60) {
		e := visit(t, w, Train, seed, func(e *episode) string { return oracle.Answer(e) })
		scripts[e.goal.Class] = e.Script()
	}
	for name, c := range map[string]struct {
		lines  func(g *Goal) []string
		lo, hi float64
	}{
		"right advice":              {func(g *Goal) []string { return facts(w, g) }, 1, 1},
		"right behind other advice": {func(g *Goal) []string { return append(facts(other, g), facts(w, g)...) }, 1, 1},
		"scripts of successes":      {func(g *Goal) []string { return []string{scripts[g.Class]} }, 1, 1},
		"nothing":                   {func(*Goal) []string { return nil }, 0.06, 0.2},
	} {
		r, won := w.Reader(3), 0
		for seed := range uint64(500) {
			r.Begin()
			e := visit(t, w, Test, seed, func(e *episode) string { return r.Answer(e.Read(), c.lines(&e.goal)) })
			won += btoi(e.info.Success)
		}
		if got := float64(won) / 500; got < c.lo || got > c.hi {
			t.Errorf("with %s the reader does %.3f of the goals, want %v to %v", name, got, c.lo, c.hi)
		}
	}
}

func TestWhatFailedIsAvoidedUntilItWorks(t *testing.T) {
	f := newFacts(1)
	f.learn("for buy : list filter fails")
	if got := f.settle("buy", list, []string{plain, "filter"}); got != plain {
		t.Errorf("behind a failure of filter %q is chosen", got)
	}
	f.learn("for buy : list filter works")
	if got := f.settle("buy", list, []string{plain, "filter"}); got != "filter" {
		t.Errorf("behind a success of filter %q is chosen", got)
	}
	f.learn("for ana : colour red works")
	if got := f.settle("ana", list, []string{"blue", "red", "green"}); got != "red" {
		t.Errorf("ana gets %q", got)
	}
}

func TestGoalsAreDistinctAndShareTheirWords(t *testing.T) {
	w := build(t, Quirks, 2)
	many, err := w.Goals(Test, 240)
	if err != nil {
		t.Fatal(err)
	}
	few, _ := w.Goals(Test, 10)
	seen, classes := map[string]bool{}, map[Class]int{}
	for i, g := range many {
		if seen[g.Sentence] || i < 10 && !reflect.DeepEqual(g, few[i]) {
			t.Errorf("goal %d, %q, comes twice or in another place", i, g.Sentence)
		}
		seen[g.Sentence] = true
		classes[g.Class]++
	}
	if len(many) != 240 || len(classes) != 6 {
		t.Errorf("%d goals of %d classes", len(many), len(classes))
	}
	if _, err := w.Goals("psychic", 3); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("an unknown split gives %v", err)
	}
}

func TestKnobsOutOfBoundsAreNamedAndResolve(t *testing.T) {
	for name, spoil := range map[string]func(k *Knobs){
		"variant": func(k *Knobs) { k.Variant = "magic" }, "horizon": func(k *Knobs) { k.Horizon = 3 }, "slack": func(k *Knobs) { k.Slack = -1 },
		"notes": func(k *Knobs) { k.Notes = math.NaN() },
	} {
		k := defaults()
		spoil(&k)
		if _, err := New(k, 0); lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), name) || lab.HintOf(err) == "" {
			t.Errorf("a bad %s gives %v", name, err)
		}
	}
	if err := (schema.Section{Name: "world", Kinds: Worlds()}).Check(); err != nil {
		t.Error(err)
	}
}

// FuzzActions: an answer is understood or noted; what is understood reads back as said; nothing panics, and a turn passes.
func FuzzActions(f *testing.F) {
	for _, s := range []string{"search mug", "click menu", "click red", "next", "back", "answer 7", "", "click", "answer red", "search", "click next"} {
		f.Add(s, uint64(3))
	}
	worlds := []*World{build(f, Quirks, 1), build(f, Preferences, 1)}
	f.Fuzz(func(t *testing.T, said string, seed uint64) {
		w := worlds[seed%2]
		d, err := w.Start(w.Splits()[seed/2%2], seed)
		if err != nil {
			t.Fatal(err)
		}
		out := d.Act(said)
		a, note := w.lex.parseAction(said)
		if note == "" {
			if again, note := w.lex.parseAction(w.lex.say(a)); note != "" || again != a {
				t.Fatalf("%q is %+v, said again %+v, %s", said, a, again, note)
			}
		}
		if out.Note != note || d.Info().Steps != 1 || out.Reward != 0 {
			t.Fatalf("%q gives %+v", said, out)
		}
		if _, ok := w.lex.parse(d.Read()); !ok {
			t.Fatalf("behind %q the page %q does not read back", said, d.Read())
		}
	})
}

// FuzzLines: no line of a memory and no page makes the rule panic or say what is no action.
func FuzzLines(f *testing.F) {
	for _, s := range []string{"for buy : list filter works", "for buy : list", "buy red mug : search mug ; click red ; success", "at list plain\ngoal buy red mug", ":", " : ; success"} {
		f.Add(s, rng.New(1, "fuzz").Uint64())
	}
	worlds := []*World{build(f, Quirks, 1), build(f, Preferences, 1)}
	f.Fuzz(func(t *testing.T, line string, seed uint64) {
		w := worlds[seed%2]
		r := w.Reader(seed)
		r.Begin()
		visit(t, w, Train, seed, func(e *episode) string {
			said := r.Answer(e.Read(), []string{line, line})
			if _, note := w.lex.parseAction(said); note != "" {
				t.Fatalf("with line %q the rule says %q: %s", line, said, note)
			}
			return said
		})
		r.Answer(line, nil)
	})
}
