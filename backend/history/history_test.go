package history_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/history"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/record"
)

// keeper keeps the memory events that banks emit.
type keeper struct{ events []lab.Memory }

func (k *keeper) Emit(ev lab.Event) error {
	if m, ok := ev.(lab.Memory); ok {
		k.events = append(k.events, m)
	}
	return nil
}

// play does operations on two banks as the bytes say, and returns their events.
func play(t testing.TB, script []byte) []lab.Memory {
	t.Helper()
	k := &keeper{}
	log := &mem.Log{Emit: k}
	banks := []*mem.Bank{mem.NewBank("cases", log, nil), mem.NewBank("notes", log, nil)}
	words := strings.Fields("clean mug in sink metal goes to the oven never put knife on table")
	for i, c := range script {
		log.Episode, log.T = int64(i/7), i%7
		b := banks[int(c>>3)%2]
		if err := act(b, int(c), words); err != nil {
			t.Fatal(err)
		}
	}
	return k.events
}

func act(b *mem.Bank, c int, words []string) error {
	all := b.All()
	pick := func(i int) *lab.Entry { return all[(c*7+i*13)%len(all)] }
	text := words[c%len(words)] + " " + words[(c/3)%len(words)]
	if len(all) < 2 && c%8 > 2 {
		c = 0
	}
	switch c % 8 {
	case 0, 1:
		e := lab.Entry{Type: []string{"episode", "schema"}[c%2], Text: text, Vector: []lab.Float{lab.Float(float32(c)), 1}}
		mem.SetNumber(&e, "value", 0)
		_, err := b.Add(e, "new")
		return err
	case 2:
		return b.Read(text, nil, "nothing asked")
	case 3, 4:
		return b.Change(pick(0).ID, func(e *lab.Entry) { mem.SetNumber(e, "value", float64(c)/7); mem.SetNumber(e, "uses", float64(c)) }, "learned")
	case 5:
		return b.Delete(pick(0).ID, "old")
	case 6:
		one, two := pick(0).ID, pick(1).ID
		if one == two {
			return b.Change(one, func(e *lab.Entry) { e.Text += " again" }, "said again")
		}
		_, err := b.Merge([]string{one, two}, lab.Entry{Type: "schema", Text: text + " merged", Sources: []string{one, two}}, "alike")
		return err
	}
	hits := []lab.Hit{{Entry: pick(0).ID, Rank: 1, Score: 1, Used: true}}
	if two := pick(1).ID; two != hits[0].Entry {
		hits = append(hits, lab.Hit{Entry: two, Rank: 2, Why: "below gate"})
	}
	return b.Read(text, hits, "asked")
}

func fed(events []lab.Memory) *history.Run {
	h := history.New()
	for i, ev := range events {
		h.Memory(int64(i), ev)
	}
	return h
}

// same fails where the index and the replay differ at a moment.
func same(t *testing.T, h *history.Run, events []lab.Memory, moment int) {
	t.Helper()
	want, err := mem.Rebuild(slices.Values(events), moment)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range h.Banks() {
		got, size := b.Entries(moment), 0
		if len(got) == 0 && len(want[b.Name]) == 0 {
			continue
		}
		if !reflect.DeepEqual(got, want[b.Name]) {
			t.Fatalf("moment %d, bank %s:\n got %v\nwant %v", moment, b.Name, got, want[b.Name])
		}
		for _, e := range got {
			size += e.Tokens
		}
		if n, tokens := b.Size(moment); n != len(got) || tokens != size {
			t.Fatalf("moment %d: size %d, %d tokens, want %d, %d", moment, n, tokens, len(got), size)
		}
	}
}

func script(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(r.UintN(256))
	}
	return out
}

