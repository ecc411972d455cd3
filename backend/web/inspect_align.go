package web

import (
	"bytes"
	"fmt"

	"github.com/loci-lab/loci/backend/lab"
)

// side is one of two episodes that are compared.
type side struct {
	head   InspectEpisode
	points []point
	world  []byte // set-up of the world
}

// align compares two episodes step by step. Lengths may differ: a step that only one has differs.
func align(a, b side) InspectAlign {
	b.head.Lanes = lanesOf(nil)
	out := InspectAlign{Other: b.head, First: firstDiff(a.points, b.points), Differ: []int{}}
	out.SameWorld = a.head.Paper == b.head.Paper && bytes.Equal(a.world, b.world) && a.head.Ended && b.head.Ended &&
		a.head.Episode.Split == b.head.Episode.Split && a.head.Episode.Seed == b.head.Episode.Seed
	per := lanesOf(a.points).Per
	out.Differ = make([]int, (len(a.points)+per-1)/per)
	for t := range a.points {
		if t >= len(b.points) || differ(&a.points[t], &b.points[t]) {
			out.Differ[t/per]++
		}
	}
	out.Compared = "by step number: what was seen and done at each step, and its reward; the worlds are not the same, so differences are no surprise"
	if out.SameWorld {
		out.Compared = fmt.Sprintf("in the same world (split %s, seed %d), step by step: what was seen and done, and its reward", a.head.Episode.Split, a.head.Episode.Seed)
	}
	out.Sentence = out.words(len(a.points), len(b.points))
	return out
}

func differ(a, b *point) bool {
	return a.saw != b.saw || a.action != b.action || a.reward != b.reward || (a.flags^b.flags)&pointKept != 0
}

func firstDiff(a, b []point) FirstDiff {
	d := FirstDiff{-1, -1, -1, -1, -1}
	first := func(place *int, t int, differs bool) {
		if differs && *place < 0 {
			*place = t
		}
	}
	for t := range max(len(a), len(b)) {
		if t >= len(a) || t >= len(b) {
			first(&d.Any, t, true)
			break
		}
		p, q := &a[t], &b[t]
		first(&d.Saw, t, p.saw != q.saw)
		first(&d.Action, t, p.action != q.action)
		first(&d.Context, t, p.context != q.context)
		first(&d.Reward, t, p.reward != q.reward)
		first(&d.Any, t, differ(p, q))
	}
	return d
}

func (a InspectAlign) words(m, n int) string {
	if a.First.Any < 0 {
		text := "the two episodes are alike in every step"
		if a.First.Context >= 0 {
			text += fmt.Sprintf(", though the model was given something else from step %d on", a.First.Context)
		}
		return text
	}
	t := a.First.Any
	what := []string{}
	for _, p := range []struct {
		at   int
		name string
	}{{a.First.Saw, "what was seen"}, {a.First.Action, "the action"}, {a.First.Reward, "the reward"}} {
		if p.at == t {
			what = append(what, p.name)
		}
	}
	if len(what) == 0 {
		return fmt.Sprintf("first difference at step %d: only one of the two goes on (%s and %s)", t, plural(m, "step"), plural(n, "step"))
	}
	text := fmt.Sprintf("first difference at step %d: %s", t, listed(what))
	if a.First.Context >= 0 && a.First.Context < t {
		text += fmt.Sprintf("; the model was given something else from step %d on", a.First.Context)
	}
	return text
}

// listed joins words as a sentence does.
func listed(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		text := words[0]
		for _, w := range words[1 : n-1] {
			text += ", " + w
		}
		return text + " and " + words[n-1]
	}
}

// sideOf reads what is compared of one episode.
func (s *Server) sideOf(key string, id int64) (a side, err error) {
	err = s.inspected(key, id, func(k *kept, head InspectEpisode, points []point) error {
		a = side{head: head, points: append([]point{}, points...), world: k.start.Setup.Sections["world"]}
		return nil
	})
	if err == nil && a.head.Episode.ID < 0 {
		err = lab.Errorf(lab.NotFound, "run %q has no episode with steps yet", key)
	}
	return a, err
}
