package popgym

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// repeatFirst: a card is dealt at each step; every answer must be the suit of the first card of the episode.
//
// Reward +1/(N-1) for the right suit, else -1/(N-1), N the cards of all decks; the episode ends when all are dealt, after N-1 steps.
type repeatFirst struct {
	deck deck
	envs []repeatFirstEnv
	pay  float32
}

type repeatFirstEnv struct {
	Dealt int32
	answers
}

func newRepeatFirst(decks, batch int) (*repeatFirst, shape) {
	g := &repeatFirst{deck: newDeck(suits, decks, batch), envs: make([]repeatFirstEnv, batch)}
	g.pay = float32(1 / float64(g.deck.size-1))
	names := suits.names()
	return g, shape{space: []int{len(names)}, obsNames: each("shown", names), actSpace: []int{len(names)}, actions: names,
		horizon: g.deck.size - 1, numbers: answerNames()}
}

func (g *repeatFirst) begin(b int, seed uint64) {
	g.deck.shuffle(b, seed, 0)
	g.envs[b] = repeatFirstEnv{Dealt: 1}
}

func (g *repeatFirst) step(actions []int32, out rows, reward []float32, why []uint8) {
	for b, a := range actions {
		e, cards := &g.envs[b], g.deck.of(b)
		reward[b] = e.pay(uint8(a) == cards[0], g.pay)
		hot(out.of(b), cards[e.Dealt])
		e.Dealt++
		if why[b] = 0; int(e.Dealt) == len(cards) {
			why[b] = terminal
		}
	}
}

func (g *repeatFirst) write(b int, row []float32) { hot(row, g.deck.of(b)[g.envs[b].Dealt-1]) }

// Success is every answer right.
func (g *repeatFirst) outcome(b int) (bool, [maxNumbers]float64) {
	return g.envs[b].Wrong == 0, g.envs[b].numbers()
}

// Memory-free answers the suit shown: it is right at the first step, and nearly as likely as any other afterwards.
func (g *repeatFirst) reference(name string, _ uint64) act {
	first := make([]int32, len(g.envs))
	switch name {
	case world.Oracle:
		return func(b int, _ []float32, _ bool) int32 { return int32(g.deck.of(b)[0]) }
	case world.MemoryFree:
		return func(_ int, row []float32, _ bool) int32 { return oneIn(row) }
	case world.FullMemory:
		return func(b int, row []float32, fresh bool) int32 {
			if fresh {
				first[b] = oneIn(row)
			}
			return first[b]
		}
	}
	return nil
}

func (g *repeatFirst) scene(b int) lab.Scene {
	cards, dealt, names := g.deck.of(b), int(g.envs[b].Dealt), suits.names()
	return cardScene(progress(dealt, len(cards)), names[cards[dealt-1]], names[cards[0]], cards[:dealt-1], names)
}

func (g *repeatFirst) saw(b int) string { return suits.names()[g.deck.of(b)[g.envs[b].Dealt-1]] }

func (g *repeatFirst) parts() []any { return []any{g.deck.cards, g.envs} }
