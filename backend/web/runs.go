package web

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/store"
)

// RunIndex finds the runs of this data folder; store.Store fulfils it.
type RunIndex interface {
	FindRuns(ctx context.Context, f store.RunFilter) (runs []store.Run, total int, err error)
	RunsMade(ctx context.Context, f store.RunFilter) ([]store.Made, error)
}

// Most that one answer holds.
const (
	mostRuns     = 1000
	mostEpisodes = 500
	mostSteps    = 2000
)

// runs answers a page of a notebook's runs, newest first; of all runs where no notebook is named.
func (s *Server) runs(r *http.Request) (any, error) {
	limit, err := count(r, "limit", 60, mostRuns)
	if err != nil {
		return nil, err
	}
	offset, err := count(r, "offset", 0, 1<<30)
	if err != nil {
		return nil, err
	}
	path := r.URL.Query().Get("path")
	rows, total, err := s.stored(r.Context(), path, limit, offset)
	if err != nil {
		return nil, err
	}
	live := s.live()
	page := RunPage{Total: total, Runs: []RunRow{}}
	for _, row := range rows {
		if now, ok := live[row.Key]; ok {
			row = now
		}
		page.Runs = append(page.Runs, row)
	}
	return page, nil
}

// stored reads runs from the library. A notebook's runs are those that its present text asks for, wherever they were started, and those
// that were started from it.
func (s *Server) stored(ctx context.Context, path string, limit, offset int) ([]RunRow, int, error) {
	if path == "" {
		runs, total, err := s.cfg.Library.FindRuns(ctx, store.RunFilter{Limit: limit, Offset: offset})
		return storedRows(runs), total, err
	}
	made, err := s.cfg.Library.RunsMade(ctx, store.RunFilter{Notebook: path})
	if err != nil {
		return nil, 0, err
	}
	for keys := range slices.Chunk(s.keysIn(ctx, path), mostRuns) { // SQLite binds a limited number of values at once
		asked, err := s.cfg.Library.RunsMade(ctx, store.RunFilter{Keys: keys})
		if err != nil {
			return nil, 0, err
		}
		made = append(made, asked...)
	}
	slices.SortFunc(made, func(a, b store.Made) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.Key, b.Key))
	})
	made = slices.Compact(made)
	from := min(offset, len(made))
	shown := made[from:min(from+limit, len(made))]
	if len(shown) == 0 {
		return nil, len(made), nil
	}
	place := make(map[string]int, len(shown))
	keys := make([]string, len(shown))
	for i, m := range shown {
		place[m.Key], keys[i] = i, m.Key
	}
	runs, _, err := s.cfg.Library.FindRuns(ctx, store.RunFilter{Keys: keys})
	slices.SortFunc(runs, func(a, b store.Run) int { return cmp.Compare(place[a.Key], place[b.Key]) })
	return storedRows(runs), len(made), err
}

// keysIn lists the run keys of a notebook over all budgets; budgets that its text cannot be resolved for have none.
func (s *Server) keysIn(ctx context.Context, path string) []string {
	var keys []string
	for _, b := range lab.Budgets() {
		p, err := s.known(ctx, path, b)
		if err != nil {
			continue // the notebook page shows what is wrong with the text
		}
		for _, r := range p.Runs {
			keys = append(keys, r.Key)
		}
	}
	return keys
}

func storedRows(runs []store.Run) []RunRow {
	rows := make([]RunRow, 0, len(runs))
	for _, r := range runs {
		row := RunRow{
			Key: r.Key, Arm: r.Arm, Case: r.Case, Seed: r.Seed, Budget: r.Budget, State: string(r.State), Done: r.Done, Total: r.Total, Unit: r.Unit,
			StartMS: millis(r.Started), HeardMS: millis(r.Heard), Seconds: finite(r.Seconds), Error: r.Error, Hint: r.Hint, Final: r.Final,
		}
		if row.Final == nil {
			row.Final = map[string]lab.Float{}
		}
		rows = append(rows, row)
	}
	return rows
}

// live returns the runs of all jobs as the owner sees them now, by key.
func (s *Server) live() map[string]RunRow {
	rows := map[string]RunRow{}
	for _, j := range slices.Backward(s.cfg.Owner.Jobs()) { // newest first: the newest word on a run stands last
		for _, r := range j.Runs {
			rows[r.Key] = rowOf(r, j.Budget)
		}
	}
	return rows
}

// runRow is the best that is known of one run: the owner's word on one that it runs, else its record.
func (s *Server) runRow(k *kept) RunRow {
	row := k.row()
	if now, ok := s.live()[k.key]; ok {
		if len(now.Final) == 0 {
			now.Final = row.Final
		}
		row = now
	}
	if row.Used == nil {
		row.Used = s.usedBefore(k)
	}
	return row
}

