// Package bundle puts an experiment into one file and takes it out again: a .loci archive for Loci, or one HTML page for any browser.
// Most callers want Measure and Write to share, Open and Keep to receive, WritePage for the page. Nothing here runs anything.
//
// An archive is a zip file with sorted names and without times, so that the same experiment gives the same bytes:
//
//	content/notebook/NAME.md          the notebook
//	content/results.json              verdicts and table
//	content/runs/KEY/record           the events that were chosen, as package record writes them
//	content/runs/KEY/checkpoint-N.ckpt  weights, where they were chosen
//	content/setups.json               the resolved set-up of every run
//	manifest.json                     what is in the file, with a SHA-256 of every part
package bundle

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Format is the version of the archive that this build writes; it reads it and older ones.
const Format = 1

// Suffix of archives.
const Suffix = ".loci"

// Names of parts.
const (
	manifestName   = "manifest.json"
	contentFolder  = "content/"
	notebookFolder = contentFolder + "notebook/"
	resultsName    = contentFolder + "results.json"
	setupsName     = contentFolder + "setups.json"
	runsFolder     = contentFolder + "runs/"
	recordName     = "record"
)

// Detail says how much of each run is shared. Results (metrics, progress, log, end) always are.
type Detail struct {
	Episodes bool `json:"episodes"` // episodes, steps and what the model saw
	Memory   bool `json:"memory"`   // every operation on the memory
	Weights  bool `json:"weights"`  // checkpoints
}

// Usual is all but the weights.
func Usual() Detail { return Detail{Episodes: true, Memory: true} }

// ParseDetail reads "results", or a list of episodes, memory and weights; "" is Usual.
func ParseDetail(text string) (Detail, error) {
	var d Detail
	if text == "" {
		return Usual(), nil
	}
	for word := range strings.SplitSeq(text, ",") {
		switch strings.TrimSpace(word) {
		case "results":
		case "episodes":
			d.Episodes = true
		case "memory":
			d.Memory = true
		case "weights":
			d.Weights = true
		default:
			return d, lab.Errorf(lab.Invalid, "detail %q is unknown, want results, or a list of episodes, memory, weights", word)
		}
	}
	return d, nil
}

func (d Detail) String() string {
	words := []string{"results"}
	for _, c := range []struct {
		on   bool
		word string
	}{{d.Episodes, "episodes"}, {d.Memory, "memory"}, {d.Weights, "weights"}} {
		if c.on {
			words = append(words, c.word)
		}
	}
	return strings.Join(words, ", ")
}

// classOf is the detail to which an event belongs.
func classOf(kind lab.Kind) string {
	switch kind {
	case lab.KindEpisode, lab.KindStep, lab.KindContext:
		return "episodes"
	case lab.KindMemory:
		return "memory"
	case lab.KindCheckpoint:
		return "weights"
	}
	return "results"
}

// has tells whether events of that class are shared.
func (d Detail) has(class string) bool {
	switch class {
	case "episodes":
		return d.Episodes
	case "memory":
		return d.Memory
	case "weights":
		return d.Weights
	}
	return true
}

// Experiment is what may be shared. All of it lies on this computer already.
type Experiment struct {
	Name     string          // of the notebook's file, with .md
	Notebook []byte          // its text
	Title    string          //
	Author   string          // "" leaves the author out
	Sentence string          // what came out, in one
	Budget   string          //
	Made     Made            // where and when
	Results  json.RawMessage // verdicts and table as the pages show them
	Wants    Wants           // what it would need to run again
	Runs     []Run
}

// Made says where results come from. It names no person and no machine.
type Made struct {
	Version string  `json:"version"` // of Loci
	Commit  string  `json:"commit"`
	Machine string  `json:"machine"` // in words
	Kernel  string  `json:"kernel"`
	Date    string  `json:"date"`    // of the newest run, YYYY-MM-DD
	Minutes float64 `json:"minutes"` // of all runs
}

// Wants names what an experiment needs beyond this program, so that a reader knows before trusting it.
type Wants struct {
	Targets []string `json:"targets"` // endpoints and services, by name
	Secrets []string `json:"secrets"` // by name
	Data    []string `json:"data"`    // imported data, by name
	Program []string `json:"program"` // programs that worlds start
}

// Run is one run of the experiment.
type Run struct {
	Key     string    `json:"key"`
	Arm     string    `json:"arm"`
	Case    string    `json:"case"`
	Seed    uint64    `json:"seed"`
	State   string    `json:"state"`
	Seconds float64   `json:"seconds"`
	Kernel  string    `json:"kernel"`
	Machine string    `json:"machine"`
	EndedMS int64     `json:"ended_ms"` // unix milliseconds, 0 when it has not
	Setup   lab.Setup `json:"-"`
	Record  string    `json:"-"` // path of its record
}

// Manifest is the last part of an archive.
type Manifest struct {
	Format   int      `json:"format"`
	Kind     string   `json:"kind"` // loci experiment
	Title    string   `json:"title"`
	Author   string   `json:"author"`
	Sentence string   `json:"sentence"`
	Budget   string   `json:"budget"`
	Notebook string   `json:"notebook"` // part that holds it
	Detail   Detail   `json:"detail"`
	Made     Made     `json:"made"`
	Wants    Wants    `json:"wants"`
	Runs     []Run    `json:"runs"`
	LeftOut  []string `json:"left_out"` // parts that were left out by name
	Parts    []Part   `json:"parts"`
}

// Part is one file of an archive.
type Part struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	Hash  string `json:"sha256"` // hexadecimal
}

const kind = "loci experiment"

// without tells whether a part was left out: by its own name, or with its run.
func without(names []string, part string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		n = strings.TrimSuffix(strings.TrimPrefix(n, contentFolder), "/")
		p := strings.TrimPrefix(part, contentFolder)
		return n != "" && (p == n || strings.HasPrefix(p, n+"/"))
	})
}
