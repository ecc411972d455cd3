package mem

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
)

// ReMeKnobs are those of the memory of ReMe.
type ReMeKnobs struct {
	K         int     `json:"k" doc:"entries that are read" default:"5" min:"1" max:"1000" paper:"5" symbol:"K" unit:"entries" main:"true" group:"memory" pitfall:"too few leave a part of the task untold, too many bring what contradicts"`
	Delta     float64 `json:"delta" doc:"only entries whose key is more similar to the query than this are read" default:"0" min:"-1" max:"1" paper:"none" group:"memory"`
	Addition  string  `json:"addition" doc:"selective: what came of a failure is not kept; full: everything that is offered is" default:"selective" enum:"selective,full" paper:"selective" main:"true" group:"memory"`
	Dedup     float64 `json:"dedup" doc:"an offer whose key and text together are more similar than this to an entry's is dropped; above 1 none is" default:"0.95" min:"-1" max:"2" paper:"0.5, repository, with dense embeddings" group:"memory" pitfall:"a bag of words calls two rules that differ in one word nearly equal: at 0.5 an outdated rule keeps its correction out"`
	Deletion  bool    `json:"deletion" doc:"entries that were read often and seldom with success are deleted" default:"true" paper:"true" main:"true" group:"memory"`
	Alpha     int     `json:"alpha" doc:"an entry may be deleted once it was read for this many tasks" default:"5" min:"1" max:"100000" paper:"5" symbol:"α" unit:"tasks" main:"true" group:"memory"`
	Beta      float64 `json:"beta" doc:"share of tasks with success among those that read an entry, at or below which it is deleted" default:"0.5" min:"0" max:"1" paper:"0.5" symbol:"β" main:"true" group:"memory" pitfall:"entries that are read for hard tasks alone are deleted whatever they are worth"`
	Sign      string  `json:"sign" doc:"paper: delete where u/f <= beta; code: where u/f < beta" default:"paper" enum:"paper,code" paper:"<= in the text, < in the repository" group:"memory"`
	Period    int     `json:"period" doc:"tasks from one deletion to the next" default:"5" min:"1" max:"100000" paper:"5, repository" unit:"tasks" group:"memory"`
	WhenToUse string  `json:"when_to_use" doc:"what queries are compared with: given is the key that an experience comes with; line is what its text says it is about" default:"given" enum:"given,line" main:"true" group:"memory"`
	KeyKnobs
	RoomKnobs
}

// Numbers of an entry of ReMe beside NumUses, which is f: for how many tasks it was read.
const NumWins = "wins" // u: how many of these succeeded

// The rules of adding, and the signs of the rule of deletion.
const (
	addSelective = "selective"
	signPaper    = "paper"
	keyOfLine    = "line"
)

// reme is the memory of ReMe, arXiv 2512.10696v1: entries (omega, e) that are found by omega, the text that says when to use them, with the
// counts f (read) and u (read, and the task then succeeded).
type reme struct {
	vectorKeys
	whole *Vectors // of key and text together, for finding duplicates
	knobs ReMeKnobs
	tasks int // since the last deletion
}

func openReMe(knobs any, env Env) (Memory, error) {
	m := &reme{vectorKeys: newVectorKeys(NewBank("experiences", env.Log, env.Count), env), knobs: *knobs.(*ReMeKnobs)}
	m.whole = NewVectors(env.Core, m.embed.Width())
	return m, nil
}

func remeLabels() Labels {
	return Labels{"token-level, flat", "experiential: skill and strategy", "knowledge distillation: experience, of successes and corrected failures",
		"forgetting: share of successes among uses; consolidation: duplicates are dropped", "once a task; by when to use it; semantic", "heuristic",
		"procedural", "vector-indexed store", "arXiv 2512.10696v1"}
}

// Write adds an entry with f = u = 0, unless it came of a failure and addition is selective, or the pool has one like it:
//
//	drop where  max over E of cos(omega + e, omega_E + e_E) > dedup
func (m *reme) Write(ctx context.Context, e lab.Experience) error {
	if m.knobs.Addition == addSelective && e.Scored && !e.Success {
		return nil
	}
	entry := drawn(e)
	if m.knobs.WhenToUse == keyOfLine {
		entry.Labels = []string{m.knobs.keyed(lab.Experience{}, e.Text)}
	}
	both, err := m.together(ctx, &entry)
	if err != nil {
		return err
	}
	if near, err := m.whole.Top(both, 1); err != nil || len(near) > 0 && near[0].Score > m.knobs.Dedup {
		return err
	}
	unit, err := m.embedded(ctx, keyOf(&entry))
	if err != nil {
		return err
	}
	SetNumber(&entry, NumUses, 0)
	SetNumber(&entry, NumWins, 0)
	id, err := m.add(entry, unit, offered(e))
	if err != nil {
		return err
	}
	if err := m.whole.Put(id, both); err != nil {
		return err
	}
	gone, err := Evict(m.Bank, m.knobs.budget(), EvictOldest, nil)
	m.forget(gone)
	return err
}

