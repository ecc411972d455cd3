package rarl

import (
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
)

// One update at the sizes of the notebook.
func BenchmarkUpdate(b *testing.B) {
	for name, agent := range map[string]given{DQN: {"kind": DQN}, Retrieval: {"kind": Retrieval}} {
		b.Run(name, func(b *testing.B) {
			m := papertest.Begin[*method](b, papertest.Setup(b, Slug, "laptop", Sections(), given{"episodes": 60}, agent, given{"eval_episodes": 1}), 1, lab.Bench{}, New)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.learner.update(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
