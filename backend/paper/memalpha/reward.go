package memalpha

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
)

// step is one response to one chunk with what came of it.
type step struct {
	prompt []int32
	wrote  llm.Sequence
	said   string
	calls  []call
	r2, r4 float64
}

// judged fills in what the calls earn: r2 = executed calls / K_t and r4 = valid calls / K_t, both 0 where there is no call
// (eq. 3 and 5, sec. 3.3 of arXiv 2509.25911v1).
func (s *step) judged() {
	if len(s.calls) == 0 {
		return
	}
	executed, valid := 0.0, 0.0
	for i := range s.calls {
		if s.calls[i].Fault == "" {
			executed++
		}
		if s.calls[i].Valid {
			valid++
		}
	}
	s.r2, s.r4 = executed/float64(len(s.calls)), valid/float64(len(s.calls))
}

// short is r3 = 1 - tok(M_n) / sum over the chunks of tok(c_i) (eq. 4): negative where the memory is longer than what was read.
func short(memory, read int) float64 { return 1 - float64(memory)/float64(max(read, 1)) }

// pay is the reward of step t (eq. 1, sec. 3.3 of arXiv 2509.25911v1): r_t = r1 + r2,t + beta r3 + gamma r4,t. r1 and r3 are those of the whole
// rollout and the same for all of its steps.
func (k *RLKnobs) pay(r1, r3 float64, s *step) float64 {
	return r1 + k.Format*s.r2 + k.Beta*r3 + k.Gamma*s.r4
}

// groups lays the steps of all rollouts of one instance out as the groups in which rewards are normalised,
//
//	A_t = (r_t - mean) / (std + eps)                                                        eq. 6, sec. 3.4 of arXiv 2509.25911v1
//
// which the paper calls the sampled action group: all of them together, or those at the same chunk. Each step is an attempt of its own,
// since it has its own prompt.
func (k *RLKnobs) groups(rollouts []*rollout) []rl.Group {
	if len(rollouts) == 0 {
		return nil
	}
	all := make([]rl.Group, len(rollouts[0].steps))
	for i := range all {
		all[i].Item = rollouts[0].in.Seed
		for _, r := range rollouts {
			s := &r.steps[i]
			all[i].Trajectories = append(all[i].Trajectories, rl.Trajectory{Reward: k.pay(r.r1, r.r3, s), Why: lab.EndTerminal,
				Segments: []rl.Segment{{Context: s.prompt, Tokens: s.wrote.Tokens, Logprobs: s.wrote.Logprobs, Stop: s.wrote.Stop}}})
		}
	}
	if k.Statistics == PerChunk {
		return all
	}
	for _, g := range all[1:] {
		all[0].Trajectories = append(all[0].Trajectories, g.Trajectories...)
	}
	return all[:1]
}

// plain decodes what a model wrote, without the token that ends it.
func plain(words *llm.Words, tokens []int32) (string, error) {
	if n := len(tokens); n > 0 && tokens[n-1] == words.End() {
		tokens = tokens[:n-1]
	}
	said, err := words.Decode(tokens)
	if err != nil {
		return "", fmt.Errorf("what the model wrote: %w", err)
	}
	return said, nil
}
