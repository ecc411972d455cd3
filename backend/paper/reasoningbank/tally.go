package reasoningbank

import (
	"math"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/world/shop"
)

// ratio is a mean under way.
type ratio struct{ Sum, N float64 }

func (r *ratio) add(v float64) { r.Sum, r.N = r.Sum+v, r.N+1 }

// mean is NaN where nothing was added.
func (r ratio) mean() float64 { return r.Sum / r.N }

// tally sums up some tasks. It is part of the kept state.
type tally struct {
	Tasks                                                 int
	Picked, Pass, Oracle, Done, Failed, Judge             ratio
	SameClass, ReadRight, Followed, Wrote, Context, Reads ratio
	Unknown                                               ratio
}

// measure takes a task in. What only measures counts where the rollouts are counted, and nowhere else.
func (m *method) measure(done, shadows []played, pick int) {
	for _, t := range []*tally{&m.now.Window, &m.now.Last} {
		if t == &m.now.Last && m.now.Tasks <= len(m.stream)-m.knobs.Last {
			continue
		}
		t.take(done, shadows, pick)
		t.right(done[pick].sitting, m.shop)
	}
}

func (t *tally) take(done, shadows []played, pick int) {
	t.Tasks++
	t.Picked.add(float64(btoi(done[pick].info.Success)))
	solved := false
	for i := range done {
		p := &done[i]
		solved = solved || p.info.Success
		t.Judge.add(float64(btoi(p.won != p.info.Success)))
		t.Context.add(float64(p.peak()))
		t.followed(p)
		t.rollout(p)
	}
	for i := range shadows {
		t.rollout(&shadows[i])
	}
	t.Oracle.add(float64(btoi(solved)))
	t.read(done[pick].sitting)
}

func (t *tally) rollout(p *played) {
	t.Pass.add(float64(btoi(p.info.Success)))
	steps := &t.Failed
	if p.info.Success {
		steps = &t.Done
	}
	steps.add(float64(len(p.turns)))
	t.Unknown.Sum, t.Unknown.N = t.Unknown.Sum+p.info.Numbers["unknown"], t.Unknown.N+float64(len(p.turns))
}

// read looks at what stood in the prompt.
func (t *tally) read(s *sitting) {
	entries := s.reading.Entries
	t.Reads.add(float64(len(entries)))
	if n := len(entries); n > 0 {
		class, ok := classOf(&entries[n-1])
		t.SameClass.add(float64(btoi(ok && class == s.goal.Class.String())))
	}
}

// right compares the items in the prompt that are about the class of the task with the habits of the site.
func (t *tally) right(s *sitting, home *shop.World) {
	for at, option := range home.Right(s.goal.Class) {
		for line := range strings.SplitSeq(strings.Join(s.reading.Lines(), "\n"), "\n") {
			if said, ok := strings.CutPrefix(line, shop.Advice(s.goal.Class.String(), shop.Stages()[at], "")); ok {
				t.ReadRight.add(float64(btoi(said == option)))
			}
		}
	}
}

// classOf is the class that the lines of an entry are about, where they say.
func classOf(e *lab.Entry) (string, bool) {
	words := strings.Fields(e.Text)
	if len(words) > 2 && (words[0] == "for" || words[0] == "flow") {
		return words[1], true
	}
	return "", false
}

// followed looks at the choices that one line in the prompt speaks about.
func (t *tally) followed(p *played) {
	chosen := p.visit.Chosen()
	for at, stage := range shop.Stages() {
		said, n := "", 0
		for line := range strings.SplitSeq(strings.Join(p.lines(), "\n"), "\n") {
			if option, ok := strings.CutPrefix(line, shop.Advice(p.goal.Class.String(), stage, "")); ok {
				said, n = option, n+1
			}
		}
		if n == 1 && chosen[at] != "" {
			t.Followed.add(float64(btoi(said == chosen[at])))
		}
	}
}

// wrote compares items that are written with the habits of the site.
func (t *tally) wrote(items []advice, home *shop.World) {
	for _, a := range items {
		t.Wrote.add(float64(btoi(home.Right(a.class)[a.stage] == a.option)))
	}
}

// measure is one number for the record.
type measure struct {
	name  string
	value float64
}

// measures are those of a window. What cannot be told is NaN and left out.
func (t *tally) measures() []measure {
	return []measure{{MetricSuccess, t.Picked.mean()}, {MetricPass1, t.Pass.mean()}, {MetricOracle, t.Oracle.mean()}, {MetricStepsDone, t.Done.mean()},
		{MetricStepsFailed, t.Failed.mean()}, {MetricJudgeError, t.Judge.mean()}, {MetricSameClass, t.SameClass.mean()}, {MetricReadRight, t.ReadRight.mean()},
		{MetricFollowed, t.Followed.mean()}, {MetricWroteRight, t.Wrote.mean()}, {MetricContext, t.Context.mean()}, {MetricRead, t.Reads.mean()},
		{MetricUnknown, t.Unknown.mean()}}
}

// window puts the numbers of a window into the record, and those of the last tasks behind the last one.
func (m *method) window(emit lab.Emitter) error {
	over := m.now.Tasks == len(m.stream)
	if m.now.Tasks%m.knobs.Window != 0 && !over {
		return nil
	}
	values := m.now.Window.measures()
	if banks := m.memory.Banks(); len(banks) > 0 {
		entries, tokens := m.size()
		values = append(values, measure{MetricMemory, float64(entries)}, measure{MetricTokens, float64(tokens)})
		values = append(values, m.beliefs(banks)...)
	}
	if over {
		l := &m.now.Last
		values = append(values, measure{MetricSuccessLast, l.Pass.mean()}, measure{MetricBestLast, l.Picked.mean()}, measure{MetricOracleLast, l.Oracle.mean()})
	}
	m.now.Window = tally{}
	return emitAll(emit, m.now.Tasks, values)
}

// size is how much all banks hold.
func (m *method) size() (entries, tokens int) {
	for _, b := range m.memory.Banks() {
		entries, tokens = entries+b.Len(), tokens+b.Tokens()
	}
	return entries, tokens
}

// beliefs are the shares of classes for which most items about a stage are right.
func (m *method) beliefs(banks []*mem.Bank) (all []measure) {
	if m.knobs.Form != Items {
		return nil
	}
	votes := map[string]float64{} // of an advice
	for _, b := range banks {
		for _, e := range b.All() {
			for line := range strings.SplitSeq(e.Text, "\n") {
				votes[line]++
			}
		}
	}
	for at, stage := range shop.Stages() {
		var right ratio
		for c := shop.Price; c <= shop.Month; c++ {
			a := advice{c, at, m.shop.Right(c)[at]}
			b := advice{c, at, other(c, at, a.option)}
			right.add(float64(btoi(votes[a.line()] > votes[b.line()])))
		}
		all = append(all, measure{MetricBelieves + stage, right.mean()})
	}
	return all
}

// emitAll puts numbers into the record; what is NaN is left out.
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
