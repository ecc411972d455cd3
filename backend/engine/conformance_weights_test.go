package engine

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/loci-lab/loci/backend/trainer/wire"
)

func (c *client) save(name string) string {
	c.Helper()
	return c.done("save_weights", object{"model_id": c.model, "seq_id": c.next(), "path": name}).text("path")
}

// train makes some steps.
func (c *client) train(steps int) {
	c.Helper()
	for range steps {
		c.backward(batch...)
		c.step(object{"learning_rate": 0.01, "weight_decay": 0.01})
	}
}

func TestS15ASavedModelGoesOnAsIfNothingHadHappened(t *testing.T) {
	for _, rank := range []int{0, 2} {
		k := newKit(t)
		straight := k.clientIn(k.session(), 0, rank)
		straight.train(3)
		path := straight.save("half")
		if want := "tinker://" + straight.model + "/weights/half"; path != want {
			t.Errorf("path %q, want %q", path, want)
		}
		load := func(optimizer bool) *client {
			c := k.clientIn(k.session(), 0, rank)
			r := c.done("load_weights", object{"model_id": c.model, "seq_id": c.next(), "path": path, "optimizer": optimizer})
			if r.text("path") != path {
				t.Errorf("load gave %s", r.body)
			}
			return c
		}
		newer := func(optimizer bool) *client {
			c := &client{kit: k, session: k.session()}
			body := object{"session_id": c.session, "model_seq_id": 7, "path": path, "optimizer": optimizer, "optimizer_config": nil}
			c.model = k.done("load_weights", body).text("model_id")
			if want := c.session + ":train:7"; c.model != want {
				t.Errorf("model %q, want %q", c.model, want)
			}
			return c
		}
		with, without, made, fresh := load(true), load(false), newer(true), newer(false)
		for _, c := range []*client{straight, with, without, made, fresh} {
			c.train(2)
		}
		want := straight.loss(batch...)
		for name, c := range map[string]*client{"loaded": with, "made from the checkpoint": made} {
			if got := c.loss(batch...); got != want {
				t.Errorf("rank %d, %s: loss %v, want %v", rank, name, got, want)
			}
		}
		a, b := without.loss(batch...), fresh.loss(batch...)
		if a != b || a == want {
			t.Errorf("rank %d: loss %v and %v without the optimiser's state, %v with it", rank, a, b, want)
		}
	}
}

func TestS16LoadingLateIsRefusedAndNamesAreNotTakenTwice(t *testing.T) {
	k := newKit(t)
	c := k.client()
	path := c.save("one")
	load := object{"model_id": c.model, "seq_id": c.next(), "path": path, "optimizer": true}
	k.post("load_weights", load).want(400)
	c.train(1) // the number of the refused call does not keep the others waiting
	if e := k.failed("save_weights", object{"model_id": c.model, "seq_id": c.next(), "path": "one"}); e["category"] != "user" {
		t.Errorf("got %v", e)
	}
	replaced := c.done("save_weights", object{"model_id": c.model, "seq_id": c.next(), "path": "one", "overwrite": true}).text("path")
	if replaced != path {
		t.Errorf("path %q, want %q", replaced, path)
	}
	again := k.clientIn(k.session(), 0, 0)
	again.done("load_weights", object{"model_id": again.model, "seq_id": again.next(), "path": path, "optimizer": false})
	if a, b := c.loss(batch...), again.loss(batch...); a != b {
		t.Errorf("loss %v, and %v from the checkpoint that was written over", a, b)
	}
	for _, name := range []string{"../up", "a/b", "a b", strings.Repeat("x", 256), "ä", "."} {
		if e := k.failed("save_weights", object{"model_id": c.model, "seq_id": c.next(), "path": name}); e["category"] != "user" {
			t.Errorf("name %q got %v", name, e)
		}
	}
	other := k.clientIn(k.session(), 0, 4)
	if e := k.failed("load_weights", object{"model_id": other.model, "seq_id": 1, "path": path}); e["category"] != "user" {
		t.Errorf("a checkpoint of another rank got %v", e)
	}
	for path, want := range map[string]int{
		"tinker://x/weights/none": 404, "tinker://x/none": 400, "file:///etc/passwd": 400, "tinker://../weights/../../x": 400, "tinker://x/weights/../y": 400, "": 422,
	} {
		q := object{"tinker_path": path}
		if path == "" {
			q = object{}
		}
		k.post("weights_info", q).want(want)
		if path != "" {
			x := k.clientIn(k.session(), 0, 0)
			k.post("load_weights", object{"model_id": x.model, "seq_id": 1, "path": path, "optimizer": false}).want(want)
		}
	}
}

