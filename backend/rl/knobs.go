// Package rl is the arithmetic of reinforcement learning as plain functions: playing policies in worlds, rollouts, advantages, fused
// losses with hand-derived gradients, and updates. The order in which a method calls them stays in the method's own file.
//
// Letters: B environments, T steps of a rollout, A actions, O numbers of an observation, S numbers carried by the memory.
package rl

import "github.com/loci-lab/loci/backend/lab"

// PPOKnobs are the choices of proximal policy optimisation with recurrent minibatches.
type PPOKnobs struct {
	LearningRate float64 `json:"learning_rate" doc:"step size of Adam" default:"0.0003" min:"0" max:"1" symbol:"α" group:"learning"`
	Gamma        float64 `json:"gamma" doc:"discount of a reward one step later" default:"0.99" min:"0" max:"1" symbol:"γ" group:"learning"`
	Lambda       float64 `json:"lambda" doc:"decay of the advantage estimator: 0 trusts the value function, 1 the rewards seen" default:"0.95" min:"0" max:"1" symbol:"λ" group:"learning"`
	Clip         float64 `json:"clip" doc:"how far the probability of an action may move from its old value before the gradient stops" default:"0.2" min:"0.01" max:"1" symbol:"ε" group:"learning"`
	ValueClip    float64 `json:"value_clip" doc:"how far a value may move from its old one before its gradient stops; 0 sets no bound" default:"0.2" min:"0" max:"100" group:"learning"`
	Entropy      float64 `json:"entropy" doc:"weight of the entropy bonus, nats" default:"0.01" min:"0" max:"1" group:"learning"`
	Value        float64 `json:"value" doc:"weight of the value loss" default:"0.5" min:"0" max:"10" group:"learning"`
	MaxGradNorm  float64 `json:"max_grad_norm" doc:"norm to which the gradient of all parameters together is cut" default:"0.5" min:"0.001" max:"1000" group:"learning"`
	Epochs       int     `json:"epochs" doc:"passes over a rollout" default:"4" min:"1" max:"100" group:"learning"`
	Minibatches  int     `json:"minibatches" doc:"parts of a pass; each has whole sequences of some environments" default:"4" min:"1" max:"1024" group:"learning" pitfall:"at most one for each environment"`
	Envs         int     `json:"envs" doc:"environments played at once" default:"64" min:"1" max:"4096" group:"budget"`
	Rollout      int     `json:"rollout" doc:"steps of each environment between updates, and the reach of back-propagation through time" default:"128" min:"1" max:"4096" unit:"steps" group:"budget"`
}

// Validate checks what no bound on a single knob can.
func (k PPOKnobs) Validate() error {
	if k.Minibatches > k.Envs {
		return lab.Errorf(lab.Invalid, "knob minibatches is %d, want at most envs, which is %d", k.Minibatches, k.Envs).
			WithHint("lower rl.minibatches or raise rl.envs")
	}
	return nil
}
