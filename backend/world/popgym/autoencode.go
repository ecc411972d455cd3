package popgym

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// autoencode: first all N cards are shown one by one, then their suits must be answered, the last card first.
//
// Observation: play or watch, and the suit shown; while playing it is spades whatever comes (the package shows card 0), but the first
// observation of the play still shows the last card. Reward +-1/N for each answer, 0 while watching. 2N-1 steps.
type autoencode struct {
	deck deck
	envs []autoencodeEnv
	pay  float32
}

type autoencodeEnv struct {
	Dealt, Left int32 // cards shown, cards still to be answered
	answers
}

// modes in the order of the package's numbers.
func modes() []string { return []string{"play", "watch"} }

func newAutoencode(decks, batch int) (*autoencode, shape) {
	g := &autoencode{deck: newDeck(suits, decks, batch), envs: make([]autoencodeEnv, batch)}
	g.pay = float32(1 / float64(g.deck.size))
	names := suits.names()
	return g, shape{space: []int{2, len(names)}, obsNames: append(modes(), each("shown", names)...), actSpace: []int{len(names)}, actions: names,
		horizon: 2*g.deck.size - 1, numbers: answerNames()}
}

func (g *autoencode) begin(b int, seed uint64) {
	g.deck.shuffle(b, seed, 0)
	g.envs[b] = autoencodeEnv{Dealt: 1, Left: 1}
}

func (g *autoencode) step(actions []int32, out rows, reward []float32, why []uint8) {
	for b, a := range actions {
		e, cards := &g.envs[b], g.deck.of(b)
		reward[b], why[b] = 0, 0
		if int(e.Dealt) < len(cards) {
			e.Dealt++
			e.Left++
		} else {
			e.Left--
			reward[b] = e.pay(uint8(a) == cards[e.Left], g.pay)
			if e.Left == 0 {
				why[b] = terminal
			}
		}
		g.write(b, out.of(b))
	}
}

// shown is what the observation says.
func (g *autoencode) shown(b int) (mode, suit uint8) {
	e, cards := &g.envs[b], g.deck.of(b)
	if int(e.Dealt) < len(cards) {
		mode = 1
	}
	if e.Left == e.Dealt {
		suit = cards[e.Dealt-1]
	}
	return mode, suit
}

func (g *autoencode) write(b int, row []float32) {
	mode, suit := g.shown(b)
	clear(row)
	row[mode] = 1
	row[2+suit] = 1
}

// Success is every answer right.
func (g *autoencode) outcome(b int) (bool, [maxNumbers]float64) {
	return g.envs[b].Wrong == 0, g.envs[b].numbers()
}

// Memory-free answers the suit shown, which is right for the first answer.
func (g *autoencode) reference(name string, _ uint64) act {
	seen, at, playing := make([]uint8, len(g.deck.cards)), make([]int, len(g.envs)), make([]bool, len(g.envs))
	switch name {
	case world.Oracle:
		return func(b int, _ []float32, _ bool) int32 { return int32(g.deck.of(b)[max(0, g.envs[b].Left-1)]) }
	case world.MemoryFree:
		return func(_ int, row []float32, _ bool) int32 { return oneIn(row[2:]) }
	case world.FullMemory:
		return func(b int, row []float32, fresh bool) int32 { // a stack
			if fresh {
				at[b], playing[b] = 0, false
			}
			if !playing[b] {
				seen[b*g.deck.size+at[b]] = uint8(oneIn(row[2:]))
				at[b]++
			}
			if playing[b] = row[0] == 1; !playing[b] {
				return 0
			}
			at[b] = max(0, at[b]-1)
			return int32(seen[b*g.deck.size+at[b]])
		}
	}
	return nil
}

func (g *autoencode) scene(b int) lab.Scene {
	e, cards, names := &g.envs[b], g.deck.of(b), suits.names()
	mode, suit := g.shown(b)
	answer := ""
	if mode == 0 {
		answer = names[cards[e.Left-1]]
	}
	return cardScene(modes()[mode]+" "+progress(int(e.Left), len(cards)), names[suit], answer, cards[:e.Left], names)
}

func (g *autoencode) saw(b int) string {
	mode, suit := g.shown(b)
	return modes()[mode] + ", " + suits.names()[suit]
}

func (g *autoencode) parts() []any { return []any{g.deck.cards, g.envs} }
