package rl

// Datum is one training row: what the model reads and, for every position, what is asked of its prediction there. All arrays are
// aligned with Input: of a whole sequence x [L], Input is x[:L-1] and Targets is x[1:], so entry t says what happens when the model,
// having read Input[0..t], predicts Targets[t]. Arrays that a loss does not read are nil.
type Datum struct {
	Input []int32 // [N] token ids
	// Targets [N] token ids, or [N][K] row by row when K > 1 (distillation: K weighted targets at each position).
	Targets []int32
	K       int // targets of one position; 0 counts as 1

	Weights    []float32 // [N], or [N][K]: of cross entropy any sign; of other losses a mask, 1 where nil
	Logprobs   []float32 // [N] of the sampler, nats
	Advantages []float32 // [N]
	Low, High  []float32 // [N] bounds of the ratio for this row, in place of the loss's own; nil otherwise
	Values     []float32 // [N] value estimates when the row was made
	Returns    []float32 // [N] what the value head should have said
}

// Loss names a loss of the training protocol and sets its numbers; what is not set has the protocol's default.
type Loss struct {
	Name   string
	Config map[string]float64
}

// The losses. Their formulas stand at Loss.Eval, the names of their numbers at ClipLow.
const (
	CrossEntropy       = "cross_entropy"
	ImportanceSampling = "importance_sampling"
	PPO                = "ppo"
	CISPO              = "cispo"
	DRO                = "dro"
	GSPO               = "gspo"
	DPPO               = "dppo"
	PPOCritic          = "ppo_critic"
)
