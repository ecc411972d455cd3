// Package rng gives named streams of random numbers that are derived from one seed and can be saved.
//
// Every part of a run that needs chance asks for a stream by name ("world/3", "policy", "shuffle"). Streams are independent of each
// other and of the order in which they are made, so adding one never moves the numbers of another.
package rng

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
)

// Stream is one named stream. It is a PCG generator (128 bits of state); it is not safe for use by several goroutines.
type Stream struct {
	pcg rand.PCG
}

// New returns the stream of that name under that seed: PCG seeded with the first 16 bytes of SHA-256(seed, name).
func New(seed uint64, name string) *Stream {
	s := new(Stream)
	s.Seed(seed, name)
	return s
}

// Seed sets the stream in place to the start of the stream of that name under that seed.
func (s *Stream) Seed(seed uint64, name string) {
	buf := binary.LittleEndian.AppendUint64(make([]byte, 0, 8+len(name)), seed)
	sum := sha256.Sum256(append(buf, name...))
	s.pcg.Seed(binary.LittleEndian.Uint64(sum[:8]), binary.LittleEndian.Uint64(sum[8:16]))
}

// Uint64 returns 64 random bits. With it a Stream is a math/rand/v2 Source.
func (s *Stream) Uint64() uint64 { return s.pcg.Uint64() }

// IntN returns a number in [0, n) without bias. It panics for n <= 0.
func (s *Stream) IntN(n int) int {
	if n <= 0 {
		panic(fmt.Sprintf("rng: IntN of %d", n))
	}
	return int(rand.New(&s.pcg).Uint64N(uint64(n)))
}

// Float64 returns a number in [0, 1) with 53 random bits.
func (s *Stream) Float64() float64 { return float64(s.pcg.Uint64()>>11) / (1 << 53) }

// Float32 returns a number in [0, 1) with 24 random bits.
func (s *Stream) Float32() float32 { return float32(s.pcg.Uint64()>>40) / (1 << 24) }

// Bool returns true with probability p.
func (s *Stream) Bool(p float64) bool { return s.Float64() < p }

// Normal returns a standard normal number, by Box and Muller, with no state beside the generator's.
func (s *Stream) Normal() float64 {
	u := 1 - s.Float64() // (0, 1]: the logarithm stays finite
	return math.Sqrt(-2*math.Log(u)) * math.Cos(2*math.Pi*s.Float64())
}

// Perm writes a random permutation of 0..len(p)-1 into p (Fisher and Yates).
func (s *Stream) Perm(p []int) {
	for i := range p {
		j := s.IntN(i + 1)
		p[i] = p[j]
		p[j] = i
	}
}

// Categorical draws an index with the given probabilities [A], which sum to one up to rounding.
func (s *Stream) Categorical(p []float32) int {
	u := s.Float32()
	for a, pa := range p {
		if u -= pa; u < 0 {
			return a
		}
	}
	return len(p) - 1
}

// Seeds draws n seeds of 53 bits, so that they survive a JavaScript number.
func (s *Stream) Seeds(n int) []uint64 {
	seeds := make([]uint64, n)
	for i := range seeds {
		seeds[i] = s.Uint64() >> 11
	}
	return seeds
}

// MarshalBinary keeps the state.
func (s *Stream) MarshalBinary() ([]byte, error) { return s.pcg.MarshalBinary() }

// UnmarshalBinary restores the state.
func (s *Stream) UnmarshalBinary(b []byte) error { return s.pcg.UnmarshalBinary(b) }