// together is the vector of key and text of an entry. Those of the entries that are there are made first where a restored bank lacks them.
func (m *reme) together(ctx context.Context, entry *lab.Entry) ([]float32, error) {
	if m.whole.Len() < m.Len() {
		for _, e := range m.All() {
			both, err := m.embedded(ctx, keyOf(e)+" "+e.Text)
			if err != nil {
				return nil, err
			}
			if err := m.whole.Put(e.ID, both); err != nil {
				return nil, err
			}
		}
	}
	return m.embedded(ctx, keyOf(entry)+" "+entry.Text)
}

// forget takes entries out of both searches.
func (m *reme) forget(ids []string) {
	for _, id := range ids {
		m.index.Delete(id)
		m.whole.Delete(id)
	}
}

// Read takes the K entries whose key is most similar to the query, of those above the gate. Equals stand in the order of writing.
func (m *reme) Read(ctx context.Context, q Query) (Reading, error) {
	unit, err := m.embedded(ctx, q.Text)
	if err != nil {
		return Reading{}, err
	}
	limit := q.limit(m.knobs.K)
	found, err := m.index.Top(unit, limit.K+shown)
	if err != nil {
		return Reading{}, err
	}
	hits := make([]lab.Hit, len(found))
	for i, f := range found {
		e, _ := m.Get(f.ID)
		hits[i] = lab.Hit{Entry: f.ID, Score: lab.Float(f.Score), Parts: map[string]lab.Float{
			"similarity": lab.Float(f.Score), NumUses: e.Numbers[NumUses], NumWins: e.Numbers[NumWins]}}
		if !(f.Score > m.knobs.Delta) {
			hits[i].Why = WhyGate
		}
	}
	return m.Recall(q.Text, number(hits), limit, fmt.Sprintf("the %d most similar by when to use them, above %.3g", limit.K, m.knobs.Delta))
}

// Manage counts, behind each task that was judged, and deletes every few tasks.
//
//	for E read for this task:  f_E += 1;  u_E += 1 if the task succeeded
//	every Period tasks:        delete E where f_E >= alpha and u_E / f_E <= beta   (sign code: < beta)
func (m *reme) Manage(_ context.Context, o Outcome) error {
	if !o.Scored || o.At != AfterEpisode {
		return nil
	}
	reason := "read for a task that failed"
	if o.Success {
		reason = "read for a task that succeeded"
	}
	for i, id := range o.Used {
		if _, ok := m.Get(id); !ok || slices.Contains(o.Used[:i], id) {
			continue
		}
		err := m.Change(id, func(e *lab.Entry) {
			SetNumber(e, NumUses, Number(e, NumUses)+1)
			SetNumber(e, NumWins, Number(e, NumWins)+number01(o.Success))
		}, reason)
		if err != nil {
			return err
		}
	}
	if m.tasks++; !m.knobs.Deletion || m.tasks < m.knobs.Period {
		return nil
	}
	m.tasks = 0
	return m.prune()
}

// prune deletes what was read often and seldom with success.
func (m *reme) prune() error {
	sign := "<="
	if m.knobs.Sign != signPaper {
		sign = "<"
	}
	for _, e := range m.All() {
		f, u := Number(e, NumUses), Number(e, NumWins)
		if !m.knobs.useless(f, u) {
			continue
		}
		if err := m.Delete(e.ID, fmt.Sprintf("read for %g tasks, %g of them with success: %.2f %s %.3g", f, u, u/f, sign, m.knobs.Beta)); err != nil {
			return err
		}
		m.forget([]string{e.ID})
	}
	return nil
}

// useless is the rule of deletion for the counts of an entry.
func (k *ReMeKnobs) useless(f, u float64) bool {
	if f < float64(k.Alpha) {
		return false
	}
	if k.Sign == signPaper {
		return u/f <= k.Beta
	}
	return u/f < k.Beta
}

// Banks implements Memory.
func (m *reme) Banks() []*Bank { return []*Bank{m.Bank} }

// Snapshot implements lab.Snapshotter.
func (m *reme) Snapshot(w io.Writer) error {
	if err := WriteState(w, m.tasks); err != nil {
		return err
	}
	return m.Bank.Snapshot(w)
}

// Restore implements lab.Snapshotter. The vectors of key and text together are no part of an entry: the next Write makes them again.
func (m *reme) Restore(r io.Reader) error {
	if err := ReadState(r, &m.tasks); err != nil {
		return err
	}
	m.whole.Clear()
	return m.restore(r)
}