func TestABankAtAnyMomentIsWhatTheEventsRebuild(t *testing.T) {
	for seed := range uint64(4) {
		events := play(t, script(300, seed))
		h := fed(events)
		if h.Moments() != len(events) || len(h.Flaws()) > 0 {
			t.Fatalf("%d moments of %d events, flaws %v", h.Moments(), len(events), h.Flaws())
		}
		for moment := range len(events) + 1 {
			same(t, h, events, moment)
		}
	}
}

func FuzzABankIsWhatTheEventsRebuild(f *testing.F) {
	f.Add([]byte{0, 1, 8, 9, 6, 5, 14, 7, 15, 3})
	f.Fuzz(func(t *testing.T, script []byte) {
		events := play(t, script[:min(len(script), 120)])
		h := fed(events)
		for moment := 0; moment <= len(events); moment += 3 {
			same(t, h, events, moment)
		}
	})
}

// slowDifference compares two rebuilt banks entry by entry.
func slowDifference(t *testing.T, events []lab.Memory, bank string, from, to int) (written, changed, gone int) {
	t.Helper()
	early, err1 := mem.Rebuild(slices.Values(events), from)
	late, err2 := mem.Rebuild(slices.Values(events), to)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	before := map[string]lab.Entry{}
	for _, e := range early[bank] {
		before[e.ID] = e
	}
	for _, e := range late[bank] {
		old, ok := before[e.ID]
		switch {
		case !ok:
			written++
		case !reflect.DeepEqual(old, e):
			changed++
		}
		delete(before, e.ID)
	}
	return written, changed, len(before)
}

func TestDifferencesAreThoseOfTheRebuiltBanks(t *testing.T) {
	events := play(t, script(400, 9))
	h := fed(events)
	for _, pair := range [][2]int{{0, 400}, {100, 101}, {50, 250}, {300, 120}, {400, 400}} {
		for _, b := range h.Banks() {
			d := b.Difference(pair[0], pair[1])
			written, changed, gone := slowDifference(t, events, b.Name, min(pair[0], pair[1]), max(pair[0], pair[1]))
			// A merge counts apart, be its entry new or old; a change that was taken back is a change of the index and none of the reference.
			if d.Written+d.Changed+d.Merged < written+changed || d.Deleted+d.Absorbed != gone || d.Written > written {
				t.Errorf("%s %v: %+v, want %d written, %d changed, %d gone", b.Name, pair, d, written, changed, gone)
			}
		}
	}
}

// entry is a short way to write one.
func entry(id, text string, value float64) *lab.Entry {
	return &lab.Entry{ID: id, Type: "case", Text: text, Tokens: 2, Numbers: map[string]lab.Float{"value": lab.Float(value)}}
}

// handMade is a bank of three entries over three episodes: 0 is read twice and changes, 1 is merged into 2, and 0 goes at the end.
func handMade() *history.Run {
	h := history.New()
	ops := []lab.Memory{
		{Op: lab.OpWrite, Entry: "0", After: entry("0", "clean mug", 0), Episode: 2, T: 9, Size: 1, Tokens: 2},
		{Op: lab.OpWrite, Entry: "1", After: entry("1", "Metal oven", 0.5), Episode: 2, T: 9, Size: 2, Tokens: 4},
		{Op: lab.OpRead, Episode: 5, T: 1, Hits: []lab.Hit{{Entry: "0", Rank: 1, Used: true}, {Entry: "1", Rank: 2}}, Size: 2, Tokens: 4},
		{Op: lab.OpChange, Entry: "0", Before: entry("0", "clean mug", 0), After: entry("0", "clean mug", 0.3), Episode: 5, T: 4, Size: 2, Tokens: 4},
		{Op: lab.OpWrite, Entry: "2", After: entry("2", "pan", 0), Episode: 5, T: 4, Size: 3, Tokens: 6},
		{Op: lab.OpDelete, Entry: "1", Before: entry("1", "Metal oven", 0.5), Episode: 6, T: 0, Size: 2, Tokens: 4},
		{Op: lab.OpMerge, Entry: "2", Sources: []string{"1", "2"}, Before: entry("2", "pan", 0), After: entry("2", "pan oven", 0.4), Episode: 6, T: 0, Size: 2, Tokens: 4},
		{Op: lab.OpRead, Episode: 8, T: 2, Hits: []lab.Hit{{Entry: "0", Rank: 1, Used: true}, {Entry: "2", Rank: 2, Used: true}}, Size: 2, Tokens: 4},
		{Op: lab.OpDelete, Entry: "0", Before: entry("0", "clean mug", 0.3), Episode: 9, T: 0, Size: 1, Tokens: 2},
	}
	for i, ev := range ops {
		ev.Bank = "cases"
		h.Memory(int64(10+i), ev)
	}
	for _, e := range []lab.Episode{{ID: 2}, {ID: 5, Success: true}, {ID: 6}, {ID: 8}} {
		h.Episode(e)
	}
	return h
}

