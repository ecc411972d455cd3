package web

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// words is a vocabulary with one small paper.
type words struct{}

type mazeKnobs struct {
	Corridors int     `json:"corridors" doc:"corridors in a row" symbol:"n" default:"5" fast:"2" min:"1" max:"100" main:"true"`
	Noise     float64 `json:"noise" doc:"share of odd cells" default:"0" min:"0" max:"1"`
}

type agentKnobs struct {
	Width int `json:"width" doc:"numbers in the state" default:"64" min:"1" max:"512"`
}

func kind[T any](name string) schema.Kind {
	return schema.Kind{Name: name, Doc: "for tests", New: func() any { return new(T) }}
}

func (words) Papers() []string { return []string{"memory-rewriting"} }

func (words) Sections(paper string) ([]schema.Section, bool) {
	return []schema.Section{
		{Name: "world", Kinds: []schema.Kind{kind[mazeKnobs]("endless-t-maze")}},
		{Name: "agent", Kinds: []schema.Kind{kind[agentKnobs]("lstm"), kind[agentKnobs]("gru")}},
	}, paper == "memory-rewriting"
}

func (words) Metrics(string) []lab.MetricSpec {
	return []lab.MetricSpec{{Name: "success", Unit: "share", XUnit: "steps", Better: "higher"}}
}
func (words) CheckExpr(_, _ string, _, _ []string) error { return nil }
func (words) CheckBound(string) error                    { return nil }

const sample = `---
loci: 1
title: Is retention enough?
paper: memory-rewriting
---
# Is retention enough?

Success over $n$ corridors. See [the paper](https://example.org/p).

` + "```yaml world" + `
endless-t-maze: {corridors: 5}
` + "```" + `

` + "```yaml agent" + `
kind: lstm
width: 32
` + "```" + `

` + "```yaml arms" + `
lstm: {}
gru: {agent.kind: gru}
` + "```" + `

` + "```yaml run" + `
seeds: 2
budget: laptop
` + "```" + `

` + "```yaml chart" + `
name: success
metric: success
` + "```" + `

The end.
`

func shipped(t testing.TB) fs.FS {
	t.Helper()
	return fstest.MapFS{"memory-rewriting.md": {Data: []byte(sample)}}
}

// sizedWords is a vocabulary whose knobs are sized by the budget.
type sizedWords struct{ words }

type sizedKnobs struct {
	Epochs int `json:"epochs" doc:"times that tasks are met" default:"100" fast:"20" min:"1" max:"1000" group:"budget"`
	Flats  int `json:"flats" doc:"flats" default:"9" fast:"3" min:"1" max:"10" group:"budget"`
	Warm   int `json:"warm" doc:"steps of the warm start" default:"900" fast:"30" min:"1" max:"1000" group:"warm start"`
	Batch  int `json:"batch" doc:"tasks side by side" default:"16" min:"1" max:"100"`
}

func (sizedWords) Papers() []string { return []string{"sized"} }

func (sizedWords) Sections(paper string) ([]schema.Section, bool) {
	return []schema.Section{{Name: "rl", Kinds: []schema.Kind{kind[sizedKnobs]("ppo")}}}, paper == "sized"
}
