package mem

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rng"
)

// ReasoningBankKnobs are those of the bank of strategy items.
type ReasoningBankKnobs struct {
	K       int     `json:"k" doc:"past queries that are read, each with all its items" default:"1" min:"1" max:"1000" paper:"1" main:"true" group:"memory" pitfall:"an item never competes alone: it comes with the query that it was written for"`
	Items   int     `json:"items" doc:"most items that one task leaves" default:"3" min:"1" max:"100" paper:"3" main:"true" group:"memory"`
	Sources string  `json:"sources" doc:"which tasks leave items: those that the judge takes for successes, or failures too" default:"both" enum:"both,winners" paper:"both" main:"true" group:"memory"`
	FP      float64 `json:"false_positive" doc:"chance that the judge takes a failure for a success" default:"0.15" min:"0" max:"1" group:"judge"`
	FN      float64 `json:"false_negative" doc:"chance that the judge takes a success for a failure" default:"0.1" min:"0" max:"1" group:"judge"`
	RoomKnobs
}

// NumJudged is 1 in an entry whose task was taken for a success, 0 in one whose task was taken for a failure. What really came of the task
// is not kept: no ground truth may touch the bank.
const NumJudged = "judged"

// NumTask numbers the tasks of a bank in which several entries belong together.
const NumTask = "task"

// reasoningBank is the memory of ReasoningBank, arXiv 2509.25140, sec. 3: strategy items (title, description, content) under the query of
// the task that they were distilled from. An entry of the bank is one item; those of a task share its number and the vector of its query,
// and are read together.
type reasoningBank struct {
	vectorKeys
	knobs   ReasoningBankKnobs
	draw    *rng.Stream
	pending []pendingLine // of the task under way
}

// pendingLine is what a step of the task under way taught.
type pendingLine struct {
	Text    string
	Success bool
}

// mostPending bounds the lines of a task under way: the newest are kept.
const mostPending = 64

func openReasoningBank(knobs any, env Env) (Memory, error) {
	draw := env.Draw
	if draw == nil {
		draw = rng.New(0, "reasoningbank")
	}
	return &reasoningBank{vectorKeys: newVectorKeys(NewBank("items", env.Log, env.Count), env), knobs: *knobs.(*ReasoningBankKnobs), draw: draw}, nil
}

// Write keeps the lines of judged steps until their task is over, and then distils it. What nobody judged is kept as an item of its own.
func (m *reasoningBank) Write(ctx context.Context, e lab.Experience) error {
	switch {
	case !e.Scored:
		return m.put(ctx, e, []string{e.Text}, offered(e))
	case e.Kind != lab.OneTask:
		m.pending = append(m.pending, pendingLine{e.Text, e.Success})
		m.pending = m.pending[max(0, len(m.pending)-mostPending):]
		return nil
	}
	e.Success = m.judge(e.Success)
	items := m.distil(e)
	m.pending = nil
	if !e.Success && m.knobs.Sources == "winners" {
		return nil
	}
	reason := "the judge takes the task for a success: why it worked"
	if !e.Success {
		reason = "the judge takes the task for a failure: what would prevent it"
	}
	return m.put(ctx, e, items, reason)
}

// judge is the agent as its own judge: the truth, now and then the other way round.
func (m *reasoningBank) judge(success bool) bool {
	wrong := m.knobs.FP
	if success {
		wrong = m.knobs.FN
	}
	if wrong > 0 && m.draw.Bool(wrong) {
		return !success
	}
	return success
}

// distil chooses the items of a task: of a success the steps that worked, of a failure those that did not, the newest of them. A task
// without judged steps brings its items itself, a line each.
func (m *reasoningBank) distil(e lab.Experience) (items []string) {
	for _, p := range m.pending {
		if p.Success == e.Success {
			items = apartFrom(items, p.Text)
			items = append(items, p.Text)
		}
	}
	if len(items) == 0 {
		items = lines(e.Text)
	}
	return items[max(0, len(items)-m.knobs.Items):]
}

func apartFrom(all []string, text string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return s == text })
}

