package slearl

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world/house"
)

func libraryKnobs() LibraryKnobs {
	return LibraryKnobs{Delta: 0.7, Reach: 0.5, Suits: 1, Strategies: 2, Warnings: 1, Capacity: 4, Admission: true, Alike: 0.85, Winners: 5, Candidates: 10, Clusters: 3}
}

func newTestLibrary(k LibraryKnobs, key string, log *mem.Log) *library {
	return newLibrary(k, key, house.Words(), newWriter(), log, nil)
}

func texts(b *mem.Bank) (all []string) {
	for _, e := range b.All() {
		all = append(all, e.Text)
	}
	return all
}

// heated is an episode that heats a thing of clay in the oven with the red switch, and puts it into the box.
func heated(noun string, group int, earned float64) episode {
	do := "heat clay " + noun
	return episode{group: group, earned: earned, moments: []moment{
		{saw: "task heat and store clay " + noun + "\nat door in attic\nhold nothing", subject: do, lines: []string{do + " : take " + noun + " works"}, worked: true},
		{saw: "task heat and store clay " + noun + "\nat panel in attic\nhold raw clay " + noun, subject: do, lines: []string{do + " : use green works"}, worked: true},
		{saw: "task heat and store clay " + noun + "\nat oven in attic\nhold raw clay " + noun + "\ngreen on", subject: do,
			lines: []string{do + " : use oven dead", "oven : use green fails"}},
		{saw: "task heat and store clay " + noun + "\nat panel in attic\nhold raw clay " + noun + "\ngreen on", subject: do, lines: []string{do + " : use red works"}, worked: true},
		{saw: "task heat and store clay " + noun + "\nat oven in attic\nhold raw clay " + noun + "\nred on", subject: do,
			lines: []string{do + " : use oven works", "oven : use red works"}, worked: true},
		{saw: "task store clay " + noun + "\nat box in attic open\nhold clay " + noun + "\nred on", subject: "store clay " + noun,
			lines: []string{"store clay " + noun + " : put in box works"}, worked: true},
	}}
}

func TestAWinnerGivesAStrategyForEachStepThatChangedItsTask(t *testing.T) {
	e := heated("mug", 0, 1)
	got := newWriter().strategies(&e)
	want := []string{"heat clay mug : use red", "heat clay mug : use oven", "store clay mug : put in box"}
	begun := []int{2, 4, 5} // the first observation behind the change before
	if len(got) != 3 {
		t.Fatalf("strategies are %+v, want %q", got, want)
	}
	for i, c := range got {
		if c.text != want[i] || c.saw != e.moments[begun[i]].saw || c.first != e.moments[0].saw || c.level != example || c.score != 1 {
			t.Errorf("strategy %d is %+v, want %q at step %d", i, c, want[i], begun[i])
		}
	}
}

func TestALoserGivesAWarningOfItsLastActionWithoutEffect(t *testing.T) {
	e := heated("mug", 0, 0)
	e.moments = e.moments[:3]
	if c, ok := newWriter().warning(&e); !ok || c.text != "heat clay mug : not use green" {
		t.Errorf("without power the warning is %+v, want one of the switch", c)
	}
	e.moments[2].lines = []string{"heat clay mug : use oven fails", "oven : use green works"}
	if c, ok := newWriter().warning(&e); !ok || c.text != "heat clay mug : not use oven" || c.saw != e.moments[2].saw {
		t.Errorf("the warning is %+v, want one of the oven", c)
	}
	e.moments = e.moments[:2]
	if c, ok := newWriter().warning(&e); ok {
		t.Errorf("an episode in which all had its effect warns of %+v", c)
	}
}

func TestStrategiesThatAgreeSaySomethingMoreGeneral(t *testing.T) {
	for _, c := range []struct{ a, b, text, level string }{
		{"heat clay mug : use oven", "heat clay cup : use oven", "heat clay dish : use oven", pattern},
		{"heat clay mug : use oven", "heat clay ring : use oven", "heat clay : use oven", principle},
		{"store clay mug : put in box", "store wood cup : put in box", "store dish : put in box", pattern},
		{"store clay mug : put in box", "store clay ring : put in box", "", ""},
		{"heat clay mug : use oven", "heat wood cup : use oven", "", ""},
		{"heat clay mug : use oven", "heat clay cup : use stove", "", ""},
		{"heat clay mug : use oven", "cool clay cup : use oven", "", ""},
		{"heat clay mug : use oven", "heat clay mug : use oven", "", ""},
		{"look at clay mug : use lamp", "look at clay cup : use lamp", "look at clay dish : use lamp", pattern},
	} {
		if text, level, ok := newWriter().general(c.a, c.b); text != c.text || level != c.level || ok != (c.text != "") {
			t.Errorf("%q and %q say %q, %s; want %q, %s", c.a, c.b, text, level, c.text, c.level)
		}
	}
}

