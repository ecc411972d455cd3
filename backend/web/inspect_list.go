package web

import (
	"cmp"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
)

// choice says which episodes a list shows, and in which order.
type choice struct {
	split   string // "" for all
	outcome string // solved, failed, "" for both
	order   string // newest, failed, world
	seed    uint64 // of the world that order world puts first
	all     bool   // those without steps, too
	limit   int
	offset  int
}

func outcomes() []string { return []string{"", "solved", "failed"} }
func orders() []string   { return []string{"", "newest", "failed", "world"} }

// summarised returns the sums of all episodes that have ended, in the order of the record. Each is read once.
func (k *kept) summarised() ([]lab.Episode, error) {
	for i := len(k.inspect.summaries); i < len(k.episodes); i++ {
		e, err := k.at(k.episodes[i])
		if err != nil {
			return nil, err
		}
		k.inspect.summaries = append(k.inspect.summaries, e)
	}
	return k.inspect.summaries, nil
}

// list chooses among episodes.
func (c choice) list(all []lab.Episode) InspectList {
	out := InspectList{All: len(all), Splits: splitsOf(all), Episodes: []lab.Episode{}}
	fit := []int{}
	for i := range all {
		e := &all[i]
		if e.Detail {
			out.Kept++
		}
		if (c.all || e.Detail) && (c.split == "" || c.split == e.Split) && (c.outcome == "" || (c.outcome == "solved") == e.Success) {
			fit = append(fit, i)
		}
	}
	slices.SortFunc(fit, func(i, j int) int {
		return cmp.Or(cmp.Compare(c.rank(&all[i]), c.rank(&all[j])), cmp.Compare(j, i))
	})
	out.Total = len(fit)
	from := min(c.offset, len(fit))
	for _, i := range fit[from:min(from+c.limit, len(fit))] {
		out.Episodes = append(out.Episodes, all[i])
	}
	return out
}

// rank is what the order puts first; equal ranks stand newest first.
func (c choice) rank(e *lab.Episode) int {
	switch {
	case c.order == "failed" && e.Why == lab.EndFailed:
		return 0
	case c.order == "failed" && !e.Success:
		return 1
	case c.order == "world" && e.Seed == c.seed:
		return 0
	}
	return 2
}

// splitsOf counts kept episodes by split, in the order in which splits first came.
func splitsOf(all []lab.Episode) []SplitCount {
	out := []SplitCount{}
	at := map[string]int{}
	for i := range all {
		e := &all[i]
		if !e.Detail {
			continue
		}
		n, known := at[e.Split]
		if !known {
			n = len(out)
			at[e.Split] = n
			out = append(out, SplitCount{Name: e.Split})
		}
		out[n].Kept++
		if e.Success {
			out[n].Solved++
		}
	}
	return out
}
