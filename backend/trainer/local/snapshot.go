package local

import (
	"bytes"
	"io"

	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
)

// Snapshot keeps weights, optimiser and the gradients that no step has used yet: a trainer made alike goes on bit for bit.
func (t *Trainer) Snapshot(w io.Writer) error {
	t.lock.Lock()
	defer t.lock.Unlock()
	return rl.WriteParts(w, t.parts()...)
}

// Restore brings back what Snapshot kept. After an error the trainer is to be dropped.
func (t *Trainer) Restore(r io.Reader) error {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.used = true
	return rl.ReadParts(r, t.parts()...)
}

func (t *Trainer) parts() []rl.Part {
	return []rl.Part{
		{Name: "weights", State: rl.Weights(t.model.Weights(), nil)},
		{Name: "trained", State: rl.Weights(t.extra(), t.adam)},
		{Name: "gradients", State: gradients{t.params}},
	}
}

// gradients keep what was added up since the last step: nothing where all is zero, as between two steps.
type gradients struct{ params []*num.Tensor }

func (g gradients) Snapshot(w io.Writer) error {
	for _, p := range g.params {
		for _, v := range p.Grad {
			if v != 0 {
				return nn.WriteTensors(w, nil, g.tensors())
			}
		}
	}
	return nil
}

func (g gradients) Restore(r io.Reader) error {
	for _, p := range g.params {
		p.ZeroGrad()
	}
	var first [1]byte
	if _, err := io.ReadFull(r, first[:]); err == io.EOF {
		return nil
	} else if err != nil {
		return err
	}
	_, err := nn.ReadTensors(io.MultiReader(bytes.NewReader(first[:]), r), g.tensors())
	return err
}

// tensors are the gradients as data.
func (g gradients) tensors() []*num.Tensor {
	xs := make([]*num.Tensor, len(g.params))
	for i, p := range g.params {
		xs[i] = &num.Tensor{Name: "grad." + p.Name, Shape: p.Shape, Data: p.Grad}
	}
	return xs
}
