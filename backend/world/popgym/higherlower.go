package popgym

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// higherLower: say whether the next card is higher (action 0) or lower (action 1) than the one shown.
//
// Reward +-1/N, 0 where both are equal; N-1 steps, so that the best return lies a little below 1.
type higherLower struct {
	deck deck
	envs []repeatFirstEnv
	pay  float32
}

// Actions of higher-lower.
const (
	higher int32 = iota
	lower
)

func newHigherLower(decks, batch int) (*higherLower, shape) {
	g := &higherLower{deck: newDeck(ranks, decks, batch), envs: make([]repeatFirstEnv, batch)}
	g.pay = float32(1 / float64(g.deck.size))
	names := ranks.names()
	return g, shape{space: []int{len(names)}, obsNames: each("shown", names), actSpace: []int{2}, actions: []string{"higher", "lower"},
		horizon: g.deck.size - 1, numbers: append(answerNames(), "equal")}
}

func (g *higherLower) begin(b int, seed uint64) {
	g.deck.shuffle(b, seed, 0)
	g.envs[b] = repeatFirstEnv{Dealt: 1}
}

func (g *higherLower) step(actions []int32, out rows, reward []float32, why []uint8) {
	for b, a := range actions {
		e, cards := &g.envs[b], g.deck.of(b)
		now, next := cards[e.Dealt-1], cards[e.Dealt]
		if reward[b] = 0; now != next {
			reward[b] = e.pay((next > now) == (a == higher), g.pay)
		}
		hot(out.of(b), next)
		e.Dealt++
		if why[b] = 0; int(e.Dealt) == len(cards) {
			why[b] = terminal
		}
	}
}

func (g *higherLower) write(b int, row []float32) { hot(row, g.deck.of(b)[g.envs[b].Dealt-1]) }

// Success is every guess right, equal cards aside: only the oracle can be sure of it.
func (g *higherLower) outcome(b int) (bool, [maxNumbers]float64) {
	e := &g.envs[b]
	n := e.numbers()
	n[2] = float64(g.deck.size-1) - n[0] - n[1]
	return e.Wrong == 0, n
}

// Memory-free says lower from the 8 upwards. Full-memory counts the cards that are out and says what more of the rest would make right,
// which is the best that the observations allow.
func (g *higherLower) reference(name string, _ uint64) act {
	out := make([][13]int32, len(g.envs))
	copies := int32(g.deck.size / 13)
	switch name {
	case world.Oracle:
		return func(b int, _ []float32, _ bool) int32 {
			cards, at := g.deck.of(b), int(g.envs[b].Dealt)
			return guess(cards[min(at, len(cards)-1)] > cards[at-1])
		}
	case world.MemoryFree:
		return func(_ int, row []float32, _ bool) int32 { return guess(oneIn(row) < 7) }
	case world.FullMemory:
		return func(b int, row []float32, fresh bool) int32 {
			if fresh {
				out[b] = [13]int32{}
			}
			now, balance := oneIn(row), int32(0)
			out[b][now]++
			for r, n := range out[b] {
				if int32(r) > now {
					balance += copies - n
				} else if int32(r) < now {
					balance -= copies - n
				}
			}
			return guess(balance > 0)
		}
	}
	return nil
}

func guess(up bool) int32 {
	if up {
		return higher
	}
	return lower
}

func (g *higherLower) scene(b int) lab.Scene {
	cards, dealt, names := g.deck.of(b), int(g.envs[b].Dealt), ranks.names()
	return cardScene(progress(dealt, len(cards)), names[cards[dealt-1]], fmt.Sprintf("next %s", names[cards[dealt]]), cards[:dealt-1], names)
}

func (g *higherLower) saw(b int) string { return ranks.names()[g.deck.of(b)[g.envs[b].Dealt-1]] }

func (g *higherLower) parts() []any { return []any{g.deck.cards, g.envs} }