func ids(b *history.Bank, all []history.Standing, moment int) string {
	out := []string{}
	for _, s := range all {
		out = append(out, b.Facts(s, moment).ID)
	}
	return strings.Join(out, " ")
}

func TestFactsOfAnEntryCountItsReadsAndWhatCameOfThem(t *testing.T) {
	h := handMade()
	b, err := h.Bank("")
	if err != nil {
		t.Fatal(err)
	}
	s, stands, err := b.Find("0", 8)
	if err != nil || !stands {
		t.Fatal(stands, err)
	}
	f := b.Facts(s, 8)
	if f.Read != 2 || f.Helped != 1 || f.Misled != 1 || f.Missed != 0 || f.Born.Episode != 2 || f.Born.T != 9 || f.Last.Episode != 8 || f.Age != 7 || f.Unsure {
		t.Errorf("facts are %+v", f)
	}
	if f = b.Facts(s, 3); f.Read != 1 || f.Misled != 0 || f.Last.Episode != 5 {
		t.Errorf("at moment 3 facts are %+v", f)
	}
	if _, stands, err = b.Find("0", 9); stands || err != nil {
		t.Errorf("at the end it stands: %v, %v", stands, err)
	}
	if _, _, err = b.Find("7", 9); lab.CodeOf(err) != lab.NotFound {
		t.Errorf("an entry that never was gives %v", err)
	}
}

func TestTheDifferenceOfTwoMomentsTellsMergedFromDeleted(t *testing.T) {
	h := handMade()
	b, _ := h.Bank("cases")
	d := b.Difference(4, 9) // 0 and 1 stood; 2 was written and took 1 in; 0 was deleted
	if d.Written != 0 || d.Changed != 0 || d.Merged != 1 || d.Deleted != 1 || d.Absorbed != 1 || len(d.Gone) != 1 {
		t.Errorf("4 to 9 is %+v", d)
	}
	if d = b.Difference(2, 4); d.Changed != 1 || d.Written+d.Merged+d.Deleted != 0 {
		t.Errorf("2 to 4 is %+v", d)
	}
	s, _, _ := b.Find("2", 9)
	if _, _, absorbed := b.Family(s, 9); ids(b, absorbed, 9) != "1" {
		t.Errorf("2 was made of %q, want 1", ids(b, absorbed, 9))
	}
}

func TestTheLifeOfAnEntryHasEveryEvent(t *testing.T) {
	h := handMade()
	b, _ := h.Bank("cases")
	s, _, _ := b.Find("0", 9)
	text := ""
	for _, turn := range b.Life(s) {
		text += fmt.Sprintf("%d %s ep %d came %d; ", turn.Moment, turn.Op, turn.Episode, turn.Came)
	}
	if want := "0 write ep 2 came -1; 2 read ep 5 came 1; 3 change ep 5 came 1; 7 read ep 8 came -1; 8 delete ep 9 came 0; "; text != want {
		t.Errorf("life is\n%s, want\n%s", text, want)
	}
}

