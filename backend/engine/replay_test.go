package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/loci-lab/loci/backend/trainer/wire"
)

// exchange is one request of the official client and what it got. Keys and headers that say nothing to the server are not kept.
type exchange struct {
	Method, Path       string
	Kind, Accept, Type string // headers: content type, accept, what a poll is for
	Body               []byte
	Code               int
	ReplyKind          string
	Reply              []byte
}

// tape passes requests on and keeps them with their answers, in the order in which they came.
type tape struct {
	http.Handler
	mu  sync.Mutex
	all []*exchange
}

func (r *tape) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	q.Body = io.NopCloser(bytes.NewReader(body))
	h := q.Header
	x := &exchange{Method: q.Method, Path: q.URL.RequestURI(), Kind: h.Get("Content-Type"), Accept: h.Get("Accept"), Type: h.Get("X-Tinker-Request-Type"), Body: body}
	if !strings.HasSuffix(x.Path, wire.PathTelemetry) { // what a client says of the computer it runs on is nobody's business
		r.mu.Lock()
		r.all = append(r.all, x)
		r.mu.Unlock()
	}
	kept := httptest.NewRecorder()
	r.Handler.ServeHTTP(kept, q)
	x.Code, x.ReplyKind, x.Reply = kept.Code, kept.Header().Get("Content-Type"), kept.Body.Bytes()
	for name, values := range kept.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(kept.Code)
	_, _ = w.Write(x.Reply)
}

var recorded = []struct {
	script string
	args   []string
}{{"supervised.py", []string{"3", "2"}}, {"rl.py", []string{"3", "4"}}}

func fixture(script string) string {
	return filepath.Join("testdata", strings.TrimSuffix(script, ".py")+".jsonl")
}

func TestRecordTheOfficialClient(t *testing.T) {
	if !*update {
		t.Skip("run with -update to record the fixtures anew")
	}
	for _, r := range recorded {
		tp := &tape{Handler: newKit(t).server}
		runSDK[map[string]any](t, tp, r.script, r.args...)
		var out bytes.Buffer
		for _, x := range tp.all {
			line, err := json.Marshal(x)
			if err != nil {
				t.Fatal(err)
			}
			out.Write(append(line, '\n'))
		}
		if err := os.WriteFile(fixture(r.script), out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWhatTheOfficialClientSentStillGetsTheSameAnswers sends what was recorded (with version 0.38.0) to a new server. Names that a
// server makes up are translated; all of one kind have one length, so they can be exchanged in protobuf, too.
func TestWhatTheOfficialClientSentStillGetsTheSameAnswers(t *testing.T) {
	for _, r := range recorded {
		t.Run(r.script, func(t *testing.T) {
			b, err := os.ReadFile(fixture(r.script))
			if err != nil {
				t.Fatal(err)
			}
			k := newKit(t)
			names := map[string]string{}
			kinds := map[string]int{}
			for i, line := range bytes.Split(bytes.TrimSpace(b), []byte("\n")) {
				var x exchange
				if err := json.Unmarshal(line, &x); err != nil {
					t.Fatal(err)
				}
				got := k.send(x.Method, translate(strings.TrimPrefix(x.Path, wire.Prefix), names), []byte(translate(string(x.Body), names)), "Content-Type", x.Kind, "Accept", x.Accept)
				if got.code != x.Code || got.header.Get("Content-Type") != x.ReplyKind {
					t.Fatalf("exchange %d, %s: status %d as %q, was %d as %q: %s", i, x.Path, got.code, got.header.Get("Content-Type"), x.Code, x.ReplyKind, got.body)
				}
				kinds[x.ReplyKind+" "+x.Type]++
				if err := sameReply(x, got.body, names); err != nil {
					t.Fatalf("exchange %d, %s: %v", i, x.Path, err)
				}
			}
			if kinds[wire.Protobuf+" ForwardBackward"] < 3 || kinds[wire.JSON+" OptimStep"] < 3 {
				t.Errorf("the fixture holds too little: %v", kinds)
			}
		})
	}
}

func translate(text string, names map[string]string) string {
	for old, fresh := range names {
		text = strings.ReplaceAll(text, old, fresh)
	}
	return text
}

// sameReply compares a reply with the recorded one and learns the names in it.
func sameReply(x exchange, got []byte, names map[string]string) error {
	switch {
	case x.ReplyKind == wire.Protobuf && x.Type == "Sample":
		was, err1 := wire.DecodeSample(x.Reply)
		is, err2 := wire.DecodeSample(got)
		if err1 != nil || err2 != nil {
			return fmt.Errorf("%v, %v", err1, err2)
		}
		return sameJSON(asJSON(was), asJSON(is), names)
	case x.ReplyKind == wire.Protobuf:
		was, err1 := wire.DecodeOutput(x.Reply)
		is, err2 := wire.DecodeOutput(got)
		if err1 != nil || err2 != nil {
			return fmt.Errorf("%v, %v", err1, err2)
		}
		return sameJSON(asJSON(was), asJSON(is), names)
	case len(x.Reply) == 0 && len(got) == 0:
		return nil
	}
	var was, is any
	if err := json.Unmarshal(x.Reply, &was); err != nil {
		return err
	}
	if err := json.Unmarshal(got, &is); err != nil {
		return err
	}
	return sameJSON(was, is, names)
}

func asJSON(v any) (out any) {
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		return err.Error()
	}
	return out
}

// sameJSON compares values: numbers within 1e-4, texts but for names that the server made up.
func sameJSON(was, is any, names map[string]string) error {
	switch a := was.(type) {
	case map[string]any:
		b, ok := is.(map[string]any)
		if !ok || len(a) != len(b) {
			return fmt.Errorf("%v, was %v", is, was)
		}
		for name := range a {
			if err := sameJSON(a[name], b[name], names); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			learn(name, a[name], b[name], names)
		}
		return nil
	case []any:
		b, ok := is.([]any)
		if !ok || len(a) != len(b) {
			return fmt.Errorf("%v, was %v", is, was)
		}
		for i := range a {
			if err := sameJSON(a[i], b[i], names); err != nil {
				return err
			}
		}
		return nil
	case float64:
		if b, ok := is.(float64); ok && near(b, a, 1e-4) {
			return nil
		}
		return fmt.Errorf("%v, was %v", is, was)
	case string:
		b, ok := is.(string)
		if !ok || len(a) != len(b) {
			return fmt.Errorf("%v, was %v", is, was)
		}
		return nil // names are compared by being used
	}
	if was != is {
		return fmt.Errorf("%v, was %v", is, was)
	}
	return nil
}

func learn(field string, was, is any, names map[string]string) {
	a, ok1 := was.(string)
	b, ok2 := is.(string)
	if ok1 && ok2 && slices.Contains([]string{"session_id", "request_id"}, field) {
		names[a] = b
	}
}
