package grade

import "strings"

// Category is what a question of LoCoMo tests.
type Category int

// The categories, by the numbers that the data have.
const (
	MultiHop    Category = 1 // the evidence lies in several sessions; answers are lists
	Temporal    Category = 2 // about dates and their order
	OpenDomain  Category = 3 // needs knowledge of the world as well
	SingleHop   Category = 4 // the evidence lies in one session
	Adversarial Category = 5 // asks for what was never said; the right answer refuses
)

// Categories lists them in the order of their numbers.
func Categories() []Category {
	return []Category{MultiHop, Temporal, OpenDomain, SingleHop, Adversarial}
}

// String is the category's name, with underscores, as it stands in the names of metrics.
func (c Category) String() string {
	switch c {
	case MultiHop:
		return "multi_hop"
	case Temporal:
		return "temporal"
	case OpenDomain:
		return "open_domain"
	case SingleHop:
		return "single_hop"
	case Adversarial:
		return "adversarial"
	}
	return "unknown"
}

// Scores of one answer, each in [0, 1].
type Scores struct {
	Exact float64
	F1    float64
	BLEU1 float64
}

// LoCoMo scores an answer by the rules of its category. Lists are compared thing by thing. Of an open-domain gold answer, what stands
// behind a semicolon is a remark. Adversarial questions are right when they are refused, and all three scores say so.
func LoCoMo(c Category, answer, gold string) Scores {
	switch c {
	case Adversarial:
		right := one(Refuses(answer))
		return Scores{right, right, right}
	case OpenDomain:
		gold, _, _ = strings.Cut(gold, ";")
	}
	s := Scores{Exact: one(Exact(answer, gold)), F1: F1(answer, gold), BLEU1: BLEU1(answer, gold)}
	if c == MultiHop {
		s.F1 = ListF1(answer, gold)
	}
	return s
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
