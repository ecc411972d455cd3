// Package bandit holds a world whose episodes are blocks of pulls of one bandit: arms with means of chance, rewards with Gaussian noise.
package bandit

import (
	"encoding/json"
	"fmt"
	"io"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// block is one environment. Fields are exported and of fixed size because encoding/binary keeps them.
type block struct {
	Seed    uint64 // of this block
	Episode uint64 // k
	Pulls   int32  // pulled so far
	Since   int32  // pulled since the arms were drawn
	Task    int32  // bandits before the present one in this block
	Means   [maxArms]float64
	Arms    [maxPulls]int8 // pulled, by pull
	Rewards [maxPulls]float32
	Return  float32
	Regret  float64
	Best    int32 // pulls of the best arm

	// What the last step did. It stays when the step ended the block.
	Arm     int32
	NewTask bool
	Loss    float64

	Last ended
}

// ended is what Info tells of the block that ended last.
type ended struct {
	Seed    uint64
	Steps   int32
	Return  float32
	Regret  float64
	Best    int32
	Success bool
}

// Bandit is a world.Tensor. One of its episodes is a block of Pulls pulls of the same bandit; a pull is an episode of the bandit itself.
//
//	m_a ~ N(0, Prior^2) for each arm a and block      reward of a pull = m_a + N(0, Noise^2)
//
// The observation tells of the pull before: its arm [K], one of them 1, and its reward; all zeros at the first pull of a block. There is
// nothing to be seen of the present, so the best an agent without memory can do is to pull one arm for ever. A block succeeds when its
// last pull is of the best arm.
type Bandit struct {
	knobs  Knobs
	spec   world.Spec
	head   string // names world, knobs and size in a kept state
	seed   uint64
	blocks []block
	detail bool
}

// New makes a bandit with batch environments. Wrong knobs are lab.Invalid.
func New(k Knobs, batch int) (*Bandit, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	if batch < 1 || batch > 1<<16 {
		return nil, lab.Errorf(lab.Invalid, "%s: batch is %d, want 1 to %d", Name, batch, 1<<16)
	}
	text, err := json.Marshal(k)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "%s: knobs cannot be written: %w", Name, err)
	}
	w := &Bandit{knobs: k, spec: spec(k), blocks: make([]block, batch)}
	w.head = fmt.Sprintf("%s %s batch %d", Name, text, batch)
	w.Reset(0, make([]float32, batch*w.spec.Obs))
	return w, nil
}

func spec(k Knobs) world.Spec {
	s := world.Spec{Name: Name, Horizon: k.Pulls, Obs: k.Arms + 1}
	for a := range k.Arms {
		s.Actions = append(s.Actions, fmt.Sprintf("arm %d", a+1))
		s.ObsNames = append(s.ObsNames, fmt.Sprintf("pulled arm %d before", a+1))
	}
	s.ObsNames = append(s.ObsNames, "reward before")
	return s
}

// Knobs returns the knobs.
func (w *Bandit) Knobs() Knobs { return w.knobs }

// Spec describes the world.
func (w *Bandit) Spec() world.Spec { return w.spec }

// Size is the number of environments.
func (w *Bandit) Size() int { return len(w.blocks) }

// Detail makes Info carry regret and the share of pulls of the best arm.
func (w *Bandit) Detail(on bool) { w.detail = on }

// Present is how many numbers of an observation tell of the present: none, all tell of the pull before.
func (w *Bandit) Present() int { return 0 }

// Border tells what the last step ended in environment b: an episode, which every pull is, and the task, when the arms were drawn anew.
func (w *Bandit) Border(b int) (episode, task bool) { return true, w.blocks[b].NewTask }

// Tried is the arm that the last step pulled in environment b.
func (w *Bandit) Tried(b int) int { return int(w.blocks[b].Arm) }

// Loss is how much less than the best arm's mean the last pull could expect in environment b.
func (w *Bandit) Loss(b int) float64 { return w.blocks[b].Loss }

// Reset starts block 0 of every environment.
func (w *Bandit) Reset(seed uint64, obs []float32) {
	w.check(len(w.blocks), len(obs), len(w.blocks), len(w.blocks))
	w.seed = seed
	for b := range w.blocks {
		w.blocks[b] = block{}
		w.begin(&w.blocks[b], world.EpisodeSeed(seed, b, 0))
		w.write(&w.blocks[b], obs[b*w.spec.Obs:(b+1)*w.spec.Obs])
	}
}

// Step pulls one arm in every environment. A wrong size or an action out of range panics.
func (w *Bandit) Step(actions []int32, obs, reward []float32, done []bool) {
	w.check(len(actions), len(obs), len(reward), len(done))
	for b := range w.blocks {
		if a := actions[b]; uint32(a) >= uint32(w.knobs.Arms) {
			panic(fmt.Sprintf("%s: action %d of environment %d is out of range, want 0 to %d", Name, a, b, w.knobs.Arms-1))
		}
		e := &w.blocks[b]
		reward[b] = w.pull(e, actions[b])
		done[b] = int(e.Pulls) == w.knobs.Pulls
		if done[b] {
			w.end(e, b)
		}
		w.write(e, obs[b*w.spec.Obs:(b+1)*w.spec.Obs])
	}
}

