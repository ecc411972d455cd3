package target

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Blank is one thing that a person says of a target of some kind.
type Blank struct {
	Name    string  `json:"name"`
	Title   string  `json:"title"`
	Doc     string  `json:"doc"`
	Type    string  `json:"type"` // text, whole, number, switch, secret (the name of one), choice, machine (here, or the name of one), prices (a line a model)
	Default string  `json:"default"`
	Wanted  bool    `json:"wanted"` // it cannot be left empty
	Min     float64 `json:"min"`
	Max     float64 `json:"max"`
	Unit    string  `json:"unit"` // of prices: their columns

	Choices []string `json:"choices"` // of a choice
}

// Form is a target as text, field by field: what a page or a command line says of it.
type Form struct {
	Kind   string            `json:"kind"`
	Name   string            `json:"name"`
	Values map[string]string `json:"values"`
}

// Kind is one kind of target: how it is described, found, kept and tested. A new kind is a new value of Kinds.
type Kind struct {
	Name   string
	Title  string
	Doc    string
	Sends  string // what leaves this computer when a run uses it
	Model  string // a run's model is this word and the target's name; "" for a kind that is no model
	Runs   bool   // runs are carried out there: a notebook says target: and its name
	Fields []Blank
	Starts []Form                                  // usual ones to begin from
	Steps  func(values map[string]string) []string // of a test, in order
	List   func(all Targets) []Form
	Put    func(all *Targets, form Form) error // adds it; its name is free
}

// Kinds lists the kinds of targets in the order in which they are shown.
func Kinds() []Kind { return append([]Kind{endpoints(), services(), started()}, machines()...) }

