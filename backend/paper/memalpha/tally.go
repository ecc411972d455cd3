package memalpha

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world/chat"
)

// measure is one value of one metric.
type measure struct {
	name  string
	value float64
}

// tally sums up rollouts.
type tally struct {
	rollouts, steps, calls, context, tokens, read int
	right, asked                                  map[chat.QuestionKind]float64
	r1, r2, r3, r4                                float64
	stored                                        [4][3]float64 // executed writes by kind of chunk and store
	chunks                                        [4]float64
	wrote                                         int // tokens of responses
}

var (
	kindsOfChunks = [...]chat.ChunkKind{chat.ChunkFacts, chat.ChunkEvents, chat.ChunkSamples, chat.ChunkNoise}
	storesInOrder = [...]string{core, semantic, episodic}
)

func place[T comparable](list []T, of T) int {
	for i, v := range list {
		if v == of {
			return i
		}
	}
	return 0
}

func (s *tally) add(r *rollout) {
	if s.right == nil {
		s.right, s.asked = map[chat.QuestionKind]float64{}, map[chat.QuestionKind]float64{}
	}
	s.rollouts++
	s.r1, s.r3 = s.r1+r.r1, s.r3+r.r3
	for i := range r.in.Questions {
		s.asked[r.in.Questions[i].Kind]++
	}
	for kind, n := range r.right {
		s.right[kind] += n
	}
	s.tokens, s.read = s.tokens+r.size(), s.read+length(r.in)
	for t := range r.steps {
		st := &r.steps[t]
		s.steps, s.calls, s.wrote = s.steps+1, s.calls+len(st.calls), s.wrote+len(st.wrote.Tokens)
		s.r2, s.r4 = s.r2+st.r2, s.r4+st.r4
		s.context += len(st.prompt) + len(st.wrote.Tokens)
		kind := place(kindsOfChunks[:], r.in.Chunks[t].Kind)
		s.chunks[kind]++
		for i := range st.calls {
			if c := &st.calls[i]; c.Fault == "" && c.Op != remove {
				s.stored[kind][place(storesInOrder[:], c.Store)]++
			}
		}
	}
}

// share of a kind's questions that were answered rightly; ok is false where none was asked.
func (s *tally) share(kind chat.QuestionKind) (float64, bool) {
	n := s.asked[kind]
	return s.right[kind] / max(n, 1), n > 0
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// accuracy is the mean of r1.
func (s *tally) accuracy() float64 { return s.r1 / float64(max(s.rollouts, 1)) }

// examined are the measures of an evaluation.
func (s *tally) examined() []measure {
	n := float64(max(s.steps, 1))
	list := []measure{{MetricAccuracy, s.accuracy()}, {MetricMemory, float64(s.tokens) / float64(max(s.rollouts, 1))}, {MetricShare, ratio(float64(s.tokens), float64(s.read))},
		{MetricValid, s.r4 / n}, {MetricExecuted, s.r2 / n}, {MetricCalls, float64(s.calls) / n}, {MetricContext, float64(s.context) / n}}
	for i, name := range []string{MetricFactsIn, MetricEventsIn, MetricSamplesIn} {
		row := s.stored[i]
		want := row[1]
		if i == 1 {
			want = row[2]
		}
		list = append(list, measure{name, ratio(want, row[0]+row[1]+row[2])})
	}
	core := s.stored[0][0] + s.stored[1][0] + s.stored[2][0] + s.stored[3][0]
	list = append(list, measure{MetricCore, core / n}, measure{MetricNoise, ratio(s.stored[3][1]+s.stored[3][2], s.chunks[3])})
	for _, k := range []struct {
		kind chat.QuestionKind
		name string
	}{{chat.AskCurrent, MetricFacts}, {chat.AskTemporal, MetricEvents}, {chat.AskLabel, MetricSamples}, {chat.AskGist, MetricGist}} {
		if v, ok := s.share(k.kind); ok {
			list = append(list, measure{k.name, v})
		}
	}
	return list
}

// trained are the measures of an update.
func (s *tally) trained(k *RLKnobs) []measure {
	n, r := float64(max(s.steps, 1)), float64(max(s.rollouts, 1))
	reward := s.r1/r + k.Format*s.r2/n + k.Beta*s.r3/r + k.Gamma*s.r4/n
	return []measure{{MetricReward, reward}, {MetricR1, s.r1 / r}, {MetricR2, s.r2 / n}, {MetricR3, s.r3 / r}, {MetricR4, s.r4 / n}, {MetricWrote, float64(s.wrote) / n}}
}

// emitAll emits measures at an update.
func emitAll(emit lab.Emitter, x int, values []measure) error {
	for _, v := range values {
		if err := emit.Emit(lab.Metric{Name: v.name, X: int64(x), Value: lab.Float(v.value)}); err != nil {
			return err
		}
	}
	return nil
}