func (w *Bandit) check(actions, obs, reward, done int) {
	if n := len(w.blocks); actions != n || obs != n*w.spec.Obs || reward != n || done != n {
		panic(fmt.Sprintf("%s: step with %d actions, %d observation numbers, %d rewards, %d done flags; want %d, %d, %d, %d",
			Name, actions, obs, reward, done, n, n*w.spec.Obs, n, n))
	}
}

// pull plays one arm.
func (w *Bandit) pull(e *block, arm int32) float32 {
	best := w.best(e)
	e.Arm, e.Loss = arm, e.Means[best]-e.Means[arm]
	if int(arm) == best {
		e.Best++
	}
	r := float32(e.Means[arm] + w.knobs.Noise*normal(e.Seed, noiseDraws+uint64(e.Pulls)*maxArms+uint64(arm)))
	e.Arms[e.Pulls], e.Rewards[e.Pulls] = int8(arm), r
	e.Return += r
	e.Regret += e.Loss
	e.Pulls++
	e.Since++
	e.NewTask = int(e.Pulls) == w.knobs.Pulls
	if w.knobs.Recurs > 0 && int(e.Since) == w.knobs.Recurs && !e.NewTask {
		e.NewTask = true
		e.Task++
		w.draw(e)
	}
	return r
}

// best is the arm of the highest mean.
func (w *Bandit) best(e *block) (best int) {
	for a, m := range e.Means[:w.knobs.Arms] {
		if m > e.Means[best] {
			best = a
		}
	}
	return best
}

// Chance of a block is a function of its seed: means of bandit i are draws i*maxArms on, noise of pull t of arm a is draw
// noiseDraws + t*maxArms + a, so that what an arm pays at a pull does not depend on what was pulled before.
const noiseDraws = 1 << 20

// normal is a standard normal number, by Box and Muller, from draws 2i and 2i+1.
func normal(seed, i uint64) float64 {
	u, v := world.Unit(world.Draw(seed, 2*i)), world.Unit(world.Draw(seed, 2*i+1))
	return math.Sqrt(-2*math.Log(1-u)) * math.Cos(2*math.Pi*v)
}

// draw draws the arms of the present bandit.
func (w *Bandit) draw(e *block) {
	e.Since = 0
	for a := range w.knobs.Arms {
		e.Means[a] = w.knobs.Prior * normal(e.Seed, uint64(e.Task)*maxArms+uint64(a))
	}
}

func (w *Bandit) begin(e *block, seed uint64) {
	e.Seed, e.Pulls, e.Task, e.Return, e.Regret, e.Best = seed, 0, 0, 0, 0, 0
	w.draw(e)
}

// end keeps what Info will tell and starts the next block of environment b.
func (w *Bandit) end(e *block, b int) {
	e.Last = ended{Seed: e.Seed, Steps: e.Pulls, Return: e.Return, Regret: e.Regret, Best: e.Best, Success: e.Loss == 0}
	e.Episode++
	w.begin(e, world.EpisodeSeed(w.seed, b, e.Episode))
}

func (w *Bandit) write(e *block, obs []float32) {
	clear(obs)
	if e.Pulls > 0 {
		obs[e.Arms[e.Pulls-1]] = 1
		obs[w.knobs.Arms] = e.Rewards[e.Pulls-1]
	}
}

// Info sums up the block that ended last in environment b; it is zero before the first has ended.
func (w *Bandit) Info(b int) world.Info {
	l := &w.blocks[b].Last
	in := world.Info{Seed: l.Seed, Steps: int(l.Steps), Return: l.Return, Success: l.Success}
	if l.Steps > 0 {
		in.Why = lab.EndHorizon
	}
	if w.detail {
		in.Numbers = map[string]float64{"regret": l.Regret, "best_arm": float64(l.Best) / float64(max(l.Steps, 1))}
	}
	return in
}

// Replay makes the block with that Info.Seed again, alone.
func (w *Bandit) Replay(seed uint64, obs []float32) (world.Tensor, error) {
	one, err := New(w.knobs, 1)
	if err != nil {
		return nil, err
	}
	one.detail, one.seed = w.detail, seed
	one.begin(&one.blocks[0], seed)
	if obs != nil {
		one.write(&one.blocks[0], obs)
	}
	return one, nil
}

// Snapshot keeps every environment exactly.
func (w *Bandit) Snapshot(out io.Writer) error {
	return world.WriteState(out, w.head, w.seed, w.blocks)
}

// Restore takes up a kept state of a world with the same knobs and size.
func (w *Bandit) Restore(r io.Reader) error { return world.ReadState(r, w.head, &w.seed, w.blocks) }

// Belief is mean and standard deviation of the posterior of an arm's mean in environment b, after all its rewards since the arms were
// drawn.
func (w *Bandit) Belief(b, arm int) (mean, deviation float64) {
	e := &w.blocks[b]
	count, sum := 0.0, 0.0
	for t := e.Pulls - e.Since; t < e.Pulls; t++ {
		if int(e.Arms[t]) == arm {
			count++
			sum += float64(e.Rewards[t])
		}
	}
	return w.knobs.Posterior(count, sum)
}
