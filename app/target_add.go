package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target"
)

// newTarget is what the flags of target add say.
type newTarget struct {
	service  target.Service
	endpoint target.Endpoint
	preset   string
	prices   string
	secret   string
	insecure bool
	replace  bool
}

func (c *cli) targetAddCommand() *cobra.Command {
	var n newTarget
	cmd := &cobra.Command{
		Use: "add NAME --service URL | --endpoint URL --model MODEL | --preset PRESET --model MODEL", Short: "Add a training service or a model endpoint",
		Long: "Adds a training service (--service), or an endpoint: a server with the chat interface that most share, by its address (--endpoint) or\n" +
			"its name (--preset). An endpoint's caps hold for all runs together (--per-minute) and for each run alone (--dollars, counted with --prices).",
		Example: "  loci target add my-service --service https://train.example.org --secret my-service --base-model small-1b\n" +
			"  loci target add local --preset ollama --model qwen3:8b --embedding nomic-embed-text\n" +
			"  loci target add paid --preset openai --model gpt-4.1-mini --secret openai --per-minute 300 --dollars 2 --prices 0.4,1.6", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := n.sort(cmd.Flags(), args[0]); err != nil {
				return err
			}
			return c.targetAdd(cmd.Context(), &n)
		},
	}
	n.flags(cmd.Flags())
	return cmd
}

func (n *newTarget) flags(f *pflag.FlagSet) {
	f.StringVar(&n.secret, "secret", "", "name of the secret with the key, which loci secret set keeps")
	f.BoolVar(&n.insecure, "insecure", false, "allow http to another computer: the key then travels in clear")
	f.BoolVar(&n.replace, "replace", false, "replace a target of that name")
	f.StringVar(&n.service.URL, "service", "", "base address of a training service, what comes before /api/v1")
	f.StringVar(&n.service.BaseModel, "base-model", "", "the service's name of the model to start from; empty for the warm start of the run")
	f.IntVar(&n.service.Rank, "rank", target.UsualRank, "rank of the service's adapters; 0 trains all weights")
	f.StringVar(&n.service.Profile, "profile", "", "how the service differs from the protocol; empty finds out")
	f.StringVar(&n.endpoint.URL, "endpoint", "", "base address of an endpoint, what comes before /chat/completions")
	f.StringVar(&n.preset, "preset", "", "an endpoint at its usual address: openai, ollama, vllm, llama.cpp, lm-studio, openrouter")
	f.StringVar(&n.endpoint.Model, "model", "", "the endpoint's name of the model that answers")
	f.StringVar(&n.endpoint.Embedding, "embedding", "", "the endpoint's name of an embeddings model")
	f.IntVar(&n.endpoint.PerMinute, "per-minute", 0, "most requests a minute to the endpoint, of all runs together; 0 for no limit")
	f.Float64Var(&n.endpoint.Dollars, "dollars", 0, "most dollars that one run may spend; 0 for no limit")
	f.StringVar(&n.prices, "prices", "", "dollars for a million tokens of prompts and of answers: IN,OUT")
	f.IntVar(&n.endpoint.Parallel, "parallel", target.UsualAtOnce, "requests of one run at once")
}

// ofEndpoints and ofServices are the flags that only one kind has.
func ofServices() []string { return []string{"base-model", "rank", "profile"} }
func ofEndpoints() []string {
	return []string{"model", "embedding", "per-minute", "dollars", "prices", "parallel"}
}

// sort finds out which kind is meant, and refuses flags of the other.
func (n *newTarget) sort(f *pflag.FlagSet, name string) (err error) {
	kinds := 0
	for _, flag := range []string{"service", "endpoint", "preset"} {
		if f.Changed(flag) {
			kinds++
		}
	}
	if kinds != 1 {
		return lab.Errorf(lab.Invalid, "target add wants the address of the target once: --service, --endpoint or --preset").
			WithHint("loci target add %s --service https://HOST/PATH, or loci target add %s --endpoint https://HOST/v1 --model MODEL", name, name)
	}
	kind, foreign := "an endpoint", ofServices()
	if f.Changed("service") {
		kind, foreign = "a service", ofEndpoints()
	}
	for _, flag := range foreign {
		if f.Changed(flag) {
			return lab.Errorf(lab.Invalid, "--%s is not for %s", flag, kind).WithHint("leave it out")
		}
	}
	n.service.Name, n.service.Secret, n.service.Insecure = name, n.secret, n.insecure
	n.endpoint.Name, n.endpoint.Secret, n.endpoint.Insecure = name, n.secret, n.insecure
	if f.Changed("preset") {
		p, err := target.FindPreset(n.preset)
		if err != nil {
			return err
		}
		n.endpoint.URL = p.URL
		if p.Key && n.secret == "" {
			return lab.Errorf(lab.Invalid, "preset %q wants a key, and no secret is named", p.Name).WithHint("loci secret set %s, and add --secret %s here", p.Name, p.Name)
		}
	}
	if n.prices != "" {
		n.endpoint.Prices, err = target.ParsePrices(n.prices)
	}
	if err != nil {
		return err
	}
	if n.isService() {
		return n.service.Check()
	}
	return n.endpoint.Check()
}

func (n *newTarget) isService() bool { return n.service.URL != "" }

// put adds the target to those there are.
func (n *newTarget) put(all *target.Targets) error {
	name := n.endpoint.Name
	if kind, ok := all.Has(name); ok {
		if !n.replace {
			return lab.Errorf(lab.Conflict, "there is a target %q already, of kind %s", name, kind).WithHint("choose another name, or say --replace")
		}
		if err := all.Remove(name); err != nil {
			return err
		}
	}
	if n.isService() {
		all.Services = append(all.Services, n.service)
	} else {
		all.Endpoints = append(all.Endpoints, n.endpoint)
	}
	return nil
}

func (c *cli) targetAdd(ctx context.Context, n *newTarget) error {
	if err := target.Update(c.targetsPath(), n.put); err != nil {
		return err
	}
	name, address, clear, line := n.endpoint.Name, n.endpoint.URL, n.endpoint.InClear(), endpointLine(n.endpoint)
	if n.isService() {
		address, clear, line = n.service.URL, n.service.InClear(), serviceLine(n.service)
	}
	if clear {
		fmt.Fprintf(c.err, "Warning: the key of %s travels in clear to %s; everybody on the way can read it.\n", name, address)
	}
	if err := c.missingSecret(ctx, n.secret); err != nil {
		return err
	}
	if c.json {
		return c.print(line)
	}
	fmt.Fprintf(c.err, "Target %s is added; `loci target test %s` asks whether it answers.\n", name, name)
	return nil
}

// missingSecret tells when a target's secret has no value yet.
func (c *cli) missingSecret(ctx context.Context, name string) error {
	kept, err := c.secrets().List(ctx)
	if err != nil {
		return err
	}
	if name != "" && !slices.ContainsFunc(kept, func(k lab.KeptSecret) bool { return k.Name == name }) {
		fmt.Fprintf(c.err, "Note: secret %s is not kept yet.\n   do: loci secret set %s\n", name, name)
	}
	return nil
}
