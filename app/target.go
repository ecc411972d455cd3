package app

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target"
)

// usualRank is the rank of adapters that the SDK of the training protocol asks for by default.
const usualRank = 32

func (c *cli) targetsPath() string { return filepath.Join(c.cfg.Home, target.FileName) }

func (c *cli) targetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "target", Short: "Set up the training services that runs may use",
		Long: "A target is a training service that computes the gradients of a run elsewhere. A notebook names it: model: service NAME.\n" +
			"Nothing is sent to a target before it was added here.",
		Example: "  loci target add my-service --service https://train.example.org --secret my-service\n  loci target test my-service", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.targetAddCommand(), c.targetListCommand(), c.targetTestCommand(), c.targetRemoveCommand())
	return cmd
}

func (c *cli) targetAddCommand() *cobra.Command {
	var s target.Service
	replace := false
	cmd := &cobra.Command{
		Use: "add NAME --service URL", Short: "Add a training service",
		Example: "  loci target add my-service --service https://train.example.org --secret my-service --base-model small-1b\n" +
			"  loci target add near --service http://127.0.0.1:8000 --rank 0", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s.Name = args[0]
			return c.targetAdd(cmd.Context(), s, replace)
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.URL, "service", "", "base address of the service, what comes before /api/v1")
	f.StringVar(&s.Secret, "secret", "", "name of the secret with the key of the service, which loci secret set keeps")
	f.StringVar(&s.BaseModel, "base-model", "", "the service's name of the model to start from; empty for the warm start of the run")
	f.IntVar(&s.Rank, "rank", usualRank, "rank of the adapters; 0 trains all weights")
	f.StringVar(&s.Profile, "profile", "", "how the service differs from the protocol; empty finds out")
	f.BoolVar(&s.Insecure, "insecure", false, "allow http to another computer: the key then travels in clear")
	f.BoolVar(&replace, "replace", false, "replace a target of that name")
	return cmd
}

func (c *cli) targetAdd(ctx context.Context, s target.Service, replace bool) error {
	if s.URL == "" {
		return lab.Errorf(lab.Invalid, "target add wants the address of the service").WithHint("loci target add %s --service https://HOST/PATH", s.Name)
	}
	if err := s.Check(); err != nil {
		return err
	}
	err := target.Update(c.targetsPath(), func(all []target.Service) ([]target.Service, error) {
		i := slices.IndexFunc(all, func(o target.Service) bool { return o.Name == s.Name })
		switch {
		case i < 0:
			return append(all, s), nil
		case !replace:
			return nil, lab.Errorf(lab.Conflict, "there is a target %q already, at %s", s.Name, all[i].URL).WithHint("choose another name, or say --replace")
		}
		all[i] = s
		return all, nil
	})
	if err != nil {
		return err
	}
	if s.InClear() {
		fmt.Fprintf(c.err, "Warning: the key of %s travels in clear to %s; everybody on the way can read it.\n", s.Name, s.URL)
	}
	if err := c.missingSecret(ctx, s); err != nil {
		return err
	}
	if c.json {
		return c.print(targetLine(s))
	}
	fmt.Fprintf(c.err, "Target %s is added; `loci target test %s` asks whether it answers.\n", s.Name, s.Name)
	return nil
}

// missingSecret tells when the target's secret has no value yet.
func (c *cli) missingSecret(ctx context.Context, s target.Service) error {
	kept, err := c.secrets().List(ctx)
	if err != nil {
		return err
	}
	if s.Secret != "" && !slices.ContainsFunc(kept, func(k lab.KeptSecret) bool { return k.Name == s.Secret }) {
		fmt.Fprintf(c.err, "Note: secret %s is not kept yet.\n   do: loci secret set %s\n", s.Secret, s.Secret)
	}
	return nil
}

// targetLine is what --json prints of a target.
func targetLine(s target.Service) map[string]any {
	return map[string]any{"type": "target", "kind": "service", "name": s.Name, "url": s.URL, "secret": s.Secret,
		"base_model": s.BaseModel, "rank": s.Rank, "profile": s.Profile, "insecure": s.Insecure}
}

func (c *cli) targetListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the targets that are set up", Example: "  loci target list\n  loci target list --json", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			all, err := target.Read(c.targetsPath())
			if err != nil {
				return err
			}
			t := c.table("target", "address", "secret", "base model", "rank", "profile")
			for _, s := range all {
				if c.json {
					if err := c.print(targetLine(s)); err != nil {
						return err
					}
					continue
				}
				t.AppendRow(table.Row{s.Name, s.URL, s.Secret, s.BaseModel, s.Rank, s.Profile})
			}
			if len(all) == 0 && !c.json {
				fmt.Fprintln(c.err, "No target is set up; runs stay on this computer. `loci target add NAME --service URL` adds one.")
				return nil
			}
			c.render(t)
			return nil
		},
	}
}

func (c *cli) targetTestCommand() *cobra.Command {
	return &cobra.Command{
		Use: "test NAME", Short: "Ask a target whether it answers and what it can do; nothing is changed there",
		Example: "  loci target test my-service\n  loci target test my-service --json", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.targetTest(cmd.Context(), args[0]) },
	}
}

func (c *cli) targetTest(ctx context.Context, name string) error {
	s, key, err := c.service(ctx, c.secrets(), name)
	if err != nil {
		return err
	}
	report, err := target.Probe(ctx, s, key)
	t := c.table("step", "answer", "ms")
	for _, a := range report.Answers {
		t.AppendRow(table.Row{a.Step, a.Said, fmt.Sprintf("%.0f", a.Seconds*1000)})
	}
	if len(report.Answers) > 0 {
		c.render(t)
	}
	if err != nil {
		return err
	}
	if c.json {
		return c.print(map[string]any{"type": "test", "name": name, "url": s.URL, "answers": report.Answers, "models": report.Models})
	}
	for _, m := range report.Models {
		fmt.Fprintln(c.out, "model", m)
	}
	return nil
}

// service returns a target and the value of its secret.
func (c *cli) service(ctx context.Context, secrets lab.Secrets, name string) (s target.Service, key lab.Secret, err error) {
	all, err := target.Read(c.targetsPath())
	if err != nil {
		return s, key, err
	}
	if s, err = target.Find(all, name); err != nil || s.Secret == "" {
		return s, key, err
	}
	key, err = secrets.Get(ctx, s.Secret)
	return s, key, err
}

func (c *cli) targetRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "Forget a target; its secret stays", Example: "  loci target remove my-service", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			err := target.Update(c.targetsPath(), func(all []target.Service) ([]target.Service, error) {
				if _, err := target.Find(all, args[0]); err != nil {
					return nil, err
				}
				return slices.DeleteFunc(all, func(s target.Service) bool { return s.Name == args[0] }), nil
			})
			if err != nil {
				return err
			}
			if c.json {
				return c.print(map[string]string{"type": "removed", "name": args[0]})
			}
			fmt.Fprintf(c.err, "Target %s is forgotten.\n", args[0])
			return nil
		},
	}
}

// secretUsers returns the names of the targets that use each secret.
func (c *cli) secretUsers() (map[string][]string, error) {
	all, err := target.Read(c.targetsPath())
	users := map[string][]string{}
	for _, s := range all {
		users[s.Secret] = append(users[s.Secret], s.Name)
	}
	return users, err
}
