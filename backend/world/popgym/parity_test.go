package popgym

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// rival plays our task as the package was played.
type rival struct {
	head  recorded
	world *World
	steer *Continuous // for a torque; nil elsewhere
}

func newRival(h recorded) (*rival, error) {
	k := Knobs{Task: h.Task, Difficulty: h.Difficulty, PreviousAction: h.Wrapped, Torques: 5}
	if h.Task == PositionPendulum || h.Task == NoisyPendulum {
		c, err := NewContinuous(k, 1)
		if err != nil {
			return nil, err
		}
		return &rival{h, c.world, c}, nil
	}
	w, err := New(k, 1)
	return &rival{h, w, nil}, err
}

// sure is how many steps an unaltered package can be compared over. NumPy's sine differs from Go's in the last bit now and then; an
// upright pole multiplies that by e^(3.83*0.02) a step, the pendulum by e^(3.87*0.05) at most, so that 1e-16 becomes 1e-9 in 200 steps and
// 3e-8 in 100.
func (h *recorded) sure() int {
	switch {
	case h.Exact || h.Space != nil || h.box() == "":
		return math.MaxInt
	case h.box() == "cartpole":
		return 200
	}
	return 100
}

func (h *recorded) box() string {
	for _, name := range []string{"cartpole", "pendulum"} {
		if strings.Contains(h.Task, name) {
			return name
		}
	}
	return ""
}

// tolerance is what numbers may differ by.
func (h *recorded) tolerance() float64 {
	if h.Exact || h.box() == "" {
		return 0
	}
	return 2e-6
}

// expand writes an observation of the package as one-hots.
func (h *recorded) expand(row []float32) []float32 {
	if h.Space == nil {
		return row
	}
	var flat []float32
	for i, n := range h.Space {
		part := make([]float32, n)
		part[int(row[i])] = 1
		flat = append(flat, part...)
	}
	return flat
}

func near(a, b []float32, tolerance float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if math.Abs(float64(a[i])-float64(b[i])) > tolerance*max(1, math.Abs(float64(a[i]))) || a[i] != a[i] {
			return false
		}
	}
	return true
}

// against plays one episode and returns how many of its steps were compared, or the first difference.
func (r *rival) against(p *play) (int, error) {
	h := &r.head
	tolerance, width := h.tolerance(), h.Width
	if first, want := r.world.inject(p), h.expand(p.obs[:width]); !near(first, want, tolerance) {
		return 0, fmt.Errorf("first observation is %v, the package's is %v", first, want)
	}
	obs, reward, done := make([]float32, r.world.spec.Obs), make([]float32, 1), make([]bool, 1)
	total := 0.0
	for t := range min(len(p.actions), h.sure()) {
		if r.steer != nil {
			r.steer.Step([]float32{float32(p.actions[t])}, obs, reward, done)
		} else {
			r.world.Step([]int32{int32(p.actions[t])}, obs, reward, done)
		}
		seen, want := obs, h.expand(p.obs[(t+1)*width:(t+2)*width])
		if done[0] {
			seen = r.world.Final(0)
		}
		total += p.rewards[t]
		terminated, truncated := r.world.Ended(0)
		switch over := p.ends[t]; {
		case !near(seen, want, tolerance):
			return t, fmt.Errorf("step %d, action %v: observation is %v, the package's is %v", t, p.actions[t], seen, want)
		case !near(reward, []float32{float32(p.rewards[t])}, max(tolerance/10, r.bit())):
			return t, fmt.Errorf("step %d, action %v: reward is %v, the package's is %v", t, p.actions[t], reward[0], p.rewards[t])
		case terminated != (over&1 != 0) || truncated != (over&2 != 0):
			return t, fmt.Errorf("step %d: terminated %v, truncated %v; the package's ends are %b", t, terminated, truncated, over)
		case done[0] && (t != len(p.actions)-1 || math.Abs(float64(r.world.Info(0).Return)-total) > 1e-5):
			return t, fmt.Errorf("step %d of %d ends our episode with return %v, the package's is %v", t, len(p.actions), r.world.Info(0).Return, total)
		}
	}
	return min(len(p.actions), h.sure()), nil
}

// bit is one unit in the last place of a pendulum's reward: NumPy squares by a power function, which may round otherwise.
func (r *rival) bit() float64 {
	if r.steer != nil {
		return 1e-9
	}
	return 0
}

// result is a row of the table.
type result struct {
	recorded
	compared, steps int
	seconds         float64
}

