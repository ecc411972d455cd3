package mathworld

import (
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// How many equations a word problem takes.
const (
	TwoSteps   = "2"
	ThreeSteps = "3"
	BothSteps  = "both"
)

// WordKnobs are the knobs of word-problems.
type WordKnobs struct {
	Steps  string `json:"steps" doc:"equations that a problem takes; both: two or three, each as often" default:"both" fast:"2" enum:"2,3,both" main:"true" group:"world" pitfall:"three steps are harder for a small model by far: compare accuracy only at the same steps"`
	Number int    `json:"number" doc:"largest number of a story; its numbers start at 1" default:"12" min:"4" max:"12" paper:"12" group:"world"`
}

// Validate checks the bounds again, for callers that build knobs in Go.
func (k *WordKnobs) Validate() error {
	if legal := []string{TwoSteps, ThreeSteps, BothSteps}; !slices.Contains(legal, k.Steps) {
		return lab.Errorf(lab.Invalid, "%s: knob steps is %q, want one of %q", WordProblems, k.Steps, legal).
			WithHint("set world.steps to one of %q", legal)
	}
	return within(WordProblems, "number", k.Number, 4, 12)
}

// Words is the world word-problems: short stories with a number for an answer. Training has six families of stories; the test split
// has the same families with numbers that training never combines so, whoever and whatever the story is about; held-out has two
// other families. A response reads "<think> 3 * 4 = 12 ; 12 - 5 = 7 </think> <answer> 7 </answer>".
type Words struct {
	knobs         WordKnobs
	spec          world.TextSpec
	trained       []Family
	heldOut       []Family
	people, goods []string
}

// NewWords makes the world. Its errors are of code invalid.
func NewWords(k WordKnobs) (*Words, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	w := &Words{knobs: k, people: people(), goods: things()}
	for _, f := range families() {
		if f.HeldOut {
			w.heldOut = append(w.heldOut, f)
		} else {
			w.trained = append(w.trained, f)
		}
	}
	w.spec = world.TextSpec{Name: WordProblems, Words: problemWords(), Horizon: 1}
	return w, nil
}

// problemWords depends on no knob, so that one model serves all.
func problemWords() []string {
	words := []string{openThink, closeThink, openAnswer, closeAnswer, between, "=", "+", "-", "*"}
	for _, f := range families() {
		for _, word := range strings.Fields(f.two.text + " " + f.three.text) {
			if slot(word) == 0 && !slices.Contains(words, word) {
				words = append(words, word)
			}
		}
	}
	words = append(append(words, people()...), things()...)
	for n := range LargestValue + 1 {
		words = append(words, numeral(n))
	}
	return words
}

// Spec returns the shape of the world.
func (w *Words) Spec() world.TextSpec { return w.spec }

// Splits returns train, test and held-out.
func (w *Words) Splits() []string { return []string{Train, Test, HeldOut} }

// Problem returns the story of that seed in that split; an unknown split is an error of code invalid.
func (w *Words) Problem(split string, seed uint64) (*WordProblem, error) {
	if !slices.Contains(w.Splits(), split) {
		return nil, unknownSplit(WordProblems, split, w.Splits())
	}
	d := dice{key: seed}
	for {
		p, ok := w.draw(&d, split == HeldOut)
		if ok && (split == HeldOut || isTest(p.item()) == (split == Test)) {
			return p, nil
		}
	}
}

// draw makes a problem; false where a value would leave the bounds.
func (w *Words) draw(d *dice, heldOut bool) (p *WordProblem, ok bool) {
	from := w.trained
	if heldOut {
		from = w.heldOut
	}
	f := from[d.below(len(from))]
	p = &WordProblem{Family: f.Name, template: f.two}
	if w.knobs.Steps == ThreeSteps || w.knobs.Steps == BothSteps && d.below(2) == 1 {
		p.template = f.three
	}
	c := w.cast(d)
	p.numbers = c.numbers
	if p.Equations, ok = p.template.work(c.numbers); ok {
		p.Question = p.template.tell(c, w.people, w.goods)
	}
	return p, ok
}

func (w *Words) cast(d *dice) (c cast) {
	for i := range c.numbers {
		c.numbers[i] = d.between(1, w.knobs.Number)
	}
	c.people[0] = d.below(len(w.people))
	c.people[1] = d.other(len(w.people), c.people[0])
	c.things[0] = d.below(len(w.goods))
	c.things[1] = d.other(len(w.goods), c.things[0])
	return c
}

// item is the family, the length and the numbers that the story tells; people and things make no new item, nor does a number that was
// drawn and is not told.
func (p *WordProblem) item() []byte {
	item := append([]byte(p.Family), 0, byte(len(p.template.steps)))
	for i, n := range p.numbers {
		if strings.Contains(p.template.text, string([]byte{'{', 'a' + byte(i), '}'})) {
			item = append(item, byte(n))
		}
	}
	return item
}

// Trace returns a response to the training story of that seed. Mistakes in the knobs are errors of code invalid.
func (w *Words) Trace(seed uint64, k WordTraceKnobs) (WordTrace, error) {
	if err := k.Validate(); err != nil {
		return WordTrace{}, err
	}
	p, err := w.Problem(Train, seed)
	if err != nil {
		return WordTrace{}, err
	}
	return p.Trace(seed, k), nil
}
