package hcam

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
)

// Names of the metrics. Their units and meaning stand in Metrics.
const (
	MetricAccuracy   = "accuracy"
	MetricMirrored   = "accuracy_mirrored"
	MetricPair       = "accuracy_pair"
	MetricAge        = "accuracy_by_age"
	MetricHit        = "right_chunk"
	MetricAttended   = "attended"
	MetricTokens     = "attended_by_horizon"
	MetricMemory     = "memory_size"
	MetricContext    = "context_size"
	MetricParameters = "parameters"
	MetricReward     = "reward"
	MetricEntropy    = "entropy"
	MetricValueLoss  = "value_loss"
	MetricRebuilt    = "reconstruction"
	MetricGradNorm   = "grad_norm"
)

// tests are the numbers of dancers that a finished agent is tested with, whatever it was trained with.
func tests() []int { return []int{2, 4, 6} }

// dancers names the accuracy with so many dancers.
func dancers(n int) string { return fmt.Sprintf("accuracy_d%d", n) }

// Metrics tells what each metric is.
func Metrics() []lab.MetricSpec {
	const episodes = "episodes"
	specs := []lab.MetricSpec{
		{Name: MetricAccuracy, Unit: "share of questions", XUnit: episodes, Better: "higher", Doc: "right answers, greedy, in ballets as in training; a guess among the dancers who stand there has one in D"},
		{Name: MetricMirrored, Unit: "share of questions", XUnit: episodes, Better: "higher", Doc: "right answers of the last test where the mirror of the asked dance was danced, too"},
		{Name: MetricPair, Unit: "share of questions", XUnit: episodes, Better: "higher", Doc: "right answers where just the two dancers of a mirror pair are there: 0.5 is blind to the order of moves"},
		{Name: MetricAge, Unit: "share of questions", XUnit: "dancers back", Better: "higher", Doc: "right answers of the last test by how many dancers ago the asked one danced: 1 is the last one"},
		{Name: MetricHit, Unit: "share of questions", XUnit: episodes, Better: "higher", Doc: "the most relevant chunk holds moves of the asked dancer; readings that choose between chunks only"},
		{Name: MetricAttended, Unit: "tokens", XUnit: episodes, Better: "lower", Doc: "keys and stored steps that the question is compared with in one layer, counted; local attention is the same for all and left out"},
		{Name: MetricTokens, Unit: "tokens", XUnit: "steps of the episode", Better: "lower", Doc: "the same, at the horizons of 2, 4 and 6 dancers"},
		{Name: MetricMemory, Unit: "numbers", XUnit: episodes, Better: "", Doc: "numbers carried from step to step, mean over evaluation steps"},
		{Name: MetricContext, Unit: "steps", XUnit: episodes, Better: "", Doc: "steps of history that can be reached, mean over evaluation steps"},
		{Name: MetricParameters, Unit: "numbers", XUnit: episodes, Better: "", Doc: "trained numbers of the agent"},
		{Name: MetricReward, Unit: "share of questions", XUnit: episodes, Better: "higher", Doc: "right answers in training, sampled; with two dancers in the first part"},
		{Name: MetricEntropy, Unit: "nats", XUnit: episodes, Better: "", Doc: "entropy of the policy at the question"},
		{Name: MetricValueLoss, Unit: "squared return", XUnit: episodes, Better: "lower", Doc: "half the squared error of the baseline"},
		{Name: MetricRebuilt, Unit: "nats", XUnit: episodes, Better: "lower", Doc: "cross-entropy of the move, told from the encoded step"},
		{Name: MetricGradNorm, Unit: "norm", XUnit: episodes, Better: "", Doc: "norm of the gradient before it is clipped"},
	}
	for _, n := range tests() {
		specs = append(specs, lab.MetricSpec{Name: dancers(n), Unit: "share of questions", XUnit: episodes, Better: "higher", Doc: fmt.Sprintf("right answers of the finished agent with %d dancers, whatever it was trained with", n)})
	}
	return specs
}
