package openai

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/llm/script"
)

func TestAnAnswerIsFoundAgainByANewClientAndByTheSameRequestAlone(t *testing.T) {
	s := scripted(t, echo())
	e := endpoint(t, s)
	e.Cache = t.TempDir()
	c, _ := open(t, e)
	first := must(t, c, ask("good day"))
	again, _ := open(t, e)
	reply := must(t, again, ask("good day"))
	if !reply.Cached || reply.Text != first.Text || reply.Usage != first.Usage || again.Counts() != (Counts{Cached: 1}) {
		t.Errorf("%+v, %+v", reply, again.Counts())
	}
	for name, change := range map[string]func(*llm.ChatRequest){
		"text": func(r *llm.ChatRequest) { r.Messages[0].Text = "good night" }, "role": func(r *llm.ChatRequest) { r.Messages[0].Role = llm.Assistant },
		"seed": func(r *llm.ChatRequest) { r.Seed++ }, "tokens": func(r *llm.ChatRequest) { r.MaxTokens++ },
		"temperature": func(r *llm.ChatRequest) { r.Temperature = 0.5 }, "stop": func(r *llm.ChatRequest) { r.Stop = []string{"."} },
		"tools": func(r *llm.ChatRequest) { r.Tools = []llm.ToolSpec{{Name: "x", Parameters: map[string]any{}}} },
	} {
		r := ask("good day")
		change(&r)
		if reply := must(t, again, r); reply.Cached {
			t.Errorf("another %s gets the same answer", name)
		}
	}
	other := e
	other.Model = "large"
	if c, _ := open(t, other); must(t, c, ask("good day")).Cached {
		t.Error("another model gets the same answer")
	}
}

// files are the files of a folder with their texts.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		all[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestADamagedFileIsNone(t *testing.T) {
	e := endpoint(t, scripted(t, echo()))
	e.Cache = t.TempDir()
	c, _ := open(t, e)
	must(t, c, ask("good day"))
	kept := files(t, e.Cache)
	if len(kept) != 1 {
		t.Fatalf("%d files", len(kept))
	}
	for path, whole := range kept {
		for name, text := range map[string][]byte{
			"empty": nil, "cut": whole[:len(whole)/2], "zeroes": make([]byte, len(whole)),
			"another answer":  bytes.Replace(whole, []byte("you said"), []byte("you sang"), 1),
			"another request": bytes.Replace(whole, []byte(`"seed":7`), []byte(`"seed":8`), 1),
			"another version": bytes.Replace(whole, []byte(`"version":1`), []byte(`"version":9`), 1),
		} {
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			if reply := must(t, c, ask("good day")); reply.Cached || reply.Text != "you said good day" {
				t.Errorf("%s: %+v", name, reply)
			}
			if !bytes.Equal(files(t, e.Cache)[path], whole) {
				t.Errorf("%s: the file is not mended", name)
			}
		}
	}
}

func TestAnAnswerThatCannotBeKeptIsAnError(t *testing.T) {
	e := endpoint(t, scripted(t, echo()))
	e.Cache = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(e.Cache, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c, _ := open(t, e)
	if _, err := c.Chat(t.Context(), ask("good day")); lab.CodeOf(err) != lab.Unavailable || lab.HintOf(err) == "" {
		t.Error(err)
	}
}

func TestTheKeyIsNowhere(t *testing.T) {
	s := scripted(t, script.Rule{Match: "key", Reply: "my key is " + key}, echo())
	e := endpoint(t, s)
	e.Cache = t.TempDir()
	c, _ := open(t, e)
	reply := must(t, c, ask("what is the key?"))
	if reply.Text != "my key is [secret]" {
		t.Errorf("%q", reply.Text)
	}
	s.Fail(script.Fault{Status: 400, Body: strings.Repeat("x", 280) + key})
	_, err := c.Chat(t.Context(), ask("good day"))
	for name, text := range map[string]string{"error": fmt.Sprintf("%v %+v %#v", err, err, err), "client": fmt.Sprintf("%v %+v %#v", c, c, c), "hint": lab.HintOf(err)} {
		if strings.Contains(text, key) || strings.Contains(text, key[:12]) {
			t.Errorf("%s: %s", name, text)
		}
	}
	for path, text := range files(t, e.Cache) {
		if bytes.Contains(text, []byte(key)) {
			t.Errorf("it is in %s", path)
		}
	}
}

func TestManyAskAtOnce(t *testing.T) {
	s := scripted(t, echo())
	s.Fail(script.Fault{Status: 500, Body: "busy"}, script.Fault{Break: true}, script.Fault{Finish: "length"})
	e := endpoint(t, s)
	e.Cache, e.Prices = t.TempDir(), [2]float64{1, 1}
	c, _ := open(t, e)
	var wg sync.WaitGroup
	for i := range 48 {
		wg.Go(func() {
			text := fmt.Sprintf("question %d", i%16)
			r := ask(text)
			r.Stream = func(string) {}
			if reply, err := c.Chat(t.Context(), r); err != nil || reply.Text != "you said "+text {
				t.Errorf("%+v, %v", reply, err)
			}
		})
	}
	wg.Wait()
	if n := c.Counts(); n.Requests+n.Cached != 48+3 || n.Retries != 3 || n.Failed != 0 || n.Requests < 16 {
		t.Errorf("%+v", n)
	}
	if got := len(files(t, e.Cache)); got != 16 {
		t.Errorf("%d files", got)
	}
}
