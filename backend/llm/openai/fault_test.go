package openai

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/llm/script"
)

// failure is one way in which an attempt comes to nothing.
type failure struct {
	name  string
	fault script.Fault
	wrong bool   // an answer of no use, else one that is missing
	words string // of the server or the model, in the error
}

func failures() []failure {
	html := map[string]string{"Content-Type": "text/html"}
	events := map[string]string{"Content-Type": "text/event-stream"}
	return []failure{
		{"too many requests", script.Fault{Status: 429, Body: `{"error":{"message":"slow down"}}`}, false, "slow down"},
		{"a time-out of the server", script.Fault{Status: 408, Body: `too slow`}, false, "too slow"},
		{"an error of the server", script.Fault{Status: 500, Body: `{"error":{"message":"out of memory"}}`}, false, "out of memory"},
		{"a proxy's page", script.Fault{Status: 502, Header: html, Body: `<html>bad gateway</html>`}, false, "bad gateway"},
		{"no service now", script.Fault{Status: 503, Body: `loading model`}, false, "loading model"},
		{"a connection that breaks", script.Fault{Break: true}, false, "EOF"},
		{"a stream that breaks", script.Fault{Cut: 3}, false, "EOF"},
		{"a stream that breaks before the first piece", script.Fault{Header: events, Body: " ", Break: true}, false, "EOF"},
		{"a stream that ends early", script.Fault{Header: events, Body: `data: {"choices":[{"index":0,"delta":{"content":"half an"}}]}` + "\n\n"}, false, "half an"},
		{"an error within a stream", script.Fault{Header: events, Body: `data: {"error":{"message":"the worker died"}}` + "\n\n"}, false, "the worker died"},
		{"an error beside the pieces", script.Fault{Header: events, Body: `data: {"id":"1","error":{"message":"upstream died"},"choices":[]}` + "\n\n"}, false, "upstream died"},
		{"an error in place of an answer", script.Fault{Body: `{"error":{"message":"no worker"}}`}, false, "no worker"},
		{"an answer that was cut", script.Fault{Finish: "length"}, true, "you said"},
		{"an answer that was filtered", script.Fault{Finish: "content_filter"}, true, "filtered"},
		{"no choices", script.Fault{Body: `{"choices":[]}`}, true, `{"choices":[]}`},
		{"no choices in a stream", script.Fault{Header: events, Body: "data: {\"choices\":[]}\n\ndata: [DONE]\n\n"}, true, "without a choice"},
		{"a page", script.Fault{Header: html, Body: "<!DOCTYPE html><title>Log in</title>"}, true, "Log in"},
		{"a body that was cut", script.Fault{Body: `{"choices":[{"message":{"content":"you sa`}, true, "you sa"},
		{"a piece that was cut", script.Fault{Header: events, Body: "data: {\"choices\":[{\"ind\n\n"}, true, "another layout"},
		{"another layout", script.Fault{Body: `{"output":"hello"}`}, true, `{"output":"hello"}`},
		{"another layout of choices", script.Fault{Body: `{"choices":"none"}`}, true, `another layout`},
		{"nothing at all", script.Fault{Body: " "}, true, "nothing"},
	}
}

func TestAFailureIsTriedAgainAndCounted(t *testing.T) {
	for _, f := range failures() {
		t.Run(f.name, func(t *testing.T) {
			s := scripted(t, echo())
			s.Fail(f.fault, f.fault)
			c, w := open(t, endpoint(t, s))
			reply := must(t, c, ask("good day"))
			if reply.Text != "you said good day" || reply.Usage.Retries != 2 {
				t.Errorf("%+v", reply)
			}
			n := c.Counts()
			if n.Requests != 3 || n.Retries != 2 || n.Failed != 0 || n.Wrong != map[bool]int{true: 2}[f.wrong] {
				t.Errorf("%+v", n)
			}
			if want := []time.Duration{250 * time.Millisecond, 500 * time.Millisecond}; !slices.Equal(w.all, want) {
				t.Errorf("waited %v, want half of a bound that doubles: %v", w.all, want)
			}
		})
	}
}

