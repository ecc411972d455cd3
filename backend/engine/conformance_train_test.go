package engine

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/local"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

// datums are the rows of a batch as the trainer takes them.
func datums(t *testing.T, rows ...object) []rl.Datum {
	t.Helper()
	b, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	var messages []wire.Datum
	if err := json.Unmarshal(b, &messages); err != nil {
		t.Fatal(err)
	}
	data := make([]rl.Datum, len(rows))
	for i := range messages {
		if data[i], err = messages[i].Row(); err != nil {
			t.Fatal(err)
		}
	}
	return data
}

var asProtobuf = []string{"Content-Type", wire.Protobuf, "Accept", wire.Protobuf}

// encoded is a forward-backward request in protobuf.
func (c *client) encoded(seq int64, loss string, only bool, rows ...object) []byte {
	c.Helper()
	q := wire.NewTrainRequest(c.model, seq, datums(c.T, rows...), rl.Loss{Name: loss}, only)
	return wire.EncodeTrain(&q)
}

func TestS04DenseAndSparseTensorsInProtobufAreRead(t *testing.T) {
	k := newKit(t)
	c := k.client()
	dense := object{
		"model_input": object{"chunks": []object{{"tokens": []int{1, 2}}, {"type": "encoded_text", "tokens": []int{3}}}},
		"loss_fn_inputs": object{
			"target_tokens": object{"data": []int{2, 0, 0, 5, 4, 6}, "dtype": "int64", "shape": []int{3, 2}},
			"weights":       object{"data": []float64{1, 0, 0, 0.5, -0.25, 2}, "dtype": "float32", "shape": []int{3, 2}},
		},
	}
	sparse := wire.Datum{ModelInput: wire.Tokens([]int32{1, 2, 3}), Inputs: map[string]wire.Tensor{
		"target_tokens": {DType: wire.Int64, Ints: []int64{2, 5, 4, 6}, Shape: []int64{3, 2}, Crow: []int64{0, 1, 2, 4}, Col: []int64{0, 1, 0, 1}},
		"weights":       {DType: wire.Float32, Floats: []float32{1, 0.5, -0.25, 2}, Shape: []int64{3, 2}, Crow: []int64{0, 1, 2, 4}, Col: []int64{0, 1, 0, 1}},
	}}
	q := wire.TrainRequest{ModelID: c.model, SeqID: c.next(), Input: wire.LossInput{Data: []wire.Datum{sparse}, LossFn: "cross_entropy"}}
	id := k.post("forward_backward", wire.EncodeTrain(&q), asProtobuf...).want(200).text("request_id")
	got, err := wire.DecodeOutput(k.poll(id, "Accept", wire.Protobuf).want(200).body)
	if err != nil {
		t.Fatal(err)
	}
	if want := c.loss(dense); !near(got.Metrics["loss:sum"], want, 1e-6) || want == 0 {
		t.Errorf("loss %v from sparse tensors, %v from dense ones", got.Metrics["loss:sum"], want)
	}
	if shape := got.Rows[0]["logprobs"].Shape; !slices.Equal(shape, []int64{3, 2}) {
		t.Errorf("log-probabilities of shape %v, want [3 2]", shape)
	}
}

func TestS04ADamagedBodyIsRefusedAndChangesNothing(t *testing.T) {
	k := newKit(t)
	clean, c := k.client(), k.client()
	whole := c.encoded(1, "cross_entropy", false, batch...)
	for n := range len(whole) {
		k.post("forward_backward", whole[:n], asProtobuf...).want(422)
	}
	k.post("forward_backward", []byte("\xff\xff\xff"), asProtobuf...).want(422)
	k.done("forward_backward", whole, asProtobuf...)
	c.seq = 1
	clean.backward(batch...)
	clean.step(bigStep)
	c.step(bigStep)
	if a, b := clean.loss(batch...), c.loss(batch...); a != b {
		t.Errorf("loss %v, after damaged bodies %v", a, b)
	}
}

