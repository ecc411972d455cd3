package popgym

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// repeatPrevious: a card is dealt at each step; the answer must be the suit of the card dealt k-1 steps ago, so that k = 1 would be the
// card just shown.
//
// Reward +1/(N-k) for the right suit, else -1/(N-k); 0 until k cards are dealt. The episode ends when all N cards are dealt.
type repeatPrevious struct {
	deck deck
	k    int
	envs []repeatFirstEnv
	pay  float32
}

func newRepeatPrevious(decks, k, batch int) (*repeatPrevious, shape) {
	g := &repeatPrevious{deck: newDeck(suits, decks, batch), k: k, envs: make([]repeatFirstEnv, batch)}
	g.pay = float32(1 / float64(g.deck.size-k))
	names := suits.names()
	return g, shape{space: []int{len(names)}, obsNames: each("shown", names), actSpace: []int{len(names)}, actions: names,
		horizon: g.deck.size - 1, numbers: answerNames()}
}

func (g *repeatPrevious) begin(b int, seed uint64) {
	g.deck.shuffle(b, seed, 0)
	g.envs[b] = repeatFirstEnv{Dealt: 1}
}

func (g *repeatPrevious) step(actions []int32, out rows, reward []float32, why []uint8) {
	for b, a := range actions {
		e, cards := &g.envs[b], g.deck.of(b)
		if reward[b] = 0; int(e.Dealt) >= g.k {
			reward[b] = e.pay(uint8(a) == cards[int(e.Dealt)-g.k], g.pay)
		}
		hot(out.of(b), cards[e.Dealt])
		e.Dealt++
		if why[b] = 0; int(e.Dealt) == len(cards) {
			why[b] = terminal
		}
	}
}

func (g *repeatPrevious) write(b int, row []float32) { hot(row, g.deck.of(b)[g.envs[b].Dealt-1]) }

// Success is every answer right.
func (g *repeatPrevious) outcome(b int) (bool, [maxNumbers]float64) {
	return g.envs[b].Wrong == 0, g.envs[b].numbers()
}

// Memory-free answers another suit than the one shown: with one card of that suit gone, each other suit is a little likelier.
func (g *repeatPrevious) reference(name string, _ uint64) act {
	seen, at := make([]int32, len(g.envs)*g.k), make([]int, len(g.envs))
	switch name {
	case world.Oracle:
		return func(b int, _ []float32, _ bool) int32 {
			return int32(g.deck.of(b)[max(0, int(g.envs[b].Dealt)-g.k)])
		}
	case world.MemoryFree:
		return func(_ int, row []float32, _ bool) int32 { return (oneIn(row) + 1) % int32(len(row)) }
	case world.FullMemory:
		return func(b int, row []float32, fresh bool) int32 { // a ring of the last k suits
			if fresh {
				at[b] = 0
			}
			ring := seen[b*g.k : (b+1)*g.k]
			ring[at[b]%g.k] = oneIn(row)
			at[b]++
			return ring[at[b]%g.k]
		}
	}
	return nil
}

func (g *repeatPrevious) scene(b int) lab.Scene {
	cards, dealt, names := g.deck.of(b), int(g.envs[b].Dealt), suits.names()
	answer := ""
	if dealt >= g.k {
		answer = names[cards[dealt-g.k]]
	}
	return cardScene(progress(dealt, len(cards)), names[cards[dealt-1]], answer, cards[:dealt-1], names)
}

func (g *repeatPrevious) saw(b int) string { return suits.names()[g.deck.of(b)[g.envs[b].Dealt-1]] }

func (g *repeatPrevious) parts() []any { return []any{g.deck.cards, g.envs} }
