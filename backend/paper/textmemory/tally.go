package textmemory

import (
	"strconv"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/world"
)

// mean is a sum with the number of its terms.
type mean struct {
	Sum float64
	N   int
}

func (m *mean) add(v float64) { m.Sum, m.N = m.Sum+v, m.N+1 }

// tally sums up what is measured. It is part of a run's state.
type tally struct {
	Block        map[string]mean // since the last point, by metric
	Whole        map[string]mean // since the beginning, by metric
	Memory       [2]int          // entries and tokens at the end of the last episode
	Points       int             // told
	Unanswerable int             // questions without evidence, which recall leaves out
	Usage        llm.ChatUsage
	Answers      int // of a model
}

func put(into *map[string]mean, name string, v float64) {
	if *into == nil {
		*into = map[string]mean{}
	}
	m := (*into)[name]
	m.add(v)
	(*into)[name] = m
}

// answered takes in one turn that wanted an answer, to a question of that category ("" where the world has none).
func (s *tally) answered(d world.Dialogue, category string, out world.Outcome, reading mem.Reading, silent bool) {
	put(&s.Block, MetricEntries, float64(len(reading.Entries)))
	put(&s.Block, MetricReadTokens, float64(readTokens(reading)))
	if silent {
		return
	}
	put(&s.Block, MetricReward, out.Reward)
	g, ok := d.(graded)
	if !ok {
		return
	}
	scores := g.Scores()
	suffixes := []string{""}
	if category != "" {
		suffixes = append(suffixes, "_"+category)
	}
	for _, of := range suffixes {
		put(&s.Whole, MetricExact+of, scores.Exact)
		put(&s.Whole, MetricF1+of, scores.F1)
		put(&s.Whole, MetricBLEU1+of, scores.BLEU1)
	}
}

// found takes in where the evidence of one question stood.
func (s *tally) found(f *finding) {
	for _, of := range []string{"", "_" + f.category} {
		for _, k := range depths() {
			put(&s.Whole, recallAt(k)+of, f.recall(k))
		}
		put(&s.Whole, MetricMRR+of, f.reciprocal())
	}
}

// recallAt is the name of recall at k.
func recallAt(k int) string { return MetricRecall + "_" + strconv.Itoa(k) }

// use counts what an answer of a model cost.
func (s *tally) use(u llm.ChatUsage) {
	s.Answers++
	s.Usage.Prompt += u.Prompt
	s.Usage.Reply += u.Reply
	s.Usage.Dollars += u.Dollars
	s.Usage.Retries += u.Retries
}

// episode takes in an episode that ended.
func (s *tally) episode(in world.Info, size, tokens, largest int, silent bool) {
	s.Memory = [2]int{size, tokens}
	put(&s.Block, MetricContext, float64(largest))
	put(&s.Block, MetricSteps, float64(in.Steps))
	if silent {
		return
	}
	success := 0.0
	if in.Success {
		success = 1
	}
	put(&s.Block, MetricSuccess, success)
	put(&s.Block, MetricReturn, float64(in.Return))
}

// tell emits the point that is due behind an episode, and at the end what is summed up over all of them.
func (m *method) tell(emit lab.Emitter) error {
	s, n := &m.sums, m.now.Episodes
	if points := min(m.how.Points, m.total); n*points >= (s.Points+1)*m.total {
		s.Points++
		values := map[string]mean{MetricMemory: {float64(s.Memory[0]), 1}, MetricMemoryTokens: {float64(s.Memory[1]), 1}}
		for name, v := range s.Block {
			values[name] = v
		}
		s.Block = nil
		if err := emitMeans(emit, n, values); err != nil {
			return err
		}
	}
	if n < m.total {
		return nil
	}
	if s.Answers > 0 {
		put(&s.Whole, MetricPrompt, float64(s.Usage.Prompt)/float64(s.Answers))
		put(&s.Whole, MetricReply, float64(s.Usage.Reply)/float64(s.Answers))
		put(&s.Whole, MetricDollars, s.Usage.Dollars)
	}
	if m.kind == Retrieval {
		put(&s.Whole, MetricUnanswerable, float64(s.Unanswerable))
	}
	return emitMeans(emit, n, s.Whole)
}

// emitMeans emits those of the paper's metrics that have a value, in the order of the card.
func emitMeans(emit lab.Emitter, x int, values map[string]mean) error {
	for _, spec := range metrics() {
		v, ok := values[spec.Name]
		if !ok || v.N == 0 {
			continue
		}
		if err := emit.Emit(lab.Metric{Name: spec.Name, X: int64(x), Value: lab.Float(v.Sum / float64(v.N))}); err != nil {
			return err
		}
	}
	return nil
}
