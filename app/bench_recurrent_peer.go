package app

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
)

// sizesApart is how far the numbers of parameters of both sides may lie apart: a share. PyTorch's LSTM has a second vector of biases.
const sizesApart = 0.02

// recurrentPeer is the same work in sb3-contrib.
type recurrentPeer struct {
	*peer
	said string // by its last run: versions
}

// recurrentPeerRun is what the script prints of one run.
type recurrentPeerRun struct {
	recurrentRun
	SB3    string `json:"sb3"`
	Torch  string `json:"torch"`
	POPGym string `json:"popgym"`
}

// findRecurrentPeer returns the peer, or nil where there is none, and says so.
func findRecurrentPeer(ctx context.Context, l *benchLab) (*recurrentPeer, error) {
	p, why := lookForPeer(peerRoots(), "ppo_recurrent.py")
	if p != nil && p.lacks(ctx, "sb3_contrib, popgym.envs") {
		p, why = nil, "the Python environment has no sb3-contrib or no popgym"
	}
	if p == nil {
		l.say("ppo-recurrent: no comparison with Stable-Baselines3: %s\n   do: run build/bench/setup in the source folder of Loci", why)
		return nil, ctx.Err()
	}
	return &recurrentPeer{peer: p}, nil
}

// run lets the peer do the work once.
func (p *recurrentPeer) run(ctx context.Context, w *recurrentWork, threads, seed int) (recurrentRun, error) {
	work, err := w.peerWork(threads, seed)
	if err != nil {
		return recurrentRun{}, err
	}
	out, err := p.call(ctx, work)
	if err != nil {
		return recurrentRun{}, err
	}
	r, err := parseRecurrent(out, w.updates)
	if err != nil {
		return r.recurrentRun, err
	}
	if r.Threads != threads || r.Steps != w.steps() {
		return r.recurrentRun, lab.Errorf(lab.Internal, "the peer did %d steps on %d threads, want %d on %d", r.Steps, r.Threads, w.steps(), threads)
	}
	p.said = fmt.Sprintf("peer: RecurrentPPO of sb3-contrib %s, PyTorch %s on the CPU, popgym %s, %d environments in DummyVecEnv", r.SB3, r.Torch, r.POPGym, w.rl.Envs)
	return r.recurrentRun, nil
}

// peerWork writes the work as the script takes it.
func (w *recurrentWork) peerWork(threads, seed int) ([]byte, error) {
	task := popgymTask{knobs: w.task}
	text, err := json.Marshal(struct {
		rl.PPOKnobs
		Task       string  `json:"task"`
		Width      int     `json:"width"`
		ForgetBias float64 `json:"forget_bias"`
		Updates    int     `json:"updates"`
		Threads    int     `json:"threads"`
		Seed       int     `json:"seed"`
	}{w.rl, task.class(), w.agent.Width, w.agent.ForgetBias, w.updates, threads, seed})
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "work cannot be written: %w", err)
	}
	return text, nil
}

// parseRecurrent reads what the script printed of so many updates.
func parseRecurrent(out []byte, updates int) (recurrentPeerRun, error) {
	var r recurrentPeerRun
	if err := json.Unmarshal(out, &r); err != nil {
		return r, lab.Errorf(lab.Internal, "the peer printed %q, which is no result: %w", clip(string(out)), err)
	}
	wrong := r.Steps <= 0 || r.Seconds <= 0 || r.Threads <= 0 || r.Parameters <= 0 || r.SB3 == "" || r.Torch == "" || r.POPGym == ""
	if wrong || len(r.Curve) != updates+1 || len(r.At) != updates+1 {
		return r, lab.Errorf(lab.Internal, "the peer printed %q, want steps, seconds, threads, parameters, three versions, and curve and at of %d updates", clip(string(out)), updates+1)
	}
	return r, nil
}

// sameSize is an error where the networks of both sides are not about as large.
func sameSize(ours, theirs int) error {
	if math.Abs(float64(theirs-ours)) > sizesApart*float64(ours) {
		return lab.Errorf(lab.Internal, "the networks have %d and %d parameters, want at most %g %% apart", ours, theirs, 100*sizesApart)
	}
	return nil
}
