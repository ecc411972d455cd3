package oer

import (
	"context"
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/world/control"
)

// mostShown bounds the entries of a buffer that a record tells one by one: the Memory browser shows hundreds, not thousands.
const mostShown = 400

// modelStarts are the starts over which the model's errors are averaged.
const modelStarts = 16

// keep chooses the buffer of the present task and reports on it: how far from it the learned policy goes, and how good the model was.
func (m *method) keep(ctx context.Context, emit lab.Emitter, learned *sitting) error {
	task, d := m.now.Task, m.data[m.now.Task]
	picks, f, err := m.choose(ctx)
	if err != nil {
		return err
	}
	values := []exam.Value{{Name: MetricLearned, Value: m.examiner.skill(task, learned.mean)}, {Name: MetricData, Value: m.examiner.skill(task, d.returns)}}
	if len(picks) > 0 {
		values = append(values, exam.Value{Name: MetricShift, Value: d.shift(learned.visited, picks)},
			exam.Value{Name: MetricStray, Value: d.stray(learned.visited, picks)}, exam.Value{Name: MetricUnique, Value: float64(unique(picks))})
	}
	if f != nil {
		values = append(values, exam.Value{Name: MetricModelLoss, Value: f.loss})
	}
	m.buffers = append(m.buffers, picks)
	if err := exam.Emit(emit, int64(task+1), values...); err != nil {
		return err
	}
	if err := m.write(emit, "learned", learned, m.writes(task, picks)); err != nil {
		return err
	}
	if f != nil && task == m.world.Goals-1 {
		return m.modelErrors(emit, f)
	}
	return nil
}

// modelErrors reports the model of the last task against the steps of a rollout.
func (m *method) modelErrors(emit lab.Emitter, f *forward) error {
	task := m.now.Task
	a, head := m.pi, task
	if m.stage.mu != nil {
		a, head = m.stage.mu, 0
	}
	anchored, free := f.errors(m.examiner.worlds[task], m.data[task], policyOf(m.core, a, head), min(m.agent.Rollout, m.world.Horizon), min(modelStarts, len(m.data[task].starts)))
	for t := range anchored {
		if err := exam.Emit(emit, int64(t+1), exam.Value{Name: MetricAnchored, Value: anchored[t]}, exam.Value{Name: MetricFree, Value: free[t]}); err != nil {
			return err
		}
	}
	return nil
}

func unique(picks []pick) int {
	seen := map[int32]bool{}
	for _, p := range picks {
		seen[p.Index] = true
	}
	return len(seen)
}

// write puts the kept episodes of a sitting into the record. Their last step shows the task as a whole: the data, the buffer and the way
// that the policy took. events follow that step.
func (m *method) write(emit lab.Emitter, split string, s *sitting, events []lab.Event) error {
	m.now.Book.Skip(m.knobs.EvalEpisodes - len(s.kept))
	for _, kept := range s.kept {
		last := len(kept.Steps) - 1
		kept.Episode.Split, kept.Episode.Memory = fmt.Sprintf("%s task %d", split, s.task+1), lab.Float(m.carried())
		kept.Steps[last].Scene = m.overview(s.task, kept)
		kept.Events = make([][]lab.Event, len(kept.Steps))
		kept.Events[last] = events
		if err := m.now.Book.Keep(emit, int64(m.now.Task+1), kept); err != nil {
			return err
		}
	}
	return nil
}

