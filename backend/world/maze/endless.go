package maze

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// letters names the cues; the first Alphabet of them are in play, and the turn of a cue has its name.
func letters() []string { return []string{"up", "down", "left", "right"} }

// Forward is action 0; the turn for cue c is action Turn(c).
const Forward int32 = 0

// Turn returns the action that turns as cue c says.
func Turn(c int) int32 { return int32(c) + 1 }

// Places in the observation [1 + Alphabet + 1 + NuisanceSymbols]: blank, one for each cue, junction, one for each nuisance symbol.
const obsBlank = 0

// Cell is what the agent stands on.
type Cell int32

const (
	CellBlank    Cell = iota // shows nothing
	CellCue                  // first cell of a corridor, shows its cue
	CellJunction             // here a turn is due
	CellNuisance             // shows a symbol without meaning
)

func (c Cell) String() string { return [...]string{"blank", "cue", "junction", "nuisance"}[c] }

// Outcome counts what happened at the junctions of one episode. The first corridor has no former cue, so that
// Turns = Changed + Same + (1 if the first junction was turned at). The stale error of an agent over many episodes is
// ChangedWrong/Changed - SameWrong/Same, each summed first.
type Outcome struct {
	Corridors    int32 // corridors passed with the right turn
	Turns        int32 // turns made at junctions
	Wrong        int32 // wrong turns: 0 or 1, since a wrong turn ends the episode
	Changed      int32 // turns where the cue differed from the corridor before
	ChangedWrong int32
	Same         int32 // turns where the cue was the same as in the corridor before
	SameWrong    int32
}

// Probe is the hidden state that probes and pictures ask for, as it stands before the next action.
type Probe struct {
	Cue      int  // letter of this corridor
	Previous int  // letter of the corridor before, -1 in the first
	Cell     Cell // what the agent stands on
	Corridor int  // from 0
	Position int  // cell within the corridor, from 0; the junction is Length
	Length   int  // cells of this corridor before its junction
}

// run is one environment. Fields are exported and of fixed size because encoding/binary keeps them.
type run struct {
	Seed     uint64 // of this episode
	Episode  uint64 // k
	Corridor int32
	Position int32
	Length   int32 // of this corridor
	Symbol   int32 // place in the observation that is 1
	Cue      int32
	Previous int32
	Steps    int32
	Limit    int32 // horizon of this episode
	Return   float32
	Out      Outcome
	Last     ended
}

// ended is what Info tells of the episode that ended last.
type ended struct {
	Seed   uint64
	Steps  int32
	Return float32
	Why    int32 // 0 none yet, 1 terminal, 2 horizon
	Out    Outcome
}

// Endless is the Endless T-Maze and, with one corridor, the T-Maze: a world.Tensor.
//
// A corridor has Length cells: the first shows the cue, the others nothing (or a nuisance symbol); then comes the junction. Forward
// moves on in a corridor and pays 0; a turn at the junction pays +1 and enters the next corridor if the turn is that of this
// corridor's cue, else -1 and the episode ends (inference). Success is all n turns right. A wrong-type action, that is forward at a
// junction or a turn inside a corridor, moves nothing and costs the delay penalty (inference). The observation is one-hot without
// position or step count (inference): either would let a fixed schedule stand in for memory.
//
// Horizon: 2 * sum over corridors of (length + 1), the junction counted, since at length 1 twice the bare lengths would leave no
// spare step. The shortest way is half of it.
type Endless struct {
	knobs  EndlessKnobs
	spec   world.Spec
	head   string // names world, knobs and size in a kept state
	seed   uint64
	runs   []run
	delay  float32
	detail bool
}

// NewTMaze makes a T-Maze with batch environments. Wrong knobs are lab.Invalid.
func NewTMaze(k TMazeKnobs, batch int) (*Endless, error) {
	return newEndless(TMaze, *k.endless(), batch)
}

// NewEndless makes an Endless T-Maze with batch environments. Wrong knobs are lab.Invalid.
func NewEndless(k EndlessKnobs, batch int) (*Endless, error) {
	return newEndless(EndlessTMaze, k, batch)
}

func newEndless(name string, k EndlessKnobs, batch int) (*Endless, error) {
	if err := k.validate(name); err != nil {
		return nil, err
	}
	if err := checkBatch(name, batch); err != nil {
		return nil, err
	}
	text, err := json.Marshal(k)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "%s: knobs cannot be written: %w", name, err)
	}
	m := &Endless{knobs: k, spec: endlessSpec(name, k), runs: make([]run, batch), delay: float32(k.Delay)}
	m.head = fmt.Sprintf("%s %s batch %d", name, text, batch)
	m.Reset(0, make([]float32, batch*m.spec.Obs))
	return m, nil
}

