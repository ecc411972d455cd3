package app

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target"
)

func (c *cli) targetsPath() string { return filepath.Join(c.cfg.Home, target.FileName) }

func (c *cli) targetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "target", Short: "Set up the machines, training services and model endpoints that runs may use",
		Long: "A target is a machine that carries runs out (a notebook says target: NAME, or loci run --target NAME), a training service that computes the gradients of a run elsewhere, or an endpoint whose model answers a run's questions.\n" +
			"A notebook names it: model: service NAME, or model: endpoint NAME. Nothing is sent to a target before it was added here.",
		Example: "  loci target add my-service --service https://train.example.org --secret my-service\n" +
			"  loci target add local --preset ollama --model qwen3:8b\n  loci target test local", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.targetAddCommand(), c.targetListCommand(), c.targetTestCommand(), c.targetRemoveCommand(),
		c.targetStartCommand(), c.targetStopCommand(), c.targetLogCommand(), c.targetModelsCommand(), c.targetPriceCommand())
	return cmd
}

// serviceLine is what --json prints of a service.
func serviceLine(s target.Service) map[string]any {
	line := map[string]any{"type": "target", "kind": "service", "name": s.Name, "url": s.URL, "secret": s.Secret,
		"base_model": s.BaseModel, "rank": s.Rank, "profile": s.Profile, "insecure": s.Insecure}
	if len(s.Table) > 0 {
		line["price_table"] = s.Table
	}
	if l := s.Launch; l != nil {
		line["launch"] = map[string]any{"program": l.Program, "on": l.On, "model_folder": l.Model, "backend": l.Backend, "cards": l.Cards, "started": l.Started}
	}
	return line
}

// endpointLine is what --json prints of an endpoint.
func endpointLine(e target.Endpoint) map[string]any {
	line := map[string]any{"type": "target", "kind": "endpoint", "name": e.Name, "url": e.URL, "secret": e.Secret, "model": e.Model, "embedding": e.Embedding,
		"per_minute": e.PerMinute, "dollars": e.Dollars, "prices": e.Counted(), "parallel": e.Parallel, "insecure": e.Insecure}
	if len(e.Table) > 0 {
		line["price_table"] = e.Table
	}
	return line
}

func (c *cli) targetListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the targets that are set up", Example: "  loci target list\n  loci target list --json", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return c.targetList() },
	}
}

func (c *cli) targetList() error {
	all, err := target.Read(c.targetsPath())
	if err != nil {
		return err
	}
	t := c.table("target", "kind", "address", "secret", "model", "settings")
	var lines []map[string]any
	for _, s := range all.Services {
		lines = append(lines, serviceLine(s))
		t.AppendRow(table.Row{s.Name, "service", serviceAddress(s), s.Secret, s.BaseModel, serviceSettings(s)})
	}
	for _, e := range all.Endpoints {
		lines = append(lines, endpointLine(e))
		t.AppendRow(table.Row{e.Name, "endpoint", e.URL, e.Secret, e.Model, endpointSettings(e)})
	}
	for _, m := range all.Machines {
		lines = append(lines, machineLine(m))
		t.AppendRow(table.Row{m.Name, m.Kind, m.Address(), m.Value("secret"), "", machineSettings(m)})
	}
	if c.json {
		for _, line := range lines {
			if err := c.print(line); err != nil {
				return err
			}
		}
		return nil
	}
	if len(lines) == 0 {
		fmt.Fprintln(c.err, "No target is set up; runs stay on this computer. `loci target add NAME --ssh USER@HOST` adds a computer, `loci target add NAME --service URL` a service, `loci target add NAME --endpoint URL --model MODEL` an endpoint.")
		return nil
	}
	c.render(t)
	return nil
}

func serviceSettings(s target.Service) string {
	text := fmt.Sprintf("rank %d", s.Rank)
	if s.Profile != "" {
		text += ", profile " + s.Profile
	}
	if p, ok := s.PriceOf(s.BaseModel); ok {
		text += ", " + p.String()
	}
	return text
}

// serviceAddress is where a service is, for people.
func serviceAddress(s target.Service) string {
	l := s.Launch
	if l == nil {
		return s.URL
	}
	text := l.Title() + " on " + l.On
	if l.Started == "" {
		return text + ", not started"
	}
	return text + ", started"
}

