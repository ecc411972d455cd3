package summary

import (
	"fmt"
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

const (
	inputs = 3
	trials = 2
)

// fixture is a small model with trials of T random observations.
type fixture struct {
	core  *num.Core
	model *Model
	obs   *num.Tensor // [B*T][O]
	steps int
	begin []bool
}

func newFixture(t testing.TB, prompts, steps int) *fixture {
	t.Helper()
	core := num.NewCore(num.Go(), 1)
	t.Cleanup(core.Close)
	f := &fixture{core: core, steps: steps, obs: num.NewParam("obs", trials*steps, inputs), begin: make([]bool, trials*steps)}
	f.model = New(rng.New(1, "weights"), Shape{In: inputs, Width: 8, Layers: 2, Heads: 2, Inner: 12, Actions: 2, Prompts: prompts})
	s := rng.New(2, "observations")
	for i := range f.obs.Data {
		f.obs.Data[i] = float32(s.Normal())
	}
	for _, p := range f.model.Params() { // away from the special values of the start
		for i := range p.Data {
			p.Data[i] += 0.2 * float32(s.Normal())
		}
	}
	for _, p := range []*num.Tensor{f.model.Embed.W, f.model.Prompt} { // norms of small rows are too curved for finite differences
		for i := range p.Data {
			p.Data[i] *= 5
		}
	}
	for b := range trials {
		f.begin[b*steps], f.begin[b*steps+steps/3+b] = true, true
	}
	return f
}

func (f *fixture) pass(r Rule, segment, from int) (*num.Tape, *Pass, *num.Tensor) {
	t, p := num.NewTape(f.core), &Pass{Model: f.model, Rule: r}
	return t, p, p.Forward(t, Trials{Obs: f.obs, B: trials, T: f.steps, From: from, Begins: f.begin, Segment: segment})
}

// act plays the observations step by step and returns [B][T][A+1].
func (f *fixture) act(r Rule) (*Cache, []float32) {
	c := NewCache(f.core, f.model, r, trials, f.steps)
	w := f.model.Heads.Out()
	out := make([]float32, trials*f.steps*w)
	for i := range f.steps {
		obs, begin := f.at(i)
		c.Step(obs, begin)
		for b := range trials {
			copy(out[(b*f.steps+i)*w:], c.Out[b*w:(b+1)*w])
		}
	}
	return c, out
}

// at gives step i of all trials.
func (f *fixture) at(i int) (obs []float32, begin []bool) {
	for b := range trials {
		obs = append(obs, f.obs.Data[(b*f.steps+i)*inputs:(b*f.steps+i+1)*inputs]...)
		begin = append(begin, f.begin[b*f.steps+i])
	}
	return obs, begin
}

func rules() map[string]Rule {
	return map[string]Rule{
		"memo": {Segment: 3}, "newest summaries only": {Segment: 3, Keep: 1}, "two newest": {Segment: 3, Keep: 2},
		"layer states as cache": {Segment: 3, Direct: true}, "layer states, two newest": {Segment: 3, Direct: true, Keep: 2},
		"full context": {}, "window": {Window: 4}, "cut at episodes": {Episodes: true}, "window and cut": {Window: 3, Episodes: true},
	}
}

func apart(a, b []float32) (most float64) {
	for i := range a {
		most = max(most, math.Abs(float64(a[i]-b[i])))
	}
	return most
}

func TestActingStepByStepIsTheTrainingPassAtTheSameSegmentLength(t *testing.T) {
	for name, r := range rules() {
		for _, steps := range []int{11, 12, 13} { // the last segment partial, full, and of one step
			for _, prompts := range []int{1, 2} {
				f := newFixture(t, prompts, steps)
				_, _, out := f.pass(r, 3, 0)
				if _, got := f.act(r); apart(out.Data, got) > 1e-5 {
					t.Errorf("%s, %d steps, %d prompts: they differ by %g", name, steps, prompts, apart(out.Data, got))
				}
			}
		}
	}
}

func TestOnlyTheStepsAskedForAreReturned(t *testing.T) {
	f := newFixture(t, 2, 11)
	_, _, all := f.pass(Rule{Segment: 4}, 4, 0)
	_, _, late := f.pass(Rule{Segment: 4}, 4, 6)
	w := all.Last()
	for b := range trials {
		if d := apart(all.Data[(b*11+6)*w:(b*11+11)*w], late.Data[b*5*w:(b+1)*5*w]); d != 0 {
			t.Errorf("trial %d: they differ by %g", b, d)
		}
	}
}

// floor(t/l_seg)*l_sum + t mod l_seg entries after t steps: l_seg 3, l_sum 2 gives 1 2 2 | 3 4 4 | 5 6 6.
func TestTheCacheHoldsTheSummariesAndThePresentSegment(t *testing.T) {
	f := newFixture(t, 2, 9)
	for name, c := range map[string]struct {
		rule Rule
		want []int
	}{
		"memo":           {Rule{Segment: 3}, []int{1, 2, 2, 3, 4, 4, 5, 6, 6}},
		"newest only":    {Rule{Segment: 3, Keep: 1}, []int{1, 2, 2, 3, 4, 2, 3, 4, 2}},
		"full context":   {Rule{}, []int{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		"window of four": {Rule{Window: 4}, []int{1, 2, 3, 3, 3, 3, 3, 3, 3}}, // the fourth is the step itself
	} {
		cache := NewCache(f.core, f.model, c.rule, trials, 9)
		for i, want := range c.want {
			obs, begin := f.at(i)
			cache.Step(obs, begin)
			if got, _, _ := cache.Entries(0); got != want {
				t.Errorf("%s: %d entries after %d steps, want %d", name, got, i+1, want)
			}
		}
	}
}

// Summaries of segment n take n*l_sum..; a segment after n groups starts at n*l_sum; E follows its last step. With l_seg 3, l_sum 2 and
// eight steps: segment 0 is o0 o1 o2 E E at 0 1 2 3 4; segment 1 is S S o3 o4 o5 E E at 0 1 | 2 3 4 | 5 6; segment 2 is S S o6 o7 at
// 2 3 | 4 5.
func TestPositionsGrowByTheNumberOfSummariesASegment(t *testing.T) {
	f := newFixture(t, 2, 8)
	_, p, _ := f.pass(Rule{Segment: 3}, 3, 0)
	for j, want := range []string{"[0 1 2 3 4]", "[0 1 2 3 4 5 6]", "[2 3 4 5]"} {
		if got := fmt.Sprint(p.attends.all[2*j].positions); got != want { // two layers a segment
			t.Errorf("segment %d has positions %s, want %s", j, got, want)
		}
	}
}

// Gradients by finite differences of a weighted sum of all results, for every parameter and the observations.
func TestGradientsAreThoseOfFiniteDifferences(t *testing.T) {
	for name, r := range rules() {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 2, 8)
			weight := make([]float32, trials*6*3)
			s := rng.New(3, "weights of the sum")
			for i := range weight {
				weight[i] = float32(s.Normal())
			}
			value := func() (sum float64) {
				_, _, out := f.pass(r, 3, 2)
				for i, y := range out.Data {
					sum += float64(y) * float64(weight[i])
				}
				return sum
			}
			params := append(f.model.Params(), f.obs)
			for _, x := range params {
				x.ZeroGrad()
			}
			tape, _, out := f.pass(r, 3, 2)
			tape.BackwardFrom(out, weight)
			for _, x := range params {
				for try := range 4 {
					i := (try*7 + 3) % x.Len()
					const step = 1.0 / 4096 // small, since a kink of a ReLU may lie within it
					old := x.Data[i]
					x.Data[i] = old + step
					up := value()
					x.Data[i] = old - step
					down := value()
					x.Data[i] = old
					want := (up - down) / (2 * step)
					if got := float64(x.Grad[i]); math.Abs(got-want) > 0.02+0.03*math.Abs(want) {
						t.Errorf("%s[%d]: gradient %.4f, finite difference %.4f", x.Name, i, got, want)
					}
				}
			}
		})
	}
}