func TestWeightsInfoSaysWhatAModelToLoadIntoNeeds(t *testing.T) {
	k := newKit(t)
	full, lora := k.client(), k.clientIn(k.session(), 0, 2)
	if o := k.post("weights_info", object{"tinker_path": full.save("a")}).want(200).object(); o["base_model"] != tinyName || o["is_lora"] != false || o["lora_rank"] != nil {
		t.Errorf("got %v", o)
	}
	if o := k.post("weights_info", object{"tinker_path": lora.save("a")}).want(200).object(); o["is_lora"] != true || o["lora_rank"] != 2.0 || o["train_mlp"] != true {
		t.Errorf("got %v", o)
	}
}

// greedy are the most probable tokens and their log-probabilities.
func (k *kit) greedy(sampler string, seq int) wire.Sequence {
	k.Helper()
	r := k.done("asample", object{"sampling_session_id": sampler, "seq_id": seq, "prompt": object{"chunks": []object{{"type": "encoded_text", "tokens": []int{1, 2}}}},
		"sampling_params": object{"max_tokens": 8, "temperature": 0}})
	return into[wire.SampleReply](r).Sequences[0]
}

func TestS17SavesForSamplingAreNamedOrEphemeral(t *testing.T) {
	k := newKit(t)
	c := k.client()
	named := c.done("save_weights_for_sampler", object{"model_id": c.model, "seq_id": c.next(), "path": "step1"}).object()
	if want := "tinker://" + c.model + "/sampler_weights/step1"; named["path"] != want || named["sampling_session_id"] != nil {
		t.Errorf("a named save gave %v, want path %q", named, want)
	}
	passing := c.done("save_weights_for_sampler", object{"model_id": c.model, "seq_id": c.next(), "sampling_session_seq_id": 3}).object()
	if passing["path"] != nil || passing["sampling_session_id"] != c.session+":sample:3" {
		t.Errorf("an ephemeral save gave %v", passing)
	}
	session := k.post("create_sampling_session", object{"session_id": c.session, "sampling_session_seq_id": 4, "model_path": named["path"]}).want(200).text("sampling_session_id")
	if a, b := k.greedy(session, 0), k.greedy(c.session+":sample:3", 0); !slices.Equal(a.Logprobs, b.Logprobs) || len(a.Tokens) != 8 {
		t.Errorf("the same weights gave %v and %v", a, b)
	}
	if o := k.get("samplers/" + session).want(200).object(); o["base_model"] != tinyName || o["model_path"] != named["path"] {
		t.Errorf("samplers says %v", o)
	}
	for name, change := range map[string]object{
		"the name again":           {"path": "step1"},
		"the session again":        {"sampling_session_seq_id": 3},
		"neither":                  {},
		"both":                     {"path": "x", "sampling_session_seq_id": 9},
		"a kind that is not known": {"path": "x", "kind": "mystery"},
	} {
		change["model_id"], change["seq_id"] = c.model, c.next()
		if e := k.failed("save_weights_for_sampler", change); e["category"] != "user" {
			t.Errorf("%s: got %v", name, e)
		}
	}
}

func TestS18ASamplerStaysAsItWas(t *testing.T) {
	k := newKit(t)
	for _, rank := range []int{0, 2} {
		c := k.clientIn(k.session(), 0, rank)
		c.train(1)
		path := c.done("save_weights_for_sampler", object{"model_id": c.model, "seq_id": c.next(), "path": "one"}).text("path")
		passing := c.done("save_weights_for_sampler", object{"model_id": c.model, "seq_id": c.next(), "sampling_session_seq_id": 0}).text("sampling_session_id")
		before := k.greedy(passing, 0)
		c.train(5)
		named := k.post("create_sampling_session", object{"session_id": c.session, "sampling_session_seq_id": 1, "model_path": path}).want(200).text("sampling_session_id")
		for n, sampler := range []string{passing, named} {
			after := k.greedy(sampler, 1)
			if !slices.Equal(before.Tokens, after.Tokens) || !slices.Equal(before.Logprobs, after.Logprobs) {
				t.Errorf("rank %d, sampler %d: %v before training, %v after", rank, n, before, after)
			}
		}
		moved := c.done("save_weights_for_sampler", object{"model_id": c.model, "seq_id": c.next(), "sampling_session_seq_id": 2}).text("sampling_session_id")
		if now := k.greedy(moved, 0); slices.Equal(now.Logprobs, before.Logprobs) {
			t.Errorf("rank %d: training changed nothing", rank)
		}
	}
}

