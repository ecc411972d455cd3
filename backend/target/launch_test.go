package target

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func TestTheLineThatStartsAServiceIsBuiltFromItsFields(t *testing.T) {
	for _, c := range []struct {
		name   string
		launch Launch
		rank   int
		says   []string
		never  []string
	}{
		{"SkyRL on the processor", Launch{Program: SkyRL, On: "here", Model: "/m", Backend: "jax"}, 8,
			[]string{`uv run --project "$project" --extra tinker --extra jax -m skyrl.tinker.api --host "$bind" --port "$port" --base-model '/m' --backend jax --backend-config '{"max_lora_adapters":4,"max_lora_rank":8}'`,
				"JAX_PLATFORMS=cpu"}, []string{"--extra gpu"}},
		{"on a card", Launch{Program: SkyRL, On: "lab", Model: "~/m", Backend: "jax", Cards: 1}, 64, []string{`--extra jax --extra gpu -m`, `--base-model "$HOME"/'m'`, `"max_lora_rank":64`}, []string{"JAX_PLATFORMS"}},
		{"on four cards with all weights", Launch{Program: SkyRL, On: "lab", Model: "/m", Backend: "fsdp", Cards: 4, Checkout: "/src/SkyRL"}, 0,
			[]string{`project='/src/SkyRL'`, "--extra tinker --extra fsdp -m", `"generator.inference_engine.num_engines":4`, `"trainer.placement.policy_num_gpus_per_node":4`}, []string{"pyproject.toml"}},
		{"what a person writes goes before", Launch{Program: SkyRL, On: "here", Model: "/m", Backend: "jax", Config: `{"max_lora_rank":2,"x":"it's"}`}, 32, []string{`"max_lora_rank":2`, `it'\''s`}, nil},
		{"a model's name", Launch{Program: SkyRL, On: "here", Model: "org/small; rm -rf /", Backend: "jax"}, 8, []string{`--base-model 'org/small; rm -rf /' --backend`}, nil},
		{"uv in a folder of its own", Launch{Program: SkyRL, On: "here", Model: "/m", Backend: "jax", Bin: "/opt/uv"}, 8, []string{`PATH='/opt/uv':"$PATH:$HOME/.local/bin`}, nil},
		{"Loci's engine", Launch{Program: Engine, On: "lab", Model: "~/bases/x"}, 8, []string{`loci engine serve --addr "$bind:$port" --host "$host" --folder "$folder/checkpoints" --hide-key --models "$HOME"/'bases/x'`}, []string{"uv"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := c.launch.Start(c.rank)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.says {
				if !strings.Contains(s.Lines, want) {
					t.Errorf("the lines lack %s:\n%s", want, s.Lines)
				}
			}
			for _, wrong := range c.never {
				if strings.Contains(s.Lines, wrong) {
					t.Errorf("the lines have %s:\n%s", wrong, s.Lines)
				}
			}
			if out, err := exec.CommandContext(t.Context(), "sh", "-n", "-c", s.Lines).CombinedOutput(); err != nil {
				t.Errorf("the lines are no shell script: %s", out)
			}
			for _, check := range s.Checks {
				if out, err := exec.CommandContext(t.Context(), "sh", "-n", "-c", check.Script).CombinedOutput(); err != nil {
					t.Errorf("check %s is no shell script: %s", check.Name, out)
				}
			}
		})
	}
}

func TestAServiceThatLociStartsIsKeptAndReadBack(t *testing.T) {
	path := t.TempDir() + "/targets.yaml"
	want := Service{Name: "gpu", Rank: 16, Table: Prices{"/m": {Input: 1, Training: 2}}, Launch: &Launch{Program: SkyRL, On: "lab", Model: "/m", Backend: "jax", Cards: 2, Started: "gpu-1"}}
	all := Targets{Services: []Service{want}, Endpoints: []Endpoint{{Name: "paid", URL: "https://h/v1", Model: "a", Parallel: 4, Dollars: 3, Table: Prices{"a": {Input: 1, Cached: 0.5, Output: 2}, "b": {Output: 9}}}}}
	if err := Write(path, all); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	s, e := got.Services[0], got.Endpoints[0]
	if *s.Launch != *want.Launch || s.Table["/m"] != want.Table["/m"] || e.Table["b"].Output != 9 || e.Counted() != [2]float64{1, 2} {
		t.Errorf("%+v, %+v, %+v", s, s.Launch, e)
	}
}

