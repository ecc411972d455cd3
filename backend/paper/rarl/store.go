package rarl

import (
	"slices"
	"sort"

	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/gridrobo"
)

// store is the raw trajectory store: recorded episodes, from which transitions and retrieval batches are drawn.
type store struct {
	data  *gridrobo.Data
	obs   int       // numbers that the encoder reads
	raw   []float32 // one observation
	gamma float64
	best  [][]int32 // [task] episodes of the quarter with the highest returns
}

func newStore(k *WorldKnobs, gamma float64, obs int, seed uint64) (*store, error) {
	d, err := gridrobo.Record(k.Knobs, k.Episodes, k.Noise, rng.New(seed, "recordings").Uint64())
	if err != nil {
		return nil, err
	}
	s := &store{data: d, obs: featureWidth(obs, k.Grid), raw: make([]float32, obs), gamma: gamma}
	for task := range k.Tasks {
		all := make([]int32, k.Episodes)
		for i := range all {
			all[i] = int32(task*k.Episodes + i)
		}
		sort.SliceStable(all, func(i, j int) bool { return d.Return(int(all[i])) > d.Return(int(all[j])) })
		s.best = append(s.best, all[:max(1, len(all)/4)])
	}
	return s, nil
}

// observe writes what the encoder reads of step t of an episode.
func (s *store) observe(e, t int, row []float32) {
	s.data.Observe(e, t, s.raw)
	features(s.raw, row, s.data.Knobs.Grid)
}

// transitions are a batch from G tasks. Rows lie group by group.
type transitions struct {
	x, next  *num.Tensor // [B][O] states acted in, and those that followed
	episodes []int32     // [B] they come from
	task     []int       // [G]
	action   []int32     // [B]
	reward   []float32   // [B]
}

// draw takes n transitions of each of G tasks. Tasks, episodes and steps are uniform.
func (s *store) draw(stream *rng.Stream, groups, n int, b *transitions) {
	rows := groups * n
	b.x, b.next, b.task = tensor(b.x, rows, s.obs), tensor(b.next, rows, s.obs), grow(b.task, groups)
	b.episodes, b.action, b.reward = grow(b.episodes, rows), grow(b.action, rows), grow(b.reward, rows)
	for g := range groups {
		b.task[g] = stream.IntN(s.data.Knobs.Tasks)
		for i := range n {
			e, t := b.task[g]*s.data.Each+stream.IntN(s.data.Each), stream.IntN(s.data.Knobs.Horizon)
			row := g*n + i
			s.observe(e, t, line(b.x, row))
			s.observe(e, t+1, line(b.next, row))
			b.episodes[row] = int32(e)
			b.action[row], b.reward[row] = s.data.Step(e, t)
		}
	}
}

// line is row i of x.
func line(x *num.Tensor, i int) []float32 { w := x.Last(); return x.Data[i*w : i*w+w] }

// retrieval is what G groups may look up: trajectories of L states, time-major as recurrent networks read them.
type retrieval struct {
	groups, each, steps int
	x                   *num.Tensor // [L][G*N][O]
	episode             []int32     // [G*N] each trajectory comes from
	start               []int32     // [G*N] its first step
	returns             []float32   // [G*N] of the whole episode
	action              []int32     // [G*N*L] trajectory-major, like the summaries' auxiliary targets below
	reward, value       []float32   // [G*N*L] value: discounted return from the state to the episode's end, times 1-gamma: in [0, 1]
}

// want says what a retrieval batch is made of.
type want struct {
	content      string
	trajectories int     // whole episodes a group
	length       int     // steps of a piece
	tasks        []int   // [G] the group's task; nil entries do not exist: mixed ignores them
	without      []int32 // episodes that must not be in it: they contain the answers to the queries
}

// fetch draws the retrieval batch.
func (s *store) fetch(stream *rng.Stream, w want, r *retrieval) {
	horizon := s.data.Knobs.Horizon
	pieces := horizon / w.length
	r.groups, r.each, r.steps = len(w.tasks), w.trajectories*pieces, w.length
	all := r.groups * r.each
	r.x = tensor(r.x, r.steps, all, s.obs)
	r.episode, r.start, r.returns = grow(r.episode, all), grow(r.start, all), grow(r.returns, all)
	r.action, r.reward, r.value = grow(r.action, all*r.steps), grow(r.reward, all*r.steps), grow(r.value, all*r.steps)
	for g, task := range w.tasks {
		for i := range w.trajectories {
			e := s.pick(stream, w, task, i, r.episode[g*r.each:g*r.each+i*pieces])
			for p := range pieces {
				s.put(r, g*r.each+i*pieces+p, e, p*w.length, w.content == Zeros)
			}
		}
	}
}

// pick draws an episode of the right kind that is neither excluded nor taken already. After many misses any of the right kind that is
// not excluded does: small stores of the best quarter may have no other.
func (s *store) pick(stream *rng.Stream, w want, task, i int, taken []int32) int32 {
	switch n := s.data.Knobs.Tasks; {
	case w.content == Mixed:
		task = i % n
	case w.content == Wrong && n > 1:
		task = (task + 1 + stream.IntN(n-1)) % n
		if len(taken) > 0 { // one other task for the whole batch
			task = s.data.Task(int(taken[0]))
		}
	}
	for misses := 0; ; misses++ {
		e := int32(task*s.data.Each + stream.IntN(s.data.Each))
		if w.content == Best {
			e = s.best[task][stream.IntN(len(s.best[task]))]
		}
		if misses < 100 && slices.Contains(taken, e) || misses < 1000 && slices.Contains(w.without, e) {
			continue
		}
		return e
	}
}

// put writes a piece of an episode as trajectory number i.
func (s *store) put(r *retrieval, i int, e int32, start int, zeros bool) {
	horizon, g := s.data.Knobs.Horizon, 0.0
	r.episode[i], r.start[i], r.returns[i] = e, int32(start), s.data.Return(int(e))
	for t := horizon - 1; t >= start; t-- {
		a, reward := s.data.Step(int(e), t)
		g = float64(reward) + s.gamma*g
		if j := t - start; j < r.steps {
			at := i*r.steps + j
			r.action[at], r.reward[at], r.value[at] = a, reward, float32((1-s.gamma)*g)
			row := r.row(i, j)
			if s.observe(int(e), t, row); zeros {
				clear(row)
			}
		}
	}
	if zeros {
		r.returns[i] = 0
	}
}

func (r *retrieval) row(i, j int) []float32 { return line(r.x, j*r.groups*r.each+i) }

// tensor returns one of that shape in the memory of x where that suffices.
func tensor(x *num.Tensor, shape ...int) *num.Tensor {
	n := 1
	for _, s := range shape {
		n *= s
	}
	if x == nil {
		x = num.New("batch")
	}
	x.Shape, x.Data = append(x.Shape[:0], shape...), grow(x.Data, n)
	return x
}