func TestAFailureThatStaysIsAnErrorWithTheServersWordsAndNoAnswer(t *testing.T) {
	for _, f := range failures() {
		t.Run(f.name, func(t *testing.T) {
			s := scripted(t, echo())
			s.Fail(slices.Repeat([]script.Fault{f.fault}, 20)...)
			e := endpoint(t, s)
			e.Cache = t.TempDir()
			c, _ := open(t, e)
			reply, err := c.Chat(t.Context(), ask("good day"))
			tries := map[bool]int{true: usualWrong, false: usualTries}[f.wrong]
			if lab.CodeOf(err) != lab.Unavailable || lab.HintOf(err) == "" || !reflect.DeepEqual(reply, llm.ChatReply{}) {
				t.Fatalf("%+v, %v with hint %q", reply, err, lab.HintOf(err))
			}
			for _, want := range []string{`endpoint "near"`, f.words, fmt.Sprintf("attempt %d, the last", tries)} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in: %v", want, err)
				}
			}
			if n := c.Counts(); n.Requests != tries || n.Failed != 1 || len(s.Asked()) != tries {
				t.Errorf("%+v", n)
			}
			if _, err := c.Chat(t.Context(), ask("good day")); err == nil {
				t.Error("a failure was kept as an answer")
			}
		})
	}
}

func TestJSONThatIsNoneIsAskedForAgainWithAnotherSeed(t *testing.T) {
	s := scripted(t, script.Rule{Reply: "here it is: {}", Times: 2}, script.Rule{Reply: "{}"})
	c, _ := open(t, endpoint(t, s))
	r := ask("say")
	r.JSON = true
	if reply := must(t, c, r); reply.Text != "{}" || c.Counts().Wrong != 2 {
		t.Errorf("%+v, %+v", reply, c.Counts())
	}
	seeds := map[any]bool{}
	for _, a := range s.Asked() {
		seeds[fields(t, a)["seed"]] = true
	}
	if len(seeds) != 3 {
		t.Errorf("seeds %v", seeds)
	}
	never, _ := open(t, endpoint(t, scripted(t, script.Rule{Reply: "no JSON from me"})))
	if _, err := never.Chat(t.Context(), r); lab.CodeOf(err) != lab.Unavailable || !strings.Contains(err.Error(), "no JSON from me") {
		t.Error(err)
	}
}

func TestAnswersOfNoUseArePaidToo(t *testing.T) {
	s := scripted(t, echo())
	s.Fail(script.Fault{Finish: "length"})
	e := endpoint(t, s)
	e.Prices = [2]float64{0, 1e6} // a dollar a token
	c, _ := open(t, e)
	if reply := must(t, c, ask("good day")); reply.Usage.Dollars != 8 || c.Counts().Dollars != 8 {
		t.Errorf("%+v, %+v, want twice the four words", reply.Usage, c.Counts())
	}
}

func TestARefusalIsNotTriedAgain(t *testing.T) {
	for _, f := range []struct {
		name  string
		fault script.Fault
		code  lab.Code
		words string
	}{
		{"a wrong key", script.Fault{Status: 401, Body: "the key " + key + " is unknown"}, lab.Invalid, "the key [secret] is unknown"},
		{"no right", script.Fault{Status: 403, Body: "not for you"}, lab.Invalid, "not for you"},
		{"no money", script.Fault{Status: 402, Body: "credits are used up"}, lab.Budget, "credits are used up"},
		{"no such model", script.Fault{Status: 404, Body: "no model small"}, lab.NotFound, "no model small"},
		{"an error with a message", script.Fault{Status: 400, Body: `{"error":{"message":"say \"please\"","code":null}}`}, lab.Invalid, `status 400: say "please"`},
		{"an error that is a text", script.Fault{Status: 400, Body: `{"error":"model is asleep"}`}, lab.Invalid, `status 400: model is asleep`},
		{"a request that is too long", script.Fault{Status: 400, Body: "context of 4096 exceeded"}, lab.Invalid, "context of 4096 exceeded"},
		{"another address", script.Fault{Status: 302, Header: map[string]string{"Location": "http://elsewhere.example.org"}, Body: "moved"}, lab.Invalid, "sends us on"},
	} {
		t.Run(f.name, func(t *testing.T) {
			s := scripted(t, echo())
			s.Fail(f.fault)
			c, _ := open(t, endpoint(t, s))
			_, err := c.Chat(t.Context(), ask("good day"))
			if lab.CodeOf(err) != f.code || !strings.Contains(err.Error(), f.words) || lab.HintOf(err) == "" || len(s.Asked()) != 1 {
				t.Errorf("%d requests, code %q, %v", len(s.Asked()), lab.CodeOf(err), err)
			}
		})
	}
}

