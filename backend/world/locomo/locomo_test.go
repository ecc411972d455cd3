package locomo

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
)

// sample is a small file of this layout with what real files have: numbers for answers, several ids in one text, ids that name no turn,
// dates without a session, captions, and questions that want to be refused.
const sample = `[
 {"sample_id": "talk-1", "event_summary": {},
  "conversation": {
   "speaker_a": "Ada", "speaker_b": "Bo",
   "session_2_date_time": "9:05 am on 3 June, 2031", "session_3_date_time": "9:05 am on 4 June, 2031",
   "session_2": [{"speaker": "Bo", "dia_id": "D2:1", "text": "I sold my green canoe."}],
   "session_1_date_time": "1:56 pm on 8 May, 2031",
   "session_1": [
    {"speaker": "Ada", "dia_id": "D1:1", "text": "Yesterday I planted tomatoes."},
    {"speaker": "Bo", "dia_id": "D1:2", "text": "Look at my canoe!", "img_url": ["x"], "blip_caption": "a green canoe on a lake", "query": "canoe"}]},
  "qa": [
   {"question": "When did Ada plant tomatoes?", "answer": "7 May 2031", "evidence": ["D1:1"], "category": 2},
   {"question": "Which year was it?", "answer": 2031, "evidence": ["D1:01; D2:1"], "category": 4},
   {"question": "What did Bo have and sell?", "answer": "canoe, green canoe", "evidence": ["D1:2 D2:1", "D9:9", "D"], "category": 1},
   {"question": "What did Ada sell?", "adversarial_answer": "canoe", "evidence": ["D2:1"], "category": 5},
   {"question": "Would Bo like boats?", "answer": "Yes; he had one", "evidence": [], "category": 3}]},
 {"sample_id": "talk-2",
  "conversation": {"speaker_a": "Cy", "speaker_b": "Di", "session_1_date_time": "12:00 pm on 1 January, 2032",
   "session_1": [{"speaker": "Cy", "dia_id": "D1:1", "text": "My dog is called Pip."}]},
  "qa": [{"question": "What is the name of the dog of Cy?", "answer": "Pip", "evidence": ["D1:1"], "category": 4}]}
]`

