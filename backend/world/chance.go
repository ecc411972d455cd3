package world

import "math/bits"

// Worlds step tens of millions of times a second, so an episode's chance is not a stream but a function: draw i of the episode with
// key s is Draw(s, i). It costs two multiplications, holds no state, and an action can never shift what comes later.

const (
	gammaA = 0x9e3779b97f4a7c15 // odd, 2^64 divided by the golden ratio: Weyl step of SplitMix64
	gammaB = 0xd1342543de82ef95 // odd multiplier from the spectral test of linear generators, so that b and k cannot trade places
)

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014; constants of Stafford's variant 13).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// EpisodeSeed returns the key of episode k of environment b under a world's seed: 53 bits, so that it survives a JavaScript number.
func EpisodeSeed(seed uint64, b int, k uint64) uint64 {
	z := mix(seed + gammaA)
	z = mix(z + gammaA*(uint64(b)+1))
	return mix(z+gammaB*(k+1)) >> 11
}

// Draw returns draw i of the episode with that key: 64 bits, independent over keys and i to the quality of SplitMix64.
func Draw(key, i uint64) uint64 { return mix(mix(key+gammaA) + gammaA*(i+1)) }

// Pick maps 64 random bits to 0..n-1; the bias is below n / 2^64.
func Pick(r uint64, n int) int {
	hi, _ := bits.Mul64(r, uint64(n))
	return int(hi)
}

// Unit maps 64 random bits to [0, 1) with 53 of them.
func Unit(r uint64) float64 { return float64(r>>11) / (1 << 53) }

// uniform is the random reference.
type uniform struct {
	actions int
	seed    uint64
	drawn   uint64
}

// Uniform returns the random reference: every action is equally likely at every step.
func Uniform(actions int, seed uint64) Policy { return &uniform{actions: actions, seed: seed} }

func (u *uniform) Reset() { u.drawn = 0 }

func (u *uniform) Act(_ []float32, _ []bool, actions []int32) {
	for b := range actions {
		actions[b] = int32(Pick(Draw(u.seed, u.drawn), u.actions))
		u.drawn++
	}
}
