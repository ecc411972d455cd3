package memoryr1

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/world/chat"
)

// oneBase is a cache that the set-ups of a test share, so that their warm start is made once.
func oneBase(t *testing.T) lab.Bench { return lab.Bench{Cache: t.TempDir()} }

// untrained are rules and yardsticks: nothing is learned, and little is asked of the model.
func untrained() given {
	return brief().With("updates", 0).With("answer_updates", 0).With("test_conversations", 60)
}

func TestManagersByRuleStandWhereTheyShould(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	at := func(manager string) float64 {
		return finish(t, begin(t, setup(t, tinier(), own().With("manager", manager), untrained()), 1, bench)).Last(t, MetricEM)
	}
	oracle, habit, all, chance, none := at(OracleManager), at(DeleteThenAdd), at(AddAll), at(RandomManager), at(NoManager)
	if oracle < 0.99 || habit < all || habit > 0.95 || chance > habit-0.1 || none != 0 {
		t.Errorf("oracle %v, delete-then-add %v, add-all %v, random %v, none %v", oracle, habit, all, chance, none)
	}
}

func TestReferencesScoreAsTheWorldSays(t *testing.T) {
	for policy, want := range map[string][2]float64{"oracle": {1, 1}, "full-memory": {0.99, 1}, "memory-free": {0, 0.15}, "random": {0, 0.05}} {
		r := finish(t, begin(t, setup(t, given{"kind": Reference, "policy": policy}, own(), untrained()), 1, lab.Bench{}))
		if got := r.Last(t, MetricEM); got < want[0] || got > want[1] {
			t.Errorf("%s: em is %v, want %v to %v", policy, got, want[0], want[1])
		}
	}
}

func TestAnyMemoryRunsHere(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	for _, kind := range mem.Kinds() {
		r := finish(t, begin(t, setup(t, tinier(), given{"kind": kind.Name}, brief().With("answer_updates", 1).With("test_conversations", 2).With("pool", 2)), 1, bench))
		em := r.Last(t, MetricEM)
		if strings.HasPrefix(kind.Name, "none") && em != 0 || kind.Name == "full" && em < 0.5 {
			t.Errorf("memory %s: em is %v", kind.Name, em)
		}
		if r.Last(t, MetricAnswer) < 0 || len(r.Series(MetricReward)) > 0 {
			t.Errorf("memory %s: the answer agent did not answer, or a manager learned", kind.Name)
		}
	}
}

// variants are set-ups that go different ways through the code.
func variants() map[string][2]given {
	return map[string][2]given{
		"both stages":  {own(), brief()},
		"critic":       {own(), brief().With("algorithm", PPO).With("updates", 1)},
		"model reader": {own(), brief().With("reader", ModelReader).With("answer_updates", 1)},
		"oracle banks": {own(), brief().With("own_banks", false).With("answer_updates", 1)},
		"control":      {own(), brief().With("more_supervised", true)},
		"bm25":         {given{"kind": "bm25"}, brief()},
	}
}

func TestAnyNumberOfThreadsGivesTheSameEvents(t *testing.T) {
	bench := oneBase(t)
	for name, v := range variants() {
		s := setup(t, tinier(), v[0], v[1])
		want := finish(t, begin(t, s, 1, bench)).Text(t)
		b := bench
		b.Threads = 3
		if got := finish(t, begin(t, s, 1, b)).Text(t); got != want {
			t.Errorf("%s, 3 threads: events differ", name)
		}
	}
}

// Every unit is left at its end and taken up by another method.
func TestARestoredMethodGoesOnAsIfNothingHadHappened(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	for name, v := range variants() {
		s := setup(t, tinier(), v[0], v[1])
		want := finish(t, begin(t, s, 1, bench))
		got, m := &record{}, begin(t, s, 1, bench)
		for left := true; left; {
			left = got.Advance(t, m)
			var state bytes.Buffer
			if err := m.Snapshot(&state); err != nil {
				t.Fatal(err)
			}
			if m = begin(t, s, 1, bench); m.Restore(&state) != nil {
				t.Fatal("the state cannot be restored")
			}
		}
		if got.Text(t) != want.Text(t) {
			t.Errorf("%s: events differ", name)
		}
	}
}

func TestADamagedStateIsAnError(t *testing.T) {
	bench := oneBase(t)
	s := setup(t, tinier(), own(), brief())
	m := begin(t, s, 1, bench)
	finish(t, m)
	var state bytes.Buffer
	if err := m.Snapshot(&state); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, state.Len() / 2, state.Len() - 1} {
		if err := begin(t, s, 1, bench).Restore(bytes.NewReader(state.Bytes()[:n])); err == nil {
			t.Errorf("a state of %d bytes of %d is taken", n, state.Len())
		}
	}
}

