package app

import (
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"

	"github.com/loci-lab/loci/backend/sched"
)

// bar shows a job's share of work, the runs that failed and the time left: on a terminal as one line that is written again, elsewhere as
// a line for every tenth, so that a log stays readable.
type bar struct {
	bar   *progressbar.ProgressBar // nil where no terminal is
	w     io.Writer
	tenth int // last one that was written
}

const barSteps = 1000

func newBar(w io.Writer) *bar {
	f, ok := w.(*os.File)
	if !ok || !isatty.IsTerminal(f.Fd()) {
		return &bar{w: w}
	}
	return &bar{w: w, bar: progressbar.NewOptions(barSteps,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetWidth(30),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionThrottle(200*time.Millisecond),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "#", SaucerHead: "#", SaucerPadding: ".", BarStart: "", BarEnd: ""}),
	)}
}

func (b *bar) show(j sched.Job) { b.draw(j.Share, describe(j)) }

func (b *bar) draw(share float64, text string) {
	if b.bar == nil {
		if tenth := int(share * 10); tenth > b.tenth {
			b.tenth = tenth
			fmt.Fprintf(b.w, "%3d %%  %s\n", tenth*10, text)
		}
		return
	}
	b.bar.Describe(text)
	_ = b.bar.Set(int(share * barSteps)) // a terminal that cannot be written to is no reason to stop a run
}

func (b *bar) end() {
	if b.bar != nil {
		_ = b.bar.Finish()
		fmt.Fprintln(b.w)
	}
}

// describe puts a job into a few words: runs done of all, failed ones, time left as a range.
func describe(j sched.Job) string {
	done, failed := 0, 0
	for _, r := range j.Runs {
		switch r.State {
		case sched.Done:
			done++
		case sched.Failed:
			failed++
		}
	}
	text := fmt.Sprintf("%d of %d runs", done, len(j.Runs)+j.Ahead)
	if failed > 0 {
		text += fmt.Sprintf(", %d failed", failed)
	}
	if left := timeLeft(j.Low, j.High); left != "" {
		text += ", " + left
	}
	if there := elsewhere(j.Runs); there != "" {
		text += "; " + there
	}
	return text
}

// timeLeft says a range of time as people say it: "3 to 5 min left". It is empty while nothing is known.
func timeLeft(low, high time.Duration) string {
	if low < 0 || high <= 0 {
		return ""
	}
	if high < 90*time.Second {
		lo, hi := round(low.Seconds()), round(high.Seconds())
		if lo == hi {
			return fmt.Sprintf("%.0f s left", hi)
		}
		return fmt.Sprintf("%.0f to %.0f s left", lo, hi)
	}
	lo, hi := math.Floor(low.Minutes()), math.Ceil(high.Minutes())
	if lo == hi {
		return fmt.Sprintf("%.0f min left", hi)
	}
	return fmt.Sprintf("%.0f to %.0f min left", lo, hi)
}

// round keeps a number of seconds from pretending to precision: steps of five above ten.
func round(s float64) float64 {
	if s > 10 {
		return math.Round(s/5) * 5
	}
	return math.Ceil(s)
}

// elsewhere says how the first run stands that a target carries out and that is not over, "" where there is none.
func elsewhere(runs []sched.RunInfo) string {
	for _, r := range runs {
		if r.Where == "" {
			continue
		}
		text := r.Where
		if r.Target != "" {
			text = r.Target + ": " + text
		}
		if !r.There.IsZero() {
			text += ", seen " + r.There.Local().Format("15:04")
		}
		return text
	}
	return ""
}
