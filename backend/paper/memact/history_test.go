package memact

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// sheetOf is a history of an instruction, two searches and a memory action; every record has as many tokens as its number says.
func sheetOf() *history {
	r := func(id, kind string, own, said int) record {
		return record{ID: id, Kind: kind, Call: id + " call", Out: id + " out", Own: make([]int32, own), Said: make([]int32, said)}
	}
	return &history{records: []record{r("", taskRecord, 0, 5), r("k1", findRecord, 4, 6), r("m1", pruneRecord, 7, 2), r("k2", findRecord, 4, 8)}}
}

func (h *history) names() (all []string) {
	for i := range h.records {
		all = append(all, h.records[i].ID)
	}
	return all
}

func TestPruneRemovesCallAndOutputOfTheNamedRecordsAlone(t *testing.T) {
	for name, c := range map[string]struct {
		text     string
		ids      []string
		prunable bool
		left     []string
		fault    string
		tokens   int
	}{
		"one search":                              {"a bob", []string{"k1"}, true, []string{"", "m1", "k2"}, "", 26},
		"both searches in another order":          {"a bob", []string{"k2", "k1"}, true, []string{"", "m1"}, "", 14},
		"an earlier memory action":                {"a bob", []string{"m1"}, true, []string{"", "k1", "k2"}, "", 27},
		"one named twice":                         {"a bob", []string{"k1", "k1"}, true, []string{"", "m1", "k2"}, "", 26},
		"an earlier memory action that must stay": {"a bob", []string{"k1", "m1"}, false, []string{"", "k1", "m1", "k2"}, keptRecord, 36},
		"no text":                        {"", []string{"k1"}, true, []string{"", "k1", "m1", "k2"}, noText, 36},
		"no id":                          {"a bob", nil, true, []string{"", "k1", "m1", "k2"}, noIDs, 36},
		"an unknown id among known ones": {"a bob", []string{"k1", "k9"}, true, []string{"", "k1", "m1", "k2"}, unknownID, 36},
		"the instruction has no id":      {"a bob", []string{""}, true, []string{"", "k1", "m1", "k2"}, unknownID, 36},
	} {
		t.Run(name, func(t *testing.T) {
			h := sheetOf()
			removed, fault := h.prune(c.text, c.ids, c.prunable)
			if fault != c.fault || !slices.Equal(h.names(), c.left) || h.tokens() != c.tokens || len(h.ids()) != c.tokens {
				t.Errorf("left %q with %d tokens, fault %q; want %q with %d, %q", h.names(), h.tokens(), fault, c.left, c.tokens, c.fault)
			}
			if len(removed)+len(h.records) != 4 || len(h.gone) != len(removed) {
				t.Errorf("%d records removed, %d left", len(removed), len(h.records))
			}
		})
	}
}

func TestTheWindowDropsTheOldestRecordsAndNeverTheInstruction(t *testing.T) {
	for limit, want := range map[int][]string{36: {"", "k1", "m1", "k2"}, 35: {"", "m1", "k2"}, 25: {"", "k2"}, 3: {""}} {
		h := sheetOf()
		h.slide(limit)
		if !slices.Equal(h.names(), want) {
			t.Errorf("a window of %d leaves %q, want %q", limit, h.names(), want)
		}
	}
}

func TestCallsAreReadAndJunkIsNoTool(t *testing.T) {
	for text, want := range map[string]string{
		"find a boss ana":                `{find a boss ana [] [] }`,
		"find boss ana":                  `{find  boss ana [] [] }`,
		"find":                           `{find   [] [] }`,
		"prune a bob c dan drop k1 k2":   `{prune  a bob c dan [k1 k2] [] }`,
		"prune a bob":                    `{prune  a bob [] [] }`,
		"prune drop k1":                  `{prune   [k1] [] }`,
		"ans a bob b dan":                `{ans   [] [{a bob} {b dan}] }`,
		"ans":                            `{ans   [] [] an answer is a slot and a value for each question}`,
		"ans a bob dan":                  `{ans   [] [{a bob}] an answer is a slot and a value for each question}`,
		"ans a b c dan":                  `{ans   [] [{c dan}] an answer is a slot and a value for each question}`,
		"":                               `{   [] [] }`,
		"dance":                          `{   [] [] }`,
		"  find   a  boss\n ana  ":       `{find a boss ana [] [] }`,
		findCall("b", "boss ana"):        `{find b boss ana [] [] }`,
		answerCall([]said{{"a", "bob"}}): `{ans   [] [{a bob}] }`,
	} {
		if got := fmt.Sprint(parseCall(text)); got != want {
			t.Errorf("%q is read as %s, want %s", text, got, want)
		}
	}
}

func FuzzNoActionBreaksTheDesk(f *testing.F) {
	for _, seed := range []string{"find a boss ana", "prune a bob drop k1", "ans a bob", "prune drop drop", "ans a a a", "\x00 find", "find a nobody nowhere"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d := sat(t, ContextKnobs{Mode: CurateMode, Limit: 60, Penalty: 0.1, Prunable: true}, 2, 1)
		for range 3 {
			o := d.Act(text)
			if o.Reward > 1 || o.Reward < -0.1 || o.Done != (d.info.Why != "") {
				t.Fatalf("%q: outcome %+v, why %q", text, o, d.info.Why)
			}
		}
	})
}

