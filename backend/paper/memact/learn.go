package memact

import (
	"context"
	"math"

	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rl/segment"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/world/hop"
)

// reinforce is one update of Dynamic Context Policy Optimization (sec. 3.3 of arXiv 2510.12635v1): N_traj attempts at each prompt, advantages
// over attempts, segments between the edits, N_seg of them drawn in turn, and the clipped loss over what was written in these.
func (m *method) reinforce(ctx context.Context) ([]exam.Value, error) {
	sampler, err := m.model.Sampler(ctx, m.prompt)
	if err != nil {
		return nil, err
	}
	items := make([]item, m.knobs.Questions)
	for i, seed := range m.draws.Seeds(m.knobs.Questions) {
		items[i] = item{world: m.training, split: hop.Train, seed: seed >> 11, tool: m.tool() && !m.draws.Bool(m.knobs.Hide)}
	}
	p := party{k: &m.memory, words: m.words, sampler: sampler, heat: m.knobs.Temperature, seed: m.draws.Uint64()}
	out, err := p.play(ctx, items, m.knobs.Group)
	if err != nil {
		return nil, err
	}
	return m.learn(ctx, out)
}

// learn moves the policy by what was played, in as many steps as there are shares of it.
func (m *method) learn(ctx context.Context, out played) ([]exam.Value, error) {
	var u batch
	for part := range m.knobs.Minibatches {
		n := len(out.groups)
		lo, hi := part*n/m.knobs.Minibatches, (part+1)*n/m.knobs.Minibatches
		data, err := m.rows(out.groups[lo:hi], out.desks[lo:hi], &u)
		if err != nil {
			return nil, err
		}
		if len(data) == 0 {
			continue // every group teaches nothing
		}
		learned, err := trainer.Learn(ctx, m.model.Train, data, m.knobs.GRPOKnobs)
		if err != nil {
			return nil, err
		}
		if part == 0 {
			u.gap, u.distance = trainer.LargestGap(data, learned), meanGap(data, learned)
		}
	}
	return u.measures(), nil
}

// batch is what became of the attempts of an update.
type batch struct {
	attempts, success, groups, found, flat int
	tokens, pieces, drawn                  int
	reward                                 float64
	gave, least, most                      int       // attempts of groups that teach; segments that one of them gave
	advantages, lengths                    []float64 // of the attempts of groups that teach
	gap, distance                          float64
}

// drawn is a segment that is trained.
type drawn struct {
	attempt   *rl.Trajectory
	piece     segment.Piece
	advantage float64
}

// rows makes the training rows of some groups. With T_i the trained tokens of the drawn segments s of all groups,
//
//	A(tau) = (R(tau) - mean_u R) / std_u R          over the attempts tau of prompt u, each counted once
//	L = - 1 / sum_i T_i  sum over s, t of min(rho A(tau), clip(rho, 1 - eps_low, 1 + eps_high) A(tau)),   rho = pi(y_t | H_t, y_<t) / pi_old
//
// where H_t is the context that the segment began with (sec. 3.3).
func (m *method) rows(groups []rl.Group, desks [][]*desk, u *batch) ([]rl.Datum, error) {
	var all []drawn
	for g := range groups {
		of, err := m.group(&groups[g], desks[g], u)
		if err != nil {
			return nil, err
		}
		all = append(all, of...)
	}
	total := 0
	for _, d := range all {
		total += d.piece.Tokens(d.attempt)
	}
	var data []rl.Datum
	for _, d := range all {
		if d.advantage == 0 {
			continue // it would move nothing
		}
		row, err := d.piece.Row(d.attempt, d.advantage/float64(max(total, 1)))
		if err != nil {
			return nil, err
		}
		data = append(data, row...)
	}
	u.drawn += len(all)
	return data, nil
}

// group draws the segments of one group that are trained: none where it teaches nothing.
func (m *method) group(g *rl.Group, desks []*desk, u *batch) ([]drawn, error) {
	n := len(g.Trajectories)
	attempts, pieces := make([]rl.Trajectory, n), make([][]segment.Piece, n)
	counts, reward, weight, cuts := make([]int, n), make([]float64, n), make([]float64, n), make([]int, n)
	before := u.success
	for i := range g.Trajectories {
		t := &g.Trajectories[i]
		cut := segment.Cut(t)
		if u.count(t, len(cut)); t.Err != nil {
			continue
		}
		attempts[i], pieces[i], cuts[i] = *t, cut, len(cut)
		if m.knobs.Rows == NaiveRows {
			whole, err := segment.Unedited(t, desks[i].said)
			if err != nil {
				return nil, err
			}
			whole.Segments = fitting(whole.Segments, m.room)
			attempts[i], pieces[i] = whole, segment.Cut(&whole)
		}
		counts[i], reward[i], weight[i] = len(pieces[i]), t.Reward, 1
		if m.knobs.Statistics == PerSegment {
			weight[i] = float64(len(cut))
		}
	}
	u.groups++
	if u.success > before {
		u.found++
	}
	advantage := make([]float64, n)
	if !segment.Advantages(reward, weight, advantage) {
		u.flat++
		return nil, nil
	}
	for i, k := range cuts {
		if k > 0 { // it did not fail
			u.advantages, u.lengths = append(u.advantages, advantage[i]), append(u.lengths, float64(k))
		}
	}
	return u.draw(attempts, pieces, advantage, segment.RoundRobin(counts, m.knobs.Segments, m.draws)), nil
}

