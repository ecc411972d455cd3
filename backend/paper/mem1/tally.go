package mem1

import (
	"math"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/world/hop"
)

// tally sums up attempts.
type tally struct {
	attempts, won, questions, right, answered int
	earned, pairs                             float64
	peak, turns, tokens, state                int // state: words of the last state
	found, kept                               int // answers that a search had told before the last turn, and that stood in its state
	unknown                                   int // answers that were not understood
	lives                                     []life
}

// life counts, of answers that were found so many turns ago, how many stood in the state.
type life struct{ kept, found int }

// add takes one attempt in.
func (s *tally) add(t *trace, played *rl.Trajectory) {
	in := t.Info()
	s.attempts, s.earned = s.attempts+1, s.earned+played.Reward
	s.questions, s.right, s.answered = s.questions+len(t.Questions()), s.right+int(in.Numbers["right"]), s.answered+t.answered()
	if in.Success {
		s.won++
	}
	s.peak, s.turns, s.tokens = s.peak+played.Peak(), s.turns+len(t.steps), s.tokens+played.Length()
	for i := range played.Segments {
		s.pairs += pairs(len(played.Segments[i].Context), len(played.Segments[i].Tokens))
	}
	for i := range t.steps {
		if t.steps[i].note != "" {
			s.unknown++
		}
		s.survived(t, i, i == len(t.steps)-1)
	}
	if n := len(t.steps); n > 0 {
		s.state += len(t.steps[n-1].said.state)
	}
}

// survived looks for what had been found before a turn in the state that the turn wrote.
func (s *tally) survived(t *trace, turn int, last bool) {
	for _, o := range t.Outputs() {
		q, answers := t.Used(o)
		if o.Turn >= turn || !answers {
			continue
		}
		age := turn - o.Turn - 1
		for len(s.lives) <= age {
			s.lives = append(s.lives, life{})
		}
		stands := slots(t.Questions(), t.steps[turn].said.state)[q] == t.Questions()[q].Answer()
		s.lives[age].found++
		if stands {
			s.lives[age].kept++
		}
		if last {
			s.found++
			if stands {
				s.kept++
			}
		}
	}
}

// pairs is the work of attention for one call: n_prompt n_out + n_out^2 / 2.
func pairs(prompt, out int) float64 { return float64(prompt*out) + float64(out*out)/2 }

// measure is one value of one metric.
type measure struct {
	name  string
	value float64
}

func ratio(a, b int) float64 {
	if b == 0 {
		return math.NaN()
	}
	return float64(a) / float64(b)
}

func (s *tally) score() float64 { return ratio(s.right, s.questions) }

// examined are the measures of an evaluation.
func (s *tally) examined() []measure {
	return []measure{{MetricScore, s.score()}, {MetricSuccess, ratio(s.won, s.attempts)}, {MetricContext, ratio(s.peak, s.attempts)}, {MetricMemory, ratio(s.state, s.attempts)},
		{MetricKept, ratio(s.kept, s.found)}, {MetricAnswered, ratio(s.answered, s.questions)}, {MetricTurns, ratio(s.turns, s.attempts)}}
}

// tested are the measures of a test with a number of questions.
func (s *tally) tested() []measure {
	return []measure{{MetricTest, s.score()}, {MetricPeak, ratio(s.peak, s.attempts)}, {MetricPairs, s.pairs / float64(max(s.attempts, 1))},
		{MetricState, ratio(s.state, s.attempts)}, {MetricTestKept, ratio(s.kept, s.found)}}
}

// trained are the measures of an update.
func (s *tally) trained(groups []rl.Group) []measure {
	flat := 0
	for i := range groups {
		g := groups[i].Trajectories
		if !slices.ContainsFunc(g, func(t rl.Trajectory) bool { return t.Reward != g[0].Reward }) {
			flat++
		}
	}
	return []measure{{MetricTrain, s.score()}, {MetricReward, s.earned / float64(max(s.attempts, 1))}, {MetricFlat, ratio(flat, len(groups))},
		{MetricTrainTokens, ratio(s.tokens, s.attempts)}, {MetricUnknown, ratio(s.unknown, s.turns)}, {MetricTrainKept, ratio(s.kept, s.found)}}
}

// probe is the share of groups of which at least one attempt answered all questions: what is never drawn cannot be reinforced.
func probe(groups []rl.Group, traces []*trace) float64 {
	n, at := 0, 0
	for i := range groups {
		size := len(groups[i].Trajectories)
		if slices.ContainsFunc(traces[at:at+size], func(t *trace) bool { return t.Info().Success }) {
			n++
		}
		at += size
	}
	return ratio(n, len(groups))
}

// emitAll emits those measures that have a value: a mean over nothing is no point of a curve.
func emitAll(emit lab.Emitter, x int, values []measure) error {
	for _, v := range values {
		if math.IsNaN(v.value) {
			continue
		}
		if err := emit.Emit(lab.Metric{Name: v.name, X: int64(x), Value: lab.Float(v.value)}); err != nil {
			return err
		}
	}
	return nil
}

// ofN is the same world with n questions in every episode.
func ofN(k hop.Knobs, n int) hop.Knobs {
	k.Least, k.Most, k.Entities = n, n, max(k.Entities, 2*n+4)
	return k
}
