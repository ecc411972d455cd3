package app

import (
	"cmp"
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/target/meter"
)

// usedBy is what the runs of an arm in a case used at their training service.
type usedBy struct {
	arm, kase string
	runs      int
	sum       meter.Used
}

// add takes a run in.
func (u *usedBy) add(x meter.Used) {
	u.sum.Told, u.sum.Priced = u.sum.Told || x.Told, x.Priced && (u.sum.Priced || u.runs == 0)
	u.runs++
	if u.sum.Service == "" || !x.Priced {
		u.sum.Service, u.sum.Model = x.Service, cmp.Or(x.Model, "MODEL")
	}
	u.sum.Calls, u.sum.Input, u.sum.Output, u.sum.Trained = u.sum.Calls+x.Calls, u.sum.Input+x.Input, u.sum.Output+x.Output, u.sum.Trained+x.Trained
	u.sum.Waited, u.sum.Queued, u.sum.Dollars = u.sum.Waited+x.Waited, u.sum.Queued+x.Queued, u.sum.Dollars+x.Dollars
}

// row is a line of the table.
func (u usedBy) row() table.Row {
	queue, dollars := "not told", "no price"
	if u.sum.Told {
		queue = took(u.sum.Queued)
	}
	if u.sum.Priced {
		dollars = fmt.Sprintf("%.4f", u.sum.Dollars)
	}
	return table.Row{u.arm, u.kase, u.runs, u.sum.Input, u.sum.Output, u.sum.Trained, took(u.sum.Waited), queue, dollars}
}

// took says seconds as people do.
func took(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", seconds)
	case d < 90*time.Second:
		return fmt.Sprintf("%.0f s", seconds)
	case d < 90*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}

// used sums up what the runs of a plan used at their training service, an arm and case a line. A count that cannot be read is left out, and why
// is told.
func (c *cli) used(e *env, runs []sched.RunInfo) (all []usedBy, total usedBy) {
	total.arm = "all"
	at := map[sched.Place]int{}
	for _, r := range runs {
		x, err := e.owner.Used(r.Key)
		if err != nil {
			fmt.Fprintln(c.err, err)
		}
		if x == nil {
			continue
		}
		place := sched.Place{Arm: r.Arm, Case: r.Case}
		i, known := at[place]
		if !known {
			i, all = len(all), append(all, usedBy{arm: r.Arm, kase: r.Case})
			at[place] = i
		}
		all[i].add(*x)
		total.add(*x)
	}
	return all, total
}

// usedTable prints what the runs of a plan used at their training service; nothing where they asked none.
func (c *cli) usedTable(e *env, runs []sched.RunInfo) {
	all, total := c.used(e, runs)
	if len(all) == 0 {
		return
	}
	t := table.NewWriter()
	t.SetOutputMirror(c.out)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"at the service", "case", "runs", "tokens in", "out", "trained", "waited", "in its queue", "dollars"})
	for _, u := range all {
		t.AppendRow(u.row())
	}
	if len(all) > 1 {
		t.AppendSeparator()
		t.AppendRow(total.row())
	}
	t.Render()
	fmt.Fprintln(c.out, "all that these runs have used since they were begun; dollars by the target's prices")
	if x := total.sum; !x.Priced {
		fmt.Fprintf(c.out, "A price is set with `loci target price %s %s --input X --output Y --training Z`.\n", x.Service, x.Model)
	}
}
