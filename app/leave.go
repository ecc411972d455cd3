package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
)

// leaveThere sends what the plan lacks to its target, and comes back when the target has it. What has ended there by now is fetched first, so
// that a halving sweep whose rung is back goes on to the next one.
func (c *cli) leaveThere(ctx context.Context, e *env, plan sched.Plan) error {
	if plan.Target == sched.Here {
		return lab.Errorf(lab.Invalid, "--leave is for runs that a target carries out; here they end with this command").WithHint("add --target NAME, or leave --leave out")
	}
	job, err := e.owner.Start(ctx, plan)
	if err != nil {
		return err
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		if job, err = e.owner.Job(job.ID); err != nil {
			return err
		}
		switch {
		case job.State == sched.Failed:
			return job.Err
		case job.State == sched.Done:
			fmt.Fprintln(c.err, "All runs are back. The same command without --leave shows what they found.")
			return nil
		case thereNow(job.Runs):
			fmt.Fprintln(c.err, leftWords(plan, job))
			return nil
		}
		<-tick.C
	}
	_, err = e.owner.Control(job.ID, "stop")
	return err
}

// thereNow tells whether runs are under way, and all of those at their target: just sent, or looked at since.
func thereNow(runs []sched.RunInfo) bool {
	under := 0
	for _, r := range runs {
		if r.State == sched.Done || r.State == sched.Failed {
			continue
		}
		if r.Where == "" || r.There.IsZero() && r.Where != sched.SentThere && !strings.HasPrefix(r.Where, sched.Unreached) {
			return false
		}
		under++
	}
	return under > 0
}

// leftWords says who has the runs, and what is still to come.
func leftWords(plan sched.Plan, job sched.Job) string {
	if plan.Sweep == nil || len(plan.Sweep.Rungs()) == 1 {
		return plan.Target + " has the runs. The same command without --leave fetches them."
	}
	at, all := 0, len(plan.Sweep.Rungs())
	for _, r := range job.Runs {
		at = max(at, r.Trial.Rung+1)
	}
	text := fmt.Sprintf("%s has the runs of rung %d of %d. ", plan.Target, at, all)
	if at == all {
		return text + "The same command without --leave fetches them, and so does Loci when it is open (`loci serve`)."
	}
	return text + fmt.Sprintf("Rung %d of %d starts when Loci is open (`loci serve`, or this command again) and those are back.", at+1, all)
}
