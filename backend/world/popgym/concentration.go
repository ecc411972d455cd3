package popgym

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// concentration: N cards lie face down; two are turned, and stay up if they match.
//
// Observation: for each place the value of the card, or "face down" as the last value; the one or two cards in play are shown, and are
// down again in the next observation unless they matched. Reward 1/(N/2) for a pair; -2/L where two do not match or one place was
// turned twice; -1/L for each card in play where one of them was up already; 0 for a first card. L = ceil(2N - N/(2N-1)) steps at most.
type concentration struct {
	deck       deck
	envs       []concentrationEnv
	face       []uint8   // [B][N] what each place shows, cards in play aside
	order      []faceUp  // [B][N] places that are up, in the order of being turned
	classes    int       // values of a place: those of the cards, and face down
	blank      []float32 // observation of cards that all lie face down
	limit      int32
	win, spoil float32 // for a pair, for one card turned in vain
	spoil2     float32
}

// faceUp is which two numbers of an observation of blank cards to change.
type faceUp struct{ Down, Value uint16 }

type concentrationEnv struct {
	Steps, Up int32    // cards up
	InPlay    [2]int32 // places
	Turned    int32    // how many are in play: 0 or 1 before a step
	Shown     int32    // how many of InPlay the observation shows: 0 to 2
	Vain      int32    // cards turned without a pair
}

func newConcentration(decks int, kind deckType, batch int) (*concentration, shape) {
	n := decks * deckSize
	g := &concentration{deck: newDeck(kind, decks, batch), envs: make([]concentrationEnv, batch), face: make([]uint8, batch*n), order: make([]faceUp, batch*n), classes: kind.count() + 1}
	g.limit = int32(2 * n) // ceil(2N - x) with 0 < x < 1
	g.win, g.spoil, g.spoil2 = float32(1/float64(n/2)), float32(-1/float64(g.limit)), float32(2*(-1/float64(g.limit)))
	s := shape{actSpace: []int{n}, horizon: int(g.limit), numbers: []string{"pairs", "turned in vain"}}
	for place := range n {
		s.space = append(s.space, kind.count()+1)
		s.actions = append(s.actions, fmt.Sprintf("place %d", place+1))
		for _, v := range append(kind.names(), "face down") {
			s.obsNames = append(s.obsNames, fmt.Sprintf("place %d %s", place+1, v))
			g.blank = append(g.blank, 0)
		}
		g.blank[len(g.blank)-1] = 1
	}
	return g, s
}

func (g *concentration) down() uint8 { return uint8(g.classes - 1) }

func (g *concentration) faces(b int) []uint8 { return g.face[b*g.deck.size : (b+1)*g.deck.size] }

func (g *concentration) begin(b int, seed uint64) {
	g.deck.shuffle(b, seed, 0)
	g.open(b)
}

// open lays the shuffled cards face down.
func (g *concentration) open(b int) {
	g.envs[b] = concentrationEnv{}
	for i, f := 0, g.faces(b); i < len(f); i++ {
		f[i] = g.down()
	}
}

func (g *concentration) step(actions []int32, out rows, reward []float32, why []uint8) {
	for b, a := range actions {
		e := &g.envs[b]
		e.InPlay[e.Turned] = a
		e.Turned++
		e.Shown = e.Turned
		g.write(b, out.of(b)) // before the cards are judged, as in the package
		reward[b] = g.judge(b, e)
		e.Steps++
		if why[b] = 0; int(e.Up) == g.deck.size {
			why[b] = terminal
		}
		if e.Steps >= g.limit {
			why[b] |= horizon
		}
	}
}

// judge pays for the cards in play and clears them when the turn is over.
func (g *concentration) judge(b int, e *concentrationEnv) float32 {
	face, cards, down := g.faces(b), g.deck.of(b), g.down()
	first, second := e.InPlay[0], e.InPlay[e.Turned-1]
	turned := e.Turned
	switch {
	case face[first] != down || face[second] != down:
	case turned == 1:
		return 0
	case first != second && cards[first] == cards[second]:
		face[first], face[second] = cards[first], cards[second]
		up := g.order[b*g.deck.size+int(e.Up):]
		up[0], up[1] = g.turned(cards, first), g.turned(cards, second)
		e.Up += 2
		e.Turned = 0
		return g.win
	}
	e.Turned = 0
	e.Vain += turned
	if turned == 2 {
		return g.spoil2
	}
	return g.spoil
}

func (g *concentration) turned(cards []uint8, place int32) faceUp {
	at := int(place) * g.classes
	return faceUp{uint16(at + g.classes - 1), uint16(at + int(cards[place]))}
}

func (g *concentration) write(b int, row []float32) {
	copy(row, g.blank)
	e := &g.envs[b]
	for _, up := range g.order[b*g.deck.size : b*g.deck.size+int(e.Up)] {
		row[up.Down], row[up.Value] = 0, 1
	}
	for _, place := range e.InPlay[:e.Shown] {
		up := g.turned(g.deck.of(b), place)
		row[up.Down], row[up.Value] = 0, 1
	}
}