func endpointSettings(e target.Endpoint) string {
	text := fmt.Sprintf("%d at once", e.Parallel)
	if e.PerMinute > 0 {
		text += fmt.Sprintf(", %d a minute", e.PerMinute)
	}
	if e.Dollars > 0 {
		text += fmt.Sprintf(", %g dollars a run", e.Dollars)
	}
	if p := target.FormatPrices(e.Counted()); p != "" {
		text += ", prices " + p
	}
	if e.Embedding != "" {
		text += ", embeddings by " + e.Embedding
	}
	return text
}

func (c *cli) targetTestCommand() *cobra.Command {
	return &cobra.Command{
		Use: "test NAME", Short: "Try in the smallest what a run does with a target; nothing is left there",
		Long: "Tries what a run needs on a machine, step by step: login, disk, the worker, and on a Slurm cluster a job for trial.\n" +
			"At a training service a model of its own is made, sampled once, moved by one step and unloaded: a dozen tokens. An endpoint is asked\n" +
			"for its models, and its model one tiny question: at a paid endpoint that costs a few tokens.",
		Example: "  loci target test my-service\n  loci target test my-service --json", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.targetTest(cmd.Context(), args[0]) },
	}
}

func (c *cli) targetTest(ctx context.Context, name string) error {
	all, err := target.Read(c.targetsPath())
	if err != nil {
		return err
	}
	kind, known := all.Has(name)
	if !known {
		_, err := all.Form(name)
		return err
	}
	if m, err := all.Machine(name); err == nil {
		return c.machineTest(ctx, m)
	}
	if kind == "endpoint" {
		return c.endpointTest(ctx, name)
	}
	return c.serviceTest(ctx, name)
}

// serviceTest is `loci target test` of a training service.
func (c *cli) serviceTest(ctx context.Context, name string) error {
	steps := c.stepBar(len(target.TrialSteps()) + 1)
	var answers []target.Answer
	told := func(a target.Answer) {
		answers = append(answers, a)
		steps.did(a)
	}
	models, spent, err := c.trySteps(ctx, c.secrets(), name, told)
	steps.end()
	c.answers(answers)
	if err != nil {
		return err
	}
	if c.json {
		return c.print(map[string]any{"type": "test", "name": name, "answers": answers, "models": models, "spent": spent})
	}
	for _, m := range models {
		fmt.Fprintln(c.out, "model", m)
	}
	fmt.Fprintln(c.out, "spent", spent)
	return nil
}

// trySteps tests a training service, first of all its process where Loci starts it.
func (c *cli) trySteps(ctx context.Context, secrets lab.Secrets, name string, told func(target.Answer)) (models []string, spent trialSpent, err error) {
	all, err := target.Read(c.targetsPath())
	if err != nil {
		return nil, spent, err
	}
	s, err := all.Service(name)
	if err != nil {
		return nil, spent, err
	}
	key, err := optionalSecret(ctx, secrets, s.Secret)
	if err != nil {
		return nil, spent, err
	}
	if s.Launch != nil {
		if s, err = c.process(ctx, secrets, s, told); err != nil {
			return nil, spent, err
		}
	}
	return serviceSteps(ctx, s, key, c.relayed, told)
}

// answers prints the steps of a test that went well.
func (c *cli) answers(all []target.Answer) {
	t := c.table("step", "answer", "ms")
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, WidthMax: 90, WidthMaxEnforcer: text.WrapSoft}})
	for _, a := range all {
		t.AppendRow(table.Row{a.Step, a.Said, fmt.Sprintf("%.0f", a.Seconds*1000)})
	}
	if len(all) > 0 {
		c.render(t)
	}
}

func (c *cli) targetRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "Forget a target; its secret stays", Example: "  loci target remove my-service", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			err := target.Update(c.targetsPath(), func(all *target.Targets) error { return all.Remove(args[0]) })
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
	for _, s := range all.Services {
		users[s.Secret] = append(users[s.Secret], s.Name)
	}
	for _, e := range all.Endpoints {
		users[e.Secret] = append(users[e.Secret], e.Name)
	}
	for _, m := range all.Machines {
		if name := m.Value("secret"); name != "" {
			users[name] = append(users[name], m.Name)
		}
	}
	return users, err
}
