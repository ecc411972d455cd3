package mem

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
)

// kept collects memory events as a record gives them back: through their JSON.
type kept struct{ all []lab.Memory }

func (k *kept) Emit(ev lab.Event) error {
	text, err := json.Marshal(ev)
	if err != nil {
		return err
	}
	back, err := lab.DecodeEvent(ev.Kind(), text)
	if err != nil {
		return err
	}
	k.all = append(k.all, back.(lab.Memory))
	return nil
}

// slowBank is the obvious bank: a slice from which entries are cut.
type slowBank []lab.Entry

func (s slowBank) find(id string) int {
	return slices.IndexFunc(s, func(e lab.Entry) bool { return e.ID == id })
}

// play does one random operation on a bank and on its slow twin.
func play(t *testing.T, s *rng.Stream, b *Bank, slow *slowBank) {
	t.Helper()
	pick := func() string { return (*slow)[s.IntN(len(*slow))].ID }
	place := func(e lab.Entry, id string) lab.Entry { e.ID, e.Tokens = id, len(strings.Fields(e.Text)); return e }
	var err error
	switch op := s.IntN(10); {
	case op < 4 || len(*slow) < 3:
		e, id := randomEntry(s), ""
		id, err = b.Add(e, "random")
		*slow = append(*slow, place(e, id))
	case op < 6:
		id, e := pick(), randomEntry(s)
		err = b.Change(id, func(old *lab.Entry) { *old = e }, "random")
		(*slow)[slow.find(id)] = place(e, id)
	case op < 8:
		id := pick()
		err = b.Delete(id, "random")
		*slow = slices.Delete(*slow, slow.find(id), slow.find(id)+1)
	case op < 9:
		ids, e := []string{pick(), pick(), pick()}, randomEntry(s)
		slices.Sort(ids)
		ids = slices.Compact(ids)
		last := ids[len(ids)-1]
		_, err = b.Merge(ids, e, "random")
		for _, id := range ids[:len(ids)-1] {
			*slow = slices.Delete(*slow, slow.find(id), slow.find(id)+1)
		}
		(*slow)[slow.find(last)] = place(e, last)
	default:
		err = b.Read("what", []lab.Hit{{Entry: pick(), Rank: 1, Score: 1, Parts: map[string]lab.Float{"p": 1}, Used: true}}, "random")
	}
	if err != nil {
		t.Fatal(err)
	}
}

func randomEntry(s *rng.Stream) lab.Entry {
	e := lab.Entry{Type: []string{"", "episode", "<note>"}[s.IntN(3)], Text: strings.Repeat("wörd ", s.IntN(4)) + strconv.Itoa(s.IntN(5))}
	if s.Bool(0.5) {
		e.Numbers = map[string]lab.Float{"value": lab.Float(s.Normal()), "odd": []lab.Float{lab.Float(math.Inf(1)), lab.Float(math.Copysign(0, -1)), 1e-300}[s.IntN(3)]}
	}
	if s.Bool(0.3) {
		e.Labels, e.Sources = []string{"a", "b"}[:1+s.IntN(2)], []string{"episode 3"}
	}
	if s.Bool(0.3) {
		e.Vector = []lab.Float{lab.Float(s.Float32()), lab.Float(s.Float32())}
	}
	return e
}

func plainEntries(all []*lab.Entry) []lab.Entry {
	entries := []lab.Entry{}
	for _, e := range all {
		entries = append(entries, *e)
	}
	return entries
}

