package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// caseEntry is entry i as it stands with a value.
func caseEntry(i int, value float64) *lab.Entry {
	kind := []string{"literal", "schema"}[i%2]
	return &lab.Entry{ID: fmt.Sprint(i), Type: kind, Text: fmt.Sprintf("clean mug %d : sink works", i), Tokens: 6, Numbers: map[string]lab.Float{"value": lab.Float(value)}}
}

// memoryEvents are n writes, one an episode, each read in the next episode, whose outcome moves its value.
func memoryEvents(n int) []lab.Event {
	events := []lab.Event{lab.Start{Setup: lab.Setup{Paper: "none-such"}, Arm: "value", Seed: 3}}
	for i := range n {
		ep := int64(i + 1)
		if i > 0 {
			events = append(events, lab.Memory{Op: lab.OpRead, Bank: "cases", Episode: ep, Query: "clean mug", Reason: "half and half", Size: i, Tokens: 6 * i,
				Hits: []lab.Hit{{Entry: fmt.Sprint(i - 1), Rank: 1, Score: 0.5, Used: true, Parts: map[string]lab.Float{"similarity": 0.9}}}})
			events = append(events, lab.Context{Episode: ep, Blocks: []lab.Block{{Name: "memory", Entries: []string{fmt.Sprint(i - 1)}}}})
			events = append(events, lab.Memory{Op: lab.OpChange, Bank: "cases", Episode: ep, T: 2, Entry: fmt.Sprint(i - 1), Before: caseEntry(i-1, 0), After: caseEntry(i-1, 0.3),
				Reason: "read for a task", Size: i, Tokens: 6 * i})
		}
		events = append(events, lab.Memory{Op: lab.OpWrite, Bank: "cases", Episode: ep, T: 3, Entry: fmt.Sprint(i), After: caseEntry(i, 0), Reason: "offered", Size: i + 1, Tokens: 6 * (i + 1)})
		events = append(events, lab.Episode{ID: ep, Split: "train", Success: i%2 == 0, Return: 1, Memory: lab.Float(i + 1)})
	}
	return events
}

func memoryKit(t *testing.T, n int) *kit {
	k := newKit(t)
	k.owner.write(t, "m1", memoryEvents(n)...)
	return k
}

func TestTheMemoryOfARunIsToldBeforeAMomentIsChosen(t *testing.T) {
	k := memoryKit(t, 10)
	var info MemoryInfo
	k.get("/api/run/m1/memory", &info)
	if info.Moments != 28 || len(info.Banks) != 1 || info.Banks[0].Entries != 10 || info.Banks[0].Main != "value" || len(info.Marks) != 10 || info.FlawsAll != 0 || info.Arm != "value" {
		t.Errorf("%+v", info)
	}
	k.owner.extend(t, "m1", lab.Memory{Op: lab.OpDelete, Bank: "cases", Entry: "77", Before: caseEntry(77, 0), Episode: 11, Size: 10, Tokens: 60})
	k.get("/api/run/m1/memory", &info)
	if info.Moments != 29 || info.FlawsAll != 1 || !strings.Contains(info.Flaws[0].Text, "not there") {
		t.Errorf("after a contradiction: %+v", info)
	}
}

func TestAPageOfABankHasCountsAndTheRowsOfItsMoment(t *testing.T) {
	k := memoryKit(t, 100)
	var page MemoryPage
	k.get("/api/run/m1/memory/page?q="+url.QueryEscape("type:schema"), &page)
	if page.Total != 100 || page.Match != 50 || len(page.Rows) != 50 || page.Never != 1 || page.Rows[0].ID != "99" || page.Difference != nil {
		t.Errorf("%d of %d, %d rows, %d never, first %+v", page.Match, page.Total, len(page.Rows), page.Never, page.Rows[0])
	}
	k.get("/api/run/m1/memory/page?limit=1000", &page)
	if len(page.Rows) != 60 || page.Match != 100 {
		t.Errorf("%d rows of %d", len(page.Rows), page.Match)
	}
	var past MemoryPage
	k.get("/api/run/m1/memory/page?at=28&against=13", &past) // episodes 10 and 5
	d := past.Difference
	if past.Entries != 10 || d == nil || d.Written != 5 || d.Changed != 1 || past.Place.Episode != 10 || past.Against.Episode != 5 || past.Rows[0].Op != "write" {
		t.Errorf("%+v, difference %+v", past.Place, d)
	}
	if row := past.Rows[5]; row.ID != "4" || row.Op != "change" || row.Since["value"] != 0.3 || row.Helped != 0 || row.Misled != 1 {
		t.Errorf("the changed row is %+v", row)
	}
	if e := k.refused(k.do(k.request(http.MethodGet, "/api/run/m1/memory/page?q="+url.QueryEscape("colour>3"), "")), http.StatusBadRequest); !strings.Contains(e.Msg, "value") {
		t.Errorf("a filter that is unknown: %+v", e)
	}
	k.refused(k.do(k.request(http.MethodGet, "/api/run/m1/memory/page?bank=other", "")), http.StatusNotFound)
}

