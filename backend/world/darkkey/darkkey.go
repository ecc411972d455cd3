package darkkey

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/frame"
)

// Actions.
const (
	Up int32 = iota
	Down
	Left
	Right
	Stay
	actions int = iota
)

// Outcome counts what happened in one trial. "Late" is the last third of the trial, by the step at which an episode ended.
type Outcome struct {
	Keys, Doors             int32
	Episodes                int32 // that ended; the one under way when the trial is over does not count
	LateEpisodes            int32
	LateKeys, LateDoors     int32 // of those episodes
	FirstEpisode, FirstSum  int32 // steps and rewards of the first episode
	LateSteps, NeverOpening int32 // steps of late episodes; late episodes that ended without the door
}

// room is one environment. Fields are exported and of fixed size because encoding/binary keeps them.
type room struct {
	Seed    uint64 // of this trial
	Trial   uint64 // k
	Key     int32  // cell
	Door    int32  // cell
	Agent   int32  // cell
	Has     int32  // 1 with the key
	Step    int32  // of the trial
	Inner   int32  // of the episode
	Start   int32  // 1 at the first step of an episode
	Reward  float32
	Return  float32
	Out     Outcome
	Last    ended
	Padding int32
}

// ended is what Info tells of the trial that ended last.
type ended struct {
	Seed   uint64
	Steps  int32
	Return float32
	Out    Outcome
}

// Room is Dark-Key-To-Door: a world.Tensor whose episodes are whole trials.
//
// A trial draws a key and a door, two cells other than the middle one. It lasts Trial steps and consists of episodes, each of which
// begins in the middle without the key and lasts Episode steps at most. The first step onto the key pays +1; with the key, the step
// onto the door pays +1 and ends the episode. The agent sees its row and column, the last reward, and whether an episode begins: never
// key or door. The observation after an episode's last step is the first of the next one and holds the last reward, so that an agent
// learns that it was the door it stepped on. Moves against a wall do nothing.
//
// Success is that every episode which ended in the last third of the trial was ended by the door.
type Room struct {
	frame.Batch[room]
	knobs Knobs
}

// New makes a dark room with batch environments. Wrong knobs are lab.Invalid.
func New(k Knobs, batch int) (*Room, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	rooms, err := frame.New[room](Name, spec(k), k, batch)
	if err != nil {
		return nil, err
	}
	m := &Room{rooms, k}
	m.Reset(0, make([]float32, batch*m.Width()))
	return m, nil
}

func spec(k Knobs) world.Spec {
	s := world.Spec{Name: Name, Obs: 2*k.Grid + 2, Actions: []string{"up", "down", "left", "right", "stay"}, Horizon: k.Trial}
	for _, axis := range []string{"row", "column"} {
		for i := range k.Grid {
			s.ObsNames = append(s.ObsNames, fmt.Sprintf("%s %d", axis, i+1))
		}
	}
	s.ObsNames = append(s.ObsNames, "last reward", "episode begins")
	return s
}

// Knobs returns the knobs.
func (m *Room) Knobs() Knobs { return m.knobs }

// Outcome returns the counts of the trial that ended last in environment b, without allocating.
func (m *Room) Outcome(b int) Outcome { return m.Envs[b].Last.Out }

// Places are the hidden cells of key and door in environment b, row by row from the top left, and whether the key is held.
func (m *Room) Places(b int) (key, door int, has bool) {
	e := &m.Envs[b]
	return int(e.Key), int(e.Door), e.Has == 1
}

// Reset starts trial 0 of every environment.
func (m *Room) Reset(seed uint64, obs []float32) { m.Begin(seed, obs, m.begin, m.write) }

// Step plays one action in every environment. A wrong size or an action out of range panics.
func (m *Room) Step(acts []int32, obs, reward []float32, done []bool) {
	m.Check(len(acts), len(obs), len(reward), len(done))
	for b := range m.Envs {
		e := &m.Envs[b]
		reward[b] = m.play(e, m.Action(acts, b))
		if done[b] = int(e.Step) == m.knobs.Trial; done[b] {
			m.end(e, b)
		}
		m.write(b, obs)
	}
}

