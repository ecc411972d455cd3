package web

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// story is an episode as a test makes it up, with what the lanes ought to show worked out the slow way.
type story struct {
	id     int64
	events []lab.Event
	steps  []lab.Step
	ctx    map[int]lab.Context
	ops    map[int][]lab.MemoryOp
}

// tell makes up an episode of n steps with all kinds of events; the same seed tells the same story.
func tell(id int64, n int, seed uint64) story {
	r := rand.New(rand.NewPCG(seed, 7))
	s := story{id: id, ctx: map[int]lab.Context{}, ops: map[int][]lab.MemoryOp{}}
	rooms := []string{"kitchen", "hall \"north\"", "cellar,\"reward\":9,", "Boden\nTür"}
	for t := range n {
		saw := fmt.Sprintf("at %s, step %d", rooms[r.IntN(len(rooms))], t)
		if t > 0 && r.IntN(50) == 0 {
			saw += "\nnothing happens"
		}
		if r.IntN(10) > 0 {
			c := lab.Context{Episode: id, T: t, Limit: 384, Blocks: []lab.Block{
				{Name: "task", Text: "store the mug, \"count\":7", Tokens: []int32{1, 2, 3}, Count: 3}, {Name: "memory", Text: saw, Count: r.IntN(400), Dropped: r.IntN(3)}}}
			s.ctx[t] = c
			s.events = append(s.events, c)
		}
		for range r.IntN(3) {
			op := []lab.MemoryOp{lab.OpRead, lab.OpWrite, lab.OpChange, lab.OpMerge, lab.OpDelete}[r.IntN(5)]
			s.ops[t] = append(s.ops[t], op)
			s.events = append(s.events, lab.Memory{Op: op, Bank: "cases", Episode: id, T: t, Entry: "e1", Reason: "\"op\":\"read\""})
		}
		step := lab.Step{Episode: id, T: t, Saw: saw, Action: fmt.Sprintf("go %d", r.IntN(4)), Done: t == n-1}
		if r.IntN(20) == 0 {
			step.Reward = lab.Float(r.IntN(5)) / 2
		}
		if r.IntN(30) == 0 {
			step.Numbers = map[string]lab.Float{"executed": lab.Float(r.IntN(2)), "reward": 5}
		}
		s.steps = append(s.steps, step)
		s.events = append(s.events, step)
	}
	return s
}

func (s story) end(e lab.Episode) []lab.Event {
	e.ID, e.Steps, e.Detail = s.id, len(s.steps), true
	return append(slices.Clone(s.events), e)
}

func (s story) wrong(t int) bool {
	if v, ok := s.steps[t].Numbers["executed"]; ok && v < 1 {
		return true
	}
	return t+1 < len(s.steps) && strings.Contains(s.steps[t+1].Saw, "nothing happens")
}

func (s story) turn(t int) bool {
	return t == 0 && s.steps[0].Reward != 0 || t > 0 && s.steps[t].Reward != s.steps[t-1].Reward
}

func (s story) event(t int, kind string) bool {
	reads := slices.Contains(s.ops[t], lab.OpRead)
	writes := slices.ContainsFunc(s.ops[t], func(op lab.MemoryOp) bool { return op != lab.OpRead })
	return map[string]bool{"read": reads, "write": writes, "error": s.wrong(t), "reward": s.turn(t),
		"": reads || writes || s.wrong(t) || s.turn(t) || s.steps[t].Done}[kind]
}

// ref is one column, worked out from the events themselves.
func (s story) column(from, to int) (lo, hi lab.Float, context, dropped, reads, writes, changes, deletes, errors, turns int) {
	context, lo, hi = -1, s.steps[from].Reward, s.steps[from].Reward
	for t := from; t < to; t++ {
		lo, hi = min(lo, s.steps[t].Reward), max(hi, s.steps[t].Reward)
		if c, ok := s.ctx[t]; ok {
			sum, drop := 0, 0
			for _, b := range c.Blocks {
				sum, drop = sum+b.Count, drop+b.Dropped
			}
			context, dropped = max(context, sum), max(dropped, drop)
		}
		for _, op := range s.ops[t] {
			switch op {
			case lab.OpRead:
				reads++
			case lab.OpWrite:
				writes++
			case lab.OpChange, lab.OpMerge:
				changes++
			case lab.OpDelete:
				deletes++
			}
		}
		if s.wrong(t) {
			errors++
		}
		if s.turn(t) {
			turns++
		}
	}
	return
}