func TestTheLifeOfAnEntryTellsWhoUsedItAndWhatCameOfIt(t *testing.T) {
	k := memoryKit(t, 10)
	var life MemoryLife
	k.get("/api/run/m1/memory/life?entry=4&at=3", &life)
	if len(life.Turns) != 3 || life.Turns[1].Op != "read" || life.Turns[1].Came != "misled" || life.Turns[1].Parts["similarity"] != 0.9 || life.Turns[2].After["value"] != 0.3 {
		t.Errorf("turns are %+v", life.Turns)
	}
	if life.Stands || len(life.Episodes) != 1 || life.Episodes[0].Prompts != 1 || life.Episodes[0].Success {
		t.Errorf("before it was written it stands: %v, used by %+v", life.Stands, life.Episodes)
	}
}

func TestAskingFallsBackToWordsAndSaysSo(t *testing.T) {
	k := memoryKit(t, 10)
	var answer MemoryAnswer
	k.get("/api/run/m1/memory/ask?text=mug+7&at=28", &answer)
	if answer.Own || answer.Note == "" || len(answer.Hits) != 8 || answer.Hits[0].Entry != "7" || answer.Rows[0].Text == "" {
		t.Errorf("%+v", answer)
	}
	k.refused(k.do(k.request(http.MethodGet, "/api/run/m1/memory/ask?text=", "")), http.StatusBadRequest)
}

func TestMomentsAreFoundForStepsAndEpisodes(t *testing.T) {
	k := memoryKit(t, 10)
	for query, want := range map[string]int{"episode=2&step=2": 3, "episode=2&step=0": 2, "episode=2": 4, "at=4&by=1": 7, "at=4&by=-1": 1} {
		var p MemoryPlace
		if k.get("/api/run/m1/memory/moment?"+query, &p); p.Moment != want {
			t.Errorf("%s is moment %d, want %d", query, p.Moment, want)
		}
	}
}

func TestPicturesOfABankComeFinished(t *testing.T) {
	k := memoryKit(t, 10)
	for query, sentence := range map[string]string{
		"of=size":           "tokens goes from 6.00 to 60.0.",
		"of=reads":          "literal has most reads: 5 of 9.",
		"of=number&entry=4": "entry 4 goes from 0 to 0.30.",
		"of=number":         "mean value goes from 0 to 0.27.",
		"of=episodes":       "memory goes from 1.00 to 10.0.",
	} {
		var c Chart
		if k.get("/api/run/m1/memory/chart?"+query, &c); c.Sentence != sentence && !strings.Contains(c.Sentence, strings.ReplaceAll(sentence, " 0 ", " 0.00 ")) {
			t.Errorf("%s says %q, want %q", query, c.Sentence, sentence)
		}
	}
	var g MemoryGraph
	k.get("/api/run/m1/memory/graph", &g)
	var m MemoryMap
	k.get("/api/run/m1/memory/map", &m)
	if len(g.Nodes) != 10 || len(m.Dots) != 10 || !strings.Contains(m.Caption, "hashed bags") {
		t.Errorf("%d nodes, %d dots, %q", len(g.Nodes), len(m.Dots), m.Caption)
	}
}

func TestARunWithoutABankShowsTheStatesItKept(t *testing.T) {
	k := newKit(t)
	events := []lab.Event{lab.Start{Setup: lab.Setup{Paper: "none-such"}, Arm: "lstm"}}
	for ep := range int64(2) {
		for i := range 3 {
			events = append(events, lab.Step{Episode: ep, T: i, Saw: "corridor", Action: "go", State: []lab.Float{lab.Float(i), 0.5}})
		}
		events = append(events, lab.Episode{ID: ep, Split: "train", Memory: 8})
	}
	k.owner.write(t, "w1", events...)
	var info MemoryInfo
	k.get("/api/run/w1/memory", &info)
	if info.Moments != 0 || info.States != 6 || len(info.Banks) != 0 {
		t.Errorf("%+v", info)
	}
	var w MemoryWeights
	k.get("/api/run/w1/memory/weights?at=4", &w)
	if w.Place.Episode != 1 || w.Place.Step != 1 || w.First != 3 || w.Last != 5 || w.Kept != 6 || len(w.Values) != 2 || w.Chart.Points != 6 {
		t.Errorf("%+v", w)
	}
	k.refused(k.do(k.request(http.MethodGet, "/api/run/w1/memory/page", "")), http.StatusNotFound)
}
