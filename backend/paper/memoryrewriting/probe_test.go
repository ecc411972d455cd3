package memoryrewriting

import (
	"math"
	"testing"

	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/maze"
)

// noise is n rows of width w with labels by chance; at is the coordinate that holds the label, -1 for none.
func noise(n, w, at int) (rows [][]float32, labels []int) {
	s := rng.New(3, "probe")
	for range n {
		row := make([]float32, w)
		for j := range row {
			row[j] = float32(s.Normal())
		}
		label := s.IntN(2)
		if at >= 0 {
			row[at] = float32(2*label - 1)
		}
		rows, labels = append(rows, row), append(labels, label)
	}
	return rows, labels
}

func TestTheProbeReadsALabelThatIsACoordinateAndNoneThatIsAbsent(t *testing.T) {
	rows, labels := noise(2000, 16, 5)
	if share, ok := readable(rows, labels); !ok || share != 1 {
		t.Errorf("label in a coordinate: %v of held-out rows (ok %v), want 1", share, ok)
	}
	// 1000 held-out rows of even chance: one standard deviation is 0.016
	rows, labels = noise(2000, 16, -1)
	if share, ok := readable(rows, labels); !ok || math.Abs(share-0.5) > 0.05 {
		t.Errorf("label nowhere: %v of held-out rows (ok %v), want 0.5", share, ok)
	}
}

func TestTheProbeIsScoredOnRowsThatItWasNotFittedTo(t *testing.T) {
	// as many coordinates as rows to fit: each row of the first half can be told by heart, which says nothing of the second
	rows, labels := noise(200, 100, -1)
	if share, _ := readable(rows, labels); share > 0.7 {
		t.Errorf("labels without any meaning are told in %v of the rows, want about 0.5", share)
	}
}

func TestTheProbeIsInvariantToScaleAndOffsetOfTheState(t *testing.T) {
	rows, labels := noise(400, 4, 2)
	for _, row := range rows {
		for j := range row {
			row[j] = 10*row[j] + 30
		}
	}
	if share, ok := readable(rows, labels); !ok || share < 0.99 {
		t.Errorf("label in a shifted coordinate: %v of held-out rows (ok %v), want 1", share, ok)
	}
}

func TestTheProbeNeedsSixtyFourRowsWithALabel(t *testing.T) {
	for _, tt := range []struct {
		rows, without int // rows, of which so many have no label
		want          bool
	}{{0, 0, false}, {63, 0, false}, {64, 0, true}, {100, 37, false}, {100, 36, true}} {
		rows, labels := noise(tt.rows, 3, 1)
		for i := range tt.without {
			labels[i] = -1
		}
		if _, ok := readable(rows, labels); ok != tt.want {
			t.Errorf("%d rows, %d of them without a label: ok is %v, want %v", tt.rows, tt.without, ok, tt.want)
		}
	}
}

// carrier carries two numbers: the cue of its corridor and a constant.
type carrier struct {
	player
	maze *maze.Endless
}

func (c carrier) carried(b int) []float32 { return []float32{float32(c.maze.Probe(b).Cue), 1} }

func TestEachJunctionGivesOneRowHoweverLongTheAgentStandsThere(t *testing.T) {
	var junctions, rows int
	for _, stay := range []int{0, 2} { // steps that the agent dithers before it turns
		w, err := maze.NewEndless(maze.EndlessKnobs{Corridors: 2, Length: 3, Regime: maze.Fixed, Alphabet: 2, Delay: 0.01}, examEnvs)
		if err != nil {
			t.Fatal(err)
		}
		e := &exam{seed: 7, play: func(w world.Tensor) (player, error) {
			p, err := newReference(w, world.Oracle, 0)
			r := p.(*reference)
			r.policy = &dither{script{w.(*maze.Endless), right}, stay, make([]int, w.Size())}
			return carrier{r, w.(*maze.Endless)}, err
		}}
		s := &session{world: w, split: "probe", probe: true}
		if err := e.run(t.Context(), s, 128); err != nil {
			t.Fatal(err)
		}
		junctions, rows = s.tally.out.turns, len(s.data.rows)
		if rows != junctions || junctions != 256 {
			t.Errorf("dithering %d steps: %d rows of %d junctions, want one each of 256", stay, rows, junctions)
		}
		if ms := s.probes(); len(ms) != 2 || ms[0].value != 1 || math.Abs(ms[1].value-0.5) > 0.2 {
			t.Errorf("dithering %d steps: the probes say %v, want 1 for the cue that is carried and 0.5 for the former one that is not", stay, ms)
		}
	}
}

// dither plays a script but waits at each junction.
type dither struct {
	script
	stay int
	here []int // [B] steps waited
}

func (d *dither) Act(obs []float32, fresh []bool, actions []int32) {
	d.script.Act(obs, fresh, actions)
	for b := range actions {
		if actions[b] == maze.Forward {
			continue
		}
		if d.here[b]++; d.here[b] <= d.stay {
			actions[b] = maze.Forward
		} else {
			d.here[b] = 0
		}
	}
}
