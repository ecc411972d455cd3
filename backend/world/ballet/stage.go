package ballet

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Stage is a world of this package: a world.Tensor in which everybody watches, and the last step asks. Actions before it are ignored.
//
// The observation: look, place, move (one-hot each, zeros where nobody is in sight), a mark of the question, and what is told with it: at
// the question of a ballet the places of all dancers are shown at once, as they stand there, and the dance is named; the question of the
// other worlds shows the look of a dancer. The task of a world of visits is told at every step.
type Stage struct {
	Layout Layout

	spec    world.Spec
	head    string // names world, knobs and size in a kept state
	seed    uint64
	plays   []play
	stands  []stand // [B] what of a play must be kept
	compose func(s *Script, seed uint64)
	dances  []Dance
	loop    int // steps of the loop of the rooms' dancers
	detail  bool
}

// Layout tells where the blocks of an observation begin and how wide they are.
type Layout struct {
	Looks, Places, Told int // widths; moves have 9, the question's mark 1
}

// Place is where the block of places begins; looks begin at 0.
func (l Layout) Place() int { return l.Looks }

// Move is where the block of moves begins.
func (l Layout) Move() int { return l.Looks + l.Places }

// Question is where the mark of the question stands.
func (l Layout) Question() int { return l.Move() + moves }

// Tell is where the block of what is told begins.
func (l Layout) Tell() int { return l.Question() + 1 }

// Width is that of an observation.
func (l Layout) Width() int { return l.Tell() + l.Told }

// Moves is the width of the block of moves.
const Moves = moves

// play is the script of one environment.
type play struct{ script Script }

// stand is where one environment stands. Fields are of fixed size because encoding/binary keeps them.
type stand struct {
	Seed    uint64
	Episode uint64
	Step    int32
	Last    ended
}

// ended is what Info tells of the episode that ended last.
type ended struct {
	Seed  uint64
	Steps int32
	Right int32
	Age   int32 // events from the asked one to the question: 1 for the last
	Told  int32
	Pair  int32
}

// NewBallet makes the ballet with batch environments. Wrong knobs are lab.Invalid.
func NewBallet(k BalletKnobs, batch int) (*Stage, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	all := Dances(k.Moves)
	s := &Stage{Layout: Layout{ballLooks, compass, DanceCount}, dances: all[:]}
	s.compose = func(p *Script, seed uint64) { p.ballet(&k, s.dances, seed) }
	places := Directions()
	return s.open(Ballet, k, k.Dancers*(k.Moves+k.Delay)+1, places[:], batch)
}

// NewRooms makes the world of rooms with batch environments. Wrong knobs are lab.Invalid.
func NewRooms(k RoomsKnobs, batch int) (*Stage, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	all := Dances(roomMoves)
	s := &Stage{Layout: Layout{ballLooks, k.Side * k.Side, 0}, dances: all[:], loop: k.Loop()}
	s.compose = func(p *Script, seed uint64) { p.rooms(&k, s.dances, seed) }
	return s.open(Rooms, k, k.Steps+1, names(all[:roomKinds]), batch)
}

// NewVisits makes the world of visits with batch environments. Wrong knobs are lab.Invalid.
func NewVisits(k VisitsKnobs, batch int) (*Stage, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	all := Dances(roomMoves)
	s := &Stage{Layout: Layout{maxLooks, k.Rooms, len(Tasks())}, dances: all[:]}
	s.compose = func(p *Script, seed uint64) { p.visits(&k, s.dances, seed) }
	return s.open(Visits, k, k.Visits*roomMoves+1, names(all[:]), batch)
}

func names(dances []Dance) (all []string) {
	for _, d := range dances {
		all = append(all, d.Name)
	}
	return all
}

func (s *Stage) open(name string, knobs any, horizon int, actions []string, batch int) (*Stage, error) {
	if batch < 1 || batch > maxBatch {
		return nil, lab.Errorf(lab.Invalid, "%s: batch is %d, want 1 to %d", name, batch, maxBatch)
	}
	text, err := json.Marshal(knobs)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "%s: knobs cannot be written: %w", name, err)
	}
	s.spec = world.Spec{Name: name, Obs: s.Layout.Width(), Actions: actions, Horizon: horizon, ObsNames: s.obsNames(name)}
	s.head = fmt.Sprintf("%s %s batch %d", name, text, batch)
	s.plays, s.stands = make([]play, batch), make([]stand, batch)
	s.Reset(0, make([]float32, batch*s.spec.Obs))
	return s, nil
}

// maxBatch bounds the memory that one world may take.
const maxBatch = 1 << 16

func (s *Stage) obsNames(name string) (all []string) {
	for i := range s.Layout.Looks {
		all = append(all, Look(i))
	}
	for i := range s.Layout.Places {
		all = append(all, "at "+placeName(name, i))
	}
	all = append(all, "stands")
	for _, d := range Directions() {
		all = append(all, "moves "+d)
	}
	all = append(all, "question")
	for i := range s.Layout.Told {
		if name == Visits {
			all = append(all, "task "+Tasks()[i])
			continue
		}
		all = append(all, "asked for "+s.dances[i].Name)
	}
	return all
}

// placeName is a compass place of a ballet, else a room.
func placeName(world string, i int) string {
	if world == Ballet {
		return Directions()[i]
	}
	return fmt.Sprintf("room %d", i+1)
}

// Spec describes the world.
func (s *Stage) Spec() world.Spec { return s.spec }

// Size is the number of environments.
func (s *Stage) Size() int { return len(s.plays) }

// Detail makes Info carry numbers.
func (s *Stage) Detail(on bool) { s.detail = on }