func endlessSpec(name string, k EndlessKnobs) world.Spec {
	cues := letters()[:k.Alphabet]
	s := world.Spec{Name: name, Obs: k.Alphabet + 2 + k.NuisanceSymbols, Horizon: 2 * k.Corridors * (k.Length + 1)}
	s.Actions = append([]string{"forward"}, cues...)
	s.ObsNames = []string{"blank"}
	for _, c := range cues {
		s.ObsNames = append(s.ObsNames, "cue "+c)
	}
	s.ObsNames = append(s.ObsNames, "junction")
	for i := range k.NuisanceSymbols {
		s.ObsNames = append(s.ObsNames, fmt.Sprintf("nuisance %d", i+1))
	}
	return s
}

// Knobs returns the knobs; those of a T-Maze have Corridors 1.
func (m *Endless) Knobs() EndlessKnobs { return m.knobs }

// Spec describes the world.
func (m *Endless) Spec() world.Spec { return m.spec }

// Size is the number of environments.
func (m *Endless) Size() int { return len(m.runs) }

// Detail makes Info carry the Outcome as numbers.
func (m *Endless) Detail(on bool) { m.detail = on }

// Outcome returns the counts of the episode that ended last in environment b, without allocating.
func (m *Endless) Outcome(b int) Outcome { return m.runs[b].Last.Out }

// Probe returns the hidden state of environment b.
func (m *Endless) Probe(b int) Probe {
	e := &m.runs[b]
	return Probe{Cue: int(e.Cue), Previous: int(e.Previous), Cell: m.cell(e), Corridor: int(e.Corridor),
		Position: int(e.Position), Length: int(e.Length)}
}

func (m *Endless) cell(e *run) Cell {
	switch s := int(e.Symbol); {
	case s == obsBlank:
		return CellBlank
	case s <= m.knobs.Alphabet:
		return CellCue
	case s == m.junction():
		return CellJunction
	}
	return CellNuisance
}

// junction is the place of the junction in the observation.
func (m *Endless) junction() int { return m.knobs.Alphabet + 1 }

// Reset starts episode 0 of every environment.
func (m *Endless) Reset(seed uint64, obs []float32) {
	checkStep(m.spec.Name, len(m.runs), m.spec.Obs, len(m.runs), len(obs), len(m.runs), len(m.runs))
	m.seed = seed
	for b := range m.runs {
		m.runs[b] = run{}
		m.begin(&m.runs[b], world.EpisodeSeed(seed, b, 0))
		m.write(&m.runs[b], obs[b*m.spec.Obs:(b+1)*m.spec.Obs])
	}
}

// Step plays one action in every environment. A wrong size or an action out of range panics.
func (m *Endless) Step(actions []int32, obs, reward []float32, done []bool) {
	w := m.spec.Obs
	checkStep(m.spec.Name, len(m.runs), w, len(actions), len(obs), len(reward), len(done))
	for b := range m.runs {
		e := &m.runs[b]
		if a := actions[b]; uint32(a) > uint32(m.knobs.Alphabet) {
			badAction(m.spec.Name, b, a, m.knobs.Alphabet+1)
		}
		r, why := m.play(e, actions[b])
		reward[b], done[b] = r, why != goesOn
		if why != goesOn {
			m.end(e, b, why)
		}
		m.write(e, obs[b*w:(b+1)*w])
	}
}

// How an action left the episode.
const (
	goesOn int32 = iota
	terminal
	horizon
)

// play moves one environment and returns the reward and how the episode stands.
func (m *Endless) play(e *run, action int32) (float32, int32) {
	e.Steps++
	r, why := float32(0), goesOn
	switch atJunction := e.Position == e.Length; {
	case !atJunction && action == Forward:
		e.Position++
		e.Symbol = m.shown(e)
	case atJunction && action != Forward:
		r, why = m.turn(e, action)
	default:
		r = -m.delay
	}
	e.Return += r
	if why == goesOn && e.Steps >= e.Limit {
		why = horizon
	}
	return r, why
}

// turn pays a turn at a junction and enters the next corridor, if there is one.
func (m *Endless) turn(e *run, action int32) (float32, int32) {
	wrong := int32(0)
	if action != Turn(int(e.Cue)) {
		wrong = 1
	}
	e.Out.count(e, wrong)
	switch {
	case wrong == 1:
		return -1, terminal
	case int(e.Corridor)+1 == m.knobs.Corridors:
		return 1, terminal
	}
	m.enter(e, e.Corridor+1)
	return 1, goesOn
}

func (o *Outcome) count(e *run, wrong int32) {
	o.Turns++
	o.Wrong += wrong
	o.Corridors += 1 - wrong
	switch {
	case e.Previous < 0:
	case e.Previous == e.Cue:
		o.Same++
		o.SameWrong += wrong
	default:
		o.Changed++
		o.ChangedWrong += wrong
	}
}

