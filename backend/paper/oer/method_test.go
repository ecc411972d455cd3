package oer

import (
	"math"
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/rl/td3bc"
	"github.com/loci-lab/loci/backend/rng"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// line is a data set of states at x = 0, 1, 2, 3 on one axis, in which action x is the state's number; all spreads are one.
func line(actions ...float32) *dataset {
	d := &dataset{std: [obsWidth]float64{1, 1, 1, 1}, starts: []int32{0}}
	for i, a := range actions {
		d.obs = append(d.obs, float32(i), 0, 0, 0)
		d.next = append(d.next, float32(i+1), 0, 0, 0)
		d.act, d.reward = append(d.act, a, 0), append(d.reward, float32(i%3))
	}
	return d
}

// ahead is a transition model that says s + (a, 0, 0, 0) exactly.
func ahead(t *testing.T) *forward {
	k, err := num.Family("go")
	if err != nil {
		t.Fatal(err)
	}
	core := num.NewCore(k, 1)
	t.Cleanup(core.Close)
	net := td3bc.Net(rng.New(1, "test"), "forward", obsWidth+actWidth, nil, obsWidth, num.None, 1)
	clear(net.Layers[0].W.Data)
	net.Layers[0].W.Data[obsWidth*obsWidth] = 1 // the first number of the action moves the first of the state
	return &forward{net: net, std: [obsWidth]float64{1, 1, 1, 1}, tape: num.NewTape(core), x: num.New("x", 1, obsWidth+actWidth)}
}

func indices(picks []pick) (all []int32) {
	for _, p := range picks {
		all = append(all, p.Index)
	}
	return all
}

// The policy pushes by one, so from 0 the model says 1, the nearest transition is 1, and so on to 3; from there 4 is said, whose nearest
// was taken but 0: none is taken twice.
func TestTheBufferFollowsThePolicyAlongRealStates(t *testing.T) {
	d, act := line(1, 1, 1, 1), func([]float32) []float32 { return []float32{1, 0} }
	picks, err := byModel(t.Context(), d, ahead(t), act, slices.Clone(d.act), 4, BufferKnobs{Rollout: 10, Kappa: 1}, rng.New(1, "s"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []int32{1, 2, 3, 0}; !slices.Equal(indices(picks), want) {
		t.Errorf("picked %v, want %v", indices(picks), want)
	}
	near(t, "the distance of the first", picks[0].State, 0, 1e-6)
	near(t, "the distance of the last", picks[3].State, 16, 1e-5)
	// A rollout of one step begins anew each time: from 0 to 1 and then to the next nearest of 1, which is 0 or 2; the first of equals.
	picks, _ = byModel(t.Context(), d, ahead(t), act, slices.Clone(d.act), 3, BufferKnobs{Rollout: 1, Kappa: 1}, rng.New(1, "s"))
	if want := []int32{1, 0, 2}; !slices.Equal(indices(picks), want) {
		t.Errorf("with rollouts of one step picked %v, want %v", indices(picks), want)
	}
}

// Transition 1 lies where the policy goes but has action -1 where the policy does 1: distance 0 + kappa 4. Transition 2 has distance 1.
func TestKappaKeepsBadActionsOut(t *testing.T) {
	d, act := line(1, -1, 1, 1), func([]float32) []float32 { return []float32{1, 0} }
	learned := []float32{1, 0, 1, 0, 1, 0, 1, 0}
	for kappa, want := range map[float64]int32{0: 1, 0.2: 1, 1: 0} { // transitions 0 and 2 tie at 1
		picks, err := byModel(t.Context(), d, ahead(t), act, learned, 1, BufferKnobs{Rollout: 1, Kappa: kappa}, rng.New(1, "s"))
		if err != nil {
			t.Fatal(err)
		}
		if picks[0].Index != want {
			t.Errorf("with kappa %v picked %d, want %d", kappa, picks[0].Index, want)
		}
	}
}

func TestTheOtherRulesOfChoice(t *testing.T) {
	d := line(0, 0, 0, 0, 0, 0) // rewards 0 1 2 0 1 2
	if got := indices(highest(d.reward, 3)); !slices.Equal(got, []int32{2, 5, 1}) {
		t.Errorf("by reward %v, want 2 5 1", got)
	}
	all := indices(evenly(d, 6, rng.New(1, "s")))
	slices.Sort(all)
	if !slices.Equal(all, []int32{0, 1, 2, 3, 4, 5}) {
		t.Errorf("evenly drawn all are %v", all)
	}
}

// A buffer of the states 0 and 3; the policy was at 1 and 3. From policy to buffer (1 + 0) / 2; from buffer to policy (1 + 0) / 2; with
// the buffer at 0 alone (1 + 3) / 2 and 1.
func TestShiftAndStrayByHand(t *testing.T) {
	d, visited := line(0, 0, 0, 0), []float32{1, 0, 0, 0, 3, 0, 0, 0}
	near(t, "the shift", d.shift(visited, []pick{{Index: 0}, {Index: 3}}), 0.5, 1e-9)
	near(t, "the stray", d.stray(visited, []pick{{Index: 0}, {Index: 3}}), 0.5, 1e-9)
	near(t, "the shift of one", d.shift(visited, []pick{{Index: 0}}), 2, 1e-9)
	near(t, "the stray of one", d.stray(visited, []pick{{Index: 0}}), 1, 1e-9)
	d.std[0] = 2
	near(t, "the shift in other units", d.shift(visited, []pick{{Index: 0}}), 1, 1e-9)
}

// Skills 0.9, 0.8 right after learning; 0.5, 0.7, 1.0 at the end: performance 2.2/3, forgetting (0.4 + 0.1) / 2.
func TestPerformanceAndForgettingByHand(t *testing.T) {
	m := &method{now: count{Fresh: []float64{0.9, 0.8}}}
	got := map[string]float64{}
	for _, v := range m.scores([]float64{0.5, 0.7, 1}) {
		got[v.Name] = v.Value
	}
	near(t, "performance", got[MetricPerformance], 2.2/3, 1e-9)
	near(t, "forgetting", got[MetricForgetting], 0.25, 1e-9)
	near(t, "skill right after learning", got[MetricFresh], 1, 1e-9)
}

// Importance 2 and 3, anchors at 1 and -1, weights 4 and 5, strength 10: 10 * 2 * 3 = 60 and 10 * 3 * 6 = 180.
func TestThePenaltyByHand(t *testing.T) {
	p := num.NewParam("p", 2)
	copy(p.Data, []float32{4, 5})
	c := &consolidation{knobs: EWCKnobs{Strength: 10}, params: []*num.Tensor{p}, importance: []*num.Tensor{num.New("i", 2)}, anchor: []*num.Tensor{num.New("a", 2)}}
	copy(c.importance[0].Data, []float32{2, 3})
	copy(c.anchor[0].Data, []float32{2, -3}) // F theta*
	c.pull()
	if want := []float32{60, 180}; !slices.Equal(p.Grad, want) {
		t.Errorf("the penalty pulls by %v, want %v", p.Grad, want)
	}
}

// Of a linear actor tanh(0) with one state (1, 0, 0, 0), the gradient of v.pi by weight (0, c) is v_c: its mean square is 1.
func TestTheSensitivityIsTheMeanSquaredGradient(t *testing.T) {
	k, err := num.Family("go")
	if err != nil {
		t.Fatal(err)
	}
	core := num.NewCore(k, 1)
	defer core.Close()
	a := td3bc.NewActor(rng.New(1, "w"), "a", obsWidth, actWidth, 2, nil)
	clear(a.Net.Layers[0].W.Data)
	d := line(0)
	d.obs[0] = 1
	c := newConsolidation(EWCKnobs{Samples: 4000}, a)
	c.add(core, a, 1, d, rng.New(2, "s"))
	for i, f := range c.importance[0].Data {
		want := 0.0
		if i == 2 || i == 3 { // row 0, the columns of head 1
			want = 1
		}
		near(t, "importance", float64(f), want, 0.1)
	}
}

func TestTheAngleBetweenGradients(t *testing.T) {
	near(t, "equal", between([]float32{1, 2}, []float32{2, 4}), 0, 1e-4)
	near(t, "across", between([]float32{1, 0}, []float32{0, 4}), 90, 1e-9)
	near(t, "against", between([]float32{1, 1}, []float32{-1, -1}), 180, 1e-4)
	near(t, "nothing", between([]float32{0, 0}, []float32{1, 1}), 90, 0)
}

// The mixture, the bounds, and the noise: half the transitions by the right controller make better data than half by the weak one.
func TestTheDataAreWhatTheControllersWrote(t *testing.T) {
	k := PointMassKnobs{Goals: 3, Radius: 1.5, Horizon: 20, Transitions: 1000, Right: 0.5, Weak: 0.5, Noise: 0.1}
	good, err := newDataset(k, 1, 4)
	if err != nil {
		t.Fatal(err)
	}
	if good.len() != 1000 || len(good.starts) != 50 || good.starts[49] != 980 {
		t.Fatalf("%d transitions in %d episodes", good.len(), len(good.starts))
	}
	for i := range good.len() - 1 {
		if last := (i+1)%20 == 0; !last && !slices.Equal(good.next[i*obsWidth:(i+1)*obsWidth], good.state(i+1)) {
			t.Fatalf("transition %d does not lead to the next", i)
		}
	}
	if slices.Max(good.act) > 1 || slices.Min(good.act) < -1 {
		t.Error("actions leave their bounds")
	}
	k.Right, k.Weak = 0, 1
	weak, _ := newDataset(k, 1, 4)
	if good.returns < weak.returns+1 {
		t.Errorf("data return %v with the right controller, %v without", good.returns, weak.returns)
	}
	if err := (&PointMassKnobs{Right: 0.5}).Validate(); lab.CodeOf(err) != lab.Invalid {
		t.Errorf("shares that sum to 0.5 give %v", err)
	}
}

// One step of pi on old tasks moves the trunk and their heads, not the head of a task that is not among them.
func TestCloningATaskMovesItsHeadAlone(t *testing.T) {
	m := begin(t, oer(), 5, lab.Bench{})
	r := newRecall(m.data, [][]pick{{{Index: 3}}, {{Index: 7}, {Index: 9}}}, 8)
	m.tape.Reset()
	m.tape.Backward(r.record(m.tape, m.pi, m.draws))
	b := m.pi.Net.Layers[2].B.Grad
	for c, g := range b {
		if (g != 0) != (c < 2*actWidth) {
			t.Errorf("column %d of the heads has gradient %v", c, g)
		}
	}
	if len(r.from) != 8 || r.from[0] != 0 || r.from[1] != actWidth {
		t.Errorf("rows begin at columns %v", r.from)
	}
}

func TestEveryKindGivesTheContinualActorTheSameNumberOfSteps(t *testing.T) {
	papertest.Whole(t)
	want := int64(3 * 60 / 2)
	for name, agent := range arms() {
		m := begin(t, agent, 1, lab.Bench{})
		papertest.Finish(t, m)
		if m.opt != nil && m.opt.Steps() != want {
			t.Errorf("%s: %d steps, want %d", name, m.opt.Steps(), want)
		}
		if p := m.progress(); p.Done != p.Total {
			t.Errorf("%s ends at %+v", name, p)
		}
	}
}

func TestLookingAtTheAngleChangesNothing(t *testing.T) {
	m := begin(t, oer().With("kind", Single), 6, lab.Bench{})
	r := &papertest.Record{}
	for m.now.Task == 0 {
		r.Advance(t, m)
	}
	r.Advance(t, m)
	before := slices.Clone(m.pi.Params()[0].Data)
	draws, _ := m.draws.MarshalBinary()
	if _, ok := m.angle(); !ok {
		t.Fatal("there is no angle where one actor has both losses")
	}
	after, _ := m.draws.MarshalBinary()
	if !slices.Equal(before, m.pi.Params()[0].Data) || !slices.Equal(draws, after) || m.pi.Params()[0].Grad[0] != 0 {
		t.Error("looking moved weights, gradients or chance")
	}
}

func TestTheRecordTellsTheBuffer(t *testing.T) {
	r := papertest.Finish(t, begin(t, oer(), 7, lab.Bench{}))
	writes, episodes := 0, 0
	for _, ev := range r.Events {
		switch e := ev.(type) {
		case lab.Memory:
			if writes++; e.Size != writes || e.After == nil || len(e.After.Vector) != obsWidth || len(e.Hits) != 1 || e.Episode == 0 {
				t.Fatalf("write %d is %+v", writes, e)
			}
		case lab.Episode:
			episodes++
		}
	}
	if writes != 3*30 || episodes != 6 {
		t.Errorf("%d writes and %d kept episodes, want 90 and 6", writes, episodes)
	}
	near(t, "the memory", r.Last(t, MetricMemory), 90*6, 0)
}

func TestEveryKnobIsRead(t *testing.T) {
	for _, kind := range Sections()[1].Kinds {
		if kind.Name == Reference {
			continue
		}
		m := begin(t, given{"kind": kind.Name, "width": 12}, 1, lab.Bench{})
		if n := nn.Count(m.pi.Params()); n != 4*12+12+12*12+12+12*6+6 {
			t.Errorf("%s of width 12 has %d parameters", kind.Name, n)
		}
	}
}