// reach lists which steps the gradient of the last result reaches.
func reach(t *testing.T, r Rule, steps int) string {
	t.Helper()
	f := newFixture(t, 1, steps)
	tape, p, out := f.pass(r, 2, steps-1)
	f.obs.ZeroGrad()
	one := make([]float32, out.Len())
	for i := range one {
		one[i] = 1
	}
	tape.BackwardFrom(out, one)
	text := ""
	for i := range steps {
		sum := 0.0
		for _, g := range p.Embed.Gradient()[i*8 : (i+1)*8] {
			sum += math.Abs(float64(g))
		}
		if text += "-"; sum > 0 {
			text = text[:len(text)-1] + "x"
		}
	}
	return text
}

func TestGradientsReachAsFarBackAsTheRuleSays(t *testing.T) {
	for want, r := range map[string]Rule{ // nine steps in segments of two: 01 23 45 67 8
		"xxxxxxxxx": {Segment: 2}, "----xxxxx": {Segment: 2, Depth: 2}, "------xxx": {Segment: 2, Depth: 1}, "--xxxxxxx": {Segment: 2, Depth: 3},
		"------xxx ": {Window: 2}, // two layers of windows of two reach two steps back
	} {
		if got := reach(t, r, 9); got != want[:9] {
			t.Errorf("%+v: the last step's gradient reaches %s, want %s", r, got, want)
		}
	}
	if got := reach(t, Rule{Segment: 2, Keep: 1}, 9); got != "xxxxxxxxx" {
		t.Errorf("through the newest summaries alone the gradient reaches %s, want all", got)
	}
}

