package slearl

import (
	"context"

	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/llm/tiny"
	"github.com/loci-lab/loci/backend/rl"
)

// reference is the warm start, which stays as it is: what the policy is not to run away from.
func (m *method) reference() llm.Sampler {
	if m.anchor == nil {
		m.anchor = tiny.New(m.core, m.model.Warm.Model(), m.player.words)
	}
	return m.anchor
}

// hold takes off the advantage of every trained token what moving away from the warm start costs (sec. 4.3 of arXiv 2603.18079v1: a divergence
// term of weight beta), here as part of the reward:
//
//	A <- A - beta (log pi - log ref)
//
// scale is the factor that the advantages of the rows already have. It returns the mean divergence, nats a token.
func (m *method) hold(ctx context.Context, data []rl.Datum, scale float64) (mean float64, err error) {
	requests := make([]llm.Request, len(data))
	for i, d := range data {
		whole := append(d.Input[:len(d.Input):len(d.Input)], d.Targets[len(d.Targets)-1])
		requests[i] = llm.Request{Prompt: whole, N: 1, PromptLogprobs: true}
	}
	replies, err := m.reference().Sample(ctx, requests)
	if err != nil {
		return 0, err
	}
	for i := range data {
		moved, err := rl.K1.Penalise(&data[i], replies[i].Prompt[1:], m.knobs.Divergence*scale)
		if err != nil {
			return 0, err
		}
		mean += moved / float64(len(data))
	}
	return mean, nil
}
