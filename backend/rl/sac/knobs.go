package sac

// Knobs are the choices of soft actor-critic. Sources are arXiv 1812.05905v2, table 1, unless they say otherwise.
type Knobs struct {
	LearningRate float64 `json:"learning_rate" doc:"step size of Adam for policy and critics" default:"0.0003" min:"0" max:"1" symbol:"α" paper:"0.0003" group:"learning"`
	AlphaRate    float64 `json:"alpha_rate" doc:"step size of Adam for the entropy weight; 0 keeps it as it starts" default:"0.0003" min:"0" max:"1" paper:"0.0003" group:"learning"`
	Alpha        float64 `json:"alpha" doc:"entropy weight at the start" default:"0.2" min:"0.000001" max:"100" paper:"learned" group:"learning"`
	Entropy      float64 `json:"entropy" doc:"entropy that the weight is tuned for: of continuous actions nats for each of their numbers, of discrete ones the share of the largest possible" default:"-1" min:"-20" max:"1" paper:"-1 for each number of an action; 0.98 of the largest, arXiv 1910.07207v2" group:"learning"`
	Gamma        float64 `json:"gamma" doc:"discount of a reward one step later" default:"0.99" min:"0" max:"1" symbol:"γ" paper:"0.99" group:"learning"`
	Tau          float64 `json:"tau" doc:"how far the slow critics move towards the critics after each gradient step" default:"0.005" min:"0" max:"1" symbol:"τ" paper:"0.005" group:"learning"`
	MaxGradNorm  float64 `json:"max_grad_norm" doc:"norm to which the gradients of the policy, and of the critics, are cut" default:"10" min:"0.001" max:"1000000" paper:"none" group:"learning"`
}