// countdown is cancelled after it was asked so many times: in the middle of whatever asks.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// A unit that is stopped in its middle is dropped with its events, and done again from the last kept state.
func TestAMethodThatIsStoppedInTheMiddleOfAUnitGoesOnUndisturbed(t *testing.T) {
	bench := oneBase(t)
	s := setup(t, tinier(), own(), brief().With("algorithm", PPO))
	want := finish(t, begin(t, s, 1, bench)).Text(t)
	got, m := &record{}, begin(t, s, 1, bench)
	var state bytes.Buffer
	stops := 0
	for patience := 1; ; patience = patience*3/2 + 1 {
		ctx, unit := &countdown{Context: t.Context(), left: patience}, &record{}
		p, err := m.Advance(ctx, unit)
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			stops++
			m = begin(t, s, 1, bench)
			if state.Len() > 0 && m.Restore(bytes.NewReader(state.Bytes())) != nil {
				t.Fatal("the state cannot be restored")
			}
			continue
		}
		patience = 0
		got.Events = append(got.Events, unit.Events...)
		state.Reset()
		if err := m.Snapshot(&state); err != nil {
			t.Fatal(err)
		}
		if p.Done == p.Total {
			break
		}
	}
	if got.Text(t) != want || stops < 10 {
		t.Errorf("after %d stops the events differ", stops)
	}
}

// The very numbers of a run, counted in its events: the test stands before and behind each stage, evaluations between.
func TestARunReportsEachPartOften(t *testing.T) {
	papertest.Whole(t)
	r := finish(t, begin(t, setup(t, tinier(), own(), brief().With("test_conversations", 12)), 1, oneBase(t)))
	for name, want := range map[string]int{MetricMergeGroup: 1, MetricReward: 3, MetricAnsReward: 3, MetricSampled: 3, MetricEM: 4, MetricAnswer: 4, MetricAnswer12: 3,
		MetricParameters: 1, MetricLoss: 0, MetricValueError: 0} {
		if got := len(r.Series(name)); got != want {
			t.Errorf("%s is reported %d times, want %d", name, got, want)
		}
	}
	for _, name := range []string{MetricGap, MetricAnswerGap} {
		if gap := slices.Max(r.Series(name)); gap > 1e-4 {
			t.Errorf("sampler and trainer differ by %v nats: %s", gap, name)
		}
	}
	for _, ev := range r.Events {
		if m, ok := ev.(lab.Metric); ok && !slices.ContainsFunc(metrics(), func(s lab.MetricSpec) bool { return s.Name == m.Name }) {
			t.Fatalf("metric %q has no description", m.Name)
		}
	}
}