// The draws of an episode: corridor i takes 2i (cue) and 2i+1 (length); nuisance cells lie above nuisanceDraws. Cues, lengths and
// symbols thus depend on the episode's seed alone, not on what was done.
const nuisanceDraws = 1 << 32

func (m *Endless) cue(seed uint64, corridor int32) int32 {
	return int32(world.Pick(world.Draw(seed, 2*uint64(corridor)), m.knobs.Alphabet))
}

func (m *Endless) length(seed uint64, corridor int32) int32 {
	if m.knobs.Regime == Fixed {
		return int32(m.knobs.Length)
	}
	return int32(1 + world.Pick(world.Draw(seed, 2*uint64(corridor)+1), m.knobs.Length)) // 1..l: inference
}

// shown returns the place in the observation of what the present cell shows.
func (m *Endless) shown(e *run) int32 {
	switch {
	case e.Position == 0:
		return 1 + e.Cue
	case e.Position == e.Length:
		return int32(m.junction())
	case m.knobs.Nuisance == 0:
		return obsBlank
	}
	at := nuisanceDraws + 2*(uint64(e.Corridor)*uint64(m.knobs.Length)+uint64(e.Position))
	if world.Unit(world.Draw(e.Seed, at)) >= m.knobs.Nuisance {
		return obsBlank
	}
	return int32(m.junction() + 1 + world.Pick(world.Draw(e.Seed, at+1), m.knobs.NuisanceSymbols))
}

// begin starts the episode with that seed.
func (m *Endless) begin(e *run, seed uint64) {
	e.Seed, e.Steps, e.Return, e.Out = seed, 0, 0, Outcome{}
	e.Limit = 2 * int32(m.knobs.Corridors*(m.knobs.Length+1))
	if m.knobs.Regime == Uniform {
		e.Limit = 0
		for c := range int32(m.knobs.Corridors) {
			e.Limit += 2 * (m.length(seed, c) + 1)
		}
	}
	m.enter(e, 0)
}

func (m *Endless) enter(e *run, corridor int32) {
	e.Previous = -1
	if corridor > 0 {
		e.Previous = e.Cue
	}
	e.Corridor, e.Position = corridor, 0
	e.Cue, e.Length = m.cue(e.Seed, corridor), m.length(e.Seed, corridor)
	e.Symbol = m.shown(e)
}

// end keeps what Info will tell and starts the next episode of environment b.
func (m *Endless) end(e *run, b int, why int32) {
	e.Last = ended{Seed: e.Seed, Steps: e.Steps, Return: e.Return, Why: why, Out: e.Out}
	e.Episode++
	m.begin(e, world.EpisodeSeed(m.seed, b, e.Episode))
}

func (m *Endless) write(e *run, obs []float32) {
	clear(obs)
	obs[e.Symbol] = 1
}

// Info sums up the episode that ended last in environment b; it is zero before the first has ended.
func (m *Endless) Info(b int) world.Info {
	l := &m.runs[b].Last
	in := world.Info{Seed: l.Seed, Steps: int(l.Steps), Return: l.Return, Why: whys()[l.Why],
		Success: int(l.Out.Corridors) == m.knobs.Corridors}
	if m.detail {
		in.Numbers = l.Out.numbers()
	}
	return in
}

func whys() [3]string { return [3]string{"", lab.EndTerminal, lab.EndHorizon} }

// numbers gives the outcome under the names that records use.
func (o Outcome) numbers() map[string]float64 {
	return map[string]float64{
		"corridors": float64(o.Corridors), "turns": float64(o.Turns), "wrong": float64(o.Wrong),
		"changed": float64(o.Changed), "changed_wrong": float64(o.ChangedWrong),
		"same": float64(o.Same), "same_wrong": float64(o.SameWrong),
	}
}

// Replay makes the episode with that Info.Seed again, alone.
func (m *Endless) Replay(seed uint64, obs []float32) (world.Tensor, error) {
	one, err := newEndless(m.spec.Name, m.knobs, 1)
	if err != nil {
		return nil, err
	}
	one.detail, one.seed = m.detail, seed
	one.begin(&one.runs[0], seed)
	if obs != nil {
		one.write(&one.runs[0], obs)
	}
	return one, nil
}

// Snapshot keeps every environment exactly.
func (m *Endless) Snapshot(w io.Writer) error { return world.WriteState(w, m.head, m.seed, m.runs) }

// Restore takes up a kept state of a world with the same knobs and size.
func (m *Endless) Restore(r io.Reader) error { return world.ReadState(r, m.head, &m.seed, m.runs) }
