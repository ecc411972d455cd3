package chat

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/worldtest"
)

func chat(t testing.TB, change func(*Knobs)) *World {
	t.Helper()
	k := Defaults()
	if change != nil {
		change(&k)
	}
	w, err := New(k)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func everything(k *Knobs) {
	k.Contradict, k.Expire, k.Event, k.Speakers, k.Sessions, k.Turns, k.Questions = 0.1, 0.1, 0.15, 3, 5, 6, 12
	k.Current, k.List, k.MultiHop, k.Temporal, k.Unanswerable = 1, 1, 1, 1, 1
}

func chunks(n int) func(*Knobs) { return func(k *Knobs) { k.Mode, k.Chunks = InChunks, n } }

func TestChatKeepsTheContractOfTextWorlds(t *testing.T) {
	papertest.Whole(t)
	for name, change := range map[string]func(*Knobs){
		"the default dialogue": nil, "every kind of turn and question": everything,
		"one question of one speaker": func(k *Knobs) { k.Questions, k.Speakers = 1, 1 },
		"eight chunks":                chunks(8), "facts offered one by one": func(k *Knobs) { k.Offer = OfferFacts },
	} {
		t.Run(name, func(t *testing.T) {
			k := Defaults()
			if change != nil {
				change(&k)
			}
			// Chance is one value in twelve for one question, a day in 128 for others, and next to nothing for several at once.
			chance := 0.0
			if k.Questions == 1 {
				chance = 1.0 / pool
			}
			worldtest.Text(t, worldtest.TextOptions{New: func() (world.Text, error) { return New(k) }, Random: 0.01, MemoryFree: chance, Episodes: 400})
		})
	}
}

func TestKnobsKeepTheirTags(t *testing.T) {
	s := schema.Section{Name: "world", Kinds: Kinds()}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	raw, err := schema.Resolve(s, Name, nil, "laptop")
	if err != nil {
		t.Fatal(err)
	}
	var got Knobs
	if err := json.Unmarshal(raw, &got); err != nil || got != Defaults() {
		t.Errorf("tags say %+v (%v), Defaults %+v", got, err, Defaults())
	}
}

func TestKnobsOutOfBoundsAreRefusedWithTheirValue(t *testing.T) {
	for _, c := range []struct {
		name, says string
		change     func(*Knobs)
	}{
		{"an unknown mode", `knob mode is "monologue", want one of ["dialogue" "chunks"]`, func(k *Knobs) { k.Mode = "monologue" }},
		{"no speaker", "knob speakers is 0, want 1 to 6", func(k *Knobs) { k.Speakers = 0 }},
		{"a negative weight", "knob add is -1, want 0 to 1", func(k *Knobs) { k.Add = -1 }},
		{"more turns than days", "24 sessions of 5 turns are 120 turns, want at most 96", func(k *Knobs) { k.Sessions, k.Turns = 24, 5 }},
		{"nothing that could begin", "knobs new, event and chatter are 0", func(k *Knobs) { k.New, k.Chatter = 0, 0 }},
		{"chunks of noise", "knobs facts, events and samples are 0", func(k *Knobs) { k.Mode, k.Facts, k.Events, k.Samples = InChunks, 0, 0, 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := Defaults()
			c.change(&k)
			if _, err := New(k); err == nil || lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an invalid with %q", err, c.says)
			}
		})
	}
}

func TestTrainingAndTestShareNoPairOfPersonaAndValue(t *testing.T) {
	papertest.Whole(t)
	for _, change := range []func(*Knobs){everything, chunks(40)} {
		w := chat(t, change)
		seen := map[string]string{}
		for _, split := range w.Splits() {
			for seed := range uint64(1500) {
				var facts []Fact
				if w.knobs.Mode == InChunks {
					in, _ := w.Instance(split, seed)
					for _, c := range in.Chunks {
						facts = append(facts, c.Facts...)
					}
				} else {
					c, _ := w.Conversation(split, seed)
					for _, turn := range c.Turns {
						facts = append(facts, turn.Facts...)
					}
				}
				for _, f := range facts {
					pair := f.Persona + " " + f.Attribute + " " + f.Values[0]
					if other := seen[pair]; other != "" && other != split {
						t.Fatalf("%q is in %s and %s", pair, other, split)
					}
					seen[pair] = split
				}
			}
		}
	}
}