func (s story) checkLanes(t *testing.T, l Lanes) {
	t.Helper()
	n := len(s.steps)
	if want := max(1, (n+1999)/2000); l.Per != want || len(l.Reads) != (n+want-1)/want || len(l.Reads) > 2000 {
		t.Fatalf("%d steps came as %d columns of %d", n, len(l.Reads), l.Per)
	}
	for c := range l.Reads {
		lo, hi, context, dropped, reads, writes, changes, deletes, errors, turns := s.column(c*l.Per, min(n, (c+1)*l.Per))
		got := fmt.Sprint(l.RewardLo[c], l.RewardHi[c], l.Context[c], l.Dropped[c], l.Reads[c], l.Writes[c], l.Changes[c], l.Deletes[c], l.Errors[c], l.Turns[c])
		want := fmt.Sprint(lo, hi, context, dropped, reads, writes, changes, deletes, errors, turns)
		if got != want {
			t.Fatalf("column %d is %s, want %s", c, got, want)
		}
	}
}

func TestLanesOfAnEpisodeAreThoseOfASlowReference(t *testing.T) {
	for _, n := range []int{1, 2, 59, 64, 65, 2000, 2001, 4001} {
		t.Run(fmt.Sprintf("%d steps", n), func(t *testing.T) {
			k := newKit(t)
			s, noise := tell(5, n, uint64(n)), tell(6, n/3+1, 99)
			k.owner.write(t, "r1", append(woven(s.end(lab.Episode{Split: "eval", Seed: 3}), noise.events), lab.End{Status: lab.StatusDone})...)
			var got InspectEpisode
			k.get("/api/run/r1/inspect?episode=5", &got)
			if got.Steps != n || !got.Ended || got.Episode.Split != "eval" || got.After != 0 {
				t.Fatalf("episode is %+v", got)
			}
			s.checkLanes(t, got.Lanes)
		})
	}
}

// woven mixes two lists of events as parallel environments write them.
func woven(a, b []lab.Event) []lab.Event {
	out := []lab.Event{lab.Start{Key: "r1"}}
	for i := range max(len(a), len(b)) {
		if i < len(a) {
			out = append(out, a[i])
		}
		if i < len(b) {
			out = append(out, b[i])
		}
	}
	return out
}

func TestAnEpisodeOf100000StepsAnswersLikeASlowReference(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 60 MB")
	}
	k := newKit(t)
	s := tell(1, 100_000, 1)
	k.owner.write(t, "r1", append([]lab.Event{lab.Start{Key: "r1"}}, s.end(lab.Episode{Split: "train"})...)...)
	var head InspectEpisode
	k.get("/api/run/r1/inspect?episode=-1", &head)
	s.checkLanes(t, head.Lanes)
	r := rand.New(rand.NewPCG(3, 3))
	for range 40 {
		at := r.IntN(100_000)
		s.checkJump(t, k, at)
		for _, kind := range []string{"", "read", "write", "error", "reward"} {
			s.checkNext(t, k, at, kind)
		}
	}
	var found InspectFound
	k.get("/api/run/r1/inspect/search?episode=1&q=STEP+9999&limit=3", &found)
	// step 9999 and steps 99990 to 99999
	if found.Total != 11 || len(found.Hits) != 3 || !found.More || found.Hits[0].T != 9999 || found.Hits[1].T != 99990 || found.Steps != 100_000 {
		t.Errorf("found %+v", found)
	}
}

