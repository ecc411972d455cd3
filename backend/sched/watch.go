package sched

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/loci-lab/loci/backend/hub"
	"github.com/loci-lab/loci/backend/lab"
)

const (
	watchPause  = 10 * time.Second
	longWork    = time.Minute      // work that took longer is worth a notice when it ends
	leastQuiet  = 30 * time.Second // silence that may mean something
	quietMedian = 5                // median units of silence that mean something
)

// Disk tells of the disk where the data lie.
type Disk struct {
	Free  func() (bytes int64, err error)
	Floor func() int64 // bytes; with less free no run begins and running work is paused; 0 for none
}

// room returns nil where enough of the disk is free, and else a Budget error. A disk that cannot be asked is taken for large enough.
func (o *Owner) room() error {
	if o.Disk.Free == nil || o.Disk.Floor == nil {
		return nil
	}
	floor := o.Disk.Floor()
	free, err := o.Disk.Free()
	if err != nil || free >= floor {
		return nil
	}
	return lab.Errorf(lab.Budget, "%s of disk are free where the data lie, less than the floor of %s", gigabytes(free), gigabytes(floor)).
		WithHint("free some space, empty the bin, or lower the floor under Settings, Limits")
}

func gigabytes(n int64) string { return fmt.Sprintf("%.1f GB", float64(n)/1e9) }

// watch looks now and then whether the disk has room and whether every run is heard. It ends with the owner.
func (o *Owner) watch(ctx context.Context) {
	tick := time.NewTicker(watchPause)
	defer tick.Stop()
	said := map[string]bool{} // runs whose silence was told
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		o.guardDisk()
		o.hearRuns(said)
	}
}

// guardDisk pauses all work where the disk gets too small.
func (o *Owner) guardDisk() {
	err := o.room()
	if err == nil {
		return
	}
	o.mu.Lock()
	jobs := slices.Clone(o.jobs)
	o.mu.Unlock()
	paused := 0
	for _, j := range jobs {
		if o.view(j).State == Running {
			if _, err := o.Control(j.id, "pause"); err == nil {
				paused++
			}
		}
	}
	if paused > 0 {
		o.notice("warn", fmt.Sprintf("Paused: %v; %s", err, lab.HintOf(err)))
	}
}

// hearRuns tells once of every run that has been silent for five median units, at least 30 s.
func (o *Owner) hearRuns(said map[string]bool) {
	o.mu.Lock()
	all := make([]*live, 0, len(o.live))
	for _, l := range o.live {
		all = append(all, l)
	}
	o.mu.Unlock()
	now := o.Now()
	for _, l := range all {
		l.mu.Lock()
		info, usual := l.info, l.pace.median()
		l.mu.Unlock()
		quiet := now.Sub(info.Heard)
		if info.State != Running || usual == 0 || quiet < max(leastQuiet, quietMedian*usual) {
			delete(said, info.Key)
			continue
		}
		if !said[info.Key] {
			said[info.Key] = true
			o.notice("warn", fmt.Sprintf("No news for %s from %s", spoken(quiet), runName(info)))
		}
	}
}

func runName(i RunInfo) string {
	name := i.Arm
	if i.Case != "" {
		name += ", " + i.Case
	}
	return fmt.Sprintf("%s, seed %d", name, i.Seed)
}

// median is the usual time between two progress events, 0 before five were heard.
func (p *pace) median() time.Duration {
	if len(p.at) < 6 {
		return 0
	}
	gaps := make([]time.Duration, 0, len(p.at)-1)
	for i := 1; i < len(p.at); i++ {
		gaps = append(gaps, p.at[i].Sub(p.at[i-1]))
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}

// notice tells the person something, on pages and from the window.
func (o *Owner) notice(level, text string) {
	o.Hub.Publish(hub.Notices, -1, lab.Log{Level: level, Text: text})
}

// tellEnd tells of long work that is over, and of short work that failed.
func (o *Owner) tellEnd(j *job) {
	v, claims := o.view(j), 0
	if j.doc != nil && j.sweep == nil { // a sweep judges nothing
		claims = len(j.doc.Claims())
	}
	took := o.Now().Sub(j.started)
	failed := 0
	for _, r := range v.Runs {
		if r.State == Failed {
			failed++
		}
	}
	switch {
	case failed > 0:
		o.notice("error", fmt.Sprintf("%d of %d runs failed: %s", failed, len(v.Runs), v.Title))
	case v.State != Done || took <= longWork:
	case claims > 0:
		o.notice("info", fmt.Sprintf("Done after %s: %s. %s can be judged now", spoken(took), v.Title, counted(claims, "claim")))
	default:
		o.notice("info", fmt.Sprintf("Done after %s: %s", spoken(took), v.Title))
	}
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func spoken(d time.Duration) string {
	switch {
	case d < 90*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 90*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}