func TestAnInflightSamplerFollowsItsModel(t *testing.T) {
	k := newKit(t)
	c := k.client()
	save := func(n int, kind string) string {
		return c.done("save_weights_for_sampler", object{"model_id": c.model, "seq_id": c.next(), "sampling_session_seq_id": n, "kind": kind}).text("sampling_session_id")
	}
	follows, stays := save(0, "inflight"), save(1, "snapshot")
	before := k.greedy(stays, 0)
	c.train(2)
	newest := save(2, "inflight")
	if a, b := k.greedy(follows, 0), k.greedy(newest, 0); !slices.Equal(a.Logprobs, b.Logprobs) || slices.Equal(a.Logprobs, before.Logprobs) {
		t.Errorf("the earlier inflight sampler gives %v, the newest %v, before it was %v", a, b, before)
	}
	if again := k.greedy(stays, 1); !slices.Equal(again.Logprobs, before.Logprobs) {
		t.Error("a snapshot moved with the model")
	}
}

func TestManySnapshotsDoNotStayInMemoryAndCanStillBeSampled(t *testing.T) {
	k := newKit(t)
	c := k.client()
	var first []float32
	for i := range openSamplers + 3 {
		id := c.done("save_weights_for_sampler", object{"model_id": c.model, "seq_id": c.next(), "sampling_session_seq_id": i}).text("sampling_session_id")
		if i == 0 {
			first = k.greedy(id, 0).Logprobs
		}
		c.train(1)
	}
	open := 0
	for _, src := range k.server.sources {
		if src.sampler != nil {
			open++
		}
	}
	if open != openSamplers {
		t.Errorf("%d samplers are in memory, want %d", open, openSamplers)
	}
	if again := k.greedy(c.session+":sample:0", 1).Logprobs; !slices.Equal(again, first) {
		t.Errorf("the first snapshot gives %v, gave %v", again, first)
	}
	k.post("sessions/"+c.session+"/finish", object{}).want(200)
	left, err := os.ReadDir(k.server.disk.passing())
	if err != nil || len(left) > 0 {
		t.Errorf("after the session %d snapshots are left on disk (%v)", len(left), err)
	}
}

func TestS21UnloadingFreesTheModel(t *testing.T) {
	k := newKit(t)
	c := k.client()
	c.train(1)
	k.server.mu.Lock()
	held := weak.Make(k.server.models[c.model])
	k.server.mu.Unlock()
	if r := k.done("unload_model", object{"model_id": c.model, "type": "unload_model"}); r.text("model_id") != c.model {
		t.Errorf("got %s", r.body)
	}
	for path, body := range map[string]any{
		"forward_backward": c.passBody(c.next(), "cross_entropy", batch...), "get_info": object{"model_id": c.model},
		"optim_step": object{"model_id": c.model, "seq_id": 9, "adam_params": object{}}, "unload_model": object{"model_id": c.model},
		"save_weights": object{"model_id": c.model, "seq_id": 9},
	} {
		k.post(path, body).want(404)
	}
	k.poll("none").want(404)
	for range 1000 { // the lane may still be about to let go of it
		if held.Value() == nil {
			break
		}
		runtime.GC()
		runtime.Gosched()
	}
	if held.Value() != nil {
		t.Error("the model is still held after it was unloaded")
	}
}

func TestCallsThatWaitForAnUnloadedModelFail(t *testing.T) {
	var base *scripted
	k := newKit(t, func(c *Config) { base = newScripted(newShelf(t)); c.Bases = []Base{base} })
	model := k.done("create_model", object{"session_id": k.session(), "model_seq_id": 0, "base_model": "test/scripted"}).text("model_id")
	step := func(seq int) string {
		return k.post("optim_step", object{"model_id": model, "seq_id": seq, "adam_params": object{}}).want(200).text("request_id")
	}
	running, queued, held := step(1), step(2), step(9)
	<-base.began
	gone := k.post("unload_model", object{"model_id": model}).want(200).text("request_id")
	k.failure(queued)
	k.failure(held)
	close(base.gate)
	k.poll(gone).want(200)
	k.poll(running).want(200)
}