func (s story) checkJump(t *testing.T, k *kit, at int) {
	t.Helper()
	var w InspectWindow
	k.get(fmt.Sprintf("/api/run/r1/inspect/steps?episode=1&around=%d&limit=60", at), &w)
	if len(w.Rows) != 60 || w.From > at || at >= w.From+60 {
		t.Fatalf("the window of step %d goes from %d over %d rows", at, w.From, len(w.Rows))
	}
	for i, row := range w.Rows {
		want := s.steps[w.From+i]
		if row.T != want.T || row.Saw != want.Saw || row.Action != want.Action || row.Reward != want.Reward || row.Reads != countOp(s.ops[want.T], lab.OpRead) {
			t.Fatalf("row %d is %+v, want %+v", w.From+i, row, want)
		}
	}
	var d InspectStep
	k.get(fmt.Sprintf("/api/run/r1/inspect/step?episode=1&t=%d", at), &d)
	c, kept := s.ctx[at]
	if d.Step == nil || d.Step.Saw != s.steps[at].Saw || kept != (d.Context != nil) || (kept && fmt.Sprint(*d.Context) != fmt.Sprint(c)) {
		t.Fatalf("step %d is %+v", at, d)
	}
	if len(d.Memory) != len(s.ops[at]) || (at+1 < len(s.steps)) != d.Replied || (d.Replied && d.Reply != s.steps[at+1].Saw) {
		t.Fatalf("step %d has %d operations and reply %q", at, len(d.Memory), d.Reply)
	}
	before := at - 1
	for before >= 0 && s.ctx[before].Blocks == nil {
		before--
	}
	if before >= 0 && at-before <= mostReach && (d.Before == nil || d.BeforeT != before) {
		t.Fatalf("the context before step %d is that of %d, want %d", at, d.BeforeT, before)
	}
}

func countOp(ops []lab.MemoryOp, op lab.MemoryOp) (n int) {
	for _, o := range ops {
		if o == op {
			n++
		}
	}
	return n
}

func (s story) checkNext(t *testing.T, k *kit, at int, kind string) {
	t.Helper()
	for _, by := range []int{1, -1} {
		want := -1
		for i := at + by; i >= 0 && i < len(s.steps) && want < 0; i += by {
			if s.event(i, kind) {
				want = i
			}
		}
		var got InspectNext
		k.get(fmt.Sprintf("/api/run/r1/inspect/next?episode=1&t=%d&by=%d&event=%s", at, by, kind), &got)
		if got.T != want {
			t.Fatalf("from %d by %d the next %q is %d, want %d", at, by, kind, got.T, want)
		}
	}
}

func TestWhatFollowsTheLastStepStandsWithIt(t *testing.T) {
	k := newKit(t)
	k.owner.write(t, "r1", lab.Start{Key: "r1"},
		lab.Memory{Op: lab.OpRead, Bank: "b", Episode: 1, T: 0},
		lab.Step{Episode: 1, T: 0, Saw: "a", Action: "go"}, lab.Step{Episode: 1, T: 1, Saw: "b", Action: "stay", Reward: 1, Done: true},
		lab.Memory{Op: lab.OpChange, Bank: "b", Episode: 1, T: 2, Entry: "4", Before: &lab.Entry{ID: "4", Vector: []lab.Float{1}}, After: &lab.Entry{ID: "4", Text: "x"}},
		lab.Memory{Op: lab.OpWrite, Bank: "b", Episode: 1, T: 2, Entry: "5", After: &lab.Entry{ID: "5", Text: "new"}},
		lab.Episode{ID: 1, Split: "train", Steps: 2, Detail: true, Return: 1, Success: true, Why: lab.EndTerminal})
	var head InspectEpisode
	k.get("/api/run/r1/inspect", &head)
	if head.Steps != 2 || head.After != 2 || fmt.Sprint(head.Lanes.Writes, head.Lanes.Changes, head.Lanes.Reads) != "[0 1] [0 1] [1 0]" {
		t.Errorf("lanes are %+v", head)
	}
	var d InspectStep
	k.get("/api/run/r1/inspect/step?t=1", &d)
	if len(d.Memory) != 2 || !d.Memory[0].After || d.Memory[0].Op.Before.Vector != nil || d.Memory[0].Moment != 2 || d.Memory[1].Moment != 3 || d.Moment != 1 {
		t.Errorf("step 1 is %+v", d)
	}
}

