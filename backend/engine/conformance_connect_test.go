package engine

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestS01TheStartOfAClientCompletes(t *testing.T) {
	k := newKit(t)
	config := k.post("client/config", object{"sdk_version": "0.38.0"}).want(200).object()
	for name, want := range map[string]any{
		"use_pyqwest_transport": false, "pjwt_auth_enabled": false, "proto_compress_fwdbwd": false, "sample_use_retrieve_futures": false,
		"create_model_via_load_weights": false, "parallel_fwdbwd_chunks": true, "fwdbwd_max_chunk_len": 1024.0, "credential_default_source": "api_key",
	} {
		if config[name] != want {
			t.Errorf("client/config says %s is %v, want %v", name, config[name], want)
		}
	}
	if d := k.post("client/dynamic_config", object{}).want(200).object(); d["refresh_interval_sec"] != 300.0 || d["sample_cancel_enabled"] != false {
		t.Errorf("client/dynamic_config says %v", d)
	}
	session := k.session()
	if r := k.post("session_heartbeat", object{"session_id": session}).want(200); r.text("type") != "session_heartbeat" {
		t.Errorf("heartbeat got %s", r.body)
	}
	if r := k.post("telemetry", object{"events": []any{}, "session_id": session}).want(200); r.text("status") != "accepted" {
		t.Errorf("telemetry got %s", r.body)
	}
	models := k.get("get_server_capabilities").want(200).object()["supported_models"].([]any)
	if m := models[0].(object); m["model_name"] != tinyName || m["max_context_length"] != 64.0 || m["trainable"] != true {
		t.Errorf("capabilities say %v", m)
	}
	k.send("GET", "healthz", nil, "X-API-Key", "").want(200)
}

func TestS01RequestsFromElsewhereAreRefused(t *testing.T) {
	k := newKit(t, func(c *Config) { c.Hosts = []string{"trainer.example"}; c.Limits.BodyBytes = 1000 })
	for _, c := range []struct {
		name, method, path string
		body               string
		header             []string
		want               int
	}{
		{"a wrong key", "POST", "client/config", "{}", []string{"X-API-Key", "tml-wrong"}, 401},
		{"no key", "GET", "get_server_capabilities", "", []string{"X-API-Key", ""}, 401},
		{"no key for telemetry", "POST", "telemetry", "{}", []string{"X-API-Key", ""}, 401},
		{"the key as bearer", "GET", "get_server_capabilities", "", []string{"X-API-Key", "", "Authorization", "Bearer " + testKey}, 200},
		{"a page of somebody else", "GET", "healthz", "", []string{"Host", "evil.example"}, 403},
		{"a name that was allowed", "GET", "healthz", "", []string{"Host", "trainer.example:80"}, 200},
		{"a loopback name", "GET", "healthz", "", []string{"Host", "[::1]:80"}, 200},
		{"a call that does not exist", "POST", "auth/token", "{}", nil, 404},
		{"a path outside the protocol", "GET", "../../etc/passwd", "", nil, 404},
		{"a method that does not exist", "GET", "create_session", "", nil, 404},
		{"a body that is too long", "POST", "create_session", strings.Repeat("x", 1001), nil, 413},
		{"a compressed body", "POST", "create_session", "{}", []string{"Content-Encoding", "zstd"}, 415},
		{"another kind of body", "POST", "create_session", "{}", []string{"Content-Type", "text/plain"}, 415},
		{"a body that is no JSON", "POST", "create_session", "{", nil, 422},
		{"a body that lacks a field", "POST", "session_heartbeat", "{}", nil, 422},
		{"a field of another type", "POST", "session_heartbeat", `{"session_id":7}`, nil, 422},
		{"a session that does not exist", "POST", "session_heartbeat", `{"session_id":"x"}`, nil, 404},
		{"a limit that is no number", "GET", "sessions?limit=x", "", nil, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := &kit{T: t, server: k.server}
			k.send(c.method, c.path, []byte(c.body), c.header...).want(c.want)
		})
	}
}

func TestAKeyThatClientsRefuseIsRefused(t *testing.T) {
	for _, key := range []string{"", "secret-0123456789abcdef", "tml-short"} {
		if checkKey(key) == nil {
			t.Errorf("key %q was taken", key)
		}
	}
	if err := checkKey(NewKey()); err != nil {
		t.Error(err)
	}
}

func TestS02HeartbeatsKeepASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		kept, silent := k.client(), k.client()
		for range 40 {
			time.Sleep(10 * time.Second) // of the test's own clock
			k.post("session_heartbeat", object{"session_id": kept.session}).want(200)
		}
		synctest.Wait()
		k.post("get_info", object{"model_id": kept.model}).want(200)
		k.post("session_heartbeat", object{"session_id": silent.session}).want(404)
		k.post("get_info", object{"model_id": silent.model}).want(404)
		if s := k.get("sessions").want(200).object()["sessions"].([]any); len(s) != 1 || s[0] != kept.session {
			t.Errorf("sessions are %v, want %v", s, kept.session)
		}
	})
}

func TestS02ASessionWithoutAHeartbeatMayGoOnForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, func(c *Config) { c.Limits.Silence = -1 })
		c := k.client()
		time.Sleep(48 * time.Hour)
		k.post("get_info", object{"model_id": c.model}).want(200)
	})
}

func TestAFinishedSessionAnswersGone(t *testing.T) {
	k := newKit(t)
	c := k.client()
	finish := object{"reason": object{"type": "success"}, "detail": nil}
	if r := k.post("sessions/"+c.session+"/finish", finish).want(200); string(r.body) != "{}" {
		t.Errorf("finish got %s, want {}", r.body)
	}
	k.post("sessions/"+c.session+"/finish", finish).want(200)
	k.post("session_heartbeat", object{"session_id": c.session}).want(410)
	k.post("get_info", object{"model_id": c.model}).want(404)
	k.post("sessions/none/finish", finish).want(404)
}

