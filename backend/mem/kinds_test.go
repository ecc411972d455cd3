package mem

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/schema"
)

// small are knobs that make a memory be over its budget soon.
func small(name string) map[string]any {
	room := map[string]any{"entries": 7, "tokens": 40}
	switch name {
	case "none":
		return nil
	case "last-n":
		return map[string]any{"n": 3}
	case "reflexion":
		return map[string]any{"notes": 2, "tokens": 9}
	case "summary":
		return map[string]any{"entries": 6, "tokens": 20, "key_words": 1}
	case "mem0":
		room["key_words"] = 1
	case "memrl":
		room["epsilon"], room["ties"], room["delta"] = 0.2, "random", 0.1
	}
	return room
}

func opened(t *testing.T, name string, given map[string]any, env Env) Memory {
	t.Helper()
	raw, err := schema.Resolve(schema.Section{Name: Section, Kinds: Kinds()}, name, given, "laptop")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(lab.Setup{Sections: map[string]json.RawMessage{Section: raw}}, env)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// something is a random experience of a small language, so that keys and texts meet again.
func something(s *rng.Stream, now int64) lab.Experience {
	word := func() string {
		return []string{"ana", "ben", "likes", "tea", "milk", "not", "works", "mug", "café"}[s.IntN(9)]
	}
	text := word()
	for range s.IntN(5) {
		text += " " + []string{"", "", ":", "\n"}[s.IntN(4)] + " " + word()
	}
	e := lab.Experience{Kind: []string{lab.ToldTurn, lab.OneStep, lab.OneTask}[s.IntN(3)], Key: text, Text: text, When: now, Source: fmt.Sprint("e", now)}
	if s.Bool(0.5) {
		e.Key = word() + " " + word()
	}
	if e.Kind != lab.ToldTurn {
		e.Scored, e.Success = true, s.Bool(0.5)
		e.Reward = lab.Float(s.Normal())
	}
	return e
}

// turn does one random operation. used are the entries of the last reading.
func turn(t *testing.T, m Memory, s *rng.Stream, now int64, used *[]string) Reading {
	t.Helper()
	var r Reading
	var err error
	switch op := s.IntN(10); {
	case op < 5:
		err = m.Write(t.Context(), something(s, now))
	case op < 8:
		e := something(s, now)
		r, err = m.Read(t.Context(), Query{Text: e.Key, Now: now, K: s.IntN(3) * 2, Tokens: s.IntN(2) * 12})
		*used = r.IDs()
	default:
		o := Outcome{At: []Occasion{AfterStep, AfterEpisode, AfterSession}[s.IntN(3)], Now: now, Used: *used, Scored: s.Bool(0.8), Reward: s.Normal(), Success: s.Bool(0.5)}
		err = m.Manage(t.Context(), o)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEveryMemoryIsRebuiltFromItsEventsStaysWithinItsBudgetAndGoesOnFromASnapshot(t *testing.T) {
	for _, k := range Kinds() {
		t.Run(k.Name, func(t *testing.T) {
			for seed := range uint64(4) {
				whole, cut := play200(t, k.Name, seed, -1), play200(t, k.Name, seed, 90)
				if !reflect.DeepEqual(whole, cut) {
					t.Fatalf("seed %d: a memory that was kept and restored went another way", seed)
				}
				if k.Name != "none" && len(whole) == 0 {
					t.Fatal("no event in 200 operations")
				}
			}
		})
	}
}

// play200 does 200 operations and checks the banks after each; at operation cut the memory is kept and another one goes on from it.
func play200(t *testing.T, name string, seed uint64, cut int) []lab.Memory {
	s, keep, given := rng.New(seed, "operations"), &kept{}, small(name)
	env := Env{Log: &Log{Emit: keep}, Embed: NewHashed(32), Draw: rng.New(seed, "draw")}
	m := opened(t, name, given, env)
	var used []string
	var replay Replay
	for i := range 200 {
		if i == cut {
			env.Draw = rng.New(seed+99, "another")
			m = movedOn(t, m, opened(t, name, given, env))
		}
		r := turn(t, m, s, int64(i), &used)
		if err := followed(&replay, keep.all, m.Banks()); err != nil {
			t.Fatalf("seed %d, operation %d: %v", seed, i, err)
		}
		if err := withinRoom(m.Banks(), given, r); err != nil {
			t.Fatalf("seed %d, operation %d: %v", seed, i, err)
		}
	}
	return keep.all
}

func movedOn(t *testing.T, from, to Memory) Memory {
	t.Helper()
	var stream bytes.Buffer
	if err := from.Snapshot(&stream); err != nil {
		t.Fatal(err)
	}
	stream.WriteString("next")
	if err := to.Restore(&stream); err != nil || stream.String() != "next" {
		t.Fatalf("restored with %q left, %v", stream.String(), err)
	}
	return to
}

// followed replays new events and compares the banks with what is there.
func followed(replay *Replay, events []lab.Memory, banks []*Bank) error {
	for _, ev := range events[replay.Done():] {
		if ev.Reason == "" {
			return fmt.Errorf("%s of entry %q has no reason", ev.Op, ev.Entry)
		}
		for i, h := range ev.Hits {
			if h.Rank != i+1 || len(h.Parts) == 0 || h.Used == (h.Why != "") {
				return fmt.Errorf("hit %d is %+v", i, h)
			}
		}
		if err := replay.Apply(ev); err != nil {
			return err
		}
	}
	for _, b := range banks {
		if got, want := plainEntries(replay.Entries(b.Name)), plainEntries(b.All()); !reflect.DeepEqual(got, want) {
			return fmt.Errorf("the events of %s rebuild %+v, the bank holds %+v", b.Name, got, want)
		}
	}
	return nil
}

func withinRoom(banks []*Bank, given map[string]any, r Reading) error {
	limit := func(names ...string) int {
		for _, n := range names {
			if v, ok := given[n].(int); ok {
				return v
			}
		}
		return 0
	}
	for _, b := range banks {
		if most := limit("entries", "n", "notes"); b.Len() > most {
			return fmt.Errorf("bank %s has %d entries, at most %d", b.Name, b.Len(), most)
		}
		if most := limit("tokens"); most > 0 && b.Tokens() > most {
			return fmt.Errorf("bank %s has %d tokens, at most %d", b.Name, b.Tokens(), most)
		}
	}
	for _, h := range r.Hits {
		if h.Used != slices.Contains(r.IDs(), h.Entry) {
			return fmt.Errorf("hit %+v, read %v", h, r.IDs())
		}
	}
	return nil
}

func TestKindsAreAllThatTheSectionNeeds(t *testing.T) {
	if err := (schema.Section{Name: Section, Kinds: Kinds()}).Check(); err != nil {
		t.Fatal(err)
	}
	if first := KindsFirst("memrl"); first[0].Name != "memrl" || len(first) != len(Kinds()) || first[1].Name != "none" {
		t.Fatalf("with memrl first: %v", (schema.Section{Kinds: first}).Names())
	}
	if err := (schema.Section{Name: Section, Kinds: KindsFirst("memrl")}).Check(); err != nil {
		t.Fatal(err)
	}
	_, err := OpenDefault("memory-palace", "laptop", Env{})
	if lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), "generative-agents") {
		t.Fatalf("an unknown kind: %v", err)
	}
	for _, k := range Kinds() {
		if _, err := OpenDefault(k.Name, "fast", Env{}); err != nil {
			t.Error(err)
		}
		labels, err := LabelsOf(k.Name)
		if err != nil {
			t.Error(err)
		}
		for i := range reflect.TypeOf(labels).NumField() {
			if reflect.ValueOf(labels).Field(i).String() == "" {
				t.Errorf("%s has no label %s", k.Name, reflect.TypeOf(labels).Field(i).Name)
			}
		}
	}
}

func TestTheTableOfMemoriesNamesEveryKindWithItsLabels(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "memories.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range Kinds() {
		l, _ := LabelsOf(k.Name)
		row := fmt.Sprintf("| `%s` | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", k.Name, l.Form, l.Function, l.Formation, l.Evolution, l.Retrieval, l.Control, l.Scope, l.Substrate, l.Source)
		if !strings.Contains(string(text), row) {
			t.Errorf("docs/memories.md lacks the row\n%s", row)
		}
	}
}

