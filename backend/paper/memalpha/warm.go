package memalpha

import (
	"errors"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/chat"
)

// mixture is what the traces of a warm start are made of.
type mixture struct {
	World                             chat.Knobs
	Memory                            MemoryKnobs
	Half, OneStore, NoCore, Malformed float64
}

// warmStart says how the model of a set-up is warmed up: on fresh responses of the weak writer, in memories that it wrote.
func warmStart(setup lab.Setup) (base.Spec, base.Source, error) {
	var agent AgentKnobs
	var mix mixture
	if err := errors.Join(setup.Section("agent", &agent), setup.Section("world", &mix.World), setup.Section("memory", &mix.Memory)); err != nil {
		return base.Spec{}, nil, err
	}
	w, words, err := newWorld(mix.World)
	if err != nil {
		return base.Spec{}, nil, err
	}
	mix.Half, mix.OneStore, mix.NoCore, mix.Malformed = agent.Half, agent.OneStore, agent.NoCore, agent.Malformed
	spec := base.Spec{Shape: agent.Shape(words.Size()), Words: words.List(), World: chat.Name, Knobs: agent.warm(), Seed: uint64(agent.WarmSeed), Mix: mix}
	first := rng.New(spec.Seed, "traces").Uint64()
	t := tracer{w, words, mix.Memory, agent, subjects(w)}
	return spec, func(i uint64) (rl.Datum, error) { return t.row(world.Draw(first, i) >> 11) }, nil
}

// newWorld is the world of chunks and the tokenizer of its words and those of the grammar.
func newWorld(k chat.Knobs) (*chat.World, *llm.Words, error) {
	if err := onlyChunks(k); err != nil {
		return nil, nil, err
	}
	w, err := chat.New(k)
	if err != nil {
		return nil, nil, err
	}
	words, err := llm.NewWords(append(w.Spec().Words, ownWords()...))
	return w, words, err
}

// subjects tells the words that name what a fact is about.
func subjects(w *chat.World) func(word string) bool {
	known := map[string]bool{"sample": true}
	for _, name := range w.Names() {
		known[name] = true
	}
	return func(word string) bool { return known[word] }
}

// tracer writes traces.
type tracer struct {
	world  *chat.World
	words  *llm.Words
	memory MemoryKnobs
	agent  AgentKnobs

	subject func(word string) bool
}

// row is one supervised row: a chunk anywhere in an instance, the memory as the weak writer left it, and its next response, which alone is
// trained, with the end token.
func (t tracer) row(seed uint64) (rl.Datum, error) {
	in, err := t.world.Instance(chat.Train, seed)
	if err != nil {
		return rl.Datum{}, err
	}
	draw, s := rng.New(seed, "trace"), newStores(t.memory, t.subject, nil)
	last := draw.IntN(len(in.Chunks))
	for i := range last {
		h := t.agent.draw(draw)
		if err := s.apply(parseCalls(script(scripted(&in.Chunks[i], s.coreText(), h, draw)))); err != nil {
			return rl.Datum{}, err
		}
	}
	chunk := &in.Chunks[last]
	asked, err := t.words.Encode(s.prompt(chunk.Text))
	if err != nil {
		return rl.Datum{}, err
	}
	said, err := t.words.Encode(script(scripted(chunk, s.coreText(), t.agent.draw(draw), draw)))
	if err != nil {
		return rl.Datum{}, err
	}
	return rl.Supervised(asked, append(said, t.words.End())), nil
}