// usedBefore is what a run used at its training service, as its folder says; nil where it asked none.
func (s *Server) usedBefore(k *kept) *RunUsed {
	if !strings.HasPrefix(k.start.Setup.Model, "service ") {
		return nil
	}
	u, err := s.cfg.Owner.Used(k.key)
	if err != nil {
		s.cfg.Log.Warn("what a run used cannot be read", "key", k.key, "error", cause(err))
	}
	return usedOf(u)
}

func (s *Server) run(r *http.Request) (any, error) {
	key := r.PathValue("key")
	var d RunDetail
	err := s.records.with(key, func(k *kept) error {
		if k.start.Key == "" { // the file is there, its first event not yet
			return lab.Errorf(lab.NotFound, "run %q has no event yet", key)
		}
		d = RunDetail{
			Row: s.runRow(k), Notebook: k.start.Notebook, Setup: k.start.Setup, Code: k.start.Code, Kernel: k.start.Kernel,
			Machine: k.start.Machine, Metrics: metricsOf(k.start.Setup.Paper), Episodes: len(k.episodes), Log: slices.Clone(k.log),
			Siblings: []RunRow{}, Title: k.forkTitle(),
		}
		return nil
	})
	if lab.CodeOf(err) == lab.NotFound {
		return s.waiting(r.Context(), key, err)
	}
	if err != nil {
		return nil, err
	}
	if d.Log == nil {
		d.Log = []lab.Log{}
	}
	d.Imported = s.importedRun(key)
	if d.Title == "" { // a fork is named after its parent and has no siblings
		d.Title = s.titleOf(d.Notebook, d.Setup.Paper)
		d.Siblings = s.siblings(r.Context(), d)
	}
	s.countRedone(&d)
	return d, nil
}

// waiting describes a run that has no record yet: it was asked for, or an open notebook would ask for it.
func (s *Server) waiting(ctx context.Context, key string, missing error) (any, error) {
	for _, j := range s.cfg.Owner.Jobs() {
		for _, r := range j.Runs {
			if r.Key != key {
				continue
			}
			d := RunDetail{Row: rowOf(r, j.Budget), Notebook: j.File, Title: j.Title, Setup: r.Setup, Kernel: s.cfg.Kernel, Machine: s.cfg.Machine,
				Metrics: metricsOf(r.Setup.Paper), Siblings: []RunRow{}, Log: []lab.Log{}}
			d.Siblings = s.siblings(ctx, d)
			return d, nil
		}
	}
	at, plan, i, ok := s.planned(key)
	if !ok {
		return nil, missing
	}
	r := plan.Runs[i]
	d := RunDetail{Row: rowOf(r, plan.Budget), Notebook: at.path, Title: plan.Title, Setup: r.Setup, Kernel: s.cfg.Kernel, Machine: s.cfg.Machine,
		Metrics: metricsOf(r.Setup.Paper), Siblings: []RunRow{}, Log: []lab.Log{}}
	d.Siblings = s.siblings(ctx, d)
	return d, nil
}

// metricsOf returns what a paper measures, none for a paper that this build does not know.
func metricsOf(paper string) []lab.MetricSpec {
	p, err := catalog.Find(paper)
	if err != nil || p.Card.Metrics == nil {
		return []lab.MetricSpec{}
	}
	return p.Card.Metrics
}

// titleOf names the notebook of a run, or its paper where the notebook is gone.
func (s *Server) titleOf(path, paper string) string {
	if doc, err := s.notebooks.document(path); err == nil {
		return doc.Title()
	}
	if p, err := catalog.Find(paper); err == nil {
		return p.Card.Title
	}
	return paper
}

// siblings lists the runs of the same arm, case and settings, by the same code: those that were begun, wherever they were asked for, and
// those that the present text of the notebook asks for.
func (s *Server) siblings(ctx context.Context, d RunDetail) []RunRow {
	rows := []RunRow{}
	add := func(row RunRow) {
		known := func(r RunRow) bool { return r.Key == row.Key || row.State == "" && r.Seed == row.Seed }
		if row.Arm == d.Row.Arm && row.Case == d.Row.Case && !known(d.Row) && !slices.ContainsFunc(rows, known) {
			rows = append(rows, row)
		}
	}
	for _, r := range s.live() {
		if r.Budget == d.Setup.Budget && s.sameSetup(r.Key, d.Setup) {
			add(r)
		}
	}
	kase := d.Row.Case
	stored, _, err := s.cfg.Library.FindRuns(ctx, store.RunFilter{Paper: d.Setup.Paper, Arm: d.Row.Arm, Case: &kase, Budget: d.Setup.Budget})
	if err != nil {
		s.cfg.Log.Warn("the seeds of a run cannot be read", "key", d.Row.Key, "error", cause(err))
	}
	for i, row := range storedRows(stored) {
		if equalSetups(stored[i].Setup, d.Setup) && (d.Code == "" || stored[i].Code == d.Code) {
			add(row)
		}
	}
	if p, err := s.known(ctx, d.Notebook, d.Setup.Budget); err == nil {
		for _, r := range p.Runs {
			add(rowOf(r, p.Budget))
		}
	}
	slices.SortFunc(rows, func(a, b RunRow) int { return cmp.Compare(a.Seed, b.Seed) })
	return rows
}

