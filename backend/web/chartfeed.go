package web

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/chart"
	"github.com/loci-lab/loci/backend/lab"
)

// chartFeed is a topic of points: of a chart cell, or of one metric of one run. All its pages share one picture a version.
type chartFeed struct {
	pulse
	topic string
	draw  func(ctx context.Context) (picture, error)

	drawing sync.Mutex    // held while the picture is made
	shown   *shownPicture // newest picture

	mu     sync.Mutex      // never held for long
	marks  map[string]mark // runs of the picture, as they were at the last moment
	keys   []string        // of the runs in the picture; nil before the first
	slow   time.Duration   // what making the picture took
	inside bool            // the points stand in the option itself
}

// shownPicture is a picture as pages have it.
type shownPicture struct {
	version uint64
	frame   string // what must be equal for points alone to bring a page up to date
	picture picture
}

// newChartFeed makes the topic chart:PATH#CELL@BUDGET.
func newChartFeed(s *Server, name string, wake func()) (feed, error) {
	path, rest, ok := strings.Cut(name, "#")
	cell, b, hasBudget := cutLast(rest, "@")
	if !ok || !hasBudget {
		return nil, lab.Errorf(lab.Invalid, "topic %q names no chart, want chart:PATH#CELL@BUDGET", "chart:"+name)
	}
	b, err := budget(b)
	if err != nil {
		return nil, err
	}
	if _, err := s.notebooks.places.find(path); err != nil {
		return nil, err
	}
	return &chartFeed{
		pulse: pulse{wake: wake}, topic: "chart:" + name,
		draw: func(ctx context.Context) (picture, error) { return s.draw(ctx, address{path, cell, b}, lens{}) },
	}, nil
}

// newRunChartFeed makes the topic runchart:KEY#METRIC, or runchart:KEY#METRIC@all with the other seeds of its arm.
func newRunChartFeed(s *Server, name string, wake func()) (feed, error) {
	key, metric, ok := strings.Cut(name, "#")
	if !ok {
		return nil, lab.Errorf(lab.Invalid, "topic %q names no metric, want runchart:KEY#METRIC", "runchart:"+name)
	}
	metric, all := strings.CutSuffix(metric, "@all")
	return &chartFeed{
		pulse: pulse{wake: wake}, topic: "runchart:" + name,
		draw: func(ctx context.Context) (picture, error) { return s.drawRun(ctx, runMetric{key, metric, all}, lens{}) },
	}, nil
}

func cutLast(text, sep string) (before, after string, found bool) {
	i := strings.LastIndex(text, sep)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(sep):], true
}

// pause leaves at least three quarters of a processor to the runs, however long a picture takes.
func (f *chartFeed) pause() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.inside {
		return max(resultsPause, 4*f.slow)
	}
	return max(chartPause, 4*f.slow)
}

func (f *chartFeed) hear(m moment) {
	f.mu.Lock()
	now := map[string]mark{}
	for _, key := range f.keys {
		now[key] = m.runs[key]
	}
	moved := !maps.Equal(now, f.marks)
	f.marks = now
	f.mu.Unlock()
	if moved {
		f.beat()
	}
}

// news brings the points that changed since the page's last look. What points cannot say (another series, a longer axis) is a word to
// read the chart again. A page has the chart from its own request when it begins to watch; then only a live one is sent once more, in
// case something came in between.
func (f *chartFeed) news(ctx context.Context, cursor any) ([]message, any, error) {
	now, err := f.picture(ctx)
	if err != nil {
		return nil, nil, err
	}
	had, _ := cursor.(*shownPicture)
	switch {
	case had == nil && !now.picture.early:
		return nil, now, nil
	case had == nil:
		had = &shownPicture{frame: now.frame}
	case had.version == now.version:
		return nil, now, nil
	}
	if had.frame != now.frame {
		return []message{{again: true}}, now, nil
	}
	changes := chart.Changes(had.picture.Series, now.picture.Series)
	if len(changes) == 0 {
		return nil, now, nil
	}
	topic := f.topic
	return []message{{bin: func(number int64) []byte {
		return chart.Frame{Topic: topic, Number: uint64(number), Series: changes}.Encode(nil)
	}}}, now, nil
}

// picture returns the newest picture, made anew when something has changed.
func (f *chartFeed) picture(ctx context.Context) (*shownPicture, error) {
	f.drawing.Lock()
	defer f.drawing.Unlock()
	version := f.version()
	if f.shown != nil && f.shown.version == version {
		return f.shown, nil
	}
	began := time.Now()
	p, err := f.draw(ctx)
	if err != nil {
		return nil, err
	}
	f.shown = &shownPicture{version: version, frame: frameOf(p), picture: p}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.slow, f.inside, f.keys = time.Since(began), len(p.Series) == 0, p.keys
	return f.shown, nil
}

// frameOf is what of a picture is no points: its series, its axis, whether it is old. A picture whose points stand in its option is all
// frame. The caption changes with every point and does not count.
func frameOf(p picture) string {
	if len(p.Series) == 0 {
		return string(p.Option)
	}
	var option struct {
		XAxis  json.RawMessage `json:"xAxis"`
		Series []struct {
			ID     string `json:"id"`
			Symbol bool   `json:"showSymbol"`
		} `json:"series"`
	}
	_ = json.Unmarshal(p.Option, &option) // our own JSON
	return digest([]any{option, p.stale, p.recorded})
}
