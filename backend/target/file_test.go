package target

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func examples() Targets {
	return Targets{Services: []Service{
		{Name: "far", URL: "https://train.example.org/base", Secret: "far-key", BaseModel: "org/small-1b", Rank: 32, Profile: "sum-loss"},
		{Name: "near", URL: "http://127.0.0.1:8000"},
		{Name: "own-net", URL: "http://10.0.0.7:8000", Rank: 8, Insecure: true},
	}, Endpoints: []Endpoint{
		{Name: "big", URL: "https://api.openai.com/v1", Secret: "big-key", Model: "large-2", Embedding: "vectors-3", PerMinute: 60, Dollars: 2.5, Prices: [2]float64{0.15, 0.6}, Parallel: 8},
		{Name: "lan", URL: "http://10.0.0.7:11434/v1", Embedding: "vectors", Parallel: 4, Insecure: true},
		{Name: "local", URL: "http://127.0.0.1:11434/v1", Model: "small:8b", Parallel: 1},
	}}
}

func TestTargetsThatAreWrittenAreReadBackTheSame(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	for _, want := range []Targets{examples(), {Services: examples().Services}, {Endpoints: examples().Endpoints}, {}} {
		if err := Write(path, want); err != nil {
			t.Fatal(err)
		}
		got, err := Read(path)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("read %+v, %v, want %+v", got, err, want)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if got, err := Read(filepath.Join(t.TempDir(), FileName)); !reflect.DeepEqual(got, Targets{}) || err != nil {
		t.Errorf("without a file: %v, %v", got, err)
	}
}

func TestAWrongFileIsToldWithItsLineAndTheWayOut(t *testing.T) {
	for _, c := range []struct {
		name, text string
		words      []string
	}{
		{"an empty file", "", []string{"is empty", "version: 1"}},
		{"a comment alone", "# nothing\n", []string{"is empty"}},
		{"no YAML", "version: 1\nservices: [", []string{"is no YAML", "line"}},
		{"a list", "- a\n", []string{"f.yaml:1: ", "mapping"}},
		{"no version", "services: {}\n", []string{"f.yaml:1: ", "version is missing"}},
		{"a newer version", "version: 2\nservices: {}\n", []string{"f.yaml:1: ", `version is "2", want 1`}},
		{"an unknown key", "version: 1\nengines: {}\n", []string{"f.yaml:2: ", `"engines"`, `"services"`}},
		{"an unknown key of a service", "version: 1\nservices:\n  a:\n    url: https://h\n    model: x\n", []string{"f.yaml:5: ", `"model"`, `"base-model"`}},
		{"two of a name", "version: 1\nservices:\n  a: {url: https://h}\n  a: {url: https://h}\n", []string{"f.yaml:4: ", `"a"`, "second time"}},
		{"a rank in words", "version: 1\nservices:\n  a: {url: https://h, rank: many}\n", []string{"f.yaml:3: ", `"many"`, "0 (all weights) to 1024"}},
		{"a rank too high", "version: 1\nservices:\n  a: {url: https://h, rank: 9999}\n", []string{"f.yaml:3: ", "9999"}},
		{"insecure in between", "version: 1\nservices:\n  a: {url: https://h, insecure: maybe}\n", []string{"f.yaml:3: ", `"maybe"`, "true or false"}},
		{"no address", "version: 1\nservices:\n  a: {rank: 1}\n", []string{"f.yaml:3: ", `target "a"`, "https://"}},
		{"a name that is none", "version: 1\nservices:\n  A B: {url: https://h}\n", []string{"f.yaml:3: ", `"A B"`}},
		{"an alias", "version: 1\nservices:\n  a: &x {url: https://h}\n  b: *x\n", []string{"f.yaml:4: ", "mapping"}},
		{"a value that is a list", "version: 1\nservices:\n  a: {url: [https://h]}\n", []string{"f.yaml:3: ", "url is no plain value"}},
		{"an unknown key of an endpoint", "version: 1\nendpoints:\n  a: {url: https://h/v1, rank: 1}\n", []string{"f.yaml:3: ", `"rank"`, `"per-minute"`}},
		{"an endpoint without a model", "version: 1\nendpoints:\n  a: {url: https://h/v1}\n", []string{"f.yaml:3: ", `target "a"`, "names no model"}},
		{"a number in words", "version: 1\nendpoints:\n  a: {url: https://h/v1, model: m, per-minute: some}\n", []string{"f.yaml:3: ", "per-minute", `"some"`}},
		{"prices that are none", "version: 1\nendpoints:\n  a: {url: https://h/v1, model: m, prices: cheap}\n", []string{"f.yaml:3: ", "prices", `"cheap"`}},
		{"a cap without prices", "version: 1\nendpoints:\n  a: {url: https://h/v1, model: m, dollars: 3}\n", []string{"f.yaml:3: ", "dollars is 3", "prices"}},
		{"one name for two kinds", "version: 1\nservices:\n  a: {url: https://h}\nendpoints:\n  a: {url: https://h/v1, model: m}\n", []string{"f.yaml:1: ", `"a"`, "the name of two targets"}},
		{"two documents", "version: 1\nservices: {}\n---\nversion: 1\n", []string{"more than one document"}},
		{"a file too large", strings.Repeat("#", fileLimit+1), []string{"more than 1048576 bytes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Parse("f.yaml", []byte(c.text))
			if err == nil || lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" || !reflect.DeepEqual(got, Targets{}) {
				t.Fatalf("%v, %v with hint %q", got, err, lab.HintOf(err))
			}
			for _, w := range append(c.words, "f.yaml") {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q is missing in: %v", w, err)
				}
			}
		})
	}
}