func (r result) String() string {
	how := "equal"
	switch {
	case r.tolerance() > 0:
		how = fmt.Sprintf("within %.0e over the first %d steps", r.tolerance(), r.sure())
	case r.Exact:
		how = "equal, with one sine and cosine"
	}
	if r.Wrapped {
		how += ", wrapped"
	}
	return fmt.Sprintf("%-30s %-7s %6d episodes %8d of %8d steps  %s", r.Task, r.Difficulty, r.Episodes, r.compared, r.steps, how)
}

// compare reads episodes to the end and hands each task's row on; it stops at the first difference.
func compare(in io.Reader, row func(result)) error {
	for {
		h, err := readHead(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		r, err := newRival(h)
		if err != nil {
			return err
		}
		sum, start := result{recorded: h}, time.Now()
		for episode := range h.Episodes {
			p, err := readPlay(in, h.Width)
			if err != nil {
				return err
			}
			n, err := r.against(&p)
			if err != nil {
				return fmt.Errorf("%s %s (wrapped %v, exact %v), episode %d: %w", h.Task, h.Difficulty, h.Wrapped, h.Exact, episode, err)
			}
			sum.compared, sum.steps = sum.compared+n, sum.steps+len(p.actions)
		}
		sum.seconds = time.Since(start).Seconds()
		row(sum)
	}
}

// The fixtures are a few episodes of every task and difficulty; build/popgym/fixtures writes them.
func TestRecordedEpisodesOfThePackageAreTheSameHere(t *testing.T) {
	files, err := filepath.Glob("testdata/*.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixture in testdata: %v", err)
	}
	seen := map[string]int{}
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		unpacked, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := compare(bufio.NewReader(unpacked), func(r result) { seen[r.Task+" "+r.Difficulty] += r.Episodes }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, task := range Tasks() {
		for _, difficulty := range Difficulties() {
			if seen[task+" "+difficulty] < 2 {
				t.Errorf("%d episodes of %s %s are recorded, want 2 or more", seen[task+" "+difficulty], task, difficulty)
			}
		}
	}
}

// A comparison that cannot fail shows nothing: every kind of change to a recording must be found.
func TestTheComparisonFindsADifference(t *testing.T) {
	file, err := os.Open("testdata/plain.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(unpacked)
	h, err := readHead(in)
	if err != nil {
		t.Fatal(err)
	}
	p, err := readPlay(in, h.Width)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(q *play){
		"an observation": func(q *play) { q.obs[3] = float32((int(q.obs[3]) + 1) % h.Space[0]) },
		"a reward":       func(q *play) { q.rewards[2] += 1e-6 },
		"an end":         func(q *play) { q.ends[1] = 2 },
		"an action":      func(q *play) { q.actions[0] = float64((int(q.actions[0]) + 1) % 4) },
		"the state":      func(q *play) { q.state[5] = float64((int(q.state[5]) + 1) % 4) },
	} {
		r, err := newRival(h)
		if err != nil {
			t.Fatal(err)
		}
		q := play{slices.Clone(p.state), p.drawn, slices.Clone(p.actions), slices.Clone(p.obs), slices.Clone(p.rewards), slices.Clone(p.ends)}
		if _, err := r.against(&q); err != nil {
			t.Fatalf("unchanged: %v", err)
		}
		change(&q)
		if _, err := r.against(&q); err == nil {
			t.Errorf("a change of %s is not found", name)
		}
	}
}

// TestParity plays the package itself: see build/popgym/parity.
func TestParity(t *testing.T) {
	python := os.Getenv("LOCI_POPGYM_PYTHON")
	if python == "" {
		t.Skip("LOCI_POPGYM_PYTHON names no Python with the package popgym; build/popgym/parity makes one")
	}
	episodes := os.Getenv("LOCI_POPGYM_EPISODES")
	if episodes == "" {
		episodes = "1000"
	}
	for _, args := range [][]string{{"--episodes", episodes}, {"--exact", "--episodes", episodes}, {"--wrapped", "--episodes", "20"}} {
		if task := os.Getenv("LOCI_POPGYM_TASK"); task != "" {
			args = append(args, "--task", task)
		}
		cmd := exec.CommandContext(t.Context(), python, append([]string{"../../../build/popgym/record.py"}, args...)...)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if err := compare(bufio.NewReaderSize(out, 1<<20), func(r result) { fmt.Println(r) }); err != nil {
			t.Fatal(err) // the context of the test ends the script
		}
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
	}
}