// play moves one environment and returns the reward.
func (m *Room) play(e *room, action int32) (reward float32) {
	e.Step++
	e.Inner++
	e.Start = 0
	e.Agent = m.moved(e.Agent, action)
	opened := e.Has == 1 && e.Agent == e.Door
	switch {
	case opened:
		reward = 1
		e.Out.Doors++
	case e.Has == 0 && e.Agent == e.Key:
		reward, e.Has = 1, 1
		e.Out.Keys++
	}
	e.Reward = reward
	e.Return += reward
	if opened || int(e.Inner) == m.knobs.Episode {
		m.close(e, opened)
	}
	return reward
}

// close ends an episode of the trial, counts it, and puts the agent back to the middle.
func (m *Room) close(e *room, opened bool) {
	o := &e.Out
	door := int32(0)
	if opened {
		door = 1
	}
	if o.Episodes++; o.Episodes == 1 {
		o.FirstEpisode, o.FirstSum = e.Inner, e.Has+door
	}
	if 3*int(e.Step) > 2*m.knobs.Trial {
		o.LateEpisodes++
		o.LateKeys += e.Has
		o.LateDoors += door
		o.LateSteps += e.Inner
		o.NeverOpening += 1 - door
	}
	m.episode(e)
}

// episode puts the agent into the middle, without the key.
func (m *Room) episode(e *room) { e.Agent, e.Has, e.Inner, e.Start = m.middle(), 0, 0, 1 }

func (m *Room) middle() int32 { g := int32(m.knobs.Grid); return g/2*g + g/2 }

// moved is where an action leads from a cell.
func (m *Room) moved(cell, action int32) int32 {
	g := int32(m.knobs.Grid)
	switch row, column := cell/g, cell%g; {
	case action == Up && row > 0:
		return cell - g
	case action == Down && row < g-1:
		return cell + g
	case action == Left && column > 0:
		return cell - 1
	case action == Right && column < g-1:
		return cell + 1
	}
	return cell
}

// begin starts the trial with that seed. Key and door are two of the cells other than the middle one.
func (m *Room) begin(e *room, seed uint64) {
	*e = room{Seed: seed, Trial: e.Trial, Last: e.Last}
	cells := m.knobs.Grid*m.knobs.Grid - 1
	key := int32(world.Pick(world.Draw(seed, 0), cells))
	door := int32(world.Pick(world.Draw(seed, 1), cells-1))
	if door >= key {
		door++
	}
	e.Key, e.Door = m.cell(key), m.cell(door)
	m.episode(e)
}

// cell leaves out the middle one.
func (m *Room) cell(i int32) int32 {
	if i >= m.middle() {
		return i + 1
	}
	return i
}

func (m *Room) end(e *room, b int) {
	e.Last = ended{Seed: e.Seed, Steps: e.Step, Return: e.Return, Out: e.Out}
	e.Trial++
	m.begin(e, world.EpisodeSeed(m.Seed, b, e.Trial))
}

func (m *Room) write(b int, obs []float32) {
	e, row, g := &m.Envs[b], m.Row(obs, b), m.knobs.Grid
	row[int(e.Agent)/g] = 1
	row[g+int(e.Agent)%g] = 1
	row[2*g], row[2*g+1] = e.Reward, float32(e.Start)
}

// Info sums up the trial that ended last in environment b; it is zero before the first has ended.
func (m *Room) Info(b int) world.Info {
	l := &m.Envs[b].Last
	if l.Steps == 0 {
		return world.Info{}
	}
	in := world.Info{Seed: l.Seed, Steps: int(l.Steps), Return: l.Return, Success: l.Out.NeverOpening == 0, Why: lab.EndHorizon}
	if m.Detailed {
		in.Numbers = map[string]float64{"keys": float64(l.Out.Keys), "doors": float64(l.Out.Doors), "episodes": float64(l.Out.Episodes),
			"late_keys": float64(l.Out.LateKeys), "late_doors": float64(l.Out.LateDoors), "late_episodes": float64(l.Out.LateEpisodes)}
	}
	return in
}

// Replay makes the trial with that Info.Seed again, alone.
func (m *Room) Replay(seed uint64, obs []float32) (world.Tensor, error) {
	one, err := New(m.knobs, 1)
	if err != nil {
		return nil, err
	}
	one.Detailed, one.Seed = m.Detailed, seed
	one.begin(&one.Envs[0], seed)
	if obs != nil {
		one.write(0, obs)
	}
	return one, nil
}
