package wmar

import (
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/world/arcade"
)

// sketch draws, below each step of a kept episode, what the model imagines: it starts from what is shown and then, for some steps, follows
// the same actions without looking.
type sketch struct {
	m    *model
	w    *arcade.World
	g    *greedy
	h, z []float32
	out  []float32 // [O]
	feat []float32
}

// blind is the number of steps of an imagined rollout in a picture, the first of which is seen.
const blind = 6

func newSketch(m *model, w *arcade.World, g *greedy) *sketch {
	return &sketch{m: m, w: w, g: g, h: make([]float32, m.h), z: make([]float32, m.z), out: make([]float32, m.o), feat: make([]float32, m.h+m.z)}
}

// note adds value, probabilities and the imagined picture to a step of environment 0.
func (s *sketch) note(_ int, step *lab.Step) {
	c, names := s.g.c, s.w.Spec().Actions
	step.Numbers = map[string]lab.Float{"value": exam.Short(c.value[0])}
	action := 0
	for i, name := range names {
		step.Numbers["p "+name] = exam.Short(c.p[i])
		if name == step.Action {
			action = i
		}
	}
	since := step.T % blind
	if since == 0 {
		copy(s.feat, c.feat)
		copy(s.h, c.feat)
		copy(s.z, c.feat[s.m.h:len(s.feat)])
	} else {
		s.m.expect(1, s.h, s.z, nil)
		s.m.features(1, s.h, s.z, s.feat)
	}
	s.m.apply(s.m.dec, 1, s.feat, s.out)
	s.m.move(1, s.h, s.z, []int32{int32(action)})
	for i, v := range s.out {
		s.out[i] = sigmoid(v)
	}
	below(step.Scene, s.w.Picture(s.out), since)
}

// below puts the imagined picture under the true one. Its player is a ghost: there is one player only.
func below(scene *lab.Scene, imagined lab.Scene, since int) {
	for _, m := range imagined.Marks {
		if m.Shape == "agent" {
			m.Shape, m.Label = "ghost", "imagined "+m.Label
			if since > 0 {
				m.Label += fmt.Sprintf(", %d steps without looking", since)
			}
		}
		m.Y += scene.H + 1
		scene.Marks = append(scene.Marks, m)
	}
	scene.H += imagined.H + 1
}
