package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
)

// lessonWhy finds the step that shows best why an arm fell behind: in an episode that failed and whose steps were kept, the entry with
// the lowest value that was read. Of memories without values it is the first entry that such an episode read.
func (s *Server) lessonWhy(r *http.Request) (any, error) {
	t, err := s.teach(r.Context(), r.URL.Query().Get("path"))
	if err != nil {
		return nil, err
	}
	runs := t.loserFirst(s.cfg.Owner.Source(r.Context(), t.plan))
	name := strings.Join(keysOf(runs), " ")
	s.lessons.mu.Lock()
	had, ok := s.lessons.whys[name]
	s.lessons.mu.Unlock()
	if ok {
		return had, nil
	}
	for _, run := range runs {
		var found *misread
		err := s.records.with(run.Key, func(k *kept) (err error) {
			found, err = k.misread()
			return err
		})
		if err != nil && lab.CodeOf(err) != lab.NotFound {
			return nil, err
		}
		if found == nil {
			continue
		}
		why := found.why(run)
		if t.plan.Todo() == 0 {
			s.lessons.mu.Lock()
			s.lessons.whys[name] = why
			s.lessons.mu.Unlock()
		}
		return why, nil
	}
	return nil, lab.Errorf(lab.NotFound, "no kept episode that failed had read anything").WithHint("run more seeds, then ask again")
}

// loserFirst lists the lesson's runs, those of the arm that fell behind in front.
func (t teaching) loserFirst(src interface {
	Values(metric, arm, kase string, seed uint64) ([]int64, []float64, bool)
}) []sched.RunInfo {
	best := winner([]LessonEnd{t.end(src, t.arms[0].Name), t.end(src, t.arms[1].Name)}, t.metric.Better == "lower")
	if best == "" {
		best = t.arms[0].Name
	}
	runs := slices.Clone(t.plan.Runs)
	slices.SortStableFunc(runs, func(a, b sched.RunInfo) int {
		switch {
		case (a.Arm == best) == (b.Arm == best):
			return 0
		case a.Arm == best:
			return 1
		}
		return -1
	})
	return runs
}

// misread is an entry that was read where it did not help.
type misread struct {
	episode int64
	t       int
	hit     lab.Hit
	value   float64
	valued  bool
	text    string
	better  *lab.Hit // the best entry by value that was passed over for it
	passed  string   // its text
}

// misread looks through the record for the worst reading of an episode that failed.
func (k *kept) misread() (*misread, error) {
	texts := map[string]string{}
	reads := map[int64][]misread{} // of episodes that go on
	var worst *misread
	for f, err := range k.reader.Frames(0, lab.KindMemory, lab.KindEpisode) {
		if err != nil {
			return nil, err
		}
		ev, err := f.Event()
		if err != nil {
			return nil, err
		}
		switch ev := ev.(type) {
		case lab.Memory:
			if ev.After != nil {
				texts[ev.After.ID] = ev.After.Text
			}
			if ev.Op == lab.OpRead {
				reads[ev.Episode] = append(reads[ev.Episode], worstHit(ev, texts)...)
			}
		case lab.Episode:
			for _, m := range reads[ev.ID] {
				if !ev.Success && ev.Detail && m.worseThan(worst) {
					worst = &m
				}
			}
			delete(reads, ev.ID)
		}
	}
	return worst, nil
}

// worstHit is the used hit with the lowest value of one reading.
func worstHit(ev lab.Memory, texts map[string]string) []misread {
	var worst *misread
	for _, h := range ev.Hits {
		v, valued := h.Parts["value"]
		m := misread{episode: ev.Episode, t: ev.T, hit: h, value: float64(v), valued: valued, text: texts[h.Entry]}
		if h.Used && m.worseThan(worst) {
			worst = &m
		}
	}
	if worst == nil {
		return nil
	}
	for _, h := range ev.Hits {
		v, ok := h.Parts["value"]
		if !h.Used && ok && h.Why == "rank" && float64(v) > worst.value && (worst.better == nil || v > worst.better.Parts["value"]) {
			worst.better, worst.passed = &h, texts[h.Entry]
		}
	}
	return []misread{*worst}
}

// worseThan prefers the lower value, and of equal values one for which a better entry was passed over.
func (m misread) worseThan(other *misread) bool {
	if other == nil || !m.valued {
		return other == nil
	}
	if m.value != other.value {
		return m.value < other.value
	}
	return m.better != nil && other.better == nil
}

func (m misread) why(run sched.RunInfo) LessonWhy {
	text := strings.Join(strings.Fields(m.text), " ")
	said := fmt.Sprintf("Here %s read entry %s (“%s”) and failed.", run.Arm, m.hit.Entry, short(text))
	if similarity, ok := m.hit.Parts["similarity"]; ok && m.valued {
		said = fmt.Sprintf("Here %s read entry %s (“%s”) because it looks alike (similarity %.2f), %s, and failed.",
			run.Arm, m.hit.Entry, short(text), float64(similarity), m.standing())
	}
	if m.better != nil {
		said += fmt.Sprintf(" Entry %s, of value %s, was passed over.", m.better.Entry, signed(float64(m.better.Parts["value"])))
	}
	return LessonWhy{Key: run.Key, Arm: run.Arm, Seed: run.Seed, Episode: m.episode, Step: m.t, Entry: m.hit.Entry, Text: m.text, Sentence: said}
}

// standing says what the value of the entry told.
func (m misread) standing() string {
	if m.value < 0 {
		return "although its value had sunk to " + signed(m.value)
	}
	return "while its value of " + signed(m.value) + " said nothing for it"
}

// signed writes a value with its sign, as people set it.
func signed(v float64) string {
	return strings.Replace(fmt.Sprintf("%+.2f", v), "-", "−", 1)
}
