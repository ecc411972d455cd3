package bundle

import (
	"context"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// Episode is one kept episode of a page; its memory operations stand in Memories.
type Episode struct {
	Episode lab.Episode   `json:"episode"`
	Steps   []lab.Step    `json:"steps"`
	Context []lab.Context `json:"context"`
	Memory  []lab.Memory  `json:"memory"`
	Total   int           `json:"total"`
}

// Episodes reads a share (0 to 1) of the episodes of a run whose steps were kept, evenly spread, and tells how many there are.
func Episodes(ctx context.Context, r Run, share float64) (out []Episode, total int, err error) {
	rec, err := record.Open(r.Record)
	if err != nil {
		return nil, 0, named(err, r)
	}
	defer rec.Close()
	total = keptEpisodes(rec)
	wanted := map[int]bool{}
	for _, at := range spread(int(math.Ceil(share*float64(total))), total) {
		wanted[at] = true
	}
	open, nth := map[int64]*Episode{}, 0
	for f, err := range rec.Frames(0, lab.KindStep, lab.KindContext, lab.KindEpisode) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, 0, named(err, r)
		}
		ev, err := f.Event()
		if err != nil {
			return nil, 0, named(err, r)
		}
		switch ev := ev.(type) {
		case lab.Step:
			e := begun(open, ev.Episode)
			e.Steps = append(e.Steps, ev)
		case lab.Context:
			e := begun(open, ev.Episode)
			for i := range ev.Blocks { // the words stand beside them
				ev.Blocks[i].Tokens = nil
			}
			e.Context = append(e.Context, ev)
		case lab.Episode:
			e := begun(open, ev.ID)
			delete(open, ev.ID)
			if len(e.Steps) == 0 {
				continue
			}
			if wanted[nth] {
				e.Episode, e.Total = ev, len(e.Steps)
				out = append(out, *e)
			}
			nth++
		}
	}
	return out, total, nil
}

func begun(open map[int64]*Episode, id int64) *Episode {
	e := open[id]
	if e == nil {
		e = &Episode{Steps: []lab.Step{}, Context: []lab.Context{}, Memory: []lab.Memory{}}
		open[id] = e
	}
	return e
}

// keptEpisodes counts the finished episodes with steps.
func keptEpisodes(rec *record.Reader) (n int) {
	for _, e := range rec.Episodes() {
		if e.Ended && e.Steps > 0 {
			n++
		}
	}
	return n
}

// Memories reads every operation on a run's memory, without what the page finds itself (the entry before) and does not show (vectors).
func Memories(ctx context.Context, r Run) ([]lab.Memory, error) {
	rec, err := record.Open(r.Record)
	if err != nil {
		return nil, named(err, r)
	}
	defer rec.Close()
	out := []lab.Memory{}
	for f, err := range rec.Frames(0, lab.KindMemory) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, named(err, r)
		}
		ev, err := f.Event()
		if err != nil {
			return nil, named(err, r)
		}
		m, ok := ev.(lab.Memory)
		if !ok {
			continue
		}
		m.Before = nil
		if m.After != nil {
			m.After.Vector = nil
		}
		out = append(out, m)
	}
	return out, nil
}
