package shop

import (
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Query is the page: what is to be done and how things stand.
func (e *episode) Query() string {
	if e.info.Why != "" {
		return ""
	}
	return e.Read()
}

// Experiences are, of each choice that was left behind, what the next page told of it (lab.OneStep; the key is the page before it) and, at
// the end of the episode, the script of all that was done and what came of it (lab.OneTask; the key is the sentence of the goal).
func (e *episode) Experiences() (all []lab.Experience) {
	source := strconv.FormatUint(e.info.Seed, 10) + "/" + strconv.Itoa(e.info.Steps)
	when := int64(e.info.Seed)*int64(e.w.knobs.Horizon+1) + int64(e.info.Steps)
	if text := e.lesson(); text != "" && e.info.Steps > 0 {
		all = append(all, lab.Experience{Kind: lab.OneStep, Key: e.prior, Text: text, When: when, Source: source,
			Scored: true, Success: e.works, Labels: []string{e.goal.Class.String()}})
	}
	if e.info.Why != "" {
		all = append(all, lab.Experience{Kind: lab.OneTask, Key: e.goal.Sentence, Text: e.Script(), When: when, Source: source, Scored: true,
			Reward: lab.Float(e.info.Return), Success: e.info.Success, Labels: []string{e.goal.Class.String()}})
	}
	return all
}

// Script implements Visit.
func (e *episode) Script() string {
	parts := append([]string{}, e.deeds...)
	if e.info.Why != "" {
		parts = append(parts, []string{"failed", "success"}[btoi(e.info.Success)])
	}
	return e.goal.Sentence + " : " + strings.Join(parts, " ; ")
}

// Reader returns the rule that acts on recalled lines: it settles by them what no page tells, believes the line that stands last where two
// contradict each other, and guesses what no line settles. Of whole visits it learns from those that succeeded.
func (w *World) Reader(seed uint64) world.Reader { return &reader{w: w, seed: seed} }

// reader counts episodes, for its guesses.
type reader struct {
	w        *World
	seed     uint64
	episodes uint64
}

// Begin tells it that an episode begins.
func (r *reader) Begin() { r.episodes++ }

// Answer is what it does, given lines of memory.
func (r *reader) Answer(told string, recalled []string) string {
	v, ok := r.w.lex.parse(told)
	if !ok {
		return ""
	}
	f := newFacts(world.Draw(r.seed, r.episodes))
	for _, text := range recalled {
		for line := range strings.SplitSeq(text, "\n") {
			for _, fact := range r.w.factsIn(line) {
				f.learn(fact)
			}
		}
	}
	return r.w.lex.say(r.w.plan(&v, f))
}

// factsIn is a line itself, or, of a whole visit that succeeded, the choices that it made.
func (w *World) factsIn(line string) []string {
	head, body, ok := strings.Cut(line, " : ")
	if !ok || !strings.HasSuffix(body, " ; success") {
		return []string{line}
	}
	g, ok := w.lex.parseGoal(strings.Fields(head))
	if !ok || g.Class == Present { // whose script does not tell the colour of a row
		return nil
	}
	return w.choicesOf(&g, strings.Split(body, " ; "))
}

// choicesOf reads the options from the actions of a visit.
func (w *World) choicesOf(g *Goal, deeds []string) []string {
	chosen := [stages]string{"", plain, plain}
	at := enter
	for _, d := range deeds {
		a, note := w.lex.parseAction(d)
		switch {
		case note != "":
		case a.verb == back && at > enter:
			at--
			chosen[at] = plain
		case at == enter && (a.verb == search || a.verb == click):
			chosen[enter], at = a.word, list
			if a.verb == search {
				chosen[enter] = "search"
			}
		case at == list && a.verb == click && w.lex.sortOf(a.word) != isButton:
			at = item
		case at > enter && a.word == button(g.Class.options(at)[1]):
			chosen[at] = g.Class.options(at)[1]
		}
	}
	var all []string
	for at := range stages {
		all = append(all, Advice(g.subject(w.lex), at.String(), chosen[at]))
	}
	return all
}
