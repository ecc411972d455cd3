package series

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"

	"github.com/loci-lab/loci/backend/lab"
)

// Labelled is a series with what it is a series of.
type Labelled struct {
	Metric string
	Arm    string
	Case   string
	Seed   uint64
	Raw    *Series
}

// Row is one raw point as an export holds it.
type Row struct {
	Metric string    `json:"metric"`
	Arm    string    `json:"arm"`
	Case   string    `json:"case"`
	Seed   uint64    `json:"seed"`
	X      int64     `json:"x"`
	Value  lab.Float `json:"value"`
}

// Rows calls visit for every raw point within the window, series by series, until it returns an error, and returns that.
func Rows(all []Labelled, w Window, visit func(Row) error) error {
	for _, l := range all {
		lo := l.Raw.search(0, w.From, 1)
		for i := lo; i < len(l.Raw.xs) && l.Raw.xs[i] < w.To; i++ {
			row := Row{Metric: l.Metric, Arm: l.Arm, Case: l.Case, Seed: l.Seed, X: l.Raw.xs[i], Value: lab.Float(l.Raw.ys[i])}
			if err := visit(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// WriteCSV writes the raw points within the window with a head line. Numbers read back to the same bits; a gap is NaN.
func WriteCSV(w io.Writer, all []Labelled, part Window) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"metric", "arm", "case", "seed", "x", "value"}); err != nil {
		return err
	}
	err := Rows(all, part, func(r Row) error {
		return out.Write([]string{r.Metric, r.Arm, r.Case, strconv.FormatUint(r.Seed, 10), strconv.FormatInt(r.X, 10),
			strconv.FormatFloat(float64(r.Value), 'g', -1, 64)})
	})
	if err != nil {
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
