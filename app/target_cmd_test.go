package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target"
)

// newService is a training service that wants the value as its key.
func newService(t *testing.T) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("X-API-Key") != value:
			http.Error(w, "wrong key", http.StatusUnauthorized)
		case r.URL.Path == "/api/v1/healthz":
			fmt.Fprint(w, `{"status":"ok"}`)
		case r.URL.Path == "/api/v1/get_server_capabilities":
			fmt.Fprint(w, `{"supported_models":[{"model_name":"small-1b"}]}`)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func TestATargetIsAddedTestedListedAndRemoved(t *testing.T) {
	k := newKeeper(t)
	address := engineForTrials(t)
	_, text := k.send(exitOK, "", "target", "add", "near", "--service", address, "--secret", "key", "--base-model", "loci/tiny", "--rank", "8")
	wantWords(t, text, "Target near is added", "loci target test near", "secret key is not kept yet", "do: loci secret set key")
	_, text = k.send(exitError, "", "target", "test", "near")
	wantWords(t, text, `no secret "key"`, "do: loci secret set key")
	k.send(exitOK, value, "secret", "set", "key")
	out, _ := k.send(exitOK, "", "target", "test", "near")
	wantWords(t, out, "healthz", `status "ok"`, "get_server_capabilities", "1 models", "model loci/tiny")
	out, _ = k.send(exitOK, "", "target", "test", "near", "--json")
	if l := lines(t, out)[0]; l["type"] != "test" || len(l["answers"].([]any)) != len(target.TrialSteps()) || fmt.Sprint(l["models"]) != "[loci/tiny]" {
		t.Errorf("test prints %v", l)
	}
	out, _ = k.send(exitOK, "", "target", "list", "--json")
	if l := lines(t, out)[0]; l["name"] != "near" || l["url"] != address || l["secret"] != "key" || l["rank"] != 8.0 || l["base_model"] != "loci/tiny" {
		t.Errorf("list prints %v", l)
	}
	out, _ = k.send(exitOK, "", "target", "list")
	wantWords(t, out, "near", address, "key", "8")
	_, text = k.send(exitError, "", "target", "add", "near", "--service", address)
	wantWords(t, text, `"near" already`, "--replace")
	out, _ = k.send(exitOK, "", "target", "add", "near", "--service", address, "--replace", "--json")
	if l := lines(t, out)[0]; l["secret"] != "" || l["rank"] != float64(target.UsualRank) {
		t.Errorf("add prints %v", l)
	}
	k.send(exitOK, "", "target", "remove", "near")
	_, text = k.send(exitOK, "", "target", "list")
	wantWords(t, text, "No target")
	k.wantNowhere(value)
}

func TestARunFindsATargetWithItsKeyByName(t *testing.T) {
	k := newKeeper(t)
	k.send(exitOK, value, "secret", "set", "key", "--file")
	k.send(exitOK, "", "target", "add", "far", "--service", "https://h", "--secret", "key", "--base-model", "m", "--rank", "4", "--profile", "p")
	c := &cli{cfg: Config{Home: k.home}, keep: k.store}
	find := c.serviceFinder(t.Context(), c.secrets())
	want := lab.Service{Name: "far", URL: "https://h", Key: lab.NewSecret(value), BaseModel: "m", Rank: 4, Profile: "p"}
	if got, err := find("far"); !reflect.DeepEqual(got, want) || err != nil {
		t.Errorf("%v", err)
	}
	k.pass = "" // it is asked for once
	if got, err := find("far"); !reflect.DeepEqual(got, want) || err != nil {
		t.Errorf("the second time: %v", err)
	}
	if _, err := find("near"); lab.CodeOf(err) != lab.NotFound {
		t.Error(err)
	}
}

func TestATargetThatDoesNotAnswerIsToldWithTheRemedy(t *testing.T) {
	k := newKeeper(t)
	s := newService(t)
	k.send(exitOK, "tml-wrong", "secret", "set", "key")
	k.send(exitOK, "", "target", "add", "near", "--service", s.URL, "--secret", "key")
	_, text := k.send(exitError, "", "target", "test", "near")
	wantWords(t, text, "401", "wrong key", "do: ", "loci secret set key")
	s.Close()
	out, _ := k.send(exitError, "", "target", "test", "near", "--json")
	if l := lines(t, out)[0]; l["type"] != "error" || l["code"] != "unavailable" || !strings.Contains(l["hint"].(string), "start the service") {
		t.Errorf("test prints %v", l)
	}
}

func TestWrongTargetsAreRefused(t *testing.T) {
	k := newKeeper(t)
	for _, c := range []struct {
		name  string
		args  []string
		words []string
	}{
		{"no address", []string{"add", "a"}, []string{"wants the address", "--service"}},
		{"plain http", []string{"add", "a", "--service", "http://train.example.org"}, []string{"plain http", "--insecure"}},
		{"a key in the address", []string{"add", "a", "--service", "https://u:" + value + "@h"}, []string{"user or password", "loci secret set"}},
		{"a key as the name of a secret", []string{"add", "a", "--service", "https://h", "--secret", value + "/X"}, []string{"no name of a secret"}},
		{"a rank too high", []string{"add", "a", "--service", "https://h", "--rank", "5000"}, []string{"5000", "1024"}},
		{"this computer", []string{"add", "here", "--service", "https://h"}, []string{`"here"`}},
		{"a target that is not there", []string{"test", "a"}, []string{`no target "a"`, "loci target list"}},
		{"one to remove that is not there", []string{"remove", "a"}, []string{`no target "a"`, "loci target list"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k.t = t
			_, text := k.send(exitError, "", append([]string{"target"}, c.args...)...)
			wantWords(t, text, append(c.words, "do: ")...)
			if strings.Contains(text, value) {
				t.Errorf("the key is repeated: %s", text)
			}
		})
	}
	if all, err := target.Read(filepath.Join(k.home, target.FileName)); len(all.Services)+len(all.Endpoints) > 0 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
	_, text := k.send(exitOK, "", "target", "add", "a", "--service", "http://train.example.org", "--insecure")
	wantWords(t, text, "Warning", "in clear")
}

func TestEveryCommandForSecretsAndTargetsHasHelpWithAnExample(t *testing.T) {
	k := newKeeper(t)
	for _, args := range [][]string{{"secret"}, {"secret", "set"}, {"secret", "list"}, {"secret", "remove"},
		{"target"}, {"target", "add"}, {"target", "list"}, {"target", "test"}, {"target", "remove"}} {
		out, _ := k.send(exitOK, "", append(args, "--help")...)
		wantWords(t, out, "Examples:", "loci "+strings.Join(args, " "), "--json")
	}
}
