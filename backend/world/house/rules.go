package house

import "github.com/loci-lab/loci/backend/world"

// Keys of the draws that make a world's rules. They stand high, so that no two lists run into each other.
const (
	drawHolds = (iota + 1) << 32
	drawFits
	drawPower
	drawHome
	drawLikes
	drawSeat
	drawChange
	drawTasks
)

// rules are what no text states. All are drawn from one seed and hold over all episodes; likings alone may drift.
type rules struct {
	seed  uint64
	knobs *Knobs
	holds [len24 / perClass]int // receptacle of a class
	fits  [4][4]int             // appliance, of those that make a state, for a material
	power [16]int               // switch of an appliance, -1 where it needs none
	home  [len24][ids]int       // receptacle of a numbered thing
}

const len24 = 24 // nouns

func newRules(k *Knobs, seed uint64) *rules {
	r := &rules{seed: seed, knobs: k}
	draw := func(from uint64, at, n int) int { return world.Pick(world.Draw(seed, from+uint64(at)), n) }
	for c := range r.holds {
		r.holds[c] = draw(drawHolds, c, k.Receptacles)
	}
	for s := range r.fits {
		for m := range r.fits[s] {
			r.fits[s][m] = s*perClass + draw(drawFits, s*perClass+m, k.Appliances)
		}
	}
	for a := range r.power {
		if r.power[a] = -1; powered(stateOf(a)) {
			r.power[a] = draw(drawPower, a, k.Switches)
		}
	}
	for n := range r.home {
		for i := range r.home[n] {
			r.home[n][i] = draw(drawHome, n*ids+i, k.Receptacles)
		}
	}
	return r
}

// powered says whether what makes a state needs a switch: what heats and what cools.
func powered(state int) bool { return state == hot || state == cold }

// likes is the item that a person likes for a need in an episode, seat where it is to be put.
func (r *rules) likes(person, need int, clock uint64) int {
	return need*perClass + r.drifting(drawLikes, person*2+need, clock)
}

func (r *rules) seat(person int, clock uint64) int { return r.drifting(drawSeat, person, clock) }

// drifting is a liking, 0 to 3, at a time: it is drawn anew once in each span of Drift episodes, at a drawn place of the span, so that the
// last change is found in this span or the one before. Before the first change it is what draw 0 says.
func (r *rules) drifting(from uint64, at int, clock uint64) int {
	key := world.Draw(r.seed, from+uint64(at))
	changes := uint64(0) // so far
	if drift := uint64(r.knobs.Drift); drift > 0 {
		changes = clock / drift
		if place := world.Pick(world.Draw(world.Draw(key, drawChange), changes), r.knobs.Drift); clock%drift >= uint64(place) {
			changes++
		}
	}
	return world.Pick(world.Draw(key, changes), perClass)
}
