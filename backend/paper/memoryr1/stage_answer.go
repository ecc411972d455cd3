package memoryr1

import (
	"context"
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
)

// answering answers questions by a model.
type answering struct {
	sampler     llm.Sampler
	words       *llm.Words
	role        string
	temperature float64
}

// reading is what an answer agent read and wrote about one question.
type reading struct {
	question
	answered
	Prompt []int32
	Wrote  llm.Sequence
	Said   string
}

// answer asks about all questions at once, each so often; seeds [P] decide every draw.
func (a answering) answer(ctx context.Context, asks []question, each int, seeds []uint64) ([][]reading, error) {
	requests := make([]llm.Request, len(asks))
	for i, q := range asks {
		ids, err := a.words.Encode(answerPrompt(a.role, q.shown, q.text))
		if err != nil {
			return nil, lab.Errorf(lab.Internal, "what the answer agent reads: %w", err)
		}
		requests[i] = llm.Request{Prompt: ids, N: each, Sampling: sampling(a.words, answerTokens, a.temperature, seeds[i])}
	}
	replies, err := a.sampler.Sample(ctx, requests)
	if err != nil {
		return nil, err
	}
	all := make([][]reading, len(asks))
	for i, q := range asks {
		for _, y := range replies[i].Sequences {
			said, err := plain(a.words, y.Tokens)
			if err != nil {
				return nil, err
			}
			all[i] = append(all[i], reading{q, parseAnswer(said, len(q.shown)), requests[i].Prompt, y, said})
		}
	}
	return all, nil
}

// answerAll answers with the most probable tokens of the answer agent as it stands.
func (m *method) answerAll(ctx context.Context, asks []question) ([][]string, error) {
	who, err := m.answerer(ctx, 0)
	if err != nil {
		return nil, err
	}
	all, err := who.answer(ctx, asks, 1, make([]uint64, len(asks)))
	if err != nil {
		return nil, err
	}
	said := make([][]string, len(all))
	for i, r := range all {
		said[i] = r[0].Values
	}
	return said, nil
}

// asking is the question about a key behind a turn with what retrieval finds for it in a bank, and nothing else.
func (m *method) asking(t *talk, k key, lines []line, now int) question {
	q := t.ask(k, now)
	q.shown = arranged(top(lines, q.text, now, m.knobs.Candidates), m.order)
	return q
}

// library are banks that the frozen manager wrote for the second stage, in conversations of training: what questions are drawn from, and
// where the entries of others come from.
type library []*written

// draw is a question about one of the conversations, with entries of the others among those shown.
func (l library) draw(s *rng.Stream, k RLKnobs, order string) question {
	for {
		at := s.IntN(len(l))
		t := l[at]
		now := len(t.Turns) - 1
		holds := t.Turns[now].Holds
		if len(holds) == 0 {
			continue
		}
		q := t.ask(holds[s.IntN(len(holds))].key, now)
		q.shown = l.candidates(t, q.text, s, k, order)
		return q
	}
}

// candidates are the entries shown with a question: those that fit it best of the conversation's own and of some other conversations'.
func (l library) candidates(t *written, text string, s *rng.Stream, k RLKnobs, order string) []line {
	var strange []line
	for n := 0; len(l) > 1 && n < strangersFrom && k.Distractors > 0; n++ {
		other := l[s.IntN(len(l))]
		if other == t {
			continue
		}
		for _, e := range other.Lines {
			e.ID = fmt.Sprintf("%d.%s", n+1, e.ID)
			strange = append(strange, e)
		}
	}
	return arranged(candidates(t.recall(text, k.Candidates), strange, text, len(t.Turns)-1, k.Candidates, k.Distractors), order)
}

// strangersFrom are so many conversations whose entries lie among those of a question.
const strangersFrom = 3

// recall is what the memory of a conversation finds for a question, best first.
func (t *written) recall(text string, k int) []line {
	if t.recalled != nil {
		return t.recalled[text][:min(k, len(t.recalled[text]))]
	}
	return top(t.Lines, text, len(t.Turns)-1, k)
}

// reinforceAnswerer is one update of the answer agent (sec. 3.2 of arXiv 2508.19828v5), the manager frozen and its banks written before:
//
//	r_i = EM(y_i, gold),  y_i ~ pi_a(. | q, retrieved)
func (m *method) reinforceAnswerer(ctx context.Context) ([]measure, error) {
	l, err := m.shelves(ctx)
	if err != nil {
		return nil, err
	}
	who, err := m.answerer(ctx, m.knobs.Temperature)
	if err != nil {
		return nil, err
	}
	asks, seeds := make([]question, m.knobs.AnswerQuestions), make([]uint64, m.knobs.AnswerQuestions)
	for i := range asks {
		asks[i], seeds[i] = l.draw(m.draws, m.knobs, m.order), m.draws.Uint64()
	}
	all, err := who.answer(ctx, asks, m.knobs.Group, seeds)
	if err != nil {
		return nil, err
	}
	groups := make([]rl.Group, len(all))
	seen := tally{}
	for i, rs := range all {
		groups[i].Item = uint64(i)
		for _, r := range rs {
			groups[i].Trajectories = append(groups[i].Trajectories, rl.Trajectory{Why: lab.EndTerminal, Reward: score(m.knobs.Reward, r.Values, r.gold.Values),
				Segments: []rl.Segment{{Context: r.Prompt, Tokens: r.Wrote.Tokens, Logprobs: r.Wrote.Logprobs, Stop: r.Wrote.Stop}}})
		}
		seen.group(&groups[i], nil)
	}
	k := m.knobs.GRPOKnobs
	k.Rate = m.knobs.answerRate()
	if m.knobs.Algorithm == PPO {
		more, err := learnWithCritic(ctx, m.agent.Train, groups, k, m.knobs)
		return append(seen.answered(), more...), err
	}
	gap, err := learn(ctx, m.agent.Train, groups, k)
	return append(seen.answered(), measure{MetricAnswerGap, gap}), err
}

// shelves are the banks that the frozen manager writes in conversations of training. They are written once; a run that is continued writes
// the same ones again.
func (m *method) shelves(ctx context.Context) (library, error) {
	if m.shelved != nil {
		return m.shelved, nil
	}
	talks := make([]*talk, m.knobs.Pool)
	for i, seed := range rng.New(m.seed, "pool").Seeds(len(talks)) {
		var err error
		if talks[i], err = m.world.talk(splitTrain, seed); err != nil {
			return nil, err
		}
	}
	banks, err := m.write(ctx, nil, talks, 0)
	if err == nil {
		m.shelved = banks
	}
	return banks, err
}