// sameSetup tells whether a run of a job was asked for with these settings.
func (s *Server) sameSetup(key string, setup lab.Setup) bool {
	for _, j := range s.cfg.Owner.Jobs() {
		for _, r := range j.Runs {
			if r.Key == key {
				return equalSetups(r.Setup, setup)
			}
		}
	}
	return false
}

func equalSetups(a, b lab.Setup) bool { return digest(a) == digest(b) }

// countRedone notes of a run and its siblings how often they were begun anew: each time the earlier record was put aside.
func (s *Server) countRedone(d *RunDetail) {
	count := func(row *RunRow) {
		path, err := s.cfg.Owner.Record(row.Key)
		if err != nil {
			return
		}
		for {
			if _, err := os.Stat(fmt.Sprintf("%s.old-%d", filepath.Dir(path), row.Redone+1)); err != nil {
				return
			}
			row.Redone++
		}
	}
	count(&d.Row)
	for i := range d.Siblings {
		count(&d.Siblings[i])
	}
}

func (s *Server) episodes(r *http.Request) (any, error) {
	limit, err := count(r, "limit", 60, mostEpisodes)
	if err != nil {
		return nil, err
	}
	offset, err := count(r, "offset", 0, 1<<30)
	if err != nil {
		return nil, err
	}
	var page EpisodePage
	err = s.records.with(r.PathValue("key"), func(k *kept) error {
		page.Total = len(k.episodes)
		page.Episodes, err = k.page(offset, limit)
		return err
	})
	return page, err
}

func (s *Server) episode(r *http.Request) (any, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "episode is %q, want a whole number", r.PathValue("id"))
	}
	from, err := count(r, "from", 0, 1<<30)
	if err != nil {
		return nil, err
	}
	limit, err := count(r, "limit", 200, mostSteps)
	if err != nil {
		return nil, err
	}
	var d EpisodeDetail
	err = s.records.with(r.PathValue("key"), func(k *kept) error {
		d, err = k.episode(id, from, limit)
		return err
	})
	return d, err
}

// rowsCSV writes one metric of a run at full precision.
func (s *Server) rowsCSV(w http.ResponseWriter, r *http.Request) {
	key, metric := r.PathValue("key"), r.URL.Query().Get("metric")
	var lines [][]string
	err := s.records.with(key, func(k *kept) (err error) {
		lines, err = k.rows(metric)
		return err
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", `attachment; filename="`+fileName(key+"-"+metric)+`.csv"`)
	_ = csv.NewWriter(w).WriteAll(lines) // an error here means that the page has gone
}

// fileName keeps what any system takes in the name of a file.
func fileName(text string) string {
	keep := func(c rune) rune {
		if c == '-' || c == '_' || c == '.' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') {
			return c
		}
		return '_'
	}
	out := []rune(text)
	for i := range out {
		out[i] = keep(out[i])
	}
	return string(out)
}

// rows lists every value of one metric as it came: where it belongs, its place, its time and the value in the shortest form that reads
// back to the same bits.
func (k *kept) rows(metric string) ([][]string, error) {
	if k.ending(metric) == nil {
		names := []string{}
		for _, m := range k.metrics {
			names = append(names, m.last.Name)
		}
		slices.Sort(names)
		return nil, lab.Errorf(lab.NotFound, "run %q has no metric %q, want one of %q", k.key, metric, names)
	}
	lines := [][]string{{"arm", "case", "seed", "metric", "x", "value", "time"}}
	for f, err := range k.reader.Frames(0, lab.KindMetric) {
		if err != nil && k.reader.Damage() != nil {
			break // what stands before the damage is whole
		}
		if err != nil {
			return nil, err
		}
		ev, err := f.Event()
		if err != nil {
			return nil, err
		}
		if m, ok := ev.(lab.Metric); ok && m.Name == metric {
			lines = append(lines, []string{k.start.Arm, k.start.Case, strconv.FormatUint(k.start.Seed, 10), m.Name, strconv.FormatInt(m.X, 10),
				strconv.FormatFloat(float64(m.Value), 'g', -1, 64), f.Time.Format(time.RFC3339Nano)})
		}
	}
	return lines, nil
}
