package slearl

import (
	"cmp"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
)

// Zones of the library.
const (
	zoneStrategies = "strategies"
	zoneWarnings   = "warnings"
)

// nearMisses are so many entries that a reading considered and did not use, at most, in its event.
const nearMisses = 4

// library is E = E+ and E-: strategies and warnings, and the clusters of observations by which they are found. All entries live in two banks.
type library struct {
	knobs  LibraryKnobs
	key    string // what a reading is keyed by
	words  *vocabulary
	write  *writer
	zones  [2]*mem.Bank
	index  index
	facts  map[string]known // of entries, by zone and id
	frozen bool             // readings open no cluster and link nothing
	hits   counted
}

// known is what a reading compares an entry by.
type known struct {
	seen    [2]wordSet // the observations at which its decision and its episode began
	subject wordSet
	action  string
}

func (l *library) know(zone int, e *lab.Entry) {
	subject, action, _, _ := split(e.Text)
	l.facts[linkName(zone, e.ID)] = known{[2]wordSet{l.words.set(e.Labels[0]), l.words.set(e.Labels[1])}, l.words.set(subject), action}
}

// counted are the readings since the counts were taken last.
type counted struct{ Looked, Hit, Born, Died int }

func newLibrary(k LibraryKnobs, key string, words []string, w *writer, log *mem.Log, count func(string) int) *library {
	v := newVocabulary(words)
	return &library{knobs: k, key: key, words: v, write: w, index: index{words: v, delta: k.Delta, most: k.Clusters}, facts: map[string]known{},
		zones: [2]*mem.Bank{mem.NewBank(zoneStrategies, log, count), mem.NewBank(zoneWarnings, log, count)}}
}

// size is the number of entries.
func (l *library) size() int { return l.zones[0].Len() + l.zones[1].Len() }

// name of an entry in the links: its zone and its id.
func linkName(zone int, id string) string { return []string{"+", "-"}[zone] + id }

// scored is a candidate of a reading.
type scored struct {
	entry *lab.Entry
	suits float64 // share of the words of its subject that the present observation has
	likes float64 // the likeness of its own observation to the one that is asked
}

// Which observation of an entry a reading compares with.
const (
	byDecision = iota
	byEpisode
)

// read recalls entries at an observation, or at the first one of the episode, as the key says.
func (l *library) read(saw, first string) (mem.Reading, error) {
	switch l.key {
	case ByTask:
		return l.lookUp(first, byEpisode, l.knobs.Strategies, l.knobs.Warnings, nil)
	case ByStep:
		return l.lookUp(saw, byDecision, l.knobs.Strategies, l.knobs.Warnings, nil)
	}
	each := (l.knobs.Strategies + 1) / 2
	step, err := l.lookUp(saw, byDecision, each, l.knobs.Warnings, nil)
	if err != nil {
		return step, err
	}
	task, err := l.lookUp(first, byEpisode, l.knobs.Strategies-each, 0, step.Lines())
	return mem.Reading{Entries: append(task.Entries, step.Entries...), Hits: append(step.Hits, task.Hits...)}, err
}

// lookUp recalls entries for an observation (algorithm 1 of arXiv 2603.18079v1): those of its cluster, best first, k+ strategies and k-
// warnings; where the cluster has none, the most similar ones of the whole library, which are then linked to it. Order: score, then the share of the
// words of the entry's subject that the observation has (a class stands for its things), then likeness of the entry's own observation to it, then the younger. Of entries with
// the same action only the best is read, and none with that of a line that is there already.
func (l *library) lookUp(saw string, by, strategies, warnings int, besides []string) (all mem.Reading, err error) {
	set, told := l.words.set(saw), l.words.set(l.withClasses(saw))
	c := l.index.find(set)
	if !l.frozen {
		c = l.index.join(saw, set)
	}
	l.hits.Looked++
	found := c != nil && len(c.Linked) > 0
	if found {
		l.hits.Hit++
	}
	for zone := len(l.zones) - 1; zone >= 0; zone-- { // warnings first: the best strategy stands next to the observation
		k := []int{strategies, warnings}[zone]
		r, err := l.recall(zone, saw, l.candidates(zone, c, set, told, by, found), k, found, besides)
		if err != nil {
			return all, err
		}
		if !found && c != nil && !l.frozen {
			for _, e := range r.Entries {
				c.link(linkName(zone, e.ID))
			}
		}
		all.Entries, all.Hits = append(all.Entries, r.Entries...), append(all.Hits, r.Hits...)
	}
	return all, nil
}

