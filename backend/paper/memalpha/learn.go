package memalpha

import (
	"context"

	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/world/chat"
)

// reinforce is one update (sec. 3.4 of arXiv 2509.25911v1): G rollouts of each instance, a reward for each step, rewards normalised in their
// group, and the clipped loss over the tokens of each response, every step a row of its own. There is no divergence term.
func (m *method) reinforce(ctx context.Context) ([]measure, error) {
	ins, err := m.instances()
	if err != nil {
		return nil, err
	}
	who, err := m.writer(ctx, m.knobs.Temperature, m.draws.Uint64())
	if err != nil {
		return nil, err
	}
	rollouts, err := m.play(ctx, who, ins, m.knobs.Group, nil)
	if err != nil {
		return nil, err
	}
	var seen tally
	var f found
	for i := range ins {
		f.add(rollouts[i*m.knobs.Group : (i+1)*m.knobs.Group])
	}
	for _, r := range rollouts {
		seen.add(r)
	}
	flat, gap, err := m.learn(ctx, ins, rollouts)
	values := append(seen.trained(&m.knobs), f.measures()...)
	return append(values, measure{MetricFlat, flat}, measure{MetricGap, gap}), err
}

// instances are those of the next update: fresh ones, of lengths between the shortest and that of the world.
func (m *method) instances() ([]*chat.Instance, error) {
	ins := make([]*chat.Instance, m.knobs.Questions)
	for i := range ins {
		seed := m.draws.Uint64() >> 11
		var err error
		if ins[i], err = m.world.InstanceOf(chat.Train, seed, m.knobs.Shortest+m.draws.IntN(m.chat.Chunks-m.knobs.Shortest+1)); err != nil {
			return nil, err
		}
	}
	return ins, nil
}

// learn moves the policy by all steps. It returns the share of groups that teach nothing, and how far sampler and trainer differ, nats.
func (m *method) learn(ctx context.Context, ins []*chat.Instance, rollouts []*rollout) (flat, gap float64, err error) {
	var groups []rl.Group
	for i := range ins {
		groups = append(groups, m.knobs.groups(rollouts[i*m.knobs.Group:(i+1)*m.knobs.Group])...)
	}
	for part := range m.knobs.Minibatches {
		data, credited, err := rl.Credit{Baseline: rl.GroupNormal, Length: rl.PerTrace}.Rows(rl.Share(groups, part, m.knobs.Minibatches))
		if err != nil {
			return 0, 0, err
		}
		flat += float64(credited.Skipped) / float64(len(groups))
		if len(data) == 0 {
			continue
		}
		out, err := trainer.Learn(ctx, m.model.Train, data, m.knobs.GRPOKnobs)
		if err != nil {
			return 0, 0, err
		}
		if part == 0 {
			gap = trainer.LargestGap(data, out)
		}
	}
	return flat, gap, nil
}

// supervise is the control: in the place of an update, one supervised step on as many fresh traces as an update has responses.
func (m *method) supervise(ctx context.Context) ([]measure, error) {
	n := m.knobs.Questions * m.knobs.Group * (m.knobs.Shortest + m.chat.Chunks) / 2
	loss, _, err := m.model.Supervise(ctx, uint64(m.now.Updates*n), n, m.knobs.Rate, m.knobs.GradClip)
	return []measure{{MetricLoss, loss}}, err
}

// found says whether what learning is to find is sampled at all.
type found struct {
	whole, episodic, core, told, events, topics float64
}

// add looks at the rollouts of one instance, chunk by chunk.
func (f *found) add(group []*rollout) {
	for t := range group[0].steps {
		ch := &group[0].in.Chunks[t]
		var whole, episodicEntry, coreText bool
		for _, r := range group {
			s := &r.steps[t]
			whole = whole || keeps(s.calls, ch.Facts)
			for i := range s.calls {
				c := &s.calls[i]
				episodicEntry = episodicEntry || c.Valid && c.Store == episodic
				coreText = coreText || c.Valid && c.Store == core
			}
		}
		tick(&f.whole, &f.told, whole, len(ch.Facts) > 0)
		tick(&f.episodic, &f.events, episodicEntry, ch.Kind == chat.ChunkEvents)
		tick(&f.core, &f.topics, coreText, topical(ch.Facts))
	}
}

func tick(hits, of *float64, hit, counts bool) {
	if !counts {
		return
	}
	*of++
	if hit {
		*hits++
	}
}
