package popgym

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// deckSize is the number of cards of one deck: 4 suits of 13 ranks.
const deckSize = 52

// deckType is what of a card counts. Card i of a deck, from 0, has colour i mod 2, suit i mod 4 and rank i div 4.
type deckType int

const (
	colours deckType = iota
	suits
	ranks
)

// names are the values of a deck type, in the package's order.
func (d deckType) names() []string {
	switch d {
	case colours:
		return []string{"black", "red"}
	case suits:
		return []string{"spades", "diamonds", "clubs", "hearts"}
	}
	return []string{"ace", "2", "3", "4", "5", "6", "7", "8", "9", "10", "jack", "queen", "king"}
}

func (d deckType) count() int { return len(d.names()) }

// value of card i.
func (d deckType) value(i int) uint8 {
	switch d {
	case colours:
		return uint8(i % 2)
	case suits:
		return uint8(i % 4)
	}
	return uint8(i % deckSize / 4)
}

// deck is decks of cards, of which only one property counts, that are shuffled and dealt one by one.
type deck struct {
	kind  deckType
	size  int     // N, cards of one environment
	new   []uint8 // [N] values in the order of the package's decks
	cards []uint8 // [B][N] values in the order of dealing
}

func newDeck(kind deckType, decks, batch int) deck {
	d := deck{kind: kind, size: decks * deckSize, cards: make([]uint8, batch*decks*deckSize)}
	for i := range d.size {
		d.new = append(d.new, kind.value(i))
	}
	return d
}

func (d *deck) of(b int) []uint8 { return d.cards[b*d.size : (b+1)*d.size] }

// shuffle puts the cards of environment b in a new order (Fisher and Yates), each of them equally likely but for less than one part in a
// million: a pick takes 32 bits, since shuffling is most of the work of a short episode.
func (d *deck) shuffle(b int, seed, from uint64) {
	c := d.of(b)
	copy(c, d.new)
	chance := chance(world.Draw(seed, from))
	for i := len(c) - 1; i > 0; i -= 2 {
		r := chance.next()
		j := int(r >> 32 * uint64(i+1) >> 32)
		c[i], c[j] = c[j], c[i]
		k := int(r & (1<<32 - 1) * uint64(i) >> 32)
		c[i-1], c[k] = c[k], c[i-1] // with i = 1 the first card changes with itself
	}
}

// chance is a fast stream of random bits: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
type chance uint64

func (c *chance) next() uint64 {
	*c += 0x9e3779b97f4a7c15
	z := uint64(*c)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// secondDeck is where the draws of a second deck begin.
const secondDeck = 1 << 16

// answers counts the right and wrong ones of an episode.
type answers struct{ Right, Wrong int32 }

// pay returns the reward of an answer.
func (a *answers) pay(right bool, scale float32) float32 {
	if right {
		a.Right++
		return scale
	}
	a.Wrong++
	return -scale
}

func (a *answers) numbers() [maxNumbers]float64 {
	return [maxNumbers]float64{float64(a.Right), float64(a.Wrong)}
}

func answerNames() []string { return []string{"right", "wrong"} }

// cardScene draws a table: what is shown, the answer that pays now, and the cards before, the last one at the right.
func cardScene(progress, shown, answer string, before []uint8, names []string) lab.Scene {
	const across = 8
	s := lab.Scene{W: across, H: 3, Marks: []lab.Mark{
		{X: 0, Y: 0, Shape: "agent", Label: progress, Tone: 1},
		{X: 2, Y: 0, Shape: "cue", Label: shown, Tone: 2},
	}}
	if answer != "" {
		s.Marks = append(s.Marks, lab.Mark{X: 5, Y: 0, Shape: "goal", Label: answer, Tone: 3})
	}
	before = before[max(0, len(before)-2*across):]
	for i, c := range before {
		s.Marks = append(s.Marks, lab.Mark{X: i % across, Y: 1 + i/across, Shape: "ghost", Label: names[c]})
	}
	return s
}

func progress(at, of int) string { return fmt.Sprintf("%d/%d", at, of) }