// By hand: returns 1, 0.9, 0, 0, -0.1 have the median 0: winners 1 and 0.9, losers the others, the worst first.
func TestWinnersLieAboveTheMedian(t *testing.T) {
	earned := func(list []*episode) (all []float64) {
		for _, e := range list {
			all = append(all, e.earned)
		}
		return all
	}
	batch := []episode{{earned: 0}, {earned: 1}, {earned: -0.1}, {earned: 0.9}, {earned: 0}}
	w, l := winnersAndLosers(batch, 5)
	if !slices.Equal(earned(w), []float64{1, 0.9}) || !slices.Equal(earned(l), []float64{-0.1, 0, 0}) {
		t.Errorf("winners %v, losers %v", earned(w), earned(l))
	}
	w, l = winnersAndLosers([]episode{{earned: 1, group: 0}, {earned: 1, group: 0}, {earned: 1, group: 1}, {earned: 0, group: 1}}, 2)
	if len(w) != 2 || w[0].group != 0 || w[1].group != 1 || len(l) != 1 {
		t.Errorf("where most win, the winners are %+v and the losers %+v, want one of each group first", w, l)
	}
	if w, l = winnersAndLosers([]episode{{earned: 0}, {earned: 0}}, 2); len(w) != 0 || len(l) != 2 {
		t.Errorf("where nobody earns anything there are %d winners and %d losers", len(w), len(l))
	}
}

