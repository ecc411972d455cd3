package app

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/schema"
)

func (c *cli) docsCommand() *cobra.Command {
	var slug string
	cmd := &cobra.Command{
		Use: "docs [FIELD]", Short: "Explain what a notebook can configure: all fields, one section, or one field",
		Example: "  loci docs\n  loci docs agent\n  loci docs sweep\n  loci docs rl.gamma --paper memory-rewriting",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := catalog.Find(slug)
			if err != nil {
				return err
			}
			want := ""
			if len(args) == 1 {
				want = args[0]
			}
			return c.docs(p, want)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			p, err := catalog.Find(slug)
			if err != nil {
				return nil, cobra.ShellCompDirectiveError
			}
			return fieldNames(p), cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().StringVar(&slug, "paper", catalog.Papers()[0].Card.Slug, "whose notebook")
	return cmd
}

// fieldNames lists every section and field path of a paper's notebooks.
func fieldNames(p catalog.Paper) (names []string) {
	for _, s := range p.Sections {
		names = append(names, s.Name)
		for _, k := range s.Kinds {
			fields, err := schema.Fields(k)
			if err != nil {
				continue // a broken knob struct is found by the catalog's test
			}
			for _, f := range fields {
				names = append(names, s.Name+"."+f.Path)
			}
		}
	}
	return names
}

func (c *cli) docs(p catalog.Paper, want string) error {
	t := c.table("field", "kind", "default", "range", "meaning")
	found := 0
	for _, s := range p.Sections {
		for _, k := range s.Kinds {
			fields, err := schema.Fields(k)
			if err != nil {
				return err
			}
			for _, f := range fields {
				path := s.Name + "." + f.Path
				if want != "" && want != s.Name && want != path {
					continue
				}
				found++
				if c.json {
					if err := c.print(map[string]any{"section": s.Name, "kind": k.Name, "field": f}); err != nil {
						return err
					}
					continue
				}
				t.AppendRow(table.Row{path, k.Name, string(f.Default), rangeOf(f), meaning(f)})
			}
		}
	}
	if found == 0 {
		if fields, err := notebook.Fields(notebook.Kind(want)); err == nil && len(fields) > 0 {
			return c.cellDocs(want, fields)
		}
		return lab.Errorf(lab.NotFound, "%s has no section or field %q, want one of %s", p.Card.Slug, want, strings.Join(fieldNames(p), ", ")).
			WithHint("`loci docs` lists them all")
	}
	c.render(t)
	return nil
}

// cellDocs explains the keys of a cell that is no set-up cell.
func (c *cli) cellDocs(kind string, fields []schema.Field) error {
	t := c.table("key", "cell", "default", "range", "meaning")
	for _, f := range fields {
		if c.json {
			if err := c.print(map[string]any{"section": kind, "kind": "", "field": f}); err != nil {
				return err
			}
			continue
		}
		t.AppendRow(table.Row{f.Path, kind, string(f.Default), rangeOf(f), meaning(f)})
	}
	if !c.json {
		c.render(t)
	}
	return nil
}

func rangeOf(f schema.Field) string {
	switch {
	case len(f.Enum) > 0:
		return strings.Join(f.Enum, ", ")
	case f.Min != nil && f.Max != nil:
		return fmt.Sprintf("%v to %v", *f.Min, *f.Max)
	}
	return string(f.Type)
}

func meaning(f schema.Field) string {
	text := f.Doc
	if f.Unit != "" {
		text += " [" + f.Unit + "]"
	}
	if f.Pitfall != "" {
		text += "\n! " + f.Pitfall
	}
	return text
}
