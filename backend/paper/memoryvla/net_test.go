package memoryvla

import (
	"fmt"
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/desk"
)

func smallDesk() desk.Knobs {
	return desk.Knobs{Task: "all", Colours: 3, Shown: 2, Delay: 8, Spare: 12, Drift: 0.15, Speed: 0.4}
}

func smallNet(change func(*VLAKnobs)) VLAKnobs {
	k := VLAKnobs{Memory: MemoryBank, Length: 3, Evict: EvictMerge, Blend: BlendGate, Streams: StreamsBoth, TimeCode: true, Width: 8, Pooled: 6, Layers: 2, Hidden: 12}
	if change != nil {
		change(&k)
	}
	return k
}

// agents are all that a notebook can choose.
func agents() map[string]VLAKnobs {
	return map[string]VLAKnobs{
		"bank": smallNet(nil), "fifo": smallNet(func(k *VLAKnobs) { k.Evict = EvictFIFO }), "add": smallNet(func(k *VLAKnobs) { k.Blend = BlendAdd }),
		"perceptual": smallNet(func(k *VLAKnobs) { k.Streams = StreamsPerceptual }), "cognitive": smallNet(func(k *VLAKnobs) { k.Streams = StreamsCognitive }),
		"no time": smallNet(func(k *VLAKnobs) { k.TimeCode = false }), "one entry": smallNet(func(k *VLAKnobs) { k.Length = 1 }),
		"none": smallNet(func(k *VLAKnobs) { k.Memory = MemoryNone }), "stack": smallNet(func(k *VLAKnobs) { k.Memory = MemoryStack }),
		"stack of one": smallNet(func(k *VLAKnobs) { k.Memory, k.Length = MemoryStack, 1 }), "gru": smallNet(func(k *VLAKnobs) { k.Memory = MemoryGRU }),
	}
}

func core(t testing.TB, workers int) *num.Core {
	t.Helper()
	c := num.NewCore(num.Go(), workers)
	t.Cleanup(c.Close)
	return c
}

// stirred gives every parameter some value of its own, so that no part of the network is idle.
func stirred(n *network, seed uint64) *network {
	s := rng.New(seed, "stir")
	for _, p := range n.params() {
		for i := range p.Data {
			p.Data[i] += float32(0.3 * s.Normal())
		}
	}
	return n
}

func TestActingStepByStepIsThePassOverWholeEpisodes(t *testing.T) {
	d, err := demonstrate(smallDesk(), 12, 2, 0.3, rng.New(1, "demos"))
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range agents() {
		t.Run(name, func(t *testing.T) {
			c, n := core(t, 1), stirred(newNetwork(rng.New(1, "net"), k, 2, d.steps), 2)
			var m batch
			which := []int{0, 3, 5, 7, 9}
			d.gather(&m, which)
			chunks := n.whole(num.NewTape(c), m.obs, d.steps, len(which), m.frames, nil)
			a := newActor(c, n, len(which), nil)
			obs, fresh, actions := make([]float32, len(which)*desk.Obs), make([]bool, len(which)), make([]float32, len(which)*actDim)
			at := 0
			for step := range d.steps {
				for b := range which {
					fresh[b] = step == 0
				}
				copy(obs, m.obs[step*len(obs):(step+1)*len(obs)])
				a.Act(obs, fresh, actions)
				for ; at < len(m.frames) && int(m.frames[at])/len(which) == step; at++ {
					b := int(m.frames[at]) % len(which)
					for i := range actDim {
						got, want := actions[b*actDim+i], chunks.Data[at*2*actDim+i]
						if math.Abs(float64(got-want)) > 1e-4*(1+math.Abs(float64(want))) {
							t.Fatalf("step %d, table %d: action %d is %g, in the whole episode %g", step, b, i, got, want)
						}
					}
				}
			}
			if at != len(m.frames) || at < 20 {
				t.Fatalf("compared %d of %d frames", at, len(m.frames))
			}
		})
	}
}

