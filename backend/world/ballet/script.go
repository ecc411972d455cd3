package ballet

import "github.com/loci-lab/loci/backend/world"

// Numbers of an observation's blocks at most.
const (
	ballLooks = 16
	maxLooks  = 24
	roomMoves = 8
	roomKinds = 4 // dances in the rooms: plus and times, whose pairs have equal bags of moves
	none      = -1
)

// Frame is what one step shows.
type Frame struct {
	Look  int8 // of the dancer in sight, -1 none
	Place int8 // where: compass place or room, -1 none
	Move  int8 // 0 stands, 1 to 8 direction + 1; -1 where nobody is in sight
}

// Event is something that may be asked about: a dancer's dance.
type Event struct {
	Look, Place, Dance int8
	Start              int32 // first step; in the rooms world 0
}

// Script is a whole episode before anybody acts: it depends on the seed alone.
type Script struct {
	Frames []Frame // [T-1]; the last step, the question, is not among them
	Events []Event // dancers, rooms or visits
	Asked  int     // event that the question is about
	Answer int32   // right action
	Told   int     // instruction: dance (ballet) or task (visits); -1 none
	Shown  int8    // look that the question shows, -1 none
	Paired bool    // ballet: the mirror of the asked dance was danced, too

	perm   []int  // scratch
	keeper Keeper // scratch
}

// draws hands out the random numbers of an episode in order.
type draws struct {
	seed uint64
	n    uint64
}

func (d *draws) pick(n int) int {
	d.n++
	return world.Pick(world.Draw(d.seed, d.n), n)
}

func (d *draws) unit() float64 {
	d.n++
	return world.Unit(world.Draw(d.seed, d.n))
}

// some deals count of n different numbers into the front of the script's scratch.
func (s *Script) some(d *draws, n, count int) []int {
	s.perm = s.perm[:0]
	for i := range n {
		s.perm = append(s.perm, i)
	}
	for i := range count {
		j := i + d.pick(n-i)
		s.perm[i], s.perm[j] = s.perm[j], s.perm[i]
	}
	return s.perm[:count]
}

func (s *Script) clear() {
	s.Frames, s.Events = s.Frames[:0], s.Events[:0]
	s.Told, s.Shown, s.Paired = none, none, false
}

// ballet writes: each dancer's dance and the delay behind it; the question names one of the dances, the answer is its dancer's place.
func (s *Script) ballet(k *BalletKnobs, dances []Dance, seed uint64) {
	s.clear()
	d := &draws{seed: seed}
	for range k.Dancers {
		s.Events = append(s.Events, Event{})
	}
	for i, p := range s.some(d, compass, k.Dancers) {
		s.Events[i].Place = int8(p)
	}
	for i, l := range s.some(d, ballLooks, k.Dancers) {
		s.Events[i].Look = int8(l)
	}
	if k.Among == "pair" {
		first := d.pick(DanceCount)
		s.Events[0].Dance, s.Events[1].Dance = int8(first), int8(first^1)
	} else {
		for i, x := range s.some(d, DanceCount, k.Dancers) {
			s.Events[i].Dance = int8(x)
		}
	}
	for i := range s.Events {
		e := &s.Events[i]
		e.Start = int32(len(s.Frames))
		for _, m := range dances[e.Dance].Moves {
			s.Frames = append(s.Frames, Frame{e.Look, e.Place, m})
		}
		for range k.Delay {
			s.Frames = append(s.Frames, Frame{none, none, none})
		}
	}
	s.Asked = d.pick(k.Dancers)
	s.Told, s.Answer = int(s.Events[s.Asked].Dance), int32(s.Events[s.Asked].Place)
	for _, e := range s.Events {
		s.Paired = s.Paired || int(e.Dance) == s.Told^1
	}
}

// rooms writes a random walk: at step t the dancer of the present room is at place t mod loop of its loop. A step against a wall stays, or
// a room would be seen at every second place of the loop only.
func (s *Script) rooms(k *RoomsKnobs, dances []Dance, seed uint64) {
	s.clear()
	d := &draws{seed: seed}
	n := k.Side * k.Side
	for i, l := range s.some(d, ballLooks, n) {
		s.Events = append(s.Events, Event{Look: int8(l), Place: int8(i), Dance: int8(d.pick(roomKinds))})
	}
	at := d.pick(n)
	for t := range k.Steps {
		e := s.Events[at]
		f := Frame{e.Look, e.Place, still}
		if p := t%k.Loop() - k.Still; p >= 0 {
			f.Move = dances[e.Dance].Moves[p]
		}
		if d.unit() < k.Noise {
			f.Place = int8((int(f.Place) + 1 + d.pick(n-1)) % n)
		}
		s.Frames = append(s.Frames, f)
		at = walk(at, k.Side, d.pick(4))
	}
	s.askRoom(k, dances, d)
}

// walk goes one room north, east, south or west, or nowhere at a wall.
func walk(at, side, direction int) int {
	row, column := at/side, at%side
	switch {
	case direction == 0 && row > 0:
		return at - side
	case direction == 1 && column < side-1:
		return at + 1
	case direction == 2 && row < side-1:
		return at + side
	case direction == 3 && column > 0:
		return at - 1
	}
	return at
}

