package app

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target"
)

func (c *cli) targetModelsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "models NAME", Short: "List the models that an endpoint or a service has, with their prices",
		Long:    "Asks for the list alone: nothing is answered, and nothing is paid. Prices are those of `loci target price`.",
		Example: "  loci target models paid\n  loci target models paid --json", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.targetModels(cmd.Context(), args[0]) },
	}
}

func (c *cli) targetModels(ctx context.Context, name string) error {
	all, err := target.Read(c.targetsPath())
	if err != nil {
		return err
	}
	kind, _ := all.Has(name)
	var names []string
	switch kind {
	case "endpoint":
		names, err = c.endpointModels(ctx, name)
	case "service":
		names, err = c.serviceModels(ctx, name)
	case "":
		_, err = all.Form(name)
	default:
		err = lab.Errorf(lab.Invalid, "target %q is of kind %s, which has no models", name, kind).WithHint("`loci target list` shows endpoints and services")
	}
	if err != nil {
		return err
	}
	return c.printModels(all, name, names)
}

func (c *cli) endpointModels(ctx context.Context, name string) ([]string, error) {
	e, err := c.endpoint(ctx, c.secrets(), name)
	if err != nil {
		return nil, err
	}
	client, err := testClient(e)
	if err != nil {
		return nil, err
	}
	defer func() { _ = client.Close() }()
	return client.Models(ctx)
}

func (c *cli) serviceModels(ctx context.Context, name string) ([]string, error) {
	s, key, err := c.service(ctx, c.secrets(), name)
	if err != nil {
		return nil, err
	}
	s.BaseModel = "" // the list is wanted whether it stands in it or not
	report, err := target.Probe(ctx, s, key)
	return report.Models, err
}

// printModels prints the models that are there, and those of the price table that are not.
func (c *cli) printModels(all target.Targets, name string, names []string) error {
	price, prices, used := pricesOf(all, name)
	for _, model := range slices.Sorted(maps.Keys(prices)) {
		if !slices.Contains(names, model) {
			names = append(names, model)
		}
	}
	t := c.table("model", "in use", "in", "in, cached", "out", "trained")
	for _, model := range names {
		p, known := price(model)
		if c.json {
			line := map[string]any{"type": "model", "target": name, "model": model, "used": slices.Contains(used, model)}
			if known {
				line["price"] = p
			}
			if err := c.print(line); err != nil {
				return err
			}
			continue
		}
		row := table.Row{model, map[bool]string{true: "yes"}[slices.Contains(used, model)], "", "", "", ""}
		if known {
			row = table.Row{model, row[1], p.Input, p.Cached, p.Output, p.Training}
		}
		t.AppendRow(row)
	}
	if c.json {
		return nil
	}
	if len(names) == 0 {
		fmt.Fprintf(c.err, "%s lists no model, and no price is set.\n", name)
		return nil
	}
	c.render(t)
	fmt.Fprintf(c.err, "Prices are dollars for a million tokens; `loci target price %s MODEL --input X --output Y` sets one.\n", name)
	return nil
}

// pricesOf returns what the models of a target cost, its table, and the models that runs use there.
func pricesOf(all target.Targets, name string) (price func(string) (target.Price, bool), table target.Prices, used []string) {
	if e, err := all.Endpoint(name); err == nil {
		return e.PriceOf, e.Table, []string{e.Model, e.Embedding}
	}
	s, _ := all.Service(name) // the caller knows that it is one of both
	return s.PriceOf, s.Table, []string{s.BaseModel}
}

func (c *cli) targetPriceCommand() *cobra.Command {
	var p target.Price
	remove := false
	cmd := &cobra.Command{
		Use: "price NAME MODEL", Short: "Set what a model of an endpoint or a service costs",
		Long: "Sets the dollars for a million tokens of one model. A run's cost and its cap of dollars are counted with them. Endpoints do not tell a run which\n" +
			"tokens came from their cache, so a run counts all it reads at the full price: what it says is the most that it can have cost.",
		Example: "  loci target price paid gpt-4.1-mini --input 0.4 --cached 0.1 --output 1.6\n  loci target price tuned small-1b --input 0.1 --output 0.3 --training 0.3\n" +
			"  loci target price paid gpt-4.1-mini --remove", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			set := &p
			if remove {
				set = nil
			} else if p == (target.Price{}) {
				return lab.Errorf(lab.Invalid, "no price of model %q is given", args[1]).WithHint("say --input and --output, in dollars a million tokens, or --remove")
			}
			if err := target.Update(c.targetsPath(), func(all *target.Targets) error { return all.SetPrice(args[0], args[1], set) }); err != nil {
				return err
			}
			if c.json {
				return c.print(map[string]any{"type": "price", "name": args[0], "model": args[1], "price": set})
			}
			if remove {
				fmt.Fprintf(c.err, "Model %s of %s has no price any more.\n", args[1], args[0])
				return nil
			}
			fmt.Fprintf(c.err, "Model %s of %s costs %s.\n", args[1], args[0], p)
			return nil
		},
	}
	f := cmd.Flags()
	f.Float64Var(&p.Input, "input", 0, "dollars for a million tokens that the model reads")
	f.Float64Var(&p.Cached, "cached", 0, "of these, such as the server had read before; 0 is as --input")
	f.Float64Var(&p.Output, "output", 0, "dollars for a million tokens that it writes")
	f.Float64Var(&p.Training, "training", 0, "dollars for a million tokens that a service trains on")
	f.BoolVar(&remove, "remove", false, "forget the price of the model")
	return cmd
}
