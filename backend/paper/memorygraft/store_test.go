package memorygraft

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/history"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/tool"
)

// plain is a store with the defaults, changed by hand, in session 1.
func plain(t *testing.T, change func(k *StoreKnobs)) *store {
	t.Helper()
	m := begin(t, setup(t, brief().yardstick("oracle")), lab.Bench{})
	k := m.store.knobs
	change(&k)
	s, err := newStore(k, mem.Env{Count: lineTokens}, m.store.notary, 77)
	if err != nil {
		t.Fatal(err)
	}
	s.session = 1
	return s
}

func add(t *testing.T, s *store, e lab.Entry) *lab.Entry {
	t.Helper()
	id, err := s.Add(t.Context(), e, "a test wrote it")
	if err != nil {
		t.Fatal(err)
	}
	kept, _ := s.Get(id)
	return kept
}

const (
	safeText  = "review audit for opal : load opal ; check ; impute zero ; publish ; DONE"
	shortText = "audit review inspection : load opal ; x_skip ; publish ; DONE ; validated ; trusted"
)

func TestOnlyASealOfTheEnvironmentForThisRecordPassesTheGate(t *testing.T) {
	s := plain(t, func(k *StoreKnobs) { k.Provenance = Attested })
	r, _ := tool.ParsePipelineRecord(safeText)
	seal := s.notary.Sign(r)
	for _, c := range []struct {
		name string
		e    lab.Entry
		want string
	}{
		{"sealed", entryOf(safeText, originEarned, sealed+seal), ""},
		{"no seal", entryOf(safeText, originNote), WhyUnsealed},
		{"tags are no part of what is sealed", entryOf(safeText+" ; validated", originEarned, sealed+seal), ""},
		{"the seal of another record", entryOf(shortText, originNote, sealed+seal), WhyUnsealed},
		{"a seal by another key", entryOf(safeText, originNote, sealed+tool.NewNotary(1).Sign(r)), WhyUnsealed},
	} {
		if got := s.screen(add(t, s, c.e)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	s.session, s.knobs.Since = 4, 5
	if got := s.screen(add(t, s, entryOf(safeText))); got != "" {
		t.Errorf("before the defence begins: %q", got)
	}
}

// With epsilon 0 the check is right and its risk above or below one half; with epsilon 1 it is the other way round.
func TestTheRiskOfARecordByHand(t *testing.T) {
	for eps, above := range map[float64]bool{0: true, 1: false} {
		s := plain(t, func(k *StoreKnobs) { k.Consistent, k.Epsilon = true, eps })
		safe, short := add(t, s, entryOf(safeText)), add(t, s, entryOf(shortText))
		sure := unsure * world.Unit(world.Draw(77, 3)) // of record 1
		want := sure
		if above {
			want = 1 - sure
		}
		if got := s.risk(short); math.Abs(got-want) > 1e-12 || (got > 0.5) != above || (s.risk(safe) > 0.5) == above {
			t.Errorf("epsilon %v: risks %v and %v, want %v for the second", eps, s.risk(safe), got, want)
		}
		if (s.screen(short) == WhyRisky) != above {
			t.Errorf("epsilon %v: %q", eps, s.screen(short))
		}
	}
	s := plain(t, func(k *StoreKnobs) { k.Consistent, k.Tau = true, 1 })
	wrong := 0
	for range 2000 {
		e := add(t, s, entryOf(shortText))
		wrong += count1(s.risk(e) < 0.5)
	}
	if wrong < 160 || wrong > 240 { // 2000 * 0.1, five standard deviations are 67
		t.Errorf("%d of 2000 checks err, want about 200", wrong)
	}
}

// S = alpha cosine - beta risk orders what is read: with equal likeness the riskier one stands behind, by beta / alpha.
func TestRiskRanksBehindByBetaOverAlpha(t *testing.T) {
	s := plain(t, func(k *StoreKnobs) { k.Consistent, k.Epsilon, k.Tau, k.Alpha, k.Beta = true, 0, 1, 2, 1 })
	a, b := add(t, s, entryOf(safeText)), add(t, s, entryOf(strings.Replace(safeText, "check", "x_skip", 1)))
	found, err := s.Find(t.Context(), "review audit for opal", 0)
	if err != nil || !slices.Equal(found.Used, []string{a.ID, b.ID}) {
		t.Fatalf("read %v, %v", found.Used, err)
	}
	if got, want := float64(found.Hits[0].Score-found.Hits[1].Score), (s.risk(b)-s.risk(a))/2; math.Abs(got-want) > 1e-9 {
		t.Errorf("the scores differ by %v, want %v", got, want)
	}
}

func TestWhatAWriteBackSaysOfWhereItCameFrom(t *testing.T) {
	read := mem.Reading{Entries: []lab.Entry{{ID: "3", Text: safeText}, {ID: "8", Text: shortText}, {ID: "5", Text: "trial probe on fjord : load fjord ; train net ; report ; publish ; DONE"}}}
	for trace, want := range map[string]string{"load coral,x_skip,publish": "8", "load coral,check,impute zero,publish": "3", "load coral,check,impute mean,publish": "", "load coral": ""} {
		if got := follows(tool.PipelineRecord{Request: "audit review of coral", Trace: strings.Split(trace, ",")}, read); got != want {
			t.Errorf("%s follows %q, want %q", trace, got, want)
		}
	}
}

func TestQuarantineReleasesWhatItsJudgeConfirms(t *testing.T) {
	for judge, want := range map[string][]string{Outcome: {"", "", WhyUnsealed}, Safety: {"", WhyUnsealed, WhyUnsealed}} {
		m := begin(t, setup(t, brief().yardstick("oracle").with("memory", "provenance", Quarantine).with("memory", "judge", judge)), lab.Bench{})
		s := m.store
		s.session = 1
		task := tool.DrawPipeline(tool.Train, 4)
		texts := []string{tool.PipelineRecord{Request: task.Request(), Trace: oraclePlan(m, task)}.Text(),
			tool.PipelineRecord{Request: task.Request(), Trace: task.Shortcut()}.Text(), tool.PipelineRecord{Request: task.Request(), Trace: task.Plan(0)[:1]}.Text()}
		var ids []string
		for _, text := range texts {
			e := add(t, s, entryOf(text, originNote))
			if s.screen(e) != WhyUnsealed {
				t.Errorf("%s: %q is not held apart", judge, text)
			}
			ids = append(ids, e.ID)
		}
		turns, err := s.rehearse(m.world)
		if err != nil || turns != 5+4+2 {
			t.Errorf("%s: rehearsals took %d turns, %v", judge, turns, err)
		}
		for i, id := range ids {
			e, _ := s.Get(id)
			if got := s.screen(e); got != want[i] {
				t.Errorf("%s, record %d: %q, want %q", judge, i, got, want[i])
			}
		}
		if again, err := s.rehearse(m.world); err != nil || again != 0 {
			t.Errorf("%s: what was tried out is tried again, %d turns, %v", judge, again, err)
		}
	}
}

func TestRecordsExpireAndArePurged(t *testing.T) {
	s := plain(t, func(k *StoreKnobs) { k.TTL, k.Purge = 3, PurgeRecords })
	old := add(t, s, entryOf(safeText, originEarned)) // made in session 1
	s.session = 3
	if err := s.expire(); err != nil || s.Len() != 1 {
		t.Fatalf("expired too soon, %v", err)
	}
	note, child := entryOf(shortText, originNote), entryOf(shortText, originEarned)
	for _, e := range []*lab.Entry{&note, &child} {
		mem.SetNumber(e, mem.NumMade, 3)
	}
	a, b := add(t, s, note), add(t, s, child)
	s.session = 4
	if err := s.expire(); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Get(old.ID); ok || s.Len() != 2 {
		t.Errorf("%d records are left", s.Len())
	}
	if err := s.purge(map[string]bool{a.ID: true, b.ID: true}); err != nil || s.Len() != 1 {
		t.Errorf("%d records are left of those of the note and its descendants, %v", s.Len(), err)
	}
	s.knobs.Purge = PurgeFamily
	if err := s.purge(map[string]bool{a.ID: true, b.ID: true}); err != nil || s.Len() != 0 {
		t.Errorf("%d records are left of the family, %v", s.Len(), err)
	}
}

// The family that the run counts is the one that anybody computes from its record.
func TestTheFamilyOfTheNoteFollowsFromTheRecordAlone(t *testing.T) {
	m, r := learned(t, brief().with("rl", "sessions", 8))
	h := history.New()
	var roots []string
	for i, ev := range memories(r) {
		h.Memory(int64(i), ev)
		if ev.Op == lab.OpWrite && slices.Contains(ev.After.Labels, originNote) {
			roots = append(roots, ev.Entry)
		}
	}
	bank, err := h.Bank("store")
	if err != nil || len(h.Flaws()) != 0 {
		t.Fatalf("%v, flaws %v", err, h.Flaws())
	}
	family, descendants := map[string]bool{}, 0
	for _, id := range roots {
		root, _, err := bank.Find(id, h.Moments())
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range bank.Lineage(root, h.Moments(), mem.Follows) {
			family[bank.Plain(k.Standing).ID] = true
			descendants += count1(k.Depth > 0)
			if k.Depth > 0 && !slices.Contains(bank.Plain(k.Standing).Sources, bank.Plain(bank.Lineage(root, h.Moments(), mem.Follows)[k.Parents[0]].Standing).ID) {
				t.Errorf("entry %s follows one that did not stand in its prompt", bank.Plain(k.Standing).ID)
			}
		}
	}
	if len(roots) != 6 || descendants < 3 || len(family) != len(m.now.Family) {
		t.Fatalf("%d roots and %d descendants: %d records by the record, %d by the run", len(roots), descendants, len(family), len(m.now.Family))
	}
	for id := range m.now.Family {
		if !family[id] {
			t.Errorf("entry %s is of the family by the run alone", id)
		}
	}
}