func TestWhatWasWrittenDownBeforeTheStepsStandsWithThem(t *testing.T) {
	k := newKit(t)
	events := []lab.Event{lab.Start{Key: "r1"}}
	for i := range 200 { // read at every step while it is played
		events = append(events, lab.Memory{Op: lab.OpRead, Bank: "b", Episode: 1, T: i, Query: fmt.Sprint("q", i)})
	}
	for i := range 200 {
		events = append(events, lab.Context{Episode: 1, T: i, Limit: 9}, lab.Step{Episode: 1, T: i, Saw: fmt.Sprint("s", i)})
	}
	k.owner.write(t, "r1", append(events, lab.Episode{ID: 1, Steps: 200, Detail: true})...)
	for _, at := range []int{0, 3, 63, 64, 150, 199} {
		var d InspectStep
		k.get(fmt.Sprintf("/api/run/r1/inspect/step?t=%d", at), &d)
		if d.Step == nil || d.Step.Saw != fmt.Sprint("s", at) || len(d.Memory) != 1 || d.Memory[0].Op.Query != fmt.Sprint("q", at) || d.Context == nil || d.Replied != (at < 199) {
			t.Errorf("step %d is %+v", at, d)
		}
		var w InspectWindow
		k.get(fmt.Sprintf("/api/run/r1/inspect/steps?around=%d&limit=20", at), &w)
		if len(w.Rows) != 20 || w.Rows[5].Saw != fmt.Sprint("s", w.From+5) || w.Rows[5].Reads != 1 {
			t.Errorf("rows round %d are %+v", at, w.Rows)
		}
	}
	var old EpisodeDetail
	k.get("/api/run/r1/episode/1?from=0&limit=5", &old)
	if len(old.Steps) != 5 || len(old.Memory) != 5 || len(old.Context) != 5 {
		t.Errorf("%d steps, %d operations, %d contexts, want 5 of each", len(old.Steps), len(old.Memory), len(old.Context))
	}
}

func TestALiveEpisodeGrows(t *testing.T) {
	k := newKit(t)
	s := tell(1, 30, 4)
	half := len(s.events) / 2
	k.owner.write(t, "r1", append([]lab.Event{lab.Start{Key: "r1"}}, s.events[:half]...)...)
	var early, late InspectEpisode
	k.get("/api/run/r1/inspect?episode=1", &early)
	k.owner.extend(t, "r1", append(slices.Clone(s.events[half:]), lab.Episode{ID: 1, Steps: 30, Detail: true, Why: lab.EndFailed})...)
	k.get("/api/run/r1/inspect?episode=1", &late)
	if early.Ended || early.Steps >= 30 || !late.Ended || late.Steps != 30 {
		t.Fatalf("%d steps, then %d", early.Steps, late.Steps)
	}
	if late.Lanes.Errors[29] != 1 {
		t.Error("the last step of an episode that could not be finished is no error")
	}
	late.Lanes.Errors[29] = 0
	s.checkLanes(t, late.Lanes)
}

func TestARunWithoutKeptEpisodesSaysSo(t *testing.T) {
	k := newKit(t)
	k.owner.write(t, "r1", lab.Start{Key: "r1"}, lab.Episode{ID: 7, Split: "train", Steps: 9})
	var head InspectEpisode
	k.get("/api/run/r1/inspect", &head)
	if head.Episode.ID != -1 || head.Steps != 0 {
		t.Errorf("newest kept episode is %+v", head)
	}
	for _, target := range []string{"inspect?episode=8", "inspect/steps?episode=7", "inspect/step?episode=-1"} {
		if res := k.do(k.request("GET", "/api/run/r1/"+target, "")); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s is answered with %d", target, res.StatusCode)
		}
	}
	for _, target := range []string{"inspect?episode=x", "inspect/next?event=joy", "inspect/next?by=2", "inspect/search?q=", "inspect/episodes?order=odd", "inspect/episodes?outcome=odd"} {
		if res := k.do(k.request("GET", "/api/run/r1/"+target, "")); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s is answered with %d", target, res.StatusCode)
		}
	}
}

