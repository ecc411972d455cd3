package slearl

import (
	"math"
	"strings"

	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/stats"
	"github.com/loci-lab/loci/backend/world/house"
)

// share is a count of a count.
type share struct{ part, whole int }

func (s *share) add(yes bool) {
	s.whole++
	if yes {
		s.part++
	}
}

func (s share) value() float64 { return float64(s.part) / float64(max(s.whole, 1)) }

// tally sums up attempts.
type tally struct {
	writer                         *writer // knows the words of a line
	all, two, long, short, unknown share
	earned                         float64
	hints, steps, tokens           int
	fits, at                       []float64 // of each hint: whether it fits its step, and the number of the step
}

// add takes one attempt in.
func (s *tally) add(t *trace, played *rl.Trajectory) {
	won := t.info.Success
	s.all.add(won)
	switch family := house.Family(t.info.Numbers["family"]); family {
	case house.Two:
		s.two.add(won)
		s.long.add(won)
	case house.Heat, house.Cool:
		s.long.add(won)
	default:
		s.short.add(won)
	}
	s.earned += t.earned()
	for i := range t.steps {
		s.step(&t.steps[i], i)
	}
	for i := range played.Segments {
		s.tokens += len(played.Segments[i].Context) + len(played.Segments[i].Tokens)
	}
}

func (s *tally) step(p *step, at int) {
	s.steps++
	s.unknown.add(p.note != "")
	for _, hint := range p.hints {
		fit := 0.0
		if s.fitting(hint, p.subject) {
			fit = 1
		}
		s.hints++
		s.fits, s.at = append(s.fits, fit), append(s.at, float64(at))
	}
}

// fits says whether a hint is about what a step is about: it asks for the same to be done, and its thing, its class or its material is that of
// the step. heat clay mug : use oven fits heat clay jar, and does not fit store clay mug.
func (s *tally) fitting(hint, subject string) bool {
	if s.writer == nil {
		return false
	}
	head, _, _ := strings.Cut(hint, " : ")
	verb, material, noun := s.writer.parts(head)
	wanted, of, thing := s.writer.parts(subject)
	class := s.writer.classes[thing]
	return strings.TrimSuffix(verb, " "+class) == wanted && (material != "" && material == of || noun != "" && (noun == thing || s.writer.classes[noun] == class) || strings.HasSuffix(verb, " "+class))
}

// fit is the share of hints that fit, and its rank correlation with the number of the step; 0 where there are no hints or no spread.
func (s *tally) fit() (share, trend float64) {
	if len(s.fits) == 0 {
		return 0, 0
	}
	for _, f := range s.fits {
		share += f / float64(len(s.fits))
	}
	if trend = stats.RankCorr(s.at, s.fits); math.IsNaN(trend) {
		trend = 0
	}
	return share, trend
}
