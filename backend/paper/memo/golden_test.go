package memo

import (
	"testing"

	"github.com/loci-lab/loci/backend/papertest"
)

const tolerance = 0.002

// theGolden is a short training in a corridor of nine steps, segments of three.
func theGolden(t *testing.T, agent given) papertest.Curve {
	t.Helper()
	ppo := brief().With("updates", 8).With("trials", 16).With("evaluations", 4).With("learning_rate", 0.01)
	return curve(finish(t, begin(t, maze(), agent, ppo, 1))).Of(MetricSuccess, MetricReturn, MetricEntropy, MetricValueLoss, MetricGradNorm,
		MetricFirst, MetricAttention, MetricProbe, MetricLength, MetricCache)
}

func TestTheGoldenCurveStands(t *testing.T) {
	papertest.Golden(t, "golden.json", theGolden(t, net()), tolerance, *update)
}

func TestTakingAPartOfTheMechanismAwayChangesTheCurve(t *testing.T) {
	papertest.Whole(t)
	curves := map[string]papertest.Curve{"memo": theGolden(t, net())}
	for name, agent := range map[string]given{
		"no accumulation": net().With("accumulate", false), "no encoding anew": net().With("reencode", false),
		"fixed lengths": net().With("randomise", false), "truncated gradients": net().With("depth", 1),
		"two summaries": net().With("summaries", 2), "a limit": net().With("limit", 5),
		"full context": {"kind": Context, "width": 8, "inner": 12}, "window": {"kind": Context, "width": 8, "inner": 12, "window": 4},
	} {
		curves[name] = theGolden(t, agent)
	}
	papertest.Apart(t, curves, tolerance)
}
