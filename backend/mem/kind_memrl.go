package mem

import (
	"context"
	"fmt"
	"io"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
)

// MemRLKnobs are those of the value-aware case bank.
type MemRLKnobs struct {
	Lambda   float64 `json:"lambda" doc:"share of the learned value in the choice among what is similar enough; 0 reads by similarity alone, 1 by value alone" default:"0.5" min:"0" max:"1" paper:"0.5" symbol:"λ" main:"true" group:"memory"`
	Alpha    float64 `json:"alpha" doc:"step of the value of an entry towards the reward of a task that read it" default:"0.3" min:"0" max:"1" paper:"0.3" symbol:"α" main:"true" group:"learning"`
	Delta    float64 `json:"delta" doc:"gate: only what is more similar to the task than this is considered" default:"0.5" min:"-1" max:"1" paper:"0.62 ALFWorld, 0.25 HLE, 0.5 BigCodeBench" symbol:"δ" main:"true" group:"memory" pitfall:"similarities hang on the embedding: a gate of another embedding means nothing here"`
	Pool     int     `json:"pool" doc:"how many of the most similar are considered" default:"5" min:"1" max:"1000" paper:"5" symbol:"k1" main:"true" group:"memory"`
	PoolOf   string  `json:"pool_of" doc:"what the pool counts: keys, each with all entries that share it, or entries" default:"keys" enum:"keys,entries" group:"memory" pitfall:"entries that share a key are equally similar: counted singly, those that came first keep the others out for ever"`
	K        int     `json:"k" doc:"entries that are read" default:"3" min:"1" max:"1000" paper:"3" symbol:"k2" main:"true" group:"memory"`
	Epsilon  float64 `json:"epsilon" doc:"chance that any entries of the pool are read in place of the best" default:"0" min:"0" max:"1" paper:"0, 0.1 BigCodeBench" symbol:"ε" group:"learning"`
	Q0       float64 `json:"q_init" doc:"value of a new entry" default:"0" min:"-10" max:"10" paper:"0" symbol:"Q_init" group:"learning" pitfall:"0 lies between the rewards of success and failure: what is new goes before what is known to be bad"`
	Share    float64 `json:"add_threshold" doc:"a task at least as similar as this to a stored key shares that key" default:"0.9" min:"0" max:"1.01" paper:"0.90, 0.99 LifelongAgentBench" group:"memory"`
	ZScore   bool    `json:"z_score" doc:"similarity and value are standardised inside the pool before they are added" default:"true" paper:"true" group:"memory"`
	Clip     float64 `json:"clip" doc:"standard scores are held within this; 0 leaves them" default:"3" min:"0" max:"100" paper:"3" group:"memory"`
	Ties     string  `json:"ties" doc:"which of entries with equal scores is read first" default:"oldest" enum:"oldest,newest,random" group:"memory"`
	Reward   string  `json:"reward" doc:"what values learn from: +1 for success and -1 for failure, or the world's own reward" default:"success" enum:"success,world" paper:"success" group:"learning"`
	LearnAt  string  `json:"learn_at" doc:"when values learn: from what the episode came to, or from every judged step" default:"episode" enum:"episode,step" group:"learning"`
	Eviction string  `json:"eviction" doc:"which entry goes first where there are too many" default:"lowest-value" enum:"oldest,least-used,lowest-value" group:"budget"`
	RoomKnobs
}

// memrl is the memory of MemRL, arXiv 2601.03192v1: cases (z, e, Q) of the intent's embedding, the experience and what it is worth.
type memrl struct {
	vectorKeys
	knobs MemRLKnobs
	score ValueAware
	draw  *rng.Stream
}

func openMemRL(knobs any, env Env) (Memory, error) {
	k := *knobs.(*MemRLKnobs)
	draw := env.Draw
	if draw == nil {
		draw = rng.New(0, "memrl")
	}
	// The pool is made before the score: it may count keys.
	return &memrl{newVectorKeys(NewBank("cases", env.Log, env.Count), env), k,
		ValueAware{Delta: k.Delta, Lambda: k.Lambda, Clip: k.Clip, Raw: !k.ZScore}, draw}, nil
}

// Write adds the case (z(s), e, Q_init). An intent that is like enough to a stored one shares its key, and so its embedding.
func (m *memrl) Write(ctx context.Context, e lab.Experience) error {
	entry := drawn(e)
	unit, err := m.embedded(ctx, keyOf(&entry))
	if err != nil {
		return err
	}
	reason := offered(e)
	near, err := m.index.Top(unit, 1)
	if err != nil {
		return err
	}
	if len(near) > 0 && near[0].Score >= m.knobs.Share {
		other, _ := m.Get(near[0].ID)
		unit = Float32s(other.Vector)
		entry.Labels = []string{keyOf(other)}
		reason += fmt.Sprintf("; its intent is like that of entry %s (%.2f) and shares its key", other.ID, near[0].Score)
	}
	SetNumber(&entry, NumValue, m.knobs.Q0)
	SetNumber(&entry, NumUses, 0)
	if e.Scored {
		SetNumber(&entry, NumSuccess, number01(e.Success))
	}
	if _, err := m.add(entry, unit, reason); err != nil {
		return err
	}
	return m.evict(m.knobs.budget(), Rule(m.knobs.Eviction))
}