// put writes the items of a task under its query.
func (m *reasoningBank) put(ctx context.Context, e lab.Experience, items []string, reason string) error {
	key := e.Key
	if key == "" {
		key = e.Text
	}
	unit, err := m.embedded(ctx, key)
	if err != nil {
		return err
	}
	task := m.newest() + 1
	for _, text := range items {
		entry := drawn(e)
		entry.Type, entry.Text = "item", text
		title, description := heading(text)
		entry.Labels = []string{key, "title: " + title, "when: " + description}
		SetNumber(&entry, NumTask, task)
		if e.Scored {
			SetNumber(&entry, NumJudged, number01(e.Success))
		}
		if _, err := m.add(entry, unit, reason); err != nil {
			return err
		}
	}
	return m.evict(m.knobs.budget(), EvictOldest)
}

// newest is the number of the task that wrote last, -1 where none did.
func (m *reasoningBank) newest() float64 {
	all := m.All()
	if len(all) == 0 {
		return -1
	}
	return Number(all[len(all)-1], NumTask)
}

// heading is the title of an item and when to use it: of "for buy : list filter", list filter and for buy. A line without a colon is its
// own title.
func heading(text string) (title, description string) {
	description, title, ok := strings.Cut(text, " : ")
	if !ok {
		return text, "where the query is alike"
	}
	return title, description
}

// Read finds the k past queries that are nearest to this one and takes all their items; of equally near ones the newest.
func (m *reasoningBank) Read(ctx context.Context, q Query) (Reading, error) {
	unit, err := m.embedded(ctx, q.Text)
	if err != nil {
		return Reading{}, err
	}
	found, err := m.index.Top(unit, m.Len())
	if err != nil {
		return Reading{}, err
	}
	slices.SortStableFunc(found, func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(m.task(b.ID), m.task(a.ID)))
	})
	limit := q.limit(m.knobs.K)
	hits, used := m.grouped(found, limit.K)
	reason := fmt.Sprintf("all items of the %d past queries nearest by cosine", limit.K)
	return m.Recall(q.Text, hits, Limit{K: used, Tokens: limit.Tokens}, reason)
}

func (m *reasoningBank) task(id string) float64 {
	e, _ := m.Get(id)
	return Number(e, NumTask)
}

// grouped lists the items of the first k tasks, and a few behind them that are not read; used is the number of the former.
func (m *reasoningBank) grouped(found []Match, k int) (hits []lab.Hit, used int) {
	tasks := map[float64]bool{}
	for _, f := range found {
		task := m.task(f.ID)
		if !tasks[task] && len(tasks) == k {
			if len(hits) >= used+shown {
				break
			}
			hits = append(hits, similar(f, WhyRank))
			continue
		}
		if tasks[task] || len(hits) == used {
			tasks[task] = true
			hits = append(hits, similar(f, ""))
			used++
		}
	}
	return hits, used
}

func similar(f Match, why string) lab.Hit {
	return lab.Hit{Entry: f.ID, Score: lab.Float(f.Score), Parts: map[string]lab.Float{"similarity": lab.Float(f.Score)}, Why: why}
}

// Manage has nothing to do: entries are appended, nothing is merged and nothing learns.
func (m *reasoningBank) Manage(context.Context, Outcome) error { return nil }
func (m *reasoningBank) Banks() []*Bank                        { return []*Bank{m.Bank} }

// Snapshot implements lab.Snapshotter.
func (m *reasoningBank) Snapshot(w io.Writer) error {
	chance, err := m.draw.MarshalBinary()
	if err != nil {
		return err
	}
	if err := WriteState(w, chance); err != nil {
		return err
	}
	if err := WriteState(w, m.pending); err != nil {
		return err
	}
	return m.Bank.Snapshot(w)
}

// Restore implements lab.Snapshotter.
func (m *reasoningBank) Restore(r io.Reader) error {
	var chance []byte
	var pending []pendingLine
	if err := ReadState(r, &chance); err != nil {
		return err
	}
	if err := ReadState(r, &pending); err != nil {
		return err
	}
	if err := m.draw.UnmarshalBinary(chance); err != nil {
		return lab.Errorf(lab.Invalid, "the kept chance of a memory cannot be read: %w", err)
	}
	m.pending = pending
	return m.restore(r)
}

func reasoningBankLabels() Labels {
	return Labels{"token-level, flat", "experiential: strategy", "knowledge distillation: experience, of successes and failures by its own judge", "none until the budget, then time",
		"always; raw query against past queries; semantic", "heuristic", "procedural", "vector-indexed store", "arXiv 2509.25140, section 3, its model replaced by rules"}
}
