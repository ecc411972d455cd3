package wire

import (
	"encoding/json"
	"math"

	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer"
)

// Paths of the calls that train.
const (
	PathForwardBackward = "forward_backward" // POST TrainRequest as protobuf or JSON, future of Output
	PathForward         = "forward"          // POST TrainRequest as JSON, future of Output
	PathOptimStep       = "optim_step"       // POST OptimStepRequest, future of OptimStepReply
)

// TrainRequest asks for a forward pass, with gradient or without.
type TrainRequest struct {
	ModelID     string
	SeqID       int64 // 0: none
	Input       LossInput
	ForwardOnly bool
}

// LossInput has the rows and the loss.
type LossInput struct {
	Data   []Datum
	LossFn string
	Config map[string]float64
}

// NewTrainRequest writes rows and loss.
func NewTrainRequest(model string, seq int64, data []rl.Datum, loss rl.Loss, forwardOnly bool) TrainRequest {
	rows := make([]Datum, len(data))
	for i := range data {
		rows[i] = NewDatum(&data[i])
	}
	return TrainRequest{model, seq, LossInput{rows, loss.Name, loss.Config}, forwardOnly}
}

// Rows reads rows and loss. Errors of code invalid name the row.
func (r *TrainRequest) Rows() ([]rl.Datum, rl.Loss, error) {
	loss := rl.Loss{Name: r.Input.LossFn, Config: r.Input.Config}
	data := make([]rl.Datum, len(r.Input.Data))
	for i := range r.Input.Data {
		row, err := r.Input.Data[i].Row()
		if err != nil {
			return nil, loss, within(err, "row %d", i)
		}
		data[i] = row
	}
	return data, loss, nil
}

// The JSON forms. The input stands under forward_input for PathForward and under forward_backward_input for PathForwardBackward.
type trainJSON struct {
	ModelID  string         `json:"model_id" wire:"required"`
	SeqID    int64          `json:"seq_id,omitempty"`
	Backward *lossInputJSON `json:"forward_backward_input,omitempty"`
	Forward  *lossInputJSON `json:"forward_input,omitempty"`
}

type lossInputJSON struct {
	Data   []Datum             `json:"data" wire:"required"`
	LossFn string              `json:"loss_fn" wire:"required"`
	Config map[string]*float64 `json:"loss_fn_config,omitempty"`
}

// MarshalJSON writes the form for PathForward or PathForwardBackward.
func (r TrainRequest) MarshalJSON() ([]byte, error) {
	input := &lossInputJSON{Data: r.Input.Data, LossFn: r.Input.LossFn}
	if input.Data == nil {
		input.Data = []Datum{}
	}
	for name, value := range r.Input.Config {
		if input.Config == nil {
			input.Config = map[string]*float64{}
		}
		input.Config[name] = &value
	}
	form := trainJSON{ModelID: r.ModelID, SeqID: r.SeqID, Backward: input}
	if r.ForwardOnly {
		form.Backward, form.Forward = nil, input
	}
	return json.Marshal(form)
}

// UnmarshalJSON reads both forms. A number of the configuration that is null counts as not given.
func (r *TrainRequest) UnmarshalJSON(raw []byte) error {
	form, err := Decode[trainJSON](raw)
	if err != nil {
		return err
	}
	input := form.Backward
	if input == nil {
		input = form.Forward
	}
	if input == nil {
		return bad("the message lacks \"forward_backward_input\" or \"forward_input\"")
	}
	*r = TrainRequest{form.ModelID, form.SeqID, LossInput{input.Data, input.LossFn, nil}, form.Backward == nil}
	for name, value := range input.Config {
		if value != nil {
			r.setConfig(name, *value)
		}
	}
	return nil
}

func (r *TrainRequest) setConfig(name string, value float64) {
	if r.Input.Config == nil {
		r.Input.Config = map[string]float64{}
	}
	r.Input.Config[name] = value
}

// OptimStepRequest asks for an optimiser step.
type OptimStepRequest struct {
	Type    string     `json:"type,omitempty"`
	ModelID string     `json:"model_id" wire:"required"`
	SeqID   int64      `json:"seq_id,omitempty"`
	Adam    AdamParams `json:"adam_params" wire:"required"`
}

// AdamParams are the numbers of the step. What is nil has the protocol's default.
type AdamParams struct {
	LearningRate *float64 `json:"learning_rate,omitempty"`
	Beta1        *float64 `json:"beta1,omitempty"`
	Beta2        *float64 `json:"beta2,omitempty"`
	Eps          *float64 `json:"eps,omitempty"`
	WeightDecay  *float64 `json:"weight_decay,omitempty"`
	GradClipNorm *float64 `json:"grad_clip_norm,omitempty"`
}

// NewAdamParams writes every number, so that no server takes a default of its own. Weight decay and clipping are left out at zero:
// older servers do not know them.
func NewAdamParams(a trainer.Adam) AdamParams {
	p := AdamParams{LearningRate: &a.LearningRate, Beta1: &a.Beta1, Beta2: &a.Beta2, Eps: &a.Eps}
	if a.WeightDecay != 0 {
		p.WeightDecay = &a.WeightDecay
	}
	if a.GradClipNorm != 0 {
		p.GradClipNorm = &a.GradClipNorm
	}
	return p
}

// Adam reads the numbers; one out of its range is an error of code invalid.
func (p *AdamParams) Adam() (trainer.Adam, error) {
	a := trainer.NewAdam(1e-4)
	for _, f := range []struct {
		name string
		from *float64
		to   *float64
		top  float64 // the value must be below
	}{
		{"learning_rate", p.LearningRate, &a.LearningRate, math.Inf(1)}, {"beta1", p.Beta1, &a.Beta1, 1},
		{"beta2", p.Beta2, &a.Beta2, 1}, {"eps", p.Eps, &a.Eps, math.Inf(1)},
		{"weight_decay", p.WeightDecay, &a.WeightDecay, math.Inf(1)}, {"grad_clip_norm", p.GradClipNorm, &a.GradClipNorm, math.Inf(1)},
	} {
		if f.from == nil {
			continue
		}
		if *f.to = *f.from; !(*f.to >= 0 && *f.to < f.top) {
			return a, bad("%s is %v, want at least 0 and below %v", f.name, *f.to, f.top)
		}
	}
	return a, nil
}

// OptimStepReply is the result of a step.
type OptimStepReply struct {
	Type    string             `json:"type,omitempty"`
	Metrics map[string]float64 `json:"metrics"` // null where the server measures nothing
}
