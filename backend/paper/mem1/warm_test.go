package mem1

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/world/hop"
)

func warmerOf(t testing.TB, whole bool, change func(k *hop.Knobs)) *warmer {
	t.Helper()
	k := hop.Knobs{Least: 3, Most: 3, Hops: 1, Entities: 40, Relations: 6, Leads: 2, Alike: 0.5, Each: 1, Spare: 1, Hint: 3, Pays: hop.PaysEach, Numbered: true}
	if change != nil {
		change(&k)
	}
	w, err := newWarmer(mixture{World: k, Whole: map[bool]float64{true: 1}[whole], Forget: 0.5, Short: k.Most})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestTheOracleKeepsAllOrTheNewestAlone(t *testing.T) {
	w := warmerOf(t, false, nil)
	e, err := w.long.Episode(hop.Train, 3)
	if err != nil {
		t.Fatal(err)
	}
	q := e.Questions()
	n, a := make([]string, 3), make([]string, 3)
	for i := range q {
		n[i], a[i] = q[i].Number, q[i].Answer()
	}
	for forgets, want := range map[bool][]string{
		false: {"state " + n[0] + " find " + q[0].String(), "state " + n[0] + " " + a[0] + " " + n[1] + " find " + q[1].String(),
			strings.Join([]string{"state", n[0], a[0], n[1], a[1], n[2], "find", q[2].String()}, " "), strings.Join([]string{"ans", n[0], a[0], n[1], a[1], n[2], a[2]}, " ")},
		true: {"state " + n[0] + " find " + q[0].String(), "state " + n[0] + " " + a[0] + " " + n[1] + " find " + q[1].String(),
			strings.Join([]string{"state", n[1], a[1], n[2], "find", q[2].String()}, " "), "ans " + n[2] + " " + a[2]},
	} {
		turns, err := w.trace(w.long, 3, forgets)
		if err != nil || len(turns) != len(want) {
			t.Fatalf("%d turns, %v", len(turns), err)
		}
		for i, u := range turns {
			if got, _ := w.words.Decode(u.wrote); got != want[i]+" <end>" {
				t.Errorf("forgets %v, turn %d: %q, want %q", forgets, i, got, want[i])
			}
		}
	}
}

// Chains, aliases, searches that miss and questions without numbers go the same way.
func TestTheOracleOfHarderWorldsAnswersWhatItKept(t *testing.T) {
	for name, change := range map[string]func(k *hop.Knobs){
		"two hops, aliases and misses": func(k *hop.Knobs) { k.Hops, k.Aliases, k.Misses, k.Each = 2, 0.5, 0.3, 8 },
		"without numbers":              func(k *hop.Knobs) { k.Numbered = false },
		"too few turns":                func(k *hop.Knobs) { k.Hops, k.Each = 2, 1 },
	} {
		t.Run(name, func(t *testing.T) {
			w := warmerOf(t, false, change)
			for seed := range uint64(40) {
				for _, forgets := range []bool{false, true} {
					e, _ := w.long.Episode(hop.Train, seed)
					for done := false; !done; {
						o := e.Act(parse(oracle(e, forgets)).act)
						if done = o.Done; o.Note != "" {
							t.Fatalf("seed %d: %s", seed, o.Note)
						}
					}
					if right := e.Info().Numbers["right"]; name != "too few turns" && (!forgets && right != 3 || forgets && right != 1) {
						t.Fatalf("seed %d, forgets %v: %v right answers", seed, forgets, right)
					}
				}
			}
		})
	}
}

// Under both templates the same words are trained, once each: by turn in rows of a turn, whole in one row.
func TestRowsTrainWhatTheOracleWrote(t *testing.T) {
	turnwise, whole := warmerOf(t, false, nil), warmerOf(t, true, nil)
	forgot, ends := 0, 0
	for key := range uint64(300) {
		d, err := whole.row(key<<32, true)
		if err != nil {
			t.Fatal(err)
		}
		n, wrote := 0.0, []int32{}
		for i, w := range d.Weights {
			if n += float64(w); w == 1 {
				wrote = append(wrote, d.Targets[i])
			}
		}
		text, _ := whole.words.Decode(wrote)
		if strings.Count(text, "find") != 3 || strings.Count(text, "ans") != 1 || strings.Count(text, "<end>") != 4 {
			t.Fatalf("an episode trains %q", text)
		}
		if n < 30 {
			forgot++
		}
		if d, err = turnwise.row(key<<32, true); err != nil {
			t.Fatal(err)
		}
		at := slices.Index(d.Weights, 1)
		if text, _ = turnwise.words.Decode(d.Targets[at:]); strings.Count(text, "<end>") != 1 || !strings.HasSuffix(text, "<end>") {
			t.Fatalf("a turn trains %q", text)
		}
		if strings.HasPrefix(text, "ans") {
			ends++
		}
	}
	if math.Abs(float64(forgot)/300-0.5) > 0.1 || math.Abs(float64(ends)/300-0.25) > 0.1 {
		t.Errorf("%d of 300 episodes forget and %d turns answer, want half and a quarter", forgot, ends)
	}
}

func TestAShareOfTheEpisodesIsLong(t *testing.T) {
	w := warmerOf(t, true, func(k *hop.Knobs) { k.Least, k.Most = 1, 8 })
	long, short := w.long.Knobs(), w.short.Knobs()
	if long.Most != 8 || short.Most != 8 {
		t.Fatalf("%d and %d questions at most", long.Most, short.Most)
	}
	m, err := newWarmer(mixture{World: long, Short: 2, Long: 0.5, Whole: 1})
	if err != nil || m.short.Knobs().Most != 2 {
		t.Fatalf("%+v, %v", m.short.Knobs(), err)
	}
	beyond := 0
	for i := range uint64(400) {
		d, err := m.row(i<<32, true)
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := m.words.Decode(d.Targets); strings.Count(text, "find") > 2 {
			beyond++
		}
	}
	if share := float64(beyond) / 400; math.Abs(share-0.5*6/8) > 0.08 {
		t.Errorf("%v of the episodes have more than 2 questions, want 0.375", share)
	}
}