// fitting are the first calls of an unedited attempt whose row has at most room tokens: what was deleted counts there, and may be too much for
// the model.
func fitting(calls []rl.Segment, room int) []rl.Segment {
	for i := range calls {
		if len(calls[i].Context)+len(calls[i].Tokens) > room {
			return calls[:i]
		}
	}
	return calls
}

// count takes in an attempt.
func (u *batch) count(t *rl.Trajectory, pieces int) {
	if t.Err != nil {
		return
	}
	u.attempts++
	u.reward += t.Reward
	u.tokens, u.pieces = u.tokens+t.Length(), u.pieces+pieces
	if t.Reward == 1 {
		u.success++
	}
}

// draw gathers the picked segments of a group that teaches, and counts how many each attempt gave.
func (u *batch) draw(attempts []rl.Trajectory, pieces [][]segment.Piece, advantage []float64, picks []segment.Pick) (all []drawn) {
	gave := make([]int, len(attempts))
	for _, p := range picks {
		gave[p.Attempt]++
		all = append(all, drawn{&attempts[p.Attempt], pieces[p.Attempt][p.Piece], advantage[p.Attempt]})
	}
	for i, n := range gave {
		if len(pieces[i]) == 0 {
			continue // it failed
		}
		if u.gave == 0 || n < u.least {
			u.least = n
		}
		u.gave, u.most = u.gave+1, max(u.most, n)
	}
	return all
}

// measures of an update; a mean over nothing is left out.
func (u *batch) measures() []exam.Value {
	list := some(exam.Value{Name: MetricTrainSuccess, Value: ratio(u.success, u.attempts)}, exam.Value{Name: MetricReward, Value: ratio(u.reward, u.attempts)},
		exam.Value{Name: MetricFound, Value: ratio(u.found, u.groups)}, exam.Value{Name: MetricFlat, Value: ratio(u.flat, u.groups)},
		exam.Value{Name: MetricPieces, Value: ratio(u.pieces, u.attempts)}, exam.Value{Name: MetricTrainTokens, Value: ratio(u.tokens, u.attempts)},
		exam.Value{Name: MetricDrawn, Value: float64(u.drawn)})
	if len(u.advantages) == 0 {
		return list
	}
	return append(list, some(exam.Value{Name: MetricFewest, Value: float64(u.least)}, exam.Value{Name: MetricMost, Value: float64(u.most)},
		exam.Value{Name: MetricBias, Value: correlation(u.advantages, u.lengths)}, exam.Value{Name: MetricOffset, Value: mean(u.advantages)},
		exam.Value{Name: MetricGap, Value: u.gap}, exam.Value{Name: MetricDistance, Value: u.distance})...)
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// correlation is Pearson's; 0 where one of the two does not vary.
func correlation(x, y []float64) float64 {
	mx, my := mean(x), mean(y)
	var xx, yy, xy float64
	for i := range x {
		xx, yy, xy = xx+(x[i]-mx)*(x[i]-mx), yy+(y[i]-my)*(y[i]-my), xy+(x[i]-mx)*(y[i]-my)
	}
	if xx == 0 || yy == 0 {
		return 0
	}
	return xy / math.Sqrt(xx*yy)
}

// meanGap is the mean distance, in nats, between the log-probability that a trained token had when it was drawn and the one that the trainer
// found.
func meanGap(data []rl.Datum, out trainer.Output) float64 {
	sum, n := 0.0, 0
	for i := range data {
		for t, w := range data[i].Weights {
			if w == 0 {
				continue
			}
			if d := math.Abs(float64(data[i].Logprobs[t]) - float64(out.Rows[i].Logprobs[t])); !math.IsNaN(d) {
				sum, n = sum+d, n+1
			}
		}
	}
	return sum / float64(max(n, 1))
}

// supervise is the control: in the place of an update, one supervised step on as many fresh rows as an update trains at most.
func (m *method) supervise(ctx context.Context) ([]exam.Value, error) {
	n := m.knobs.Questions * m.knobs.Segments
	loss, _, err := m.model.Supervise(ctx, uint64(m.now.Updates*n), n, m.knobs.Rate, m.knobs.GradClip)
	return []exam.Value{{Name: MetricLoss, Value: loss}}, err
}