// candidates of a zone, best first: the entries that are linked to the cluster, or all that are near enough.
func (l *library) candidates(zone int, c *cluster, set, told wordSet, by int, linked bool) (list []scored) {
	consider := func(e *lab.Entry, least float64) {
		k := l.facts[linkName(zone, e.ID)]
		if likes, suits := like(set, k.seen[by]), contained(k.subject, told); likes >= least && suits >= l.knobs.Suits {
			list = append(list, scored{e, suits, likes})
		}
	}
	if linked {
		for _, name := range c.Linked {
			if e, ok := l.zones[zone].Get(name[1:]); ok && name == linkName(zone, e.ID) {
				consider(e, 0)
			}
		}
	} else {
		for _, e := range l.zones[zone].All() {
			consider(e, l.knobs.Reach)
		}
	}
	slices.SortStableFunc(list, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.entry.Numbers["score"], a.entry.Numbers["score"]), cmp.Compare(b.suits, a.suits), cmp.Compare(b.likes, a.likes), mem.CompareIDs(b.entry.ID, a.entry.ID))
	})
	return list
}

// withClasses adds the classes of the things of an observation: the reader knows them as the writer does, or would find no pattern.
func (l *library) withClasses(saw string) string {
	var b strings.Builder
	b.WriteString(saw)
	for _, w := range strings.Fields(saw) {
		if class := l.write.classes[w]; class != "" {
			b.WriteString(" " + class)
		}
	}
	return b.String()
}

// contained is the share of the words of one set that another has; 0 of an empty one.
func contained(words, in wordSet) float64 {
	both, all := 0, 0
	for i := range words {
		both += bits.OnesCount64(words[i] & in[i])
		all += bits.OnesCount64(words[i])
	}
	return float64(both) / float64(max(all, 1))
}

// recall takes the k best of a zone, one of each action, and reports the read with the parts of each score.
func (l *library) recall(zone int, saw string, list []scored, k int, found bool, besides []string) (mem.Reading, error) {
	actions, hits, used := map[string]bool{}, []lab.Hit{}, 0
	for _, line := range besides {
		_, action, _, _ := split(line)
		actions[action] = true
	}
	for _, s := range list {
		h := lab.Hit{Entry: s.entry.ID, Score: s.entry.Numbers["score"], Parts: map[string]lab.Float{"score": s.entry.Numbers["score"], "suits": lab.Float(s.suits), "likeness": lab.Float(s.likes)}}
		action := l.facts[linkName(zone, s.entry.ID)].action
		switch {
		case actions[action]:
			h.Why = "same action"
		case used >= k:
			h.Why = mem.WhyRank
		default:
			actions[action] = true
			used++
		}
		if hits = append(hits, h); len(hits) >= k+nearMisses && used >= k {
			break
		}
	}
	how := "the whole library, by likeness"
	if found {
		how = "the cluster's entries, by score, then likeness"
	}
	return l.zones[zone].Recall(saw, hits, mem.Limit{K: k}, how)
}

// evolve takes a batch of episodes in (sec. 4.2): strategies of the best winners, warnings of the worst losers, what two strategies say
// together, each scored by the return of its source and admitted to its zone and level.
func (l *library) evolve(batch []episode) error {
	winners, losers := winnersAndLosers(batch, l.knobs.Winners)
	var plus, minus []candidate
	for _, e := range winners {
		plus = append(plus, l.write.strategies(e)...)
	}
	for _, e := range losers {
		if c, ok := l.write.warning(e); ok {
			minus = append(minus, c)
		}
	}
	for _, c := range l.fresh(0, plus, l.knobs.Candidates) {
		if err := l.strategy(c); err != nil {
			return err
		}
	}
	for _, c := range l.fresh(1, minus, l.knobs.Candidates/2) {
		if _, err := l.admit(1, c); err != nil {
			return err
		}
	}
	return nil
}

// fresh are the first n candidates that are no repetition of an entry or of each other.
func (l *library) fresh(zone int, list []candidate, n int) (out []candidate) {
	for _, c := range list {
		if len(out) < n && !l.has(zone, c.text) && !slices.ContainsFunc(out, func(o candidate) bool { return o.text == c.text }) {
			out = append(out, c)
		}
	}
	return out
}