func TestGradientsAgreeWithFiniteDifferences(t *testing.T) {
	papertest.Whole(t)
	d, err := demonstrate(smallDesk(), 4, 2, 0.3, rng.New(1, "demos"))
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range agents() {
		t.Run(name, func(t *testing.T) {
			c, n := core(t, 1), stirred(newNetwork(rng.New(1, "net"), k, 2, d.steps), 2)
			n.cell[0].Act, n.head[0].Act = num.Tanh, num.Tanh // a corner of ReLU has no slope to compare with
			var m batch
			d.gather(&m, []int{0, 1, 2})
			tape, weigh := num.NewTape(c), rng.New(3, "weigh")
			var w []float32
			var frozen []*past
			// What the banks hold carries no gradient, so it has to stand still while a parameter moves.
			run := func() (loss float64, y *num.Tensor) {
				tape.Reset()
				y = n.held(tape, &m, d.steps, 3, &frozen)
				for len(w) < y.Len() {
					w = append(w, float32(weigh.Normal()))
				}
				for i, v := range y.Data {
					loss += float64(v) * float64(w[i])
				}
				return loss, y
			}
			_, y := run()
			for _, p := range n.params() {
				p.ZeroGrad()
			}
			tape.BackwardFrom(y, w[:y.Len()])
			grads := map[*num.Tensor][]float32{}
			for _, p := range n.params() {
				grads[p] = append([]float32(nil), p.Grad...)
			}
			for _, p := range n.params() {
				check(t, p, grads[p], func() float64 { l, _ := run(); return l })
			}
		})
	}
}

// held is whole with banks that are rebuilt once and then stay as they were.
func (n *network) held(t *num.Tape, m *batch, steps, batch int, frozen *[]*past) *num.Tensor {
	if n.per == nil && n.cog == nil {
		return n.whole(t, m.obs, steps, batch, m.frames, nil)
	}
	all := n.encode(t, m.obs)
	own := n.at(t, all, m.frames)
	if *frozen == nil {
		*frozen = make([]*past, 2)
		if n.per != nil {
			(*frozen)[0] = n.per.rebuild(n.knobs, all.per, steps, batch, m.frames, nil)
		}
		if n.cog != nil {
			(*frozen)[1] = n.cog.rebuild(n.knobs, all.cog, steps, batch, m.frames, nil)
		}
	}
	if n.per != nil {
		own.per, _, _ = n.per.read(t, own.per, (*frozen)[0])
	}
	if n.cog != nil {
		own.cog, _, _ = n.cog.read(t, own.cog, (*frozen)[1])
	}
	return n.act(t, own, nil)
}

// check compares the gradient along a few directions that touch every element.
func check(t *testing.T, p *num.Tensor, grad []float32, loss func() float64) {
	t.Helper()
	s := rng.New(7, p.Name)
	old := append([]float32(nil), p.Data...)
	for range 3 {
		dir, want := make([]float32, len(old)), 0.0
		for i := range dir {
			dir[i] = float32(s.Normal())
			want += float64(dir[i]) * float64(grad[i])
		}
		at := func(h float32) float64 {
			for i := range old {
				p.Data[i] = old[i] + h*dir[i]
			}
			return loss()
		}
		const h = 1.0 / 2048
		got := (at(h) - at(-h)) / (2 * h)
		copy(p.Data, old)
		if math.Abs(got-want) > 0.05+0.03*math.Abs(want) {
			t.Errorf("%s: slope %.5g, gradient says %.5g", p.Name, got, want)
		}
	}
}