func TestS03ModelsAreNamedAfterTheirSession(t *testing.T) {
	k := newKit(t)
	session := k.session()
	body := object{"session_id": session, "model_seq_id": 4, "base_model": tinyName, "lora_config": object{"rank": 2, "train_mlp": false}}
	first := k.post("create_model", body).want(200)
	again := k.post("create_model", body).want(200)
	if a, b := first.text("request_id"), again.text("request_id"); a != b {
		t.Errorf("the same call got the requests %s and %s", a, b)
	}
	id := k.poll(first.text("request_id")).want(200).text("model_id")
	if want := session + ":train:4"; id != want {
		t.Errorf("model %q, want %q", id, want)
	}
	info := k.post("get_info", object{"model_id": id}).want(200).object()
	if data := info["model_data"].(object); data["model_name"] != tinyName || info["is_lora"] != true || info["lora_rank"] != 2.0 {
		t.Errorf("get_info says %v", info)
	}
	for name, c := range map[string]struct {
		change object
		want   int
	}{
		"the number with another body": {object{"user_metadata": object{"a": "b"}}, 409},
		"no such session":              {object{"session_id": "x"}, 404},
		"no such base":                 {object{"base_model": "x", "model_seq_id": 5}, 404},
		"a rank below 0":               {object{"lora_config": object{"rank": -1}, "model_seq_id": 5}, 400},
		"nothing to train":             {object{"lora_config": object{"rank": 1, "train_mlp": false, "train_attn": false, "train_unembed": false}, "model_seq_id": 5}, 400},
		"another optimiser":            {object{"optimizer_config": object{"type": "dimuon"}, "model_seq_id": 5}, 400},
		"a number below 0":             {object{"model_seq_id": -1}, 400},
	} {
		changed := object{}
		for _, o := range []object{body, c.change} {
			for key, v := range o {
				changed[key] = v
			}
		}
		if r := k.post("create_model", changed); r.code != c.want {
			t.Errorf("%s: status %d, want %d: %s", name, r.code, c.want, r.body)
		}
	}
	if r := k.post("create_model", object{"session_id": session, "model_seq_id": 6, "base_model": tinyName, "lora_config": object{"rank": 900}}); true {
		if e := k.failure(r.want(200).text("request_id")); e["category"] != "user" || !strings.Contains(fmt.Sprint(e["error"]), "900") {
			t.Errorf("a rank that is too large got %v", e)
		}
		k.post("get_info", object{"model_id": session + ":train:6"}).want(404)
	}
}

func TestACallThatIsSentAgainWithItsIdempotencyKeyIsTheSame(t *testing.T) {
	k := newKit(t)
	body := object{"tags": []string{}, "sdk_version": "x"}
	a := k.post("create_session", body, "X-Idempotency-Key", "k1").want(200).text("session_id")
	if b := k.post("create_session", body, "X-Idempotency-Key", "k1").want(200).text("session_id"); a != b {
		t.Errorf("sessions %s and %s, want one", a, b)
	}
	if b := k.post("create_session", body, "X-Idempotency-Key", "k2").want(200).text("session_id"); a == b {
		t.Error("another key got the same session")
	}
	k.post("create_session", object{"tags": []string{"x"}, "sdk_version": "x"}, "X-Idempotency-Key", "k1").want(409)
}

func TestS08AnUnfinishedCallIsHeldAndAFinishedOneStaysReadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var base *scripted
		k := newKit(t, func(c *Config) { base = newScripted(newShelf(t)); c.Bases = []Base{base} })
		session := k.session()
		model := k.done("create_model", object{"session_id": session, "model_seq_id": 0, "base_model": "test/scripted"}).text("model_id")
		id := k.post("optim_step", object{"model_id": model, "seq_id": 1, "adam_params": object{}}).want(200).text("request_id")
		from := time.Now()
		r := k.poll(id).want(408)
		if held := time.Since(from); held < 20*time.Second || held > 40*time.Second {
			t.Errorf("held for %v, want 20 s to 40 s", held)
		}
		if r.text("type") != "try_again" || r.text("queue_state") != "active" || r.text("request_id") != id {
			t.Errorf("got %s", r.body)
		}
		behind := k.post("optim_step", object{"model_id": model, "seq_id": 2, "adam_params": object{}}).want(200).text("request_id")
		if r := k.poll(behind).want(408); r.text("queue_state") != "paused_capacity" || r.text("request_id") != behind {
			t.Errorf("a call that waits for its turn is told as %s", r.body)
		}
		close(base.gate)
		for range 3 {
			if ms := k.poll(id).want(200).header.Get(QueuedHeader); ms != "0" {
				t.Errorf("the call that went first is said to have queued for %q ms", ms)
			}
		}
		if ms := k.poll(behind).want(200).header.Get(QueuedHeader); ms != "30000" {
			t.Errorf("the call behind it is said to have queued for %q ms, want the 30 s of one poll", ms)
		}
		k.keepAlive(session, 59*time.Minute)
		k.poll(id).want(200)
		k.keepAlive(session, 3*time.Hour)
		k.poll(id).want(404)
		k.poll("none").want(404)
	})
}

// keepAlive lets time go by with heartbeats.
func (k *kit) keepAlive(session string, d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		time.Sleep(time.Minute)
		k.post("session_heartbeat", object{"session_id": session}).want(200)
	}
	synctest.Wait()
}
