package memoryvla

import (
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/desk"
)

// whole runs the network over whole episodes, obs [T][B][desk.Obs] from their first frames, and acts at the frames [G] of that number:
// chunks [G][chunk*3]. The banks are rebuilt in the order of time from the tokens of these very weights; nothing flows back into what
// they hold.
func (n *network) whole(t *num.Tape, obs []float32, steps, batch int, frames []int32, chance *rng.Stream) *num.Tensor {
	all := n.encode(t, obs)
	own := n.at(t, all, frames)
	switch n.knobs.Memory {
	case MemoryStack:
		return n.act(t, own, n.stacked(t, all, batch, frames))
	case MemoryGRU:
		c := view(t, all.cog, steps, batch, n.knobs.Pooled)
		fresh := make([]bool, steps*batch)
		for b := range batch {
			fresh[b] = true
		}
		h := n.gru.Sequence(t, c, num.New("h", batch, n.knobs.Pooled), fresh)
		own.cog = t.Gather(view(t, h, steps*batch, n.knobs.Pooled), frames)
		return n.act(t, own, nil)
	}
	if n.per != nil {
		own.per, _, _ = n.per.read(t, own.per, n.per.rebuild(n.knobs, all.per, steps, batch, frames, chance))
	}
	if n.cog != nil {
		own.cog, _, _ = n.cog.read(t, own.cog, n.cog.rebuild(n.knobs, all.cog, steps, batch, frames, chance))
	}
	return n.act(t, own, nil)
}

// at picks the tokens of some frames.
func (n *network) at(t *num.Tape, x tokens, frames []int32) tokens {
	per := t.Gather(view(t, x.per, x.cog.Rows(), n.stride), frames)
	return tokens{view(t, per, len(frames)*desk.Cells, n.knobs.Width), t.Gather(x.cog, frames)}
}

// stacked puts the perceptual tokens of the L-1 frames before side by side, newest first: [G][(L-1)*N*D]. Before the first frame of an
// episode stands the first frame.
func (n *network) stacked(t *num.Tape, x tokens, batch int, frames []int32) (all *num.Tensor) {
	rows := view(t, x.per, x.cog.Rows(), n.stride)
	for lag := 1; lag < n.knobs.Length; lag++ {
		ids := make([]int32, len(frames))
		for i, f := range frames {
			ids[i] = int32(max(int(f)/batch-lag, 0)*batch + int(f)%batch)
		}
		row := t.Gather(rows, ids)
		if all == nil {
			all = row
		} else {
			all = t.Concat(all, row)
		}
	}
	return all
}

// rebuild plays the bank of one stream through episodes of T steps: what it holds when each of those frames of [T][B] is seen.
func (r *reading) rebuild(k VLAKnobs, x *num.Tensor, steps, batch int, frames []int32, chance *rng.Stream) *past {
	p := r.newPast(len(frames), k.Length)
	m := newBank(k, r.tokens, r.width)
	asked := make([]int32, steps*batch)
	for i, f := range frames {
		asked[f] = int32(i) + 1
	}
	for b := range batch {
		m.clear()
		for t := range steps {
			f := t*batch + b
			if asked[f] > 0 {
				r.put(p, int(asked[f])-1, m)
			}
			m.add(t, x.Data[f*m.size:(f+1)*m.size], chance)
		}
	}
	return p
}

// actor plays a network at E tables at once and owns what is carried between two frames.
type actor struct {
	net    *network
	tape   *num.Tape
	chance *rng.Stream
	per    []*bank // [E], nil where the stream has none
	cog    []*bank
	stack  [][]float32 // [E] tokens of the frames before, newest first, (L-1)*N*D
	h      *num.Tensor // [E][D_c]
	step   []int       // [E] of the present episode

	// What the last act read, for pictures: lookups of each layer, and the gates.
	pasts [2]*past
	looks [2][]*lookOp
	gates [2]*num.Tensor
	fell  [2][]change // [E] what left the banks when this frame was stored
}