func TestAddressesToWhichNoKeyMayBeSentAreRefused(t *testing.T) {
	for _, c := range []struct {
		url      string
		insecure bool
		want     string // "" is fine
	}{
		{"https://h", false, ""},
		{"https://h:8443/services/prod", false, ""},
		{"http://localhost:1", false, ""},
		{"http://127.9.9.9:1", false, ""},
		{"http://[::1]:1", false, ""},
		{"http://h", true, ""},
		{"http://h", false, "plain http"},
		{"http://127.0.0.1.example.org", false, "plain http"},
		{"http://10.0.0.1", false, "plain http"},
		{"http://localhost.example.org", false, "plain http"},
		{"ftp://h", false, "neither"},
		{"h", false, "neither"},
		{"", false, "neither"},
		{"https://", false, "no host"},
		{"https://:80", false, "no host"},
		{"https://me:tml-word@h", false, "user or password"},
		{"https://h?key=tml-word", false, "after its path"},
		{"https://h#tml-word", false, "after its path"},
		{"https://h/api/v1/", false, "/api/v1"},
		{"https://h h", false, "no URL"},
		{"https://h\n", false, "no URL"},
		{"https://tml-word:x", false, "no URL"},
	} {
		err := Service{Name: "a", URL: c.url, Insecure: c.insecure}.Check()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || lab.HintOf(err) == "") {
			t.Errorf("%q: %v, want %q", c.url, err, c.want)
		}
		if err != nil && strings.Contains(err.Error()+lab.HintOf(err), "tml-word") {
			t.Errorf("%q: the key is repeated: %v", c.url, err)
		}
	}
}

func TestFieldsThatCannotBeUsedAreRefusedAndNotWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	if err := Write(path, examples()); err != nil {
		t.Fatal(err)
	}
	good := Service{Name: "a", URL: "https://h"}
	for name, change := range map[string]func(*Service){
		"name":    func(s *Service) { s.Name = "A" },
		"here":    func(s *Service) { s.Name = "here" },
		"secret":  func(s *Service) { s.Secret = "NO" },
		"model":   func(s *Service) { s.BaseModel = "a b" },
		"rank":    func(s *Service) { s.Rank = -1 },
		"profile": func(s *Service) { s.Profile = "?" },
	} {
		s := good
		change(&s)
		if err := Write(path, Targets{Services: []Service{s}}); lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Write(path, Targets{Services: []Service{good, good}}); lab.CodeOf(err) != lab.Conflict {
		t.Errorf("two of a name: %v", err)
	}
	if err := Write(path, Targets{Services: []Service{good}, Endpoints: []Endpoint{{Name: "a", URL: "https://h/v1", Model: "m", Parallel: 1}}}); lab.CodeOf(err) != lab.Conflict {
		t.Errorf("two kinds of a name: %v", err)
	}
	if got, err := Read(path); err != nil || !reflect.DeepEqual(got, examples()) {
		t.Errorf("the file changed: %+v, %v", got, err)
	}
}

func TestChangesOfSeveralWritersAreAllKeptOrRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "home", FileName)
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for i := range 16 {
		wg.Go(func() {
			err := Update(path, func(all *Targets) error {
				all.Services = append(all.Services, Service{Name: "s" + string(rune('a'+i)), URL: "https://h"})
				return nil
			})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				done++
			} else if lab.CodeOf(err) != lab.Conflict {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := Read(path)
	if err != nil || done == 0 || len(got.Services) != done {
		t.Errorf("%d changes left %d services, %v", done, len(got.Services), err)
	}
	stop := errors.New("stop")
	if err := Update(path, func(*Targets) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
	if again, _ := Read(path); !reflect.DeepEqual(again, got) {
		t.Error("a change that failed was written")
	}
}

func TestAFileThatCannotBeReadOrWrittenIsNamed(t *testing.T) {
	dir := t.TempDir()
	if _, err := Read(dir); lab.CodeOf(err) != lab.Unavailable || !strings.Contains(err.Error(), dir) || lab.HintOf(err) == "" {
		t.Errorf("reading a folder: %v", err)
	}
	err := Write(filepath.Join(dir, "none", FileName), Targets{})
	if lab.CodeOf(err) != lab.Unavailable || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("writing where there is no folder: %v", err)
	}
	if err := Write(dir, Targets{}); lab.CodeOf(err) != lab.Unavailable {
		t.Errorf("writing over a folder: %v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(dir)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func FuzzParse(f *testing.F) {
	text, err := Format(examples())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("version: 1\nservices:\n  a: {url: https://h}\n"))
	f.Add([]byte("version: 1\nservices:\n  a: &x {url: https://h}\n  <<: *x\n"))
	f.Add([]byte("version: 1\nendpoints:\n  a: {url: http://127.0.0.1:1/v1, model: m, prices: 1, dollars: 1e-3}\n"))
	f.Add([]byte("version: !!int 1\nservices: {? [a] : b}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := Parse("f.yaml", text)
		if err != nil {
			if lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
				t.Fatalf("%v without code or hint", err)
			}
			return
		}
		again, err := Format(all)
		if err != nil {
			t.Fatalf("%+v was read and cannot be written: %v", all, err)
		}
		back, err := Parse("f.yaml", again)
		if err != nil || !reflect.DeepEqual(back, all) {
			t.Fatalf("%+v came back as %+v, %v", all, back, err)
		}
	})
}
