package app

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/loci-lab/loci/backend/trainer/wire"
)

// newSkyRL is our engine as SkyRL 0.4 is to its clients: it knows no dynamic_config, names its models model_..., and reads rows as protobuf alone.
func newSkyRL(t *testing.T) (address string, read func() map[string]int) {
	var mu sync.Mutex
	kinds := map[string]int{}
	address = sickly(t, engineForTrials(t), func(w http.ResponseWriter, r *http.Request) bool {
		r.Header.Set("X-API-Key", value)
		if strings.HasSuffix(r.URL.Path, "/client/dynamic_config") {
			http.NotFound(w, r)
			return true
		}
		if !strings.HasSuffix(r.URL.Path, "/"+wire.PathForwardBackward) && !strings.HasSuffix(r.URL.Path, "/"+wire.PathForward) {
			return false
		}
		mu.Lock()
		kinds[r.Header.Get("Content-Type")]++
		mu.Unlock()
		if r.Header.Get("Content-Type") != wire.Protobuf {
			w.WriteHeader(http.StatusUnsupportedMediaType)
			_, _ = io.WriteString(w, `{"detail":"forward_backward requires protobuf"}`)
			return true
		}
		return false
	})
	return address, func() map[string]int { mu.Lock(); defer mu.Unlock(); return kinds }
}

func TestASkyRLThatReadsProtobufAloneIsTrained(t *testing.T) {
	address, read := newSkyRL(t)
	k := newKeeper(t)
	for _, profile := range []string{"skyrl-jax", ""} {
		k.send(exitOK, "", "target", "add", "sky", "--service", address, "--rank", "4", "--profile", profile, "--replace")
		out, _ := k.send(exitOK, "", "target", "test", "sky")
		wantWords(t, out, "profile skyrl", "sampler and trainer differ by", "the weights moved")
	}
	if got := read(); got[wire.Protobuf] != 2 || got[wire.JSON] != 2 {
		t.Errorf("gradients came as %v, want each first as JSON and then as protobuf", got)
	}
}

func TestARelayRemembersWhatItsServiceReads(t *testing.T) {
	var got []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.URL.Path+" "+r.Header.Get("Content-Type"))
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Content-Type") == wire.JSON {
			w.WriteHeader(http.StatusUnsupportedMediaType)
			return
		}
		request, err := wire.DecodeTrain(body)
		if err != nil || request.ModelID != "m" || len(request.Input.Data) != 1 {
			t.Errorf("%+v, %v", request, err)
		}
		_ = json.NewEncoder(w).Encode(map[string]bool{"forward": request.ForwardOnly})
	}))
	defer s.Close()
	var r relays
	defer r.close()
	address, err := r.to(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	row := `{"data":[{"model_input":{"chunks":[{"type":"encoded_text","tokens":[5,6]}]},"loss_fn_inputs":{"target_tokens":{"data":[6,7],"dtype":"int64"}}}],"loss_fn":"cross_entropy"}`
	for path, want := range map[string]string{"forward_backward": `{"forward":false}`, "forward": `{"forward":true}`} {
		res, err := http.Post(address+"/api/v1/"+path, wire.JSON, strings.NewReader(`{"model_id":"m","seq_id":1,"`+path+`_input":`+row+`}`))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if strings.TrimSpace(string(text)) != want {
			t.Errorf("%s gives %d %s", path, res.StatusCode, text)
		}
	}
	if len(got) != 3 || got[2] != "/api/v1/forward_backward "+wire.Protobuf {
		t.Errorf("calls were %q", got)
	}
	if again, err := r.to(s.URL); again != address || err != nil {
		t.Errorf("a second relay at %s, %v", again, err)
	}
}
