package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/lab"
)

// secrets returns who keeps the secrets of the data folder.
func (c *cli) secrets() *secretStore {
	if c.keep == nil {
		return systemSecrets(c.cfg.Home)
	}
	return c.keep(c.cfg.Home)
}

// systemSecrets keeps them as this system can, and asks at the terminal.
func systemSecrets(home string) *secretStore {
	return newSecretStore(home, systemKeys{}, askPassphrase)
}

func (c *cli) secretCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "secret", Short: "Keep keys of services out of notebooks, records and command lines",
		Long: "A secret is kept by the system's key store, or in an encrypted file of the data folder where there is none.\n" +
			"Its value is never shown again. Where the file is used, LOCI_PASSPHRASE is its passphrase; without it you are asked.",
		Example: "  loci secret set my-service\n  loci secret list", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.secretSetCommand(), c.secretListCommand(), c.secretRemoveCommand())
	return cmd
}

func (c *cli) secretSetCommand() *cobra.Command {
	fileOnly := false
	cmd := &cobra.Command{
		Use: "set NAME", Short: "Keep a value under a name; it is asked for, or read from standard input",
		Example: "  loci secret set my-service\n  loci secret set my-service < key.txt\n  pass show my-service | loci secret set my-service --file",
		Args:    cobra.ArbitraryArgs, // secretArgs says more than cobra's own check, and quotes nothing
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := secretArgs(args); err != nil {
				return err
			}
			return c.secretSet(cmd.Context(), args[0], fileOnly)
		},
	}
	cmd.Flags().BoolVar(&fileOnly, "file", false, "keep it in the encrypted file even where there is a key store")
	cmd.SetFlagErrorFunc(func(*cobra.Command, error) error { // cobra's text quotes what was typed, which may be the value
		return lab.Errorf(lab.Invalid, "secret set does not know that flag; it knows --file and --json")
	})
	return cmd
}

// secretArgs refuses a value on the command line. No error repeats it.
func secretArgs(args []string) error {
	switch {
	case len(args) == 0:
		return lab.Errorf(lab.Invalid, "secret set wants a name").WithHint("loci secret set my-service")
	case len(args) > 1, strings.Contains(args[0], "="):
		return lab.Errorf(lab.Invalid, "the value of a secret is not taken as an argument: every program on this computer can read arguments in the process list, and the shell keeps them in its history").
			WithHint("`loci secret set NAME` asks for the value, or reads it from standard input; make a new key, this one may have been seen")
	}
	return lab.CheckSecretName(args[0])
}

func (c *cli) secretSet(ctx context.Context, name string, fileOnly bool) error {
	value, err := c.readSecret(ctx, name)
	if err != nil {
		return err
	}
	s := c.secrets()
	s.fileOnly = fileOnly
	why := ""
	s.notice = func(text string) {
		why = text
		fmt.Fprintf(c.err, "Note: %s.\n", text)
	}
	kept, err := s.Set(ctx, name, value)
	if err != nil {
		return err
	}
	if c.json {
		return c.print(struct {
			Type string `json:"type"`
			lab.KeptSecret
			Note string `json:"note,omitempty"`
		}{"secret", kept, why})
	}
	fmt.Fprintf(c.err, "Secret %s is kept in the %s.\n", kept.Name, s.place(kept.Kept))
	return nil
}

// place names the file, too.
func (s *secretStore) place(kept string) string {
	if kept == inFile {
		return kept + " " + s.file.path
	}
	return kept
}

func (c *cli) secretListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the names of all secrets, where each is kept and which target uses it; never a value",
		Example: "  loci secret list\n  loci secret list --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.secretList(cmd.Context()) },
	}
}

func (c *cli) secretList(ctx context.Context) error {
	s := c.secrets()
	all, err := s.List(ctx)
	if err != nil {
		return err
	}
	users, err := c.secretUsers()
	if err != nil {
		return err
	}
	t := c.table("secret", "kept in", "used by")
	for _, k := range all {
		if c.json {
			if err := c.print(struct {
				Type string `json:"type"`
				lab.KeptSecret
				Targets []string `json:"targets"`
			}{"secret", k, append([]string{}, users[k.Name]...)}); err != nil {
				return err
			}
			continue
		}
		t.AppendRow(table.Row{k.Name, s.place(k.Kept), strings.Join(users[k.Name], ", ")})
	}
	if len(all) == 0 && !c.json {
		fmt.Fprintln(c.err, "No secret is kept yet; `loci secret set NAME` keeps one.")
		return nil
	}
	c.render(t)
	return nil
}

func (c *cli) secretRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "Forget a secret", Example: "  loci secret remove my-service", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.secrets().Remove(cmd.Context(), args[0]); err != nil {
				return err
			}
			if c.json {
				return c.print(map[string]string{"type": "removed", "name": args[0]})
			}
			fmt.Fprintf(c.err, "Secret %s is forgotten.\n", args[0])
			return nil
		},
	}
}
