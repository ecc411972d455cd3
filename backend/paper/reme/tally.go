package reme

import (
	"context"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/stats"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/tool"
)

// tally sums up one block of tasks. It is part of the kept state.
type tally struct {
	Tasks, Attempts, Won, Any int
	Read, WrongRead           int            // entries read; those with a rule that does not hold
	Origins                   map[string]int // entries read, by role
	Offered, Dropped          int            // lessons that the validator saw, and dropped
	Retries, Rescued          int            // retries, and tasks that one of them did
	Deleted, Unjust           int            // entries deleted, and those that were right
	Context, Steps, Unknown   float64        // sums over attempts: largest context, turns, answers not understood
}

// add takes a task in. now are the rules that hold.
func (t *tally) add(s *sitting, tries []played, now []tool.ServiceRule) {
	won := wins(tries)
	t.Tasks, t.Attempts, t.Won = t.Tasks+1, t.Attempts+len(tries), t.Won+won
	if won > 0 {
		t.Any++
	}
	for i := range tries {
		p := &tries[i]
		t.Context, t.Steps, t.Unknown = t.Context+float64(p.peak()), t.Steps+float64(len(p.turns)), t.Unknown+p.info.Numbers["unknown"]
	}
	if t.Origins == nil {
		t.Origins = map[string]int{}
	}
	for i := range s.reading.Entries {
		e := &s.reading.Entries[i]
		t.Read++
		t.Origins[originOf(e)]++
		if !right(tool.ServiceRules(e.Text), now) {
			t.WrongRead++
		}
	}
}

// measure is one number for the record.
type measure struct {
	name  string
	value float64
}

// measures are those of the block. What cannot be told is NaN and left out.
func (t *tally) measures() []measure {
	n := float64(t.Attempts)
	all := []measure{
		{MetricSuccess, float64(t.Won) / n},
		{MetricPass, share(t.Any, t.Tasks)},
		{MetricContext, t.Context / n},
		{MetricSteps, t.Steps / n},
		{MetricUnknown, t.Unknown / math.Max(t.Steps, 1)},
		{MetricRead, share(t.Read, t.Tasks)},
		{MetricRetries, share(t.Retries, t.Tasks)},
		{MetricRescued, share(t.Rescued, t.Tasks)},
		{MetricDeleted, float64(t.Deleted)},
		{MetricUnjust, float64(t.Unjust)},
		{MetricDropped, float64(t.Dropped) / float64(t.Offered)},
	}
	if t.Read == 0 {
		return all
	}
	all = append(all, measure{MetricWrongRead, share(t.WrongRead, t.Read)})
	for _, o := range origins() {
		all = append(all, measure{MetricReadOrigin + o, share(t.Origins[o], t.Read)})
	}
	return all
}

// standing are the numbers of the pool at the moment of task i.
func (m *method) standing(i int) []measure {
	banks := m.memory.Banks()
	if len(banks) == 0 {
		return nil
	}
	now := wanted(m.home.At(i))
	entries, tokens, wrong := 0, 0, 0
	alive, uses, won := map[string]int{}, map[string]float64{}, map[string]float64{}
	for _, b := range banks {
		for _, e := range b.All() {
			entries, tokens = entries+1, tokens+e.Tokens
			if !right(tool.ServiceRules(e.Text), now) {
				wrong++
			}
			o := originOf(e)
			alive[o]++
			uses[o] += mem.Number(e, mem.NumUses)
			won[o] += mem.Number(e, mem.NumWins)
		}
	}
	all := []measure{{MetricMemory, float64(entries)}, {MetricTokens, float64(tokens)}}
	if entries > 0 {
		all = append(all, measure{MetricWrongAlive, share(wrong, entries)})
	}
	for _, o := range origins() {
		all = append(all, measure{MetricAliveOrigin + o, float64(alive[o])}, measure{MetricRatioOrigin + o, won[o] / uses[o]})
	}
	return all
}

// endBlock puts the numbers of a block into the record, and tests where a test is due: at the drift and at the end.
func (m *method) endBlock(ctx context.Context, emit lab.Emitter) error {
	n := m.now.Tasks
	if n%m.knobs.Block == 0 {
		if err := emitAll(emit, n, append(m.now.Tally.measures(), m.standing(n-1)...)); err != nil {
			return err
		}
		m.now.Tally = tally{}
	}
	if n == m.knobs.Tasks {
		if after, ok := recovery(m.now.Scores, m.world.Drift); ok {
			if err := emitAll(emit, n, []measure{{MetricRecovery, after}}); err != nil {
				return err
			}
		}
	}
	if n == m.world.Drift || n == m.knobs.Tasks {
		return m.examine(ctx, emit)
	}
	return nil
}

// What a return to the success before the drift is measured by.
const (
	beforeDrift = 30   // tasks whose mean is returned to
	window      = 10   // tasks of the mean that returns
	returned    = 0.9  // share of the mean before
	least       = 0.05 // success before the drift below which there is nothing to return to
)

// recovery is the number of tasks after the drift until the mean success of the last ten tasks, all of them after the drift, has come back
// to 0.9 of the mean of the last thirty before it. Where it never does, it is the number of tasks after the drift and one more.
func recovery(scores []float64, drift int) (float64, bool) {
	if drift <= 0 || drift >= len(scores) {
		return 0, false
	}
	goal := returned * stats.Mean(scores[max(0, drift-beforeDrift):drift])
	if goal < returned*least {
		return 0, false
	}
	after := scores[drift:]
	for n := window; n <= len(after); n++ {
		if stats.Mean(after[n-window:n]) >= goal {
			return float64(n), true
		}
	}
	return float64(len(after) + 1), true
}

// emitAll puts numbers into the record; what is NaN is left out.
func emitAll(emit lab.Emitter, x int, values []measure) error {
	for _, v := range values {
		if math.IsNaN(v.value) || math.IsInf(v.value, 0) {
			continue
		}
		if err := emit.Emit(lab.Metric{Name: v.name, X: int64(x), Value: lab.Float(v.value)}); err != nil {
			return err
		}
	}
	return nil
}

// heldOut is the split of a test's episodes in the record.
const heldOut = "held-out"

// examine does tasks whose goals training never has together, with a copy of the memory as it stands: nothing is counted, learned or
// written. Every test of a run has the same tasks; the rules are those of the task before it.
func (m *method) examine(ctx context.Context, emit lab.Emitter) error {
	who, err := m.player(ctx)
	if err != nil {
		return err
	}
	memory, err := m.copied()
	if err != nil {
		return err
	}
	all := make([]sitting, m.knobs.HeldOut)
	for i := range all {
		all[i] = sitting{world: m.home.At(max(m.now.Tasks-1, 0)), split: tool.Test, seed: m.seedOf(testSeeds, i),
			number: int64(m.knobs.Pool+m.knobs.Tasks+i+1) + m.now.Shown}
		if err := m.read(ctx, memory, &all[i]); err != nil {
			return err
		}
	}
	done, err := who.play(ctx, all, 1, m.temper, world.Draw(m.draws, testSeeds))
	if err != nil {
		return err
	}
	won := 0
	for i := range done {
		won += wins(done[i])
	}
	if err := emitAll(emit, m.now.Tasks, []measure{{MetricHeldOut, share(won, len(done))}}); err != nil {
		return err
	}
	for i := range min(m.knobs.Kept, len(done)) {
		if err := m.show(emit, &all[i], &done[i][0]); err != nil {
			return err
		}
		if err := emit.Emit(m.episode(&all[i], &done[i][0], heldOut, true, 0)); err != nil {
			return err
		}
		m.now.Shown++
	}
	return nil
}
