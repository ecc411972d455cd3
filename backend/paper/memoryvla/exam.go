package memoryvla

import (
	"context"
	"fmt"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world/control"
	"github.com/loci-lab/loci/backend/world/desk"
)

// keptTables play the episodes that go into the record with all their steps, of each task.
const keptTables = 2

// tally adds up what an examination saw.
type tally struct {
	episodes, solved [3]int // by task
	steps            int
	memory, context  float64
	cues             int // episodes that showed ball or colour and came to act
	kept, read       float64
	gates            [2]float64
	gated            int
}

// examine plays episodes of each task that depend on the run's seed alone, one at each table, and emits what came of it.
func (m *method) examine(ctx context.Context, emit lab.Emitter) error {
	var all tally
	for task, name := range desk.TaskNames() {
		if m.desk.Task != "all" && m.desk.Task != name {
			continue
		}
		k := m.desk
		k.Task = name
		s, err := m.sit(k, task, &all)
		if err != nil {
			return err
		}
		if err := s.run(ctx); err != nil {
			return err
		}
		if err := m.keep(emit, s); err != nil {
			return err
		}
	}
	return exam.Emit(emit, int64(m.now.Passes), all.values(m.net)...)
}

// values lists what the tally tells.
func (t *tally) values(net *network) (vs []exam.Value) {
	tasks, mean := 0.0, 0.0
	for task, n := range t.episodes {
		if n > 0 {
			share := float64(t.solved[task]) / float64(n)
			tasks, mean = tasks+1, mean+share
			vs = append(vs, exam.Value{Name: taskMetric(task), Value: share})
		}
	}
	n := float64(t.steps)
	vs = append(vs, exam.Value{Name: MetricSuccess, Value: mean / tasks}, exam.Value{Name: MetricMemory, Value: t.memory / n}, exam.Value{Name: MetricContext, Value: t.context / n},
		exam.Value{Name: MetricSteps, Value: n / float64(t.episodes[0]+t.episodes[1]+t.episodes[2])})
	if net == nil || net.per == nil && net.cog == nil {
		return vs
	}
	if t.cues > 0 {
		vs = append(vs, exam.Value{Name: MetricCueKept, Value: t.kept / float64(t.cues)}, exam.Value{Name: MetricCueRead, Value: t.read / float64(t.cues)})
	}
	for i, r := range []*reading{net.per, net.cog} {
		if r != nil && r.gate != nil && t.gated > 0 {
			vs = append(vs, exam.Value{Name: []string{MetricGatePer, MetricGateCog}[i], Value: t.gates[i] / float64(t.gated)})
		}
	}
	return vs
}

// sitting is the examination in one task.
type sitting struct {
	*tally
	task   int
	desk   *desk.Desk
	player control.Policy
	actor  *actor // nil for a reference
	obs    []float32
	over   []bool // [E] the table's episode has ended
	acted  []bool // [E] the arm could act already
	diary  []diary
}

// diary is a kept episode: its steps and what its banks did at each.
type diary struct {
	exam.Kept
	glances [2][]glance
}

// glance is what one stream's bank did at a step: shares of attention by entry before the frame was stored, then what left.
type glance struct {
	bank   bool
	shares []float32
	fell   change
}

func (m *method) sit(k desk.Knobs, task int, all *tally) (*sitting, error) {
	e := m.knobs.Exam
	w, err := desk.New(k, e)
	if err != nil {
		return nil, err
	}
	s := &sitting{tally: all, task: task, desk: w, obs: make([]float32, e*desk.Obs), over: make([]bool, e), acted: make([]bool, e), diary: make([]diary, min(keptTables, e))}
	if s.player, s.actor, err = m.player(w); err != nil {
		return nil, err
	}
	w.Reset(rng.New(m.seed, "exam "+k.Task).Uint64(), s.obs)
	return s, nil
}