func TestTheExtractorReadsWhatWasTold(t *testing.T) {
	kinds := map[TurnKind]int{}
	w := chat(t, everything)
	for seed := range uint64(500) {
		c, _ := w.Conversation(Train, seed)
		day := 0
		for _, turn := range c.Turns {
			kinds[turn.Kind]++
			if got := w.Extract(turn.Text); !reflect.DeepEqual(got, turn.Facts) {
				t.Fatalf("%q of kind %s gives %+v, want %+v", turn.Text, turn.Kind, got, turn.Facts)
			}
			if turn.Day <= day {
				t.Fatalf("day %d follows day %d", turn.Day, day)
			}
			day = turn.Day
			for _, f := range turn.Facts {
				if got, ok := w.ParseEntry(FactText(f)); !ok || !reflect.DeepEqual(got, f) {
					t.Fatalf("%q is read back as %+v, %v, want %+v", FactText(f), got, ok, f)
				}
			}
		}
	}
	for _, kind := range turnKinds {
		if kinds[kind] < 100 {
			t.Errorf("%d turns of kind %s in 500 conversations", kinds[kind], kind)
		}
	}
	w = chat(t, chunks(30))
	for seed := range uint64(200) {
		in, _ := w.Instance(Test, seed)
		for _, ch := range in.Chunks {
			if got := w.Extract(ch.Text); !slices.EqualFunc(got, ch.Facts, func(a, b Fact) bool { return reflect.DeepEqual(a, b) }) {
				t.Fatalf("%q gives %+v, want %+v", ch.Text, got, ch.Facts)
			}
			if n := len(strings.Fields(ch.Text)); n < leastWords || n > mostWords {
				t.Fatalf("%q has %d words, want %d to %d", ch.Text, n, leastWords, mostWords)
			}
		}
	}
}

func TestTheDefaultMixIsTheStatedOne(t *testing.T) {
	w, kinds, n := chat(t, func(k *Knobs) { k.Speakers = 6; k.Sessions, k.Turns = 8, 8 }), map[TurnKind]float64{}, 0.0
	for seed := range uint64(300) {
		c, _ := w.Conversation(Train, seed)
		for _, turn := range c.Turns {
			kinds[turn.Kind]++
			n++
		}
	}
	// With six speakers little is impossible, so that the shares are nearly those of the knobs; what is impossible goes to new facts.
	for kind, want := range map[TurnKind]float64{KindAdd: 0.2, KindChange: 0.15, KindParaphrase: 0.15, KindRemove: 0.06, KindChatter: 0.14} {
		if got := kinds[kind] / n; got < want-0.03 || got > want+0.03 {
			t.Errorf("share of %s is %.3f, want %.2f", kind, got, want)
		}
	}
}

// byHand is a conversation of one speaker, told by hand.
func byHand(w *World) *Conversation {
	c := &Conversation{Split: Train, Personas: []string{"anna", "ben"}, w: w}
	for i, text := range []string{
		"anna lives in oslo", "anna keeps dog", "the weather is nice today", "anna also keeps cat", "anna has a home in oslo",
		"anna now lives in rome", "anna no longer keeps dog", "ben drives volvo until day 11", "day 9 ben visited museum", "what a long week that was", "let us meet at noon some time", "ben lives in lima",
	} {
		c.Turns = append(c.Turns, Turn{Session: 1, Number: i + 1, Day: i + 1, Text: text, Facts: w.Extract(text)})
		if len(c.Turns[i].Facts) > 0 && c.Turns[i].Facts[0].Day > 0 {
			c.Turns[i].Kind = KindEvent
		}
	}
	return c
}

