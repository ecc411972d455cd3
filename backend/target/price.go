package target

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Price is what a model costs, in dollars for a million tokens; 0 where it costs nothing or is not known.
type Price struct {
	Input    float64 `yaml:"input,omitempty" json:"input"`       // tokens that the model reads
	Cached   float64 `yaml:"cached,omitempty" json:"cached"`     // of them, those that the server had read before; 0 is as Input
	Output   float64 `yaml:"output,omitempty" json:"output"`     // tokens that it writes
	Training float64 `yaml:"training,omitempty" json:"training"` // tokens of rows that a service trains on
}

// Used are the tokens that something took.
type Used struct{ Input, Cached, Output, Trained int }

// Cost is what they cost, in dollars. Cached are tokens of Input.
func (p Price) Cost(u Used) float64 {
	cached := p.Cached
	if cached == 0 {
		cached = p.Input
	}
	return (float64(u.Input-u.Cached)*p.Input + float64(u.Cached)*cached + float64(u.Output)*p.Output + float64(u.Trained)*p.Training) / 1e6
}

// String says a price in words.
func (p Price) String() string {
	number := func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
	parts := []string{number(p.Input) + " in"}
	if p.Cached > 0 {
		parts = append(parts, number(p.Cached)+" in from the cache")
	}
	parts = append(parts, number(p.Output)+" out")
	if p.Training > 0 {
		parts = append(parts, number(p.Training)+" trained")
	}
	return strings.Join(parts, ", ") + ", dollars a million tokens"
}

// Prices are the prices of models, by the server's names of them.
type Prices map[string]Price

const (
	maxPrice  = 1e6 // dollars for a million tokens; more is a slip of the finger
	maxPrices = 500 // models of one target
)

// Columns of a price table as text: an endpoint's and a service's.
func endpointColumns() []string { return []string{"input", "cached", "output"} }
func serviceColumns() []string  { return []string{"input", "output", "training"} }

// column is the number of a price that has that name.
func (p *Price) column(name string) *float64 {
	switch name {
	case "input":
		return &p.Input
	case "cached":
		return &p.Cached
	case "output":
		return &p.Output
	}
	return &p.Training
}

// check wants names that a server can have, and prices that somebody can ask for.
func (all Prices) check() error {
	if len(all) > maxPrices {
		return lab.Errorf(lab.Invalid, "the price table has %d models, want at most %d", len(all), maxPrices).WithHint("remove models that are not used")
	}
	for _, model := range slices.Sorted(maps.Keys(all)) {
		if model == "" || len(model) > 200 || strings.ContainsFunc(model, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return lab.Errorf(lab.Invalid, "the price table names a model %.220q, want a name of 1 to 200 bytes without spaces", model).WithHint("write the server's own name of it")
		}
		p := all[model]
		for _, name := range []string{"input", "cached", "output", "training"} {
			if x := *p.column(name); !(x >= 0) || math.IsInf(x, 0) || x > maxPrice {
				return lab.Errorf(lab.Invalid, "the %s price of model %.60q is %v, want 0 to %g dollars a million tokens", name, model, x, maxPrice).WithHint("leave it empty where it is not known")
			}
		}
	}
	return nil
}

// text writes the table a line a model: its name, then the prices in the order of the columns.
func (all Prices) text(columns []string) string {
	var b strings.Builder
	for _, model := range slices.Sorted(maps.Keys(all)) {
		p := all[model]
		b.WriteString(model)
		for _, c := range columns {
			b.WriteString(" " + strconv.FormatFloat(*p.column(c), 'f', -1, 64))
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// readPrices reads what text writes. A line that is empty is passed over.
func readPrices(text string, columns []string) (Prices, error) {
	all := Prices{}
	for i, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		wrong := func(what string) error {
			return lab.Errorf(lab.Invalid, "line %d of the price table %s: %.120q", i+1, what, line).
				WithHint("write MODEL %s, in dollars a million tokens", strings.ToUpper(strings.Join(columns, " ")))
		}
		if len(words) != len(columns)+1 {
			return nil, wrong("has " + strconv.Itoa(len(words)) + " words, want " + strconv.Itoa(len(columns)+1))
		}
		if _, twice := all[words[0]]; twice {
			return nil, wrong("names a model a second time")
		}
		var p Price
		for k, c := range columns {
			x, err := strconv.ParseFloat(words[k+1], 64)
			if err != nil {
				return nil, wrong("has a price of " + c + " that is no number")
			}
			*p.column(c) = x
		}
		all[words[0]] = p
	}
	if len(all) == 0 {
		return nil, nil
	}
	return all, all.check()
}

// PriceOf is what a model of the endpoint costs; false where that is not known.
func (e Endpoint) PriceOf(model string) (Price, bool) {
	if p, ok := e.Table[model]; ok {
		return p, true
	}
	if model != "" && (model == e.Model || model == e.Embedding) && e.Prices != [2]float64{} {
		return Price{Input: e.Prices[0], Output: e.Prices[1]}, true
	}
	return Price{}, false
}

// short writes a table that has the endpoint's own model alone, and no price of its cache, as its two prices.
func (e Endpoint) short() Endpoint {
	if p, own := e.Table[e.Model]; own && len(e.Table) == 1 && p.Cached == 0 && p.Training == 0 {
		e.Table, e.Prices = nil, [2]float64{p.Input, p.Output}
	}
	return e
}

// Counted are the prices by which a run's client counts: of prompts and of answers of the endpoint's model. It is not told which tokens came
// from the server's cache, so all count as input: what it says is the most that a run can have cost.
func (e Endpoint) Counted() [2]float64 {
	p, _ := e.PriceOf(e.Model)
	if e.Model == "" {
		p, _ = e.PriceOf(e.Embedding)
	}
	return [2]float64{p.Input, p.Output}
}

// PriceOf is what a model of the service costs; false where that is not known.
func (s Service) PriceOf(model string) (Price, bool) {
	p, ok := s.Table[model]
	return p, ok
}

// SetPrice puts a model into the price table of a target, or takes it out where the price is nil.
func (all *Targets) SetPrice(name, model string, p *Price) error {
	change := func(table Prices) (Prices, error) {
		next := maps.Clone(table)
		if next == nil {
			next = Prices{}
		}
		if p != nil {
			next[model] = *p
			return next, next.check()
		}
		if _, ok := next[model]; !ok {
			return nil, lab.Errorf(lab.NotFound, "the price table of %q has no model %.60q, only %q", name, model, slices.Sorted(maps.Keys(next))).WithHint("`loci target models %s` lists them", name)
		}
		delete(next, model)
		return next, nil
	}
	var err error
	for i := range all.Endpoints {
		if all.Endpoints[i].Name == name {
			all.Endpoints[i].Table, err = change(all.Endpoints[i].Table)
			return err
		}
	}
	for i := range all.Services {
		if all.Services[i].Name == name {
			all.Services[i].Table, err = change(all.Services[i].Table)
			return err
		}
	}
	if kind, ok := all.Has(name); ok {
		return lab.Errorf(lab.Invalid, "target %q is of kind %s, which has no models and no prices", name, kind).WithHint("prices belong to endpoints and services")
	}
	return all.missing("", name)
}
