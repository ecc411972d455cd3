package notebook

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// need reports keys that a cell must have and has not; true where it has all.
func (c *cellReader) need(root *yaml.Node, kind Kind) bool {
	ok := true
	for _, key := range required(kind) {
		if child(root, key) == nil {
			c.errorf(nil, "", "add a line "+key+": ...", nil, "the %s cell has no %s", kind, key)
			ok = false
		}
	}
	return ok
}

// described reads a cell whose keys a struct with tags describes.
func (c *cellReader) described(root *yaml.Node, kind Kind) any {
	v := blank(kind)
	fields, err := schema.FieldsOf(v)
	if err != nil {
		c.errorf(root, "", "report this", nil, "%v", err)
		return nil
	}
	whole := c.need(root, kind)
	values, ok := c.record(root, "the "+string(kind)+" cell", fields)
	if n := child(root, "name"); n != nil && n.Kind == yaml.ScalarNode {
		c.goodName(n, "the "+string(kind))
	}
	if c.fill(root, values, v) {
		c.checkCell(root, v, ok && whole)
	}
	return v
}

// checkCell notes the cell's id in its value and checks what the tags cannot say. whole is false where a key is missing or wrong: checks
// that compare keys would then only repeat that.
func (c *cellReader) checkCell(root *yaml.Node, v any, whole bool) {
	switch v := v.(type) {
	case *Run:
		c.checkRun(root, v)
	case *Chart:
		v.Cell = c.id
		c.checkMetrics(child(root, "metric"))
		c.checkRows(root, v.Arms, v.Cases)
	case *Table:
		v.Cell = c.id
		c.checkMetrics(child(root, "metrics"))
		c.checkRows(root, v.Arms, v.Cases)
	case *Claim:
		v.Cell = c.id
		if whole {
			c.checkClaim(root, v)
		}
	case *View:
		v.Cell = c.id
		c.p.later(func() { c.checkView(root, v) })
	case *Note:
		v.Cell = c.id
	}
}

func (c *cellReader) fill(root *yaml.Node, values map[string]any, into any) bool {
	raw, err := json.Marshal(values)
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		c.errorf(root, "", "report this", nil, "the cell cannot be read: %v", err)
	}
	return err == nil
}

func (c *cellReader) checkRun(root *yaml.Node, r *Run) {
	if _, err := ParseSeeds(r.Seeds); err != nil {
		c.report(c.pos(child(root, "seeds")), problemOf(err))
	}
	if _, err := ParseSeeds(r.Fast.Seeds); err != nil {
		c.report(c.pos(child(child(root, "fast"), "seeds")), problemOf(err))
	}
	if err := checkModel(r.Model); err != nil {
		c.report(c.pos(child(root, "model")), problemOf(err))
	}
	if fast := child(root, "fast"); fast != nil {
		c.checkRows(fast, r.Fast.Arms, r.Fast.Cases)
	}
	if r.Target == "" {
		c.errorf(child(root, "target"), "", "write target: here", nil, "target is empty, want here or the name of a target")
	}
}

func checkModel(model string) error {
	words := strings.Fields(model)
	if model == "tiny" || len(words) == 2 && (words[0] == "endpoint" || words[0] == "service") {
		return nil
	}
	err := lab.Errorf(lab.Invalid, "model is %q, want tiny, endpoint NAME or service NAME", model).WithHint("write model: tiny")
	err.Err = &schema.FieldError{Path: "run.model", Value: fmt.Sprintf("%q", model), Legal: []string{"tiny", "endpoint NAME", "service NAME"}, Index: -1}
	return err
}

func (c *cellReader) checkClaim(root *yaml.Node, claim *Claim) {
	holds := child(root, "holds")
	if len(claim.Value) != len(claim.Holds) {
		hint := "give each value its bound"
		if n := child(root, "value"); n.Kind == yaml.SequenceNode && n.Style&yaml.FlowStyle != 0 {
			hint += "; put each expression in quotes, since a comma ends it in [ ]"
		}
		c.errorf(holds, "", hint, nil, "value has %d expressions and holds has %d bounds, want as many of both", len(claim.Value), len(claim.Holds))
	}
	if len(claim.Value) == 0 {
		c.errorf(child(root, "value"), "", "write an expression such as last(success, lstm)", nil, "value has no expression, want at least one")
	}
	for i, text := range claim.Holds {
		if err := c.p.doc.vocab.CheckBound(text); err != nil {
			c.inText(holds, i, err)
		}
	}
	c.p.later(func() { c.checkExprs(child(root, "value"), claim.Value) })
}

// inText reports an error inside a text: at its offset where the text stands in the file as it is, else where the text begins.
func (c *cellReader) inText(n *yaml.Node, i int, err error) {
	if n.Kind == yaml.SequenceNode && i < len(n.Content) {
		n = n.Content[i]
	}
	at := c.pos(n)
	e, ok := errors.AsType[*ExprError](err)
	if ok && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 && e.Offset >= 0 && e.Offset <= len(n.Value) {
		quote := 0
		if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
			quote = 1
		}
		// Only a text that stands on its line letter by letter can be pointed into: an escape or a fold would shift the column.
		if strings.Contains(c.line(n.Line), n.Value) {
			at.Column += quote + len([]rune(n.Value[:e.Offset]))
		}
	}
	c.report(at, problemOf(err))
}

func (c *cellReader) line(n int) string {
	ls := lines(c.text)
	if n < 1 || n > len(ls) {
		return ""
	}
	return ls[n-1].text
}
