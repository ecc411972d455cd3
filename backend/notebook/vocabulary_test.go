package notebook

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

type endless struct {
	Corridors int     `json:"corridors" doc:"corridors in a row" symbol:"n" default:"5" fast:"2" min:"1" max:"100" main:"true"`
	Length    int     `json:"length" doc:"cells of a corridor" symbol:"l" default:"5" min:"1" max:"1000"`
	Regime    string  `json:"regime" doc:"lengths" default:"fixed" enum:"fixed,uniform"`
	Noise     float64 `json:"noise" doc:"share of odd cells" default:"0" min:"0" max:"1"`
	Symbols   int     `json:"symbols" doc:"odd symbols" default:"0" min:"0" max:"4"`
}

func (e *endless) Validate() error {
	if e.Noise > 0 && e.Symbols == 0 {
		return lab.Errorf(lab.Invalid, "endless-t-maze: noise is %v but symbols is 0, want 1 to 4", e.Noise).WithHint("set world.symbols to 1 or more")
	}
	return nil
}

type cubes struct {
	Size   int   `json:"size" doc:"side of the grid" default:"4" min:"2" max:"10"`
	Levels []int `json:"levels" doc:"levels that are played" default:"1,3" min:"1" max:"3"`
}

type recurrent struct {
	Width int `json:"width" doc:"numbers in the state" default:"64" fast:"16" min:"1" max:"512"`
}

type lstm struct {
	Width      int     `json:"width" doc:"numbers in the state" default:"64" fast:"16" min:"1" max:"512"`
	ForgetBias float64 `json:"forget_bias" doc:"start of the forget gate's bias" default:"1" min:"-5" max:"5"`
	Clamp      bool    `json:"clamp" doc:"hold the forget gate at 1" default:"false"`
}

type ppo struct {
	Steps int     `json:"steps" doc:"environment steps of training" unit:"steps" default:"1000000" fast:"20000" full:"10000000" min:"1"`
	Rate  float64 `json:"rate" doc:"learning rate" default:"0.0003" min:"0" max:"1"`
}

func kind[T any](name string) schema.Kind {
	return schema.Kind{Name: name, Doc: "for tests", New: func() any { return new(T) }}
}

// testVocab knows one paper in the shape of the real ones.
type testVocab struct{}

func (testVocab) Papers() []string { return []string{"memory-rewriting", "memrl"} }

func (testVocab) Sections(paper string) ([]schema.Section, bool) {
	return []schema.Section{
		{Name: "world", Kinds: []schema.Kind{kind[endless]("endless-t-maze"), kind[cubes]("color-cubes")}},
		{Name: "agent", Kinds: []schema.Kind{kind[lstm]("lstm"), kind[recurrent]("gru"), kind[recurrent]("rnn"), kind[struct{}]("mlp")}},
		{Name: "rl", Kinds: []schema.Kind{kind[ppo]("ppo")}},
	}, paper == "memory-rewriting"
}

func (testVocab) Metrics(string) []lab.MetricSpec {
	return []lab.MetricSpec{{Name: "success", Better: "higher"}, {Name: "return", Better: "higher"}, {Name: "junctions"}}
}

var word = regexp.MustCompile(`[A-Za-z][A-Za-z0-9_.+-]*`)

// CheckExpr knows words only: functions, metrics, arms and cases.
func (v testVocab) CheckExpr(_, expr string, arms, cases []string) error {
	legal := slices.Concat([]string{"last", "mean"}, []string{"success", "return", "junctions"}, arms, cases)
	legal = slices.DeleteFunc(legal, func(s string) bool { return s == "" })
	for _, at := range word.FindAllStringIndex(expr, -1) {
		if w := expr[at[0]:at[1]]; !slices.Contains(legal, w) {
			return &ExprError{Offset: at[0], Value: w, Legal: legal,
				Err: lab.Errorf(lab.Invalid, "nothing is called %q, want one of %s", w, strings.Join(legal, ", ")).WithHint("write one of these names")}
		}
	}
	return nil
}

func (testVocab) CheckBound(holds string) error {
	if !regexp.MustCompile(`^(>=|<=|>|<) *-?[0-9.]+$|^-?[0-9.]+\.\.-?[0-9.]+$`).MatchString(holds) {
		return lab.Errorf(lab.Invalid, "bound is %q, want for example \">= 0.10\" or \"0.4..0.6\"", holds).WithHint("write a comparison and a number")
	}
	return nil
}

const front = "---\nloci: 1\ntitle: T\npaper: memory-rewriting\n---\n"

const rewriting = `---
loci: 1
title: Is retention enough?
paper: memory-rewriting
---
# Is retention enough?

Success over $n$ corridors is a product.

` + "```yaml world" + `
endless-t-maze: {corridors: 5, length: 5}
` + "```" + `

` + "```yaml agent" + `
kind: lstm
width: 64            # numbers in the state
` + "```" + `

` + "```yaml rl" + `
kind: ppo
steps: 1e6
rate: 3e-4
` + "```" + `

## Arms and cases

` + "```yaml arms" + `
lstm: {}
gru: {agent.kind: gru}
clamped: {agent.clamp: true, only: [n5]}
mlp: {agent.kind: mlp2}
` + "```" + `

` + "```yaml cases" + `
corridors:
  n1: {world.corridors: 1}
  n5: {world.corridors: 5}
` + "```" + `

` + "```yaml run" + `
seeds: 5
budget: laptop
fast: {arms: [lstm, gru], cases: [n5], seeds: 2}
` + "```" + `

` + "```yaml claim" + `
name: gates
value: last(success, lstm, n5) - last(success, gru, n5)
holds: ">= 0.2"
` + "```" + `

` + "```yaml chart" + `
name: success
metric: success
` + "```" + `

The end.
`

var good = strings.Replace(rewriting, "mlp: {agent.kind: mlp2}\n", "rnn: {agent.kind: rnn}\n", 1)

func parseGood(src string) (*Document, error) {
	d, problems := Parse("good.md", []byte(src), testVocab{})
	if len(problems) > 0 {
		return d, fmt.Errorf("%d problems, the first: %v", len(problems), problems[0])
	}
	return d, nil
}
