package memoryrewriting

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/maze"
)

// newWorld makes the maze of the set-up with that many environments.
func newWorld(setup lab.Setup, envs int) (world.Tensor, error) {
	kind, err := schema.Section{Name: "world", Kinds: maze.Worlds()}.Find(setup.Kind("world"))
	if err != nil {
		return nil, err
	}
	knobs := kind.New()
	if err := setup.Section("world", knobs); err != nil {
		return nil, err
	}
	return maze.New(knobs, envs)
}

// newAgent makes encoder, memory and heads. All agents have the same encoder and heads; sight is how many steps of history the policy
// can see at most, beside what it carries.
func newAgent(setup lab.Setup, spec world.Spec, s *rng.Stream) (policy *rl.ActorCritic, sight int, err error) {
	memory, encoder, sight, err := newMemory(setup, spec, s)
	if err != nil {
		return nil, 0, err
	}
	return rl.NewActorCritic(s, encoder, memory, len(spec.Actions)), sight, nil
}

// newMemory makes the part in which the agents differ, and the encoder in front of it, one layer as wide as the memory's input.
func newMemory(setup lab.Setup, spec world.Spec, s *rng.Stream) (m nn.Memory, encoder *nn.MLP, sight int, err error) {
	encode := func(width int) *nn.MLP { return nn.NewMLP(s, "encoder", spec.Obs, []int{width}, num.Tanh) }
	switch kind := setup.Kind("agent"); kind {
	case MLP:
		var k MLPKnobs
		err = setup.Section("agent", &k)
		widths := make([]int, k.Depth)
		for i := range widths {
			widths[i] = k.Width
		}
		encoder = encode(k.Width)
		m = nn.NewMLP(s, "memory", k.Width, widths, num.Tanh)
	case RNN:
		var k RNNKnobs
		err = setup.Section("agent", &k)
		encoder = encode(k.Width)
		m = nn.NewRNN(s, "memory", k.Width, k.Width)
	case GRU:
		var k GRUKnobs
		err = setup.Section("agent", &k)
		encoder = encode(k.Width)
		m = nn.NewGRU(s, "memory", k.Width, k.Width)
	case LSTM:
		var k LSTMKnobs
		err = setup.Section("agent", &k)
		encoder = encode(k.Width)
		m = nn.NewLSTM(s, "memory", k.Width, k.Width, k.ForgetBias, k.Forget == "keep")
	case FFM:
		var k FFMKnobs
		err = setup.Section("agent", &k)
		encoder = encode(k.Width)
		m = nn.NewFFM(s, "memory", k.Width, k.Memory, k.Context, k.Width, k.Duration)
	case Transformer:
		var k TransformerKnobs
		err = setup.Section("agent", &k)
		encoder = encode(k.Width)
		sight = k.Window
		m = nn.NewTransformer(s, "memory", k.Width, k.Width, k.Layers, k.Heads, 2*k.Width, k.Window)
	default:
		err = lab.Errorf(lab.Internal, "agent kind %q has no memory here", kind)
	}
	return m, encoder, max(sight, 1), err
}

// parameters counts the trained numbers of a policy.
func parameters(p *rl.ActorCritic) int { return nn.Count(p.Params()) }
