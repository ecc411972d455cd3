package app

import (
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/llm/script"
	"github.com/loci-lab/loci/backend/trainer/connect"
)

// newEndpoint is an endpoint that wants the value as its key.
func newEndpoint(t *testing.T) (*script.Server, string) {
	t.Helper()
	chat, err := script.New(script.Rule{Match: "one word", Reply: "Yes."}, script.Rule{Match: `(\w+)$`, Reply: "you said $1"})
	if err != nil {
		t.Fatal(err)
	}
	s := &script.Server{Chat: chat, Key: lab.NewSecret(value), Models: []string{"small", "vectors"}}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return s, web.URL + "/v1"
}

func TestAnEndpointIsAddedTestedListedAndRemoved(t *testing.T) {
	k := newKeeper(t)
	_, address := newEndpoint(t)
	k.send(exitOK, value, "secret", "set", "key")
	_, text := k.send(exitOK, "", "target", "add", "local", "--endpoint", address, "--secret", "key", "--model", "small", "--embedding", "vectors",
		"--per-minute", "6000", "--dollars", "2", "--prices", "0.5,1.5", "--parallel", "2")
	wantWords(t, text, "Target local is added", "loci target test local")
	out, text := k.send(exitOK, "", "target", "test", "local")
	wantWords(t, text, "costs a few tokens")
	wantWords(t, out, "models", "2 models", "question", "Yes.", "embedding", "32 numbers", "model small", "model vectors", "spent 3 requests")
	out, _ = k.send(exitOK, "", "target", "test", "local", "--json")
	if l := lines(t, out)[0]; l["type"] != "test" || len(l["answers"].([]any)) != 3 || fmt.Sprint(l["models"]) != "[small vectors]" || l["spent"].(map[string]any)["requests"] != 3.0 {
		t.Errorf("test prints %v", l)
	}
	out, _ = k.send(exitOK, "", "target", "list", "--json")
	if l := lines(t, out)[0]; l["kind"] != "endpoint" || l["name"] != "local" || l["url"] != address || l["model"] != "small" || l["embedding"] != "vectors" ||
		l["per_minute"] != 6000.0 || l["dollars"] != 2.0 || fmt.Sprint(l["prices"]) != "[0.5 1.5]" || l["parallel"] != 2.0 || l["secret"] != "key" {
		t.Errorf("list prints %v", l)
	}
	out, _ = k.send(exitOK, "", "target", "list")
	wantWords(t, out, "local", "endpoint", address, "2 at once", "6000 a minute", "2 dollars a run")
	out, _ = k.send(exitOK, "", "secret", "list", "--json")
	if l := lines(t, out)[0]; fmt.Sprint(l["targets"]) != "[local]" {
		t.Errorf("secret list prints %v", l)
	}
	_, text = k.send(exitError, "", "target", "add", "local", "--service", "https://h")
	wantWords(t, text, `"local" already, of kind endpoint`, "--replace")
	k.send(exitOK, "", "target", "add", "local", "--preset", "ollama", "--model", "small", "--replace")
	out, _ = k.send(exitOK, "", "target", "list", "--json")
	if l := lines(t, out); len(l) != 1 || l[0]["url"] != "http://127.0.0.1:11434/v1" || l[0]["parallel"] != 4.0 {
		t.Errorf("list prints %v", l)
	}
	k.send(exitOK, "", "target", "remove", "local")
	_, text = k.send(exitOK, "", "target", "list")
	wantWords(t, text, "No target", "--endpoint")
	k.wantNowhere(value)
}

func TestAnEndpointThatDoesNotAnswerWellIsToldWithTheRemedy(t *testing.T) {
	k := newKeeper(t)
	s, address := newEndpoint(t)
	k.send(exitOK, "tml-wrong", "secret", "set", "key")
	k.send(exitOK, "", "target", "add", "local", "--endpoint", address, "--secret", "key", "--model", "large")
	_, text := k.send(exitError, "", "target", "test", "local")
	wantWords(t, text, "401", "Incorrect API key", "do: ", "loci secret set")
	k.send(exitOK, value, "secret", "set", "key")
	out, text := k.send(exitError, "", "target", "test", "local")
	wantWords(t, out, "2 models")
	wantWords(t, text, "404", `model "large" does not exist`)
	s.Fail(script.Fault{Status: 404, Body: "no such address"}, script.Fault{Header: map[string]string{"Content-Type": "text/html"}, Body: "<html>Log in</html>"})
	out, text = k.send(exitError, "", "target", "test", "local")
	wantWords(t, out, "it lists none")
	wantWords(t, text, "page in HTML", "Log in", "do: ")
}

