package target

import (
	"bytes"
	"errors"
	"maps"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/loci-lab/loci/backend/lab"
)

// entry is a service as it is written.
type entry struct {
	URL       string       `yaml:"url,omitempty"`
	Secret    string       `yaml:"secret,omitempty"`
	BaseModel string       `yaml:"base-model,omitempty"`
	Rank      int          `yaml:"rank"`
	Profile   string       `yaml:"profile,omitempty"`
	Insecure  bool         `yaml:"insecure,omitempty"`
	Table     Prices       `yaml:"price-table,omitempty"`
	Launch    *launchEntry `yaml:"launch,omitempty"`
}

// launchEntry is a launch as it is written.
type launchEntry struct {
	Program  string `yaml:"program"`
	On       string `yaml:"on"`
	Model    string `yaml:"model-folder,omitempty"`
	Backend  string `yaml:"backend,omitempty"`
	Cards    int    `yaml:"cards"`
	Checkout string `yaml:"checkout,omitempty"`
	Config   string `yaml:"config,omitempty"`
	Bin      string `yaml:"bin,omitempty"`
	Started  string `yaml:"started,omitempty"`
}

// endpointEntry is an endpoint as it is written.
type endpointEntry struct {
	URL       string  `yaml:"url"`
	Secret    string  `yaml:"secret,omitempty"`
	Model     string  `yaml:"model,omitempty"`
	Embedding string  `yaml:"embedding,omitempty"`
	PerMinute int     `yaml:"per-minute,omitempty"`
	Dollars   float64 `yaml:"dollars,omitempty"`
	Prices    string  `yaml:"prices,omitempty"` // IN,OUT
	Parallel  int     `yaml:"parallel"`
	Insecure  bool    `yaml:"insecure,omitempty"`
	Table     Prices  `yaml:"price-table,omitempty"`
}

// Format returns the text of a file with these targets, in the order of their names.
func Format(all Targets) ([]byte, error) {
	names := map[string]bool{}
	once := func(name string) error {
		if names[name] {
			return lab.Errorf(lab.Conflict, "there are two targets %q", name).WithHint("choose another name")
		}
		names[name] = true
		return nil
	}
	services, endpoints := map[string]entry{}, map[string]endpointEntry{}
	for _, s := range all.Services {
		if err := errors.Join(s.Check(), once(s.Name)); err != nil {
			return nil, first(err)
		}
		services[s.Name] = entry{s.URL, s.Secret, s.BaseModel, s.Rank, s.Profile, s.Insecure, s.Table, (*launchEntry)(s.Launch)}
	}
	for _, e := range all.Endpoints {
		if err := errors.Join(e.Check(), once(e.Name)); err != nil {
			return nil, first(err)
		}
		endpoints[e.Name] = endpointEntry{e.URL, e.Secret, e.Model, e.Embedding, e.PerMinute, e.Dollars, FormatPrices(e.Prices), e.Parallel, e.Insecure, e.Table}
	}
	machines := map[string]map[string]string{}
	for _, m := range all.Machines {
		if err := errors.Join(m.Check(), once(m.Name)); err != nil {
			return nil, first(err)
		}
		entry := maps.Clone(m.Values)
		if entry == nil {
			entry = map[string]string{}
		}
		entry["kind"] = m.Kind
		machines[m.Name] = entry
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	err := enc.Encode(struct {
		Version   int                          `yaml:"version"`
		Services  map[string]entry             `yaml:"services"`
		Endpoints map[string]endpointEntry     `yaml:"endpoints,omitempty"`
		Machines  map[string]map[string]string `yaml:"machines,omitempty"`
	}{version, services, endpoints, machines})
	if err := errors.Join(err, enc.Close()); err != nil {
		return nil, lab.Errorf(lab.Internal, "the targets cannot be written as YAML: %w", err)
	}
	return b.Bytes(), nil
}

// first is the first of joined errors, with its code and hint.
func first(err error) error {
	if e, ok := errors.AsType[*lab.Error](err); ok {
		return e
	}
	return err
}

// FormatPrices writes prices as ParsePrices reads them; "" where both are 0.
func FormatPrices(p [2]float64) string {
	if p == [2]float64{} {
		return ""
	}
	number := func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
	return number(p[0]) + "," + number(p[1])
}
