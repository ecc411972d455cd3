package memact

import (
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/segment"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer"
)

// attempt is one of calls that each wrote the given number of tokens; true begins a new context, as an edit does.
func attempt(reward float64, calls ...int) rl.Trajectory {
	t := rl.Trajectory{Reward: reward}
	context := []int32{7}
	for i, n := range calls {
		if n < 0 { // an edit stands before the call
			context, n = []int32{7, int32(10 + i)}, -n
		}
		tokens := make([]int32, n)
		t.Segments = append(t.Segments, rl.Segment{Context: context, Tokens: tokens, Logprobs: make([]float32, n)})
		context = slices.Concat(context, tokens, []int32{9})
	}
	return t
}

// two is a group of two attempts: a success of three segments with 2, 3 and 1 tokens, and an overflow of one segment with 4.
func two() (rl.Group, []*desk) {
	desks := []*desk{{said: [][]int32{{9}, {9}, {9}}}, {said: [][]int32{{9}, nil}}}
	return rl.Group{Trajectories: []rl.Trajectory{attempt(1, 2, -3, -1), attempt(-0.1, 3, 1)}}, desks
}

func rowsOf(t *testing.T, k RLKnobs) ([]rl.Datum, batch) {
	t.Helper()
	m := &method{knobs: k, draws: rng.New(1, "draws"), room: 99}
	g, desks := two()
	var u batch
	rows, err := m.rows([]rl.Group{g}, [][]*desk{desks}, &u)
	if err != nil {
		t.Fatal(err)
	}
	return rows, u
}

// tokensOf lists, in order, the number of trained tokens of each row and their advantage.
func tokensOf(rows []rl.Datum) (n []int, a []float64) {
	for _, r := range rows {
		count, value := 0, 0.0
		for i, w := range r.Weights {
			if w != 0 {
				count, value = count+1, float64(r.Advantages[i])
			}
		}
		n, a = append(n, count), append(a, value)
	}
	return n, a
}

func TestRowsByHand(t *testing.T) {
	for name, c := range map[string]struct {
		knobs  RLKnobs
		tokens []int   // of the rows, sorted
		up     float64 // advantage of a token of the success
		down   float64 // of the overflow
		offset float64 // mean advantage of an attempt
	}{
		// mean 0.45, deviation 0.55: +1 and -1; 2 + 3 + 1 + 4 tokens are trained
		"all segments": {RLKnobs{Rows: DCPORows, Statistics: PerAttempt, Segments: 16}, []int{1, 2, 3, 4}, 1.0 / 10, -1.0 / 10, 0},
		"one of naive": {RLKnobs{Rows: NaiveRows, Statistics: PerAttempt, Segments: 16}, []int{4, 6}, 1.0 / 10, -1.0 / 10, 0},
		// mean (3 - 0.1)/4 = 0.725, deviation sqrt((3 * 0.275^2 + 0.825^2) / 4) = 0.47631
		"over segments": {RLKnobs{Rows: DCPORows, Statistics: PerSegment, Segments: 16}, []int{1, 2, 3, 4}, 0.57735 / 10, -1.73205 / 10, -0.57735},
	} {
		t.Run(name, func(t *testing.T) {
			rows, u := rowsOf(t, c.knobs)
			n, a := tokensOf(rows)
			for i := range n {
				want := c.up
				if n[i] == 4 {
					want = c.down
				}
				if math.Abs(a[i]-want) > 1e-5 {
					t.Errorf("a row of %d tokens has advantage %v, want %v", n[i], a[i], want)
				}
			}
			if slices.Sort(n); !slices.Equal(n, c.tokens) {
				t.Errorf("rows train %v tokens, want %v", n, c.tokens)
			}
			if got := mean(u.advantages); math.Abs(got-c.offset) > 1e-5 {
				t.Errorf("the mean advantage is %v, want %v", got, c.offset)
			}
		})
	}
}

func TestSegmentsAreDrawnInTurnAndCounted(t *testing.T) {
	rows, u := rowsOf(t, RLKnobs{Rows: DCPORows, Statistics: PerAttempt, Segments: 3})
	n, a := tokensOf(rows)
	if len(n) != 3 || u.drawn != 3 || u.least != 1 || u.most != 2 || !slices.Contains(n, 4) {
		t.Errorf("rows of %v tokens, %d drawn, an attempt gave %d to %d; want 3 of which one is the overflow's", n, u.drawn, u.least, u.most)
	}
	total := 0
	for _, x := range n {
		total += x
	}
	for i := range a {
		if math.Abs(math.Abs(a[i])-1/float64(total)) > 1e-5 {
			t.Errorf("advantages %v, want 1 over %d tokens", a, total)
		}
	}
	if u.attempts != 2 || u.success != 1 || u.found != 1 || u.pieces != 4 || math.Abs(u.reward-0.9) > 1e-12 {
		t.Errorf("counted %+v", u)
	}
}

func TestAGroupWithoutDifferenceTeachesNothing(t *testing.T) {
	m := &method{knobs: RLKnobs{Rows: DCPORows, Statistics: PerAttempt, Segments: 4}, draws: rng.New(1, "draws")}
	g := rl.Group{Trajectories: []rl.Trajectory{attempt(0, 2), attempt(0, 3)}}
	var u batch
	rows, err := m.rows([]rl.Group{g}, [][]*desk{{{}, {}}}, &u)
	if err != nil || len(rows) != 0 || u.flat != 1 || len(u.measures()) == 0 {
		t.Errorf("%d rows, %d flat groups, %v", len(rows), u.flat, err)
	}
}