func told(text string, when int64) lab.Experience {
	return lab.Experience{Kind: lab.ToldTurn, Key: text, Text: text, When: when}
}

func written(t *testing.T, m Memory, all ...lab.Experience) {
	t.Helper()
	for _, e := range all {
		if err := m.Write(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

func recalled(t *testing.T, m Memory, q Query) Reading {
	t.Helper()
	r, err := m.Read(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWhatEachMemoryRecallsByHand(t *testing.T) {
	says := []lab.Experience{told("ana likes tea", 1), told("ben likes milk", 2), told("ana likes juice", 3), told("ben has a dog", 4)}
	for name, test := range map[string]struct {
		given map[string]any
		want  []string
	}{
		"none":      {nil, []string{}},
		"last-n":    {map[string]any{"n": 2}, []string{"ana likes juice", "ben has a dog"}},
		"full":      {nil, []string{"ana likes tea", "ben likes milk", "ana likes juice", "ben has a dog"}},
		"summary":   {nil, []string{"ben likes milk", "ana likes juice", "ben has a dog"}}, // one line of each key
		"bm25":      {map[string]any{"k": 1}, []string{"ben has a dog"}},
		"embedding": {map[string]any{"k": 1}, []string{"ben has a dog"}},
		"hybrid":    {map[string]any{"k": 1}, []string{"ben has a dog"}},
		"union":     {map[string]any{"k": 1}, []string{"ben has a dog"}},
		// "likes tea" was deleted when "likes juice" came
		"mem0":      {map[string]any{"k": 9}, []string{"ana likes juice", "ben likes milk", "ben has a dog"}},
		"reflexion": {nil, []string{}}, // nothing failed
		"memrl":     {map[string]any{"k": 1}, []string{"ben has a dog"}},
	} {
		m := opened(t, name, test.given, Env{})
		written(t, m, says...)
		if got := recalled(t, m, Query{Text: "a dog has ben", Now: 5}).Lines(); !slices.Equal(got, test.want) {
			t.Errorf("%s recalls %q, want %q", name, got, test.want)
		}
	}
}

func TestASummaryCountsWhatItReplacedAndDropsWhatWasTouchedLongestAgo(t *testing.T) {
	m := opened(t, "summary", map[string]any{"tokens": 6}, Env{})
	written(t, m, told("ana likes tea", 1), told("ben likes milk", 2), told("ana likes juice", 3))
	all := m.Banks()[0].All()
	if len(all) != 2 || all[0].Text != "ana likes juice" || Number(all[0], numLines) != 2 {
		t.Fatalf("the summary is %+v", plainEntries(all))
	}
	written(t, m, told("cleo likes nuts", 4))
	if got := recalled(t, m, Query{}).Lines(); !slices.Equal(got, []string{"ana likes juice", "cleo likes nuts"}) {
		t.Fatalf("over its budget the summary is %q", got)
	}
}

func TestTheOperationsOfMem0ByHand(t *testing.T) {
	for name, test := range map[string]struct {
		habit, line, want string
		ops               []lab.MemoryOp
	}{
		"more about the same is an update":            {"delete-add", "ana likes tea milk", "ana likes tea milk", []lab.MemoryOp{lab.OpChange}},
		"the same is nothing":                         {"delete-add", "ana likes tea", "ana likes tea", nil},
		"another value: deleted and added, the habit": {"delete-add", "ana likes juice", "ana likes juice", []lab.MemoryOp{lab.OpDelete, lab.OpWrite}},
		"another value: both, with the other habit":   {"update", "ana likes juice", "ana likes tea juice", []lab.MemoryOp{lab.OpChange}},
		"taken back":                 {"delete-add", "ana likes not tea", "", []lab.MemoryOp{lab.OpDelete}},
		"another key is an addition": {"delete-add", "ben likes tea", "ana likes tea|ben likes tea", []lab.MemoryOp{lab.OpWrite}},
	} {
		keep := &kept{}
		m := opened(t, "mem0", map[string]any{"habit": test.habit}, Env{Log: &Log{Emit: keep}})
		written(t, m, told("ana likes tea", 1), told(test.line, 2))
		var ops []lab.MemoryOp
		for _, ev := range keep.all[1:] {
			ops = append(ops, ev.Op)
		}
		var texts []string
		for _, e := range m.Banks()[0].All() {
			texts = append(texts, e.Text)
		}
		if got := strings.Join(texts, "|"); got != test.want || !slices.Equal(ops, test.ops) {
			t.Errorf("%s: %q by %v, want %q by %v", name, got, ops, test.want, test.ops)
		}
	}
}

func TestReflexionNotesFailuresAlone(t *testing.T) {
	m := opened(t, "reflexion", map[string]any{"notes": 2, "of": "task"}, Env{})
	task := func(text string, success bool) lab.Experience {
		return lab.Experience{Kind: lab.OneTask, Key: "do", Text: text, Scored: true, Success: success}
	}
	written(t, m, task("a", false), task("b", true), lab.Experience{Kind: lab.OneStep, Text: "s", Scored: true}, task("c", false), task("a", false))
	if got := recalled(t, m, Query{}).Lines(); !slices.Equal(got, []string{"c", "a"}) {
		t.Fatalf("notes %q", got)
	}
	written(t, m, task("d", false))
	if got := recalled(t, m, Query{}).Lines(); !slices.Equal(got, []string{"a", "d"}) {
		t.Fatalf("notes %q", got)
	}
}

func TestTheClockOfGenerativeAgentsByHand(t *testing.T) {
	// Two entries that are equally relevant and, but for the first, which was all news, equally important. The one read last is recalled again.
	m := opened(t, "generative-agents", map[string]any{"k": 1, "importance": 0.0, "hour": 1, "decay": 0.5}, Env{})
	written(t, m, told("tea", 0), told("tea", 3))
	if got := recalled(t, m, Query{Text: "tea", Now: 4}); got.IDs()[0] != "1" || got.Hits[0].Parts["recency"] != 1 {
		t.Fatalf("read %+v", got.Hits)
	}
	e, _ := m.Banks()[0].Get("1")
	if Number(e, NumRead) != 4 || Number(e, NumImportance) != 0 { // a second time it is no news
		t.Fatalf("after reading: %+v", e)
	}
}

func script(key, text string, success bool) lab.Experience {
	return lab.Experience{Kind: lab.OneTask, Key: key, Text: text, Scored: true, Success: success}
}

func TestTheValuesOfMemRLByHand(t *testing.T) {
	m := opened(t, "memrl", map[string]any{"k": 1}, Env{})
	written(t, m, script("clean mug", "use sink", true), script("clean mug", "use oven", false), script("heat egg", "use stove", true))
	bank := m.Banks()[0]
	other, _ := bank.Get("1")
	if first, _ := bank.Get("0"); !slices.Equal(first.Vector, other.Vector) || Number(other, NumSuccess) != 0 {
		t.Fatalf("one intent, two keys: %+v", other)
	}
	if got := recalled(t, m, Query{Text: "clean mug"}); !slices.Equal(got.IDs(), []string{"0"}) || got.Hits[len(got.Hits)-1].Why != WhyGate {
		t.Fatalf("of equals the oldest is read, the other task is below the gate: %+v", got.Hits)
	}
	fails := func(id string) {
		t.Helper()
		if err := m.Manage(t.Context(), Outcome{At: AfterEpisode, Used: []string{id, "gone"}, Scored: true}); err != nil {
			t.Fatal(err)
		}
	}
	fails("0") // Q: 0 -> -0.3, below the 0 of the other
	if e, _ := bank.Get("0"); Number(e, NumValue) != -0.3 || Number(e, NumUses) != 1 {
		t.Fatalf("after a failure: %+v", e.Numbers)
	}
	got := recalled(t, m, Query{Text: "clean mug"})
	// z(similarity) is 0 among equals; values 0 and -0.3 have the standard scores 1 and -1; half of that is the score.
	if !slices.Equal(got.IDs(), []string{"1"}) || !near(got.Hits[0].Score, 0.5) || !near(got.Hits[1].Score, -0.5) {
		t.Fatalf("the value decides among equals: %+v", got.Hits)
	}
	fails("1")
	fails("1") // 0 -> -0.3 -> -0.51
	if e, _ := bank.Get("1"); !near(e.Numbers[NumValue], -0.51) {
		t.Fatalf("after two failures: %+v", e.Numbers)
	}
	if e, _ := bank.Get("2"); Number(e, NumValue) != 0 || Number(e, NumUses) != 0 {
		t.Fatalf("what was not read has learned: %+v", e)
	}
	if err := m.Manage(t.Context(), Outcome{At: AfterStep, Used: []string{"2"}, Scored: true}); err != nil {
		t.Fatal(err)
	}
	if e, _ := bank.Get("2"); Number(e, NumValue) != 0 {
		t.Fatal("a step has taught, though the episode is to")
	}
}

func near(a lab.Float, b float64) bool { return float64(a) > b-1e-9 && float64(a) < b+1e-9 }

func TestThePoolOfMemRLCountsKeysOrEntries(t *testing.T) {
	for name, test := range map[string]struct {
		given map[string]any
		want  []string
	}{
		"of one key all are considered":          {map[string]any{"pool": 1, "k": 3}, []string{"2", "1", "0"}},
		"of entries the first one":               {map[string]any{"pool": 1, "k": 3, "pool_of": "entries"}, []string{"0"}},
		"of equals the newest is read":           {map[string]any{"pool": 1, "k": 1, "ties": "newest"}, []string{"2"}},
		"a wide gate and two keys":               {map[string]any{"pool": 2, "k": 9, "delta": -1.0}, []string{"3", "2", "1", "0"}},
		"nothing is similar enough":              {map[string]any{"delta": 1.0}, []string{}},
		"an own key each where nothing is alike": {map[string]any{"pool": 1, "k": 3, "add_threshold": 1.01, "pool_of": "entries"}, []string{"0"}},
	} {
		m := opened(t, "memrl", test.given, Env{})
		written(t, m, script("clean mug", "a", true), script("clean mug", "b", true), script("clean mug", "c", true), script("heat egg", "d", true))
		if got := recalled(t, m, Query{Text: "clean mug"}).IDs(); !slices.Equal(got, test.want) {
			t.Errorf("%s: read %v, want %v", name, got, test.want)
		}
	}
}

// broken embeds nothing.
type broken struct{}

func (broken) Width() int { return 4 }
func (broken) Embed(context.Context, []string) ([][]float32, error) {
	return nil, lab.Errorf(lab.Unavailable, "no embeddings today")
}

func TestAnEmbedderThatFailsStopsTheMemoryAndChangesNothing(t *testing.T) {
	for _, name := range []string{"embedding", "hybrid", "generative-agents", "mem0", "memrl"} {
		m := opened(t, name, nil, Env{Embed: broken{}})
		if err := m.Write(t.Context(), told("ana likes tea", 1)); lab.CodeOf(err) != lab.Unavailable || m.Banks()[0].Len() != 0 {
			t.Errorf("%s: wrote %v, %d entries", name, err, m.Banks()[0].Len())
		}
		if _, err := m.Read(t.Context(), Query{Text: "tea"}); lab.CodeOf(err) != lab.Unavailable {
			t.Errorf("%s: read %v", name, err)
		}
	}
}
