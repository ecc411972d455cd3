package rl

import (
	"testing"
)

// benchKit is the workload of the design's speed table: width 128, 64 environments, 128 steps, 4 epochs of 4 minibatches.
func benchKit(b *testing.B, kind string) *kit {
	knobs := toyKnobs()
	knobs.Envs, knobs.Rollout = 64, 128
	k := newKit(b, best(b), kind, 2, 128, 20, knobs)
	k.advance(b)
	return k
}

func BenchmarkUpdate(b *testing.B) {
	for _, kind := range kinds() {
		b.Run(kind, func(b *testing.B) {
			k := benchKit(b, kind)
			for b.Loop() {
				if _, err := k.learner.Update(b.Context(), k.rollout); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCollect(b *testing.B) {
	for _, kind := range kinds() {
		b.Run(kind, func(b *testing.B) {
			k := benchKit(b, kind)
			for b.Loop() {
				if err := Collect(b.Context(), k.actor, k.rollout, Hooks{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*64*128)/b.Elapsed().Seconds(), "steps/s")
		})
	}
}