func TestQuestionsAsOfATurnWorkedOutByHand(t *testing.T) {
	c := byHand(chat(t, func(k *Knobs) { k.Expire = 0.1 }))
	for _, q := range []struct {
		upto               int
		persona, attribute string
		want               Question
	}{
		{0, "anna", "city", Question{Kind: AskUnanswerable, Text: "anna lives in what city ?", Gold: []string{"unknown"}}},
		{1, "anna", "city", Question{Kind: AskCurrent, Text: "on day 1 anna lives in what city ?", Gold: []string{"oslo"}, Evidence: []int{1}}},
		{5, "anna", "city", Question{Kind: AskCurrent, Text: "on day 5 anna lives in what city ?", Gold: []string{"oslo"}, Evidence: []int{1}}},
		{6, "anna", "city", Question{Kind: AskCurrent, Text: "on day 6 anna lives in what city ?", Gold: []string{"rome"}, Evidence: []int{6}}},
		{4, "anna", "pets", Question{Kind: AskList, Text: "on day 4 anna keeps what pets ?", Gold: []string{"dog", "cat"}, Evidence: []int{2, 4}}},
		{7, "anna", "pets", Question{Kind: AskList, Text: "on day 7 anna keeps what pets ?", Gold: []string{"cat"}, Evidence: []int{2, 4, 7}}},
		{11, "ben", "car", Question{Kind: AskCurrent, Text: "on day 11 ben drives what car ?", Gold: []string{"volvo"}, Evidence: []int{8}}},
		{12, "ben", "car", Question{Kind: AskUnanswerable, Text: "on day 12 ben drives what car ?", Gold: []string{"unknown"}, Evidence: []int{8}}},
		{99, "ben", "job", Question{Kind: AskUnanswerable, Text: "on day 12 ben works as what job ?", Gold: []string{"unknown"}}},
		{12, "ben", "shoes", Question{Kind: AskUnanswerable, Gold: []string{"unknown"}}},
	} {
		q.want.Persona, q.want.Attribute = q.persona, q.attribute
		if got := c.Ask(q.upto, q.persona, q.attribute); !reflect.DeepEqual(got, q.want) {
			t.Errorf("after %d turns\n got %+v\nwant %+v", q.upto, got, q.want)
		}
	}
}

func TestTheRuleReaderAnswersOutOfLines(t *testing.T) {
	told := func(w *World) (lines []string) {
		for _, turn := range byHand(w).Turns {
			lines = append(lines, turn.Line())
		}
		return lines
	}
	shuffled := func(w *World) []string { l := told(w); slices.Reverse(l); return l }
	for _, c := range []struct {
		name  string
		trust int
		ask   string
		lines func(*World) []string
		want  string
	}{
		{"a single value is the newest", 0, "anna lives in what city ?", told, "rome"},
		{"days count, not places", 0, "anna lives in what city ?", shuffled, "rome"},
		{"a list takes what was added and removed", 0, "anna keeps what pets ?", shuffled, "cat"},
		{"of one trusted sentence a list has its value", 1, "anna keeps what pets ?", func(w *World) []string { return told(w)[:4] }, "cat"},
		{"of two trusted sentences it has both", 2, "anna keeps what pets ?", func(w *World) []string { return told(w)[:4] }, "dog cat"},
		{"an entry is the whole list", 0, "anna keeps what pets ?", func(*World) []string { return []string{"anna pets dog", "anna pets cat snake"} }, "cat snake"},
		{"an entry that adds adds", 0, "anna keeps what pets ?", func(*World) []string { return []string{"anna pets dog", "anna pets also cat"} }, "dog cat"},
		{"a persona named by another fact", 0, "the one who lives in rome keeps what pets ?", told, "cat"},
		{"a persona named by what is no more so", 0, "the one who lives in oslo keeps what pets ?", told, "unknown"},
		{"since when", 0, "anna lives in rome since what day ?", told, "6"},
		{"since when something that is no more so", 0, "anna lives in oslo since what day ?", told, "unknown"},
		{"what was before", 0, "before rome anna lives in what city ?", told, "oslo"},
		{"on what day", 0, "ben visited museum on what day ?", told, "9"},
		{"which first", 0, "ben visited which first castle or museum ?", func(*World) []string {
			return []string{"day 9 ben visited museum . day 12 ben visited castle ."}
		}, "museum"},
		{"a value that has not expired", 0, "on day 11 ben drives what car ?", told, "volvo"},
		{"a value that has expired", 0, "on day 12 ben drives what car ?", told, "unknown"},
		{"nothing told", 0, "ben works as what job ?", told, "unknown"},
		{"a label", 0, "sample zib has what label ?", func(*World) []string { return []string{"sample mop label 2 . sample zib label 3 ."} }, "3"},
		{"the topic brought up most", 0, "anna talks about what most ?", func(*World) []string {
			return []string{"anna talks about art", "anna topic jazz", "anna talks about art", "ben talks about jazz"}
		}, "art"},
		{"a sentence that is cut", 0, "ben drives what car ?", func(*World) []string { return []string{"anna lives in oslo . ben drives"} }, "unknown"},
		{"no question", 0, "ben drives volvo", told, ""},
		{"words behind a question", 0, "ben drives what car today ?", told, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := chat(t, func(k *Knobs) { k.Trust = c.trust })
			if got := w.Read(c.ask, c.lines(w)); got != c.want {
				t.Errorf("%q is answered %q, want %q", c.ask, got, c.want)
			}
		})
	}
}

