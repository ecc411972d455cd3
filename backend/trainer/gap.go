package trainer

import (
	"math"

	"github.com/loci-lab/loci/backend/rl"
)

// LargestGap is the largest distance, in nats, between the log-probability that a trained token had when it was drawn (the rows' Logprobs)
// and the one that the trainer found. Right behind the draw it is rounding; more says that sampler and trainer differ.
func LargestGap(data []rl.Datum, out Output) float64 {
	gap := 0.0
	for i := range data {
		for t, w := range data[i].Weights {
			if w != 0 && i < len(out.Rows) && t < len(out.Rows[i].Logprobs) {
				gap = math.Max(gap, math.Abs(float64(data[i].Logprobs[t])-float64(out.Rows[i].Logprobs[t])))
			}
		}
	}
	return gap
}