// overview draws the last step of an episode with all that the task is about: floor where the data have states, a cube where the buffer
// has, ghosts where the policy went.
func (m *method) overview(task int, kept exam.Kept) *lab.Scene {
	last := kept.Steps[len(kept.Steps)-1].Scene
	out := &lab.Scene{W: last.W, H: last.H}
	mark := func(shape string, seen map[[2]int]int) {
		for y := range out.H {
			for x := range out.W {
				if n := seen[[2]int{x, y}]; n > 0 {
					out.Marks = append(out.Marks, lab.Mark{X: x, Y: y, Shape: shape, Label: label(shape, n), Tone: tone(shape)})
				}
			}
		}
	}
	if m.data != nil {
		d, data, buffer := m.data[task], map[[2]int]int{}, map[[2]int]int{}
		for i := range d.len() {
			data[cell(out, d.state(i))]++
		}
		mark("floor", data)
		if task < len(m.buffers) {
			for _, p := range m.buffers[task] {
				buffer[cell(out, d.state(int(p.Index)))]++
			}
		}
		mark("cube", buffer)
	}
	went := map[[2]int]int{}
	for _, step := range kept.Steps {
		for _, k := range step.Scene.Marks {
			if k.Shape == "agent" {
				went[[2]int{k.X, k.Y}]++
			}
		}
	}
	mark("ghost", went)
	out.Marks = append(out.Marks, last.Marks...)
	return out
}

func label(shape string, n int) string {
	if shape == "cube" {
		return fmt.Sprintf("%d kept", n)
	}
	return ""
}

func tone(shape string) int {
	if shape == "cube" {
		return 2
	}
	return 0
}

// cell is where a state lies in a picture of the square, as the world draws it.
func cell(s *lab.Scene, state []float32) [2]int {
	at := func(v float32, n int) int {
		return min(max(int(math.Round((float64(v)/control.PointEdge+1)/2*float64(n-1))), 0), n-1)
	}
	return [2]int{at(state[0], s.W), s.H - 1 - at(state[1], s.H)}
}

// writes tells the record what the buffer took in, one write for each transition with the parts of its distance.
func (m *method) writes(task int, picks []pick) (events []lab.Event) {
	held := 0
	for _, b := range m.buffers[:task] {
		held += len(b)
	}
	if len(picks) > mostShown {
		return []lab.Event{lab.Log{Level: "info", Text: fmt.Sprintf("%d transitions of task %d were kept; more than %d are not told one by one", len(picks), task+1, mostShown)}}
	}
	for i, p := range picks {
		e := m.entry(task, i, p)
		op := lab.Memory{Op: lab.OpWrite, Bank: "buffer", Entry: e.ID, After: e, Reason: m.reason(p), Size: held + i + 1}
		if m.agent.Select == ByModel {
			op.Query = fmt.Sprintf("step %d of a rollout of the model", p.T+1)
			op.Hits = []lab.Hit{{Entry: e.ID, Rank: 1, Score: short(p.State + m.agent.Kappa*p.Act), Used: true,
				Parts: map[string]lab.Float{"state": short(p.State), "action": short(m.agent.Kappa * p.Act)}}}
		}
		events = append(events, op)
	}
	return events
}

func (m *method) entry(task, i int, p pick) *lab.Entry {
	d, k := m.data[task], int(p.Index)
	s, a := d.state(k), d.action(k)
	e := &lab.Entry{ID: fmt.Sprintf("%d-%03d", task+1, i+1), Type: fmt.Sprintf("task %d", task+1), Labels: []string{fmt.Sprintf("task %d", task+1)},
		Text:    fmt.Sprintf("at (%.2f, %.2f), moving (%.2f, %.2f): %s", s[0], s[1], s[2], s[3], pushed(a)),
		Numbers: map[string]lab.Float{"reward": exam.Short(d.reward[k]), "transition": lab.Float(k)}}
	switch m.agent.Select {
	case ByModel:
		e.Numbers["distance"], e.Numbers["action_distance"] = short(p.State), short(p.Act)
	case BySurprise:
		e.Numbers["surprise"] = short(p.Score)
	}
	for _, x := range s {
		e.Vector = append(e.Vector, exam.Short(x))
	}
	return e
}

func short(x float64) lab.Float { return exam.Short(float32(x)) }

func (m *method) reason(p pick) string {
	switch m.agent.Select {
	case ByModel:
		return "nearest real transition to where the learned policy would go"
	case ByReward:
		return fmt.Sprintf("reward %.2f is among the highest", p.Score)
	case BySurprise:
		return fmt.Sprintf("error %.2f of the critic is among the largest", p.Score)
	}
	return "drawn evenly"
}
