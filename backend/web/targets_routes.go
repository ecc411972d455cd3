package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/settings"
	"github.com/loci-lab/loci/backend/store"
	"github.com/loci-lab/loci/backend/target"
)

// targetRoutes lists the addresses of the Targets screen.
func (s *Server) targetRoutes(m *http.ServeMux) {
	m.Handle("GET /api/targets", s.answer(s.targets))
	m.Handle("POST /api/target", s.answer(s.putTarget))
	m.Handle("POST /api/target/{name}/remove", s.answer(s.removeTarget))
	m.Handle("POST /api/target/{name}/test", s.answer(s.startTest))
	m.Handle("GET /api/target/{name}/test", s.answer(s.readTest))
	m.Handle("POST /api/target/{name}/start", s.answer(s.startService))
	m.Handle("POST /api/target/{name}/stop", s.answer(s.stopService))
	m.Handle("GET /api/target/{name}/state", s.answer(s.serviceState))
}

// Most of what a target is listed with.
const (
	mostWork = 200 // runs
	pastRuns = 20  // finished runs that the ranges rest on
)

func (s *Server) targets(r *http.Request) (any, error) {
	page := TargetsPage{Targets: []TargetRow{}, Kinds: []TargetKind{}}
	work := s.workByModel()
	if s.cfg.Computer != nil {
		page.Computer = s.cfg.Computer()
	}
	page.Computer.Name, page.Computer.Kernel, page.Computer.AskedMS = s.cfg.Machine, s.cfg.Kernel, millis(s.cfg.Now())
	page.Computer.AtATime = int(s.cfg.Settings.Number(settings.Jobs))
	page.Computer.Work = everywhere(work)
	for _, k := range target.Kinds() {
		page.Kinds = append(page.Kinds, TargetKind{k.Name, k.Title, k.Doc, k.Sends, k.Fields, append([]target.Form{}, k.Starts...)})
	}
	all, err := s.readTargets()
	if err != nil {
		return nil, err
	}
	kept, err := s.keptSecrets(r.Context())
	if err != nil {
		return nil, err
	}
	for _, f := range all.Forms() {
		row, err := s.targetRow(r.Context(), all, f, work, kept)
		if err != nil {
			return nil, err
		}
		page.Targets = append(page.Targets, row)
	}
	return page, nil
}

func (s *Server) readTargets() (target.Targets, error) {
	if s.cfg.TargetFile == "" {
		return target.Targets{}, nil
	}
	return target.Read(s.cfg.TargetFile)
}

// keptSecrets are the names that have a value.
func (s *Server) keptSecrets(ctx context.Context) (map[string]bool, error) {
	kept := map[string]bool{}
	if s.cfg.Secrets == nil {
		return kept, nil
	}
	all, err := s.cfg.Secrets.List(ctx)
	for _, k := range all {
		kept[k.Name] = true
	}
	return kept, err
}

func (s *Server) targetRow(ctx context.Context, all target.Targets, f target.Form, work map[string][]RunRow, kept map[string]bool) (TargetRow, error) {
	k, err := target.FindKind(f.Kind)
	if err != nil {
		return TargetRow{}, err
	}
	secret := f.Values["secret"]
	row := TargetRow{Form: f, Here: f.Here(), SecretKept: secret == "" || kept[secret], Price: f.Price(), Test: s.tests.find(f.Name), Services: []string{}}
	row.place(all, k)
	if k.Runs {
		row.Work = summed(work[placeKey(f.Name)])
		return row, nil
	}
	model := k.Model + " " + f.Name
	row.Work = summed(work[model])
	row.Past, err = s.past(ctx, model)
	return row, err
}

// place says where a target is, and what of Loci's runs there.
func (row *TargetRow) place(all target.Targets, k target.Kind) {
	row.Address, row.Runs = row.Values["url"], k.Runs
	if m, err := all.Machine(row.Name); err == nil {
		row.Address, row.Here = m.Address(), m.Value("host") == "" && m.Kind != target.Ray
	}
	for _, s := range all.Services {
		l := s.Launch
		if l != nil && s.Name == row.Name {
			row.Address, row.Started = l.Title()+" on "+l.On, l.Started != ""
			if m, err := all.Machine(l.On); err == nil {
				row.Here = m.Value("host") == "" && m.Kind != target.Ray
			}
		}
		if l != nil && l.On == row.Name && l.Started != "" {
			row.Services = append(row.Services, s.Name)
		}
	}
}

