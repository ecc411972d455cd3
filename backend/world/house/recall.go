package house

import (
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// lines are what the last action taught, in words of the world.
func (e *episode) lines() []string {
	if e.info.Steps == 0 || !e.last.known {
		return nil
	}
	return e.w.lex.lines(&e.prior, e.last, e.view())
}

// Query is the observation: what is to be done and how things stand.
func (e *episode) Query() string {
	if e.info.Why != "" {
		return ""
	}
	return e.Read()
}

// Experiences are, of each action that was understood, what it taught (lab.OneStep; the key is the observation before it) and, at the end of
// the episode, the script of all that was done and what came of it (lab.OneTask; the key is the sentence of the task).
func (e *episode) Experiences() (list []lab.Experience) {
	source := strconv.FormatUint(e.info.Seed, 10) + "/" + strconv.Itoa(e.info.Steps)
	when := int64(e.info.Seed)*int64(e.w.knobs.Horizon+1) + int64(e.info.Steps)
	for _, line := range e.lines() {
		list = append(list, lab.Experience{Kind: lab.OneStep, Key: e.w.lex.text(&e.prior), Text: line, When: when, Source: source,
			Scored: true, Success: e.last.said == worked, Labels: []string{e.task.Family.String()}})
	}
	if e.info.Why != "" {
		list = append(list, lab.Experience{Kind: lab.OneTask, Key: e.task.Sentence, Text: e.Script(), When: when, Source: source, Scored: true,
			Reward: lab.Float(e.info.Return), Success: e.info.Success, Labels: []string{e.task.Family.String()}})
	}
	return list
}

// Script is the line of all that was done so far: the sentence of the task, every action that was understood with what came of it where
// it failed, and at the end of the episode how it ended.
func (e *episode) Script() string {
	var b strings.Builder
	b.WriteString(e.task.Sentence)
	for i, d := range e.acts {
		b.WriteString([]string{" ; ", " : "}[btoi(i == 0)])
		b.WriteString(strings.TrimSuffix(d.words, " works"))
	}
	if e.info.Why != "" {
		b.WriteString([]string{" ; failed", " ; success"}[btoi(e.info.Success)])
	}
	return b.String()
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Reader returns the rule that acts on recalled lines: it settles by them what no text tells, believes the line that stands last where two
// contradict each other, remembers what it tried in the same episode, and guesses what no line settles.
func (w *World) Reader(seed uint64) world.Reader { return &reader{w: w, seed: seed} }

// reader remembers the lines that this episode taught.
type reader struct {
	w        *World
	seed     uint64
	episodes uint64
	taught   []string
	before   view
	done     action
	acted    bool
}

// Begin tells it that an episode begins.
func (r *reader) Begin() {
	r.episodes++
	r.taught, r.acted = nil, false
}

// Answer is what it does, given lines of memory.
func (r *reader) Answer(told string, recalled []string) string {
	v, ok := r.w.lex.parse(told)
	if !ok {
		return ""
	}
	if r.acted {
		r.taught = append(r.taught, r.w.lex.lines(&r.before, deed{action: r.done, said: v.said, known: true}, &v)...)
	}
	f := newFacts(r.w.lex, &r.w.knobs, world.Draw(r.seed, r.episodes))
	for _, line := range append(recalled[:len(recalled):len(recalled)], r.taught...) {
		f.learn(line)
	}
	r.before, r.done, r.acted = v, r.w.plan(&v, f), true
	return r.w.lex.say(r.done)
}
