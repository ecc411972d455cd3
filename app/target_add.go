package app

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/target"
)

// newTarget is what the flags of target add say.
type newTarget struct {
	service  target.Service
	endpoint target.Endpoint
	machine  target.Machine
	ssh      string
	slurm    string
	ray      string
	computer bool
	set      []string
	preset   string
	prices   string
	secret   string
	insecure bool
	replace  bool
}

func (c *cli) targetAddCommand() *cobra.Command {
	var n newTarget
	cmd := &cobra.Command{
		Use: "add NAME --ssh USER@HOST | --slurm HOST | --ray URL | --computer | --service URL | --endpoint URL --model MODEL | --preset PRESET --model MODEL", Short: "Add a machine that carries runs out, a training service or a model endpoint",
		Long: "Adds a machine that carries runs out: a computer over SSH (--ssh), a Slurm cluster (--slurm, with its login node, or here), a Ray cluster\n" +
			"(--ray), or workers on this computer that go on when Loci is closed (--computer). --set says more of it; a wrong one lists what there is.\n\n" +
			"Or a training service (--service), or an endpoint: a server with the chat interface that most share, by its address (--endpoint) or\n" +
			"its name (--preset). An endpoint's caps hold for all runs together (--per-minute) and for each run alone (--dollars, counted with --prices).",
		Example: "  loci target add lab --ssh anna@lab.example.org --set jobs=4 --set gpus=0\n" +
			"  loci target add cluster --slurm anna@login.example.org --set partition=gpu --set gres=gpu:1 --set time=02:00:00\n" +
			"  loci target add my-service --service https://train.example.org --secret my-service --base-model small-1b\n" +
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
	f.StringVar(&n.ssh, "ssh", "", "a computer over SSH: USER@HOST:PORT")
	f.StringVar(&n.slurm, "slurm", "", "a Slurm cluster: USER@HOST:PORT of its login node, or here")
	f.StringVar(&n.ray, "ray", "", "a Ray cluster: address of its dashboard")
	f.BoolVar(&n.computer, "computer", false, "workers on this computer")
	f.StringArrayVar(&n.set, "set", nil, "a setting of a machine: NAME=VALUE; may be repeated")
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
	for _, flag := range []string{"service", "endpoint", "preset", "ssh", "slurm", "ray", "computer"} {
		if f.Changed(flag) {
			kinds++
		}
	}
	if kinds != 1 {
		return lab.Errorf(lab.Invalid, "target add wants the address of the target once: --ssh, --slurm, --ray, --computer, --service, --endpoint or --preset").
			WithHint("loci target add %s --service https://HOST/PATH, or loci target add %s --endpoint https://HOST/v1 --model MODEL", name, name)
	}
	kind, foreign := "an endpoint", append(ofServices(), "set")
	switch {
	case f.Changed("service"):
		kind, foreign = "a service", append(ofEndpoints(), "set")
	case !f.Changed("endpoint") && !f.Changed("preset"):
		kind, foreign = "a machine", append(ofEndpoints(), ofServices()...)
	}
	for _, flag := range foreign {
		if f.Changed(flag) {
			return lab.Errorf(lab.Invalid, "--%s is not for %s", flag, kind).WithHint("leave it out")
		}
	}
	if kind == "a machine" {
		return n.readMachine(name)
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

// readMachine makes the machine that the flags say.
func (n *newTarget) readMachine(name string) error {
	m := target.Machine{Name: name, Kind: target.Computer, Values: map[string]string{}}
	host := ""
	switch {
	case n.ssh != "":
		m.Kind, host = target.SSH, n.ssh
	case n.slurm != "":
		m.Kind, host = target.Slurm, n.slurm
	case n.ray != "":
		m.Kind, m.Values["url"] = target.Ray, n.ray
	}
	if host != "" && host != sched.Here {
		h, err := parseHost(host)
		if err != nil {
			return err
		}
		m.Values["host"] = h.Name
		if h.User != "" {
			m.Values["user"] = h.User
		}
		if h.Port != 0 {
			m.Values["port"] = strconv.Itoa(h.Port)
		}
	}
	if n.secret != "" {
		m.Values["secret"] = n.secret
	}
	if n.insecure {
		m.Values["insecure"] = "true"
	}
	for _, text := range n.set {
		field, value, ok := strings.Cut(text, "=")
		if !ok {
			return lab.Errorf(lab.Invalid, "--set is %.80q, want NAME=VALUE", text).WithHint("write --set jobs=4")
		}
		m.Values[field] = value
	}
	n.machine = m
	return m.Check()
}

// put adds the target to those there are.
func (n *newTarget) put(all *target.Targets) error {
	name := n.endpoint.Name
	if n.machine.Kind != "" {
		name = n.machine.Name
	}
	if kind, ok := all.Has(name); ok {
		if !n.replace {
			return lab.Errorf(lab.Conflict, "there is a target %q already, of kind %s", name, kind).WithHint("choose another name, or say --replace")
		}
		if err := all.Remove(name); err != nil {
			return err
		}
	}
	switch {
	case n.machine.Kind != "":
		all.Machines = append(all.Machines, n.machine)
	case n.isService():
		all.Services = append(all.Services, n.service)
	default:
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
	if m := n.machine; m.Kind != "" {
		name, address, clear, line = m.Name, m.Address(), m.Value("insecure") == "true", machineLine(m)
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
