package web

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/loci-lab/loci/backend/bundle"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
)

// writePage makes the page of an experiment.
func (s *Server) writePage(ctx context.Context, at string, sh *shared, req ShareRequest, opt bundle.Options, file string) ([]string, error) {
	script, style, err := bundle.Viewer(s.cfg.Pages)
	if err != nil {
		return nil, err
	}
	r := Report{Title: sh.Title, Author: sh.Author, Sentence: sh.sentence, Paper: sh.doc.Paper(), Budget: sh.Budget, Made: sh.Made, Seeds: []uint64{},
		Metrics: metricsOf(sh.doc.Paper()), Verdicts: sh.results.Verdicts, Table: sh.results.Table, Stale: sh.data.stale, Early: sh.data.early,
		Recorded: sh.data.recorded, Charts: []ReportChart{}, Runs: []ReportRun{}, LeftOut: []string{}}
	r.Cells = view(sh.doc, s.notebooks.prose.render).Cells
	for _, run := range sh.data.runs {
		if !slices.Contains(r.Seeds, run.Seed) {
			r.Seeds = append(r.Seeds, run.Seed)
		}
	}
	p := bundle.NewPage(opt)
	if err := s.chartsOf(ctx, at, sh, p, &r); err != nil {
		return nil, err
	}
	if err := s.runsOf(ctx, sh, req, opt, p, &r, int64(len(script)+len(style))); err != nil {
		return nil, err
	}
	if err := p.Add("report", r); err != nil {
		return nil, err
	}
	return r.LeftOut, p.Write(ctx, file, sh.Title, script, style)
}

// chartsOf draws every chart of the notebook on both grounds, and adds the raw values behind each.
func (s *Server) chartsOf(ctx context.Context, at string, sh *shared, p *bundle.Page, r *Report) error {
	var metrics []string
	for _, c := range sh.doc.Cells {
		spec, ok := c.Value.(*notebook.Chart)
		if c.Kind != notebook.ChartKind || !ok {
			continue
		}
		cell := cellData{doc: sh.doc, spec: *spec, metric: specOf(sh.doc.Paper(), spec.Metric), data: sh.data, keys: keysOf(sh.plan.Runs)}
		light, err := s.drawCell(c.ID, cell, lens{})
		if err != nil {
			return err
		}
		dark, err := s.drawCell(c.ID, cell, lens{dark: true})
		if err != nil {
			return err
		}
		title := spec.Title
		if title == "" {
			title = spec.Metric
		}
		r.Charts = append(r.Charts, ReportChart{Title: title, Metric: spec.Metric, Chart: light.wire(), Dark: dark.Option})
		if !slices.Contains(metrics, spec.Metric) {
			metrics = append(metrics, spec.Metric)
		}
	}
	for _, m := range metrics {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := p.Add("metric:"+m, rawCurves(sh.data, m)); err != nil {
			return err
		}
	}
	return nil
}

func rawCurves(g gathered, metric string) ReportCurves {
	out := ReportCurves{Metric: metric, Runs: []ReportCurve{}}
	for _, run := range g.runs {
		xs, ys, ok := g.src.Values(metric, run.Arm, run.Case, run.Seed)
		if !ok {
			continue
		}
		c := ReportCurve{Arm: run.Arm, Case: run.Case, Seed: run.Seed, X: xs, Y: make([]lab.Float, len(ys))}
		for i, y := range ys {
			c.Y[i] = lab.Float(y)
		}
		out.Runs = append(out.Runs, c)
	}
	return out
}

// runsOf adds the episodes and the memory of every run, as far as they fit.
func (s *Server) runsOf(ctx context.Context, sh *shared, req ShareRequest, opt bundle.Options, p *bundle.Page, r *Report, viewer int64) error {
	share, withMemory, err := fitting(ctx, sh.Runs, req.Detail, s.cfg.Sharing.pageLimit()-p.Bytes()-viewer)
	if err != nil {
		return err
	}
	if req.Detail.Memory && !withMemory {
		r.LeftOut = append(r.LeftOut, "The memory's history is left out: with it the page would be too large. The .loci file holds it.")
	}
	for i, run := range sh.Runs {
		if slices.Contains(opt.Without, "runs/"+run.Key) {
			r.LeftOut = append(r.LeftOut, fmt.Sprintf("Run %s is left out.", run.Key))
			continue
		}
		row := ReportRun{Setup: run.Setup}
		for _, info := range sh.data.runs {
			if info.Key == run.Key {
				row.Row = rowOf(info, sh.Budget)
			}
		}
		if req.Detail.Episodes {
			found, total, err := bundle.Episodes(ctx, run, share)
			if err != nil {
				return err
			}
			row.Kept, row.Episodes = total, len(found)
			if len(found) < total {
				r.LeftOut = append(r.LeftOut, fmt.Sprintf("%s, seed %d: %d of %d kept episodes are in this page, evenly spread; the .loci file holds all.",
					run.Arm, run.Seed, len(found), total))
			}
			if len(found) > 0 {
				if err := p.Add("episodes:"+run.Key, found); err != nil {
					return err
				}
			}
		}
		if withMemory {
			found, err := bundle.Memories(ctx, run)
			if err != nil {
				return err
			}
			if row.Memory = len(found); row.Memory > 0 {
				if err := p.Add("memory:"+run.Key, found); err != nil {
					return err
				}
			}
		}
		r.Runs = append(r.Runs, row)
		if opt.Progress != nil {
			opt.Progress(int64(i+1), int64(len(sh.Runs)), run.Arm+", seed "+fmt.Sprint(run.Seed))
		}
	}
	return nil
}

// fitting tells which share of the episodes fits beside the memory's history into so many bytes of base64.
func fitting(ctx context.Context, runs []bundle.Run, d bundle.Detail, room int64) (share float64, memory bool, err error) {
	var episodes, ops int64
	for _, r := range runs {
		one, err := bundle.MeasureRun(ctx, r)
		if err != nil {
			return 0, false, err
		}
		episodes += one.Episodes * 4 / 3
		ops += one.Memory * 4 / 3
	}
	memory = d.Memory && ops <= room*3/4
	if memory {
		room -= ops
	}
	if episodes <= room || episodes == 0 {
		return 1, memory, nil
	}
	return math.Max(0, float64(room)/float64(episodes)), memory, nil
}

// pageLimit is the size above which a page holds fewer episodes.
func (s Sharing) pageLimit() int64 {
	if s.PageLimit > 0 {
		return s.PageLimit
	}
	return bundle.PageLimit
}
