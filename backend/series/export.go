package series

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// Labelled is a series with what it is a series of.
type Labelled struct {
	Metric string
	Arm    string
	Case   string
	Seed   uint64
	Raw    *Series
	Marks  []Mark // one for each point; nil where nobody knows
}

// Mark says when a point was written, and where its run stood then.
type Mark struct {
	Episode int64 // the newest episode of the run that had ended; negative for none
	Step    int64 // steps of training; negative where nobody knows
	Time    time.Time
}

// Row is one raw point as an export holds it.
type Row struct {
	Metric  string     `json:"metric"`
	Arm     string     `json:"arm"`
	Case    string     `json:"case"`
	Seed    uint64     `json:"seed"`
	X       int64      `json:"x"`
	Value   lab.Float  `json:"value"`
	Episode *int64     `json:"episode"` // null where nobody knows
	Step    *int64     `json:"step"`
	Time    *time.Time `json:"time"`
}

// Rows calls visit for every raw point within the window, series by series, until it returns an error, and returns that.
func Rows(all []Labelled, w Window, visit func(Row) error) error {
	for _, l := range all {
		for i := l.Raw.Place(w.From); i < len(l.Raw.xs) && l.Raw.xs[i] < w.To; i++ {
			if err := visit(l.row(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l Labelled) row(i int) Row {
	row := Row{Metric: l.Metric, Arm: l.Arm, Case: l.Case, Seed: l.Seed, X: l.Raw.xs[i], Value: lab.Float(l.Raw.ys[i])}
	if i >= len(l.Marks) {
		return row
	}
	m := l.Marks[i]
	if m.Episode >= 0 {
		row.Episode = &m.Episode
	}
	if m.Step >= 0 {
		row.Step = &m.Step
	}
	if !m.Time.IsZero() {
		at := m.Time.UTC()
		row.Time = &at
	}
	return row
}

// fields are the row as a line of CSV; what nobody knows is empty.
func (r Row) fields() []string {
	whole := func(n *int64) string {
		if n == nil {
			return ""
		}
		return strconv.FormatInt(*n, 10)
	}
	at := ""
	if r.Time != nil {
		at = r.Time.Format(time.RFC3339Nano)
	}
	return []string{r.Metric, r.Arm, r.Case, strconv.FormatUint(r.Seed, 10), strconv.FormatInt(r.X, 10),
		strconv.FormatFloat(float64(r.Value), 'g', -1, 64), whole(r.Episode), whole(r.Step), at}
}

// WriteCSV writes the raw points within the window with a head line. Numbers read back to the same bits; a gap is NaN.
func WriteCSV(w io.Writer, all []Labelled, part Window) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"metric", "arm", "case", "seed", "x", "value", "episode", "step", "time"}); err != nil {
		return err
	}
	if err := Rows(all, part, func(r Row) error { return out.Write(r.fields()) }); err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// WriteJSONL writes the raw points within the window, one JSON object a line.
func WriteJSONL(w io.Writer, all []Labelled, part Window) error {
	out := json.NewEncoder(w)
	return Rows(all, part, func(r Row) error { return out.Encode(r) })
}