func TestWholeConversationsAreAnsweredByTheReaderFromAllLines(t *testing.T) {
	papertest.Whole(t)
	for name, change := range map[string]func(*Knobs){"dialogue": everything, "8 chunks": chunks(8), "104 chunks": chunks(104)} {
		t.Run(name, func(t *testing.T) {
			w := chat(t, change)
			kinds, wrong := map[QuestionKind]int{}, 0
			for seed := range uint64(200) {
				d, _ := w.Start(Test, seed)
				e := d.(*episode)
				e.at = len(e.told)
				for _, q := range e.asked {
					kinds[q.Kind]++
					if said := w.Read(q.Text, e.lines()); Match(said, q.Gold) != 1 {
						if wrong++; wrong < 5 {
							t.Logf("seed %d: %q is answered %q, want %q, from %q", seed, q.Text, said, q.Gold, e.lines())
						}
					}
				}
			}
			if wrong > 0 {
				t.Errorf("%d questions answered wrongly, of %v", wrong, kinds)
			}
			t.Log(kinds)
		})
	}
}

func TestEvidenceIsEnough(t *testing.T) {
	w := chat(t, everything)
	for seed := range uint64(200) {
		c, _ := w.Conversation(Train, seed)
		for _, q := range c.Questions {
			var lines []string
			for _, n := range slices.Compact(slices.Sorted(slices.Values(q.Evidence))) {
				lines = append(lines, c.Turns[n-1].Line())
			}
			if said := w.Read(q.Text, lines); Match(said, q.Gold) != 1 {
				t.Fatalf("%q is answered %q from %q, want %q", q.Text, said, lines, q.Gold)
			}
		}
	}
}

