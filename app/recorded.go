package app

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/stats"
	"github.com/loci-lab/loci/backend/web"
)

// results are what `loci record` writes into experiments/SLUG.results/results.json: where and when runs were made, what each came to,
// and the verdicts. They are small enough to ship.
type results struct {
	Paper    string          `json:"paper"`
	Notebook string          `json:"notebook"`
	Budget   string          `json:"budget"`
	Date     string          `json:"date"`
	Commit   string          `json:"commit"`
	Machine  string          `json:"machine"`
	Kernel   string          `json:"kernel"`
	Seeds    []uint64        `json:"seeds"`
	Minutes  float64         `json:"minutes"`        // of all runs with the workers used
	Data     []recordedData  `json:"data,omitempty"` // real data that the runs read
	Metrics  []string        `json:"metrics"`        // of the notebook's table
	Verdicts []stats.Verdict `json:"verdicts"`
	Runs     []resultRun     `json:"runs"`

	at map[madeRun]int // place in Runs, by indexed
}

// madeRun names a run among the results.
type madeRun struct {
	arm, kase string
	seed      uint64
}

// recordedData names real data by their hash: they do not ship with the results.
type recordedData struct {
	Name   string `json:"name"`
	Layout string `json:"layout"`
	Hash   string `json:"hash"`
}

// resultRun is one recorded run.
type resultRun struct {
	Arm     string              `json:"arm"`
	Case    string              `json:"case"`
	Seed    uint64              `json:"seed"`
	Key     string              `json:"key"`
	Seconds float64             `json:"seconds"`
	Series  map[string]recCurve `json:"series"`
}

// recCurve holds the points of one metric.
type recCurve struct {
	X []int64     `json:"x"`
	Y []lab.Float `json:"y"`
}

// recorded reads the results that ship, each file once.
type recorded struct {
	files fs.FS

	mu    sync.Mutex
	known map[string]*results // nil where none ship
}

func newRecorded(files fs.FS) *recorded { return &recorded{files: files, known: map[string]*results{}} }

// resultsFile is where the results of a notebook lie, by budget.
func resultsFile(notebookPath, budget string) string {
	slug := strings.TrimSuffix(path.Base(notebookPath), ".md")
	return slug + ".results/" + budget + ".json"
}

// read returns the results of a notebook at a budget; nil where none ship.
func (r *recorded) read(notebookPath, budget string) *results {
	r.mu.Lock()
	defer r.mu.Unlock()
	file := resultsFile(notebookPath, budget)
	res, ok := r.known[file]
	if !ok {
		res = readResults(r.files, file)
		r.known[file] = res
	}
	return res
}

// readResults returns nil where the file is missing or no results: they are a convenience, and a test reads those that ship.
func readResults(files fs.FS, file string) *results {
	text, err := fs.ReadFile(files, file)
	res := new(results)
	if err != nil || json.Unmarshal(text, res) != nil {
		return nil
	}
	return res.indexed()
}

// indexed makes the runs be found by their names: a claim over POPGym's table reads hundreds of 1,600.
func (res *results) indexed() *results {
	res.at = make(map[madeRun]int, len(res.Runs))
	for i, r := range res.Runs {
		res.at[madeRun{r.Arm, r.Case, r.Seed}] = i
	}
	return res
}

// expect tells how long a run took where the shipped results were made, if that was with the same kernel family: another one is
// up to twenty times slower and says nothing.
func (r *recorded) expect(kernel string, setup lab.Setup, arm, kase string) (seconds float64, basis string, ok bool) {
	res := r.read(setup.Paper+".md", setup.Budget)
	if res == nil || res.Kernel != kernel {
		return 0, "", false
	}
	n := 0
	for _, run := range res.Runs {
		if run.Arm == arm && run.Case == kase {
			seconds, n = seconds+run.Seconds, n+1
		}
	}
	if n == 0 {
		return 0, "", false
	}
	return seconds / float64(n), "recorded on " + res.Machine, true
}

// Recorded implements web.Recorded: verdicts and table of the results that ship with a notebook.
func (r *recorded) Recorded(notebookPath, budget string) (web.Results, bool) {
	res := r.read(notebookPath, budget)
	if res == nil {
		return web.Results{}, false
	}
	where := fmt.Sprintf("%s, kernel %s, %s, commit %s", res.Machine, res.Kernel, res.Date, res.Commit)
	return web.Results{Verdicts: res.Verdicts, Table: res.table(), Recorded: where, Budget: res.Budget, Minutes: res.Minutes}, true
}

// Curves implements web.Recorded: the metric values behind the verdicts.
func (r *recorded) Curves(notebookPath, budget string) (stats.Source, bool) {
	res := r.read(notebookPath, budget)
	return res, res != nil
}

// Made lists the runs behind the results, so that pictures draw their seeds and not those that the notebook asks for here.
func (res *results) Made() (runs []notebook.Planned) {
	for _, r := range res.Runs {
		runs = append(runs, notebook.Planned{Arm: r.Arm, Case: r.Case, Seed: r.Seed})
	}
	return runs
}

// Values implements stats.Source.
func (res *results) Values(metric, arm, kase string, seed uint64) (xs []int64, ys []float64, ok bool) {
	i, ok := res.at[madeRun{arm, kase, seed}]
	if !ok {
		return nil, nil, false
	}
	c := res.Runs[i].Series[metric]
	for _, y := range c.Y {
		ys = append(ys, float64(y))
	}
	return c.X, ys, len(c.X) > 0
}

// table sums the recorded runs up as the scheduler does for runs of this computer.
func (res *results) table() web.Table {
	rows := sched.Summary(res, res.places(), res.Metrics, res.Seeds)
	return web.Table{Columns: rows.Columns, Rows: rows.Rows}
}

// places lists each arm and case once, in the order of the runs.
func (res *results) places() (places []sched.Place) {
	seen := map[sched.Place]bool{}
	for _, run := range res.Runs {
		if p := (sched.Place{Arm: run.Arm, Case: run.Case}); !seen[p] {
			seen[p], places = true, append(places, p)
		}
	}
	return places
}
