package web

import (
	"github.com/loci-lab/loci/backend/compare"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/stats"
)

// The messages of the Compare screen. An arm is named by the key of one of its runs; lists of keys are apart by commas.
//
//	GET  compare/runs?q=FILTER&sort=NAME&offset=N&limit=N&marked=K,K   CompareRuns
//	GET  compare?arms=K,K&base=K&metric=M                         CompareTable (base left out: an arm without memory, else the first)
//	GET  compare/chart?kind=CHART&arms=K,K&base=K&hidden=K&metric=M&cost=M&dark=0|1     Chart, topic compare:QUERY without dark
//	GET  compare/rows?arms=K,K&hidden=K&metric=M&form=csv|jsonl&from=X&to=X                     raw values, as a file
//	GET  compare/solved?a=K&b=K&cell=CELL&offset=N&limit=N        Solved
//	GET  compare/without-memory?arm=K&among=K,K                  CompareKey (of the arm among those, where it is one of them)

// CompareRuns is a page of the runs that a filter lets through.
type CompareRuns struct {
	Total   int            `json:"total"` // runs there are
	Found   int            `json:"found"`
	Arms    int            `json:"arms"`    // arms among those found
	States  map[string]int `json:"states"`  // state -> runs found
	Columns []string       `json:"columns"` // knobs and metrics that filter and sort speak of
	Rows    []CompareRow   `json:"rows"`
	Fields  []string       `json:"fields"`  // that every run has
	Problem *FilterProblem `json:"problem"` // why the filter cannot be read; there are no rows then
	Marked  []CompareMark  `json:"marked"`  // the arms of the marked runs, each once
}

// CompareMark is a marked arm.
type CompareMark struct {
	Key   string `json:"key"`
	ArmID string `json:"arm_id"`
	Label string `json:"label"`
	Seeds int    `json:"seeds"` // finished ones
}

// FilterProblem is a filter that cannot be read, with its place.
type FilterProblem struct {
	At     int      `json:"at"`     // in characters from 0
	Length int      `json:"length"` // in characters
	Msg    string   `json:"msg"`
	Hint   string   `json:"hint"`
	Legal  []string `json:"legal"` // names like the one that is unknown
}

// CompareRow is a run in the list.
type CompareRow struct {
	Key     string    `json:"key"`
	ArmID   string    `json:"arm_id"` // equal for the runs of one arm
	Paper   string    `json:"paper"`
	Title   string    `json:"title"` // of the paper, short
	Arm     string    `json:"arm"`
	Case    string    `json:"case"`
	Seed    string    `json:"seed"` // as text: it may be larger than a page can count
	Budget  string    `json:"budget"`
	State   string    `json:"state"`
	Done    int64     `json:"done"`
	Total   int64     `json:"total"`
	Seconds float64   `json:"seconds"`
	StartMS int64     `json:"start_ms"`
	Error   string    `json:"error"`
	Metric  string    `json:"metric"` // first metric of its paper that it has
	Value   lab.Float `json:"value"`
	Shown   []string  `json:"shown"` // one for each column
}

// CompareTable is the light table: arms as rows, what differs, and what came of it.
type CompareTable struct {
	Arms     []CompareArm     `json:"arms"`
	Base     int              `json:"base"`
	Changed  []compare.Column `json:"changed"`
	Metric   string           `json:"metric"`  // that differences and charts are about
	Metrics  []lab.MetricSpec `json:"metrics"` // that some arm has, in the order of the papers
	Costs    []lab.MetricSpec `json:"costs"`   // tokens, money and sizes among them
	Tasks    []string         `json:"tasks"`   // cases over which all methods can be averaged
	Left     []string         `json:"left"`    // what is left out of averages over tasks, and why
	Sentence string           `json:"sentence"`
	Interval string           `json:"interval"` // what the intervals are
	Early    bool             `json:"early"`    // runs of some arm still go on
}

// CompareArm is one row.
type CompareArm struct {
	Key        string             `json:"key"`
	Label      string             `json:"label"`
	Place      int                `json:"place"`
	Paper      string             `json:"paper"`
	Title      string             `json:"title"`
	Notebook   string             `json:"notebook"`
	Name       string             `json:"name"`
	Case       string             `json:"case"`
	Budget     string             `json:"budget"`
	Kernel     string             `json:"kernel"`
	Code       string             `json:"code"`
	Seeds      []string           `json:"seeds"` // of finished runs
	Runs       []string           `json:"runs"`  // their keys
	Going      int                `json:"going"`
	Failed     int                `json:"failed"`
	Obstacles  []compare.Obstacle `json:"obstacles"` // why it cannot be set against the base
	Values     []stats.Interval   `json:"values"`    // one for each metric of the comparison; ends only from three seeds on
	Seconds    stats.Interval     `json:"seconds"`
	Against    string             `json:"against"`    // label of the arm that it is set against, "" for none
	Difference *stats.Comparison  `json:"difference"` // in the metric of the comparison; null where there is none
}

// CompareKey names an arm.
type CompareKey struct {
	Key string `json:"key"`
}

// Solved counts the evaluation episodes that two arms solved, world by world.
type Solved struct {
	A         string             `json:"a"` // labels
	B         string             `json:"b"`
	Both      int                `json:"both"`
	OnlyA     int                `json:"only_a"`
	OnlyB     int                `json:"only_b"`
	None      int                `json:"none"`
	Runs      int                `json:"runs"`     // pairs of runs with the same seed
	Splits    []string           `json:"splits"`   // evaluations that both have
	Total     int                `json:"total"`    // episodes of the chosen cell
	Episodes  []SolvedEpisode    `json:"episodes"` // a page of them, those with kept steps first
	Sentence  string             `json:"sentence"`
	Note      string             `json:"note"`      // how episodes are matched
	Obstacles []compare.Obstacle `json:"obstacles"` // why nothing is counted
}

// SolvedEpisode is one world, as both arms played it.
type SolvedEpisode struct {
	Cell     string `json:"cell"` // both, a, b, none
	Split    string `json:"split"`
	World    string `json:"world"` // seed of the world
	Seed     string `json:"seed"`  // of the runs
	AKey     string `json:"a_key"`
	AEpisode int64  `json:"a_episode"`
	BKey     string `json:"b_key"`
	BEpisode int64  `json:"b_episode"`
	Steps    bool   `json:"steps"` // both kept their steps
}
