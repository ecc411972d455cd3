//go:build desktop

package app

import (
	"context"

	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
)

// frameSetting is where the window's place is kept between two starts.
const frameSetting = "window"

// frame is the window's place on the screen.
type frame struct {
	X         int  `json:"x"`
	Y         int  `json:"y"`
	Width     int  `json:"width"`
	Height    int  `json:"height"`
	Maximised bool `json:"maximised"`
	Known     bool `json:"known"` // it was kept, not made up
}

func (f frame) placed() bool { return f.Known && !f.Maximised && f.X >= 0 && f.Y >= 0 }

func (f frame) start() options.WindowStartState {
	if f.Maximised {
		return options.Maximised
	}
	return options.Normal
}

// frame returns the place of the window when it was closed last. What is missing or out of range is the first size.
func (d *desktop) frame(ctx context.Context) frame {
	f := frame{}
	if err := d.env.store.FindSetting(ctx, frameSetting, &f); err != nil && lab.CodeOf(err) != lab.NotFound {
		d.env.log.Warn("the window's place cannot be read", "error", err)
	}
	if f.Width < 320 || f.Height < 400 || f.Width > 16384 || f.Height > 16384 {
		f = frame{Width: 1280, Height: 860}
	}
	return f
}

// keepFrame remembers where the window is.
func (d *desktop) keepFrame(wctx context.Context) {
	f := frame{Known: true, Maximised: runtime.WindowIsMaximised(wctx)}
	f.X, f.Y = runtime.WindowGetPosition(wctx)
	f.Width, f.Height = runtime.WindowGetSize(wctx)
	if f.Maximised { // its own size would be the screen's
		was := d.frame(wctx)
		f.X, f.Y, f.Width, f.Height = was.X, was.Y, was.Width, was.Height
	}
	if err := d.env.store.UpdateSetting(context.WithoutCancel(wctx), frameSetting, f); err != nil {
		d.env.log.Warn("the window's place cannot be kept", "error", err)
	}
}

// The answers to closing the window while work goes on.
const (
	keepGoing = "Keep going in the background"
	stopSoon  = "Stop after this episode"
)

// closing is asked when the person closes the window; true keeps it. While work goes on it asks once: keep going without a window, or
// stop behind the present unit of work. Either way what was done is kept.
func (d *desktop) closing(wctx context.Context) (prevent bool) {
	d.mu.Lock()
	over := d.ended
	d.mu.Unlock()
	if over { // the window is hidden, and its place was kept then
		return false
	}
	d.keepFrame(wctx)
	if d.working() == 0 {
		return false
	}
	answer, err := runtime.MessageDialog(wctx, runtime.MessageDialogOptions{
		Type: runtime.QuestionDialog, Title: "Work is going on",
		Message:       "Keep going in the background? Otherwise the work stops after this episode. Everything so far is kept.",
		Buttons:       []string{keepGoing, stopSoon},
		DefaultButton: keepGoing,
	})
	d.mu.Lock()
	d.ended = true
	d.mu.Unlock()
	if err == nil && (answer == stopSoon || answer == "No") { // GTK has its own words for a question's buttons
		d.finishAll()
	}
	runtime.WindowHide(wctx)
	return true
}

// working counts the jobs that go on.
func (d *desktop) working() (n int) {
	for _, j := range d.env.owner.Jobs() {
		if live(j) {
			n++
		}
	}
	return n
}

func live(j sched.Job) bool {
	switch j.State {
	case sched.Running, sched.Finishing:
		return true
	}
	return false
}

// finishAll lets every job stop behind its present unit of work.
func (d *desktop) finishAll() {
	for _, j := range d.env.owner.Jobs() {
		if live(j) {
			if _, err := d.env.owner.Control(j.ID, "finish"); err != nil {
				d.env.log.Warn("a job cannot be stopped", "job", j.ID, "error", err)
			}
		}
	}
}