// askRoom asks about one of the rooms of whose dance enough was seen, evenly drawn.
func (s *Script) askRoom(k *RoomsKnobs, dances []Dance, d *draws) {
	s.perm = s.perm[:0]
	for i, e := range s.Events {
		if s.told(k, dances, e) {
			s.perm = append(s.perm, i)
		}
	}
	if len(s.perm) == 0 { // a walk that saw nothing: any room, the answer is a guess
		s.perm = append(s.perm, d.pick(len(s.Events)))
	}
	s.Asked = s.perm[d.pick(len(s.perm))]
	s.Shown, s.Answer = s.Events[s.Asked].Look, int32(s.Events[s.Asked].Dance)
}

// told says whether the frames that show that dancer fit one dance only.
func (s *Script) told(k *RoomsKnobs, dances []Dance, e Event) bool {
	fits := 0
	for x := range roomKinds {
		ok := true
		for t, f := range s.Frames {
			p := t%k.Loop() - k.Still
			if f.Look == e.Look && p >= 0 && f.Move != dances[x].Moves[p] {
				ok = false
				break
			}
		}
		if ok {
			fits++
		}
	}
	return fits == 1
}

// visits writes the visits, each a whole dance of a dancer of its own, and asks about one of them as the task says.
func (s *Script) visits(k *VisitsKnobs, dances []Dance, seed uint64) {
	s.clear()
	d := &draws{seed: seed}
	for _, l := range s.some(d, maxLooks, k.Visits) {
		s.Events = append(s.Events, Event{Look: int8(l), Dance: int8(d.pick(DanceCount))})
	}
	hot := s.itinerary(k, d)
	for i := range s.Events {
		e := &s.Events[i]
		e.Start = int32(len(s.Frames))
		for _, m := range dances[e.Dance].Moves {
			s.Frames = append(s.Frames, Frame{e.Look, e.Place, m})
		}
	}
	s.Told = d.pick(len(Tasks()))
	for i, name := range Tasks() {
		if name == k.Task {
			s.Told = i
		}
	}
	s.askVisit(k, d, hot)
	s.Shown, s.Answer = s.Events[s.Asked].Look, int32(s.Events[s.Asked].Dance)
}

// itineraries is how often the rooms of an episode are drawn again at most.
const itineraries = 64

// itinerary gives every visit its room, such that one room, which is returned, is visited most and the rule that favours well-visited rooms
// keeps all of its visits: only so can that rule be right for certain. Rooms are drawn with one of them more likely, and drawn again
// until they fit.
func (s *Script) itinerary(k *VisitsKnobs, d *draws) (hot int) {
	for range itineraries {
		hot = d.pick(k.Rooms)
		for i := range s.Events {
			room := hot
			if d.unit() >= hotShare {
				room = (hot + 1 + d.pick(k.Rooms-1)) % k.Rooms
			}
			s.Events[i].Place = int8(room)
		}
		if s.favoured(k, hot) {
			return hot
		}
	}
	for i := range s.Events { // every second visit: fits always
		s.Events[i].Place = int8(hot)
		if i%2 == 1 || i >= k.Half {
			s.Events[i].Place = int8((hot + 1 + i%(k.Rooms-1)) % k.Rooms)
		}
	}
	return hot
}

// hotShare is the chance of a visit to the favoured room.
const hotShare = 0.35

// favoured says whether that room is visited more often than each other and keeps all its visits under LVFO.
func (s *Script) favoured(k *VisitsKnobs, hot int) bool {
	var counts [compass]int
	for _, e := range s.Events {
		counts[e.Place]++
	}
	for room, n := range counts {
		if room != hot && n >= counts[hot] {
			return false
		}
	}
	if counts[hot] > k.Half {
		return false
	}
	s.keeper.Begin(LVFO, k.Half)
	for _, e := range s.Events {
		s.keeper.Visit(int(e.Place), 0)
	}
	return s.keeper.Count(hot) == counts[hot]
}

func (s *Script) askVisit(k *VisitsKnobs, d *draws, hot int) {
	n := len(s.Events)
	switch Tasks()[s.Told] {
	case "last":
		s.Asked = n - 1 - d.pick(k.Half)
	case "first":
		s.Asked = d.pick(k.Half)
	case "most-visited":
		s.perm = s.perm[:0]
		for i, e := range s.Events {
			if int(e.Place) == hot {
				s.perm = append(s.perm, i)
			}
		}
		s.Asked = s.perm[d.pick(len(s.perm))]
	default:
		s.askLatest(d)
	}
}

// askLatest asks about the latest visit to a room that is drawn evenly among those visited.
func (s *Script) askLatest(d *draws) {
	var latest [compass]int
	for i, e := range s.Events {
		latest[e.Place] = i + 1
	}
	s.perm = s.perm[:0]
	for _, i := range latest {
		if i > 0 {
			s.perm = append(s.perm, i-1)
		}
	}
	s.Asked = s.perm[d.pick(len(s.perm))]
}