// has says whether a zone has an entry more than Alike like a text.
func (l *library) has(zone int, text string) bool {
	set := l.words.set(text)
	return slices.ContainsFunc(l.zones[zone].All(), func(e *lab.Entry) bool {
		return e.Text == text || like(set, l.words.set(e.Text)) > l.knobs.Alike
	})
}

// strategy admits a strategy and what it says together with those that are there.
func (l *library) strategy(c candidate) error {
	var more []candidate
	for _, e := range l.zones[0].All() {
		if e.Type != example {
			continue
		}
		if text, level, ok := l.write.general(e.Text, c.text); ok {
			more = append(more, candidate{text: text, level: level, saw: c.saw, first: c.first, score: c.score, from: e.ID})
		}
	}
	if _, err := l.admit(0, c); err != nil {
		return err
	}
	for _, g := range l.fresh(0, more, len(more)) {
		if _, err := l.admit(0, g); err != nil {
			return err
		}
	}
	return nil
}

// admit puts a candidate into a zone (sec. 4.2): appended while its level has room, else only where its score is above the lowest one there,
// which it replaces. Of equally low ones the oldest goes. Without admission the oldest of the level goes whatever it scores.
func (l *library) admit(zone int, c candidate) (bool, error) {
	room := l.knobs.Capacity
	if zone == 1 {
		room /= 2
	}
	full, lowest := l.lowest(zone, c.level)
	if full >= max(room, 1) {
		if l.knobs.Admission && c.score <= float64(lowest.Numbers["score"]) {
			return false, nil
		}
		if err := l.evict(zone, lowest.ID); err != nil {
			return false, err
		}
	}
	id, err := l.zones[zone].Add(lab.Entry{Type: c.level, Text: c.text, Numbers: map[string]lab.Float{"score": lab.Float(c.score)},
		Labels: []string{c.saw, c.first}}, reasonOf(c))
	if err != nil {
		return false, err
	}
	l.hits.Born++
	l.attach(zone, id)
	return true, nil
}

func reasonOf(c candidate) string {
	if c.from != "" {
		return fmt.Sprintf("agrees with entry %s", c.from)
	}
	return fmt.Sprintf("from an episode with return %.3g", c.score)
}

// lowest counts the entries of a level and returns the one of the lowest score, the oldest of equal ones; without admission the oldest of all.
func (l *library) lowest(zone int, level string) (n int, lowest *lab.Entry) {
	for _, e := range l.zones[zone].All() {
		if e.Type != level {
			continue
		}
		if n++; lowest == nil || l.knobs.Admission && e.Numbers["score"] < lowest.Numbers["score"] {
			lowest = e
		}
	}
	return n, lowest
}

func (l *library) evict(zone int, id string) error {
	l.index.unlink(linkName(zone, id))
	delete(l.facts, linkName(zone, id))
	l.hits.Died++
	return l.zones[zone].Delete(id, "its level is full and its score the lowest")
}

// attach links a new entry to all clusters with entries that its own observation is near enough to.
func (l *library) attach(zone int, id string) {
	e, ok := l.zones[zone].Get(id)
	if !ok {
		return
	}
	l.know(zone, e)
	by := byDecision
	if l.key == ByTask {
		by = byEpisode
	}
	name := linkName(zone, id)
	for _, cl := range l.index.Clusters {
		if len(cl.Linked) > 0 && like(cl.words, l.facts[name].seen[by]) >= l.knobs.Reach {
			cl.link(name)
		}
	}
}

// libraryState is what is kept beside the banks.
type libraryState struct {
	Clusters []*cluster
	Counted  counted
}

// Snapshot implements lab.Snapshotter.
func (l *library) Snapshot(w io.Writer) error {
	for _, z := range l.zones {
		if err := z.Snapshot(w); err != nil {
			return err
		}
	}
	return mem.WriteState(w, libraryState{l.index.Clusters, l.hits})
}

// Restore implements lab.Snapshotter.
func (l *library) Restore(r io.Reader) error {
	l.facts = map[string]known{}
	for zone, z := range l.zones {
		if err := z.Restore(r); err != nil {
			return err
		}
		for _, e := range z.All() {
			if len(e.Labels) != 2 {
				return lab.Errorf(lab.Invalid, "the kept library has entry %q without its two observations", e.ID)
			}
			l.know(zone, e)
		}
	}
	var s libraryState
	if err := mem.ReadState(r, &s); err != nil {
		return err
	}
	l.index.Clusters, l.hits = s.Clusters, s.Counted
	for _, c := range l.index.Clusters {
		c.words = l.words.set(c.Prototype)
	}
	return nil
}
