package run

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// place is where in a run an episode was played.
type place struct {
	start       lab.Start
	unit        int64             // of work, in which its first step was kept
	last        int64             // in which it ended
	begins      []record.Position // [units] where the events of each unit begin
	checkpoints []lab.Checkpoint
	steps       int
}

// find reads a record to the end of the episode of a fork.
func find(path string, f lab.Fork) (place, error) {
	p := place{unit: -1, last: -1, begins: []record.Position{{}}}
	for frame, err := range record.Scan(path, record.Position{}) {
		if err != nil {
			return p, err
		}
		if err := p.take(frame, f.Episode); err != nil {
			return p, err
		}
		if p.last >= 0 && frame.Kind == lab.KindProgress {
			break // the unit is whole
		}
	}
	return p, p.check(f)
}

func (p *place) take(f record.Frame, episode int64) error {
	units := int64(len(p.begins)) - 1
	switch f.Kind {
	case lab.KindProgress:
		p.begins = append(p.begins, f.Next)
	case lab.KindCheckpoint:
		p.begins[units] = f.Next
		ev, err := f.Event()
		if err != nil {
			return err
		}
		p.checkpoints = append(p.checkpoints, ev.(lab.Checkpoint))
	case lab.KindStart:
		ev, err := f.Event()
		if err != nil {
			return err
		}
		p.start = ev.(lab.Start)
	case lab.KindStep:
		if id, t, ok := f.EpisodeOf(); ok && id == episode {
			if p.steps = max(p.steps, t+1); p.unit < 0 {
				p.unit = units
			}
		}
	case lab.KindEpisode:
		if id, _, ok := f.EpisodeOf(); ok && id == episode && p.unit >= 0 {
			p.last = units
		}
	}
	return nil
}

// check refuses what no fork can begin from.
func (p *place) check(f lab.Fork) error {
	switch {
	case p.unit < 0:
		return lab.Errorf(lab.NotFound, "the record has no steps of episode %d", f.Episode).WithHint("fork an episode that was kept with its steps")
	case p.last < 0 || p.last+1 >= int64(len(p.begins)):
		return lab.Errorf(lab.Unavailable, "episode %d is not over yet", f.Episode).WithHint("wait until the run has taken it in")
	case f.T < 0 || f.T >= p.steps:
		return lab.Errorf(lab.Invalid, "episode %d has no step %d, it has 0 to %d", f.Episode, f.T, p.steps-1).WithHint("choose one of its steps")
	}
	return nil
}