// Script is the episode of environment b as it was written: for pictures and references, never for an agent. It is valid until the
// episode ends.
func (s *Stage) Script(b int) *Script { return &s.plays[b].script }

// Dances are the dances of this world.
func (s *Stage) Dances() []Dance { return s.dances }

// Reset starts episode 0 of every environment.
func (s *Stage) Reset(seed uint64, obs []float32) {
	s.check(len(s.plays), len(obs), len(s.plays), len(s.plays))
	s.seed = seed
	for b := range s.plays {
		s.stands[b] = stand{}
		s.begin(b, world.EpisodeSeed(seed, b, 0))
		s.show(b, obs[b*s.spec.Obs:(b+1)*s.spec.Obs])
	}
}

func (s *Stage) begin(b int, seed uint64) {
	s.stands[b].Seed, s.stands[b].Step = seed, 0
	s.compose(&s.plays[b].script, seed)
}

// check panics on slices of the wrong size: a mistake of the caller, not of a user.
func (s *Stage) check(actions, obs, reward, done int) {
	if n := len(s.plays); actions != n || obs != n*s.spec.Obs || reward != n || done != n {
		panic(fmt.Sprintf("%s: step with %d actions, %d observation numbers, %d rewards, %d done flags; want %d, %d, %d, %d",
			s.spec.Name, actions, obs, reward, done, n, n*s.spec.Obs, n, n))
	}
}

// Step plays one action in every environment. A wrong size or an action out of range panics.
func (s *Stage) Step(actions []int32, obs, reward []float32, done []bool) {
	s.check(len(actions), len(obs), len(reward), len(done))
	for b := range s.plays {
		e, a := &s.stands[b], actions[b]
		if a < 0 || int(a) >= len(s.spec.Actions) {
			panic(fmt.Sprintf("%s: action %d of environment %d is out of range, want 0 to %d", s.spec.Name, a, b, len(s.spec.Actions)-1))
		}
		reward[b], done[b] = 0, s.asks(b)
		if e.Step++; done[b] {
			reward[b] = s.answer(b, a)
			e.Episode++
			s.begin(b, world.EpisodeSeed(s.seed, b, e.Episode))
		}
		s.show(b, obs[b*s.spec.Obs:(b+1)*s.spec.Obs])
	}
}

// asks says whether environment b stands at its question.
func (s *Stage) asks(b int) bool { return int(s.stands[b].Step) == len(s.plays[b].script.Frames) }

// answer pays the answer and keeps what Info will tell.
func (s *Stage) answer(b int, action int32) float32 {
	p, e := &s.plays[b].script, &s.stands[b]
	e.Last = ended{Seed: e.Seed, Steps: e.Step, Age: int32(len(p.Events) - p.Asked), Told: int32(p.Told)}
	if p.Paired {
		e.Last.Pair = 1
	}
	if action == p.Answer {
		e.Last.Right = 1
	}
	return float32(e.Last.Right)
}

// show writes the observation of environment b.
func (s *Stage) show(b int, obs []float32) {
	clear(obs)
	p, l := &s.plays[b].script, s.Layout
	if s.spec.Name == Visits {
		obs[l.Tell()+p.Told] = 1
	}
	if !s.asks(b) {
		f := p.Frames[s.stands[b].Step]
		if f.Look >= 0 {
			obs[f.Look], obs[l.Place()+int(f.Place)], obs[l.Move()+int(f.Move)] = 1, 1, 1
		}
		return
	}
	obs[l.Question()] = 1
	if p.Shown >= 0 {
		obs[p.Shown] = 1
		return
	}
	obs[l.Tell()+p.Told] = 1
	for _, e := range p.Events {
		obs[l.Place()+int(e.Place)] = 1
	}
}

// Info sums up the episode that ended last in environment b; it is zero before the first has ended.
func (s *Stage) Info(b int) world.Info {
	l := s.stands[b].Last
	if l.Steps == 0 {
		return world.Info{}
	}
	in := world.Info{Seed: l.Seed, Steps: int(l.Steps), Return: float32(l.Right), Success: l.Right == 1, Why: lab.EndTerminal}
	if s.detail {
		in.Numbers = map[string]float64{"age": float64(l.Age), "told": float64(l.Told), "pair": float64(l.Pair)}
	}
	return in
}

// Asked tells of the episode that ended last in environment b how many events back the asked one was (1 for the last), what was told, and
// whether the mirror of the asked dance was danced, too.
func (s *Stage) Asked(b int) (age, told int, pair bool) {
	l := s.stands[b].Last
	return int(l.Age), int(l.Told), l.Pair == 1
}

// Replay makes the episode with that Info.Seed again, alone.
func (s *Stage) Replay(seed uint64, obs []float32) (world.Tensor, error) {
	one := &Stage{Layout: s.Layout, spec: s.spec, head: "one of " + s.head, seed: seed, plays: make([]play, 1), stands: make([]stand, 1),
		compose: s.compose, dances: s.dances, loop: s.loop, detail: s.detail}
	one.begin(0, seed)
	if obs != nil {
		one.show(0, obs)
	}
	return one, nil
}

// Snapshot keeps every environment exactly: scripts are written again from their seeds.
func (s *Stage) Snapshot(w io.Writer) error { return world.WriteState(w, s.head, s.seed, s.stands) }

// Restore takes up a kept state of a world with the same knobs and size.
func (s *Stage) Restore(r io.Reader) error {
	if err := world.ReadState(r, s.head, &s.seed, s.stands); err != nil {
		return err
	}
	for b := range s.plays {
		s.compose(&s.plays[b].script, s.stands[b].Seed)
	}
	return nil
}
