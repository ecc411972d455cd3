package web

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

const (
	openTracks = 6        // episodes of a record that keep their lanes, the largest part of what is kept
	farthest   = 10 << 20 // steps of an episode; larger numbers are no steps
)

// inspection is what the Episode screen keeps of an open record.
type inspection struct {
	skim      skimmer
	tracks    []*track // least recently used first
	summaries []lab.Episode
}

// track is one episode as its lanes need it, brought up to date by every use.
type track struct {
	id     int64
	first  int64 // sequence number of its first event: an id that is used again is another episode
	next   int64 // sequence number to go on from
	points []point
	steps  int // kept; operations of later points are those after the last step
	strays []stray
}

// stray is a context or memory event that does not stand right before its step: some methods play an episode first and write its steps
// down afterwards. A jump to the step does not come by it.
type stray struct {
	t   int
	seq int64
}

// track returns the lanes of an episode, which are read once and then only go on.
func (k *kept) track(place record.Range) (*track, error) {
	in := &k.inspect
	i := slices.IndexFunc(in.tracks, func(t *track) bool { return t.id == place.ID && t.first == place.First })
	var t *track
	if i >= 0 {
		t = in.tracks[i]
		in.tracks = append(slices.Delete(in.tracks, i, i+1), t)
	} else {
		t = &track{id: place.ID, first: place.First, next: place.First}
		in.tracks = append(in.tracks, t)
		if len(in.tracks) > openTracks {
			in.tracks = slices.Delete(in.tracks, 0, 1)
		}
	}
	return t, k.extend(t, place.Last)
}

// extend takes in the events of a track up to the last one of its episode. Damage ends it where it stands.
func (k *kept) extend(t *track, last int64) error {
	if t.next > last {
		return nil
	}
	for f, err := range k.reader.Frames(t.next, lab.KindStep, lab.KindContext, lab.KindMemory) {
		if err != nil && k.reader.Damage() != nil {
			break
		}
		if err != nil {
			return err
		}
		if f.Seq > last {
			break
		}
		if id, at, ok := f.EpisodeOf(); ok && id == t.id && at >= 0 && at < farthest {
			t.take(k.inspect.skim, f, at)
		}
	}
	t.next = last + 1
	return nil
}

func (t *track) take(skim skimmer, f record.Frame, at int) {
	for len(t.points) <= at {
		t.points = append(t.points, point{tokens: -1})
	}
	if f.Kind != lab.KindStep && at != t.steps {
		t.strays = append(t.strays, stray{at, f.Seq})
	}
	p := &t.points[at]
	switch f.Kind {
	case lab.KindStep:
		if skim.step(f, p) && at > 0 {
			t.points[at-1].flags |= pointError
		}
		t.steps = max(t.steps, at+1)
	case lab.KindContext:
		skim.context(f, p)
	case lab.KindMemory:
		skim.memory(f, p)
	}
}

// whole returns the points of the steps. What happened after the last step, as when an episode is written into the memory at its end,
// counts with it; after says how many operations those are.
func (t *track) whole() (points []point, after int) {
	if t.steps == 0 || t.steps == len(t.points) {
		return t.points[:t.steps], 0
	}
	points = slices.Clone(t.points[:t.steps])
	last := &points[t.steps-1]
	for _, p := range t.points[t.steps:] {
		last.reads, last.writes, last.changes, last.deletes = last.reads+p.reads, last.writes+p.writes, last.changes+p.changes, last.deletes+p.deletes
		after += int(p.reads) + int(p.writes) + int(p.changes) + int(p.deletes)
	}
	return points, after
}

// failed marks the last step of an episode that the run could not finish.
func failed(points []point, e lab.Episode) {
	if e.Why == lab.EndFailed && len(points) > 0 {
		points[len(points)-1].flags |= pointError
	}
}

// placeOf finds an episode of the record; -1 is the newest one whose steps were kept. ok is false when there is none yet.
func (k *kept) placeOf(id int64) (place record.Range, ok bool, err error) {
	if id >= 0 {
		place, err = k.reader.Episode(id)
		if err != nil {
			return place, false, lab.Errorf(lab.NotFound, "run %q has no episode %d", k.key, id).WithHint("choose one of the list, or open the newest")
		}
		return place, true, nil
	}
	all := k.reader.Episodes()
	for _, one := range slices.Backward(all) {
		if one.Steps > 0 && one.Ended {
			return one, true, nil
		}
	}
	for _, one := range slices.Backward(all) {
		if one.Steps > 0 {
			return one, true, nil
		}
	}
	return place, false, nil
}

// summed returns the Episode event of a place, what is known so far where it has not ended.
func (k *kept) summed(place record.Range) (lab.Episode, error) {
	if !place.Ended {
		return lab.Episode{ID: place.ID, Steps: place.Steps, Detail: place.Steps > 0}, nil
	}
	return k.at(place.Last)
}