func parse(t testing.TB, text string) *File {
	t.Helper()
	f, err := Parse("talks.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAFileIsReadWithWhatRealFilesHave(t *testing.T) {
	f := parse(t, sample)
	c := f.Conversations[0]
	if c.ID != "talk-1" || c.Speakers != [2]string{"Ada", "Bo"} || len(c.Sessions) != 2 || c.Sessions[0].Number != 1 || c.Sessions[1].Turns[0].ID != "D2:1" {
		t.Fatalf("the first conversation is %+v", c)
	}
	// 8 May 2031, 13:56 UTC is 22407 days and 50160 seconds after 1970.
	if c.Sessions[0].Time != 22407*86400+50160 {
		t.Errorf("the first session is at %d", c.Sessions[0].Time)
	}
	for i, want := range []Question{
		{Answer: "7 May 2031", Evidence: []string{"D1:1"}},
		{Answer: "2031", Evidence: []string{"D1:1", "D2:1"}},
		{Answer: "canoe, green canoe", Evidence: []string{"D1:2", "D2:1"}, Unknown: []string{"D9:9", "D"}},
		{Bait: "canoe", Evidence: []string{"D2:1"}},
		{Answer: "Yes; he had one"},
	} {
		q := c.Questions[i]
		if q.Answer != want.Answer || q.Bait != want.Bait || !slices.Equal(q.Evidence, want.Evidence) || !slices.Equal(q.Unknown, want.Unknown) {
			t.Errorf("question %d is %+v, want %+v", i, q, want)
		}
	}
	want := Summary{Conversations: 2, Sessions: 3, Turns: 4, Pictures: 1, Questions: 6, NoEvidence: 1, Unknown: []string{"talk-1 D9:9", "talk-1 D"},
		Categories: map[string]int{"multi_hop": 1, "temporal": 1, "open_domain": 1, "single_hop": 2, "adversarial": 1}}
	if got := f.Summary(); !reflect.DeepEqual(got, want) {
		t.Errorf("the summary is %+v, want %+v", got, want)
	}
}

func TestErrorsNameRecordFieldAndValue(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"no JSON", `"D2:1", "text"`, `"D2:1" "text"`, "talks.json:6:53: this is no JSON"},
		{"no list", sample, `{"qa": []}`, `talks.json holds {"qa": []}, want a list of conversations`},
		{"an empty list", sample, `[]`, "talks.json is an empty list"},
		{"a record that is no object", `{"sample_id": "talk-1"`, `7, {"sample_id": "talk-1"`, "record 1, field (the whole) is 7, want an object"},
		{"no conversation", `"conversation": {"speaker_a": "Cy"`, `"dialogue": {"speaker_a": "Cy"`, "record 2, field conversation is missing, want an object"},
		{"no speaker", `"speaker_b": "Di"`, `"speaker_b": 3`, "record 2, field conversation.speaker_b is 3, want the name of a speaker"},
		{"no session", `"session_1": [{"speaker": "Cy"`, `"session": [{"speaker": "Cy"`, "record 2, field conversation.session_1 is missing, want a list of turns"},
		{"a session that is no list", `[{"speaker": "Bo", "dia_id": "D2:1", "text": "I sold my green canoe."}]`, `"none"`, `record 1, field conversation.session_2 is "none", want a list of turns`},
		{"a session without a date", `"session_2_date_time"`, `"session_2_time"`, "record 1, field conversation.session_2_date_time is missing, want a time"},
		{"a date of another form", "9:05 am on 3 June, 2031", "2031-06-03", `record 1, field conversation.session_2_date_time is "2031-06-03", want a time such as "1:56 pm on 8 May, 2023"`},
		{"a turn that is no object", `{"speaker": "Cy", "dia_id": "D1:1", "text": "My dog is called Pip."}`, `[]`, "record 2, field conversation.session_1[0] is [], want an object"},
		{"a turn without an id", `"dia_id": "D1:2", `, ``, "record 1, field conversation.session_1[1].dia_id is missing, want a text"},
		{"an id twice", `"dia_id": "D1:2"`, `"dia_id": "D1:1"`, `record 1, field conversation.session_1[1].dia_id is "D1:1", want an id that no turn before has`},
		{"a turn without a text", `"text": "I sold my green canoe."`, `"txt": "I"`, "record 1, field conversation.session_2[0].text is missing, want what was said"},
		{"a turn without a speaker", `"speaker": "Ada", "dia_id"`, `"dia_id"`, "record 1, field conversation.session_1[0].speaker is missing"},
		{"no questions", `"qa": [{"question": "What is`, `"questions": [{"question": "What is`, "record 2, field qa is missing, want a list of questions"},
		{"a question that is no object", `"qa": [{"question": "What is`, `"qa": [4, {"question": "What is`, "record 2, field qa[0] is 4, want an object"},
		{"a question without a text", `"question": "Which year was it?"`, `"question": null`, "record 1, field qa[1].question is null, want a text"},
		{"a category that is none", `"category": 3`, `"category": 6`, "record 1, field qa[4].category is 6, want 1, 2, 3, 4 or 5"},
		{"no answer", `"answer": 2031, `, ``, "record 1, field qa[1].answer is missing, want a text or a number"},
		{"evidence that is a number", `"evidence": [], `, `"evidence": 5, `, "record 1, field qa[4].evidence is 5, want a list of ids"},
		{"a name twice", `"talk-2"`, `"talk-1"`, `record 2, field sample_id`},
	} {
		text := strings.Replace(sample, c.old, c.new, 1)
		if text == sample {
			t.Fatalf("%s: %q is not in the sample", c.name, c.old)
		}
		_, err := Parse("talks.json", []byte(text))
		if err == nil || lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), c.want) || lab.HintOf(err) == "" {
			t.Errorf("%s: error %v with hint %q, want one that says %q", c.name, err, lab.HintOf(err), c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`[{"conversation":{"session_1":null}}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := Parse("f", text)
		if err != nil {
			if lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
				t.Fatalf("error %v has code %s and hint %q", err, lab.CodeOf(err), lab.HintOf(err))
			}
			return
		}
		s := file.Summary()
		if s.Conversations < 1 || s.Sessions < s.Conversations {
			t.Fatalf("a file without content was read: %+v", s)
		}
		for i := range file.Conversations {
			sources := map[string]bool{}
			for j := range file.Conversations[i].Sessions {
				for _, e := range file.Conversations[i].Sessions[j].experiences(true) {
					sources[e.Source] = true
				}
			}
			for _, q := range file.Conversations[i].Questions {
				for _, id := range q.Evidence {
					if !sources[id] {
						t.Fatalf("evidence %q names no turn", id)
					}
				}
			}
		}
	})
}

func build(t testing.TB, f *File, change func(k *Knobs)) *World {
	t.Helper()
	k := Knobs{Data: "talks", Captions: true, Shuffle: true}
	if change != nil {
		change(&k)
	}
	w, err := New(k, f)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// play answers a whole conversation and returns the queries, the experiences and what the answers earned.
func play(t testing.TB, w *World, seed uint64, answer func(d *Dialogue) string) (d *Dialogue, queries []string, taught []lab.Experience) {
	t.Helper()
	started, err := w.Start(Test, seed)
	if err != nil {
		t.Fatal(err)
	}
	d = started.(*Dialogue)
	for range w.Spec().Horizon + 1 {
		if d.Asks() != (d.Query() != "") || d.Asks() != (d.Category() != "") {
			t.Fatalf("a turn asks %v with query %q", d.Asks(), d.Query())
		}
		if d.Asks() {
			queries = append(queries, d.Query())
		}
		out := d.Act(answer(d))
		taught = append(taught, d.Experiences()...)
		if d.SessionEnded() != (len(d.Experiences()) > 0) {
			t.Fatal("a session ends without its turns")
		}
		if out.Done {
			return d, queries, taught
		}
	}
	t.Fatal("the conversation outlasts the horizon")
	return nil, nil, nil
}

func TestAConversationIsToldAndThenAsked(t *testing.T) {
	w := build(t, parse(t, sample), func(k *Knobs) { k.Shuffle = false })
	if w.Spec().Horizon != 7 || len(w.Spec().Words) != 0 || w.Size(Test) != 2 || w.Size(Train) != 0 {
		t.Fatalf("spec %+v, sizes %d and %d", w.Spec(), w.Size(Test), w.Size(Train))
	}
	oracle, err := w.Reference(world.Oracle, 1)
	if err != nil {
		t.Fatal(err)
	}
	d, queries, taught := play(t, w, 0, func(d *Dialogue) string { return oracle.Answer(d) })
	if len(queries) != 5 || queries[0] != "When did Ada plant tomatoes?" {
		t.Errorf("the queries are %q", queries)
	}
	want := lab.Experience{Kind: lab.ToldTurn, Key: "Bo: Look at my canoe! [shares a picture: a green canoe on a lake]", Who: "Bo", Source: "D1:2",
		Text: "1:56 pm on 8 May, 2031, Bo: Look at my canoe! [shares a picture: a green canoe on a lake]", When: 22407*86400 + 50160 + 1}
	if len(taught) != 3 || !reflect.DeepEqual(taught[1], want) {
		t.Errorf("taught %+v, want the second to be %+v", taught, want)
	}
	if in := d.Info(); !in.Success || in.Return != 5 || in.Why != lab.EndTerminal || in.Numbers["f1"] != 1 || in.Numbers["exact_adversarial"] != 1 || in.Steps != 7 {
		t.Errorf("the oracle comes to %+v", in)
	}
	if again := d.Act("x"); !again.Done || again.Reward != 0 || again.Note == "" {
		t.Errorf("an answer after the end gives %+v", again)
	}
}

func TestTheRuleReadsOneLine(t *testing.T) {
	lines := []string{"1:56 pm on 8 May, 2031, Ada: Yesterday I planted tomatoes.", "9:05 am on 3 June, 2031, Bo: I sold my green canoe."}
	for _, c := range []struct{ name, told, want string }{
		{"when is a date", "QUESTION: When did Ada plant tomatoes?", "8 May, 2031"},
		{"else what was said", "QUESTION: What did Bo sell, a canoe?", "I sold my green canoe."},
		{"nothing shared is refused", "QUESTION: Who likes opera?", refusal},
		{"a session wants no answer", "DATE: x", ""},
	} {
		if got := (rule{}).Answer(c.told, lines); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestSeedsInARowPlayEveryConversationInAnOrderOfTheirOwn(t *testing.T) {
	w := build(t, parse(t, sample), nil)
	orders := map[string]bool{}
	lives := map[string]int{}
	for seed := range uint64(40) {
		d, queries, _ := play(t, w, seed, func(*Dialogue) string { return "" })
		lives[d.Life()]++
		if d.Life() == "talk-1" {
			orders[strings.Join(queries, "|")] = true
			slices.Sort(queries)
			if len(queries) != 5 || len(slices.Compact(queries)) != 5 {
				t.Fatalf("seed %d asks %q", seed, queries)
			}
		}
		_, again, _ := play(t, w, seed, func(*Dialogue) string { return "" })
		if e, _, _ := play(t, w, d.Info().Seed, func(*Dialogue) string { return "" }); e.Life() != d.Life() || len(again) == 0 {
			t.Fatalf("seed %d gives another conversation the second time", seed)
		}
	}
	if lives["talk-1"] != 20 || lives["talk-2"] != 20 || len(orders) < 15 {
		t.Errorf("40 seeds play %v in %d orders", lives, len(orders))
	}
}

func TestReferencesAnswerInTheirOrder(t *testing.T) {
	w := build(t, parse(t, sample), nil)
	mean := map[string]float64{}
	for _, name := range world.References() {
		r, err := w.Reference(name, 3)
		if err != nil {
			t.Fatal(err)
		}
		for seed := range uint64(20) {
			d, _, _ := play(t, w, seed, func(d *Dialogue) string { return r.Answer(d) })
			mean[name] += d.Info().Numbers["f1"] / 20
		}
	}
	if math.Abs(mean[world.Oracle]-1) > 1e-9 || mean[world.FullMemory] <= mean[world.MemoryFree] || mean[world.Random] >= 1 || mean[world.Random] <= 0 {
		t.Errorf("mean F1 is %v", mean)
	}
	if _, err := w.Reference("psychic", 0); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("an unknown reference gives %v", err)
	}
}

func TestKnobsChooseSplitsCategoriesAndCaptions(t *testing.T) {
	f := parse(t, sample)
	w := build(t, f, func(k *Knobs) { k.Train, k.Only, k.Captions = 1, []string{"single_hop"}, false })
	if w.Size(Train) != 1 || w.Size(Test) != 1 || w.Spec().Horizon != 3 {
		t.Errorf("sizes %d and %d, horizon %d", w.Size(Train), w.Size(Test), w.Spec().Horizon)
	}
	d, err := w.Start(Train, 5)
	if err != nil || strings.Contains(d.Read(), "picture") {
		t.Errorf("without captions the first session is %q, %v", d.Read(), err)
	}
	for _, c := range []struct {
		name   string
		change func(k *Knobs)
		want   string
	}{
		{"more to train than there are", func(k *Knobs) { k.Train = 3 }, "train is 3"},
		{"a category that is none", func(k *Knobs) { k.Only = []string{"hard"} }, `"hard"`},
		{"a category that a conversation lacks", func(k *Knobs) { k.Only = []string{"temporal"} }, "talk-2"},
		{"no data", func(k *Knobs) { k.Data = "" }, "data is empty"},
	} {
		k := Knobs{Data: "talks"}
		c.change(&k)
		if _, err := New(k, f); lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), c.want) || lab.HintOf(err) == "" {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	w = build(t, f, nil)
	for split, want := range map[string]string{"psychic": `"psychic"`, Train: "no conversation"} {
		if _, err := w.Start(split, 0); lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("split %s gives %v", split, err)
		}
	}
}

func TestPicturesShowTheRightAnswerAndItsEvidence(t *testing.T) {
	w := build(t, parse(t, sample), func(k *Knobs) { k.Shuffle = false })
	seen := ""
	play(t, w, 0, func(d *Dialogue) string {
		s := d.Scene()
		for _, m := range s.Marks {
			if m.X < 0 || m.X >= s.W || m.Y < 0 || m.Y >= s.H || m.Shape == "" || m.Label == "" {
				t.Fatalf("mark %+v in a grid of %d x %d", m, s.W, s.H)
			}
			seen += m.Label + "\n"
		}
		return "x"
	})
	for _, want := range []string{"right answer: 7 May 2031", "D2:1 9:05 am on 3 June, 2031, Bo: I sold", "right answer: not mentioned", "answer before: x"} {
		if !strings.Contains(seen, want) {
			t.Errorf("no picture shows %q", want)
		}
	}
}

func TestTheKnobsAreWellFormed(t *testing.T) {
	if err := (schema.Section{Name: "world", Kinds: Worlds()}).Check(); err != nil {
		t.Error(err)
	}
}

// The counts of the released conversations 26, 30 and 47, as counted from the file by another program.
func TestTheReleasedFileIsRead(t *testing.T) {
	dir := os.Getenv("LOCI_TEST_DATA")
	if dir == "" {
		t.Skip("LOCI_TEST_DATA names no folder with locomo3.json")
	}
	text, err := os.ReadFile(filepath.Join(dir, "locomo3.json"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(parse(t, string(text)).Summary())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"conversations":3,"sessions":69,"turns":1477,"pictures":297,"questions":494,` +
		`"categories":{"adversarial":111,"multi_hop":63,"open_domain":26,"single_hop":197,"temporal":97},"no_evidence":2,"unknown_evidence":["conv-47 D4:36"]}`
	if string(got) != want {
		t.Errorf("the summary is\n%s, want\n%s", got, want)
	}
}
