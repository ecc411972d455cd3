package memoryr1

import (
	"context"
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rng"
)

// place is a conversation of training under way: the bank as it stands, and the next fact that the manager meets. Conversations go on from
// update to update, so that decisions are met in banks that the policy itself made.
type place struct {
	Number int // conversations that this place had before
	Seed   uint64
	Bank   shelf
	Turn   int
	Fact   int // within the turn

	talk *talk
}

// meetNext moves a place to the next fact, into a new conversation behind the last one.
func (m *method) meetNext(p *place, at int) error {
	for {
		if p.talk == nil {
			if p.Seed == 0 {
				p.Seed = rng.New(m.seed, fmt.Sprintf("conversation/%d/%d", at, p.Number)).Uint64()>>11 | 1
			}
			var err error
			if p.talk, err = m.world.talk(splitTrain, p.Seed); err != nil {
				return err
			}
		}
		for ; p.Turn < len(p.talk.Turns); p.Turn, p.Fact = p.Turn+1, 0 {
			if p.Fact < len(p.talk.Turns[p.Turn].News) {
				return nil
			}
		}
		*p = place{Number: p.Number + 1}
	}
}

// reinforceManager is one update of the manager (sec. 3.1 of arXiv 2508.19828v5): for each state sample a group of operations, apply each to a
// copy of the bank, let the frozen reader answer, and reward what it got right.
//
//	r_i = EM(reader(q, B_i), gold),  B_i = o_i(B)        advantage = (r_i - mean r) / std r
func (m *method) reinforceManager(ctx context.Context) ([]measure, error) {
	sampler, err := m.manager.Sampler(ctx, m.prompts[managerRole])
	if err != nil {
		return nil, err
	}
	who := managing{sampler, m.words, m.world, m.knobs.Temperature}
	ds, err := m.states()
	if err != nil {
		return nil, err
	}
	requests := make([]llm.Request, len(ds))
	for i, d := range ds {
		if requests[i], err = who.request(d, m.knobs.Group, m.draws.Uint64()); err != nil {
			return nil, err
		}
	}
	replies, err := sampler.Sample(ctx, requests)
	if err != nil {
		return nil, err
	}
	groups, tried, err := m.outcomes(ds, replies)
	if err != nil {
		return nil, err
	}
	if err := m.payManager(ctx, groups, tried); err != nil {
		return nil, err
	}
	seen := tally{}
	for i := range groups {
		seen.group(&groups[i], tried[i])
	}
	if err := m.proceed(tried); err != nil {
		return nil, err
	}
	gap, err := learn(ctx, m.manager.Train, groups, m.knobs.GRPOKnobs)
	return append(seen.managed(), measure{MetricGap, gap}), err
}

// states are the decisions that the places stand before.
func (m *method) states() ([]*decision, error) {
	ds := make([]*decision, len(m.places))
	for i := range m.places {
		p := &m.places[i]
		if err := m.meetNext(p, i); err != nil {
			return nil, err
		}
		ds[i] = meet(p.Bank, p.talk.Turns[p.Turn].News[p.Fact], p.Turn, m.memory, m.world)
	}
	return ds, nil
}

// outcome is what one sampled decision makes of the bank.
type outcome struct {
	decision
	after shelf
}

// outcomes applies each sampled decision to a copy of its bank.
func (m *method) outcomes(ds []*decision, replies []llm.Reply) ([]rl.Group, [][]outcome, error) {
	groups, tried := make([]rl.Group, len(ds)), make([][]outcome, len(ds))
	for i, d := range ds {
		groups[i].Item = uint64(i)
		for _, y := range replies[i].Sequences {
			o := outcome{decision: *d}
			var err error
			if o.Said, err = plain(m.words, y.Tokens); err != nil {
				return nil, nil, err
			}
			o.Ops, o.Faults = parseOperations(o.Said)
			o.after = m.places[i].Bank.apply(d.Shown, o.Ops, d.Turn, m.memory.Capacity)
			tried[i] = append(tried[i], o)
			groups[i].Trajectories = append(groups[i].Trajectories, rl.Trajectory{Why: lab.EndTerminal,
				Segments: []rl.Segment{{Context: d.Prompt, Tokens: y.Tokens, Logprobs: y.Logprobs, Stop: y.Stop}}})
		}
	}
	return groups, tried, nil
}

// payManager rewards the decisions of all groups. Equal banks give equal answers, so each is asked about once.
func (m *method) payManager(ctx context.Context, groups []rl.Group, tried [][]outcome) error {
	var asks []question
	var of [][2]int // group and first outcome with that bank
	first := make([][]int, len(groups))
	for i := range groups {
		p := &m.places[i]
		seen := map[string]int{}
		for g, o := range tried[i] {
			at, known := seen[o.after.print()]
			if !known {
				at = g
				seen[o.after.print()] = g
				for _, f := range p.talk.Turns[p.Turn].Holds {
					asks = append(asks, m.asking(p.talk, f.key, o.after.Lines, p.Turn))
					of = append(of, [2]int{i, g})
				}
			}
			first[i] = append(first[i], at)
		}
	}
	said, err := m.read(ctx, asks)
	if err != nil {
		return err
	}
	paid := map[[2]int]*receipt{}
	for a, q := range asks {
		if paid[of[a]] == nil {
			paid[of[a]] = &receipt{}
		}
		paid[of[a]].add(score(m.knobs.Reward, said[a], q.gold.Values), q.gold.key == tried[of[a][0]][0].News.key)
	}
	for i := range groups {
		for g := range groups[i].Trajectories {
			groups[i].Trajectories[g].Reward = paid[[2]int{i, first[i][g]}].worth(m.knobs.Linked)
		}
	}
	return nil
}

// receipt is what the questions about one bank earned.
type receipt struct {
	linked float64
	has    bool
	others []float64
}

func (r *receipt) add(score float64, linked bool) {
	if linked {
		r.linked, r.has = score, true
		return
	}
	r.others = append(r.others, score)
}

func (r *receipt) worth(weight float64) float64 {
	if r == nil {
		return 0
	}
	return worth(r.linked, r.has, r.others, weight)
}

// read lets the reader of the first stage answer: the rule, or the frozen answer agent with the most probable tokens.
func (m *method) read(ctx context.Context, asks []question) ([][]string, error) {
	if m.knobs.Reader == ModelReader {
		return m.answerAll(ctx, asks)
	}
	said := make([][]string, len(asks))
	for i, q := range asks {
		said[i] = m.world.read(q.text, q.shown)
	}
	return said, nil
}

// proceed moves every place on by one of its sampled decisions, or by the oracle's where banks are not to be the policy's own.
func (m *method) proceed(tried [][]outcome) error {
	for i := range m.places {
		p, o := &m.places[i], tried[i][m.draws.IntN(len(tried[i]))]
		if !m.knobs.OnPolicy {
			o.Ops = decideWell(o.News, o.Shown, m.world)
			if m.draws.Bool(m.knobs.WrongBanks) {
				o.Ops = decideAnyhow(o.News, o.Shown, m.world, m.draws)
			}
			o.Said, o.Wrote = script(o.Ops), llm.Sequence{}
			o.after = p.Bank.apply(o.Shown, o.Ops, o.Turn, m.memory.Capacity)
		}
		p.Bank = o.after
		p.Fact++
	}
	return nil
}
