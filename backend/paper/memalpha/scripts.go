package memalpha

import (
	"context"
	"strings"

	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/chat"
)

// habits are those of a scripted writer, drawn anew for each response.
type habits struct {
	half      bool    // the first half of the chunk as one entry
	oneStore  bool    // everything into the semantic store
	noCore    bool    // the core is never written
	skips     bool    // noise is left out
	malformed float64 // share of calls that cannot be executed
}

// sentences are those of a chunk.
func sentences(chunk string) (all []string) {
	for _, s := range strings.Split(chunk, " .") {
		if s = strings.TrimSpace(s); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// scripted are the calls of a writer with some habits. What it writes is right: sentences stay whole but for the cut at half of the chunk.
func scripted(chunk *chat.Chunk, coreText string, h habits, draw *rng.Stream) (calls []call) {
	if chunk.Kind == chat.ChunkNoise && h.skips {
		return nil
	}
	about := func(text string) string {
		if strings.HasPrefix(text, "day ") && !h.oneStore {
			return episodic
		}
		return semantic
	}
	if h.half {
		words := strings.Fields(chunk.Text)
		text := strings.Join(words[:len(words)/2], " ")
		calls = append(calls, call{Op: insert, Store: about(text), Text: text})
	}
	for _, s := range sentences(chunk.Text) {
		switch isTopic := strings.Contains(s, " talks about "); {
		case isTopic && !h.noCore:
			if coreText != s {
				calls = append(calls, call{Op: change, Store: core, Text: s})
			}
		case !h.half:
			calls = append(calls, call{Op: insert, Store: about(s), Text: s})
		}
	}
	for i := range calls {
		if draw != nil && draw.Bool(h.malformed) {
			calls[i] = broken(calls[i], draw)
		}
	}
	return calls
}

// broken makes a call that cannot be executed: its store or its text is missing, or it means an entry that nobody sees.
func broken(c call, draw *rng.Stream) call {
	switch draw.IntN(3) {
	case 0:
		return call{Op: c.Op, Store: c.Text}
	case 1:
		return call{Op: insert, Store: c.Store}
	}
	return call{Op: remove, Store: semantic, Slot: mostSlots}
}

// ruleWriter writes by a rule: one of the writers of MemoryKnobs.
type ruleWriter struct {
	rule   string
	habits AgentKnobs
	words  *llm.Words
	seed   uint64
}

func (w ruleWriter) write(_ context.Context, rollouts []*rollout, t int) ([]llm.Sequence, error) {
	all := make([]llm.Sequence, len(rollouts))
	for i, r := range rollouts {
		draw := rng.New(w.seed+r.in.Seed, "rule")
		for range t {
			draw.Uint64()
		}
		draw = rng.New(draw.Uint64(), "chunk")
		ids, err := w.words.Encode(script(w.calls(&r.in.Chunks[t], r.stores.coreText(), draw)))
		if err != nil {
			return nil, err
		}
		all[i] = llm.Sequence{Tokens: append(ids, w.words.End()), Logprobs: make([]float32, len(ids)+1), Stop: llm.Stopped}
	}
	return all, nil
}

func (w ruleWriter) calls(chunk *chat.Chunk, coreText string, draw *rng.Stream) []call {
	switch w.rule {
	case CopyAll:
		return []call{{Op: insert, Store: semantic, Text: chunk.Text}}
	case Weak:
		return scripted(chunk, coreText, w.habits.draw(draw), draw)
	}
	return scripted(chunk, coreText, habits{skips: true}, nil)
}

// draw draws the habits of one trace, each for itself.
func (k *AgentKnobs) draw(draw *rng.Stream) habits {
	return habits{half: draw.Bool(k.Half), oneStore: draw.Bool(k.OneStore), noCore: draw.Bool(k.NoCore), skips: draw.Bool(1 - k.OneStore), malformed: k.Malformed}
}