// oddStep is a step that this build cannot read.
type oddStep struct {
	Episode int64 `json:"episode"`
	T       int   `json:"t"`
	Saw     int   `json:"saw"`
}

func (oddStep) Kind() lab.Kind { return lab.KindStep }

func TestABrokenStepShowsItsRawBytesAndHidesNoOther(t *testing.T) {
	k := newKit(t)
	k.owner.write(t, "r1", lab.Start{Key: "r1"}, lab.Step{Episode: 1, T: 0, Saw: "a", Action: "go"}, oddStep{1, 1, 5}, lab.Step{Episode: 1, T: 2, Saw: "c", Action: "on"},
		lab.Episode{ID: 1, Steps: 3, Detail: true})
	var head InspectEpisode
	k.get("/api/run/r1/inspect", &head)
	if fmt.Sprint(head.Lanes.Errors, head.Lanes.Turns) != "[0 1 0] [0 0 0]" {
		t.Errorf("errors are %v", head.Lanes.Errors)
	}
	var w InspectWindow
	k.get("/api/run/r1/inspect/steps?around=1", &w)
	if len(w.Rows) != 3 || !w.Rows[1].Broken || w.Rows[2].Action != "on" {
		t.Errorf("rows are %+v", w.Rows)
	}
	var d InspectStep
	k.get("/api/run/r1/inspect/step?t=1", &d)
	if d.Step != nil || len(d.Broken) != 1 || d.Broken[0].Raw != `{"episode":1,"t":1,"saw":5}` || d.Broken[0].Kind != "step" || d.Reply != "c" {
		t.Errorf("the broken step is %+v", d)
	}
}

func TestADamagedRecordShowsWhatStandsBeforeTheDamage(t *testing.T) {
	k := newKit(t)
	s := tell(1, 300, 8)
	k.owner.write(t, "r1", append([]lab.Event{lab.Start{Key: "r1"}}, s.end(lab.Episode{})...)...)
	path := filepath.Join(k.owner.dir, "r1", "record.loci")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 0xff
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	var head InspectEpisode
	k.get("/api/run/r1/inspect?episode=1", &head)
	if head.Damage == "" || head.Ended || head.Steps < 100 || head.Steps > 200 {
		t.Fatalf("%d steps, damage %q", head.Steps, head.Damage)
	}
	var w InspectWindow
	k.get(fmt.Sprintf("/api/run/r1/inspect/steps?episode=1&around=%d", head.Steps-1), &w)
	if last := w.Rows[len(w.Rows)-1]; last.T != head.Steps-1 || last.Saw != s.steps[last.T].Saw {
		t.Errorf("the last row is %+v", last)
	}
}

func TestSearchFindsTextInWhatWasSeenDoneAndGiven(t *testing.T) {
	k := newKit(t)
	k.owner.write(t, "r1", lab.Start{Key: "r1"},
		lab.Context{Episode: 1, T: 0, Blocks: []lab.Block{{Name: "memory", Text: "Über \"Äpfel\"\nund Birnen", Count: 4}}},
		lab.Step{Episode: 1, T: 0, Saw: "a <b>", Action: "go \"north\""},
		lab.Step{Episode: 1, T: 1, Saw: "nothing", Action: "APPLES"},
		lab.Step{Episode: 2, T: 0, Saw: "a <b>"}, lab.Episode{ID: 1, Detail: true, Steps: 2})
	for _, c := range []struct{ query, want string }{
		{`"äpfel"`, "0 memory Über |\"Äpfel\"| und Birnen"}, {"birnen", "0 memory Über \"Äpfel\" und |Birnen|"}, {"<B>", "0 saw a |<b>|"},
		{`go "NORTH`, "0 action |go \"north|\""}, {"apples", "1 action |APPLES|"}, {"saw", ""}, {"episode", ""},
	} {
		var found InspectFound
		k.get("/api/run/r1/inspect/search?episode=1&q="+urlQuery(c.query), &found)
		got := ""
		for _, m := range found.Hits {
			got += strings.ReplaceAll(fmt.Sprintf("%d %s %s|%s|%s", m.T, m.Where, m.Before, m.Hit, m.After), "\n", " ")
		}
		if got != c.want || found.Steps != 2 {
			t.Errorf("%s: found %q, want %q", c.query, got, c.want)
		}
	}
}

