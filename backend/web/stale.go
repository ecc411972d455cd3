package web

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/store"
)

// stale lists what was changed since runs were made that still stand in pictures, in the places of runs that were never begun.
func (s *Server) stale(r *http.Request) (any, error) {
	q := r.URL.Query()
	b, err := budget(q.Get("budget"))
	if err != nil {
		return nil, err
	}
	path := q.Get("path")
	out := Stale{Fields: []StaleField{}, Runs: []StaleRun{}}
	plan, err := s.known(r.Context(), path, b)
	if lab.CodeOf(err) == lab.Invalid {
		return out, nil // a notebook with problems plans nothing; its problems stand elsewhere
	}
	if err != nil {
		return nil, err
	}
	if _, ok := s.recordedFor(r.Context(), path, plan); ok || !slices.ContainsFunc(plan.Runs, neverBegun) {
		return out, nil
	}
	old, err := s.older(r.Context(), path, plan)
	if err != nil {
		return nil, err
	}
	for _, run := range plan.Runs {
		if k := inPlaceOf(old, run, path); k >= 0 {
			out.add(old[k], run)
		}
	}
	return out, nil
}

func neverBegun(r sched.RunInfo) bool { return r.State == "" }

// inPlaceOf finds the newest finished run of the same arm, case and seed for one that was never begun; -1 where there is none.
func inPlaceOf(old []store.Run, r sched.RunInfo, at string) int {
	if !neverBegun(r) {
		return -1
	}
	return slices.IndexFunc(old, func(o store.Run) bool { // newest first
		return o.Arm == r.Arm && o.Case == r.Case && o.Seed == r.Seed && filepath.Base(o.Notebook) == filepath.Base(at)
	})
}

func (s *Stale) add(old store.Run, now sched.RunInfo) {
	changes := differences(old, now)
	if !slices.ContainsFunc(s.Runs, func(r StaleRun) bool { return r.Arm == now.Arm && r.Case == now.Case }) {
		s.Runs = append(s.Runs, StaleRun{now.Arm, now.Case, strings.Join(changes, ", ")})
	}
	for _, c := range changes {
		path, was, ok := strings.Cut(c, " ")
		if !ok || !strings.Contains(path, ".") {
			continue // an earlier version of the code changed no field
		}
		i := slices.IndexFunc(s.Fields, func(f StaleField) bool { return f.Path == path && f.Was == was })
		if i < 0 {
			i = len(s.Fields)
			s.Fields = append(s.Fields, StaleField{Path: path, Was: was, Arms: []string{}})
		}
		if !slices.Contains(s.Fields[i].Arms, now.Arm) {
			s.Fields[i].Arms = append(s.Fields[i].Arms, now.Arm)
		}
	}
}