// With the newest summaries alone, what segment 0 wrote reaches segment 2 only through what segment 1 wrote: with the summaries of
// segment 1 replaced by those of another history, nothing of segment 0 is left.
func TestWithTheNewestSummariesAloneOlderOnesAreOutOfReach(t *testing.T) {
	f := newFixture(t, 2, 8)
	for name, c := range map[string]struct {
		rule Rule
		want bool
	}{"memo sees the first summaries": {Rule{Segment: 3}, true}, "newest only does not": {Rule{Segment: 3, Keep: 1}, false}} {
		cache := NewCache(f.core, f.model, c.rule, trials, 8)
		play := func(disturb bool) []float32 {
			cache.Reset()
			for i := range 7 {
				obs, begin := f.at(i)
				cache.Step(obs, begin)
				if i == 5 && disturb { // the cache holds the summaries: spoil entry 0, what segment 0 wrote where it is still there
					_, sums, position := cache.Entries(0)
					if position == 0 && sums == 4 {
						for _, kv := range cache.kv {
							kv[0] += 1
						}
					}
				}
			}
			return append([]float32(nil), cache.Out...)
		}
		if differs := apart(play(false), play(true)) > 0; differs != c.want {
			t.Errorf("%s: %v", name, differs)
		}
		if _, sums, _ := cache.Entries(0); (sums == 4) != c.want {
			t.Errorf("%s: %d summaries are held", name, sums)
		}
	}
}

func TestAfterAnUpdateARefreshedCacheIsThatOfTheNewParameters(t *testing.T) {
	f := newFixture(t, 2, 11)
	r := Rule{Segment: 3}
	cache := NewCache(f.core, f.model, r, trials, 11)
	var obs []float32
	var begins []bool
	for i := range 10 {
		o, b := f.at(i)
		obs, begins = append(obs, o...), append(begins, b...)
		cache.Step(o, b)
	}
	for _, p := range f.model.Params() {
		for i := range p.Data {
			p.Data[i] *= 1.1
		}
	}
	last, begin := f.at(10)
	_, _, want := f.pass(r, 3, 10)
	cache.Peek(last, begin)
	if apart(want.Data, cache.Out) < 1e-4 {
		t.Error("a stale cache acts as a fresh one: the test says nothing")
	}
	cache.Refresh(obs, begins)
	entries, _, _ := cache.Entries(0)
	cache.Peek(last, begin)
	if d := apart(want.Data, cache.Out); d > 1e-5 {
		t.Errorf("a refreshed cache is %g off", d)
	}
	if again, _, _ := cache.Entries(0); again != entries || cache.Steps() != 10 {
		t.Errorf("a look ahead changed the cache: %d entries, were %d", again, entries)
	}
}

func TestTheSharesOfAttentionSumToOne(t *testing.T) {
	f := newFixture(t, 2, 8)
	cache := NewCache(f.core, f.model, Rule{Segment: 3}, trials, 8)
	cache.Watch = true
	for i := range 8 {
		obs, begin := f.at(i)
		entries, _, _ := cache.Entries(0)
		cache.Step(obs, begin)
		for b := range trials {
			sum := 0.0
			for _, s := range cache.Share[b*(entries+1) : (b+1)*(entries+1)] {
				sum += float64(s)
			}
			if math.Abs(sum-1) > 1e-5 {
				t.Errorf("step %d, trial %d: the shares sum to %g", i, b, sum)
			}
		}
	}
	if len(cache.Summaries) != 2 || len(cache.Summaries[0]) != trials*2*8 {
		t.Errorf("%d groups of summaries were kept", len(cache.Summaries))
	}
}

// By hand, width 8, two layers, inner 12: a token takes 2*(4*64 + 2*8*12) = 896, an entry 2*8*2 = 32. Step 1 of a segment of two sees
// itself: 928. Step 2 sees two entries: 960; its prompt sees three: 992; the summary, alone: 928; 2880 in all.
func TestMultiplyAddsAreCounted(t *testing.T) {
	f := newFixture(t, 1, 4)
	cache := NewCache(f.core, f.model, Rule{Segment: 2}, trials, 4)
	for i, want := range []int{928, 2880} {
		obs, begin := f.at(i)
		cache.Step(obs, begin)
		if cache.Work != want {
			t.Errorf("step %d took %d multiply-adds, want %d", i, cache.Work, want)
		}
	}
}
