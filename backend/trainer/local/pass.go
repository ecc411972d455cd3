package local

import (
	"context"
	"math"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer"
)

// Forward implements trainer.Trainer.
func (t *Trainer) Forward(ctx context.Context, data []rl.Datum, loss rl.Loss) *trainer.Future[trainer.Output] {
	return t.call(ctx, data, loss, false)
}

// ForwardBackward implements trainer.Trainer. Errors: invalid for a row that the loss or the model cannot take, or a loss that is not
// finite; they name the row, and the batch of the latter is left in the folder.
func (t *Trainer) ForwardBackward(ctx context.Context, data []rl.Datum, loss rl.Loss) *trainer.Future[trainer.Output] {
	return t.call(ctx, data, loss, true)
}

func (t *Trainer) call(ctx context.Context, data []rl.Datum, loss rl.Loss, learn bool) *trainer.Future[trainer.Output] {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.used = true
	if err := t.check(data, loss); err != nil {
		return trainer.Ready(trainer.Output{}, err)
	}
	p := newPass(t, data, loss, learn)
	out, err := p.run(ctx)
	return trainer.Ready(out, err)
}

func (t *Trainer) check(data []rl.Datum, loss rl.Loss) error {
	if loss.Name == rl.PPOCritic && t.value == nil {
		return lab.Errorf(lab.Invalid, "loss %s wants a value head, and this model has none", loss.Name).WithHint("train with a value head")
	}
	if err := loss.Check(); err != nil {
		return err
	}
	for i := range data {
		if err := loss.CheckDatum(&data[i], t.model.Shape.Vocab, t.model.Shape.Context); err != nil {
			return ofRow(i, len(data), err)
		}
	}
	return nil
}

func ofRow(i, n int, err error) error {
	e := lab.Errorf(lab.CodeOf(err), "row %d of %d: %w", i, n, err)
	e.Hint = lab.HintOf(err)
	return e
}

// pass is one call: rows laid into packs, each of which goes through the model once.
type pass struct {
	t      *Trainer
	data   []rl.Datum
	loss   rl.Loss
	learn  bool
	packs  []*nn.Pack
	places [][]nn.Place // of the reads of each row
	reads  [][]int32    // which entry of its row's [N][K] a read is

	outputs [][]float32 // [N][K] of each row: what the loss reads
	slopes  [][]float32 // gradient of the loss by them
}

func newPass(t *Trainer, data []rl.Datum, loss rl.Loss, learn bool) *pass {
	p := &pass{t: t, data: data, loss: loss, learn: learn, reads: make([][]int32, len(data)), places: make([][]nn.Place, len(data))}
	var rows []nn.Row
	var of []int // the row of data that each of them is; those without reads are not packed
	for i := range data {
		if row := p.row(i); len(row.Reads) > 0 {
			rows, of = append(rows, row), append(of, i)
		}
		n := len(data[i].Input) * max(data[i].K, 1)
		p.outputs, p.slopes = append(p.outputs, make([]float32, n)), append(p.slopes, make([]float32, n))
	}
	packs, places := nn.PackRows(rows, t.options.PackTokens)
	for r, i := range of {
		p.places[i] = places[r]
	}
	p.packs = packs
	return p
}

// row lists what is wanted of a row: everything, or in a lean pass what moves something and the tokens before it.
func (p *pass) row(i int) (row nn.Row) {
	d, k := &p.data[i], max(p.data[i].K, 1)
	var wanted []bool
	if p.learn && p.t.options.Lean {
		wanted = p.loss.Wanted(d)
	}
	for e := range len(d.Input) * k {
		if wanted != nil && !wanted[e] {
			continue
		}
		read := nn.Read{At: e / k}
		if p.loss.Name != rl.PPOCritic {
			read.Target = d.Targets[e]
		}
		row.Reads, p.reads[i] = append(row.Reads, read), append(p.reads[i], int32(e))
	}
	if n := len(row.Reads); n > 0 {
		row.Tokens = d.Input[:row.Reads[n-1].At+1]
	}
	return row
}