func urlQuery(text string) string {
	r := strings.NewReplacer(`"`, "%22", " ", "+", "<", "%3C", ">", "%3E", "ä", "%C3%A4")
	return r.Replace(text)
}

func TestTwoEpisodesAreComparedStepByStep(t *testing.T) {
	k := newKit(t)
	play := func(id int64, seed uint64, split string, memory string, actions ...string) []lab.Event {
		out := []lab.Event{}
		for i, a := range actions {
			out = append(out, lab.Context{Episode: id, T: i, Blocks: []lab.Block{{Name: "memory", Text: memory}}}, lab.Step{Episode: id, T: i, Saw: "room", Action: a})
		}
		return append(out, lab.Episode{ID: id, Split: split, Seed: seed, Steps: len(actions), Detail: true})
	}
	setup := lab.Setup{Paper: "memrl", Sections: map[string]json.RawMessage{"world": json.RawMessage(`{"kind":"house"}`)}}
	k.owner.write(t, "r1", slices.Concat([]lab.Event{lab.Start{Key: "r1", Setup: setup}}, play(1, 9, "eval", "m", "a", "b", "c"), play(2, 8, "eval", "m", "a", "b", "c"))...)
	k.owner.write(t, "r2", slices.Concat([]lab.Event{lab.Start{Key: "r2", Setup: setup}}, play(5, 9, "eval", "n", "a", "x", "c", "d"))...)
	for _, c := range []struct {
		name, target, first string
		same                bool
		differ              string
	}{
		{"another run's in the same world", "other=r2&other-episode=5", "{1 -1 1 0 -1}", true, "[0 1 0]"},
		{"itself", "other=r1&other-episode=1", "{-1 -1 -1 -1 -1}", true, "[0 0 0]"},
		{"another world that was played alike", "other-episode=2", "{-1 -1 -1 -1 -1}", false, "[0 0 0]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got InspectAlign
			k.get("/api/run/r1/inspect/align?episode=1&"+c.target, &got)
			if fmt.Sprint(got.First) != c.first || got.SameWorld != c.same || fmt.Sprint(got.Differ) != c.differ {
				t.Errorf("got %+v", got)
			}
		})
	}
	var got InspectAlign
	k.get("/api/run/r2/inspect/align?episode=5&other=r1&other-episode=2", &got)
	if got.SameWorld || fmt.Sprint(got.Differ) != "[0 1 0 1]" || !strings.Contains(got.Sentence, "step 1: the action; the model was given something else from step 0 on") {
		t.Errorf("got %+v", got)
	}
}

