package web

import "encoding/json"

// The messages of sweeps. They run only when they are asked for: POST job with the name of one.
//
//	GET  sweep?path=P&sweep=NAME&budget=B                                              Sweep: how its points stand
//	GET  sweep/chart?path=P&sweep=NAME&budget=B&picture=parallel|slice&knob=PATH       Chart, of a slice that over one knob; topic sweep:QUERY
//	GET  sweep/rows?path=P&sweep=NAME&budget=B&form=csv|jsonl                          the raw values of the metric of all its runs, as a file

// Sweep is what a sweep of a notebook has found so far.
type Sweep struct {
	Name     string       `json:"name"`
	Kind     string       `json:"kind"`   // grid, random, halving
	Metric   string       `json:"metric"` // that ranks the points, "" where the paper has none of which a direction is better
	Unit     string       `json:"unit"`
	Better   string       `json:"better"` // higher, lower
	Seeds    []uint64     `json:"seeds"`
	Knobs    []string     `json:"knobs"`
	Resource string       `json:"resource"` // of halving: the knob of which later rungs have more
	Rungs    []SweepRung  `json:"rungs"`
	Points   []SweepPoint `json:"points"` // by arm, then by rank
	Plan     Plan         `json:"plan"`   // what running it would do
	Early    bool         `json:"early"`  // runs of it are missing
}

// SweepRung is one round of a sweep.
type SweepRung struct {
	Points   int     `json:"points"`   // of each arm that begin it, at most
	Resource float64 `json:"resource"` // 0 where the sweep has none
}

// SweepPoint is one point on one arm.
type SweepPoint struct {
	Arm      string            `json:"arm"`
	Point    int               `json:"point"`  // place among the sweep's points, from 0
	Values   []json.RawMessage `json:"values"` // one a knob, as the notebook would have them
	Rank     int               `json:"rank"`   // among those of its arm, 1 is the best; 0 where it has none
	Best     bool              `json:"best"`
	State    string            `json:"state"`    // complete, dropped, waiting, incomplete, failed
	Score    string            `json:"score"`    // mean with its interval, as the table shows it; - where there is none
	Rung     int               `json:"rung"`     // that it reached, from 0
	Resource float64           `json:"resource"` // of that rung
	Done     int               `json:"done"`     // runs in it
	Runs     int               `json:"runs"`
}
