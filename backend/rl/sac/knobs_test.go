package sac_test

import (
	"slices"
	"testing"

	"github.com/loci-lab/loci/backend/rl/clone"
	"github.com/loci-lab/loci/backend/rl/replay"
	"github.com/loci-lab/loci/backend/rl/sac"
	"github.com/loci-lab/loci/backend/rl/value"
	"github.com/loci-lab/loci/backend/schema"
)

func TestTheKnobsOfAllAlgorithmsAreDocumentedBoundedAndLegal(t *testing.T) {
	for name, knobs := range map[string]any{
		"value": new(value.Knobs), "r2d2": new(value.R2D2Knobs), "priorities": new(replay.PriorityKnobs), "sac": new(sac.Knobs), "clone": new(clone.Knobs),
	} {
		fields, err := schema.Fields(schema.Kind{Name: name, Doc: name, New: func() any { return knobs }})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, f := range fields {
			number := slices.Contains([]schema.Type{schema.Int, schema.Float}, f.Type)
			if f.Doc == "" || f.Group == "" || number && (f.Min == nil || f.Max == nil) {
				t.Errorf("%s: knob %s has no meaning, group or bounds", name, f.Path)
			}
		}
	}
	good := value.R2D2Knobs{Sequence: 8, BurnIn: 4, Stride: 8, Capacity: 10, Warmup: 10}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for _, bad := range []value.R2D2Knobs{{Sequence: 8, BurnIn: 8, Stride: 1}, {Sequence: 8, Stride: 9}, {Sequence: 8, Stride: 1, Capacity: 1, Warmup: 2}} {
		if bad.Validate() == nil {
			t.Errorf("knobs %+v pass", bad)
		}
	}
	if (value.Knobs{LearningRate: 1}).Validate() == nil {
		t.Error("a slow copy that never moves passes")
	}
}
