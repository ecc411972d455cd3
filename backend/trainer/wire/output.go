package wire

import (
	"fmt"
	"math"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer"
)

// Output is the result of a forward pass as it travels: named tensors for each row, and metrics.
type Output struct {
	Type    string              `json:"loss_fn_output_type"`
	Rows    []map[string]Tensor `json:"loss_fn_outputs" wire:"required"`
	Metrics map[string]float64  `json:"metrics"`
}

// Names of a row's tensors, and the informative type of the list.
const (
	OutputLogprobs = "logprobs"
	OutputLoss     = "elementwise_loss"
	OutputType     = "TensorData"
)

// NewOutput writes the output for rows that were asked for; rows of K targets get two dimensions.
func NewOutput(out trainer.Output, data []rl.Datum) Output {
	o := Output{Type: OutputType, Rows: make([]map[string]Tensor, len(out.Rows)), Metrics: out.Metrics}
	if o.Metrics == nil {
		o.Metrics = map[string]float64{}
	}
	for i, row := range out.Rows {
		o.Rows[i] = map[string]Tensor{OutputLogprobs: FloatTensor(row.Logprobs).columns(data[i].K)}
		if row.Loss != nil {
			o.Rows[i][OutputLoss] = FloatTensor(row.Loss) // one for each position, summed over its targets
		}
	}
	return o
}

// Output reads what a service gave for those rows. A count or a length that does not fit and a number that is not finite are errors
// of code unavailable: the service is wrong, and nothing can be learned from its answer. A loss of values instead of log-probabilities
// (ppo_critic) may come without them.
func (o *Output) Output(data []rl.Datum, loss string) (trainer.Output, error) {
	if len(o.Rows) != len(data) {
		return trainer.Output{}, wrong("%d rows came back for %d that were sent", len(o.Rows), len(data))
	}
	out := trainer.Output{Rows: make([]trainer.Row, len(data)), Metrics: o.Metrics}
	if out.Metrics == nil {
		out.Metrics = trainer.Metrics{}
	}
	for i := range data {
		n := len(data[i].Input) * max(1, data[i].K)
		if _, there := o.Rows[i][OutputLogprobs]; !there && loss != rl.PPOCritic {
			return out, wrong("row %d came back without %q", i, OutputLogprobs)
		}
		var err error
		if out.Rows[i].Logprobs, err = outputFloats(o.Rows[i], OutputLogprobs, n); err != nil {
			return out, wrongAt(err, "row %d", i)
		}
		if out.Rows[i].Loss, err = outputFloats(o.Rows[i], OutputLoss, len(data[i].Input)); err != nil {
			return out, wrongAt(err, "row %d", i)
		}
	}
	for name, value := range out.Metrics {
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return out, wrong("the metric %q is %v", name, value)
		}
	}
	return out, nil
}

func outputFloats(row map[string]Tensor, name string, n int) ([]float32, error) {
	tensor, there := row[name]
	if !there {
		return nil, nil
	}
	values, err := readFloats(tensor)
	if err != nil {
		return nil, within(err, "%s", name)
	}
	if len(values) != n {
		return nil, bad("%s has %d entries, want %d", name, len(values), n)
	}
	return values, nil
}

// wrong makes an error of code unavailable: the other side answered, but not what the protocol says.
func wrong(format string, args ...any) error {
	return lab.Errorf(lab.Unavailable, "the service's answer is wrong: "+format, args...)
}

// wrongAt says where in the answer it is wrong.
func wrongAt(err error, format string, args ...any) error {
	return wrong("%s: %s", fmt.Sprintf(format, args...), strings.TrimPrefix(err.Error(), named))
}
