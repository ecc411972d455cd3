package engine

import (
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loci-lab/loci/backend/trainer/wire"
)

var batch = []object{row(1, 1, 2, 3, 4, 5), row(0.5, 7, 8, 9), row(-0.3, 4, 4, 4, 1), row(1, 16, 0), row(2, 3, 1, 2)}

var bigStep = object{"learning_rate": 0.05}

func TestS06CallsAreCarriedOutInTheOrderOfTheirNumbers(t *testing.T) {
	k := newKit(t)
	straight, mixed := k.client(), k.client()
	var want []float64
	for _, rows := range [][]object{batch[:2], batch[2:4], batch[4:]} {
		want = append(want, straight.backward(rows...).Metrics["loss:sum"])
	}
	straight.step(bigStep)
	ids := map[int]string{}
	calls := map[int][]object{1: batch[:2], 2: batch[2:4], 3: batch[4:]}
	for _, seq := range []int{2, 3, 1} {
		ids[seq] = k.post("forward_backward", mixed.passBody(int64(seq), "cross_entropy", calls[seq]...)).want(200).text("request_id")
	}
	mixed.seq = 3
	mixed.step(bigStep)
	for seq, id := range ids {
		if got := into[wire.Output](k.poll(id)).Metrics["loss:sum"]; got != want[seq-1] {
			t.Errorf("call %d gave %v, want %v", seq, got, want[seq-1])
		}
	}
	if a, b := straight.loss(batch...), mixed.loss(batch...); a != b {
		t.Errorf("after the step the loss is %v in order and %v out of it", a, b)
	}
}

func TestS06AGapThatNeverFillsFailsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		c := k.client()
		before := c.loss(batch...)
		late := k.post("forward_backward", c.passBody(3, "cross_entropy", batch...)).want(200).text("request_id")
		last := k.post("optim_step", object{"model_id": c.model, "seq_id": 4, "adam_params": bigStep}).want(200).text("request_id")
		from := time.Now()
		for k.poll(late).code == 408 {
		}
		if waited := time.Since(from); waited < 119*time.Second || waited > 121*time.Second {
			t.Errorf("failed after %v, want 2 min", waited)
		}
		for _, id := range []string{late, last} {
			if e := k.failure(id); !strings.Contains(e["error"].(string), "call 2") {
				t.Errorf("got %v, want the missing call 2 named", e)
			}
		}
		k.post("forward_backward", c.passBody(2, "cross_entropy", batch...)).want(400)
		c.seq = 4
		if after := c.loss(batch...); after != before {
			t.Errorf("loss %v, was %v: a failed call had an effect", after, before)
		}
	})
}

func TestS07ACallThatIsSentAgainHasNoSecondEffect(t *testing.T) {
	k := newKit(t)
	once, twice := k.client(), k.client()
	once.backward(batch...)
	body := twice.passBody(twice.next(), "cross_entropy", batch...)
	first := k.post("forward_backward", body).want(200).text("request_id")
	k.poll(first).want(200)
	if again := k.post("forward_backward", body).want(200).text("request_id"); again != first {
		t.Errorf("the same call got request %s, then %s", first, again)
	}
	k.post("forward_backward", twice.passBody(1, "cross_entropy", batch[:1]...)).want(409)
	k.post("optim_step", object{"model_id": twice.model, "seq_id": 1, "adam_params": object{}}).want(409)
	a, b := once.step(bigStep).object()["metrics"].(object), twice.step(bigStep).object()["metrics"].(object)
	if a["grad_norm:mean"] != b["grad_norm:mean"] {
		t.Errorf("norm of the gradients %v once and %v twice", a, b)
	}
}

func TestCallsWithoutANumberRunAsTheyCome(t *testing.T) {
	k := newKit(t)
	c := k.client()
	for range 2 {
		k.done("forward_backward", object{"model_id": c.model, "forward_backward_input": object{"loss_fn": "cross_entropy", "data": batch}})
	}
	numbered := k.client()
	numbered.backward(batch...)
	numbered.backward(batch...)
	a := k.done("optim_step", object{"model_id": c.model, "adam_params": bigStep}).object()["metrics"].(object)
	if b := numbered.step(bigStep).object()["metrics"].(object); a["grad_norm:mean"] != b["grad_norm:mean"] {
		t.Errorf("norm of the gradients %v, with numbers %v", a, b)
	}
}

