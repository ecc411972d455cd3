package memalpha

import (
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/papertest"
)

// tolerance of the golden curve: a number may differ by this much, plus this share of itself. The kernels in plain Go give the same
// bits on one kind of processor; on another, the last bit of an exponential may differ, and then another token be drawn.
const tolerance = 0.002

func golden(t *testing.T, bench lab.Bench, grpo given) papertest.Curve {
	t.Helper()
	return finish(t, begin(t, setup(t, small(), tinier(), own(), grpo), 1, bench)).Curves().Of(MetricAccuracy, MetricTestMemory, MetricExecuted, MetricReward, MetricR1, MetricR2, MetricR3, MetricR4, MetricWrote, MetricLoss, MetricWarmLoss)
}

func TestTheGoldenCurveStands(t *testing.T) {
	papertest.Whole(t)
	papertest.Golden(t, "golden.json", golden(t, lab.Bench{Kernel: "go"}, brief()), tolerance, *update)
}

// A tolerance that swallows what the paper is about would make the golden curve worthless.
func TestTheGoldenCurveTellsEveryArmApart(t *testing.T) {
	papertest.Whole(t)
	bench := oneBase(t)
	curves := map[string]papertest.Curve{}
	for name, g := range map[string]given{"mem-alpha": brief(), "gamma-0": brief().With("gamma", 0), "beta-0.4": brief().With("beta", 0.4),
		"by instance": brief().With("statistics", PerInstance), "more-supervised": brief().With("more_supervised", true)} {
		curves[name] = golden(t, bench, g)
	}
	papertest.Apart(t, curves, tolerance)
}
