package mathworld

import (
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Start returns the episode of that seed in that split: the story, answered once. The reward is 1 for the right answer, else 0; the
// rewards for form are in Grading, for a paper to compose.
func (w *Words) Start(split string, seed uint64) (world.Dialogue, error) {
	p, err := w.Problem(split, seed)
	if err != nil {
		return nil, err
	}
	right := respond(p.Equations)
	return &episode{question: p.Question, solution: right, judge: p.verdict, marks: p.scene,
		info: world.Info{Seed: seed & seedBits}}, nil
}

func (p *WordProblem) verdict(response string) verdict {
	g := p.Grade(response)
	v := verdict{reward: g.Correctness(), right: g.Correct, numbers: map[string]float64{
		"format": g.Format(), "strict": worth(g.Strict, 1), "loose": worth(g.Loose, 1), "tags": g.Tags, "whole": worth(g.Whole, 1),
		"tokens": float64(g.Tokens), "equations": float64(g.Equations), "true_equations": float64(g.True), "steps": float64(len(p.Equations)),
	}}
	if n, ok := wholeNumber(g.Extracted); ok {
		v.numbers["answer"] = float64(n)
	} else {
		v.note = "no whole number between " + openAnswer + " and " + closeAnswer
	}
	return v
}

func (p *WordProblem) scene() lab.Scene {
	story, ask, _ := strings.Cut(p.Question, " how many ")
	return lines("cue", p.Answer(), story, "how many "+ask)
}

// Reference returns one of world.References. A story is one text that stays in sight, so nothing need be remembered: memory-free and
// full-memory both read it, match it with the families and work it out, and score like the oracle, which looks inside. Random names
// any number in the right form.
func (w *Words) Reference(name string, seed uint64) (world.Speaker, error) {
	switch name {
	case world.Oracle:
		return speaker(func(e *episode) string { return e.solution }), nil
	case world.Random:
		d := &dice{key: seed}
		return speaker(func(*episode) string {
			return strings.Join([]string{openThink, closeThink, openAnswer, numeral(d.below(LargestValue + 1)), closeAnswer}, " ")
		}), nil
	case world.MemoryFree, world.FullMemory:
		return speaker(func(e *episode) string { return Solve(e.Read()) }), nil
	}
	return nil, unknownReference(WordProblems, name)
}

// Solve reads a story of any family and returns the right response, "" where it is none of them.
func Solve(story string) string {
	words := strings.Fields(story)
	for _, f := range families() {
		for _, t := range []template{f.two, f.three} {
			if numbers, ok := t.hear(words); ok {
				if equations, ok := t.work(numbers); ok {
					return respond(equations)
				}
			}
		}
	}
	return ""
}