// Two questions, no lead, seed 5: every context is worked out by hand from the records.
func TestAMemoryActionEditsTheContextInPlace(t *testing.T) {
	d := sat(t, ContextKnobs{Mode: CurateMode, Limit: 96, Penalty: 0.1, Prunable: true}, 2, 0)
	q := d.quest.Questions()
	task := "curate a " + q[0].String() + " b " + q[1].String()
	if d.Read() != task || d.h.tokens() != 7 {
		t.Fatalf("the instruction is %q with %d tokens", d.Read(), d.h.tokens())
	}
	do := func(act string) {
		t.Helper()
		if o := d.Act(act); o.Done {
			t.Fatalf("%q ends the episode: %+v", act, o)
		}
	}
	do("find a " + q[0].String())
	first := d.quest.Outputs()[0]
	found := "find a " + q[0].String() + " found " + first.ID + " a " + q[0].Answer() + " ;"
	if want := task + "\n" + found; d.Read() != want || d.h.tokens() != 7+5+5 {
		t.Fatalf("the context is %q with %d tokens, want %q with 17", d.Read(), d.h.tokens(), want)
	}
	do("find b " + q[1].String())
	second := d.quest.Outputs()[1]
	do("prune a " + q[0].Answer() + " drop " + first.ID)
	m := d.h.records[2].ID
	left := "find b " + q[1].String() + " found " + second.ID + " b " + q[1].Answer() + " ;"
	kept := "prune a " + q[0].Answer() + " drop " + first.ID + " done " + m
	if want := strings.Join([]string{task, left, kept}, "\n"); d.Read() != want || d.h.tokens() != 7+10+(6+2) {
		t.Fatalf("the context is %q with %d tokens, want %q with 25", d.Read(), d.h.tokens(), want)
	}
	if !slices.Contains(memoryNames(), m) || d.memory() != 2 || d.h.records[2].Freed != 10 {
		t.Errorf("the memory action is named %q, keeps %d tokens and freed %d", m, d.memory(), d.h.records[2].Freed)
	}
	do("prune a ana drop k1 k2 k3")
	if r := d.h.records[3]; r.Out != failedWord || r.ID != "" || d.tale.failures != 1 {
		t.Errorf("a memory action that names what is not there leaves %+v", r)
	}
	if o := d.Act("ans a " + q[0].Answer() + " b " + q[1].Answer()); !o.Done || o.Reward != 1 || !d.Info().Success || d.Info().Why != lab.EndTerminal {
		t.Errorf("the right answer comes to %+v, %+v", o, d.Info())
	}
	if want := d.tale; want.calls != 5 || want.finds != 2 || want.prunes != 2 || want.seen != 7+17+27+25+34 || want.peak != 34 {
		t.Errorf("the tale is %+v", want)
	}
	if len(d.said) != 5 || len(d.said[0]) != 5 || len(d.said[2]) != 2 {
		t.Errorf("behind the calls was said %v", d.said)
	}
}

func TestRewardsOfAnEpisode(t *testing.T) {
	curate := ContextKnobs{Mode: CurateMode, Limit: 40, Penalty: 0.1, Prunable: true}
	for name, c := range map[string]struct {
		k        ContextKnobs
		acts     []string
		reward   float64
		done     bool
		overflow bool
	}{
		"a wrong answer is nothing":                      {curate, []string{"ans a ana b ana"}, 0, true, false},
		"an answer that cannot be read is punished":      {curate, []string{"ans ana"}, -0.1, true, false},
		"too long a context is punished":                 {curate, []string{"find a boss ana", "find b boss ben"}, -0.1, true, true},
		"without a limit nothing is too long":            {ContextKnobs{Mode: PlainMode, Penalty: 0.1}, []string{"find a boss ana", "find b boss ben"}, 0, false, false},
		"a window is never too long":                     {ContextKnobs{Mode: WindowMode, Limit: 40}, []string{"find a boss ana", "find b boss ben"}, 0, false, false},
		"a search for nothing costs a turn of the world": {ContextKnobs{Mode: PlainMode}, []string{"find x", "find x", "find x", "find x", "find x", "find x"}, 0, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := sat(t, c.k, 2, 2)
			var reward float64
			var done bool
			for _, a := range c.acts {
				o := d.Act(a)
				reward, done = reward+o.Reward, o.Done
			}
			if reward != c.reward || done != c.done || d.tale.overflow != c.overflow {
				t.Errorf("reward %v, done %v, overflow %v; want %v, %v, %v", reward, done, d.tale.overflow, c.reward, c.done, c.overflow)
			}
			if c.k.Mode == WindowMode && (d.h.tokens() > 40 || len(d.h.gone) != 1) {
				t.Errorf("the window holds %d tokens, %d records left it", d.h.tokens(), len(d.h.gone))
			}
		})
	}
	plain := sat(t, ContextKnobs{Mode: PlainMode}, 2, 0)
	plain.Act("find a " + plain.quest.Questions()[0].String())
	plain.Act("prune a ana drop " + plain.quest.Outputs()[0].ID)
	if len(plain.h.records) != 3 || plain.tale.failures != 1 || !strings.HasPrefix(plain.Read(), withoutTool) {
		t.Errorf("without the tool the context is %q", plain.Read())
	}
}

// The words that the model reads are those of its tokenizer, and the very tokens that it wrote stand in the next context.
func TestTheContextHoldsTheVeryTokensThatWereWritten(t *testing.T) {
	d := sat(t, ContextKnobs{Mode: CurateMode, Prunable: true}, 2, 1)
	odd, err := d.words.Encode("find <pad> find")
	if err != nil {
		t.Fatal(err)
	}
	before := d.h.ids()
	d.wrotes(odd)
	d.Act("find <pad> find")
	after := d.h.ids()
	if !slices.Equal(after[:len(before)], before) || !slices.Equal(after[len(before):len(before)+len(odd)], odd) {
		t.Errorf("the context goes on with %v, want %v", after[len(before):], odd)
	}
}