func TestS09AFailedCallIsAResultAndLeavesTheGradient(t *testing.T) {
	k := newKit(t)
	clean, c := k.client(), k.client()
	clean.backward(batch...)
	c.backward(batch...)
	wrongLength := row(1, 1, 2, 3)
	wrongLength["loss_fn_inputs"].(object)["weights"] = object{"data": []int{1}, "dtype": "float32"}
	long := make([]int, 70)
	for name, body := range map[string]object{
		"an unknown loss":                       c.passBody(0, "mystery", batch...),
		"a loss that lacks its inputs":          c.passBody(0, "importance_sampling", batch...),
		"a token beyond the vocabulary":         c.passBody(0, "cross_entropy", batch[0], row(1, 1, 17)),
		"a negative token":                      c.passBody(0, "cross_entropy", row(1, -1, 3)),
		"arrays of another length":              c.passBody(0, "cross_entropy", batch[0], wrongLength),
		"a row longer than the context":         c.passBody(0, "cross_entropy", row(1, long...)),
		"no row":                                c.passBody(0, "cross_entropy"),
		"a setting that the loss does not have": {"model_id": c.model, "forward_backward_input": object{"loss_fn": "ppo", "data": batch, "loss_fn_config": object{"mystery": 1}}},
	} {
		body["seq_id"] = c.next()
		if e := k.failed("forward_backward", body); e["category"] != "user" {
			t.Errorf("%s: got %v, want a fault of the user", name, e)
		}
	}
	if e := k.failed("optim_step", object{"model_id": c.model, "seq_id": c.next(), "adam_params": object{"beta1": 1.5}}); e["category"] != "user" {
		t.Errorf("beta1 of 1.5 got %v", e)
	}
	if e := k.failed("optim_step", object{"model_id": c.model, "seq_id": c.next(), "optimizer_params": object{"type": "dimuon"}}); e["category"] != "user" {
		t.Errorf("dimuon got %v", e)
	}
	a, b := clean.step(bigStep), c.step(bigStep)
	if x, y := a.object()["metrics"].(object), b.object()["metrics"].(object); x["grad_norm:mean"] != y["grad_norm:mean"] {
		t.Errorf("norm of the gradients %v, after failed calls %v", x, y)
	}
	if a, b := clean.loss(batch...), c.loss(batch...); a != b {
		t.Errorf("loss %v, after failed calls %v", a, b)
	}
}

func TestModelsTakeTurns(t *testing.T) {
	l := newLane(2)
	var order []string
	note := func(name string) *job {
		return &job{queue: name[:1], load: name}
	}
	for _, name := range []string{"a1", "a2", "a3", "a4", "b1", "c1", "c2"} {
		l.add(note(name))
	}
	for batch := l.take(); batch != nil; batch = l.take() {
		var names []string
		for _, j := range batch {
			names = append(names, j.load.(string))
		}
		order = append(order, strings.Join(names, "+"))
	}
	if want := []string{"a1+a2", "b1", "c1+c2", "a3+a4"}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
}

func TestWhatIsTooMuchIsAnsweredWith429(t *testing.T) {
	var base *scripted
	k := newKit(t, func(c *Config) {
		base = newScripted(newShelf(t))
		c.Bases = []Base{base}
		c.Limits = Limits{Models: 1, Sessions: 2, Pending: 3}
	})
	session := k.session()
	body := object{"session_id": session, "model_seq_id": 0, "base_model": "test/scripted"}
	model := k.done("create_model", body).text("model_id")
	body["model_seq_id"] = 1
	if r := k.post("create_model", body).want(429); r.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	step := func(seq int) reply {
		return k.post("optim_step", object{"model_id": model, "seq_id": seq, "adam_params": object{}})
	}
	first := step(1).want(200).text("request_id")
	step(2).want(200)
	step(3).want(200)
	step(4).want(429)
	close(base.gate)
	k.poll(first).want(200)
	k.session()
	k.post("create_session", object{"tags": []string{}, "sdk_version": "x"}).want(429)
	for r := step(4); r.code != 200; r = step(4) { // the number was not used up
		r.want(429)
	}
}

func TestBytesThatWaitAndThatAreKeptAreBounded(t *testing.T) {
	f := newFutures(Limits{Pending: 10, QueuedBytes: 100, KeptBytes: 50, Keep: time.Hour})
	x, err := f.add(60)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.add(50); err == nil {
		t.Error("110 bytes waited with a limit of 100")
	}
	f.finish(x, result{bytes: 51}, nil)
	if _, err := f.add(1); err == nil {
		t.Error("a call was taken while 51 bytes were kept with a limit of 50")
	}
	f.expire(time.Now().Add(2 * time.Hour))
	if _, err := f.add(100); err != nil || f.kept != 0 {
		t.Errorf("after results were dropped: %v, %d bytes kept", err, f.kept)
	}
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance*max(1, math.Abs(b)) }

func TestSeveralClientsAtOnceGetWhatTheyWouldGetAlone(t *testing.T) {
	work := func(k *kit) (losses []float64) {
		c := k.clientIn(k.session(), 0, 2)
		for n := range 3 {
			c.train(1)
			losses = append(losses, c.loss(batch...))
			id := c.done("save_weights_for_sampler", object{"model_id": c.model, "seq_id": c.next(), "sampling_session_seq_id": n}).text("sampling_session_id")
			for _, lp := range k.greedy(id, 0).Logprobs {
				losses = append(losses, float64(lp))
			}
		}
		return losses
	}
	all := newKit(t)
	want := work(all)
	t.Run("together", func(t *testing.T) {
		for _, name := range []string{"one", "two", "three", "four"} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				if got := work(&kit{T: t, server: all.server, shelf: all.shelf}); !slices.Equal(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
			})
		}
	})
}