func TestTheListOfEpisodesChoosesAndOrders(t *testing.T) {
	k := newKit(t)
	ep := func(id int64, split string, seed uint64, ok bool, why string) lab.Episode {
		return lab.Episode{ID: id, Split: split, Seed: seed, Success: ok, Why: why, Detail: id != 3}
	}
	k.owner.write(t, "r1", lab.Start{Key: "r1"}, ep(1, "train", 4, true, ""), ep(2, "eval", 5, false, ""), ep(3, "train", 6, false, ""), ep(4, "train", 5, false, lab.EndFailed), ep(5, "eval", 6, true, ""))
	for _, c := range []struct{ target, want string }{
		{"", "4 of 5: 5 4 2 1"}, {"order=failed", "4 of 5: 4 2 5 1"}, {"all=1&outcome=failed", "3 of 5: 4 3 2"}, {"split=eval&outcome=solved", "1 of 5: 5"},
		{"order=world&seed=5", "4 of 5: 4 2 5 1"}, {"limit=1&offset=1", "4 of 5: 4"}, {"split=none", "0 of 5:"},
	} {
		var l InspectList
		k.get("/api/run/r1/inspect/episodes?"+c.target, &l)
		got := fmt.Sprintf("%d of %d:", l.Total, l.All)
		for _, e := range l.Episodes {
			got += fmt.Sprintf(" %d", e.ID)
		}
		if got != c.want || l.Kept != 4 || fmt.Sprint(l.Splits) != "[{train 2 1} {eval 2 1}]" {
			t.Errorf("%s: %s, want %s; splits %v", c.target, got, c.want, l.Splits)
		}
	}
}

// scored is a reading as MemRL reports it: similarity and value are (1-lambda) and lambda of standard scores.
func scored(used int, rows ...[3]float64) []lab.Hit {
	hits := []lab.Hit{}
	for i, r := range rows {
		h := lab.Hit{Entry: fmt.Sprintf("e%d", int(r[0])), Rank: i + 1, Used: i < used, Parts: map[string]lab.Float{
			"similarity": lab.Float(r[1]), "value": lab.Float(r[2]), "from-similarity": lab.Float(r[1] / 2), "from-value": lab.Float(r[2] / 2)}}
		h.Score = (h.Parts["from-similarity"] + h.Parts["from-value"])
		if !h.Used {
			h.Why = "rank"
		}
		hits = append(hits, h)
	}
	return hits
}