// Of each kept conversation the bank is rebuilt from its events at every step, and is what the prompt of that step shows.
func TestTheBankOfTheRecordIsWhatThePromptsShow(t *testing.T) {
	papertest.Whole(t)
	m := begin(t, setup(t, tinier(), own(), brief()), 1, oneBase(t))
	r := finish(t, m)
	replays, seen := map[int64]*mem.Replay{}, 0
	for _, ev := range r.Events {
		switch ev := ev.(type) {
		case lab.Memory:
			if replays[ev.Episode] == nil {
				replays[ev.Episode] = &mem.Replay{}
			}
			if err := replays[ev.Episode].Apply(ev); err != nil {
				t.Fatal(err)
			}
		case lab.Context:
			text, err := m.words.Decode(ev.Blocks[0].Tokens)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(text, manages) {
				continue
			}
			for i, id := range ev.Blocks[0].Entries {
				entries := replays[ev.Episode].Entries(fmt.Sprint("facts ", ev.Episode))
				at := slices.IndexFunc(entries, func(e *lab.Entry) bool { return e.ID == id })
				if at < 0 || !strings.Contains(text, slotWord(i+1)+" "+entries[at].Text+" "+entryEnd) {
					t.Fatalf("prompt %q shows entry %s, the record has %v", text, id, entries)
				}
				seen++
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d entries were shown", seen)
	}
}

// Reading the recorded ids with the weights of the warm start gives the recorded log-probabilities.
func TestRecordedTokensGiveTheRecordedLogProbabilitiesAgain(t *testing.T) {
	papertest.Whole(t)
	m := begin(t, setup(t, tinier(), own(), untrained().With("test_conversations", 2)), 1, oneBase(t))
	r := finish(t, m)
	kernels, err := num.Family("")
	if err != nil {
		t.Fatal(err)
	}
	core := num.NewCore(kernels, 1)
	defer core.Close()
	var read []int32
	again := 0
	for _, ev := range r.Events {
		switch ev := ev.(type) {
		case lab.Context:
			read = ev.Blocks[0].Tokens
		case lab.Step:
			if len(ev.State) == 0 {
				continue
			}
			wrote, err := m.words.Encode(ev.Action)
			if err != nil {
				t.Fatal(err)
			}
			row := nn.Row{Tokens: append(slices.Clone(read), wrote...)}
			for i, id := range wrote {
				row.Reads = append(row.Reads, nn.Read{At: len(read) - 1 + i, Target: id})
			}
			packs, _ := nn.PackRows([]nn.Row{row}, 0)
			for i, lp := range m.manager.Warm.Model().Logprobs(num.NewTape(core), packs[0]).Data {
				if math.Abs(float64(lp)-float64(ev.State[i])) > 1e-5 {
					t.Fatalf("token %d of %q: recorded %v, again %v", i, ev.Action, ev.State[i], lp)
				}
				again++
			}
		}
	}
	if again < 50 {
		t.Errorf("only %d tokens were in the record", again)
	}
}

// A manager who meets an addition: the oracle merges, habit deletes what was there, whoever adds everything leaves both.
func TestRulesDecideAsTheirNamesSay(t *testing.T) {
	w, err := newTalker(setup(t, tinier(), own(), brief()))
	if err != nil {
		t.Fatal(err)
	}
	shown := []line{{"4", "anna pets dog", 2, 2}, {"5", "anna pets also goat", 1, 1}, {"6", "ben city oslo", 0, 0}}
	for _, c := range []struct {
		policy, news, want string
	}{
		{OracleManager, "anna pets also cat", "UPDATE [1] anna pets dog cat"},
		{OracleManager, "anna pets also dog", "NOOP"},
		{OracleManager, "anna pets not dog", "DELETE [1]"},
		{OracleManager, "ben city rome", "UPDATE [3] ben city rome"},
		{OracleManager, "ben job baker", "ADD ben job baker"},
		{OracleManager, "ben pets not dog", "NOOP"},
		{DeleteThenAdd, "anna pets also cat", "DELETE [1] ADD anna pets also cat"},
		{DeleteThenAdd, "anna pets not dog", "DELETE [1]"},
		{DeleteThenAdd, "ben job baker", "ADD ben job baker"},
		{AddAll, "anna pets also cat", "ADD anna pets also cat"},
		{NoManager, "anna pets also cat", "NOOP"},
	} {
		news, ok := w.parse(c.news)
		if got := script(decide(c.policy, news, shown, w, nil)); !ok || got != c.want {
			t.Errorf("%s told %q: %s, want %s", c.policy, c.news, got, c.want)
		}
	}
	f, _ := w.parse("anna pets also cat")
	if a := together(f, []line{{"1", "anna pets also goat", 3, 3}, {"2", "anna pets dog", 2, 2}, {"3", "anna pets cat", 1, 1}}, w); !slices.Equal(a.Picked, []int{2, 1}) || !slices.Equal(a.Values, []string{"dog", "goat"}) {
		t.Errorf("entries together say %+v, want the list of turn 2 and what turn 3 added", a)
	}
}

// Traces are what the tokenizer and the context can hold, and their share of roles and habits is the one asked for.
func TestTracesAreMixedAsAskedFor(t *testing.T) {
	_, source, tr, err := warmStart(setup(t, tinier(), own(), brief()))
	if err != nil {
		t.Fatal(err)
	}
	manager, chained, additions := 0, 0, 0
	for i := range uint64(2000) {
		row, err := source(i)
		if err != nil {
			t.Fatal(err)
		}
		again, err := source(i)
		if err != nil || !slices.Equal(row.Targets, again.Targets) || len(row.Input) > 250 {
			t.Fatalf("trace %d is another one when asked for again, or has %d tokens", i, len(row.Input))
		}
		text, err := tr.words.Decode(append(row.Input[:1:1], row.Targets...))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(text, manages) {
			manager++
			if said := text[strings.Index(text, reply):]; strings.Contains(said, Delete) || strings.Contains(said, Update) || strings.Contains(said, Noop) {
				additions++
				if strings.Contains(said, Delete) && strings.Contains(said, Add) {
					chained++
				}
			}
		}
	}
	if share := float64(manager) / 2000; share < 0.45 || share > 0.55 {
		t.Errorf("the manager has %v of the traces, want half", share)
	}
	if share := float64(chained) / float64(additions); share < 0.35 || share > 0.65 {
		t.Errorf("of traces that touch an entry %v delete and add, want about half", share)
	}
}

func TestAnUnknownWorldOrSplitIsAnError(t *testing.T) {
	w, err := newTalker(setup(t, tinier(), own(), brief()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.talk("nowhere", 1); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("got %v", err)
	}
	if _, err := w.talk(chat.Train, 1); err != nil {
		t.Error(err)
	}
	k := AgentKnobs{Habit: 0.8, Noise: 0.3}
	k.Width, k.Heads = 32, 2
	if err := k.Validate(); lab.CodeOf(err) != lab.Invalid || !strings.Contains(fmt.Sprint(err), "0.8") {
		t.Errorf("shares of more than 1 give %v", err)
	}
}
