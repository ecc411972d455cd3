package meter

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/target"
	"github.com/loci-lab/loci/backend/trainer/wire"
)

// step is one answer of a scripted service, and how many seconds it takes.
type step struct {
	seconds int
	status  int
	kind    string // of the body, "" is JSON
	queued  string // of the header, "" leaves it out
	body    string
}

// shop is a service that answers by a script, and a clock that moves with its answers.
type shop struct {
	t      *testing.T
	mu     sync.Mutex
	now    time.Time
	script []step
	heard  []string
}

func (s *shop) clock() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.now }

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	s.heard = append(s.heard, r.URL.Path+" "+r.Header.Get("X-API-Key")+" "+string(body))
	if len(s.script) == 0 {
		http.Error(w, "nothing left to say", http.StatusNotFound)
		return
	}
	next := s.script[0]
	s.script, s.now = s.script[1:], s.now.Add(time.Duration(next.seconds)*time.Second)
	if next.queued != "" {
		w.Header().Set(QueuedHeader, next.queued)
	}
	if next.kind == "" {
		next.kind = wire.JSON
	}
	w.Header().Set("Content-Type", next.kind)
	w.WriteHeader(next.status)
	_, _ = io.WriteString(w, next.body)
}

// open is a meter before the service, and the address that a run gets.
func open(t *testing.T, s *shop, dir string) (*Meter, string) {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	m, err := Open(Options{Dir: dir, Service: "near", Now: s.clock, Price: func(model string) (target.Price, bool) {
		return target.Price{Input: 1, Output: 2, Training: 4}, model == "small"
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	found, err := m.Wrap(func(name string) (lab.Service, error) {
		return lab.Service{Name: name, URL: server.URL + "/base"}, nil
	})("near")
	if err != nil {
		t.Fatal(err)
	}
	return m, found.URL
}

// post makes a call as the client of runs does, and returns its answer.
func post(t *testing.T, address, path, kind, body string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+wire.Prefix+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("X-API-Key", "tml-key")
	r.Header.Set("X-Idempotency-Key", path)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

const (
	sampleCall = `{"sampling_session_id":"s","seq_id":0,"num_samples":2,"prompt":{"chunks":[{"type":"encoded_text","tokens":[1,2,3]}]},"sampling_params":{"max_tokens":9}}`
	ask        = `{"request_id":"7"}`
	took       = `{"request_id":7}` // as SkyRL writes it
	sampled    = `{"sequences":[{"stop_reason":"stop","tokens":[4,5]},{"stop_reason":"length","tokens":[6,7,8]}]}`
	tryAgain   = `{"type":"try_again","request_id":"7","queue_state":"%s"}`
)

func rows(forwardOnly bool) wire.TrainRequest {
	return wire.NewTrainRequest("m", 1, []rl.Datum{rl.Supervised([]int32{3}, []int32{4, 4, 0}), rl.Supervised([]int32{3, 3}, []int32{4})}, rl.Loss{Name: rl.CrossEntropy}, forwardOnly)
}

// inputs are the tokens that those rows feed in.
func inputs() (n int64) {
	for _, d := range rows(false).Input.Data {
		tokens, _ := d.ModelInput.Join()
		n += int64(len(tokens))
	}
	return n
}

func packed(forwardOnly bool) string { q := rows(forwardOnly); return string(wire.EncodeTrain(&q)) }

func written(t *testing.T) string {
	t.Helper()
	q, err := wire.Encode(rows(true))
	if err != nil {
		t.Fatal(err)
	}
	return string(q)
}

func protoSample(t *testing.T) string {
	t.Helper()
	reply, err := wire.Decode[wire.SampleReply]([]byte(sampled))
	if err != nil {
		t.Fatal(err)
	}
	return string(wire.EncodeSample(&reply))
}

func TestWhatACallUsesIsCounted(t *testing.T) {
	type call struct{ path, kind, body string }
	sample, retrieve := call{wire.PathSample, wire.JSON, sampleCall}, call{wire.PathRetrieve, wire.JSON, ask}
	for name, c := range map[string]struct {
		calls  []call
		script []step
		want   Used
	}{
		"a sample in JSON": {[]call{sample, retrieve}, []step{{status: 200, body: took}, {seconds: 2, status: 200, body: sampled}},
			Used{Calls: 1, Input: 3, Output: 5, Waited: 2}},
		"a sample as protobuf, with the time that it queued": {[]call{sample, retrieve},
			[]step{{status: 200, body: took}, {seconds: 9, status: 200, kind: wire.Protobuf + "; x=y", queued: "4000", body: protoSample(t)}},
			Used{Calls: 1, Input: 3, Output: 5, Waited: 9, Queued: 4, Told: true}},
		"an answer that is read again counts once": {[]call{sample, retrieve, retrieve},
			[]step{{status: 200, body: took}, {seconds: 2, status: 200, body: sampled}, {seconds: 5, status: 200, body: sampled}},
			Used{Calls: 1, Input: 3, Output: 5, Waited: 2}},
		"a call that is sent again counts once": {[]call{sample, sample, retrieve},
			[]step{{status: 200, body: took}, {seconds: 1, status: 200, body: took}, {seconds: 2, status: 200, body: sampled}},
			Used{Calls: 1, Input: 3, Output: 5, Waited: 3}},
		"polls that come back without an answer": {[]call{sample, retrieve, retrieve, retrieve},
			[]step{{status: 200, body: took}, {seconds: 30, status: 408, body: ""}, {seconds: 30, status: 200, body: `{"type":"try_again"}`}, {seconds: 3, status: 200, body: sampled}},
			Used{Calls: 1, Input: 3, Output: 5, Waited: 63}},
		"a service that says that the call queues": {[]call{sample, retrieve, retrieve, retrieve},
			[]step{{status: 200, body: took}, {seconds: 30, status: 408, body: fmt.Sprintf(tryAgain, wire.QueueCapacity)},
				{seconds: 5, status: 408, body: fmt.Sprintf(tryAgain, wire.QueueActive)}, {seconds: 3, status: 200, body: sampled}},
			Used{Calls: 1, Input: 3, Output: 5, Waited: 38, Queued: 30, Told: true}},
		"a service that is too busy to take the call": {[]call{sample, sample, retrieve},
			[]step{{seconds: 8, status: 429, body: "{}"}, {seconds: 2, status: 200, body: took}, {seconds: 1, status: 200, body: sampled}},
			Used{Calls: 1, Input: 3, Output: 5, Waited: 11, Queued: 10, Told: true}},
		"a call that fails took no tokens": {[]call{sample, retrieve}, []step{{status: 200, body: took}, {seconds: 2, status: 200, body: `{"error":"no","category":"user"}`}},
			Used{Calls: 1, Waited: 2}},
		"a call that the service lost": {[]call{sample, retrieve}, []step{{status: 200, body: took}, {seconds: 2, status: 404, body: `{"detail":"gone"}`}},
			Used{Calls: 1, Waited: 2}},
		"errors on the way are no answers": {[]call{sample, retrieve, retrieve}, []step{{status: 200, body: took}, {seconds: 2, status: 500, body: "out of order"}, {seconds: 1, status: 200, body: sampled}},
			Used{Calls: 1, Input: 3, Output: 5, Waited: 3}},
		"rows with a gradient are trained": {[]call{{wire.PathForwardBackward, wire.Protobuf, packed(false)}, retrieve}, []step{{status: 200, body: took}, {seconds: 1, status: 200, body: `{}`}},
			Used{Calls: 1, Trained: inputs(), Waited: 1}},
		"rows without one are read": {[]call{{wire.PathForwardBackward, wire.Protobuf, packed(true)}, retrieve}, []step{{status: 200, body: took}, {seconds: 1, status: 200, body: `{}`}},
			Used{Calls: 1, Input: inputs(), Waited: 1}},
		"rows in JSON, too": {[]call{{wire.PathForward, wire.JSON, written(t)}, retrieve}, []step{{status: 200, body: took}, {seconds: 1, status: 200, body: `{}`}},
			Used{Calls: 1, Input: inputs(), Waited: 1}},
		"the model has a price": {[]call{{wire.PathCreateModel, wire.JSON, `{"session_id":"s","model_seq_id":0,"base_model":"small"}`}, retrieve, sample, retrieve},
			[]step{{status: 200, body: took}, {seconds: 1, status: 200, body: `{"model_id":"m"}`}, {status: 200, body: took}, {seconds: 1, status: 200, body: sampled}},
			Used{Model: "small", Calls: 2, Input: 3, Output: 5, Waited: 2, Priced: true, Dollars: 13e-6}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &shop{t: t, now: time.Unix(1e9, 0), script: c.script}
			m, address := open(t, s, t.TempDir())
			for i, x := range c.calls {
				if status, answer := post(t, address, x.path, x.kind, x.body); status != c.script[i].status || answer != c.script[i].body {
					t.Errorf("call %d came back with %d %q", i, status, answer)
				}
				if want := "/base" + wire.Prefix + x.path + " tml-key " + x.body; s.heard[i] != want {
					t.Errorf("the service heard %q, want %q", s.heard[i], want)
				}
			}
			c.want.Service = "near"
			if got := m.Used(); got == nil || *got != c.want {
				t.Errorf("used are %+v, want %+v", got, c.want)
			}
			if w, waits := m.Wait(); waits {
				t.Errorf("it still waits: %+v", w)
			}
		})
	}
}

// Two calls side by side wait once; the queue is where neither is carried out.
func TestCallsSideBySideAreNotAddedUp(t *testing.T) {
	s := &shop{t: t, now: time.Unix(1e9, 0), script: []step{{status: 200, body: took}, {status: 200, body: `{"request_id":"8"}`},
		{seconds: 10, status: 200, queued: "6000", body: sampled}, {seconds: 5, status: 200, queued: "12000", body: sampled}}}
	m, address := open(t, s, t.TempDir())
	for range 2 {
		post(t, address, wire.PathSample, wire.JSON, sampleCall)
	}
	post(t, address, wire.PathRetrieve, wire.JSON, ask)
	if w, waits := m.Wait(); !waits || w.Queued || !w.Since.Equal(time.Unix(1e9, 0)) {
		t.Errorf("with a call under way it waits %+v, %v", w, waits)
	}
	post(t, address, wire.PathRetrieve, wire.JSON, `{"request_id":"8"}`)
	if got := m.Used(); got.Waited != 15 || got.Queued != 8 || got.Output != 10 {
		t.Errorf("used are %+v, want 15 s of which 8 in the queue, and 10 tokens", got)
	}
}

func TestHowARunWaitsIsTold(t *testing.T) {
	s := &shop{t: t, now: time.Unix(1e9, 0), script: []step{{status: 429, body: "{}"}, {seconds: 2, status: 200, body: took},
		{seconds: 4, status: 408, body: fmt.Sprintf(tryAgain, wire.QueueRateLimit)}, {seconds: 4, status: 408, body: fmt.Sprintf(tryAgain, wire.QueueActive)}}}
	m, address := open(t, s, t.TempDir())
	if _, waits := m.Wait(); waits || m.Used() != nil {
		t.Error("it waits before it asked anything")
	}
	for i, queued := range []bool{true, false, true, false} {
		if i < 2 {
			post(t, address, wire.PathSample, wire.JSON, sampleCall)
		} else {
			post(t, address, wire.PathRetrieve, wire.JSON, ask)
		}
		if w, waits := m.Wait(); !waits || w.Queued != queued || !w.Since.Equal(time.Unix(1e9, 0)) {
			t.Errorf("after answer %d it waits %+v, %v", i, w, waits)
		}
	}
	m.Abandon()
	if _, waits := m.Wait(); waits || m.Used().Waited != 10 || m.Used().Calls != 0 {
		t.Errorf("calls that nobody waits for: %v, %+v", waits, m.Used())
	}
}

func TestWhatWasUsedIsKeptAndGoesOn(t *testing.T) {
	dir := t.TempDir()
	for n := 1; n <= 2; n++ {
		s := &shop{t: t, now: time.Unix(1e9, 0), script: []step{{status: 200, body: took}, {seconds: 2, status: 200, body: sampled}}}
		m, address := open(t, s, dir)
		post(t, address, wire.PathSample, wire.JSON, sampleCall)
		post(t, address, wire.PathRetrieve, wire.JSON, ask)
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := Read(dir)
		if want := (Used{Service: "near", Calls: int64(n), Input: int64(3 * n), Output: int64(5 * n), Waited: float64(2 * n)}); err != nil || *got != want {
			t.Errorf("kept are %+v, %v, want %+v", got, err, want)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, File), []byte(`{"calls":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if m, err := Open(Options{Dir: dir}); lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" || m == nil || m.Used() != nil {
		t.Errorf("a damaged file gives %v, %v", m, err)
	}
	if u, err := Read(t.TempDir()); u != nil || err != nil {
		t.Errorf("a run that asked no service used %+v, %v", u, err)
	}
}

// The relay is known to its run alone, breaks off where the service is gone, and is not named in what people read.
func TestAServiceThatIsGoneIsToldByItsOwnName(t *testing.T) {
	s := &shop{t: t, now: time.Unix(1e9, 0)}
	m, address := open(t, s, t.TempDir())
	at := address[:strings.LastIndex(address, "/")]
	res, err := http.Post(at+wire.Prefix+wire.PathSample, wire.JSON, strings.NewReader(sampleCall))
	if err != nil || res.StatusCode != http.StatusNotFound || len(s.heard) > 0 {
		t.Errorf("without the address's secret the service is reached: %v, %q", err, s.heard)
	}
	if err == nil {
		_ = res.Body.Close()
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	found, err := m.Wrap(func(name string) (lab.Service, error) { return lab.Service{Name: name, URL: gone.URL}, nil })("near")
	if err != nil {
		t.Fatal(err)
	}
	_, broken := http.Post(found.URL+wire.Prefix+wire.PathSample, wire.JSON, bytes.NewReader([]byte(sampleCall)))
	if broken == nil {
		t.Fatal("a service that is gone gives an answer")
	}
	host := strings.TrimPrefix(gone.URL, "http://")
	relay := strings.Split(strings.TrimPrefix(found.URL, "http://"), "/")[0]
	said := m.Explain(lab.Errorf(lab.Unavailable, "the training service at %s does not answer: %s", relay, broken).WithHint("see whether %s runs", relay))
	if text := said.Error(); strings.Contains(text, relay) || !strings.Contains(text, "at "+host+" does not answer") || !strings.Contains(text, "connection refused") ||
		lab.CodeOf(said) != lab.Unavailable || lab.HintOf(said) != "see whether "+host+" runs" {
		t.Errorf("it is told as %q; do: %s", said, lab.HintOf(said))
	}
	if other := lab.Errorf(lab.Invalid, "another thing"); m.Explain(other) != error(other) || m.Explain(nil) != nil {
		t.Error("an error that names no relay is changed")
	}
}

func TestTheHostedServiceIsKnownBehindTheRelay(t *testing.T) {
	m, err := Open(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for address, want := range map[string]string{"https://tinker.thinkingmachines.dev/services/x": "tinker", "https://train.example.org": ""} {
		s, err := m.Wrap(func(string) (lab.Service, error) { return lab.Service{URL: address}, nil })("near")
		if err != nil || s.Profile != want || !strings.HasPrefix(s.URL, "http://127.0.0.1:") {
			t.Errorf("%s is %+v, %v", address, s, err)
		}
	}
	if _, err := m.Wrap(func(string) (lab.Service, error) { return lab.Service{}, lab.Errorf(lab.NotFound, "none") })("near"); lab.CodeOf(err) != lab.NotFound {
		t.Errorf("a service that is not set up gives %v", err)
	}
	if m.Wrap(nil) != nil {
		t.Error("where no services are, one is found")
	}
}