func TestAQuotaThatIsUsedUpIsOfCodeBudgetInTheEnd(t *testing.T) {
	s := scripted(t, echo())
	s.Fail(slices.Repeat([]script.Fault{{Status: 429, Body: `{"error":{"code":"insufficient_quota","message":"check your plan"}}`}}, usualTries)...)
	c, _ := open(t, endpoint(t, s))
	if _, err := c.Chat(t.Context(), ask("good day")); lab.CodeOf(err) != lab.Budget || len(s.Asked()) != usualTries {
		t.Errorf("%d requests, %v", len(s.Asked()), err)
	}
}

func TestAServersAdviceIsFollowedAndOneBeyondPatienceEndsTheCall(t *testing.T) {
	for _, f := range []struct {
		header, value string
		least, most   time.Duration
	}{
		{"Retry-After", "3", 3 * time.Second, 3250 * time.Millisecond},
		{"Retry-After", "0.5", 500 * time.Millisecond, 750 * time.Millisecond},
		{"Retry-After-Ms", "1500", 1500 * time.Millisecond, 1750 * time.Millisecond},
		{"Retry-After", time.Now().Add(time.Minute).UTC().Format(http.TimeFormat), 50 * time.Second, 61 * time.Second},
		{"Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT", 0, time.Second},
		{"Retry-After", "soon", 250 * time.Millisecond, 250 * time.Millisecond},
	} {
		s := scripted(t, echo())
		s.Fail(script.Fault{Status: 429, Header: map[string]string{f.header: f.value}, Body: "wait"})
		c, w := open(t, endpoint(t, s))
		must(t, c, ask("good day"))
		if len(w.all) != 1 || w.all[0] < f.least || w.all[0] > f.most {
			t.Errorf("%s %s: waited %v", f.header, f.value, w.all)
		}
	}
	s := scripted(t, echo())
	s.Fail(script.Fault{Status: 429, Header: map[string]string{"Retry-After": "7200"}, Body: "wait"})
	c, _ := open(t, endpoint(t, s))
	if _, err := c.Chat(t.Context(), ask("good day")); lab.CodeOf(err) != lab.Unavailable || !strings.Contains(err.Error(), "asks to wait 2h0m0s") {
		t.Error(err)
	}
}

func TestAServerThatIsDownIsSaidWithTheWayOut(t *testing.T) {
	e := endpoint(t, scripted(t, echo()))
	e.URL = "http://127.0.0.1:1/v1" // nobody listens there
	c, w := open(t, e)
	_, err := c.Chat(t.Context(), ask("good day"))
	if lab.CodeOf(err) != lab.Unavailable || !strings.Contains(err.Error(), "127.0.0.1:1") || !strings.Contains(err.Error(), "refused") || lab.HintOf(err) == "" {
		t.Error(err)
	}
	for i, d := range w.all { // 0.25, 0.5, 1, 2, 4, 8, 15: half of a bound that doubles up to 30 s
		if want := min(250*time.Millisecond<<i, longestPause/2); d != want {
			t.Errorf("pause %d is %v, want %v", i, d, want)
		}
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	s := scripted(t, echo())
	e := endpoint(t, s)
	e.Parallel = 1
	c, _ := open(t, e)
	ctx, cancel := context.WithCancel(t.Context())
	s.Fail(script.Fault{Each: func(int) { cancel() }}) // within the answer
	if _, err := c.Chat(ctx, ask("good day")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if n := c.Counts(); n.Failed != 0 || n.Requests != 1 {
		t.Errorf("%+v", n)
	}
	if reply := must(t, c, ask("good day")); reply.Text == "" { // the slot is free again
		t.Error("no answer")
	}
	if _, err := c.Chat(ctx, ask("good day")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