func (s *sitting) run(ctx context.Context) error {
	e := len(s.over)
	actions, reward, done, fresh := make([]float32, e*actDim), make([]float32, e), make([]bool, e), make([]bool, e)
	for i := range fresh {
		fresh[i] = true
	}
	s.player.Reset()
	for slices.Contains(s.over, false) {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.player.Act(s.obs, fresh, actions)
		for b := range s.over {
			if !s.over[b] {
				s.before(b, actions[b*actDim:(b+1)*actDim])
			}
		}
		s.desk.Step(actions, s.obs, reward, done)
		for b, end := range done {
			if !s.over[b] {
				s.after(b, reward[b], end)
			}
			fresh[b] = end
		}
	}
	return nil
}

// before sees what table b shows and what was decided on it.
func (s *sitting) before(b int, action []float32) {
	memory, context := 0, 1
	if s.actor != nil {
		memory, context = s.actor.sizes(b)
		if s.obs[(b+1)*desk.Obs-1] == 1 {
			s.looked(b)
		}
	}
	s.steps++
	s.memory += float64(memory)
	s.context += float64(context)
	if b >= len(s.diary) {
		return
	}
	d, scene := &s.diary[b], s.desk.Scene(b)
	step := lab.Step{T: len(d.Steps), Saw: s.desk.Saw(b), Action: said(action), Scene: &scene, Numbers: map[string]lab.Float{}}
	for i, name := range s.desk.Spec().ActNames {
		step.Numbers[name] = exam.Short(action[i])
	}
	if s.actor != nil {
		for i, name := range bankNames() {
			if g := s.actor.gates[i]; g != nil {
				step.Numbers["gate "+name] = exam.Short(mean(rows(g.Data, b, len(s.over))))
			}
			d.glances[i] = append(d.glances[i], s.actor.glance(i, b))
		}
	}
	d.Steps = append(d.Steps, step)
	d.Episode.Memory, d.Episode.Context = lab.Float(memory), lab.Float(context)
}

// rows is the share of table b in numbers of n tables.
func rows(x []float32, b, n int) []float32 {
	w := len(x) / n
	return x[b*w : (b+1)*w]
}

func mean(x []float32) float32 {
	sum := float32(0)
	for _, v := range x {
		sum += v
	}
	return sum / float32(len(x))
}

// said puts an action into words.
func said(a []float32) string {
	if a[2] > 0 {
		return "press"
	}
	return fmt.Sprintf("right %.1f, down %.1f", a[0], a[1])
}

// looked adds up gates, and at the first step at which the arm may act what is left of the cue and how much it is read.
func (s *sitting) looked(b int) {
	for i, g := range s.actor.gates {
		if g != nil {
			s.gates[i] += float64(mean(rows(g.Data, b, len(s.over))))
		}
	}
	s.gated++
	if s.acted[b] || s.task == desk.Order {
		return
	}
	s.acted[b] = true
	kept, read, streams := 0.0, 0.0, 0.0
	for i, banks := range [2][]*bank{s.actor.per, s.actor.cog} {
		if banks == nil {
			continue
		}
		g := s.actor.glance(i, b)
		streams++
		for e, share := range g.shares {
			if int(s.actor.timeOf(i, b, e)) < s.desk.Knobs().Shown {
				kept = 1
				read += float64(share)
			}
		}
	}
	if streams > 0 {
		s.cues++
		s.kept += kept
		s.read += read / streams
	}
}

func (s *sitting) after(b int, reward float32, end bool) {
	if b < len(s.diary) {
		d := &s.diary[b]
		last := &d.Steps[len(d.Steps)-1]
		last.Reward, last.Done = exam.Short(reward), end
	}
	if !end {
		return
	}
	info := s.desk.Info(b)
	s.over[b] = true
	s.episodes[s.task]++
	if info.Success {
		s.solved[s.task]++
	}
	if b < len(s.diary) {
		d := &s.diary[b]
		d.Episode = lab.Episode{Split: desk.TaskNames()[s.task], Seed: info.Seed, Steps: info.Steps, Return: lab.Float(info.Return), Success: info.Success,
			Why: info.Why, Memory: d.Episode.Memory, Context: d.Episode.Context, Detail: true}
	}
}

