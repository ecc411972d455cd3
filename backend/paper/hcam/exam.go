package hcam

import (
	"context"
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/ballet"
)

// examEnvs environments are examined side by side.
const examEnvs = 64

// result is what an examination came to.
type result struct {
	exam.Result
	aged     map[int]*share // by how many dancers back the asked one was
	mirrored share          // episodes in which the mirror of the asked dance was danced, too
	player   *player        // nil for a reference
}

// share counts right ones among all.
type share struct{ right, all float64 }

func (s *share) add(right bool) {
	if s.all++; right {
		s.right++
	}
}

func (s *share) of() float64 { return s.right / s.all }

// examine plays whole ballets greedily. They depend on the run's seed and the split alone, so that every arm of a seed sees the same.
func (m *method) examine(ctx context.Context, w ballet.BalletKnobs, split string, episodes, keep int) (result, error) {
	stage, err := ballet.NewBallet(w, examEnvs)
	if err != nil {
		return result{}, err
	}
	r := result{aged: map[int]*share{}}
	e := exam.Exam{World: stage, Seed: rng.New(m.seed, "exam "+split).Uint64(), Episodes: episodes, Split: split, Keep: keep}
	if m.agent == nil {
		if e.Policy, err = stage.Reference(m.policy, m.seed); err != nil {
			return r, err
		}
	} else {
		r.player = newPlayer(m.core, m.agent, stage)
		e.Policy, e.Note, e.Events = r.player, r.player.note, r.player.events
		e.Sizes = func(_, t int) (int, int) { return m.agent.memory.sizes(t) }
	}
	e.End = func(b int, info world.Info) {
		age, _, pair := stage.Asked(b)
		if r.aged[age] == nil {
			r.aged[age] = new(share)
		}
		r.aged[age].add(info.Success)
		if pair {
			r.mirrored.add(info.Success)
		}
	}
	r.Result, err = e.Run(ctx)
	return r, err
}

func (m *method) evaluate(ctx context.Context, emit lab.Emitter) error {
	r, err := m.examine(ctx, m.world, "eval", m.knobs.EvalEpisodes, 1)
	if err != nil {
		return err
	}
	if err := exam.Emit(emit, m.episodes(), r.common()...); err != nil {
		return err
	}
	return m.course.Now.Book.Result(emit, m.episodes(), r.Result)
}

func (r *result) common() []exam.Value {
	return []exam.Value{{Name: MetricAccuracy, Value: r.Success}, {Name: MetricMemory, Value: r.Memory}, {Name: MetricContext, Value: r.Context}}
}

// test examines the finished agent: in ballets as in training, between the two dancers of a mirror pair, and with more dancers than in
// training.
func (m *method) test(ctx context.Context, emit lab.Emitter) error {
	r, err := m.examine(ctx, m.world, "test", m.knobs.TestEpisodes, 3)
	if err != nil {
		return err
	}
	values := r.common()
	if r.mirrored.all > 0 {
		values = append(values, exam.Value{Name: MetricMirrored, Value: r.mirrored.of()})
	}
	if r.player != nil && r.player.asked > 0 {
		values = append(values, exam.Value{Name: MetricHit, Value: float64(r.player.hits) / float64(r.player.asked)})
	}
	if err := exam.Emit(emit, m.episodes(), values...); err != nil {
		return err
	}
	for age := 1; age <= m.world.Dancers; age++ {
		if s := r.aged[age]; s != nil {
			if err := exam.Emit(emit, int64(age), exam.Value{Name: MetricAge, Value: s.of()}); err != nil {
				return err
			}
		}
	}
	if err := m.course.Now.Book.Result(emit, m.episodes(), r.Result); err != nil {
		return err
	}
	return m.testOthers(ctx, emit)
}

// testOthers examines with a mirror pair alone, and with each number of dancers, and counts what is attended to at each.
func (m *method) testOthers(ctx context.Context, emit lab.Emitter) error {
	pair := m.world
	pair.Dancers, pair.Among = 2, "pair"
	r, err := m.examine(ctx, pair, "pair", m.knobs.TestEpisodes, 0)
	if err != nil {
		return err
	}
	m.course.Now.Book.Skip(r.Episodes)
	if err := exam.Emit(emit, m.episodes(), exam.Value{Name: MetricPair, Value: r.Success}); err != nil {
		return err
	}
	for _, n := range tests() {
		w := m.world
		w.Dancers, w.Among = n, "any"
		r, err := m.examine(ctx, w, fmt.Sprintf("d%d", n), m.knobs.TestEpisodes, 0)
		if err != nil {
			return err
		}
		m.course.Now.Book.Skip(r.Episodes)
		if err := exam.Emit(emit, m.episodes(), exam.Value{Name: dancers(n), Value: r.Success}); err != nil {
			return err
		}
		if err := m.attended(emit, w); err != nil {
			return err
		}
	}
	return nil
}

// attended counts what the question is compared with in one layer, at the horizon of w: keys and steps.
func (m *method) attended(emit lab.Emitter, w ballet.BalletKnobs) error {
	if m.agent == nil {
		return nil
	}
	r, ok := m.agent.memory.(*reader)
	if !ok {
		return nil
	}
	t := w.Dancers * (w.Moves + w.Delay)
	plan := r.plan(t, 1, 1)
	n := plan.Attended(0, r.knobs.Read)
	if r.knobs.Reading == Summary { // stage two is left out: keys alone
		n = len(plan.All)
	}
	values := []exam.Value{{Name: MetricTokens, Value: float64(n)}}
	if err := exam.Emit(emit, int64(t+1), values...); err != nil {
		return err
	}
	if w.Dancers != m.world.Dancers {
		return nil
	}
	return exam.Emit(emit, m.episodes(), exam.Value{Name: MetricAttended, Value: float64(n)})
}
