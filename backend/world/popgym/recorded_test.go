package popgym

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// The package popgym is played by build/popgym/record.py, which writes for every episode the hidden state after the reset, the chance drawn
// later, the actions and the answers. Here the same state is set, the same actions are played, and the answers must be the same.

// recorded is the head of the episodes of one task and difficulty.
type recorded struct {
	Task       string            `json:"task"`
	Difficulty string            `json:"difficulty"`
	Episodes   int               `json:"episodes"`
	Width      int               `json:"width"`   // numbers of an observation as written
	Space      []int             `json:"space"`   // sizes of the one-hots that they stand for; null where they are the observation
	Wrapped    bool              `json:"wrapped"` // with previous action and first-step flag
	Exact      bool              `json:"exact"`   // sine and cosine as Go computes them
	Versions   map[string]string `json:"versions"`
}

// play is one episode of the package.
type play struct {
	state, drawn, actions []float64
	obs                   []float32 // [T+1][Width]
	rewards               []float64
	ends                  []uint8 // terminated, truncated
}

func readHead(r io.Reader) (h recorded, err error) {
	var n uint32
	if err = binary.Read(r, binary.LittleEndian, &n); err != nil {
		return h, err
	}
	if n > 1<<16 {
		return h, fmt.Errorf("head of %d bytes", n)
	}
	text := make([]byte, n)
	if _, err = io.ReadFull(r, text); err != nil {
		return h, err
	}
	return h, json.Unmarshal(text, &h)
}

func readPlay(r io.Reader, width int) (p play, err error) {
	length := func() uint32 {
		var n uint32
		err = errors.Join(err, binary.Read(r, binary.LittleEndian, &n))
		return min(n, 1<<20)
	}
	fill := func(to any) { err = errors.Join(err, binary.Read(r, binary.LittleEndian, to)) }
	p.state = make([]float64, length())
	fill(p.state)
	p.drawn = make([]float64, length())
	fill(p.drawn)
	steps := int(length())
	p.actions, p.rewards, p.ends = make([]float64, steps), make([]float64, steps), make([]uint8, steps)
	p.obs = make([]float32, (steps+1)*width)
	fill(p.actions)
	fill(p.obs)
	fill(p.rewards)
	fill(p.ends)
	return p, err
}

// inject sets the hidden state of environment 0 and returns its first observation.
func (w *World) inject(p *play) []float32 {
	w.eps[0].Steps, w.eps[0].Return = 0, 0
	small := make([]uint8, len(p.state))
	for i, x := range p.state {
		small[i] = uint8(x)
	}
	switch g := w.game.(type) {
	case *repeatFirst:
		copy(g.deck.cards, small)
		g.envs[0] = repeatFirstEnv{Dealt: 1}
	case *repeatPrevious:
		copy(g.deck.cards, small)
		g.envs[0] = repeatFirstEnv{Dealt: 1}
	case *higherLower:
		copy(g.deck.cards, small)
		g.envs[0] = repeatFirstEnv{Dealt: 1}
	case *autoencode:
		copy(g.deck.cards, small)
		g.envs[0] = autoencodeEnv{Dealt: 1, Left: 1}
	case *countRecall:
		copy(g.dealt.cards, small)
		copy(g.asked.cards, small[g.dealt.size:])
		g.open(0)
	case *concentration:
		copy(g.deck.cards, small)
		g.open(0)
	case *battleship:
		copy(g.board, small)
		g.envs[0] = battleshipEnv{}
	case *minesweeper:
		copy(g.state, small)
		g.open(0)
	case *bandit:
		for i, x := range p.state {
			g.p[i] = float32(x)
		}
		g.taped = p.drawn
		g.open(0, 0)
	case *labyrinth:
		copy(g.grid, small[2:])
		g.envs[0].At, g.envs[0].Exit = int32(p.state[0]), int32(p.state[1])
		g.grid[g.envs[0].At], g.grid[g.envs[0].Exit] = mazeWall, mazeWall
		g.open(0)
	case *cartpole:
		g.envs[0] = cartpoleEnv{State: [4]float64(p.state)}
		if g.seen == noisyPositions {
			g.taped = p.drawn
		}
		g.open(0)
	case *pendulum:
		g.envs[0] = pendulumEnv{Angle: p.state[0], Speed: p.state[1]}
		if g.noisy {
			g.taped = p.drawn
		}
		g.see(0, &g.envs[0])
	}
	row := make([]float32, w.spec.Obs)
	w.game.write(0, row[:w.shape.width()])
	if w.knobs.PreviousAction {
		w.shape.remember(row[w.shape.width():], 0, true)
	}
	return row
}