func TestAfterEveryOperationTheBankIsWhatItsEventsRebuild(t *testing.T) {
	for seed := range uint64(8) {
		s, keep := rng.New(seed, "operations"), &kept{}
		log := &Log{Emit: keep}
		banks := []*Bank{NewBank("left", log, nil), NewBank("right", log, nil)}
		slow := make([]slowBank, len(banks))
		var replay Replay
		after := map[int]map[string][]lab.Entry{} // the banks behind so many events
		for range 300 {
			i := s.IntN(len(banks))
			log.T++
			play(t, s, banks[i], &slow[i])
			if s.Bool(0.03) {
				banks[i] = restored(t, banks[i], log)
			}
			for _, ev := range keep.all[replay.Done():] {
				if err := replay.Apply(ev); err != nil {
					t.Fatal(err)
				}
			}
			now := map[string][]lab.Entry{}
			for j, b := range banks {
				want, tokens := append([]lab.Entry{}, slow[j]...), 0
				for _, e := range want {
					tokens += e.Tokens
				}
				if got := plainEntries(b.All()); !reflect.DeepEqual(got, want) || b.Len() != len(want) || b.Tokens() != tokens {
					t.Fatalf("seed %d: bank %s holds %v of %d tokens, want %v of %d", seed, b.Name, got, b.Tokens(), want, tokens)
				}
				if got := plainEntries(replay.Entries(b.Name)); !reflect.DeepEqual(got, want) {
					t.Fatalf("seed %d: the events of %s rebuild %v, want %v", seed, b.Name, got, want)
				}
				if slices.Contains(replay.Names(), b.Name) {
					now[b.Name] = want
				}
			}
			after[replay.Done()] = now
		}
		for range 20 { // and from the beginning, at any moment
			upto := s.IntN(len(keep.all) + 1)
			want, whole := after[upto]
			got, err := Rebuild(slices.Values(keep.all), upto)
			if err != nil {
				t.Fatal(err)
			}
			if whole && !reflect.DeepEqual(got, want) { // a merge is several events
				t.Fatalf("seed %d: behind %d operations %v, want %v", seed, upto, got, want)
			}
		}
		all, err := Rebuild(slices.Values(keep.all), -1)
		if err != nil || !reflect.DeepEqual(all, after[len(keep.all)]) {
			t.Fatalf("seed %d: all operations rebuild %v, %v", seed, all, err)
		}
	}
}

// restored is a new bank with the state of another; what follows in the stream stays there.
func restored(t *testing.T, b *Bank, log *Log) *Bank {
	t.Helper()
	var stream bytes.Buffer
	if err := b.Snapshot(&stream); err != nil {
		t.Fatal(err)
	}
	stream.WriteString("next")
	fresh := NewBank(b.Name, log, nil)
	if err := fresh.Restore(&stream); err != nil || stream.String() != "next" {
		t.Fatalf("restored with %q left, %v", stream.String(), err)
	}
	return fresh
}

func TestARecordThatDoesNotHoldTogetherIsFoundAtTheFirstOperationThatShowsIt(t *testing.T) {
	whole := func() []lab.Memory {
		keep := &kept{}
		b := NewBank("b", &Log{Emit: keep}, nil)
		mustAdd(t)(b.Add(lab.Entry{Text: "one word"}, ""))
		mustAdd(t)(b.Add(lab.Entry{Text: "two"}, ""))
		if err := b.Change("0", func(e *lab.Entry) { e.Text = "changed" }, ""); err != nil {
			t.Fatal(err)
		}
		if err := b.Delete("1", ""); err != nil {
			t.Fatal(err)
		}
		return keep.all
	}
	for name, test := range map[string]struct {
		spoil func(all []lab.Memory) []lab.Memory
		says  string
	}{
		"an operation is missing":     {func(all []lab.Memory) []lab.Memory { return slices.Delete(all, 1, 2) }, "operation 1 (change) leaves bank"},
		"an entry is written twice":   {func(all []lab.Memory) []lab.Memory { return slices.Insert(all, 1, all[0]) }, "operation 1, write"},
		"the entry before is another": {func(all []lab.Memory) []lab.Memory { all[2].Before.Text = "other"; return all }, "operation 2, change"},
		"a deleted entry is another":  {func(all []lab.Memory) []lab.Memory { all[3].Before.Tokens++; return all }, "operation 3, delete"},
		"the size is wrong":           {func(all []lab.Memory) []lab.Memory { all[1].Size++; return all }, "operation 1 (write)"},
		"the tokens are wrong":        {func(all []lab.Memory) []lab.Memory { all[0].Tokens--; return all }, "says 1 of 1"},
		"the entry after is missing":  {func(all []lab.Memory) []lab.Memory { all[2].After = nil; return all }, "operation 2, change"},
		"an operation has no kind":    {func(all []lab.Memory) []lab.Memory { all[1].Op = "burn"; return all }, "none of write"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Rebuild(slices.Values(test.spoil(whole())), -1)
			if lab.CodeOf(err) != lab.Invalid || !strings.Contains(fmt.Sprint(err), test.says) {
				t.Fatalf("got %v, want an error with %q", err, test.says)
			}
		})
	}
	if _, err := Rebuild(slices.Values(whole()), -1); err != nil {
		t.Fatal(err)
	}
}