// run computes pack after pack. Gradients add up in that order whatever the number of workers; an error leaves them as they were.
func (p *pass) run(ctx context.Context) (trainer.Output, error) {
	undo := p.keepGradients()
	members := p.members()
	sum := make([]float64, len(p.data))
	elementwise := make([][]float32, len(p.data))
	for k := range p.packs {
		err := ctx.Err()
		if err == nil {
			err = p.pack(k, members[k], sum, elementwise)
		}
		if err != nil {
			undo()
			return trainer.Output{}, err
		}
	}
	return p.output(sum, elementwise), nil
}

// keepGradients returns what brings the gradients back. The first pack fails before it adds anything, so a single one needs no copy.
func (p *pass) keepGradients() func() {
	if !p.learn || len(p.packs) < 2 {
		return func() {}
	}
	kept := make([][]float32, len(p.t.params))
	for i, x := range p.t.params {
		kept[i] = slices.Clone(x.Grad)
	}
	return func() {
		for i, x := range p.t.params {
			copy(x.Grad, kept[i])
		}
	}
}

// members lists the rows of each pack. A row lies in one pack; one without reads is nowhere.
func (p *pass) members() [][]int {
	members := make([][]int, len(p.packs))
	for i, places := range p.places {
		if len(places) > 0 {
			members[places[0].Pack] = append(members[places[0].Pack], i)
		}
	}
	return members
}

func (p *pass) pack(k int, rows []int, sum []float64, elementwise [][]float32) error {
	t := p.t
	t.tape.Reset()
	out := p.forward(p.packs[k])
	grad := make([]float32, len(out.Data))
	for _, i := range rows {
		for r, e := range p.reads[i] {
			p.outputs[i][e] = out.Data[p.places[i][r].Read]
		}
		var err error
		if sum[i], elementwise[i], err = p.loss.Eval(&p.data[i], p.outputs[i], p.slopes[i]); err != nil {
			return p.failed(i, err)
		}
		for r, e := range p.reads[i] {
			grad[p.places[i][r].Read] += p.slopes[i][e]
		}
	}
	if p.learn {
		t.tape.BackwardFrom(out, grad)
	}
	return nil
}

// forward returns what the loss reads at each read of a pack, [R].
func (p *pass) forward(pack *nn.Pack) *num.Tensor {
	if p.loss.Name == rl.PPOCritic {
		return values(p.t.tape, p.t.model.Hidden(p.t.tape, pack), p.t.value)
	}
	return p.t.model.Logprobs(p.t.tape, pack)
}

func (p *pass) failed(i int, err error) error {
	err = ofRow(i, len(p.data), err)
	if p.t.options.Folder == "" {
		return err
	}
	path, keep := keepBatch(p.t.options.Folder, failedBatch{Error: err.Error(), Row: i, Loss: p.loss, Outputs: texts(p.outputs[i]), Data: p.data})
	if keep != nil {
		return lab.Errorf(lab.CodeOf(err), "%w; the batch could not be kept: %v", err, keep)
	}
	return lab.Errorf(lab.CodeOf(err), "%w; the batch is kept in %s", err, path)
}

func (p *pass) output(sum []float64, elementwise [][]float32) trainer.Output {
	out := trainer.Output{Rows: make([]trainer.Row, len(p.data))}
	total, tokens := 0.0, 0
	for i, s := range sum {
		total += s
		tokens += len(p.reads[i])
		p.blank(i)
		out.Rows[i] = trainer.Row{Logprobs: p.outputs[i], Loss: elementwise[i]}
		if elementwise[i] == nil && p.loss.Name == rl.CrossEntropy {
			out.Rows[i].Loss = make([]float32, len(p.data[i].Input)) // a row that a lean pass left out
		}
	}
	out.Metrics = trainer.Metrics{trainer.LossSum: total, "predictions:sum": float64(tokens)}
	return out
}

// blank marks what was not computed.
func (p *pass) blank(i int) {
	if len(p.reads[i]) == len(p.outputs[i]) {
		return
	}
	full := make([]float32, len(p.outputs[i]))
	for e := range full {
		full[e] = float32(math.NaN())
	}
	for _, e := range p.reads[i] {
		full[e] = p.outputs[i][e]
	}
	p.outputs[i] = full
}
