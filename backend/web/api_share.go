package web

import (
	"encoding/json"

	"github.com/loci-lab/loci/backend/bundle"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/stats"
)

// The messages of sharing.
//
//	GET  share?path=P&budget=B          ShareOffer  (what could be shared, and how large it would be)
//	POST share?path=P     ShareRequest  ShareJob    (begins to write the file)
//	GET  share/{id}                     ShareJob
//	POST share/{id}/stop                ShareJob
//	GET  share/{id}/file                the file
//	POST import           the file      ImportOffer (checked, nothing kept yet)
//	POST import/{id}/keep               ImportDone
//	POST import/{id}/forget             ImportOffer

// ShareOffer is what the dialogue shows before anything is written. Sizes are bytes, about.
type ShareOffer struct {
	Title    string       `json:"title"`
	Budget   string       `json:"budget"`
	Sentence string       `json:"sentence"`
	Runs     int          `json:"runs"`
	Sizes    bundle.Sizes `json:"sizes"`
	Page     int64        `json:"page"`      // of the page with all but the weights
	PageMost int64        `json:"page_most"` // above which the page holds fewer episodes
	Early    bool         `json:"early"`
	Stale    string       `json:"stale"`
	Recorded string       `json:"recorded"` // the results ship with Loci: where they were made
}

// ShareRequest asks for a file.
type ShareRequest struct {
	Form    string        `json:"form"` // loci or page
	Budget  string        `json:"budget"`
	Seeds   string        `json:"seeds"` // as on the command line, "" as the notebook says
	Detail  bundle.Detail `json:"detail"`
	Author  string        `json:"author"`
	Names   bool          `json:"names"`   // keep paths of the home folder, user and machine names
	Without []string      `json:"without"` // runs to leave out, as runs/KEY
}

// ShareJob is a file that is being written, or was.
type ShareJob struct {
	ID      string        `json:"id"`
	State   string        `json:"state"` // running, done, failed
	Done    int64         `json:"done"`  // bytes read
	Total   int64         `json:"total"`
	Part    string        `json:"part"` // that is being read
	Name    string        `json:"name"` // of the file
	Bytes   int64         `json:"bytes"`
	LeftOut []string      `json:"left_out"` // what the page does not hold, in sentences
	Error   *APIError     `json:"error"`
	Leaks   []bundle.Leak `json:"leaks"` // places that look like secrets
}

// ImportOffer says what is in a file, before any of it is kept.
type ImportOffer struct {
	ID       string          `json:"id"`
	Title    string          `json:"title"`
	Author   string          `json:"author"`
	Sentence string          `json:"sentence"`
	Budget   string          `json:"budget"`
	Made     bundle.Made     `json:"made"`
	Wants    bundle.Wants    `json:"wants"`
	Detail   bundle.Detail   `json:"detail"`
	Runs     []bundle.Run    `json:"runs"`
	Bytes    int64           `json:"bytes"`
	Notebook string          `json:"notebook"` // its text
	Verdicts []stats.Verdict `json:"verdicts"`
}

// ImportDone says what was kept.
type ImportDone struct {
	Path string      `json:"path"` // of the notebook, in the reader's own folder
	Kept bundle.Kept `json:"kept"`
}

// Report is the first block of a shared page: all but episodes, memory and raw values, which stand in blocks of their own
// ("episodes:KEY" []EpisodeDetail, "memory:KEY" []lab.Memory, "metric:NAME" ReportCurves).
type Report struct {
	Title    string           `json:"title"`
	Author   string           `json:"author"`
	Sentence string           `json:"sentence"`
	Paper    string           `json:"paper"`
	Budget   string           `json:"budget"`
	Made     bundle.Made      `json:"made"`
	Seeds    []uint64         `json:"seeds"`
	Cells    []Cell           `json:"cells"`
	Metrics  []lab.MetricSpec `json:"metrics"`
	Verdicts []stats.Verdict  `json:"verdicts"`
	Table    Table            `json:"table"`
	Stale    string           `json:"stale"`
	Early    bool             `json:"early"`
	Recorded string           `json:"recorded"`
	Charts   []ReportChart    `json:"charts"`
	Runs     []ReportRun      `json:"runs"`
	LeftOut  []string         `json:"left_out"` // in sentences
}

// ReportChart is a chart in both modes.
type ReportChart struct {
	Title  string          `json:"title"`
	Metric string          `json:"metric"`
	Chart  Chart           `json:"chart"`
	Dark   json.RawMessage `json:"dark"` // the option on a dark ground
}

// ReportRun is one run of a page.
type ReportRun struct {
	Row      RunRow    `json:"row"`
	Setup    lab.Setup `json:"setup"`
	Kept     int       `json:"kept"`     // episodes with steps in the record
	Episodes int       `json:"episodes"` // of those in the page
	Memory   int       `json:"memory"`   // operations in the page
}

// ReportCurves are the raw values of a metric, run by run.
type ReportCurves struct {
	Metric string        `json:"metric"`
	Runs   []ReportCurve `json:"runs"`
}

// ReportCurve is one metric of one run.
type ReportCurve struct {
	Arm  string      `json:"arm"`
	Case string      `json:"case"`
	Seed uint64      `json:"seed"`
	X    []int64     `json:"x"`
	Y    []lab.Float `json:"y"`
}