func TestTheLongerRowReadsWhatWasDeleted(t *testing.T) {
	rows, _ := rowsOf(t, RLKnobs{Rows: NaiveRows, Statistics: PerAttempt, Segments: 4})
	for _, r := range rows {
		if n, _ := tokensOf([]rl.Datum{r}); n[0] == 6 && len(r.Input) != 1+2+1+3+1+1-1 {
			t.Errorf("the unedited row reads %v", r.Input)
		}
	}
}

// The success has 1 + 2 + 1 + 3 = 7 tokens behind its second call and 9 behind its third.
func TestAnUneditedRowEndsWhereTheModelHasNoMoreRoom(t *testing.T) {
	g, desks := two()
	whole, err := segment.Unedited(&g.Trajectories[0], desks[0].said)
	if err != nil {
		t.Fatal(err)
	}
	for room, want := range map[int]int{2: 0, 3: 1, 6: 1, 7: 2, 8: 2, 9: 3} {
		if got := len(fitting(whole.Segments, room)); got != want {
			t.Errorf("%d calls fit into %d tokens, want %d", got, room, want)
		}
	}
}

func TestCorrelationAndDistanceByHand(t *testing.T) {
	if got := correlation([]float64{1, -1, 0}, []float64{3, 1, 2}); math.Abs(got-1) > 1e-12 {
		t.Errorf("correlation is %v, want 1", got)
	}
	if got := correlation([]float64{1, -1}, []float64{2, 2}); got != 0 {
		t.Errorf("correlation with what does not vary is %v", got)
	}
	data := []rl.Datum{{Weights: []float32{0, 1, 1}, Logprobs: []float32{0, -1, -2}}}
	out := trainer.Output{Rows: []trainer.Row{{Logprobs: []float32{-9, -1.5, -2.25}}}}
	if got := meanGap(data, out); math.Abs(got-0.375) > 1e-7 {
		t.Errorf("mean distance is %v, want 0.375", got)
	}
}

// The teacher without faults answers everything within the limit; with its faults the context still holds what it names.
func TestTheTeacherWithoutFaultsIsTheOracle(t *testing.T) {
	k := ContextKnobs{Mode: CurateMode, Limit: 96, Penalty: 0.1, Prunable: true}
	for _, n := range []int{1, 2, 4, 6} {
		d := sat(t, k, n, 3)
		who := &teacher{due: 2, draw: rng.New(3, "teacher")}
		for !d.Act(who.act(d)).Done {
		}
		if !d.info.Success || d.tale.overflow || d.tale.failures > 0 || d.tale.prunes != max(0, (n-1)/2) {
			t.Errorf("%d questions: %+v, %+v", n, d.info, d.tale)
		}
	}
	forgetful, never := sat(t, k, 6, 3), sat(t, k, 6, 3)
	for d, h := range map[*desk]habits{forgetful: {Forget: 1}, never: {Lazy: 1}} {
		who := &teacher{due: 2, habits: h, draw: rng.New(3, "teacher")}
		for !d.Act(who.act(d)).Done {
		}
	}
	if forgetful.info.Success || forgetful.tale.overflow || len(forgetful.known()) != 4 {
		t.Errorf("a forgetful teacher knows %v at the end: %+v", forgetful.known(), forgetful.tale)
	}
	if !never.tale.overflow || never.tale.prunes != 0 {
		t.Errorf("one that never prunes comes to %+v", never.tale)
	}
}

// A row of the warm start is one segment of a trace: it begins with the context behind an edit, and a memory action ends it.
func TestRowsOfTheWarmStartAreSegments(t *testing.T) {
	s := setup(t, small().With("most", 4), tinier().With("warm_most", 4), tight(), brief())
	spec, source, err := warmStart(s)
	if err != nil {
		t.Fatal(err)
	}
	_, words, err := newWorld(spec.Mix.(mixture).World)
	if err != nil {
		t.Fatal(err)
	}
	closed, edited := 0, 0
	for i := range uint64(60) {
		d, err := source(i)
		if err != nil {
			t.Fatal(err)
		}
		text := decode(words, d.Targets)
		first := slices.Index(d.Weights, 1)
		if d.Weights[len(d.Weights)-1] != 1 || first < 0 {
			t.Fatalf("row %q does not end with what the teacher wrote", text)
		}
		before := decode(words, d.Input[:first+1])
		if prune := parseCall(lastCall(text)); prune.Tool == pruneTool {
			closed++
		}
		if parts := len(before); parts > 0 && slices.Contains(fields(before), doneWord) {
			edited++
		}
	}
	if closed < 8 || edited < 8 {
		t.Errorf("of 60 rows %d end with a memory action and %d begin behind one", closed, edited)
	}
}

// lastCall is what the teacher wrote last in a row.
func lastCall(text string) string {
	words := fields(text)
	if len(words) > 0 && words[len(words)-1] == "<end>" {
		words = words[:len(words)-1]
	}
	at := 0
	for i, w := range words {
		if w == findTool || w == pruneTool || w == answerTool {
			at = i
		}
	}
	call := ""
	for _, w := range words[at:] {
		call += w + " "
	}
	return call
}

var _ lab.Forker = (*method)(nil)