func TestWhatIfIsSaidOnlyWhereTheRecordDecidesIt(t *testing.T) {
	out := append(scored(2, [3]float64{1, 0.9, 0.8}, [3]float64{2, 0.5, 0.9}, [3]float64{3, 0.95, 0.1}),
		lab.Hit{Entry: "e9", Parts: map[string]lab.Float{"similarity": 0.99, "value": 0.99}, Why: "below gate"})
	reason := "0.5 z(similarity) + 0.5 z(value) among the 5 most similar keys above 0.5"
	twelve := make([][3]float64, 12)
	for i := range twelve {
		twelve[i] = [3]float64{float64(i), 1 - float64(i)/20, 1 - float64(i)/30}
	}
	budget := scored(2, [3]float64{1, 0.9, 0.8}, [3]float64{2, 0.5, 0.9}, [3]float64{3, 0.95, 0.1})
	budget[2].Why = "over budget"
	for _, c := range []struct {
		name string
		hits []lab.Hit
		why  string
		want string
	}{
		// by similarity: 0.95, 0.90 | 0.5; by value: 0.9, 0.8 | 0.1, which is what was read
		{"another choice by similarity, the same by value", out, reason, "[{similarity alone [e3 e1] [e3] [e2]} {value alone [e2 e1] [] []}]"},
		{"chance chose", out, "any of the pool, with chance 0.1", "[]"},
		{"the report may be cut", scored(2, twelve...), reason, "[]"},
		{"a budget of tokens decided", budget, reason, "[]"},
		{"a tie at the border of values", scored(1, [3]float64{1, 0.9, 0.5}, [3]float64{2, 0.8, 0.5}), reason, "[{similarity alone [e1] [] []}]"},
		{"no reading", nil, reason, "[]"},
	} {
		if got := fmt.Sprint(whatIf(lab.Memory{Op: lab.OpRead, Reason: c.why, Hits: c.hits})); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if got := gateOf(out); got != "2 read; not read: 1 rank, 1 below gate" {
		t.Errorf("gate says %q", got)
	}
	if !addsUp(out) || addsUp([]lab.Hit{{Score: 1, Parts: map[string]lab.Float{"a": 0.5, "b": 0.4}}}) {
		t.Error("terms that add up are not told from those that do not")
	}
}

// FuzzSkimming: what is read without decoding is what decoding reads.
func FuzzSkimming(f *testing.F) {
	f.Add("a \"room\"\\", "go\n,\"reward\":", 0.5, true, 3.0)
	f.Add("", "", 0.0, false, 0.0)
	f.Fuzz(func(t *testing.T, saw, action string, reward float64, done bool, executed float64) {
		dir := t.TempDir()
		w, err := record.Create(filepath.Join(dir, "r"), record.Options{Now: func() time.Time { return time.UnixMilli(1) }})
		if err != nil {
			t.Fatal(err)
		}
		saw, action = strings.ToValidUTF8(saw, "?"), strings.ToValidUTF8(action, "?") // JSON holds no others
		numbers := map[string]lab.Float{"executed": lab.Float(executed)}
		if err := w.Emit(lab.Step{Saw: saw, Action: action, Reward: lab.Float(reward), Done: done, Numbers: numbers}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		skim := newSkimmer()
		for frame, err := range record.Scan(filepath.Join(dir, "r"), record.Position{}) {
			if err != nil {
				t.Fatal(err)
			}
			var fast, slow point
			_, _, ok := skim.fastStep(frame.Payload, &fast)
			if !ok {
				t.Fatalf("%s is not read", frame.Payload)
			}
			skim.step(frame, &fast)
			skim.slowStep(frame, &slow)
			if fmt.Sprint(fast) != fmt.Sprint(slow) {
				t.Fatalf("%s gives %+v, want %+v", frame.Payload, fast, slow)
			}
		}
	})
}

func TestWhatIsKnownOfTheEntriesThatAReadingNamed(t *testing.T) {
	k := newKit(t)
	hits := []lab.Hit{{Entry: "1", Rank: 1, Used: true}, {Entry: "2", Rank: 2, Why: "rank"}}
	entry := func(id, text string) *lab.Entry { return &lab.Entry{ID: id, Text: text, Tokens: 1} }
	k.owner.write(t, "r1", lab.Start{Key: "r1"},
		lab.Memory{Op: lab.OpWrite, Bank: "b", Episode: 1, T: 4, Entry: "1", After: entry("1", "old"), Size: 1, Tokens: 1},
		lab.Memory{Op: lab.OpWrite, Bank: "b", Episode: 2, T: 3, Entry: "2", After: entry("2", "two"), Size: 2, Tokens: 2},
		lab.Memory{Op: lab.OpRead, Bank: "b", Episode: 3, Hits: hits, Size: 2, Tokens: 2},
		lab.Episode{ID: 3, Success: true},
		lab.Memory{Op: lab.OpChange, Bank: "b", Episode: 4, Entry: "1", Before: entry("1", "old"), After: entry("1", "new"), Size: 2, Tokens: 2},
		lab.Memory{Op: lab.OpRead, Bank: "b", Episode: 5, Hits: hits, Size: 2, Tokens: 2})
	for _, c := range []struct{ target, want string }{
		{"at=4&ids=1,2,9", "[{1 new  1 4 1 0 1 0 false} {2 two  2 3 0 1 0 0 false}]"}, {"at=3&ids=1", "[{1 old  1 4 1 0 1 0 false}]"},
		{"at=2&ids=1", "[{1 old  1 4 0 0 0 0 false}]"}, {"at=1&ids=2", "[{2 two  2 3 0 0 0 0 true}]"},
	} {
		var notes []EntryNote
		k.get("/api/run/r1/inspect/entries?bank=b&"+c.target, &notes)
		if got := fmt.Sprint(notes); got != c.want {
			t.Errorf("%s: %s, want %s", c.target, got, c.want)
		}
	}
	var none []EntryNote
	if k.get("/api/run/r1/inspect/entries?bank=other&ids=1", &none); len(none) != 0 {
		t.Errorf("a bank that never was holds %v", none)
	}
}
