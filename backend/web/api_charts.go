package web

// The messages of charts: windows, exports and outlines.
//
// GET chart and GET run/{key}/chart take a view as well: from=X&to=X shows that part of the x axis (from <= x < to, whole numbers),
// smooth=N the trailing mean over N points in place of what the notebook says, 0 for none. With seeds=all the chart and the rows of a run
// hold the other seeds of its arm, too; their topic is runchart:KEY#METRIC@all.
//
//	GET  chart/rows?path=P&cell=C&budget=B&form=csv|jsonl&from=X&to=X      the raw values behind the picture, as a file
//	GET  run/{key}/rows?metric=M&form=csv|jsonl&from=X&to=X               the same of one metric of one run
//	GET  run/{key}/outlines?metric=M                                       []Outline: this run and its siblings

// Span is a part of an x axis: From <= x < To.
type Span struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Outline is a small picture of one metric of one run, for a row of a list. It is thinned by shape and loses close opposite spikes.
type Outline struct {
	Key    string `json:"key"`
	XY     XY     `json:"xy"`
	Points int    `json:"points"` // raw points behind it
}
