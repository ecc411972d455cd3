package web

import (
	"cmp"
	"context"
	"slices"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/chart"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/store"
)

// runMetric names one metric of one run, or of all seeds of its arm.
type runMetric struct {
	key, metric string
	all         bool
}

// drawRun makes the picture of one metric of one run.
func (s *Server) drawRun(ctx context.Context, m runMetric, v lens) (picture, error) {
	c, err := s.runData(ctx, m)
	if err != nil {
		return picture{}, err
	}
	s.curves.mu.Lock()
	defer s.curves.mu.Unlock()
	s.fillRun(&c)
	p := picture{cell: m.metric, early: c.data.early, recorded: c.data.recorded, keys: c.keys, moves: true}
	ask := chart.Curves{Metric: c.metric, Title: m.metric, Dark: v.dark, Arms: c.arms}
	p.Chart, err = chart.Learning(v.over(ask, 0, c.data.early, runColumns))
	return p, err
}

// runData gathers one metric of one run; its arm comes with fillRun.
func (s *Server) runData(ctx context.Context, m runMetric) (cellData, error) {
	info, err := s.runInfo(ctx, m.key)
	if err != nil || info.State == "" || info.State == sched.Queued {
		if c, ok := s.recordedRun(ctx, m.key, m.metric); ok {
			return c, nil
		}
	}
	if err != nil {
		return cellData{}, err
	}
	c := cellData{metric: specOf(info.Setup.Paper, m.metric), place: s.placeOf(info), data: gathered{runs: []sched.RunInfo{info}}}
	if m.all {
		c.data.runs = append(c.data.runs, s.otherSeeds(ctx, info)...)
		slices.SortFunc(c.data.runs, func(a, b sched.RunInfo) int { return cmp.Compare(a.Seed, b.Seed) })
	}
	c.keys = keysOf(c.data.runs)
	c.data.early = slices.ContainsFunc(c.data.runs, func(r sched.RunInfo) bool { return r.State == sched.Running || r.State == sched.Paused })
	c.data.src = s.cfg.Owner.Source(ctx, sched.Plan{Budget: info.Setup.Budget, Runs: c.data.runs})
	return c, nil
}

// otherSeeds are the siblings of a run that have begun.
func (s *Server) otherSeeds(ctx context.Context, info sched.RunInfo) []sched.RunInfo {
	var out []sched.RunInfo
	d := RunDetail{Row: rowOf(info, info.Setup.Budget), Setup: info.Setup}
	if runs, _, err := s.cfg.Library.FindRuns(ctx, store.RunFilter{Keys: []string{info.Key}, Limit: 1}); err == nil && len(runs) > 0 {
		d.Notebook, d.Code = runs[0].Notebook, runs[0].Code
	}
	for _, row := range s.siblings(ctx, d) {
		if row.State == "" || row.State == sched.Queued {
			continue
		}
		other := sched.RunInfo{Key: row.Key, State: row.State}
		other.Arm, other.Case, other.Seed, other.Setup = row.Arm, row.Case, row.Seed, info.Setup
		out = append(out, other)
	}
	return out
}

// recordedRun finds the recorded values of a run that an open notebook asks for and that was not begun here.
func (s *Server) recordedRun(ctx context.Context, key, metric string) (cellData, bool) {
	at, plan, i, ok := s.planned(key)
	if !ok {
		return cellData{}, false
	}
	plan.Runs = slices.Clone(plan.Runs)
	for k := range plan.Runs { // what was begun of the others does not matter
		plan.Runs[k].State = ""
	}
	data, err := s.gather(ctx, at.path, plan)
	if err != nil || data.recorded == "" {
		return cellData{}, false
	}
	info := data.runs[i]
	data.runs, data.early = []sched.RunInfo{info}, false
	return cellData{metric: specOf(info.Setup.Paper, metric), keys: []string{key}, place: s.placeOf(info), data: data}, true
}

// fillRun reads the values of a run's chart. The caller holds the lock of the curves until it has drawn them.
func (s *Server) fillRun(c *cellData) {
	first := c.data.runs[0]
	arm := chart.Arm{Name: first.Arm, Case: first.Case, Place: c.place}
	for _, info := range c.data.runs {
		if raw := s.curves.get(c.data, info, c.metric.Name); raw.Len() > 0 {
			arm.Runs = append(arm.Runs, chart.Run{Seed: info.Seed, Raw: raw, Key: info.Key})
		}
	}
	c.arms = []chart.Arm{arm}
}

// planned finds a run among those that the open notebooks ask for: it may never have been begun.
func (s *Server) planned(key string) (at address, plan sched.Plan, place int, ok bool) {
	s.plans.mu.Lock()
	defer s.plans.mu.Unlock()
	for at, had := range s.plans.kept {
		if i := slices.IndexFunc(had.plan.Runs, func(r sched.RunInfo) bool { return r.Key == key }); i >= 0 {
			return at, had.plan, i, true
		}
	}
	return address{}, sched.Plan{}, 0, false
}

// runInfo finds a run as the owner knows it, else as the library does, else as its record says: to open a large record takes longer than to
// draw it.
func (s *Server) runInfo(ctx context.Context, key string) (sched.RunInfo, error) {
	for _, j := range s.cfg.Owner.Jobs() {
		for _, r := range j.Runs {
			if r.Key == key {
				return r, nil
			}
		}
	}
	var info sched.RunInfo
	if runs, _, err := s.cfg.Library.FindRuns(ctx, store.RunFilter{Keys: []string{key}, Limit: 1}); err == nil && len(runs) > 0 && runs[0].State == store.Done {
		r := runs[0]
		info.Key, info.State = key, sched.Done
		info.Arm, info.Case, info.Seed, info.Setup = r.Arm, r.Case, r.Seed, r.Setup
		return info, nil
	}
	err := s.records.with(key, func(k *kept) error {
		row := k.row()
		info.Key, info.State = key, row.State
		info.Arm, info.Case, info.Seed, info.Setup = row.Arm, row.Case, row.Seed, k.start.Setup
		return nil
	})
	return info, err
}

// placeOf is the place of a run's arm in its notebook, so that it has its colour there.
func (s *Server) placeOf(r sched.RunInfo) int {
	p, err := catalog.Find(r.Setup.Paper)
	if err != nil {
		return 0
	}
	doc, err := s.notebooks.document(shippedPath(p.Card))
	if err != nil {
		return 0
	}
	return max(slices.IndexFunc(doc.Arms(), func(a notebook.Arm) bool { return a.Name == r.Arm }), 0)
}