func TestLookByHand(t *testing.T) {
	// One group, one query (1, 0), two rows: keys (0, 0) and (sqrt 2 ln 3, 0). D = 2, so scores are 0 and ln 3: p = 1/4, 3/4.
	// Values 4 and 8 (in the first column): y = 1 + 6 = 7. The second group reads its first row alone, the third nothing.
	c := core(t, 1)
	tape := num.NewTape(c)
	key := float32(math.Sqrt2 * math.Log(3))
	q, k, v := num.NewParam("q", 3, 2), num.NewParam("k", 6, 2), num.NewParam("v", 6, 2)
	copy(q.Data, []float32{1, 0, 1, 0, 1, 0})
	copy(k.Data, []float32{0, 0, key, 0, 5, 5, 9, 9, 1, 1, 1, 1})
	copy(v.Data, []float32{4, 0, 8, 0, 3, 1, 9, 9, 2, 2, 2, 2})
	o := look(tape, q, k, v, 1, 2, []int32{2, 1, 0})
	for i, want := range []float64{7, 0, 3, 1, 0, 0} {
		if math.Abs(float64(o.y.Data[i])-want) > 1e-5 {
			t.Errorf("result %d is %v, want %v", i, o.y.Data[i], want)
		}
	}
	tape.BackwardFrom(o.y, []float32{1, 0, 1, 0, 1, 0})
	// dp = (4, 8), mean 7: ds = (1/4 * -3, 3/4 * 1) = (-3/4, 3/4); dv = p; dk = ds / sqrt 2 in the first column.
	for i, want := range []float64{0.25, 0, 0.75, 0, 1, 0, 0, 0, 0, 0, 0, 0} {
		if math.Abs(float64(v.Grad[i])-want) > 1e-5 {
			t.Errorf("gradient of value %d is %v, want %v", i, v.Grad[i], want)
		}
	}
	for i, want := range []float64{-0.75 / math.Sqrt2, 0, 0.75 / math.Sqrt2, 0, 0, 0} {
		if math.Abs(float64(k.Grad[i])-want) > 1e-5 {
			t.Errorf("gradient of key %d is %v, want %v", i, k.Grad[i], want)
		}
	}
}

func TestAFrameWithAnEmptyBankReadsItself(t *testing.T) {
	c, n := core(t, 1), stirred(newNetwork(rng.New(1, "net"), smallNet(nil), 2, 20), 2)
	tape, x := num.NewTape(c), num.NewParam("x", 2, 6)
	for i := range x.Data {
		x.Data[i] = float32(i) / 7
	}
	p := n.cog.newPast(2, 3)
	m := newBank(n.knobs, 1, 6)
	n.cog.put(p, 0, m)
	m.add(0, []float32{1, 2, 3, 4, 5, 6}, nil)
	n.cog.put(p, 1, m)
	y, _, _ := n.cog.read(tape, x, p)
	for i := range 6 {
		if math.Abs(float64(y.Data[i]-x.Data[i])) > 1e-6 {
			t.Errorf("number %d of a frame without a past is %v, want its own %v", i, y.Data[i], x.Data[i])
		}
		if math.Abs(float64(y.Data[6+i]-x.Data[6+i])) < 1e-3 {
			t.Errorf("number %d of a frame with a past is its own", i)
		}
	}
}

func TestTheGateStartsAtAnEvenBlend(t *testing.T) {
	n := newNetwork(rng.New(1, "net"), smallNet(nil), 2, 20)
	tape := num.NewTape(core(t, 1))
	x := num.New("x", 5, 12)
	for i := range x.Data {
		x.Data[i] = float32(i%5) - 2
	}
	for i, g := range n.cog.gate.Forward(tape, x).Data {
		if math.Abs(float64(g)-0.5) > 0.02 {
			t.Errorf("gate %d starts at %v", i, g)
		}
	}
}

func TestParametersAreNamedOnce(t *testing.T) {
	for name, k := range agents() {
		seen := map[string]bool{}
		n := newNetwork(rng.New(1, "net"), k, 2, 20)
		for _, p := range n.params() {
			if seen[p.Name] {
				t.Errorf("%s: two parameters are called %s", name, p.Name)
			}
			seen[p.Name] = true
		}
		if nn.Count(n.params()) == 0 {
			t.Error(fmt.Sprint(name, " has no parameter"))
		}
	}
}