func TestAWrongLaunchOrPriceInTheFileIsToldWithItsLine(t *testing.T) {
	service := "version: 1\nservices:\n  gpu:\n    rank: 8\n    launch:\n      program: skyrl\n      on: here\n      model-folder: /m\n      backend: jax\n      cards: 0\n"
	endpoint := "version: 1\nservices: {}\nendpoints:\n  paid:\n    url: https://h/v1\n    model: a\n    parallel: 4\n    price-table:\n      a: {input: 1, output: 2}\n"
	for name, c := range map[string]struct{ text, says string }{
		"an unknown key of a launch":   {strings.Replace(service, "cards: 0", "colour: red", 1), `:10: unknown key "colour"`},
		"cards that are no number":     {strings.Replace(service, "cards: 0", "cards: many", 1), `:10: cards is "many"`},
		"a program that there is not":  {strings.Replace(service, "program: skyrl", "program: other", 1), `program is "other", want one of skyrl, loci`},
		"an address and a launch":      {strings.Replace(service, "rank: 8", "url: https://h", 1), "has an address and is started by Loci too"},
		"a price that is no number":    {strings.Replace(endpoint, "input: 1", "input: cheap", 1), `:9: the input price of "a" is "cheap"`},
		"a price below nothing":        {strings.Replace(endpoint, "input: 1", "input: -1", 1), `the input price of model "a" is -1`},
		"a price of something unknown": {strings.Replace(endpoint, "input: 1", "inputs: 1", 1), `:9: unknown key "inputs", want one of ["input" "cached" "output" "training"]`},
		"a price table that is none":   {strings.Replace(endpoint, "{input: 1, output: 2}", "3", 1), ":9: want a mapping"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("targets.yaml", []byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.says) || lab.HintOf(err) == "" {
				t.Errorf("%v, want %s", err, c.says)
			}
		})
	}
	if _, err := Parse("targets.yaml", []byte(service)); err != nil {
		t.Error(err)
	}
	if _, err := Parse("targets.yaml", []byte(endpoint)); err != nil {
		t.Error(err)
	}
}

func TestPricesAreReadFromAFormALineAModel(t *testing.T) {
	var all Targets
	form := Form{Kind: "endpoint", Name: "paid", Values: map[string]string{"url": "https://h/v1", "model": "a", "dollars": "2", "prices": "a 1 0.5 2\n\nb 3 0 4\n"}}
	if err := all.PutForm(form, false); err != nil {
		t.Fatal(err)
	}
	back, err := all.Form("paid")
	if err != nil || back.Values["prices"] != "a 1 0.5 2\nb 3 0 4" || back.Price() != "1 in, 0.5 in from the cache, 2 out, dollars a million tokens" {
		t.Errorf("%+v, %v, %s", back, err, back.Price())
	}
	for text, says := range map[string]string{"a 1": "has 2 words, want 4", "a 1 x 2": "price of cached that is no number", "a 1 1 1\na 2 2 2": "a second time", "a 1 1 -2": "is -2", "b 1 1 1": "without prices of model"} {
		form.Values["prices"] = text
		if err := all.PutForm(form, true); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q gives %v, want %s", text, err, says)
		}
	}
}

func TestTokensCostWhatTheTableSays(t *testing.T) {
	p := Price{Input: 2, Cached: 1, Output: 4, Training: 8}
	// 600 k at 2, 400 k at 1, 500 k at 4, 250 k at 8: 1.2 + 0.4 + 2 + 2 dollars
	if got := p.Cost(Used{Input: 1_000_000, Cached: 400_000, Output: 500_000, Trained: 250_000}); got != 5.6 {
		t.Errorf("%v dollars", got)
	}
	p.Cached = 0 // not known: as the others
	if got := p.Cost(Used{Input: 1_000_000, Cached: 400_000}); got != 2 {
		t.Errorf("%v dollars", got)
	}
}

func TestAServiceThatIsStartedIsNotChangedOrForgotten(t *testing.T) {
	all := Targets{Machines: []Machine{{Name: "lab", Kind: Computer, Values: map[string]string{}}},
		Services: []Service{{Name: "gpu", Rank: 8, Launch: &Launch{Program: SkyRL, On: "lab", Model: "/m", Backend: "jax", Started: "gpu-1"}}}}
	for _, name := range []string{"gpu", "lab"} {
		if err := all.Remove(name); lab.CodeOf(err) != lab.Conflict {
			t.Errorf("%s is removed: %v", name, err)
		}
	}
	form, err := all.Form("gpu")
	if err != nil {
		t.Fatal(err)
	}
	form.Values["rank"] = "4"
	if err := all.PutForm(form, true); err != nil || all.Services[0].Rank != 4 || all.Services[0].Launch.Started != "gpu-1" {
		t.Errorf("%v, %+v", err, all.Services[0].Launch)
	}
	form.Values["model-folder"] = "/other"
	if err := all.PutForm(form, true); lab.CodeOf(err) != lab.Conflict {
		t.Errorf("how it is started is changed: %v", err)
	}
	if err := all.PutForm(Form{Kind: Computer, Name: "lab", Values: map[string]string{"jobs": "3"}}, true); lab.CodeOf(err) != lab.Conflict {
		t.Errorf("its machine is changed: %v", err)
	}
	if err := all.Started("gpu", ""); err != nil {
		t.Fatal(err)
	}
	if err := all.PutForm(form, true); err != nil || all.Services[0].Launch.Model != "/other" {
		t.Error(err)
	}
	if !slices.ContainsFunc(Kinds(), func(k Kind) bool { return k.Name == startedKind }) {
		t.Error("the kind is not listed")
	}
}
