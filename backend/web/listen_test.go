package web

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

func TestThePortIsOnThisComputerUnlessAskedOtherwise(t *testing.T) {
	for addr, loopback := range map[string]bool{"": true, ":0": true, "127.0.0.1:0": true, "localhost:0": true, "0.0.0.0:0": false} {
		l, err := Listen(t.Context(), addr)
		if err != nil {
			t.Fatal(err)
		}
		if l.Loopback() != loopback {
			t.Errorf("address %q listens at %s", addr, l.Addr())
		}
		if !strings.HasPrefix(l.LoginURL("T", "/notebook?path=a b"), l.Base()+"/login?t=T&to=%2Fnotebook%3Fpath%3Da+b") {
			t.Errorf("login address %s", l.LoginURL("T", "/notebook?path=a b"))
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAPortThatCannotBeHadIsNamed(t *testing.T) {
	l, err := Listen(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for addr, want := range map[string]lab.Code{l.Addr().String(): lab.Unavailable, "nonsense": lab.Invalid, "127.0.0.1:99999": lab.Invalid, "127.0.0.1:x": lab.Invalid} {
		_, err := Listen(t.Context(), addr)
		if lab.CodeOf(err) != want || !strings.Contains(err.Error(), addr) || lab.HintOf(err) == "" {
			t.Errorf("address %q: %v (%s), want code %s, the address and a hint", addr, err, lab.HintOf(err), want)
		}
	}
}

// The first page comes within 300 ms of the start; in a test, five times that.
func TestTheFirstPageComesAtOnce(t *testing.T) {
	began := time.Now()
	k := newKit(t)
	l, err := Listen(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Serve(ctx, k.s) }()
	req, err := http.NewRequestWithContext(t.Context(), "GET", l.Base()+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+testToken)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	took := time.Since(began)
	if err != nil || res.StatusCode != 200 || !strings.Contains(string(body), "<title>Loci") {
		t.Fatalf("%d %v %s", res.StatusCode, err, body)
	}
	t.Logf("first page after %v", took)
	if took > 1500*time.Millisecond {
		t.Errorf("the first page took %v, want 300 ms", took)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
