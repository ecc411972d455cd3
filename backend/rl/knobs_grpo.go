package rl

// GRPOKnobs are the numbers of group-relative policy optimisation (arXiv 2402.03300v3, sec. 4.1) that every token method shares.
type GRPOKnobs struct {
	Updates     int     `json:"updates" doc:"updates of reinforcement learning; 0 leaves the warm start as it is" default:"80" fast:"6" full:"1000" min:"0" max:"1000000" main:"true" group:"budget"`
	Questions   int     `json:"questions" doc:"questions of each update" symbol:"P" default:"8" fast:"4" full:"128" min:"1" max:"4096" group:"budget"`
	Group       int     `json:"group" doc:"attempts at each question; advantages are centred in them" symbol:"G" default:"8" fast:"4" min:"2" max:"1024" main:"true" group:"learning"`
	Rate        float64 `json:"learning_rate" doc:"learning rate of Adam" default:"0.0003" min:"0" max:"1" main:"true" group:"learning"`
	Temperature float64 `json:"temperature" doc:"temperature at which attempts are drawn; other values than 1 make the log-probabilities those of another policy" default:"1" min:"0.01" max:"10" group:"learning"`
	ClipLow     float64 `json:"clip_low" doc:"the ratio of new to old probability counts down to 1 less this" symbol:"eps_low" default:"0.2" min:"0" max:"1" group:"learning"`
	ClipHigh    float64 `json:"clip_high" doc:"the ratio of new to old probability counts up to 1 plus this" symbol:"eps_high" default:"0.2" min:"0" max:"10" group:"learning"`
	GradClip    float64 `json:"grad_clip" doc:"largest norm of the gradient; 0 for no limit" default:"1" min:"0" max:"1000" group:"learning"`
	Minibatches int     `json:"minibatches" doc:"optimiser steps of each update, each on its share of the questions" default:"1" min:"1" max:"64" group:"learning"`
}

// Loss is the clipped loss with the bounds of the knobs.
func (k GRPOKnobs) Loss() Loss {
	return Loss{Name: PPO, Config: map[string]float64{"clip_low_threshold": 1 - k.ClipLow, "clip_high_threshold": 1 + k.ClipHigh}}
}