// FindKind returns the kind of that name, or an Invalid error that lists them.
func FindKind(name string) (Kind, error) {
	var names []string
	for _, k := range Kinds() {
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return Kind{}, lab.Errorf(lab.Invalid, "kind of target is %.40q, want one of %q", name, names).WithHint("choose one of them")
}

// Forms lists all targets as forms, kind by kind.
func (all Targets) Forms() (forms []Form) {
	for _, k := range Kinds() {
		forms = append(forms, k.List(all)...)
	}
	return forms
}

// Form returns the target of that name, or not-found with the names there are.
func (all Targets) Form(name string) (Form, error) {
	forms := all.Forms()
	i := slices.IndexFunc(forms, func(f Form) bool { return f.Name == name })
	if i < 0 {
		return Form{}, all.missing("", name)
	}
	return forms[i], nil
}

// PutForm adds a target. One of that name is replaced where that is asked for, else it is a conflict.
func (all *Targets) PutForm(form Form, replace bool) error {
	k, err := FindKind(form.Kind)
	if err != nil {
		return err
	}
	if kind, ok := all.Has(form.Name); ok {
		if !replace {
			return lab.Errorf(lab.Conflict, "there is a target %q already, of kind %s", form.Name, kind).WithHint("choose another name, or edit that one")
		}
		if err := all.replaceable(form); err != nil {
			return err
		}
		was, _ := all.Service(form.Name)
		defer func() { all.keepStarted(was) }()
		all.drop(form.Name)
	}
	for name := range form.Values {
		if !slices.ContainsFunc(k.Fields, func(f Blank) bool { return f.Name == name }) {
			return lab.Errorf(lab.Invalid, "a target of kind %s has no field %.40q", k.Name, name).WithHint("reload the page")
		}
	}
	return k.Put(all, form)
}

// replaceable refuses to change how a service is started while it is.
func (all *Targets) replaceable(form Form) error {
	was, err := all.Service(form.Name)
	if err != nil || was.Launch == nil || was.Launch.Started == "" {
		for _, s := range all.Services {
			if s.Launch != nil && s.Launch.Started != "" && s.Launch.On == form.Name {
				return lab.Errorf(lab.Conflict, "service %q was started on %s and not stopped", s.Name, form.Name).WithHint("stop that service first: its machine cannot be changed under it")
			}
		}
		return nil
	}
	next := values{form: form}
	l := next.launch()
	l.Started = was.Launch.Started
	if form.Kind != startedKind || l != *was.Launch {
		return lab.Errorf(lab.Conflict, "service %q was started, and how it is started cannot be changed meanwhile", form.Name).WithHint("stop it first; rank, base model and prices may be changed")
	}
	return nil
}

// keepStarted carries over that a service is started.
func (all *Targets) keepStarted(was Service) {
	if was.Launch != nil && was.Launch.Started != "" {
		_ = all.Started(was.Name, was.Launch.Started) // gone only where the form was refused, and then nothing is written
	}
}

// values reads the fields of a form; the first that is wrong is kept.
type values struct {
	form Form
	err  error
}

func (v *values) text(name string) string { return strings.TrimSpace(v.form.Values[name]) }

func (v *values) number(name string, fallback float64) float64 {
	text := v.text(name)
	if text == "" {
		return fallback
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil && v.err == nil {
		v.err = lab.Errorf(lab.Invalid, "%s is %.40q, want a number", name, text).WithHint("leave it empty for the usual %v", fallback)
	}
	return x
}

func (v *values) whole(name string, fallback int) int {
	x := v.number(name, float64(fallback))
	if x != float64(int(x)) && v.err == nil {
		v.err = lab.Errorf(lab.Invalid, "%s is %v, want a whole number", name, x).WithHint("leave it empty for the usual %d", fallback)
	}
	return int(x)
}

// shown leaves a number out that says nothing.
func shown(x float64) string {
	if x == 0 {
		return ""
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}

func yes(on bool) string {
	if on {
		return "true"
	}
	return ""
}

func addressField(doc string) Blank {
	return Blank{Name: "url", Title: "Address", Doc: doc, Type: "text", Wanted: true}
}

func secretField() Blank {
	return Blank{Name: "secret", Title: "Secret", Type: "secret", Doc: "Name of the secret with the key; empty where none is asked for."}
}

func insecureField() Blank {
	return Blank{Name: "insecure", Title: "Allow plain http to another computer", Type: "switch", Doc: "The key and the questions then travel in clear."}
}

func endpoints() Kind {
	return Kind{
		Name: "endpoint", Title: "Model endpoint", Model: "endpoint",
		Doc:   "A model behind the chat interface that most servers share. It answers a run's questions; the run itself stays here.",
		Sends: "The questions of a run with everything in them: instructions, task, the memories that were read, history. No file and no record.",
		Fields: []Blank{
			addressField("What comes before /chat/completions, for example http://127.0.0.1:11434/v1."),
			{Name: "model", Title: "Model", Type: "text", Doc: "The server's name of the model that answers; empty for embeddings alone."},
			{Name: "embedding", Title: "Embeddings model", Type: "text", Doc: "The server's name of a model for embeddings; empty for none."},
			secretField(),
			{Name: "per-minute", Title: "Requests a minute", Type: "whole", Max: MaxPerMinute, Doc: "The most, of all runs together; empty for no limit."},
			{Name: "parallel", Title: "Requests at once", Type: "whole", Default: strconv.Itoa(UsualAtOnce), Min: 1, Max: MaxParallel, Doc: "Of one run."},
			pricesField(endpointColumns()),
			{Name: "dollars", Title: "Most a run may spend", Type: "number", Unit: "dollars", Max: MaxDollars, Doc: "Needs a price of the model; empty for no limit of its own."},
			insecureField(),
		},
		Starts: presetForms(),
		Steps: func(v map[string]string) []string {
			steps := []string{"models"}
			if v["model"] != "" {
				steps = append(steps, "question")
			}
			if v["embedding"] != "" {
				steps = append(steps, "embedding")
			}
			return steps
		},
		List: func(all Targets) (forms []Form) {
			for _, e := range all.Endpoints {
				forms = append(forms, Form{"endpoint", e.Name, map[string]string{"url": e.URL, "model": e.Model, "embedding": e.Embedding, "secret": e.Secret,
					"per-minute": shown(float64(e.PerMinute)), "parallel": shown(float64(e.Parallel)), "prices": e.whole().text(endpointColumns()),
					"dollars": shown(e.Dollars), "insecure": yes(e.Insecure)}})
			}
			return forms
		},
		Put: func(all *Targets, form Form) error {
			v := values{form: form}
			e := Endpoint{Name: form.Name, URL: v.text("url"), Model: v.text("model"), Embedding: v.text("embedding"), Secret: v.text("secret"),
				PerMinute: v.whole("per-minute", 0), Parallel: v.whole("parallel", UsualAtOnce), Table: v.prices(endpointColumns()),
				Dollars: v.number("dollars", 0), Insecure: v.text("insecure") == "true"}
			if v.err != nil {
				return v.err
			}
			if err := e.Check(); err != nil {
				return err
			}
			all.Endpoints = append(all.Endpoints, e.short())
			return nil
		},
	}
}

func presetForms() (forms []Form) {
	for _, p := range Presets() {
		v := map[string]string{"url": p.URL}
		if p.Key {
			v["secret"] = p.Name
		}
		forms = append(forms, Form{"endpoint", strings.ReplaceAll(p.Name, ".", "-"), v})
	}
	return forms
}

// UsualRank is the rank of adapters that the SDK of the training protocol asks for by default.
const UsualRank = 32

func services() Kind {
	return Kind{
		Name: "service", Title: "Training service", Model: "service",
		Doc:   "A program elsewhere that keeps a model's weights and computes its gradients. The run itself stays here.",
		Sends: "The tokens of a run's questions and answers with their rewards, for training and for sampling. No file and no record.",
		Fields: []Blank{
			addressField("What comes before /api/v1, for example https://train.example.org."),
			secretField(),
			{Name: "base-model", Title: "Model to start from", Type: "text", Doc: "The service's name of it; empty for the warm start of the run."},
			{Name: "rank", Title: "Rank of the adapters", Type: "whole", Default: strconv.Itoa(UsualRank), Max: MaxRank, Doc: "0 trains all weights."},
			{Name: "profile", Title: "Profile", Type: "text", Doc: "How the service differs from the protocol; empty finds out."},
			pricesField(serviceColumns()),
			insecureField(),
		},
		Steps: func(map[string]string) []string { return TrialSteps() },
		List: func(all Targets) (forms []Form) {
			for _, s := range all.Services {
				if s.Launch == nil {
					forms = append(forms, Form{"service", s.Name, map[string]string{"url": s.URL, "secret": s.Secret, "base-model": s.BaseModel,
						"rank": strconv.Itoa(s.Rank), "profile": s.Profile, "prices": s.Table.text(serviceColumns()), "insecure": yes(s.Insecure)}})
				}
			}
			return forms
		},
		Put: func(all *Targets, form Form) error {
			v := values{form: form}
			s := Service{Name: form.Name, URL: v.text("url"), Secret: v.text("secret"), BaseModel: v.text("base-model"), Rank: v.whole("rank", UsualRank),
				Profile: v.text("profile"), Insecure: v.text("insecure") == "true", Table: v.prices(serviceColumns())}
			if v.err != nil {
				return v.err
			}
			if err := s.Check(); err != nil {
				return err
			}
			all.Services = append(all.Services, s)
			return nil
		},
	}
}

// TrialSteps are the steps of a test of a training service, in order.
func TrialSteps() []string {
	return []string{"healthz", "get_server_capabilities", "model", "sample", "gradient", "step", "clean up"}
}

func pricesField(columns []string) Blank {
	return Blank{Name: "prices", Title: "Prices", Type: "prices", Unit: strings.Join(columns, " "),
		Doc: "Of each model, in dollars for a million tokens; leave out what costs nothing or is not known."}
}

func (v *values) prices(columns []string) Prices {
	all, err := readPrices(v.form.Values["prices"], columns)
	if err != nil && v.err == nil {
		v.err = err
	}
	return all
}

// whole is the price table with the price of the endpoint's own model, however that was set.
func (e Endpoint) whole() Prices {
	p, ok := e.PriceOf(e.Model)
	if !ok || e.Model == "" {
		return e.Table
	}
	all := maps.Clone(e.Table)
	if all == nil {
		all = Prices{}
	}
	all[e.Model] = p
	return all
}

// Price says in words what the tokens of the target's model cost, "" where that is nothing or not known.
func (f Form) Price() string {
	columns, model := serviceColumns(), f.Values["base-model"]
	if f.Kind == "endpoint" {
		columns, model = endpointColumns(), cmp.Or(f.Values["model"], f.Values["embedding"])
	}
	all, err := readPrices(f.Values["prices"], columns)
	if p, ok := all[model]; ok && err == nil {
		return p.String()
	}
	return ""
}

// Here tells whether the target is a program on this computer.
func (f Form) Here() bool {
	if f.Kind == startedKind {
		return f.Values["on"] == HereName
	}
	u, err := url.Parse(f.Values["url"])
	return err == nil && Loopback(u)
}