func TestRunsAndCheckpointsOutliveTheServer(t *testing.T) {
	folder := t.TempDir()
	first := newKit(t, func(c *Config) { c.Folder = folder })
	c := first.clientIn(first.session(), 0, 2)
	c.train(2)
	path := c.save("kept")
	sampler := c.done("save_weights_for_sampler", object{"model_id": c.model, "seq_id": c.next(), "path": "kept"}).text("path")
	id := first.post("create_sampling_session", object{"session_id": c.session, "sampling_session_seq_id": 0, "model_path": sampler}).want(200).text("sampling_session_id")
	greedy, loss := first.greedy(id, 0), c.loss(batch...)
	if err := first.server.Close(); err != nil {
		t.Fatal(err)
	}
	// Damage that a crash or a person may leave must not hide the rest.
	for name, text := range map[string]string{"runs/broken/run.json": "{", "runs/moved/run.json": `{"id":"elsewhere"}`, "passing/half/weights": "x"} {
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	k := newKit(t, func(c *Config) { c.Folder = folder })
	runs := k.get("training_runs").want(200).object()
	if list := runs["training_runs"].([]any); len(list) != 1 || list[0].(object)["training_run_id"] != c.model || list[0].(object)["lora_rank"] != 2.0 {
		t.Errorf("runs are %v", list)
	}
	if _, err := os.Stat(filepath.Join(folder, "passing", "half")); err == nil {
		t.Error("what was under way before is still there")
	}
	again := k.clientIn(k.session(), 0, 2)
	again.done("load_weights", object{"model_id": again.model, "seq_id": again.next(), "path": path, "optimizer": true})
	if got := again.loss(batch...); got != loss {
		t.Errorf("loss %v, was %v before the restart", got, loss)
	}
	id = k.post("create_sampling_session", object{"session_id": again.session, "sampling_session_seq_id": 0, "model_path": sampler}).want(200).text("sampling_session_id")
	if got := k.greedy(id, 0); !slices.Equal(got.Logprobs, greedy.Logprobs) {
		t.Errorf("samples %v, were %v before the restart", got, greedy)
	}
}

func TestCheckpointsAreListedPagedArchivedAndDeleted(t *testing.T) {
	k := newKit(t)
	c := k.client()
	for _, name := range []string{"a", "b", "c"} {
		c.save(name)
	}
	c.done("save_weights_for_sampler", object{"model_id": c.model, "seq_id": c.next(), "path": "s", "ttl_seconds": 3600})
	list := k.get("checkpoints?limit=2&offset=1").want(200).object()
	if cursor := list["cursor"].(object); cursor["total_count"] != 4.0 || cursor["limit"] != 2.0 || cursor["offset"] != 1.0 || len(list["checkpoints"].([]any)) != 2 {
		t.Errorf("got %v", list)
	}
	all := into[wire.CheckpointsReply](k.get("training_runs/" + c.model + "/checkpoints")).Checkpoints
	kinds := map[string]int{}
	for _, x := range all {
		kinds[x.Type]++
		if *x.SizeBytes < 1000 || x.Path != "tinker://"+c.model+"/"+x.ID || x.Time.IsZero() || (x.Expires != nil) != (x.Type == "sampler") {
			t.Errorf("got %+v", x)
		}
	}
	if kinds["training"] != 3 || kinds["sampler"] != 1 {
		t.Errorf("kinds are %v", kinds)
	}
	run := k.get("training_runs/" + c.model).want(200).object()
	if last := run["last_checkpoint"].(object); last["checkpoint_id"] != "weights/c" || run["is_lora"] != false || run["corrupted"] != false {
		t.Errorf("run is %v", run)
	}
	archive := k.get("training_runs/" + c.model + "/checkpoints/weights/a/archive").want(302)
	k.wantArchive(archive.header)
	k.send("DELETE", "training_runs/"+c.model+"/checkpoints/weights/a", nil).want(204)
	k.send("DELETE", "training_runs/"+c.model+"/checkpoints/weights/a", nil).want(404)
	k.send("DELETE", "training_runs/"+c.model+"/checkpoints/secrets/a", nil).want(400)
	k.get("training_runs/" + c.model + "/checkpoints/weights/a/archive").want(404)
	k.get("training_runs/none").want(404)
	k.get("training_runs/none/checkpoints").want(404)
	if sessions := k.get("sessions/" + c.session).want(200).object(); sessions["training_run_ids"].([]any)[0] != c.model {
		t.Errorf("session is %v", sessions)
	}
}

func TestADeletedCheckpointIsNotMistakenForALaterOne(t *testing.T) {
	k := newKit(t)
	c := k.client()
	save := func() string {
		return c.done("save_weights_for_sampler", object{"model_id": c.model, "seq_id": c.next(), "path": "same"}).text("path")
	}
	open := func(n int, path string) string {
		return k.post("create_sampling_session", object{"session_id": c.session, "sampling_session_seq_id": n, "model_path": path}).want(200).text("sampling_session_id")
	}
	path := save()
	first := open(0, path)
	before := k.greedy(first, 0)
	k.send("DELETE", "training_runs/"+c.model+"/checkpoints/sampler_weights/same", nil).want(204)
	c.train(2)
	second := open(1, save())
	if now := k.greedy(second, 0); slices.Equal(now.Logprobs, before.Logprobs) {
		t.Error("the new checkpoint is sampled as the deleted one")
	}
	if again := k.greedy(first, 1); !slices.Equal(again.Logprobs, before.Logprobs) {
		t.Error("the deleted checkpoint is sampled as the new one")
	}
	k.server.mu.Lock()
	k.server.samplers[first].source.sampler = nil // as if others had taken its place in memory
	k.server.mu.Unlock()
	k.failure(k.post("asample", sampleBody(first, 2, object{"max_tokens": 1}, object{"prompt": object{"chunks": []object{{"tokens": []int{1}}}}})).want(200).text("request_id"))
}

// wantArchive fetches an archive without the key, and refuses a changed address.
func (k *kit) wantArchive(h http.Header) {
	k.Helper()
	if h.Get("Expires") == "" {
		k.Error("no Expires")
	}
	_, path, _ := strings.Cut(h.Get("Location"), wire.Prefix)
	r := k.send("GET", path, nil, "X-API-Key", "").want(200)
	var names []string
	for files := tar.NewReader(bytes.NewReader(r.body)); ; {
		f, err := files.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			k.Fatal(err)
		}
		names = append(names, f.Name)
	}
	if !slices.Contains(names, "checkpoint.json") || !slices.Contains(names, "weights.safetensors") {
		k.Errorf("the archive holds %v", names)
	}
	k.send("GET", path[:len(path)-4]+"AAAA", nil, "X-API-Key", "").want(404)
	k.send("GET", "archives/x", nil, "X-API-Key", "").want(404)
}

func TestCheckpointsGoWhenTheirTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, func(c *Config) { c.Limits.Silence = -1 })
		c := k.client()
		c.done("save_weights", object{"model_id": c.model, "seq_id": c.next(), "path": "short", "ttl_seconds": 3600})
		c.save("long")
		at := "training_runs/" + c.model + "/checkpoints/weights/"
		k.send("PUT", at+"long/ttl", []byte(`{"ttl_seconds":7200}`)).want(200)
		k.send("PUT", at+"none/ttl", []byte(`{"ttl_seconds":7200}`)).want(404)
		k.send("PUT", at+"long/ttl", []byte(`{"ttl_seconds":-7}`)).want(400)
		archive := k.get(at + "short/archive").want(302).header.Get("Location")
		for _, step := range []struct {
			wait time.Duration
			left int
		}{{59 * time.Minute, 2}, {2 * time.Minute, 1}, {58 * time.Minute, 1}, {2 * time.Minute, 0}} {
			time.Sleep(step.wait)
			synctest.Wait()
			if n := len(into[wire.CheckpointsReply](k.get("checkpoints")).Checkpoints); n != step.left {
				t.Errorf("%d checkpoints are left after %v more, want %d", n, step.wait, step.left)
			}
		}
		_, path, _ := strings.Cut(archive, wire.Prefix)
		k.get(path).want(404)
		if _, ok := k.server.unseal(k.server.seal("tinker://x/weights/y", time.Now().Add(time.Second)), time.Now().Add(2*time.Second)); ok {
			t.Error("an archive's address led somewhere after its time")
		}
	})
}

func TestAMistakeOfOursIsNotShown(t *testing.T) {
	var log bytes.Buffer
	k := newKit(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	c := k.client()
	k.server.models[c.model].live = nil // a call now panics
	e := k.failed("optim_step", object{"model_id": c.model, "seq_id": 1, "adam_params": object{}})
	if e["category"] != "server" || strings.Contains(e["error"].(string), "nil pointer") {
		t.Errorf("got %v", e)
	}
	if !strings.Contains(log.String(), "nil pointer") {
		t.Errorf("the log says %q", log.String())
	}
}

func TestNumbersThatJSONCannotHoldAreNoPanic(t *testing.T) {
	k := newKit(t)
	rec := &recorder{}
	k.server.write(rec, object{"x": math.NaN()})
	if rec.code != 500 || !json.Valid(rec.body) {
		t.Errorf("got %d %s", rec.code, rec.body)
	}
}

type recorder struct {
	code int
	body []byte
	h    http.Header
}

func (r *recorder) Header() http.Header {
	if r.h == nil {
		r.h = http.Header{}
	}
	return r.h
}
func (r *recorder) WriteHeader(code int)        { r.code = code }
func (r *recorder) Write(b []byte) (int, error) { r.body = append(r.body, b...); return len(b), nil }
