package app

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/history"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/run"
)

func (c *cli) familyCommand() *cobra.Command {
	var bank string
	var prompts bool
	cmd := &cobra.Command{
		Use: "family RUN ENTRY", Short: "List what came of an entry of a run's memory, through any number of others, from the record alone",
		Long: "List what came of an entry of a run's memory, through any number of others, from the record alone.\n" +
			"Where entries say which one they follow, the family goes by that; with --prompts, or where none says so, by the entries that stood in the prompt when one was written.",
		Example: "  loci family 4f1c 103\n  loci family 4f1c 103 --prompts --json", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withEnv(cmd.Context(), func(ctx context.Context, e *env) error {
				r, err := e.find(ctx, args[0])
				if err != nil {
					return err
				}
				return c.family(filepath.Join(e.owner.Folder(r.Key), run.RecordFile), bank, args[1], prompts)
			})
		},
	}
	cmd.Flags().StringVar(&bank, "bank", "", "bank of the entry; the one with the most operations where it is left out")
	cmd.Flags().BoolVar(&prompts, "prompts", false, "go by what stood in the prompt, also where entries say which one they follow")
	return cmd
}

// kin is an entry of a family as --json prints it.
type kin struct {
	Entry   string   `json:"entry"`
	Depth   int      `json:"depth"`
	Parents []string `json:"parents"`
	Episode int64    `json:"episode"`
	Gone    bool     `json:"gone"`
	Text    string   `json:"text"`
}

func (c *cli) family(file, bank, entry string, prompts bool) error {
	r, err := record.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	h := history.New()
	if err := h.Take(r); err != nil {
		return err
	}
	b, err := h.Bank(bank)
	if err != nil {
		return err
	}
	root, _, err := b.Find(entry, h.Moments())
	if err != nil {
		return err
	}
	mark := mem.Follows
	if prompts || !marked(b, h.Moments()) {
		mark = ""
	}
	return c.printFamily(b, b.Lineage(root, h.Moments(), mark))
}

// marked tells whether any entry says which one it follows.
func marked(b *history.Bank, moment int) bool {
	for _, s := range b.At(moment) {
		for _, label := range b.Plain(s).Labels {
			if strings.HasPrefix(label, mem.Follows) {
				return true
			}
		}
	}
	return false
}

func (c *cli) printFamily(b *history.Bank, all []history.Kin) error {
	t := c.table("entry", "came of", "written in episode", "text")
	stand := 0
	for _, k := range all {
		e := b.Plain(k.Standing)
		one := kin{e.ID, k.Depth, []string{}, k.Born.Episode, k.Gone, e.Text}
		for _, p := range k.Parents {
			one.Parents = append(one.Parents, b.Plain(all[p].Standing).ID)
		}
		if c.json {
			if err := c.print(one); err != nil {
				return err
			}
			continue
		}
		name := strings.Repeat("  ", k.Depth) + e.ID
		if k.Gone {
			name += " (gone)"
		} else {
			stand++
		}
		t.AppendRow(table.Row{name, strings.Join(one.Parents, " "), one.Episode, one.Text})
	}
	c.render(t)
	if !c.json {
		fmt.Fprintf(c.out, "%d entries came of it, %d of the family stand\n", len(all)-1, stand)
	}
	return nil
}