// glance tells what one stream's bank did at the last act: attention by entry, mean over tokens and layers.
func (a *actor) glance(stream, e int) (g glance) {
	looks := a.looks[stream]
	if looks == nil {
		return g
	}
	g.bank, g.fell = true, a.fell[stream][e]
	o := looks[0]
	per := o.rows / a.pasts[stream].entries // tokens of an entry
	n := int(o.count[e])
	g.shares = make([]float32, n/per)
	for _, o := range looks {
		p := o.p[e*o.asks*o.rows:]
		for i := range o.asks * n {
			g.shares[i%n/per] += p[i] / float32(o.asks*len(looks))
		}
	}
	return g
}

// timeOf is the step of an entry of table e, as it stood at the last act.
func (a *actor) timeOf(stream, e, entry int) int32 {
	p := a.pasts[stream]
	per := len(p.times) / len(p.count) / p.entries
	return p.times[(e*p.entries+entry)*per]
}

// keep writes the kept episodes of a sitting with the operations of their banks, and empties the record's banks behind each.
func (m *method) keep(emit lab.Emitter, s *sitting) error {
	m.book.Skip(len(s.over) - len(s.diary))
	for b := range s.diary {
		d := &s.diary[b]
		for t := range d.Steps {
			events := new(list)
			for i := range m.banks {
				if s.actor != nil && d.glances[i][t].bank {
					if err := m.tell(m.banks[i], events, d, i, t); err != nil {
						return err
					}
				}
			}
			d.Events = append(d.Events, *events)
		}
		if err := m.book.Keep(emit, int64(m.now.Passes), d.Kept); err != nil {
			return err
		}
	}
	return nil
}

// list gathers events.
type list []lab.Event

func (l *list) Emit(ev lab.Event) error { *l = append(*l, ev); return nil }

// tell lets the record's bank do what the agent's did at step t: a read, the present frame written, and one that left or two that merged.
func (m *method) tell(b *mem.Bank, events *list, d *diary, stream, t int) error {
	g := &d.glances[stream][t]
	m.log.Emit = events
	all := b.All()
	if len(g.shares) > 0 {
		if err := b.Read(d.Steps[t].Saw, hits(all, g.shares), "attention of the present tokens, mean over tokens and layers"); err != nil {
			return err
		}
	}
	entry := lab.Entry{Type: "frame", Text: fmt.Sprintf("frame %d: %s", t, d.Steps[t].Saw), Numbers: map[string]lab.Float{"time": lab.Float(t), "frames": 1}}
	if _, err := b.Add(entry, "the present frame is stored"); err != nil {
		return err
	}
	if err := m.leave(b, g.fell); err != nil {
		return err
	}
	if t < len(d.Steps)-1 {
		return nil
	}
	for _, e := range b.All() {
		if err := b.Delete(e.ID, "the episode is over"); err != nil {
			return err
		}
	}
	return nil
}

func hits(all []*lab.Entry, shares []float32) (hs []lab.Hit) {
	for i, share := range shares {
		hs = append(hs, lab.Hit{Entry: all[i].ID, Score: exam.Short(share), Used: true, Parts: map[string]lab.Float{"attention": exam.Short(share)}})
	}
	slices.SortStableFunc(hs, func(a, b lab.Hit) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	for i := range hs {
		hs[i].Rank = i + 1
	}
	return hs
}

// leave lets an entry go, or merges two.
func (m *method) leave(b *mem.Bank, c change) error {
	if !c.happened {
		return nil
	}
	all := b.All()
	if !c.merged {
		return b.Delete(all[c.at].ID, "the bank is full")
	}
	first, second := all[c.at], all[c.at+1]
	into := *second
	into.Text, into.Sources = first.Text, []string{first.ID, second.ID}
	frames := first.Numbers["frames"] + second.Numbers["frames"]
	into.Numbers = map[string]lab.Float{"time": first.Numbers["time"], "frames": frames, "likeness": exam.Short(float32(c.likeness))}
	_, err := b.Merge([]string{first.ID, second.ID}, into, fmt.Sprintf("the bank is full; of all neighbours these are most alike, %.3f", c.likeness))
	return err
}
