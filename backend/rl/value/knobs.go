package value

import "github.com/loci-lab/loci/backend/lab"

// Knobs are the choices of deep Q-learning.
type Knobs struct {
	LearningRate float64 `json:"learning_rate" doc:"step size of Adam" default:"0.0003" min:"0" max:"1" symbol:"α" group:"learning"`
	Gamma        float64 `json:"gamma" doc:"discount of a reward one step later" default:"0.99" min:"0" max:"1" symbol:"γ" paper:"0.99, arXiv 1509.06461v3" group:"learning"`
	Double       bool    `json:"double" doc:"the network chooses the next action and the slow copy values it, instead of the slow copy doing both" default:"true" group:"learning"`
	NStep        int     `json:"n_step" doc:"rewards in a target before a value stands for the rest" default:"1" min:"1" max:"1000" unit:"steps" group:"learning"`
	Huber        float64 `json:"huber" doc:"error beyond which the loss grows in a straight line; 0 for the squared error" default:"1" min:"0" max:"1000000" symbol:"δ" group:"learning"`
	Rescale      bool    `json:"rescale" doc:"learn squashed values, so that large returns do not drown small ones" default:"false" paper:"true for R2D2" group:"learning"`
	CQL          float64 `json:"cql" doc:"weight of the term that pushes down values of actions that the data do not have" default:"0" min:"0" max:"1000" group:"learning"`
	Tau          float64 `json:"tau" doc:"how far the slow copy moves towards the network when it moves; 1 copies it" default:"0.005" min:"0" max:"1" symbol:"τ" paper:"0.005, arXiv 1812.05905v2, table 1" group:"learning"`
	TargetEvery  int     `json:"target_every" doc:"gradient steps between two moves of the slow copy" default:"1" min:"1" max:"1000000" unit:"gradient steps" group:"learning"`
	MaxGradNorm  float64 `json:"max_grad_norm" doc:"norm to which the gradient of all parameters together is cut" default:"10" min:"0.001" max:"1000000" paper:"10, arXiv 1511.06581v3, sec. 4.2" group:"learning"`
}

// Validate checks what no bound on a single knob can.
func (k Knobs) Validate() error {
	if k.Tau == 0 && k.LearningRate > 0 {
		return lab.Errorf(lab.Invalid, "knob tau is 0, want above 0 where the network learns").WithHint("set rl.tau to 0.005, or to 1 with rl.target_every")
	}
	return nil
}