// placeKey is under which the work of a machine is sorted; no rung is called so.
func placeKey(name string) string { return "\x00" + name }

// past sums up the last finished runs of a rung.
func (s *Server) past(ctx context.Context, model string) (TargetPast, error) {
	runs, _, err := s.cfg.Library.FindRuns(ctx, store.RunFilter{Model: model, States: []store.State{store.Done}, Limit: pastRuns})
	if err != nil || len(runs) == 0 {
		return TargetPast{}, err
	}
	p := TargetPast{Runs: len(runs), SecondsLo: finite(runs[0].Seconds), DollarsLo: dollars(runs[0])}
	for _, r := range runs {
		p.SecondsLo, p.SecondsHi = min(p.SecondsLo, finite(r.Seconds)), max(p.SecondsHi, finite(r.Seconds))
		p.DollarsLo, p.DollarsHi = min(p.DollarsLo, dollars(r)), max(p.DollarsHi, dollars(r))
	}
	return p, nil
}

// dollars is what a run spent, as its paper measured.
func dollars(r store.Run) float64 { return finite(float64(r.Final["dollars"])) }

// workByModel lists the runs that the owner has under way or that failed, by the machine that carries them out, else by their rung.
func (s *Server) workByModel() map[string][]RunRow {
	by := map[string][]RunRow{}
	seen := map[string]bool{}
	for _, j := range s.cfg.Owner.Jobs() { // newest first
		for _, r := range j.Runs {
			if seen[r.Key] {
				continue
			}
			seen[r.Key] = true
			row := rowOf(r, j.Budget)
			if r.Target != "" && r.Target != sched.Here {
				by[placeKey(r.Target)] = append(by[placeKey(r.Target)], row)
				continue
			}
			by[r.Setup.Model] = append(by[r.Setup.Model], row)
		}
	}
	return by
}

// everywhere is the work of this computer: every run that no machine carries out goes on here, also one whose model answers elsewhere.
func everywhere(work map[string][]RunRow) TargetWork {
	var all []RunRow
	for by, rows := range work {
		if !strings.HasPrefix(by, placeKey("")) {
			all = append(all, rows...)
		}
	}
	return summed(all)
}

// summed counts runs and lists those that matter, failed first.
func summed(rows []RunRow) TargetWork {
	w := TargetWork{Runs: []RunRow{}}
	order := map[string]int{sched.Failed: 1, sched.Running: 2, sched.Paused: 3, sched.Queued: 4}
	for _, r := range rows {
		switch r.State {
		case sched.Failed:
			w.Failed++
		case sched.Running, sched.Paused:
			w.Running++
		case sched.Queued:
			w.Queued++
		default:
			continue
		}
		w.Runs = append(w.Runs, r)
	}
	slices.SortStableFunc(w.Runs, func(a, b RunRow) int {
		return cmp.Or(cmp.Compare(order[a.State], order[b.State]), strings.Compare(a.Arm, b.Arm), strings.Compare(a.Case, b.Case), cmp.Compare(a.Seed, b.Seed))
	})
	w.Runs = w.Runs[:min(len(w.Runs), mostWork)]
	return w
}

func (s *Server) updateTargets(change func(*target.Targets) error) error {
	if s.cfg.TargetFile == "" {
		return lab.Errorf(lab.Unavailable, "this server keeps no targets").WithHint("open Loci with `loci open`")
	}
	return target.Update(s.cfg.TargetFile, change)
}

func (s *Server) putTarget(r *http.Request) (any, error) {
	var c TargetChange
	if err := decode(r, &c); err != nil {
		return nil, err
	}
	if err := s.updateTargets(func(all *target.Targets) error { return all.PutForm(c.Form, c.Replace) }); err != nil {
		return nil, err
	}
	s.tests.forget(c.Name)
	return s.targets(r)
}

func (s *Server) removeTarget(r *http.Request) (any, error) {
	name := r.PathValue("name")
	var was target.Form
	err := s.updateTargets(func(all *target.Targets) (err error) {
		if was, err = all.Form(name); err != nil {
			return err
		}
		return all.Remove(name)
	})
	if err != nil {
		return nil, err
	}
	s.tests.forget(name)
	return TargetRow{Form: was, Work: summed(nil), Services: []string{}}, nil
}
