package web

import (
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/sched"
)

func TestATimeLeftThatGrowsByHalfIsExplained(t *testing.T) {
	at := time.UnixMilli(1_800_000_000_000)
	job := func(left time.Duration, runs int, pace time.Duration) sched.Job {
		j := sched.Job{ID: "job-1", State: sched.Running, Low: left, High: left, Runs: make([]sched.RunInfo, runs)}
		for i := range j.Runs {
			j.Runs[i].Pace = pace
		}
		return j
	}
	type look struct {
		after time.Duration
		job   sched.Job
		want  string
	}
	paused := job(100*time.Second, 2, time.Second)
	paused.State = sched.Paused
	for name, looks := range map[string][]look{
		"it falls as expected": {{0, job(100*time.Second, 2, time.Second), ""}, {10 * time.Second, job(90*time.Second, 2, time.Second), ""}},
		"it grows a little":    {{0, job(100*time.Second, 2, time.Second), ""}, {10 * time.Second, job(130*time.Second, 2, time.Second), ""}},
		"runs were added":      {{0, job(100*time.Second, 2, time.Second), ""}, {time.Second, job(200*time.Second, 5, time.Second), "3 runs were added"}},
		"steps are slower": {{0, job(100*time.Second, 2, 500*time.Millisecond), ""},
			{time.Second, job(160*time.Second, 2, 1500*time.Millisecond), "a step takes 1.5 s now, 500 ms before"},
			{time.Minute, job(110*time.Second, 2, time.Second), "a step takes 1.5 s now, 500 ms before"},
			{140 * time.Second, job(10*time.Second, 2, time.Second), ""}},
		"little by little": {{0, job(100*time.Second, 1, 0), ""}, {20 * time.Second, job(100*time.Second, 1, 0), ""},
			{40 * time.Second, job(100*time.Second, 1, 0), "the last steps took longer than those before"}},
		"a pause": {{0, job(100*time.Second, 2, time.Second), ""}, {time.Second, paused, ""}, {300 * time.Second, job(99*time.Second, 2, time.Second), "it was paused"}},
	} {
		var l lefts
		for i, k := range looks {
			if got := l.why(k.job, at.Add(k.after)); got != k.want {
				t.Errorf("%s, look %d: %q, want %q", name, i, got, k.want)
			}
		}
	}
}
