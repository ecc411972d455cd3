package memoryr1

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/chat"
)

// What an examination looks at.
type scope int

const (
	managerOnly scope = iota // banks, read by the rule
	answersOnly              // and the answer agent
	whole                    // both, with more conversations, drawn answers and other numbers of entries
)

const (
	keptTalks   = 2  // conversations of each examination that go into the record whole
	probeGroup  = 8  // decisions in a group of the probe
	probeStates = 96 // additions that the probe looks at
)

// talks are the first n test conversations of the run's seed: every arm of a seed has the same ones.
func (m *method) talks(n int) ([]*talk, error) {
	all := make([]*talk, n)
	for i, seed := range rng.New(m.seed, "exam").Seeds(n) {
		var err error
		if all[i], err = m.world.talk(splitTest, seed); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// examine lets the manager write banks in test conversations and both readers answer questions about all that holds at their ends.
func (m *method) examine(ctx context.Context, emit lab.Emitter, look scope) error {
	n := m.knobs.EvalTalks
	if look == whole {
		n = m.knobs.TestTalks
	}
	talks, err := m.talks(n)
	if err != nil {
		return err
	}
	if look == whole && m.now.Managed+m.now.Answered == 0 && m.memory.Manager == Learned && !m.manager.Frozen() {
		if err := m.probe(ctx, emit, talks); err != nil {
			return err
		}
	}
	banks, err := m.write(ctx, emit, talks, 0)
	if err != nil {
		return err
	}
	if look != answersOnly {
		if err := m.emitAll(emit, m.inspect(banks)); err != nil {
			return err
		}
	}
	var kept []reading
	if look != managerOnly {
		if kept, err = m.question(ctx, emit, banks, look); err != nil {
			return err
		}
	}
	if look == whole && m.memory.Manager == Learned {
		if err := m.sampled(ctx, emit, talks); err != nil {
			return err
		}
	}
	return m.narrate(emit, banks[:min(keptTalks, len(banks))], kept)
}

// write makes the banks of some conversations with the memory of the set-up.
func (m *method) write(ctx context.Context, emit lab.Emitter, talks []*talk, temperature float64) ([]*written, error) {
	if m.setup.Kind("memory") != Own {
		all, err := m.recallers(ctx, emit, talks)
		if err == nil && emit != nil {
			err = m.hand().missed()
		}
		return all, err
	}
	who, err := m.decider(ctx, temperature)
	if err != nil {
		return nil, err
	}
	by := m.hand()
	if emit == nil {
		by = nil // nothing of it is kept
	}
	all, err := manage(ctx, who, talks, m.memory, m.world, rng.New(m.seed, "exam draws").Uint64(), by)
	return all, errors.Join(err, by.missed())
}

// ends are the questions about all that holds at the end of a conversation, with the entries that its memory finds.
func (m *method) ends(t *written, k int) []question {
	now := len(t.Turns) - 1
	var asks []question
	for _, f := range t.Turns[now].Holds {
		q := t.ask(f.key, now)
		q.shown = t.recall(q.text, k)
		asks = append(asks, q)
	}
	return asks
}

// inspect scores banks by the rule reader, and counts operations by the kind of turn.
func (m *method) inspect(banks []*written) []measure {
	var seen marks
	var size, faults mean
	counts := map[string]map[string]float64{}
	for _, t := range banks {
		for _, q := range m.ends(t, mostSlots) {
			seen.add(&q, score(Exact, m.world.read(q.text, q.shown), q.gold.Values))
		}
		size.add(float64(t.size()))
		for _, d := range t.Decisions {
			kind := string(t.Turns[d.Turn].Kind)
			if counts[kind] == nil {
				counts[kind] = map[string]float64{}
			}
			counts[kind][shape(d.Ops)]++
			faults.add(float64(min(d.Faults, 1)))
		}
	}
	values := []measure{{MetricEM, seen.all.of()}, {MetricEMSingle, seen.single.of()}, {MetricEMList, seen.list.of()}, {MetricBank, size.of()}}
	if m.setup.Kind("memory") != Own {
		return values
	}
	values = append(values, measure{MetricFaults, faults.of()})
	for _, kind := range sharedKinds() {
		total := 0.0
		for _, s := range shares() {
			total += counts[kind[0]][s]
		}
		if total == 0 {
			continue
		}
		for _, s := range shares() {
			values = append(values, measure{share(kind[0], s), counts[kind[0]][s] / total})
		}
	}
	return values
}

// sampled scores the banks of a manager whose decisions are drawn.
func (m *method) sampled(ctx context.Context, emit lab.Emitter, talks []*talk) error {
	banks, err := m.write(ctx, nil, talks, 1)
	if err != nil {
		return err
	}
	var seen marks
	for _, t := range banks {
		for _, q := range m.ends(t, mostSlots) {
			seen.add(&q, score(Exact, m.world.read(q.text, q.shown), q.gold.Values))
		}
	}
	return m.emitAll(emit, []measure{{MetricSampled, seen.all.of()}, {MetricSampledLst, seen.list.of()}})
}

// question lets the answer agent answer out of K entries, those of other conversations among them, and returns what it read and wrote about
// the conversations that are kept.
func (m *method) question(ctx context.Context, emit lab.Emitter, banks []*written, look scope) ([]reading, error) {
	asks := m.asks(banks, m.knobs.Candidates)
	who, err := m.answerer(ctx, 0)
	if err != nil {
		return nil, err
	}
	read, err := who.answer(ctx, asks, 1, make([]uint64, len(asks)))
	if err != nil {
		return nil, err
	}
	if err := m.emitAll(emit, m.graded(read)); err != nil {
		return nil, err
	}
	if look == whole {
		if err := m.others(ctx, emit, who, banks, read); err != nil {
			return nil, err
		}
	}
	kept := 0
	for _, t := range banks[:min(keptTalks, len(banks))] {
		kept += len(t.Turns[len(t.Turns)-1].Holds)
	}
	return firsts(read[:kept]), nil
}

// others examines the answer agent by drawn answers and with other numbers of entries.
func (m *method) others(ctx context.Context, emit lab.Emitter, who answering, banks []*written, read [][]reading) error {
	asks := make([]question, len(read))
	for i := range read {
		asks[i] = read[i][0].question
	}
	seeds := rng.New(m.seed, "answers").Seeds(len(asks))
	who.temperature = 1
	drawn, err := who.answer(ctx, asks, 1, seeds)
	if err != nil {
		return err
	}
	values := []measure{{MetricAnswerDraw, right(drawn)}}
	who.temperature = 0
	for _, k := range otherCandidates() {
		read := read
		if k != m.knobs.Candidates {
			asks := m.asks(banks, k)
			if read, err = who.answer(ctx, asks, 1, make([]uint64, len(asks))); err != nil {
				return err
			}
		}
		values = append(values, measure{fmt.Sprintf("%s_k%d", MetricAnswer, k), right(read)})
	}
	return m.emitAll(emit, values)
}

// otherCandidates are the numbers of entries with which a test examines the answer agent, whatever it learned with.
func otherCandidates() []int { return []int{4, 8, 12} }

// asks are the questions at the ends of conversations, each with so many entries, those of others among them.
func (m *method) asks(banks []*written, k int) []question {
	knobs := m.knobs
	knobs.Candidates, knobs.Distractors = k, min(m.knobs.Distractors, k*2/3)
	l, s := library(banks), rng.New(m.seed, "strangers")
	var asks []question
	for _, t := range banks {
		for _, q := range m.ends(t, k) {
			q.shown = l.candidates(t, q.text, s, knobs, m.order)
			asks = append(asks, q)
		}
	}
	return asks
}

// graded are the measures of answers.
func (m *method) graded(read [][]reading) []measure {
	var seen marks
	var precision, recall, context mean
	for _, r := range firsts(read) {
		seen.add(&r.question, score(Exact, r.Values, r.gold.Values))
		context.add(float64(len(r.Prompt) + len(r.Wrote.Tokens)))
		for _, slot := range r.Picked {
			precision.add(m.about(&r, slot))
		}
		for slot := range r.shown {
			if m.about(&r, slot+1) == 1 {
				picked := 0.0
				if slices.Contains(r.Picked, slot+1) {
					picked = 1
				}
				recall.add(picked)
			}
		}
	}
	values := []measure{{MetricAnswer, seen.all.of()}, {MetricAnswerOne, seen.single.of()}, {MetricAnswerList, seen.list.of()}, {MetricContext, context.of()}}
	if m.knobs.Select {
		values = append(values, measure{MetricPrecision, precision.of()}, measure{MetricRecall, recall.of()})
	}
	return values
}

// about is 1 where the entry at a place is about the thing asked.
func (m *method) about(r *reading, slot int) float64 {
	if e, ok := m.world.parse(r.shown[slot-1].Text); ok && e.key == r.gold.key {
		return 1
	}
	return 0
}

// firsts are the first readings of each question.
func firsts(read [][]reading) []reading {
	all := make([]reading, len(read))
	for i := range read {
		all[i] = read[i][0]
	}
	return all
}

// right is the share of right answers.
func right(read [][]reading) float64 {
	var seen mean
	for _, r := range firsts(read) {
		seen.add(score(Exact, r.Values, r.gold.Values))
	}
	return seen.of()
}

// probe says whether learning has anything to find: on additions in the oracle's banks it draws groups of decisions and counts those that
// merge exactly as the oracle does.
func (m *method) probe(ctx context.Context, emit lab.Emitter, talks []*talk) error {
	banks, err := manage(ctx, ruled{OracleManager, m.world}, talks, m.memory, m.world, 0, nil)
	if err != nil {
		return err
	}
	var ds []*decision
	for _, t := range banks {
		for _, d := range t.Decisions {
			if t.Turns[d.Turn].Kind == chat.KindAdd && shape(d.Ops) == Update && len(ds) < probeStates {
				ds = append(ds, d)
			}
		}
	}
	s, err := m.manager.Sampler(ctx, m.prompts[managerRole])
	if err != nil || len(ds) == 0 {
		return err
	}
	who := managing{s, m.words, m.world, 1}
	requests := make([]llm.Request, len(ds))
	for i, seed := range rng.New(m.seed, "probe").Seeds(len(ds)) {
		if requests[i], err = who.request(ds[i], probeGroup, seed); err != nil {
			return err
		}
	}
	replies, err := s.Sample(ctx, requests)
	if err != nil {
		return err
	}
	var one, any mean
	for i, r := range replies {
		found := 0.0
		for _, y := range r.Sequences {
			said, err := plain(m.words, y.Tokens)
			if err != nil {
				return err
			}
			same := 0.0
			if said == script(ds[i].Ops) {
				same, found = 1, 1
			}
			one.add(same)
		}
		any.add(found)
	}
	return m.emitAll(emit, []measure{{MetricMerge, one.of()}, {MetricMergeGroup, any.of()}})
}
