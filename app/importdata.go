package app

import (
	"fmt"
	"path/filepath"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world/jsonl"
	"github.com/loci-lab/loci/backend/world/locomo"
)

func (c *cli) importDataCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "import-data", Short: "Copy real data into the data folder, so that a notebook can name them",
		Long: "Checks a data file, copies it with its hash into the data folder and prints what it holds. A notebook then names it: world: {locomo: {data: NAME}}.\n" +
			"Loci ships no data: docs/data.md says where they come from. Numbers of other data are never taken for these, since the hash is part of a run's key.",
		Example: "  loci import-data locomo locomo10.json --name locomo\n  loci import-data list", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.importLayoutCommand(locomo.Name, "Import LoCoMo conversations (a JSON list with conversation and qa)"),
		c.importLayoutCommand(jsonl.GSM8K, "Import GSM8K problems (JSON lines; an answer ends in #### and a number)"),
		c.importLayoutCommand(jsonl.Name, "Import questions and answers (JSON lines with two fields)"),
		c.dataListCommand(), c.dataRemoveCommand())
	return cmd
}

func (c *cli) importLayoutCommand(layout, short string) *cobra.Command {
	var name string
	var replace bool
	k := jsonl.Knobs{Question: "question", Answer: "answer"}
	cmd := &cobra.Command{
		Use: layout + " FILE", Short: short, Args: cobra.ExactArgs(1),
		Example: fmt.Sprintf("  loci import-data %s FILE --name mine\n  loci import-data %s FILE --json", layout, layout),
		RunE: func(_ *cobra.Command, args []string) error {
			if name == "" {
				name = nameOf(args[0])
			}
			return c.importData(layout, name, args[0], replace, k)
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "name by which notebooks know the data; empty takes the file's")
	cmd.Flags().BoolVar(&replace, "replace", false, "replace data of that name")
	if layout == jsonl.Name {
		cmd.Flags().StringVar(&k.Question, "question", k.Question, "field of a line that holds the question")
		cmd.Flags().StringVar(&k.Answer, "answer", k.Answer, "field of a line that holds the answer")
	}
	return cmd
}

// importData checks the whole file before anything is written.
func (c *cli) importData(layout, name, path string, replace bool, k jsonl.Knobs) error {
	if err := checkDataName(name); err != nil {
		return err
	}
	text, err := readData(path)
	if err != nil {
		return err
	}
	found, err := checkData(layout, path, text, k)
	if err != nil {
		return err
	}
	summary, err := found.raw()
	if err != nil {
		return err
	}
	about, err := c.data().add(dataAbout{Name: name, Layout: layout, Original: filepath.Base(path), Summary: summary}, text, replace)
	if err != nil {
		return err
	}
	if c.json {
		return c.print(dataLine(about))
	}
	t := c.table("what", "value")
	for _, row := range append(append([][2]string{{"data", name}, {"layout", layout}}, found.rows...), [2]string{"bytes", fmt.Sprint(about.Bytes)}, [2]string{"hash", about.Hash[:16]}) {
		t.AppendRow(table.Row{row[0], row[1]})
	}
	c.render(t)
	if found.warning != "" {
		fmt.Fprintln(c.err, found.warning)
	}
	fmt.Fprintf(c.err, "Imported. In a notebook: world: {%s: {data: %s}}\n", layout, name)
	return nil
}

// dataLine is what --json prints of imported data.
func dataLine(a dataAbout) map[string]any {
	return map[string]any{"type": "data", "name": a.Name, "layout": a.Layout, "original": a.Original, "hash": a.Hash, "bytes": a.Bytes,
		"imported": a.Imported, "summary": a.Summary}
}

func (c *cli) dataListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the data that were imported", Example: "  loci import-data list --json", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			names := c.data().names()
			t := c.table("data", "layout", "from", "bytes", "hash", "imported")
			for _, name := range names {
				a, err := c.data().read(name)
				if err != nil {
					return err
				}
				if c.json {
					if err := c.print(dataLine(a)); err != nil {
						return err
					}
					continue
				}
				t.AppendRow(table.Row{a.Name, a.Layout, a.Original, a.Bytes, fmt.Sprintf("%.16s", a.Hash), a.Imported})
			}
			if len(names) == 0 && !c.json {
				fmt.Fprintln(c.err, "No data were imported. `loci import-data locomo FILE` does it; docs/data.md says where data come from.")
				return nil
			}
			c.render(t)
			return nil
		},
	}
}

func (c *cli) dataRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "Remove imported data; the records of runs stay", Example: "  loci import-data remove locomo", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := c.data().remove(args[0]); err != nil {
				return err
			}
			if c.json {
				return c.print(map[string]string{"type": "removed", "name": args[0]})
			}
			fmt.Fprintf(c.err, "Data %s are removed; the records of runs stay.\n", args[0])
			return nil
		},
	}
}

// dataFile finds imported data for runs, as lab.Bench wants it.
func (c *cli) dataFile(name string) (lab.DataFile, error) { return c.data().find(name) }
