package memoryrewriting

import (
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// A maze of two corridors is walked by chance in one of four episodes. The LSTM must learn to walk it, and the network without memory
// must not: were it to, the maze would give its cue away.
func TestTheLSTMLearnsToRewriteAndTheNetworkWithoutMemoryStaysAtChance(t *testing.T) {
	const chance = 0.25
	ppo := given{"rollout": 32, "steps": 60000, "learning_rate": 0.003, "evaluations": 1, "eval_episodes": 64, "test_episodes": 256}
	lstm := finish(t, begin(t, setup(t, small(), given{"kind": "lstm", "width": 32}, ppo), 1, lab.Bench{}))
	if got := lstm.last(MetricSuccess); got < 0.9 {
		t.Errorf("lstm: success is %.3f, want at least 0.9", got)
	}
	if got := lstm.last(MetricProbeCue); got < 0.9 {
		t.Errorf("lstm: a probe tells the cue at %.3f of the junctions, want at least 0.9 from an agent that acts on it", got)
	}
	mlp := finish(t, begin(t, setup(t, small(), given{"kind": "mlp", "width": 32}, ppo), 1, lab.Bench{}))
	if got := mlp.last(MetricSuccess); got < chance-0.15 || got > chance+0.15 {
		t.Errorf("mlp: success is %.3f, want within 0.15 of chance, which is %v", got, chance)
	}
}