// Success is every pair found in time.
func (g *concentration) outcome(b int) (bool, [maxNumbers]float64) {
	e := &g.envs[b]
	return int(e.Up) == g.deck.size, [maxNumbers]float64{float64(e.Up / 2), float64(e.Vain)}
}

// reference: memory-free turns any place that shows nothing. Full-memory remembers every card seen: it takes a known pair, else turns a
// new card and then its mate if known, else another new one. That is the usual good play, not proved the best. It reads from the game
// which cards are up and in play; both follow from the observations and from what it did.
func (g *concentration) reference(name string, seed uint64) act {
	switch name {
	case world.Oracle:
		return func(b int, _ []float32, _ bool) int32 { return g.next(b, g.deck.of(b)) }
	case world.MemoryFree:
		drawn := uint64(0)
		return func(_ int, row []float32, _ bool) int32 {
			drawn++
			return g.hidden(row, world.Draw(seed, drawn))
		}
	case world.FullMemory:
		known := make([]uint8, len(g.face))
		return func(b int, row []float32, fresh bool) int32 {
			k := known[b*g.deck.size : (b+1)*g.deck.size]
			g.learn(k, row, fresh)
			return g.next(b, k)
		}
	}
	return nil
}

// learn notes the values that an observation shows.
func (g *concentration) learn(known []uint8, row []float32, fresh bool) {
	classes := g.classes
	for place := range known {
		v := uint8(oneIn(row[place*classes : (place+1)*classes]))
		if fresh || v != g.down() {
			known[place] = v
		}
	}
}

// hidden picks evenly among the places that show nothing.
func (g *concentration) hidden(row []float32, r uint64) int32 {
	classes, n := g.classes, 0
	for at := classes - 1; at < len(row); at += classes {
		n += int(row[at])
	}
	left := world.Pick(r, max(1, n))
	for place := range g.deck.size {
		if row[(place+1)*classes-1] == 0 {
			continue
		}
		if left == 0 {
			return int32(place)
		}
		left--
	}
	return 0
}

// next chooses a place by what is known of the values, down() where nothing is.
func (g *concentration) next(b int, known []uint8) int32 {
	if e := &g.envs[b]; e.Turned == 1 {
		return g.mate(b, known, e.InPlay[0])
	}
	var at [13]int32 // 1 + first place of a value
	unknown, face := int32(0), g.faces(b)
	for place := int32(len(known)) - 1; place >= 0; place-- {
		switch v := known[place]; {
		case face[place] != g.down():
		case v == g.down():
			unknown = place
		case at[v] > 0:
			return at[v] - 1
		default:
			at[v] = place + 1
		}
	}
	return unknown
}

// mate is a place known to match the first card, else one not known.
func (g *concentration) mate(b int, known []uint8, first int32) int32 {
	unknown, face := int32(0), g.faces(b)
	for place := int32(len(known)) - 1; place >= 0; place-- {
		switch v := known[place]; {
		case place == first || face[place] != g.down():
		case v == known[first]:
			return place
		case v == g.down():
			unknown = place
		}
	}
	return unknown
}

func (g *concentration) scene(b int) lab.Scene {
	const across = 13
	e, names := &g.envs[b], g.deck.kind.names()
	s := lab.Scene{W: across, H: g.deck.size/across + 1}
	for place, f := range g.faces(b) {
		m := lab.Mark{X: place % across, Y: place / across, Shape: "ghost", Label: names[g.deck.of(b)[place]]}
		if f != g.down() {
			m.Shape = "floor"
		}
		s.Marks = append(s.Marks, m)
	}
	for _, place := range e.InPlay[:e.Shown] {
		s.Marks = append(s.Marks, lab.Mark{X: int(place) % across, Y: int(place) / across, Shape: "cue", Label: names[g.deck.of(b)[place]], Tone: 2})
	}
	label := fmt.Sprintf("%d of %d up, %s", e.Up, g.deck.size, progress(int(e.Steps), int(g.limit)))
	return lab.Scene{W: s.W, H: s.H, Marks: append(s.Marks, lab.Mark{X: 0, Y: s.H - 1, Shape: "agent", Label: label, Tone: 1})}
}

func (g *concentration) saw(b int) string {
	e, names := &g.envs[b], g.deck.kind.names()
	text := fmt.Sprintf("%d of %d cards up", e.Up, g.deck.size)
	for _, place := range e.InPlay[:e.Shown] {
		text += fmt.Sprintf(", place %d turned: %s", place+1, names[g.deck.of(b)[place]])
	}
	return text
}

func (g *concentration) parts() []any { return []any{g.deck.cards, g.face, g.order, g.envs} }
