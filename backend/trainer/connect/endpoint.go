package connect

import (
	"context"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/llm/openai"
)

// Sampler continues token sequences with the model as it is now: the trainer's weights, or the words of an endpoint's answers to the prompt
// (llm.ChatSampler), which only an endpoint looks at. Before the warm start is done it is an error of code invalid.
func (m *Model) Sampler(ctx context.Context, prompt *llm.Prompt) (llm.Sampler, error) {
	if m.Frozen() {
		return m.ChatSampler(prompt, llm.ChatSamplerOptions{})
	}
	if m.Train == nil {
		return nil, lab.Errorf(lab.Invalid, "the model is asked before its warm start is done")
	}
	return m.Train.Sampler(ctx)
}

// ChatSampler is Sampler on an endpoint, with options. The context is that of the tiny model that the endpoint stands for, so that
// a loop that edits its context does the same on both.
func (m *Model) ChatSampler(prompt *llm.Prompt, o llm.ChatSamplerOptions) (*llm.ChatSampler, error) {
	client, err := m.Chat()
	if err != nil {
		return nil, err
	}
	if o.Parallel == 0 {
		o.Parallel = client.Parallel()
	}
	return llm.NewChatSampler(client, prompt, m.words, m.context, o)
}

// Chat is the endpoint's client, one for the run: its caps and counts are the run's. On another rung it is an error of code invalid.
func (m *Model) Chat() (*openai.Client, error) {
	if m.client != nil {
		return m.client, nil
	}
	client, err := Chat(m.rung, m.bench)
	m.client = client
	return client, err
}

// Chat is the client of the endpoint that a rung names, for what needs no Model: each call makes one, which its caller closes.
func Chat(rung string, bench lab.Bench) (*openai.Client, error) {
	name, ok := strings.CutPrefix(rung, endpoint)
	if !ok {
		return nil, lab.Errorf(lab.Invalid, "model is %q, want %q", rung, endpoint+"NAME").WithHint("set model: endpoint NAME in the run cell; `loci target list` lists the names")
	}
	if bench.Endpoint == nil {
		return nil, lab.Errorf(lab.Invalid, "endpoint %q cannot be reached from here: no endpoints are set up", name).
			WithHint("add one with `loci target add %s --endpoint URL --model MODEL`", name)
	}
	e, err := bench.Endpoint(name)
	if err != nil {
		return nil, err
	}
	return openai.New(e, openai.Options{})
}