// By hand: a level of four entries with scores 1, 0.5, 0.5, 1 is full. 0.5 does not go in; 0.7 takes the place of the older 0.5.
func TestAFullLevelAdmitsWhatScoresAboveItsLowest(t *testing.T) {
	add := func(l *library, text string, score float64) bool {
		ok, err := l.admit(0, candidate{text: text, level: example, score: score})
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	l := newTestLibrary(libraryKnobs(), ByStep, nil)
	for i, score := range []float64{1, 0.5, 0.5, 1} {
		if !add(l, fmt.Sprintf("entry %d", i), score) {
			t.Fatalf("entry %d is not admitted to a level that has room", i)
		}
	}
	if add(l, "equal", 0.5) || !add(l, "better", 0.7) {
		t.Error("a tie is admitted, or what is better is not")
	}
	if got := texts(l.zones[0]); !slices.Equal(got, []string{"entry 0", "entry 2", "entry 3", "better"}) {
		t.Errorf("the level holds %q", got)
	}
	if ok, _ := l.admit(0, candidate{text: "another level", level: pattern, score: 0}); !ok {
		t.Error("a full level keeps another one shut")
	}
	k := libraryKnobs()
	k.Admission = false
	l = newTestLibrary(k, ByStep, nil)
	for i := range 6 {
		add(l, fmt.Sprintf("entry %d", i), float64(-i))
	}
	if got := texts(l.zones[0]); !slices.Equal(got, []string{"entry 2", "entry 3", "entry 4", "entry 5"}) {
		t.Errorf("without admission the level holds %q, want the youngest", got)
	}
}

func TestWarningsHaveHalfTheRoom(t *testing.T) {
	l := newTestLibrary(libraryKnobs(), ByStep, nil)
	for i := range 5 {
		if _, err := l.admit(1, candidate{text: fmt.Sprintf("warning %d", i), level: example, score: float64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if n := l.zones[1].Len(); n != 2 {
		t.Errorf("%d warnings are kept, want 2 where strategies have 4", n)
	}
}

// Observations join the first cluster that is like them, and the least used one goes where there are too many.
func TestClustersJoinTheFirstAlikeAndTheLeastUsedGoes(t *testing.T) {
	v := newVocabulary([]string{"a", "b", "c", "d", "e", "f", "g"})
	x := index{words: v, delta: 0.5, most: 2}
	join := func(text string) string { return x.join(text, v.set(text)).Prototype }
	for _, c := range []struct{ text, want string }{{"a b", "a b"}, {"c d", "c d"}, {"a b c", "a b"}, {"c", "c d"}, {"a", "a b"}, {"e f", "e f"}, {"e", "e f"}} {
		if got := join(c.text); got != c.want {
			t.Errorf("%q joins %q, want %q", c.text, got, c.want)
		}
	}
	if len(x.Clusters) != 2 || x.Clusters[0].Prototype != "a b" || x.Clusters[0].Uses != 3 || x.Clusters[1].Prototype != "e f" {
		t.Errorf("clusters are %+v, %+v; c d was used less than a b and goes", x.Clusters[0], x.Clusters[1])
	}
}

func TestAReadingTakesTheClustersEntriesElseTheNearestAndLinksThem(t *testing.T) {
	l := newTestLibrary(libraryKnobs(), ByStep, nil)
	if err := l.evolve([]episode{heated("mug", 0, 1), heated("ring", 1, 1), {group: 2}, {group: 3}, {group: 4}}); err != nil {
		t.Fatal(err)
	}
	saw := "task heat and store clay belt\nat panel in attic\nhold raw clay belt"
	first, err := l.read(saw, "")
	if err != nil {
		t.Fatal(err)
	}
	if got := first.Lines(); len(got) != 2 || !slices.Contains(got, "heat clay : use red") || !slices.Contains(got, "heat clay : use oven") {
		t.Errorf("what is read for a thing that was never seen is %q, want the principles of its material", got)
	}
	c := l.index.find(l.words.set(saw))
	if c == nil || len(c.Linked) != 2 {
		t.Fatalf("the cluster has %+v, want links to what was read", c)
	}
	again, err := l.read(saw, "")
	if err != nil || !slices.Equal(again.Lines(), first.Lines()) || l.hits.Hit != 1 || l.hits.Looked != 2 {
		t.Errorf("the second reading gives %q with %+v, %v", again.Lines(), l.hits, err)
	}
	l.frozen = true
	before := fmt.Sprint(l.index.Clusters[0], len(l.index.Clusters))
	if _, err := l.read("task look at wood doll\nat bed in study\nhold raw wood doll", ""); err != nil || fmt.Sprint(l.index.Clusters[0], len(l.index.Clusters)) != before {
		t.Error("a reading of an examination leaves a trace")
	}
}

func (l *library) lines(t *testing.T, saw, first string) []string {
	t.Helper()
	r, err := l.recallAt(saw, first)
	if err != nil {
		t.Fatal(err)
	}
	return r.Lines()
}

func (l *library) recallAt(saw, first string) (mem.Reading, error) {
	return l.read(saw, first)
}

func TestTheKeyDecidesWhatIsRead(t *testing.T) {
	batch := []episode{heated("mug", 0, 1), heated("cup", 1, 1), {group: 2}, {group: 3}, {group: 4}}
	saw, first := "task store clay plate\nat oven in attic\nhold clay plate\nred on", "task heat and store clay plate\nat door in attic\nhold nothing"
	for key, wants := range map[string]bool{ByStep: true, ByTask: false} {
		l := newTestLibrary(libraryKnobs(), key, nil)
		if err := l.evolve(batch); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(l.lines(t, saw, first), "|")
		if strings.Contains(got, "heat") == wants {
			t.Errorf("keyed by the %s, what is read when all is heated is %q", key, got)
		}
	}
	l := newTestLibrary(libraryKnobs(), Hybrid, nil)
	if err := l.evolve(batch); err != nil {
		t.Fatal(err)
	}
	if got := l.lines(t, saw, first); len(got) != 2 {
		t.Errorf("with both keys what is read is %q, want one of each", got)
	}
}

// collect keeps memory events.
type collect struct{ all []lab.Memory }

func (c *collect) Emit(ev lab.Event) error {
	if m, ok := ev.(lab.Memory); ok {
		c.all = append(c.all, m)
	}
	return nil
}

// TestTheBanksFollowFromTheEvents: random batches, and at every end the banks that the events rebuild are those that are read.
func TestTheBanksFollowFromTheEvents(t *testing.T) {
	nouns := []string{"mug", "cup", "ring", "belt", "doll", "ship", "vase", "pot"}
	for seed := range uint64(5) {
		events, draw := &collect{}, rng.New(seed, "batches")
		k := libraryKnobs()
		k.Capacity = 2 + draw.IntN(4)
		l := newTestLibrary(k, ByStep, &mem.Log{Emit: events})
		for range 12 {
			var batch []episode
			for g := range 5 {
				e := heated(nouns[draw.IntN(len(nouns))], g, float64(draw.IntN(5))/4)
				e.moments = e.moments[:1+draw.IntN(len(e.moments))]
				batch = append(batch, e)
			}
			if err := l.evolve(batch); err != nil {
				t.Fatal(err)
			}
			if _, err := l.read(batch[0].moments[0].saw, ""); err != nil {
				t.Fatal(err)
			}
		}
		for zone, bank := range l.zones {
			got := map[string]string{}
			for _, ev := range events.all {
				switch {
				case ev.Bank != bank.Name:
				case ev.Op == lab.OpDelete:
					delete(got, ev.Entry)
				case ev.After != nil:
					got[ev.Entry] = ev.After.Text
				}
			}
			want := map[string]string{}
			for _, e := range bank.All() {
				want[e.ID] = e.Text
				if _, ok := l.facts[linkName(zone, e.ID)]; !ok {
					t.Errorf("entry %s has no observation to be found by", e.ID)
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("seed %d: events give %v, the bank holds %v", seed, got, want)
			}
		}
		for _, c := range l.index.Clusters {
			for _, link := range c.Linked {
				if _, ok := l.facts[link]; !ok {
					t.Errorf("a cluster links to %s, which is gone", link)
				}
			}
		}
	}
}

func TestARestoredLibraryReadsAndEvolvesAlike(t *testing.T) {
	l, again := newTestLibrary(libraryKnobs(), ByStep, nil), newTestLibrary(libraryKnobs(), ByStep, nil)
	step := func(l *library, noun string) string {
		if err := l.evolve([]episode{heated(noun, 0, 1), {group: 1}, {group: 2}}); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(l.lines(t, "task heat and store clay belt\nat panel in attic\nhold raw clay belt", ""), texts(l.zones[0]), texts(l.zones[1]))
	}
	step(l, "mug")
	step(l, "ring")
	var state bytes.Buffer
	if err := l.Snapshot(&state); err != nil {
		t.Fatal(err)
	}
	whole := bytes.Clone(state.Bytes())
	if err := again.Restore(&state); err != nil {
		t.Fatal(err)
	}
	if a, b := step(l, "cup"), step(again, "cup"); a != b {
		t.Errorf("the library goes on with %s, the restored one with %s", a, b)
	}
	for _, n := range []int{0, len(whole) / 2, len(whole) - 1} {
		if err := newTestLibrary(libraryKnobs(), ByStep, nil).Restore(bytes.NewReader(whole[:n])); err == nil {
			t.Errorf("a state cut at %d of %d bytes is taken", n, len(whole))
		}
	}
}

// lived is all that comes of batches of episodes and the readings between them, as text.
func lived(t *testing.T, k LibraryKnobs) string {
	t.Helper()
	nouns := []string{"mug", "cup", "ring", "belt", "doll", "ship", "vase", "pot"}
	l, draw := newTestLibrary(k, ByStep, nil), rng.New(3, "batches")
	var all []string
	for update := range 8 {
		var batch []episode
		for g := range 6 {
			e := heated(nouns[draw.IntN(len(nouns))], g, float64(draw.IntN(5))/4)
			e.moments = e.moments[:1+draw.IntN(len(e.moments))]
			if e.earned > 0.5 {
				e.moments = heated(nouns[draw.IntN(len(nouns))], g, 1).moments
			}
			batch = append(batch, e)
		}
		all = append(all, fmt.Sprint(shelf{l}.ready(update)))
		for _, e := range batch {
			for _, m := range e.moments {
				all = append(all, l.lines(t, m.saw, e.moments[0].saw)...)
			}
		}
		if err := l.evolve(batch); err != nil {
			t.Fatal(err)
		}
	}
	return strings.Join(append(append(all, texts(l.zones[0])...), texts(l.zones[1])...), "\n")
}

func TestEveryKnobOfTheLibraryMovesIt(t *testing.T) {
	usual := libraryKnobs()
	usual.Capacity, usual.Clusters, usual.Warmup, usual.Least, usual.Suits = 6, 12, 2, 2, 0.6
	base := lived(t, usual)
	spoils := map[string]func(k *LibraryKnobs){
		"delta": func(k *LibraryKnobs) { k.Delta = 0.2 }, "reach": func(k *LibraryKnobs) { k.Reach = 0.9 }, "suits": func(k *LibraryKnobs) { k.Suits = 1 },
		"strategies": func(k *LibraryKnobs) { k.Strategies = 1 }, "warnings": func(k *LibraryKnobs) { k.Warnings = 0 },
		"capacity": func(k *LibraryKnobs) { k.Capacity = 3 }, "admission": func(k *LibraryKnobs) { k.Admission = false },
		"alike": func(k *LibraryKnobs) { k.Alike = 0.3 }, "library_warmup": func(k *LibraryKnobs) { k.Warmup = 5 }, "least": func(k *LibraryKnobs) { k.Least = 100 },
		"winners": func(k *LibraryKnobs) { k.Winners = 1 }, "candidates": func(k *LibraryKnobs) { k.Candidates = 2 }, "clusters": func(k *LibraryKnobs) { k.Clusters = 1 },
	}
	for name, spoil := range spoils {
		k := usual
		if spoil(&k); lived(t, k) == base {
			t.Errorf("with another %s nothing changes", name)
		}
	}
	fields, err := schema.Fields(memories()[0])
	if err != nil {
		t.Fatal(err)
	}
	if len(fields) != len(spoils) {
		t.Errorf("the library has %d knobs, %d are tried", len(fields), len(spoils))
	}
}
