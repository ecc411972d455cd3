package memo

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/rl/exam"
	"github.com/loci-lab/loci/backend/world/tmaze"
)

// parts into which a trial is cut for the picture of attention where nothing is summed up.
const eighths = 8

// looker watches a test from inside: which segment the deciding steps read, what a probe finds in each summary, what the cache holds
// and what a step costs, and for kept trials every operation on the memory.
type looker struct {
	*sitting
	share  []float64 // [segment] sums of attention
	times  []int     // [segment] deciding steps at which it was in sight
	cue    []int     // [B] of the present trial
	rows   [][][]float32
	labels [][]int // [segment] of those rows
	held   []float64
	work   []float64
	played []int // [step] trials that were at it
	banks  [keptTrials][]lab.Entry
	probs  []float32
}

// newLooker hangs itself into the examination.
func newLooker(s *sitting) *looker {
	n := s.arena.length
	l := &looker{sitting: s, cue: make([]int, examTrials), held: make([]float64, n), work: make([]float64, n), played: make([]int, n),
		probs: make([]float32, len(s.arena.Spec().Actions))}
	s.player.cache.Watch = true
	s.exam.Sizes, s.exam.Step = l.sizes, l.step
	s.exam.Note, s.exam.Events = l.note, l.events
	return l
}

// sizes is called when a step is decided and the world has not moved.
func (l *looker) sizes(b, t int) (memory, context int) {
	if m, ok := l.arena.Tensor.(*tmaze.Maze); ok && t == 0 {
		l.cue[b] = m.Cue(b)
	}
	l.played[t]++
	l.held[t] += float64(l.player.held[b])
	l.work[t] += float64(l.player.cache.Work)
	return l.player.sizes(b, t)
}

// decides tells whether the picture of attention counts this step: the junction, and in a dark room the last third of the trial.
func (l *looker) decides(t int) bool { return t >= l.arena.decisions && 3*t >= 2*l.arena.length }

func (l *looker) step(b, t int, _ int32, _ float32) {
	if l.decides(t) {
		l.attention(b)
	}
	if t == l.arena.length-1 {
		l.sample(b)
	}
}

// row is the attention of the last step of environment b, on what the cache held and on itself.
func (l *looker) row(b int) []float32 {
	n := len(l.player.cache.Share) / examTrials
	return l.player.cache.Share[b*n : (b+1)*n]
}

// segment is what the entry of a row belongs to; ok is false for a step of the present segment.
func (l *looker) segment(entry int) (segment int, ok bool) {
	if l.player.cache.Rule.Segment == 0 {
		return min(entry*eighths/l.arena.length, eighths-1), true
	}
	return (l.player.first + entry) / l.player.cache.Model.Shape.Prompts, entry < l.player.sums
}

func (l *looker) attention(b int) {
	seen := -1
	for e, share := range l.row(b) {
		segment, ok := l.segment(e)
		if !ok {
			return
		}
		for segment >= len(l.share) {
			l.share, l.times = append(l.share, 0), append(l.times, 0)
		}
		l.share[segment] += float64(share)
		if segment != seen {
			l.times[segment]++
			seen = segment
		}
	}
}

// sample keeps the summaries of a finished trial for the probe, where there is a cue to be found.
func (l *looker) sample(b int) {
	if l.arena.begins >= 0 {
		return
	}
	for j, all := range l.player.cache.Summaries {
		if j == len(l.rows) {
			l.rows, l.labels = append(l.rows, nil), append(l.labels, nil)
		}
		w := len(all) / examTrials
		l.rows[j] = append(l.rows[j], all[b*w:(b+1)*w])
		l.labels[j] = append(l.labels[j], l.cue[b])
	}
}

// emit writes the pictures. Segments count from 1.
func (l *looker) emit(emit lab.Emitter) error {
	for j, sum := range l.share {
		if l.times[j] == 0 {
			continue
		}
		if err := exam.Emit(emit, int64(j+1), exam.Value{Name: MetricAttention, Value: sum / float64(l.times[j])}); err != nil {
			return err
		}
	}
	for j, rows := range l.rows {
		if share, ok := readable(rows, l.labels[j]); ok {
			if err := exam.Emit(emit, int64(j+1), exam.Value{Name: MetricProbe, Value: share}); err != nil {
				return err
			}
		}
	}
	for t, n := range l.played {
		if err := exam.Emit(emit, int64(t), exam.Value{Name: MetricCache, Value: l.held[t] / float64(n)}, exam.Value{Name: MetricWork, Value: l.work[t] / float64(n)}); err != nil {
			return err
		}
	}
	return nil
}

// note adds to a kept step what the policy knew: value, probabilities, and where it looked.
func (l *looker) note(b int, s *lab.Step) {
	n := len(l.probs)
	out := l.player.cache.Out[b*(n+1) : (b+1)*(n+1)]
	rl.Probabilities(out[:n], l.probs)
	s.Numbers = map[string]lab.Float{"value": exam.Short(out[n]), "entries": lab.Float(l.player.held[b])}
	for i, p := range l.probs {
		s.Numbers["p("+l.arena.Spec().Actions[i]+")"] = exam.Short(p)
	}
	if l.player.cache.Rule.Segment == 0 {
		return
	}
	sums := float32(0)
	for _, share := range l.row(b)[:l.player.sums] {
		sums += share
	}
	s.Numbers["attention on summaries"] = exam.Short(sums)
}
