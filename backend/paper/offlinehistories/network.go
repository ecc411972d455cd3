package offlinehistories

import (
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
)

// network is the encoder z = phi(tau) with its head: values of actions for Q-learning, logits of the policy for cloning. A history tau_t
// is (o_1, a_1, .., o_t): step t puts o_t with a_{t-1}, one-hot, into the recurrent layer.
type network struct {
	gru    *nn.GRU    // nil where the true state is seen
	state  *nn.Linear // [States] -> [H]; nil where histories are seen
	latent *nn.Linear // [H] -> [z]
	head   *nn.MLP    // [z] -> [A]
	acts   int
}

func newNetwork(s *rng.Stream, name string, k LearnerKnobs, in, acts int) *network {
	n := &network{latent: nn.NewLinear(s, name+".latent", k.Width, k.Latent, num.None, 1), head: perceptron(s, name+".head", k.Latent, k.Heads, acts), acts: acts}
	if k.Sees == State {
		n.state = nn.NewLinear(s, name+".state", in, k.Width, num.Tanh, 1)
	} else {
		n.gru = nn.NewGRU(s, name+".gru", in, k.Width)
	}
	return n
}

// perceptron has one hidden layer and a linear one.
func perceptron(s *rng.Stream, name string, in, hidden, out int) *nn.MLP {
	m := nn.NewMLP(s, name, in, []int{hidden}, num.ReLU)
	m.Layers = append(m.Layers, nn.NewLinear(s, name+".out", hidden, out, num.None, 0.1))
	return m
}

func (n *network) params() []*num.Tensor {
	var ps []*num.Tensor
	if n.gru != nil {
		ps = n.gru.Params()
	} else {
		ps = n.state.Params()
	}
	return append(append(ps, n.latent.Params()...), n.head.Params()...)
}

// carried is how many numbers the network carries from step to step.
func (n *network) carried() int {
	if n.gru == nil {
		return 0
	}
	return n.gru.Size().State
}

// encode records z [T][B][z] for x [T][B][in].
func (n *network) encode(t *num.Tape, x, state0 *num.Tensor, fresh []bool) *num.Tensor {
	if n.gru == nil {
		return n.latent.Forward(t, n.state.Forward(t, x))
	}
	return n.latent.Forward(t, n.gru.Sequence(t, x, state0, fresh))
}

// values records the head [T][B][A] on z.
func (n *network) values(t *num.Tape, z *num.Tensor) *num.Tensor {
	return n.head.Sequence(t, z, nil, nil)
}

// model predicts, in the latent space, the reward of a step and a diagonal Gaussian over the next latent: [z + A] -> 1, and -> mean and
// logarithm of the deviation of each number.
type model struct {
	reward, next *nn.MLP
	latent, acts int
}

func newModel(s *rng.Stream, k LearnerKnobs, acts int) *model {
	return &model{reward: perceptron(s, "model.reward", k.Latent+acts, k.Heads, 1), next: perceptron(s, "model.next", k.Latent+acts, k.Heads, 2*k.Latent),
		latent: k.Latent, acts: acts}
}

func (m *model) params() []*num.Tensor { return append(m.reward.Params(), m.next.Params()...) }

// join puts a one-hot action behind each latent: the input of the model. Backward passes what the model says about z on, times share;
// 0 lets the model's heads learn and leaves the encoder alone.
type join struct {
	z, y  *num.Tensor
	acts  int
	share float32
}

// record puts x = (z, a) [N][z+A] on the tape for the first len(action) rows of z.
func (j *join) record(t *num.Tape, z *num.Tensor, action []int32, acts int, share float32) *num.Tensor {
	d := z.Last()
	j.z, j.acts, j.share = z, acts, share
	j.y = t.Tensor("pairs", len(action), d+acts)
	for i, a := range action {
		row := j.y.Data[i*(d+acts) : (i+1)*(d+acts)]
		copy(row, z.Data[i*d:(i+1)*d])
		clear(row[d:])
		row[d+int(a)] = 1
	}
	t.Custom(j)
	return j.y
}

// Backward implements num.Func.
func (j *join) Backward() {
	if j.share == 0 {
		return
	}
	d, w := j.z.Last(), j.y.Last()
	to, from := j.z.Gradient(), j.y.Gradient()
	for i := range j.y.Rows() {
		for c := range d {
			to[i*d+c] += j.share * from[i*w+c]
		}
	}
}
