package textmemory

import (
	"context"
	"embed"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/llm/openai"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer/connect"
	"github.com/loci-lab/loci/backend/world"
)

// turn is what an agent answers.
type turn struct {
	dialogue world.Dialogue
	told     string
	recalled []string // lines of memory, the best last
	replay   int      // of a fork, whose chance decides the answer; 0 is the agent's own
}

// agent answers turns.
type agent interface {
	// begin tells it that episode i, from 0, begins, and which replay of a fork it is, 0 for none.
	begin(i, replay int)
	answer(ctx context.Context, t turn) (string, error)
	// recalls says whether it uses a memory.
	recalls() bool
	// catchUp brings it to where it was after the episodes that were played before a restart.
	catchUp(m *method) error
	close() error
}

func (m *method) newAgent(ctx context.Context) (agent, error) {
	switch _, remote := endpointOf(m.setup.Model); {
	case m.kind == Retrieval:
		return silent{}, nil
	case m.kind == Reference:
		s, err := m.world.Reference(m.policy, rng.New(m.seed, "reference").Uint64())
		return &yardstick{speaker: s}, err
	case remote:
		return m.prompted(ctx)
	}
	return &rule{world: m.world, seed: rng.New(m.seed, "reader").Uint64()}, nil
}

// rule is the world's own reader, a new one in each episode: it may use nothing of the episodes before but what was recalled.
type rule struct {
	world  world.Readable
	seed   uint64
	reader world.Reader
	again  world.Reader // in a replay: one with chance of its own, which listens until its turn comes
}

func (r *rule) begin(i, replay int) {
	r.reader, r.again = r.world.Reader(world.Draw(r.seed, uint64(i))), nil
	r.reader.Begin()
	if replay > 0 {
		r.again = r.world.Reader(world.Draw(world.Draw(r.seed, uint64(i)), uint64(replay)))
		r.again.Begin()
	}
}

func (r *rule) answer(_ context.Context, t turn) (string, error) {
	said := r.reader.Answer(t.told, t.recalled)
	if r.again == nil {
		return said, nil
	}
	other := r.again.Answer(t.told, t.recalled)
	if t.replay > 0 {
		said = other
	}
	return said, nil
}
func (*rule) recalls() bool         { return true }
func (*rule) catchUp(*method) error { return nil }
func (*rule) close() error          { return nil }

// silent recalls and says nothing.
type silent struct{}

func (silent) begin(int, int)                               {}
func (silent) answer(context.Context, turn) (string, error) { return "", nil }
func (silent) recalls() bool                                { return true }
func (silent) catchUp(*method) error                        { return nil }
func (silent) close() error                                 { return nil }

// yardstick is a reference of the world.
type yardstick struct{ speaker world.Speaker }

func (*yardstick) begin(int, int) {}
func (y *yardstick) answer(_ context.Context, t turn) (string, error) {
	return y.speaker.Answer(t.dialogue), nil
}
func (*yardstick) recalls() bool { return false }
func (*yardstick) close() error  { return nil }

// catchUp plays the episodes before again: a reference may keep what it saw, and has no state that could be kept with the run.
func (y *yardstick) catchUp(m *method) error {
	for i := range m.now.Episodes {
		d, err := m.world.Start(m.how.Split, m.episode(i))
		if err != nil {
			return err
		}
		for t, done := 0, false; !done && t <= m.world.Spec().Horizon; t++ {
			said := ""
			if m.family.asks(d) {
				said = y.speaker.Answer(d)
			}
			done = d.Act(said).Done
		}
	}
	return nil
}

//go:embed prompts
var promptFiles embed.FS

// prompted is a model behind an endpoint that is shown what was recalled.
type prompted struct {
	client *openai.Client
	prompt *llm.Prompt
	knobs  ReaderKnobs
	seed   uint64
	words  string // of the world
	sums   *tally
}

// endpointOf is the name of the endpoint that a rung names.
func endpointOf(model string) (string, bool) { return strings.CutPrefix(model, endpoint+" ") }

func (m *method) prompted(context.Context) (agent, error) {
	text, err := promptFiles.ReadFile("prompts/" + m.family.prompt + ".md")
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "prompt %q is not there: %w", m.family.prompt, err)
	}
	prompt, err := llm.ParsePrompt(m.family.prompt, text)
	if err != nil {
		return nil, err
	}
	client, err := connect.Chat(m.setup.Model, m.bench)
	if err != nil {
		return nil, err
	}
	return &prompted{client: client, prompt: prompt, knobs: m.reader, seed: m.seed, words: strings.Join(m.world.Spec().Words, " "), sums: &m.sums}, nil
}

func (*prompted) begin(int, int)        {}
func (*prompted) recalls() bool         { return true }
func (*prompted) catchUp(*method) error { return nil }
func (p *prompted) close() error        { return p.client.Close() }

// answer asks the model. What cannot be had is an error, which stops the run where it can go on: it is never a wrong answer.
func (p *prompted) answer(ctx context.Context, t turn) (string, error) {
	memory := "(nothing)"
	if len(t.recalled) > 0 {
		memory = strings.Join(t.recalled, "\n")
	}
	values := map[string]string{"memory": memory, "told": t.told}
	if p.prompt.Takes("words") {
		values["words"] = p.words
	}
	messages, err := p.prompt.Render(values)
	if err != nil {
		return "", err
	}
	reply, err := p.client.Chat(ctx, llm.ChatRequest{Messages: messages, MaxTokens: p.knobs.Reply, Temperature: p.knobs.Temperature, Seed: p.seed + uint64(t.replay)})
	if err != nil {
		return "", err
	}
	p.sums.use(reply.Usage)
	return strings.TrimSpace(reply.Text), nil
}

// embedder is what memories compare by; nil for the hashed bag of words.
func (m *method) embedder(ctx context.Context) (mem.Embedder, error) {
	if m.how.Embedder != endpoint {
		return nil, nil
	}
	client, err := connect.Chat(m.setup.Model, m.bench)
	if err != nil {
		return nil, err
	}
	return client.Embedder(ctx)
}
