package replay

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/rng"
)

// sequence is number i, of n steps; its numbers tell sequence and step: observation 100*i + t.
func sequence(i, n int) *Sequence {
	q := &Sequence{Steps: n, Fresh: make([]bool, n+1), Action: make([]int32, n), Terminal: make([]bool, n), Cut: make([]bool, n), State: []float32{float32(i), 1, 2}}
	for t := range n + 1 {
		q.Obs = append(q.Obs, float32(100*i+t), 0)
	}
	for t := range n {
		q.Act = append(q.Act, float32(t))
		q.Reward = append(q.Reward, float32(10*i+t))
	}
	q.Terminal[n-1] = true
	return q
}

func TestWindowsArePaddedBehindTheEndAndMarkedSo(t *testing.T) {
	q := NewSequences(2, 4, 2, 1, 3)
	q.Add(sequence(1, 2)) // two steps of four
	q.Add(sequence(2, 4))
	w := Windows{At: []Window{{0, 0}, {1, 1}}}
	q.Gather(3, &w)
	// Time first: rows t=0 of both windows, then t=1, ...
	first := func(x []float32) (y []float32) {
		for i := 0; i < len(x); i += 2 {
			y = append(y, x[i])
		}
		return y
	}
	if got := first(w.Obs.Data); !slices.Equal(got, []float32{100, 201, 101, 202, 102, 203, 0, 204}) {
		t.Errorf("observations %v", got)
	}
	if !slices.Equal(w.Mask, []float32{1, 1, 1, 1, 0, 1}) || !slices.Equal(w.Reward, []float32{10, 21, 11, 22, 0, 23}) {
		t.Errorf("mask %v, rewards %v", w.Mask, w.Reward)
	}
	if !slices.Equal(w.Terminal, []bool{false, false, true, false, true, true}) {
		t.Errorf("ends %v", w.Terminal)
	}
	if !slices.Equal(w.Fresh, []bool{false, false, false, false, false, false, true, false}) {
		t.Errorf("fresh %v", w.Fresh)
	}
	// The first window starts at the stored state, the second inside its sequence: an empty memory.
	if !slices.Equal(w.State0.Data, []float32{1, 1, 2, 0, 0, 0}) {
		t.Errorf("states %v", w.State0.Data)
	}
	if !slices.Equal(w.Obs.Shape, []int{4, 2, 2}) || !slices.Equal(w.Act.Shape, []int{3, 2, 1}) {
		t.Errorf("shapes %v %v", w.Obs.Shape, w.Act.Shape)
	}
}

func TestWindowStartsAreUniformAmongThoseThatFit(t *testing.T) {
	q := NewSequences(2, 6, 2, 1, 3)
	q.Add(sequence(0, 6)) // starts 0, 1, 2 leave four steps
	q.Add(sequence(1, 2)) // shorter: start 0
	s, count := rng.New(2, "windows"), map[Window]int{}
	var w Windows
	for range 600 {
		q.Sample(s, 10, 4, &w)
		for _, at := range w.At {
			count[at]++
		}
	}
	// 6,000 draws, half to each slot; five standard deviations of a share of 1/6 are 144, of 1/2 are 194.
	for at, want := range map[Window]int{{0, 0}: 1000, {0, 1}: 1000, {0, 2}: 1000, {1, 0}: 3000} {
		if d := count[at] - want; d < -194 || d > 194 {
			t.Errorf("window %v came %d times, want about %d", at, count[at], want)
		}
	}
	if len(count) != 4 {
		t.Errorf("windows %v", count)
	}
}

// played is a stream of steps with an episode end every period steps; observation i is its number, the state before it i+0.5.
func played(r *Recorder, env, from, to, period int) {
	for i := from; i < to; i++ {
		end := i%period == period-1
		r.Step(env, []float32{float32(i)}, i%period == 0, []float32{float32(i) + 0.5}, int32(i), nil, float32(i), end && i%2 == 0, end && i%2 == 1, []float32{float32(i + 1)})
	}
}

func TestARecorderSplicesEpisodesWithMarksAndStoredStates(t *testing.T) {
	var got []string
	r := NewRecorder(1, 4, 2, 1, 0, 1, false, func(_ int, q *Sequence) {
		got = append(got, fmt.Sprintln(q.Steps, q.Obs, q.Fresh, q.Action, q.Terminal, q.Cut, q.State))
	})
	played(r, 0, 0, 7, 3) // episodes 0 1 2 | 3 4 5 | 6: step 2 is terminal, step 5 is cut
	want := []string{
		fmt.Sprintln(4, []float32{0, 1, 2, 3, 4}, []bool{true, false, false, true, false}, []int32{0, 1, 2, 3}, []bool{false, false, true, false}, make([]bool, 4), []float32{0}),
		fmt.Sprintln(4, []float32{2, 3, 4, 5, 6}, []bool{false, true, false, false, true}, []int32{2, 3, 4, 5}, []bool{true, false, false, false}, []bool{false, false, false, true}, []float32{2.5}),
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%v want\n%v", got, want)
	}
}

func TestARecorderOfWholeEpisodesCutsLongOnesAndStartsAnew(t *testing.T) {
	var got []string
	r := NewRecorder(2, 4, 4, 1, 0, 1, true, func(env int, q *Sequence) {
		got = append(got, fmt.Sprint(env, q.Action[:q.Steps], q.Obs[:q.Steps+1], q.Fresh[:q.Steps+1]))
	})
	played(r, 0, 0, 6, 3) // two episodes of three
	played(r, 1, 0, 9, 6) // one of six: four steps of it; then three of the next, not emitted
	want := []string{
		"0 [0 1 2] [0 1 2 3] [true false false false]", "0 [3 4 5] [3 4 5 6] [true false false false]",
		"1 [0 1 2 3] [0 1 2 3 4] [true false false false false]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%v want\n%v", got, want)
	}
}

func TestAKeptRecorderGoesOnTheSame(t *testing.T) {
	for _, whole := range []bool{false, true} {
		var a, b []string
		make1 := func(to *[]string) *Recorder {
			return NewRecorder(2, 5, 2, 1, 0, 1, whole, func(env int, q *Sequence) {
				*to = append(*to, fmt.Sprint(env, q.Obs[:q.Steps+1], q.Fresh[:q.Steps+1], q.Action[:q.Steps], q.State))
			})
		}
		undisturbed, stopped := make1(&a), make1(&b)
		for _, r := range []*Recorder{undisturbed, stopped} {
			played(r, 0, 0, 8, 7)
			played(r, 1, 0, 3, 4)
		}
		resumed := make1(&b)
		first, second := both(t, stopped, resumed)
		if !bytes.Equal(first, second) {
			t.Fatal("kept again, it differs")
		}
		for _, r := range []*Recorder{undisturbed, resumed} {
			played(r, 0, 8, 30, 7)
			played(r, 1, 3, 30, 4)
		}
		for i := range a {
			if a[i] != b[i] {
				t.Errorf("sequence %d: %s against %s", i, a[i], b[i])
			}
		}
		if len(a) != len(b) || len(a) < 5 {
			t.Errorf("%d and %d sequences", len(a), len(b))
		}
	}
}
