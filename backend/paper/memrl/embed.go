package memrl

import (
	"context"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm/tiny"
	"github.com/loci-lab/loci/backend/mem"
)

// embedder is what the set-up's memory compares tasks by.
func (m *method) embedder() (mem.Embedder, error) {
	if m.setup.Kind("agent") == Reference {
		return mem.NewHashed(dimensions), nil
	}
	var agent AgentKnobs
	if err := m.setup.Section("agent", &agent); err != nil || agent.Embedder == Hashed {
		return mem.NewHashed(dimensions), err
	}
	if strings.HasPrefix(m.setup.Model, "endpoint ") {
		return nil, lab.Errorf(lab.Invalid, "memrl: agent.embedder is %q, and the model of an endpoint shows no hidden state", Hidden).WithHint("set agent.embedder to %q", Hashed)
	}
	return &hidden{of: m, width: agent.Width}, nil
}

// hidden embeds by the reader, which is there when the first task is read for.
type hidden struct {
	of     *method
	width  int
	reader *tiny.Embedder
}

// Width implements mem.Embedder.
func (h *hidden) Width() int { return h.width }

// Embed implements mem.Embedder.
func (h *hidden) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	if h.reader == nil {
		warm := h.of.model.Warm
		h.reader = tiny.NewEmbedder(h.of.core, warm.Model(), warm.Words())
	}
	return h.reader.Embed(ctx, texts)
}