func TestFiltersChooseByTextCountsAndNumbers(t *testing.T) {
	h := handMade()
	b, _ := h.Bank("cases")
	d := b.Difference(2, 8)
	for _, c := range []struct{ text, want string }{
		{"", "0 2"}, {"MUG", "0"}, {"-mug", "2"}, {`"pan oven"`, "2"}, {"used>0", "0 2"}, {"read>=2", "0"}, {"used=0", ""}, {"q>0.35", "2"},
		{"value<0.35", "0"}, {"type:case mug", "0"}, {"op:merge", "2"}, {"op:change", "0"}, {"-op:change", "2"}, {"id:2", "2"}, {"helped>0", "0"},
		{"misled>0 missed<1", "0 2"}, {"born<3", "0"}, {"age<5", "2"}, {"tokens>=2", "0 2"}, {"unsure:yes", ""}, {"value!=0.4", "0"},
	} {
		f, err := b.Parse(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		var got []history.Standing
		for _, s := range b.At(8) {
			if b.Match(&f, s, 8, &d) {
				got = append(got, s)
			}
		}
		if ids(b, got, 8) != c.want {
			t.Errorf("%q chooses %q, want %q", c.text, ids(b, got, 8), c.want)
		}
	}
	for _, bad := range []string{"colour>3", "value>much", "type>3", "op:read", "value>NaN"} {
		if _, err := b.Parse(bad); lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
			t.Errorf("%q gives %v", bad, err)
		}
	}
}

func TestEntriesAreSortedByAnyColumn(t *testing.T) {
	h := handMade()
	b, _ := h.Bank("cases")
	d := b.Difference(7, 8)
	for _, c := range []struct{ by, want string }{{"", "2 0"}, {"born", "0 2"}, {"-born", "2 0"}, {"value", "0 2"}, {"-read", "0 2"}, {"text", "0 2"}, {"-id", "2 0"}, {"since", "0 2"}} {
		all := b.At(8)
		if err := b.Sort(all, c.by, 8, &d); err != nil || ids(b, all, 8) != c.want {
			t.Errorf("by %q: %q, %v, want %q", c.by, ids(b, all, 8), err, c.want)
		}
	}
	if err := b.Sort(b.At(8), "colour", 8, nil); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("an order that is unknown gives %v", err)
	}
}

func TestAContradictionIsNamedAndTheRestIsShown(t *testing.T) {
	h := history.New()
	ops := []lab.Memory{
		{Op: lab.OpWrite, Entry: "0", After: entry("0", "a", 0), Size: 1, Tokens: 2},
		{Op: lab.OpDelete, Entry: "5", Before: entry("5", "x", 0), Size: 1, Tokens: 2},
		{Op: lab.OpChange, Entry: "0", Before: entry("0", "b", 0), After: entry("0", "c", 1), Size: 1, Tokens: 2},
		{Op: lab.OpWrite, Entry: "0", After: entry("0", "d", 0), Size: 1, Tokens: 2},
		{Op: lab.OpRead, Hits: []lab.Hit{{Entry: "9", Used: true}}, Size: 1, Tokens: 2},
		{Op: lab.OpRead, Size: 3, Tokens: 2},
		{Op: lab.OpRead, Size: 3, Tokens: 2},
	}
	for i, ev := range ops {
		h.Memory(int64(i), ev)
	}
	var moments []int
	for _, f := range h.Flaws() {
		moments = append(moments, f.Moment)
	}
	if !slices.Equal(moments, []int{1, 2, 3, 4, 5}) {
		t.Errorf("flaws at %v: %+v", moments, h.Flaws())
	}
	b, _ := h.Bank("")
	for moment, want := range []string{"", "a", "a", "c", "d"} {
		text := ""
		for _, s := range b.At(moment) {
			text += b.Entry(s).Text
			if unsure := moment > 2; b.Facts(s, moment).Unsure != unsure {
				t.Errorf("at %d unsure is %v", moment, !unsure)
			}
		}
		if text != want {
			t.Errorf("at %d the bank holds %q, want %q", moment, text, want)
		}
	}
}