func TestS05ResultsAreProtobufWhenAskedAndEqualThoseInJSON(t *testing.T) {
	k := newKit(t)
	c := k.client()
	id := k.post("forward_backward", c.encoded(c.next(), "cross_entropy", false, batch...), asProtobuf...).want(200).text("request_id")
	binary := k.poll(id, "Accept", wire.Protobuf).want(200)
	if kind := binary.header.Get("Content-Type"); kind != wire.Protobuf {
		t.Errorf("content type %q", kind)
	}
	got, err := wire.DecodeOutput(binary.body)
	if err != nil {
		t.Fatal(err)
	}
	want := c.backward(batch...)
	if text := into[wire.Output](k.poll(id)); text.Metrics["loss:sum"] != got.Metrics["loss:sum"] {
		t.Errorf("the same result has loss %v in protobuf and %v in JSON", got.Metrics["loss:sum"], text.Metrics["loss:sum"])
	}
	for i := range batch {
		for name, tensor := range want.Rows[i] {
			if !slices.Equal(tensor.Floats, got.Rows[i][name].Floats) {
				t.Errorf("row %d: %s is %v in JSON and %v in protobuf", i, name, tensor.Floats, got.Rows[i][name].Floats)
			}
		}
	}
	bad := k.post("forward_backward", c.encoded(c.next(), "mystery", false, batch...), asProtobuf...).want(200).text("request_id")
	if r := k.poll(bad, "Accept", wire.Protobuf).want(200); r.header.Get("Content-Type") != wire.JSON || r.object()["error"] == nil {
		t.Errorf("an error came as %q: %s", r.header.Get("Content-Type"), r.body)
	}
	if r := k.poll("none", "Accept", wire.Protobuf).want(404); r.header.Get("Content-Type") != wire.JSON {
		t.Errorf("404 came as %q", r.header.Get("Content-Type"))
	}
	k.post("forward_backward", []byte("x"), "Content-Type", "text/plain").want(415)
}

// offPolicy is a row of two tokens whose second was sampled at a log-probability 0.5 below the model's own.
func (c *client) offPolicy(advantage float64) (object, float64) {
	own := c.forward(row(1, 1, 2, 3)).Rows[0]["logprobs"].Floats
	lp := float64(own[1])
	r := row(1, 1, 2, 3)
	in := r["loss_fn_inputs"].(object)
	delete(in, "weights")
	in["logprobs"] = object{"data": []float64{float64(own[0]), lp - 0.5}, "dtype": "float32"}
	in["advantages"] = object{"data": []float64{0, advantage}, "dtype": "float32"}
	return r, lp
}

func TestS10LossesHaveTheProtocolsValuesAndGradients(t *testing.T) {
	ratio := math.Exp(0.5)
	for _, c := range []struct {
		name, loss string
		config     object
		advantage  float64
		value      func(lp float64) float64
		slope      func(lp float64) float64 // d loss / d lp
	}{
		{"importance sampling, A = 2", "importance_sampling", nil, 2, is(-3.2974425), is(-3.2974425)},
		{"importance sampling, A = -2", "importance_sampling", nil, -2, is(3.2974425), is(3.2974425)},
		{"ppo, A = 2", "ppo", nil, 2, is(-2.4), is(0)},
		{"ppo, A = -2", "ppo", nil, -2, is(3.2974425), is(3.2974425)},
		{"ppo with bounds of its own, A = 2", "ppo", object{"clip_low_threshold": 0.5, "clip_high_threshold": 3}, 2, is(-3.2974425), is(-3.2974425)},
		{"cispo, A = 2", "cispo", nil, 2, func(lp float64) float64 { return -ratio * lp * 2 }, is(-3.2974425)},
		{"cispo with the older bounds, A = 2", "cispo", object{"clip_low_threshold": 0.8, "clip_high_threshold": 1.2}, 2, func(lp float64) float64 { return -1.2 * lp * 2 }, is(-2.4)},
		{"dro, A = 2", "dro", object{"beta": 0.5}, 2, func(lp float64) float64 { return -(lp*2 - 0.25*0.25) }, is(-1.75)},
		{"dro, A = -2", "dro", object{"beta": 0.5}, -2, func(lp float64) float64 { return -(lp*-2 - 0.25*0.25) }, is(2.25)},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKit(t)
			x, y := k.client(), k.client()
			data, lp := x.offPolicy(c.advantage)
			body := x.passBody(x.next(), c.loss, data)
			if c.config != nil {
				body["forward_backward_input"].(object)["loss_fn_config"] = c.config
			}
			out := into[wire.Output](k.done("forward_backward", body))
			if got, want := out.Metrics["loss:sum"], c.value(lp); !near(got, want, 1e-5) {
				t.Errorf("loss %v, want %v", got, want)
			}
			// The same gradient by cross entropy, whose slope is minus its weight, moves the weights alike.
			same := row(0, 1, 2, 3)
			same["loss_fn_inputs"].(object)["weights"] = object{"data": []float64{0, -c.slope(lp)}, "dtype": "float32"}
			y.backward(same)
			like := object{"learning_rate": 10.0, "eps": 100.0} // steps in proportion to the gradient
			a, b := x.step(like).object()["metrics"].(object)["grad_norm:mean"].(float64), y.step(like).object()["metrics"].(object)["grad_norm:mean"].(float64)
			if !near(a, b, 1e-5) || (a == 0) != (c.slope(lp) == 0) {
				t.Errorf("norm of the gradient %v, want %v", a, b)
			}
			if a, b := x.loss(batch...), y.loss(batch...); !near(a, b, 1e-5) {
				t.Errorf("after the step a loss of %v, want %v", a, b)
			}
		})
	}
}

