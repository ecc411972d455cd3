package web

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"path"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/schema"
)

// The lesson's runs are to end within mostLesson. referenceRounds is what the self-test counts in a second on the computer where the
// fast budgets were sized (two cores of an EPYC server, 2026).
const (
	mostLesson      = 20 * time.Second
	referenceRounds = 2400.0
	selfTestTime    = time.Second
	leastSize       = 0.5 // smaller still, nothing would be learned in the runs, and nothing from them
)

// selfTest measures once, for a second, how fast this computer multiplies matrices.
func (s *Server) selfTest() {
	s.lessons.once.Do(func() {
		rounds := multiplyFor(s.life, selfTestTime)
		s.lessons.mu.Lock()
		s.lessons.pace = rounds / referenceRounds
		s.lessons.mu.Unlock()
	})
}

// multiplyFor multiplies matrices [64][64] for a time and returns how many products a second it made.
func multiplyFor(ctx context.Context, length time.Duration) float64 {
	const n = 64
	var a, b, c [n][n]float32
	for i := range n {
		for j := range n {
			a[i][j], b[i][j] = float32(i-j)/n, float32(i+j)/n
		}
	}
	began, rounds := time.Now(), 0
	for time.Since(began) < length && ctx.Err() == nil {
		for i := range n {
			for k := range n {
				x := a[i][k]
				for j := range n {
					c[i][j] += x * b[k][j]
				}
			}
		}
		a[rounds%n][0] += c[0][rounds%n] / 1e9 // or the compiler may drop the work
		rounds++
	}
	return float64(rounds) / max(time.Since(began).Seconds(), 1e-3)
}

// lessonSeconds is how long the lesson's runs will take: as earlier runs here say, else as the recorded ones took, at the pace of this
// computer. 0 when nothing is known.
func (s *Server) lessonSeconds(t teaching) float64 {
	if mean := (t.plan.Low + t.plan.High) / 2; mean > 0 && !strings.HasPrefix(t.plan.Basis, "recorded") {
		return mean.Seconds()
	}
	if s.cfg.Recorded == nil {
		return 0
	}
	from := t.path
	if strings.HasPrefix(from, ownFolder+"/") {
		from = shippedFolder + "/" + path.Base(from)
	}
	res, ok := s.cfg.Recorded.Recorded(from, lessonBudget)
	if !ok {
		return 0
	}
	s.lessons.mu.Lock()
	pace := s.lessons.pace
	s.lessons.mu.Unlock()
	if pace == 0 {
		pace = 1
	}
	return res.Minutes * 60 / pace
}

// shrink is by how much the sizes must fall for the runs to end in time, at most 1.
func (s *Server) shrink(t teaching) float64 {
	s.selfTest()
	seconds := s.lessonSeconds(t)
	if seconds <= mostLesson.Seconds() {
		return 1
	}
	return max(mostLesson.Seconds()/seconds, leastSize)
}

// smaller makes a copy of the notebook whose sizes fit this computer, and says which sizes those are. The sizes are the knobs that the
// budgets size.
func (s *Server) smaller(ctx context.Context, t teaching, factor float64) (teaching, string, error) {
	doc, said := shrunk(t.doc, factor)
	if said == "" {
		return t, "", nil
	}
	at, err := s.notebooks.places.free("", path.Base(t.path), notebook.Print(doc))
	if err != nil {
		return t, "", err
	}
	t, err = s.teach(ctx, at.path)
	return t, said, err
}

// shrunk scales the sizes of budget fast.
func shrunk(doc *notebook.Document, factor float64) (*notebook.Document, string) {
	state := notebook.NewState(doc)
	var said []string
	for _, c := range doc.Cells {
		for _, f := range fieldsOf(doc, c.Kind) {
			size, ok := fastSize(f)
			if !ok {
				continue
			}
			small := max(int(math.Ceil(float64(size)*factor)), 2)
			if f.Min != nil {
				small = max(small, int(*f.Min))
			}
			if small >= size {
				continue
			}
			op := &notebook.SetField{Base: notebook.Base{Revision: state.Revision}, Cell: c.ID, Path: f.Path, Value: json.RawMessage(fmt.Sprint(small))}
			if next, _, err := notebook.Apply(state, op); err == nil { // a size that the notebook refuses stays
				state = next
				said = append(said, fmt.Sprintf("%s %d instead of %d", f.Path, small, size))
			}
		}
	}
	return state.Doc, strings.Join(said, ", ")
}

// fastSize is the size that budget fast gives a knob of the group budget: tasks, epochs, tests. How long a reader is trained before is no
// such size: a worse reader would make another lesson, and it is made ahead.
func fastSize(f schema.Field) (int, bool) {
	var size int
	if f.Type != "int" || f.Group != "budget" || len(f.Fast) == 0 || json.Unmarshal(f.Fast, &size) != nil {
		return 0, false
	}
	return size, size > 2
}
