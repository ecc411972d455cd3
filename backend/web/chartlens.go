package web

import (
	"net/url"
	"strconv"

	"github.com/loci-lab/loci/backend/chart"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/series"
)

// lens is how a page wants to see a chart. The zero lens is the one that all pages share: everything, light, as the notebook says.
type lens struct {
	dark   bool
	window *series.Window
	smooth int // points of the trailing mean; -1 for none, 0 as the notebook says
}

// mostSmooth bounds the window of a mean.
const mostSmooth = 1_000_000

func lensOf(q url.Values) (lens, error) {
	v := lens{dark: q.Get("dark") == "1"}
	var err error
	if v.window, err = windowOf(q); err != nil {
		return lens{}, err
	}
	if text := q.Get("smooth"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > mostSmooth {
			return lens{}, lab.Errorf(lab.Invalid, "smooth is %q, want points from 0 to %d", text, mostSmooth)
		}
		if v.smooth = n; n <= 1 {
			v.smooth = -1
		}
	}
	return v, nil
}

// windowOf reads the part of the x axis that an address names; nil for everything.
func windowOf(q url.Values) (*series.Window, error) {
	from, to := q.Get("from"), q.Get("to")
	if from == "" && to == "" {
		return nil, nil
	}
	var w series.Window
	var err1, err2 error
	w.From, err1 = strconv.ParseInt(from, 10, 64)
	w.To, err2 = strconv.ParseInt(to, 10, 64)
	if err1 != nil || err2 != nil || w.To <= w.From || w.To-w.From < 0 {
		return nil, lab.Errorf(lab.Invalid, "the window is from %q to %q, want two whole numbers, the first below the second", from, to)
	}
	return &w, nil
}

// over asks for the chart as this lens wants it. A live axis grows by doubling as long as nobody chose a window.
func (v lens) over(c chart.Curves, smoothing int, live bool, most int) chart.Curves {
	c.Window, c.Live, c.Smooth, c.Columns = v.window, live && v.window == nil, smoothing, min(columns(c.Arms), most)
	if v.smooth != 0 {
		c.Smooth = max(v.smooth, 0)
	}
	return c
}
