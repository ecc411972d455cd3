package sched

import (
	"context"
	"errors"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
)

// Adopt goes on with the halving sweeps that earlier processes left, and follows what else they sent away and did not bring back, as a job for
// each sweep and order. Who opens the pages wants that; a command that runs a notebook follows that notebook's runs alone. What fails keeps the
// others from nothing, and is tried again the next time.
func (o *Owner) Adopt(ctx context.Context) error {
	theirs, failed := o.resume(ctx)
	for _, t := range o.tickets() {
		plan, err := o.adopted(ctx, &t, theirs)
		if err == nil && len(t.missing()) == 0 {
			o.clearLater(t)
		}
		if err == nil && len(plan.Runs) > 0 {
			_, err = o.Start(ctx, plan)
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// adopted is a plan of the runs that a ticket lacks, but for theirs, which the job of a sweep carries out. Those that are whole here all the
// same are crossed off: when they came back, the disk was full and took no note of it, or this process was killed.
func (o *Owner) adopted(ctx context.Context, t *ticket, theirs map[string]bool) (Plan, error) {
	plan := Plan{File: t.File, Title: t.Title, Budget: t.Budget, Target: t.Target}
	missing := t.missing()
	var back []string
	for _, s := range t.Order.Runs {
		if !missing[s.Key] || theirs[s.Key] {
			continue
		}
		info, err := o.inspect(ctx, s.Key)
		if err != nil {
			return Plan{}, err
		}
		if info.State == Done {
			back = append(back, s.Key)
			continue
		}
		info.Key, info.Planned = s.Key, notebook.Planned{Arm: s.Arm, Case: s.Case, Seed: s.Seed, Setup: s.Setup}
		plan.Runs = append(plan.Runs, info)
	}
	if len(back) > 0 {
		if err := o.crossOff(t, back...); err != nil {
			return Plan{}, err
		}
	}
	return plan, nil
}

// reachable refuses a plan whose target is none, or whose runs only this process can do.
func (o *Owner) reachable(plan Plan) error {
	if plan.Target == "" || plan.Target == Here {
		return nil
	}
	if o.Places == nil {
		return lab.Errorf(lab.Invalid, "target is %q, but no target can be used here", plan.Target).WithHint("write target: here")
	}
	for _, r := range plan.Runs {
		if kind, name, ok := strings.Cut(r.Setup.Model, " "); ok {
			return lab.Errorf(lab.Invalid, "a run with model: %s %s stays on this computer, which asks that %s: it cannot be sent to %s", kind, name, kind, plan.Target).
				WithHint("write target: here, or model: tiny")
		}
		if data, err := o.data(r.Setup); err != nil || data != "" {
			return lab.Errorf(lab.Invalid, "a run that reads imported data stays on this computer: it cannot be sent to %s", plan.Target).WithHint("write target: here")
		}
	}
	there, err := o.Places(plan.Target)
	if err != nil {
		return err
	}
	return there.Close()
}