func TestARecordThatContradictsItselfIsFoundThroughItsBytes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record.loci")
	w, err := record.Create(path, record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range []lab.Memory{
		{Op: lab.OpWrite, Entry: "0", After: entry("0", "a", 0), Size: 1, Tokens: 2},
		{Op: lab.OpChange, Entry: "0", Before: entry("0", "a", 0), After: entry("0", "b", 1), Size: 1, Tokens: 2},
		{Op: lab.OpChange, Entry: "0", Before: entry("0", "a", 0), After: entry("0", "c", 1), Size: 1, Tokens: 2},
		{Op: lab.OpDelete, Entry: "0", Before: entry("0", "c", 1), Size: 0, Tokens: 0},
	} {
		if err := w.Emit(ev); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := record.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	h := history.New()
	if err := h.Take(r); err != nil || h.Moments() != 4 || h.Taken() != 4 {
		t.Fatal(h.Moments(), h.Taken(), err)
	}
	if f := h.Flaws(); len(f) != 1 || f[0].Moment != 2 || !strings.Contains(f[0].Text, "another one") {
		t.Errorf("flaws are %+v", f)
	}
}

func TestMomentsAndPlacesLeadToEachOther(t *testing.T) {
	h := handMade()
	for _, c := range []struct {
		episode int64
		step    int
		want    int
	}{{2, 9, 2}, {2, 0, 0}, {5, 1, 3}, {5, 3, 3}, {5, 4, 5}, {5, -1, 5}, {7, 0, 7}, {8, 2, 8}, {99, 0, 9}, {0, 5, 0}} {
		if got := h.Moment(c.episode, c.step); got != c.want {
			t.Errorf("episode %d, step %d lies at %d, want %d", c.episode, c.step, got, c.want)
		}
	}
	if p := h.Place(0); p.Episode != -1 {
		t.Errorf("moment 0 lies in episode %d", p.Episode)
	}
	if p := h.Place(5); p.Episode != 5 || p.T != 4 {
		t.Errorf("moment 5 lies at %+v", p)
	}
	for _, c := range [][3]int{{5, 1, 7}, {5, -1, 2}, {9, 1, 9}, {2, -1, 0}, {4, 1, 7}, {0, 1, 2}} {
		if got := h.Neighbour(c[0], c[1]); got != c[2] {
			t.Errorf("from %d by %d is %d, want %d", c[0], c[1], got, c[2])
		}
	}
	if marks := h.Marks(2); len(marks) != 2 || marks[0].From != 0 || marks[1].To != 9 {
		t.Errorf("two marks are %+v", marks)
	}
}

func TestGrowthKeepsTheLastPointAndTrueSizes(t *testing.T) {
	h := handMade()
	b, _ := h.Bank("")
	got := b.Growth(8, 3)
	if len(got) != 3 || got[0].Moment != 3 || got[0].Entries != 2 || got[2].Moment != 8 || got[2].Tokens != 4 {
		t.Errorf("growth is %+v", got)
	}
	if counts := b.ReadsByType(9); len(counts) != 1 || counts[0].Count != 3 {
		t.Errorf("reads by type are %+v", counts)
	}
	s, _, _ := b.Find("0", 8)
	if course := b.Course(s, "value"); len(course) != 2 || course[1].Value != 0.3 || course[1].Episode != 5 {
		t.Errorf("the course of 0 is %+v", course)
	}
	spreads := b.Spreads("value", []int{0, 4, 8})
	if len(spreads) != 2 || spreads[0].Mean != 0.4 || spreads[1].Most != 0.4 {
		t.Errorf("spreads are %+v", spreads)
	}
}

func TestARecordIsTakenInAsItGrows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record.loci")
	w, err := record.Create(path, record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	events := play(t, script(60, 3))
	emit := func(evs []lab.Memory) {
		for _, ev := range evs {
			if err := w.Emit(ev); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	emit(events[:20])
	r, err := record.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	h := history.New()
	if err := h.Take(r); err != nil || h.Moments() != 20 {
		t.Fatal(h.Moments(), err)
	}
	ctx := lab.Context{Episode: 1, T: 0, Blocks: []lab.Block{{Name: "memory", Entries: []string{"0"}}}}
	if err := w.Emit(ctx); err != nil {
		t.Fatal(err)
	}
	if err := w.Emit(lab.Step{Episode: 4, T: 2, State: []lab.Float{1}}); err != nil {
		t.Fatal(err)
	}
	emit(events[20:])
	if err := r.Refresh(); err != nil {
		t.Fatal(err)
	}
	if err := h.Take(r); err != nil || h.Moments() != len(events) || len(h.States()) != 1 {
		t.Fatal(h.Moments(), h.States(), err)
	}
	same(t, h, events, 37)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestTheMapSpreadsEntriesAlongTheirLargestDifferences(t *testing.T) {
	h := history.New()
	for i := range 40 { // two heaps far apart in the third place, a little spread in the first
		e := lab.Entry{ID: fmt.Sprint(i), Tokens: 0, Vector: []lab.Float{lab.Float(float32(i%5) / 100), 0, lab.Float(i / 2 % 2)}}
		h.Memory(int64(i), lab.Memory{Op: lab.OpWrite, Bank: "v", Entry: e.ID, After: &e, Size: i + 1})
	}
	b, _ := h.Bank("v")
	m := b.Map(b.At(40), 20)
	if !m.Kept || m.Width != 3 || len(m.Points) != 20 || m.Dense != 20 || m.Shares[0] < 0.99 {
		t.Fatalf("map is kept %v, width %d, %d points, %d dense, shares %v", m.Kept, m.Width, len(m.Points), m.Dense, m.Shares)
	}
	for _, p := range m.Points {
		if want := float64(p.Life() / 2 % 2); math.Abs(p.X-want) > 0.05 {
			t.Errorf("entry %d lies at x %.2f, want near %v", p.Life(), p.X, want)
		}
	}
	sum := 0
	for _, row := range m.Grid {
		for _, n := range row {
			sum += n
		}
	}
	if sum != 20 {
		t.Errorf("the grid holds %d entries, want 20", sum)
	}
	if again := b.Map(b.At(40), 20); !reflect.DeepEqual(m, again) {
		t.Error("the same bank has two maps")
	}
}

func TestAGraphShowsSourcesMergesAndWhatWasReadTogether(t *testing.T) {
	h := handMade()
	b, _ := h.Bank("")
	s, _, _ := b.Find("2", 8)
	g := b.Graph(b.At(8), &s, 8, 300)
	kinds := map[string]int{}
	for _, l := range g.Lines {
		kinds[l.Kind]++
	}
	if len(g.Nodes) != 3 || !maps.Equal(kinds, map[string]int{history.LineMerge: 1, history.LineTogether: 1}) {
		t.Errorf("%d nodes, lines %v", len(g.Nodes), g.Lines)
	}
	if !reflect.DeepEqual(g, b.Graph(b.At(8), &s, 8, 300)) {
		t.Error("the same graph is laid out in two ways")
	}
	if g = b.Graph(b.At(8), nil, 8, 1); len(g.Nodes) != 1 || g.Left != 1 {
		t.Errorf("one of two: %d nodes, %d left", len(g.Nodes), g.Left)
	}
}

// large is a bank of 100,000 entries with reads and changes of value: 400,000 events.
func large(tb testing.TB) *history.Run {
	tb.Helper()
	h := history.New()
	words := strings.Fields("clean mug in sink metal goes to the oven never put knife on table store wood doll")
	value := make([]float64, 100_000)
	r := rand.New(rand.NewPCG(4, 2))
	make1 := func(i int) *lab.Entry {
		return &lab.Entry{ID: fmt.Sprint(i), Type: "case", Tokens: 8, Text: fmt.Sprintf("%s %s %s case %d", words[i%17], words[i%13], words[i%11], i),
			Numbers: map[string]lab.Float{"value": lab.Float(value[i]), "made": lab.Float(i)}}
	}
	seq := int64(0)
	put := func(ev lab.Memory) {
		ev.Bank, ev.Episode, ev.T = "cases", seq/40, int(seq%40)
		h.Memory(seq, ev)
		seq++
	}
	for i := range value {
		put(lab.Memory{Op: lab.OpWrite, Entry: fmt.Sprint(i), After: make1(i), Size: i + 1, Tokens: 8 * (i + 1)})
		k := r.IntN(i + 1)
		put(lab.Memory{Op: lab.OpRead, Hits: []lab.Hit{{Entry: fmt.Sprint(k), Rank: 1, Used: true}, {Entry: fmt.Sprint(r.IntN(i + 1)), Rank: 2}}, Size: i + 1, Tokens: 8 * (i + 1)})
		for range 2 {
			k := r.IntN(i + 1)
			before := make1(k)
			value[k] += r.Float64()
			put(lab.Memory{Op: lab.OpChange, Entry: fmt.Sprint(k), Before: before, After: make1(k), Size: i + 1, Tokens: 8 * (i + 1)})
		}
	}
	if n := len(h.Flaws()); n > 0 {
		tb.Fatalf("%d flaws, the first %+v", n, h.Flaws()[0])
	}
	return h
}

func BenchmarkTheStateOfAHundredThousandEntriesAtAPastMoment(b *testing.B) {
	h := large(b)
	bank, _ := h.Bank("")
	r := rand.New(rand.NewPCG(1, 1))
	n := 0
	for b.Loop() {
		n += len(bank.At(r.IntN(h.Moments())))
	}
	b.ReportMetric(float64(n)/float64(b.N), "entries/op")
}

func BenchmarkTheFirstPageOfAHundredThousandEntries(b *testing.B) {
	h := large(b)
	bank, _ := h.Bank("")
	for b.Loop() {
		f, err := bank.Parse("mug value>0.5 used>0")
		if err != nil {
			b.Fatal(err)
		}
		all, d := bank.At(h.Moments()), bank.Difference(200_000, h.Moments())
		all = slices.DeleteFunc(all, func(s history.Standing) bool { return !bank.Match(&f, s, h.Moments(), &d) })
		if err := bank.Sort(all, "-value", h.Moments(), &d); err != nil {
			b.Fatal(err)
		}
		bank.NeverRead(all, h.Moments())
	}
}

func BenchmarkTheMapOfAHundredThousandEntries(b *testing.B) {
	h := large(b)
	bank, _ := h.Bank("")
	for b.Loop() {
		bank.Map(bank.At(h.Moments()), 5000)
	}
}

func TestEntriesSurviveTheWayThroughJSON(t *testing.T) {
	h := history.New()
	e := lab.Entry{ID: "0", Text: "x", Tokens: 1, Numbers: map[string]lab.Float{"value": lab.Float(math.NaN()), "b": lab.Float(math.Inf(1))}}
	h.Memory(0, lab.Memory{Op: lab.OpWrite, Bank: "v", Entry: "0", After: &e, Size: 1, Tokens: 1})
	b, _ := h.Bank("v")
	text, err := json.Marshal(b.Entries(1))
	if err != nil || string(text) != `[{"id":"0","text":"x","tokens":1,"numbers":{"b":"+Inf","value":"NaN"}}]` {
		t.Errorf("%s, %v", text, err)
	}
}