// newActor returns an actor of e tables. Chance is read by random eviction alone.
func newActor(core *num.Core, net *network, e int, chance *rng.Stream) *actor {
	a := &actor{net: net, tape: num.NewTape(core), chance: chance, step: make([]int, e), stack: make([][]float32, e),
		h: num.New("h", e, net.knobs.Pooled), fell: [2][]change{make([]change, e), make([]change, e)}}
	for range e {
		if net.per != nil {
			a.per = append(a.per, newBank(net.knobs, desk.Cells, net.knobs.Width))
		}
		if net.cog != nil {
			a.cog = append(a.cog, newBank(net.knobs, 1, net.knobs.Pooled))
		}
	}
	return a
}

// Reset implements control.Policy.
func (a *actor) Reset() {}

// Act implements control.Policy: it plays the first action of each predicted chunk.
func (a *actor) Act(obs []float32, fresh []bool, actions []float32) {
	a.begin(fresh)
	a.tape.Reset()
	x := a.net.encode(a.tape, obs)
	var extra *num.Tensor
	own := x
	switch a.net.knobs.Memory {
	case MemoryStack:
		extra = a.before(x)
	case MemoryGRU:
		h := a.net.gru.Sequence(a.tape, view(a.tape, x.cog, 1, len(fresh), a.net.knobs.Pooled), a.h, fresh)
		copy(a.h.Data, h.Data)
		own.cog = view(a.tape, h, len(fresh), a.net.knobs.Pooled)
	}
	own.per = a.remember(0, a.net.per, a.per, x.per, own.per)
	own.cog = a.remember(1, a.net.cog, a.cog, x.cog, own.cog)
	chunks := a.net.act(a.tape, own, extra)
	for e := range fresh {
		copy(actions[e*actDim:(e+1)*actDim], chunks.Data[e*a.net.chunk*actDim:])
		a.step[e]++
	}
}

// begin empties what is carried where an episode starts: leakage across episodes would be a gain that is not there.
func (a *actor) begin(fresh []bool) {
	for e, f := range fresh {
		if !f {
			continue
		}
		a.step[e], a.stack[e] = 0, nil
		for _, banks := range [2][]*bank{a.per, a.cog} {
			if banks != nil {
				banks[e].clear()
			}
		}
	}
}

// before returns the stack of each table and pushes the present frame.
func (a *actor) before(x tokens) *num.Tensor {
	n := a.net.stride
	room := (a.net.knobs.Length - 1) * n
	if room == 0 {
		return nil
	}
	rows := a.tape.Tensor("stack", len(a.stack), room)
	for e := range a.stack {
		frame := x.per.Data[e*n : (e+1)*n]
		if a.stack[e] == nil {
			for range a.net.knobs.Length - 1 {
				a.stack[e] = append(a.stack[e], frame...)
			}
		}
		copy(rows.Data[e*room:(e+1)*room], a.stack[e])
		copy(a.stack[e][n:], a.stack[e])
		copy(a.stack[e], frame)
	}
	return rows
}

// remember reads one stream's banks and then stores the raw tokens of the frame. Without a bank the tokens stay as they are.
func (a *actor) remember(stream int, r *reading, banks []*bank, x, own *num.Tensor) *num.Tensor {
	if r == nil {
		return own
	}
	p := r.newPast(len(banks), a.net.knobs.Length)
	for e, m := range banks {
		r.put(p, e, m)
	}
	y, looks, gate := r.read(a.tape, x, p)
	a.pasts[stream], a.looks[stream], a.gates[stream] = p, looks, gate
	for e, m := range banks {
		a.fell[stream][e] = m.add(a.step[e], x.Data[e*m.size:(e+1)*m.size], a.chance)
	}
	return y
}

// sizes tells how many numbers table e carries, and how many moments it sees, the present one included.
func (a *actor) sizes(e int) (memory, context int) {
	k := a.net.knobs
	switch k.Memory {
	case MemoryGRU:
		return k.Pooled, 1
	case MemoryStack:
		return len(a.stack[e]), min(a.step[e], k.Length)
	}
	context = 1
	for _, banks := range [2][]*bank{a.per, a.cog} {
		if banks != nil {
			memory += len(banks[e].tokens)
			context = max(context, banks[e].entries()+1)
		}
	}
	return memory, context
}