func TestWrongEndpointsAreRefused(t *testing.T) {
	k := newKeeper(t)
	for _, c := range []struct {
		name  string
		args  []string
		words []string
	}{
		{"two addresses", []string{"--endpoint", "https://h/v1", "--preset", "ollama", "--model", "m"}, []string{"once", "--endpoint"}},
		{"no model", []string{"--preset", "ollama"}, []string{"names no model", "--model"}},
		{"an unknown preset", []string{"--preset", "olama", "--model", "m"}, []string{`"olama"`, `"lm-studio"`}},
		{"a preset that wants a key", []string{"--preset", "openai", "--model", "m"}, []string{"wants a key", "loci secret set openai"}},
		{"a flag of services", []string{"--preset", "ollama", "--model", "m", "--rank", "3"}, []string{"--rank", "not for an endpoint"}},
		{"a flag of endpoints", []string{"--service", "https://h", "--model", "m"}, []string{"--model", "not for a service"}},
		{"prices that are none", []string{"--preset", "ollama", "--model", "m", "--prices", "free"}, []string{`"free"`, "0.15,0.6"}},
		{"a cap without prices", []string{"--preset", "ollama", "--model", "m", "--dollars", "1"}, []string{"without prices", "--prices"}},
		{"none at once", []string{"--preset", "ollama", "--model", "m", "--parallel", "0"}, []string{"parallel is 0"}},
		{"plain http", []string{"--endpoint", "http://h/v1", "--model", "m"}, []string{"plain http", "--insecure"}},
		{"the whole address", []string{"--endpoint", "https://h/v1/chat/completions", "--model", "m"}, []string{"/chat/completions", "leave"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k.t = t
			_, text := k.send(exitError, "", append([]string{"target", "add", "a"}, c.args...)...)
			wantWords(t, text, append(c.words, "do: ")...)
		})
	}
}

func TestARunFindsAnEndpointByNameAndPaysForAnAnswerOnce(t *testing.T) {
	k := newKeeper(t)
	s, address := newEndpoint(t)
	k.send(exitOK, value, "secret", "set", "key")
	k.send(exitOK, "", "target", "add", "local", "--endpoint", address, "--secret", "key", "--model", "small", "--parallel", "3")
	c := &cli{cfg: Config{Home: k.home}, keep: k.store}
	bench := lab.Bench{Endpoint: c.endpointFinder(t.Context(), c.secrets())}
	e, err := bench.Endpoint("local")
	if err != nil || e.Key.Reveal() != value || e.Cache != filepath.Join(k.home, "replies", "local") || e.Parallel != 3 {
		t.Fatalf("%+v, %v", e, err)
	}
	for range 2 {
		chat, err := connect.Chat("endpoint local", bench)
		if err != nil {
			t.Fatal(err)
		}
		reply, err := chat.Chat(t.Context(), llm.ChatRequest{Messages: []llm.Message{{Role: llm.User, Text: "good day"}}, MaxTokens: 5})
		if err != nil || reply.Text != "you said day" {
			t.Errorf("%+v, %v", reply, err)
		}
	}
	if n := len(s.Asked()); n != 1 {
		t.Errorf("%d requests", n)
	}
	k.wantNowhere(value)
}

func TestAModelThatIsNotSetUpIsToldBeforeAnythingRuns(t *testing.T) {
	k := newKeeper(t)
	k.send(exitOK, "", "target", "add", "local", "--preset", "ollama", "--model", "m")
	for model, words := range map[string][]string{
		"endpoint locl": {`"locl"`, `"local"`, "loci target add locl --endpoint"}, "service local": {`"local" is of kind endpoint`},
		"huge": {`"huge"`, "endpoint NAME"}, "endpoint local": {"trains the weights", `"tiny"`},
	} {
		out, text := k.send(exitError, "", "run", "experiments/delethink.md", "--budget", "fast", "--seeds", "0", "--model", model)
		if !strings.Contains(text, words[0]) && strings.Contains(out, words[0]) {
			text = out
		}
		wantWords(t, text, words...)
	}
}
