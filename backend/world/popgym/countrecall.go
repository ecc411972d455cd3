package popgym

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// countRecall: at each step a card is dealt and a card is asked for; the answer must be how often the card asked for has been dealt so
// far, the one just dealt included.
//
// Two decks are shuffled, one dealt, one asked. Reward +-1/(N-1); the episode ends when all are dealt, after N-1 steps. The package's
// actions end at one less than the copies of a card, so that no answer is right once all copies are out: even the oracle then loses.
type countRecall struct {
	dealt, asked deck
	envs         []countRecallEnv
	pay          float32
	most         int32 // actions: 0 to most-1
}

type countRecallEnv struct {
	At     int32     // cards dealt
	Missed int32     // wrong although a right answer existed
	Counts [13]int32 // of each value
	answers
}

func newCountRecall(decks int, kind deckType, batch int) (*countRecall, shape) {
	g := &countRecall{dealt: newDeck(kind, decks, batch), asked: newDeck(kind, decks, batch), envs: make([]countRecallEnv, batch)}
	g.pay, g.most = float32(1/float64(g.dealt.size-1)), int32(g.dealt.size/kind.count())
	n := kind.count()
	s := shape{space: []int{n, n}, actSpace: []int{int(g.most)}, horizon: g.dealt.size - 1, numbers: append(answerNames(), "unanswerable")}
	s.obsNames = append(each("dealt", kind.names()), each("asked", kind.names())...)
	for i := range g.most {
		s.actions = append(s.actions, fmt.Sprintf("%d times", i))
	}
	return g, s
}

func (g *countRecall) begin(b int, seed uint64) {
	g.dealt.shuffle(b, seed, 0)
	g.asked.shuffle(b, seed, secondDeck)
	g.open(b)
}

// open lays the first cards of the shuffled decks.
func (g *countRecall) open(b int) {
	g.envs[b] = countRecallEnv{At: 1}
	g.envs[b].Counts[g.dealt.of(b)[0]] = 1
}

func (g *countRecall) step(actions []int32, out rows, reward []float32, why []uint8) {
	for b, a := range actions {
		e, dealt := &g.envs[b], g.dealt.of(b)
		count := e.Counts[g.asked.of(b)[e.At-1]]
		if reward[b] = e.pay(a == count, g.pay); a != count && count < g.most {
			e.Missed++
		}
		e.Counts[dealt[e.At]]++
		e.At++
		g.write(b, out.of(b))
		if why[b] = 0; int(e.At) == len(dealt) {
			why[b] = terminal
		}
	}
}

func (g *countRecall) shown(b int) (dealt, asked uint8) {
	at := g.envs[b].At - 1
	return g.dealt.of(b)[at], g.asked.of(b)[at]
}

func (g *countRecall) write(b int, row []float32) {
	dealt, asked := g.shown(b)
	clear(row)
	row[dealt] = 1
	row[len(row)/2+int(asked)] = 1
}

// Success is every answer right that could be.
func (g *countRecall) outcome(b int) (bool, [maxNumbers]float64) {
	e := &g.envs[b]
	n := e.numbers()
	n[2] = float64(e.Wrong - e.Missed)
	return e.Missed == 0, n
}

// Memory-free answers the middle count: over an episode all counts come up about equally often.
func (g *countRecall) reference(name string, _ uint64) act {
	counts := make([][13]int32, len(g.envs))
	switch name {
	case world.Oracle:
		return func(b int, _ []float32, _ bool) int32 {
			_, asked := g.shown(b)
			return min(g.envs[b].Counts[asked], g.most-1)
		}
	case world.MemoryFree:
		return func(int, []float32, bool) int32 { return g.most / 2 }
	case world.FullMemory:
		return func(b int, row []float32, fresh bool) int32 {
			if fresh {
				counts[b] = [13]int32{}
			}
			counts[b][oneIn(row)]++
			return min(counts[b][oneIn(row[len(row)/2:])], g.most-1)
		}
	}
	return nil
}

func (g *countRecall) scene(b int) lab.Scene {
	dealt, asked := g.shown(b)
	e, names := &g.envs[b], g.dealt.kind.names()
	return cardScene(progress(int(e.At), g.dealt.size), "dealt "+names[dealt], fmt.Sprintf("%s? %d", names[asked], e.Counts[asked]),
		g.dealt.of(b)[:e.At-1], names)
}

func (g *countRecall) saw(b int) string {
	dealt, asked := g.shown(b)
	names := g.dealt.kind.names()
	return fmt.Sprintf("%s dealt; how often %s?", names[dealt], names[asked])
}

func (g *countRecall) parts() []any { return []any{g.dealt.cards, g.asked.cards, g.envs} }