func is(v float64) func(float64) float64 { return func(float64) float64 { return v } }

func TestS10TheGradientIsThatOfTheLoss(t *testing.T) {
	k := newKit(t)
	c := k.client()
	before := c.backward(batch...).Metrics["loss:sum"]
	const rate, eps = 2, 1e6 // a step of rate/eps along the gradient, because eps drowns its size; bias correction cancels at step 1
	norm := c.step(object{"learning_rate": rate, "eps": eps}).object()["metrics"].(object)["grad_norm:mean"].(float64)
	after := c.loss(batch...)
	if slope := (before - after) / (rate / eps); !near(slope, norm*norm, 0.02) {
		t.Errorf("the loss falls by %v for a unit along the gradient, want its norm squared, %v", slope, norm*norm)
	}
}

func TestS11TheLossIsASum(t *testing.T) {
	k := newKit(t)
	norm := func(rows ...object) (loss, gradient float64) {
		c := k.client()
		out := c.backward(rows...)
		return out.Metrics["loss:sum"], c.step(bigStep).object()["metrics"].(object)["grad_norm:mean"].(float64)
	}
	loss, gradient := norm(row(1, 1, 2, 3))
	for name, c := range map[string]struct {
		rows   []object
		factor float64
	}{
		"the row twice":       {[]object{row(1, 1, 2, 3), row(1, 1, 2, 3)}, 2},
		"twice the weight":    {[]object{row(2, 1, 2, 3)}, 2},
		"minus the weight":    {[]object{row(-1, 1, 2, 3)}, -1},
		"no weight":           {[]object{row(0, 1, 2, 3)}, 0},
		"weights that cancel": {[]object{row(1, 1, 2, 3), row(-1, 1, 2, 3)}, 0},
	} {
		l, g := norm(c.rows...)
		if !near(l, c.factor*loss, 1e-5) || !near(g, math.Abs(c.factor)*gradient, 1e-5) {
			t.Errorf("%s: loss %v and gradient %v, want %v times %v and %v", name, l, g, c.factor, loss, gradient)
		}
	}
}

func TestCrossEntropyWithoutWeightsCountsEveryToken(t *testing.T) {
	k := newKit(t)
	c := k.client()
	bare := row(1, 1, 2, 3)
	delete(bare["loss_fn_inputs"].(object), "weights")
	if a, b := c.loss(bare), c.loss(row(1, 1, 2, 3)); a != b || a == 0 {
		t.Errorf("loss %v without weights, %v with weights of 1", a, b)
	}
}