// NumSuccess is 1 in an entry that came of a success, 0 in one that came of a failure.
const NumSuccess = "success"

func number01(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Read chooses in two phases, see ValueAware.
//
//	phase A:  C = the entries of the k1 most similar keys of those with sim > delta
//	phase B:  the k2 of C with the largest (1 - lambda) z(sim) + lambda z(Q); with chance epsilon any k2 of C
func (m *memrl) Read(ctx context.Context, q Query) (Reading, error) {
	pool, out, err := m.pool(ctx, q.Text)
	if err != nil {
		return Reading{}, err
	}
	hits, reason := m.score.Score(pool), m.reason()
	m.breakTies(hits)
	if m.knobs.Epsilon > 0 && m.draw.Bool(m.knobs.Epsilon) {
		m.shuffle(hits)
		reason = fmt.Sprintf("any of the pool, with chance %.3g", m.knobs.Epsilon)
	}
	limit := q.limit(m.knobs.K)
	return m.Recall(q.Text, append(hits[:min(len(hits), limit.K+2*shown)], out...), limit, reason)
}

func (m *memrl) reason() string {
	z := "z"
	if !m.knobs.ZScore {
		z = ""
	}
	return fmt.Sprintf("%.3g %s(similarity) + %.3g %s(value) among the %d most similar %s above %.3g", 1-m.knobs.Lambda, z, m.knobs.Lambda, z,
		m.knobs.Pool, m.knobs.PoolOf, m.knobs.Delta)
}

// pool is phase A. Behind the pool it lists the next few as hits that are out, with the reason.
func (m *memrl) pool(ctx context.Context, text string) (pool []Candidate, out []lab.Hit, err error) {
	unit, err := m.embedded(ctx, text)
	if err != nil {
		return nil, nil, err
	}
	found, err := m.index.Top(unit, m.Len())
	if err != nil {
		return nil, nil, err
	}
	counted := map[string]bool{}
	for _, f := range found {
		e, _ := m.Get(f.ID)
		c := Candidate{ID: f.ID, Similarity: f.Score, Value: Number(e, NumValue)}
		name := f.ID
		if m.knobs.PoolOf == "keys" {
			name = keyOf(e)
		}
		switch {
		case len(out) >= shown:
			return pool, out, nil
		case !(c.Similarity > m.knobs.Delta):
			out = append(out, m.score.kept(c, WhyGate))
		case !counted[name] && len(counted) >= m.knobs.Pool:
			out = append(out, m.score.kept(c, WhyPool))
		default:
			counted[name] = true
			pool = append(pool, c)
		}
	}
	return pool, out, nil
}

// breakTies orders hits of equal scores as the knob says; they come with the oldest first.
func (m *memrl) breakTies(hits []lab.Hit) {
	for from := 0; from < len(hits); {
		to := from + 1
		for to < len(hits) && hits[to].Score == hits[from].Score {
			to++
		}
		run := hits[from:to]
		switch m.knobs.Ties {
		case "newest":
			for i, j := 0, len(run)-1; i < j; i, j = i+1, j-1 {
				run[i], run[j] = run[j], run[i]
			}
		case "random":
			m.shuffle(run)
		}
		from = to
	}
}

func (m *memrl) shuffle(hits []lab.Hit) {
	for i := len(hits) - 1; i > 0; i-- {
		j := m.draw.IntN(i + 1)
		hits[i], hits[j] = hits[j], hits[i]
	}
}

// Manage learns the values of what stood in the prompt and of nothing else.
//
//	Q <- Q + alpha (r - Q)
func (m *memrl) Manage(_ context.Context, o Outcome) error {
	at := AfterEpisode
	if m.knobs.LearnAt == "step" {
		at = AfterStep
	}
	if !o.Scored || o.At != at {
		return nil
	}
	r := 2*number01(o.Success) - 1
	if m.knobs.Reward == "world" {
		r = o.Reward
	}
	if err := finite("the reward", r); err != nil {
		return err
	}
	credit := Cases{Bank: m.Bank}
	return credit.Credit(o.Used, m.knobs.Alpha, r, fmt.Sprintf("read for a task with reward %.3g", r))
}

func (m *memrl) Banks() []*Bank { return []*Bank{m.Bank} }

// Snapshot implements lab.Snapshotter.
func (m *memrl) Snapshot(w io.Writer) error {
	state, err := m.draw.MarshalBinary()
	if err != nil {
		return err
	}
	if err := WriteState(w, state); err != nil {
		return err
	}
	return m.Bank.Snapshot(w)
}

// Restore implements lab.Snapshotter.
func (m *memrl) Restore(r io.Reader) error {
	var state []byte
	if err := ReadState(r, &state); err != nil {
		return err
	}
	if err := m.draw.UnmarshalBinary(state); err != nil {
		return lab.Errorf(lab.Invalid, "the kept chance of a memory cannot be read: %w", err)
	}
	return m.restore(r)
}
