// Package trainer holds the contract of what turns trajectories into gradients. Its verbs are those of the training protocol: sample,
// forward, forward-backward with a named loss, optimiser step, save, load. Local (trainer/local) computes in this process with our own
// engine; trainer/tinker speaks to any compatible service; trainer/wire has the messages that client and server share.
package trainer

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rl"
)

// Trainer owns the weights of one model and its optimiser. Calls that train are carried out in the order in which they were made,
// whether or not their futures have been waited for. One goroutine makes them.
type Trainer interface {
	// Forward computes the loss and its outputs and changes nothing.
	Forward(ctx context.Context, data []rl.Datum, loss rl.Loss) *Future[Output]
	// ForwardBackward adds the gradient of the loss, a plain sum over tokens and rows, to what is there. A failed call adds nothing.
	ForwardBackward(ctx context.Context, data []rl.Datum, loss rl.Loss) *Future[Output]
	// OptimStep moves the weights by the sum of the gradients and clears it.
	OptimStep(ctx context.Context, adam Adam) *Future[Metrics]
	// Sampler returns a sampler of the weights as they are once all calls before it are done; later training does not change it.
	Sampler(ctx context.Context) (llm.Sampler, error)
	// Save keeps weights and optimiser under a name of letters, digits, _ and -, and returns the path under which Load finds them.
	Save(ctx context.Context, name string) *Future[string]
	// Load takes the weights, and the optimiser's state if asked for, from such a path. It is the first call on a trainer or an error.
	Load(ctx context.Context, path string, optimizer bool) *Future[struct{}]
	// Profile says where this trainer differs from the protocol.
	Profile() Profile
	// Snapshot keeps all that training depends on, Restore brings it back; for a service, the path of what it keeps there.
	lab.Snapshotter
	Close() error
}

// Adam are the numbers of one optimiser step: AdamW with bias correction and decoupled weight decay (arXiv 1711.05101v3, algorithm 2).
type Adam struct {
	LearningRate float64
	Beta1, Beta2 float64 // [0, 1)
	Eps          float64
	WeightDecay  float64
	GradClipNorm float64 // largest norm of all gradients together, 0 for no limit
}

// NewAdam returns the protocol's defaults at that learning rate.
func NewAdam(rate float64) Adam {
	return Adam{LearningRate: rate, Beta1: 0.9, Beta2: 0.95, Eps: 1e-12}
}

// Output is what a forward pass gives: one row for each datum, in order.
type Output struct {
	Rows    []Row
	Metrics Metrics // "loss:sum" and others, in the protocol's form name:reduction
}

// Row is the output for one datum.
type Row struct {
	Logprobs []float32 // [N], or [N][K], of the targets under the weights before the step, nats
	Loss     []float32 // [N] of cross entropy: -w * logprob; nil for other losses
}

// Metrics are named numbers.
type Metrics map[string]float64

// LossSum is the metric that every forward pass has: the total loss.
const LossSum = "loss:sum"

// Profile states where a service differs from the protocol, so that a run can say so before it starts.
type Profile struct {
	Name        string   // local, loci, tinker, skyrl-jax, skyrl-fsdp, ...
	Reduction   string   // sum, or mean: the service divides by weights and rows
	AdamFields  []string // the fields of Adam that it honours
	Losses      []string // the losses that it knows
	Snapshots   bool     // an older sampler stays as it was
	LoRAOnly    bool
	TwoSegments bool     // paths are tinker://MODEL/NAME
	Notes       []string // in plain words, shown next to the run
}

// Future is the result of a call that may still be under way.
type Future[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// Ready returns a future that is done.
func Ready[T any](value T, err error) *Future[T] {
	f := &Future[T]{done: make(chan struct{}), value: value, err: err}
	close(f.done)
	return f
}

// Go runs the work in a goroutine of its own, which ends with the work.
func Go[T any](work func() (T, error)) *Future[T] {
	f := &Future[T]{done: make(chan struct{})}
	go func() {
		defer close(f.done)
		f.value, f.err = work()
	}()
	return f
}

// Wait returns the result once it is there, or the error of ctx.
func (f *Future[T]) Wait(ctx context.Context) (T, error) {
	select {
	case <-f.done:
		return f.value, f.err
	default:
	}
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// Done is closed when the result is there.
func (f *Future[T]) Done() <-chan struct{} { return f.done }