// mustAdd takes what Add returns.
func mustAdd(t *testing.T) func(id string, err error) string {
	return func(id string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
}

func TestWhatARecordCannotKeepIsNotKeptByTheBankEither(t *testing.T) {
	keep := &kept{}
	b := NewBank("b", &Log{Emit: keep}, nil)
	id := mustAdd(t)(b.Add(lab.Entry{Text: "a\xffb", Labels: []string{}, Numbers: map[string]lab.Float{"n": lab.Float(math.NaN())}}, ""))
	if e, _ := b.Get(id); e.Text != "a\uFFFDb" || e.Labels != nil || !same(e, keep.all[0].After) {
		t.Fatalf("the bank holds %+v, the record %+v", e, keep.all[0].After)
	}
	if err := b.Change(id, func(e *lab.Entry) { e.Text += "" }, ""); err != nil || len(keep.all) != 1 {
		t.Fatalf("an entry that stays is an event: %d, %v", len(keep.all), err)
	}
	if _, err := b.Add(lab.Entry{Numbers: map[string]lab.Float{"\xff": 1}}, ""); lab.CodeOf(err) != lab.Internal || b.Len() != 1 {
		t.Fatalf("a number without a valid name: %v", err)
	}
}

func TestWhatIsNotThereCanBeNeitherChangedNorDeletedNorMerged(t *testing.T) {
	keep := &kept{}
	b := NewBank("b", &Log{Emit: keep}, nil)
	id := mustAdd(t)(b.Add(lab.Entry{Text: "x"}, ""))
	for name, err := range map[string]error{
		"change": b.Change("7", func(*lab.Entry) {}, ""),
		"delete": b.Delete("7", ""),
		"merge":  second(b.Merge([]string{id, "7"}, lab.Entry{}, "")),
		"twice":  second(b.Merge([]string{id, id}, lab.Entry{}, "")),
	} {
		if lab.CodeOf(err) != lab.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	if b.Len() != 1 || len(keep.all) != 1 {
		t.Fatalf("%d entries, %d events behind refused operations", b.Len(), len(keep.all))
	}
}

func second[A any](_ A, err error) error { return err }

func TestABankWithoutARecordCountsWhatItDoesNotKeep(t *testing.T) {
	log := &Log{}
	b := NewBank("b", log, nil)
	mustAdd(t)(b.Add(lab.Entry{Text: "x"}, ""))
	if err := b.Delete("0", ""); err != nil || log.Omitted != 2 {
		t.Fatalf("omitted %d, want 2; %v", log.Omitted, err)
	}
}

func TestABankMayChangeWhileItIsWalked(t *testing.T) {
	b := NewBank("b", nil, nil)
	for range 500 {
		mustAdd(t)(b.Add(lab.Entry{Text: "x"}, ""))
	}
	for i, e := range b.All() {
		if i%5 != 0 {
			if err := b.Delete(e.ID, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	all := b.All()
	if e, ok := b.Oldest(); len(all) != 100 || all[1].ID != "5" || !ok || e.ID != "0" {
		t.Fatalf("%d left, the oldest is %v", len(all), e)
	}
}

func FuzzABrokenSnapshotIsAnErrorAndLeavesTheBank(f *testing.F) {
	b := NewBank("b", nil, nil)
	_, _ = b.Add(lab.Entry{Text: "x"}, "")
	var whole bytes.Buffer
	if err := b.Snapshot(&whole); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Add(whole.Bytes()[:20])
	f.Add([]byte("\x10\x00\x00\x00\x00\x00\x00\x7f{}"))
	f.Add([]byte("\x1f\x00\x00\x00\x00\x00\x00\x00" + `{"name":"b","entries":[null]}  `))
	f.Fuzz(func(t *testing.T, text []byte) {
		got := NewBank("b", nil, nil)
		mustAdd(t)(got.Add(lab.Entry{Text: "old"}, ""))
		if err := got.Restore(bytes.NewReader(text)); err != nil {
			if lab.CodeOf(err) != lab.Invalid || got.Len() != 1 {
				t.Fatalf("%v leaves %d entries", err, got.Len())
			}
			return
		}
		for _, e := range got.All() {
			if there, ok := got.Get(e.ID); !ok || there != e {
				t.Fatalf("entry %q is listed and not there", e.ID)
			}
		}
	})
}
