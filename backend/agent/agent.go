// Package agent gives a notebook its choice of a policy's memory: one kind of the section `agent` for each model of package nn and of
// nn/seq, with documented knobs, and the policy made from them. A paper on tensor worlds lists Kinds among its sections and calls New;
// its notebook then says `agent: {kind: mingru}`. docs/memory-models.md compares the models.
//
// Every policy is the same but for its memory: a layer of tanh as wide as the memory's input, the memory, and one layer of heads.
package agent

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/schema"
)

// model is a knob struct that makes its memory: so wide an input as it wants.
type model interface {
	memory(s *rng.Stream) nn.Memory
}

// Kinds are all memory models, as kinds of a section of a notebook. A paper may add kinds of its own, or take some by Only.
func Kinds() []schema.Kind {
	var kinds []schema.Kind
	for _, m := range models() {
		kinds = append(kinds, schema.Kind{Name: m.name, Doc: m.doc, New: func() any { return m.knobs() }, Presets: m.presets})
	}
	return kinds
}

// Only returns the kinds of those names, in that order. A name that no model has panics: a paper's list is part of the program.
func Only(names ...string) []schema.Kind {
	all, kinds := Kinds(), make([]schema.Kind, len(names))
	for i, name := range names {
		at := slices.IndexFunc(all, func(k schema.Kind) bool { return k.Name == name })
		if at < 0 {
			panic("agent: there is no memory model " + name)
		}
		kinds[i] = all[at]
	}
	return kinds
}

// New makes the policy that a section of the set-up describes, for that many observed numbers and actions. Sight is how many steps of
// history it sees at once, the present one included: 1 for all that know the past from what they carry alone.
func New(setup lab.Setup, section string, obs, actions int, stream *rng.Stream) (policy *rl.ActorCritic, sight int, err error) {
	encoder, memory, sight, err := Body(setup, section, obs, stream)
	if err != nil {
		return nil, 0, err
	}
	return rl.NewActorCritic(stream, encoder, memory, actions), sight, nil
}

// Body makes a policy without its heads: for learners whose heads are not an actor's and a critic's.
func Body(setup lab.Setup, section string, obs int, stream *rng.Stream) (encoder *nn.MLP, memory nn.Memory, sight int, err error) {
	kind, err := schema.Section{Name: section, Kinds: Kinds()}.Find(setup.Kind(section))
	if err != nil {
		return nil, nil, 0, err
	}
	knobs := kind.New().(model)
	if err := setup.Section(section, knobs); err != nil {
		return nil, nil, 0, err
	}
	memory = knobs.memory(stream)
	z := memory.Size()
	return nn.NewMLP(stream, "encoder", obs, []int{z.In}, num.Tanh), memory, z.Window, nil
}