func TestExperiencesFollowWhatIsTold(t *testing.T) {
	for _, offer := range []string{OfferTurn, OfferFacts} {
		w := chat(t, func(k *Knobs) { k.Offer = offer })
		d, _ := w.Start(Train, 3)
		e := d.(*episode)
		c, _ := w.Conversation(Train, 3)
		if len(e.Experiences()) != 0 || e.Query() != "" {
			t.Error("something is offered or asked before anything is told")
		}
		var got []string
		for e.question() == nil {
			e.Act("ok")
			for _, x := range e.Experiences() {
				if x.Kind != lab.ToldTurn || x.Key != x.Text || x.Who != c.Turns[e.at-1].Speaker || x.When != int64(c.Turns[e.at-1].Day) || x.Source != fmt.Sprintf("3/%d", e.at) {
					t.Errorf("experience %+v of turn %+v", x, c.Turns[e.at-1])
				}
				got = append(got, x.Text)
			}
		}
		var want []string
		for _, turn := range c.Turns {
			if offer == OfferTurn {
				want = append(want, turn.Line())
			}
			for _, f := range turn.Facts {
				if f.Day = turn.Day; offer == OfferFacts {
					want = append(want, FactText(f))
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("offered %q, want %q", got, want)
		}
		if e.Query() != c.Questions[0].Text || e.Read() != e.Query() {
			t.Errorf("asked %q, want %q", e.Query(), c.Questions[0].Text)
		}
	}
}

func TestAnswersAreComparedAsSetsOfWords(t *testing.T) {
	for _, c := range []struct {
		answer string
		gold   []string
		match  float64
		f1     float64
	}{
		{"The dog, and a CAT.", []string{"cat", "dog"}, 1, 1},
		{"dog", []string{"cat", "dog"}, 0, 2.0 / 3}, // p 1, r 1/2
		{"dog cat snake", []string{"cat", "dog"}, 0, 0.8},
		{"", []string{"oslo"}, 0, 0},
		{"unknown", []string{"unknown"}, 1, 1},
	} {
		if m, f := Match(c.answer, c.gold), F1(c.answer, c.gold); m != c.match || f < c.f1-1e-9 || f > c.f1+1e-9 {
			t.Errorf("%q against %q: match %v, F1 %v, want %v and %v", c.answer, c.gold, m, f, c.match, c.f1)
		}
	}
}

func FuzzExtract(f *testing.F) {
	w := chat(f, nil)
	for _, s := range []string{"day 12 anna visited museum . sample zib label 3", "anna now lives in rome until day 9", "anna pets not dog", "anna no longer", "day", "until day 3", "also"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, fact := range w.Extract(text) {
			again, ok := w.ParseEntry(FactText(fact))
			if !ok || !reflect.DeepEqual(again, fact) {
				t.Fatalf("%q gives %+v, written %q and read back as %+v, %v", text, fact, FactText(fact), again, ok)
			}
		}
	})
}

func FuzzParseEntry(f *testing.F) {
	w := chat(f, nil)
	for _, s := range []string{"anna pets dog cat", "day 3 anna city oslo until day 9", "anna pets also cat", "zib label 4", "anna pets dog dog", "anna city"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if fact, ok := w.ParseEntry(text); ok && FactText(fact) != strings.Join(strings.Fields(text), " ") {
			t.Fatalf("%q is read as %+v and written %q", text, fact, FactText(fact))
		}
	})
}

func FuzzRead(f *testing.F) {
	w := chat(f, nil)
	for _, s := range []string{"anna lives in what city ?", "the one who lives in oslo keeps what pets ?", "before oslo anna lives in what city ?", "sample zib has what label ?", "on day 3 anna talks about what most ?", "anna visited which first zoo or bridge ?"} {
		f.Add(s, "day 3 anna lives in oslo\nanna pets dog cat")
	}
	known := map[string]bool{"": true}
	for _, word := range w.lex.words {
		known[word] = true
	}
	f.Fuzz(func(t *testing.T, question, lines string) {
		said := w.Read(question, strings.Split(lines, "\n"))
		for _, word := range strings.Fields(said) {
			if !known[word] {
				t.Fatalf("%q is answered %q, which is no word of the world", question, said)
			}
		}
	})
}

func BenchmarkTurns(b *testing.B) {
	w := chat(b, nil)
	oracle, _ := w.Reference(world.Oracle, 0)
	turns := 0
	for seed := uint64(0); b.Loop(); seed++ {
		d, _ := w.Start(Train, seed)
		for !d.Act(oracle.Answer(d)).Done {
			d.Read()
			turns++
		}
		turns++
	}
	b.ReportMetric(float64(turns)/b.Elapsed().Seconds(), "turns/s")
}
