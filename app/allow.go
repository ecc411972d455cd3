package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/pipe"
)

// allowedPrograms is the file of the programs that notebooks may start, below LOCI_HOME. A notebook names programs, so one that comes
// from elsewhere could name any: nothing is started that the person did not allow here, by its very words.
type allowedPrograms struct {
	Commands [][]string `json:"commands"`
}

func (c *cli) programsPath() string { return filepath.Join(c.cfg.Home, "programs.json") }

func (c *cli) readPrograms() (all allowedPrograms, err error) {
	text, err := os.ReadFile(c.programsPath())
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		return all, lab.Errorf(lab.Invalid, "the list of allowed programs %q cannot be read: %w", c.programsPath(), err).
			WithHint("remove the file and allow the programs again with `loci allow NOTEBOOK`")
	}
	return all, nil
}

func (a allowedPrograms) has(command []string) bool {
	return slices.ContainsFunc(a.Commands, func(c []string) bool { return slices.Equal(c, command) })
}

// allowProgram is lab.Bench.Allow: an error of code conflict where the person did not allow the command.
func (c *cli) allowProgram(command []string) error {
	all, err := c.readPrograms()
	if err != nil || all.has(command) {
		return err
	}
	return lab.Errorf(lab.Conflict, "the notebook starts a program that was not allowed on this computer: %s", pipe.Show(command)).
		WithHint("read the program; if you trust it, `loci allow NOTEBOOK` allows what a notebook names, with your rights")
}

func (c *cli) allowCommand() *cobra.Command {
	var pick choice
	show, forget := false, false
	cmd := &cobra.Command{
		Use: "allow NOTEBOOK", Short: "Allow the programs that a notebook starts as worlds and memories of its own",
		Long: "Allow the programs that a notebook starts as worlds and memories of its own (kind: outside). They run with your rights, so read them first.\n" +
			"A command is allowed by its very words, for every notebook; another argument is another command.",
		Example: "  loci allow mine.md --show\n  loci allow mine.md\n  loci allow mine.md --forget", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withEnv(cmd.Context(), func(ctx context.Context, e *env) error {
				commands, err := c.programsOf(ctx, e, args[0], &pick)
				if err != nil || show {
					return errors.Join(err, c.showPrograms(commands))
				}
				return c.permit(commands, forget)
			})
		},
	}
	pick.flags(cmd.Flags())
	cmd.Flags().BoolVar(&show, "show", false, "show the programs and change nothing")
	cmd.Flags().BoolVar(&forget, "forget", false, "allow them no longer")
	return cmd
}

// programsOf lists what the runs of a notebook would start, each command once, in their order.
func (c *cli) programsOf(ctx context.Context, e *env, path string, pick *choice) (commands [][]string, err error) {
	doc, err := e.load(path)
	if err != nil {
		return nil, err
	}
	opt, err := pick.options()
	if err != nil {
		return nil, err
	}
	plan, err := e.owner.Plan(ctx, doc, opt)
	if err != nil {
		return nil, err
	}
	for _, r := range plan.Runs {
		for _, named := range pipe.Commands(r.Setup) {
			if !(allowedPrograms{commands}).has(named.Command) {
				commands = append(commands, named.Command)
			}
		}
	}
	return commands, nil
}

func (c *cli) showPrograms(commands [][]string) error {
	all, err := c.readPrograms()
	if err != nil {
		return err
	}
	for _, command := range commands {
		if c.json {
			if err := c.print(map[string]any{"type": "program", "command": command, "allowed": all.has(command)}); err != nil {
				return err
			}
			continue
		}
		state := "not allowed"
		if all.has(command) {
			state = "allowed"
		}
		fmt.Fprintf(c.out, "%s: %s\n", state, pipe.Show(command))
	}
	if len(commands) == 0 && !c.json {
		fmt.Fprintln(c.err, "The runs of this notebook start no program.")
	}
	return nil
}

// permit adds commands to the list, or takes them off it, and shows what came of it.
func (c *cli) permit(commands [][]string, forget bool) error {
	all, err := c.readPrograms()
	if err != nil {
		return err
	}
	for _, command := range commands {
		all.Commands = slices.DeleteFunc(all.Commands, func(o []string) bool { return slices.Equal(o, command) })
		if !forget {
			all.Commands = append(all.Commands, command)
		}
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return lab.Errorf(lab.Internal, "the list of allowed programs cannot be written: %w", err)
	}
	if err := file.Replace(c.programsPath(), append(text, '\n'), 0o600); err != nil {
		return lab.Errorf(lab.Unavailable, "%q cannot be written: %w", c.programsPath(), err).WithHint("make the data folder writable or free space")
	}
	return c.showPrograms(commands)
}
