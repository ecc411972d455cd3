package target

import (
	"cmp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/loci-lab/loci/backend/lab"
)

// reader turns the nodes of a file into targets; its errors say the line.
type reader struct{ path string }

func (r reader) file(n *yaml.Node) (Targets, error) {
	had := false
	var all Targets
	err := r.fields(n, []string{"version", "services", "endpoints", "machines"}, func(key string, v *yaml.Node) (err error) {
		switch key {
		case "services":
			all.Services, err = r.services(v)
			return err
		case "endpoints":
			all.Endpoints, err = r.endpoints(v)
			return err
		case "machines":
			all.Machines, err = r.machines(v)
			return err
		}
		had = true
		if v.Kind != yaml.ScalarNode || v.Value != strconv.Itoa(version) {
			return at(r.path, v.Line, "version is %.40q, want %d", v.Value, version).WithHint("use the version of Loci that wrote the file")
		}
		return nil
	})
	if err == nil && !had {
		err = at(r.path, n.Line, "the version is missing, want version: %d", version).WithHint("write version: %d as the first line", version)
	}
	if err != nil {
		return Targets{}, err
	}
	if err := r.once(n, all); err != nil {
		return Targets{}, err
	}
	slices.SortFunc(all.Services, func(a, b Service) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(all.Endpoints, func(a, b Endpoint) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(all.Machines, func(a, b Machine) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

// once wants each name to be that of one target.
func (r reader) once(n *yaml.Node, all Targets) error {
	names := all.names()
	for i := 1; i < len(names); i++ {
		if names[i] == names[i-1] {
			return at(r.path, n.Line, "%q is the name of two targets", names[i]).WithHint("rename one of the two")
		}
	}
	return nil
}

func (r reader) machines(n *yaml.Node) (all []Machine, err error) {
	err = r.fields(n, nil, func(name string, v *yaml.Node) error {
		m := Machine{Name: name, Values: map[string]string{}}
		err := r.fields(v, nil, func(key string, v *yaml.Node) error {
			if v.Kind != yaml.ScalarNode {
				return at(r.path, v.Line, "%s is no plain value", key).WithHint("write %s: VALUE on one line", key)
			}
			if key == "kind" {
				m.Kind = v.Value
				return nil
			}
			m.Values[key] = v.Value
			return nil
		})
		if err != nil {
			return err
		}
		if err := m.Check(); err != nil {
			return at(r.path, v.Line, "target %.60q: %v", name, err).WithHint("%s", lab.HintOf(err))
		}
		all = append(all, m)
		return nil
	})
	return all, err
}

func (r reader) services(n *yaml.Node) (all []Service, err error) {
	err = r.fields(n, nil, func(name string, v *yaml.Node) error {
		s := Service{Name: name}
		err := r.fields(v, serviceKeys(), func(key string, v *yaml.Node) error { return r.field(&s, key, v) })
		if err != nil {
			return err
		}
		if err := s.Check(); err != nil {
			return at(r.path, v.Line, "target %.60q: %v", name, err).WithHint("%s", lab.HintOf(err))
		}
		all = append(all, s)
		return nil
	})
	return all, err
}

// serviceKeys are the legal keys of a service, as entry writes them.
func serviceKeys() []string {
	return []string{"url", "secret", "base-model", "rank", "profile", "insecure", "price-table", "launch"}
}

// launch reads how Loci starts a service.
func (r reader) launch(n *yaml.Node) (*Launch, error) {
	l := &Launch{}
	legal := []string{"program", "on", "model-folder", "backend", "cards", "checkout", "config", "bin", "started"}
	err := r.fields(n, legal, func(key string, v *yaml.Node) error {
		if v.Kind != yaml.ScalarNode {
			return at(r.path, v.Line, "%s is no plain value", key).WithHint("write %s: VALUE on one line", key)
		}
		if _, err := l.set(key, v.Value); err != nil {
			return at(r.path, v.Line, "%v", err).WithHint("%s", lab.HintOf(err))
		}
		return nil
	})
	return l, err
}

// prices reads a table of prices: a mapping for each model.
func (r reader) prices(n *yaml.Node) (Prices, error) {
	all := Prices{}
	err := r.fields(n, nil, func(model string, v *yaml.Node) error {
		var p Price
		err := r.fields(v, []string{"input", "cached", "output", "training"}, func(key string, v *yaml.Node) error {
			x, err := strconv.ParseFloat(v.Value, 64)
			if err != nil {
				return at(r.path, v.Line, "the %s price of %.60q is %.40q, want a number", key, model, v.Value).WithHint("write dollars for a million tokens, or leave the word out")
			}
			*p.column(key) = x
			return nil
		})
		all[model] = p
		return err
	})
	return all, err
}

func (r reader) field(s *Service, key string, v *yaml.Node) (err error) {
	switch {
	case key == "price-table":
		s.Table, err = r.prices(v)
		return err
	case key == "launch":
		s.Launch, err = r.launch(v)
		return err
	case v.Kind != yaml.ScalarNode:
		return at(r.path, v.Line, "%s is no plain value", key).WithHint("write %s: VALUE on one line", key)
	}
	switch key {
	case "url":
		s.URL = v.Value
	case "secret":
		s.Secret = v.Value
	case "base-model":
		s.BaseModel = v.Value
	case "profile":
		s.Profile = v.Value
	case "rank":
		if s.Rank, err = strconv.Atoi(v.Value); err != nil {
			return at(r.path, v.Line, "rank is %.40q, want 0 (all weights) to %d", v.Value, MaxRank).WithHint("write a whole number")
		}
	case "insecure":
		if v.Value != "true" && v.Value != "false" {
			return at(r.path, v.Line, "insecure is %.40q, want true or false", v.Value).WithHint("leave the line out")
		}
		s.Insecure = v.Value == "true"
	}
	return nil
}

// fields calls f with every key of a mapping, which must be one of the legal ones where there are any, and stand once.
func (r reader) fields(n *yaml.Node, legal []string, f func(key string, value *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return at(r.path, n.Line, "want a mapping (KEY: VALUE on lines of their own)").WithHint("compare the file with docs/secrets.md")
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind != yaml.ScalarNode:
			return at(r.path, k.Line, "a key is no plain word").WithHint("write KEY: VALUE")
		case legal != nil && !slices.Contains(legal, k.Value):
			return at(r.path, k.Line, "unknown key %.60q, want one of %q", k.Value, legal).WithHint("mend or remove that line")
		case seen[k.Value]:
			return at(r.path, k.Line, "%.60q stands here a second time", k.Value).WithHint("remove one of the two")
		}
		seen[k.Value] = true
		if err := f(k.Value, v); err != nil {
			return err
		}
	}
	return nil
}
