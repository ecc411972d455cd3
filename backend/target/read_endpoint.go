package target

import (
	"math"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/loci-lab/loci/backend/lab"
)

func (r reader) endpoints(n *yaml.Node) (all []Endpoint, err error) {
	err = r.fields(n, nil, func(name string, v *yaml.Node) error {
		e := Endpoint{Name: name, Parallel: UsualAtOnce}
		err := r.fields(v, endpointKeys(), func(key string, v *yaml.Node) error { return r.endpointField(&e, key, v) })
		if err != nil {
			return err
		}
		if err := e.Check(); err != nil {
			return at(r.path, v.Line, "target %.60q: %v", name, err).WithHint("%s", lab.HintOf(err))
		}
		all = append(all, e)
		return nil
	})
	return all, err
}

// endpointKeys are the legal keys of an endpoint, as endpointEntry writes them.
func endpointKeys() []string {
	return []string{"url", "secret", "model", "embedding", "per-minute", "dollars", "prices", "parallel", "insecure", "price-table"}
}

func (r reader) endpointField(e *Endpoint, key string, v *yaml.Node) (err error) {
	if key == "price-table" {
		e.Table, err = r.prices(v)
		return err
	}
	if v.Kind != yaml.ScalarNode {
		return at(r.path, v.Line, "%s is no plain value", key).WithHint("write %s: VALUE on one line", key)
	}
	switch key {
	case "url":
		e.URL = v.Value
	case "secret":
		e.Secret = v.Value
	case "model":
		e.Model = v.Value
	case "embedding":
		e.Embedding = v.Value
	case "per-minute":
		e.PerMinute, err = strconv.Atoi(v.Value)
	case "parallel":
		e.Parallel, err = strconv.Atoi(v.Value)
	case "dollars":
		e.Dollars, err = strconv.ParseFloat(v.Value, 64)
	case "prices":
		e.Prices, err = ParsePrices(v.Value)
	case "insecure":
		e.Insecure, err = v.Value == "true", nil
		if v.Value != "true" && v.Value != "false" {
			return at(r.path, v.Line, "insecure is %.40q, want true or false", v.Value).WithHint("leave the line out")
		}
	}
	if err != nil {
		return at(r.path, v.Line, "%s is %.40q, want a number, or two with a comma between for prices", key, v.Value).WithHint("mend or remove that line")
	}
	return nil
}

// ParsePrices reads "IN,OUT": dollars for a million tokens of prompts and of answers. One number is both.
func ParsePrices(text string) (p [2]float64, err error) {
	in, out, two := strings.Cut(text, ",")
	if !two {
		out = in
	}
	for i, number := range []string{in, out} {
		x, failed := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if failed != nil || !(x >= 0) || math.IsInf(x, 0) {
			return [2]float64{}, lab.Errorf(lab.Invalid, "prices are %.60q, want two numbers from 0 on with a comma between", text).
				WithHint("give dollars a million tokens of prompts and of answers, such as 0.15,0.6")
		}
		p[i] = x
	}
	return p, nil
}
