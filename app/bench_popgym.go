package app

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/popgym"
)

const (
	popgymBatch = 64
	popgymTime  = 100 * time.Millisecond // of processor time for each task in a round, ours and the package's
	popgymWant  = 100                    // times the package, both on one core
)

// popgymTask is one task in one difficulty, and what its rounds found.
type popgymTask struct {
	knobs             popgym.Knobs
	batch, one, peers []float64 // steps/s of 64 environments, of one, of the package
}

// name as in a table.
func (t *popgymTask) name() string { return t.knobs.Task + " " + t.knobs.Difficulty }

// class is the package's name of the task.
func (t *popgymTask) class() string {
	name := map[string]string{"minesweeper": "MineSweeper"}[t.knobs.Task]
	if name == "" {
		for _, part := range strings.Split(strings.ReplaceAll(t.knobs.Task, "cartpole", "cart-pole"), "-") {
			name += strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return name + strings.ToUpper(t.knobs.Difficulty[:1]) + t.knobs.Difficulty[1:]
}

// popgymRun is what the script prints.
type popgymRun struct {
	Rates     []float64 `json:"rates"`
	Package   string    `json:"popgym"`
	Gymnasium string    `json:"gymnasium"`
	NumPy     string    `json:"numpy"`
}

// benchPOPGym steps every task of POPGym in every difficulty on one core, beside the Python package where it is installed. Steps are
// counted by processor time on both sides, so that other programs move the numbers little.
func benchPOPGym(ctx context.Context, l *benchLab) ([]measure, error) {
	p, why := lookForPeerIn(peerRoots(), "popgym_rate.py", "popgym-venv")
	if p == nil {
		l.say("popgym: no comparison with the Python package: %s\n   do: run build/popgym/setup in the source folder of Loci", why)
	}
	tasks, err := popgymTasks()
	if err != nil {
		return nil, err
	}
	var last popgymRun
	err = l.inRounds(ctx, func(int) error {
		for _, t := range tasks {
			if err := t.measure(ctx); err != nil {
				return err
			}
		}
		if p != nil {
			last, err = p.popgym(ctx, tasks)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []measure
	for _, t := range tasks {
		out = append(out, t.measures(last)...)
	}
	return out, nil
}

func popgymTasks() (tasks []*popgymTask, err error) {
	var k popgym.Knobs
	if err := defaults(&k); err != nil {
		return nil, err
	}
	for _, k.Task = range popgym.Tasks() {
		for _, k.Difficulty = range popgym.Difficulties() {
			tasks = append(tasks, &popgymTask{knobs: k})
		}
	}
	return tasks, nil
}

// measure adds a round of ours.
func (t *popgymTask) measure(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return lab.Errorf(lab.Cancelled, "stopped before %s: %w", t.name(), err)
	}
	batch, err := popgymRate(t.knobs, popgymBatch)
	if err != nil {
		return err
	}
	one, err := popgymRate(t.knobs, 1)
	t.batch, t.one = append(t.batch, batch), append(t.one, one)
	return err
}

// popgymRate returns steps a second of so many environments on one core, with actions drawn before the clock starts.
func popgymRate(k popgym.Knobs, size int) (float64, error) {
	w, err := popgym.New(k, size)
	if err != nil {
		return 0, err
	}
	const drawn = 1024
	policy, actions := world.Uniform(len(w.Spec().Actions), 1), make([]int32, drawn*size)
	policy.Act(nil, nil, actions)
	obs, reward, done := make([]float32, size*w.Spec().Obs), make([]float32, size), make([]bool, size)
	w.Reset(1, obs)
	steps, start, took := 0, processorTime(), time.Duration(0)
	for took < popgymTime {
		for i := range drawn {
			w.Step(actions[i*size:(i+1)*size], obs, reward, done)
		}
		steps += drawn * size
		took = processorTime() - start
	}
	return float64(steps) / took.Seconds(), nil
}

// popgym lets the package step all tasks for a round.
func (p *peer) popgym(ctx context.Context, tasks []*popgymTask) (r popgymRun, err error) {
	var names []string
	for _, t := range tasks {
		names = append(names, t.class())
	}
	work, err := json.Marshal(map[string]any{"seconds": popgymTime.Seconds(), "tasks": names})
	if err != nil {
		return r, lab.Errorf(lab.Internal, "work cannot be written: %w", err)
	}
	out, err := p.call(ctx, work)
	if err != nil {
		return r, err
	}
	if r, err = parsePOPGym(out, len(tasks)); err != nil {
		return r, err
	}
	for i, t := range tasks {
		t.peers = append(t.peers, r.Rates[i])
	}
	return r, nil
}

// parsePOPGym reads what the script printed.
func parsePOPGym(out []byte, tasks int) (popgymRun, error) {
	var r popgymRun
	if err := json.Unmarshal(out, &r); err != nil {
		return r, lab.Errorf(lab.Internal, "the peer printed %q, which is no result: %w", clip(string(out)), err)
	}
	wrong := len(r.Rates) != tasks || r.Package == "" || r.Gymnasium == "" || r.NumPy == ""
	for _, rate := range r.Rates {
		wrong = wrong || !(rate > 0)
	}
	if wrong {
		return r, lab.Errorf(lab.Internal, "the peer printed %q, want %d rates and three versions", clip(string(out)), tasks)
	}
	return r, nil
}

// measures writes the rows of a task.
func (t *popgymTask) measures(r popgymRun) []measure {
	out := []measure{
		{Name: fmt.Sprintf("%s, %d in a batch", t.name(), popgymBatch), Unit: "steps/s", Threads: 1, Rounds: t.batch},
		{Name: t.name() + ", one environment", Unit: "steps/s", Threads: 1, Rounds: t.one},
	}
	if len(t.peers) == 0 {
		return out
	}
	note := fmt.Sprintf("peer: popgym %s, gymnasium %s, NumPy %s, one environment; processor time", r.Package, r.Gymnasium, r.NumPy)
	return append(out,
		measure{Name: t.name() + ", popgym", Unit: "steps/s", Threads: 1, Rounds: t.peers, Note: note},
		measure{Name: t.name() + ", batch to popgym", Unit: "times", Threads: 1, Rounds: ratios(t.batch, t.peers), Limit: atLeast(popgymWant), Note: note})
}