func TestS12PartsOfABatchAddUp(t *testing.T) {
	k := newKit(t)
	whole, parts := k.client(), k.client()
	whole.backward(batch...)
	parts.backward(batch[:2]...)
	parts.forward(batch...) // changes nothing
	only := k.post("forward_backward", parts.encoded(parts.next(), "cross_entropy", true, batch...), asProtobuf...).want(200).text("request_id")
	k.poll(only).want(200)
	parts.backward(batch[2:4]...)
	parts.backward(batch[4:]...)
	norms := func(c *client) float64 {
		return c.step(bigStep).object()["metrics"].(object)["grad_norm:mean"].(float64)
	}
	if a, b := norms(whole), norms(parts); !near(a, b, 1e-5) {
		t.Errorf("norm of the gradients %v of a batch, %v of its parts", a, b)
	}
	if a, b := whole.loss(batch...), parts.loss(batch...); !near(a, b, 1e-4) {
		t.Errorf("loss %v after a batch, %v after its parts", a, b)
	}
	if n := norms(whole); n != 0 {
		t.Errorf("norm of the gradients %v after a step, want 0", n)
	}
}

func TestS13EveryNumberOfTheOptimiserCounts(t *testing.T) {
	adam := trainer.Adam{LearningRate: 3e-3, Beta1: 0.8, Beta2: 0.97, Eps: 1e-3, WeightDecay: 0.1, GradClipNorm: 0.5}
	run := func(k *kit, body object, headers ...string) (losses []float64) {
		c := k.client()
		for range 10 {
			losses = append(losses, c.backward(batch...).Metrics["loss:sum"])
			body["model_id"], body["seq_id"] = c.model, c.next()
			k.done("optim_step", maps.Clone(body))
		}
		return losses
	}
	params := object{"learning_rate": adam.LearningRate, "beta1": adam.Beta1, "beta2": adam.Beta2, "eps": adam.Eps, "weight_decay": adam.WeightDecay, "grad_clip_norm": adam.GradClipNorm}
	k := newKit(t)
	got := run(k, object{"adam_params": params})
	want := inProcess(t, k, adam)
	for i := range want {
		if !near(got[i], want[i], 1e-6) {
			t.Errorf("step %d: loss %v over the protocol, %v in process", i, got[i], want[i])
		}
	}
	newer := maps.Clone(params)
	newer["type"] = "adamw"
	if other := run(k, object{"optimizer_params": newer}); !slices.Equal(other, got) {
		t.Errorf("optimizer_params gave %v, want %v", other, got)
	}
	for name := range params {
		less := maps.Clone(params)
		delete(less, name)
		if other := run(k, object{"adam_params": less}); slices.Equal(other, got) {
			t.Errorf("without %s the losses are the same", name)
		}
	}
}

// inProcess is the loop of ten steps without a server.
func inProcess(t *testing.T, k *kit, adam trainer.Adam) (losses []float64) {
	x, err := k.server.bases[tinyName].Train(t.Context(), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		out, err := x.ForwardBackward(t.Context(), datums(t, batch...), rl.Loss{Name: rl.CrossEntropy}).Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, out.Metrics[trainer.LossSum])
		if _, err := x.OptimStep(t.Context(), adam).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return losses
}

func TestS14OutputsAreAlignedAndMetricsSayHowTheyAdd(t *testing.T) {
	k := newKit(t)
	c := k.client()
	ce := c.backward(batch...)
	data, _ := c.offPolicy(1)
	is := into[wire.Output](k.done("forward_backward", c.passBody(c.next(), "importance_sampling", data)))
	for i, r := range batch {
		n := len(r["loss_fn_inputs"].(object)["weights"].(object)["data"].([]float64))
		lp, loss := ce.Rows[i]["logprobs"], ce.Rows[i]["elementwise_loss"]
		if len(lp.Floats) != n || len(loss.Floats) != n || !slices.Equal(lp.Shape, []int64{int64(n)}) {
			t.Errorf("row %d has %d log-probabilities and %d losses, want %d", i, len(lp.Floats), len(loss.Floats), n)
		}
	}
	if len(is.Rows[0]["logprobs"].Floats) != 2 {
		t.Errorf("got %v", is.Rows[0])
	}
	for _, metrics := range []map[string]float64{ce.Metrics, is.Metrics} {
		if _, ok := metrics["loss:sum"]; !ok {
			t.Errorf("no loss:sum in %v", metrics)
		}
		for name := range metrics {
			if strings.Count(name, ":") != 1 {
				t.Errorf("metric %q has not one colon", name)
			}
		}
	}
}
