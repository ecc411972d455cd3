package notebook

import (
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/loci-lab/loci/backend/schema"
)

// cellReader reads the YAML of one cell (or of the front matter) and notes what is wrong with it.
type cellReader struct {
	p     *parser
	id    string
	text  string
	first int // line of the file on which the text begins
	fence Pos // where the cell as a whole begins
}

func (c *cellReader) pos(n *yaml.Node) Pos {
	if n == nil || n.Line == 0 {
		return c.fence
	}
	return Pos{c.first + n.Line - 1, n.Column}
}

func (c *cellReader) report(at Pos, p Problem) {
	p.File, p.Cell, p.Line, p.Column = c.p.doc.File, c.id, at.Line, at.Column
	c.p.problems = append(c.p.problems, p)
}

func (c *cellReader) errorf(n *yaml.Node, value, hint string, legal []string, format string, args ...any) {
	c.report(c.pos(n), Problem{Msg: fmt.Sprintf(format, args...), Value: value, Legal: legal, Hint: hint})
}

// mapping reads the text as one mapping without duplicate keys, aliases or tags; nil where it is not.
func (c *cellReader) mapping(what string) *yaml.Node {
	if c.strange() {
		return nil
	}
	var doc, more yaml.Node
	dec := yaml.NewDecoder(strings.NewReader(c.text))
	err := dec.Decode(&doc)
	if errors.Is(err, io.EOF) {
		c.errorf(nil, "", "write key: value lines between the fences", nil, "%s is empty", what)
		return nil
	}
	if err != nil {
		c.syntax(err)
		return nil
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		c.errorf(&more, "", "move what follows --- into a cell of its own", nil, "%s holds a second YAML document, want one", what)
		return nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		c.errorf(root, "", "write key: value lines", nil, "%s is %s, want key: value lines", what, describe(root))
		return nil
	}
	if !c.plain(root) {
		return nil
	}
	return root
}

// strange reports what YAML forbids or reads in ways that nobody means: tabs as indentation, and line ends other than LF and CRLF.
func (c *cellReader) strange() bool {
	found := false
	for i, l := range lines(c.text) {
		indent := l.text[:len(l.text)-len(strings.TrimLeft(l.text, " \t"))]
		at := -1
		if tab := strings.IndexByte(indent, '\t'); tab >= 0 && !l.blank() {
			at = tab
			c.report(Pos{c.first + i, at + 1}, Problem{Msg: "a tab stands in the indentation, want spaces", Value: `"\t"`, Hint: "replace the tab by two spaces"})
		} else if odd := strings.IndexAny(strings.TrimSuffix(strings.TrimSuffix(l.text, "\n"), "\r"), "\r\u0085\u2028\u2029"); odd >= 0 {
			at = odd
			c.report(Pos{c.first + i, len([]rune(l.text[:at])) + 1}, Problem{Msg: "a line end that is neither LF nor CRLF stands in the line", Hint: "break the line with Enter, or delete the character"})
		}
		found = found || at >= 0
	}
	return found
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntax reports an error of the YAML reader at the first word of the line that it names.
func (c *cellReader) syntax(err error) {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	n := 0
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		msg = err.Error()[len(m[0]):]
		n, _ = strconv.Atoi(m[1]) // "" leaves 0
	}
	if grammar(msg) {
		n++
	}
	ls := lines(c.text)
	n = min(max(n, 1), max(len(ls), 1))
	hint, column := "check the quotes, colons, brackets and indentation from this line on", 1
	if len(ls) > 0 {
		text := ls[n-1].text
		column = len(text) - len(strings.TrimLeft(text, " ")) + 1
		for j := max(n-2, 0); j < min(n+1, len(ls)); j++ {
			if i := strings.Index(ls[j].text, "holds: >"); i >= 0 {
				n, column, hint = j+1, i+len("holds: ")+1, "put the bound in quotes: holds: \">= 0.10\""
				break
			}
		}
	}
	c.report(Pos{c.first + n - 1, column}, Problem{Msg: "this is no YAML: " + msg, Hint: hint})
}

// grammar tells whether a message comes from the YAML reader's grammar, which counts lines from 0, unlike its scanner.
func grammar(msg string) bool {
	rest, ok := strings.CutPrefix(msg, "did not find expected ")
	return ok && (rest == "key" || rest == "node content" || strings.HasPrefix(rest, "'") || strings.HasPrefix(rest, "<"))
}

// plain refuses what a notebook has no use for: it would make edits of single fields ambiguous, or let a small file stand for a huge one.
func (c *cellReader) plain(n *yaml.Node) bool {
	ok := true
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		c.errorf(n, n.Value, "write the value out", nil, "anchors and aliases are not part of a notebook")
		return false
	case n.Style&yaml.TaggedStyle != 0:
		c.errorf(n, n.Tag, "delete the tag "+n.Tag, nil, "the tag %q is not part of a notebook", n.Tag)
		return false
	}
	seen := map[string]*yaml.Node{}
	for i, child := range n.Content {
		ok = c.plain(child) && ok
		if n.Kind != yaml.MappingNode || i%2 != 0 || !ok {
			continue
		}
		if child.Kind != yaml.ScalarNode || child.Value == "<<" {
			c.errorf(child, "", "write a name and a colon", nil, "a key is %s, want a name", describe(child))
			ok = false
		} else if before := seen[child.Value]; before != nil {
			c.errorf(child, child.Value, "delete one of the two", nil, "key %q stands here and on line %d, want it once", child.Value, c.pos(before).Line)
			ok = false
		}
		seen[child.Value] = child
	}
	return ok
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	if n.Value == "" {
		return "empty"
	}
	return schema.Show(scalarOf(n))
}

// value turns a node into what schema checks: bool, int64, uint64, float64, string, nil, []any; ok is false for a mapping, which no
// knob takes.
func value(n *yaml.Node) (v any, ok bool) {
	switch n.Kind {
	case yaml.ScalarNode:
		return scalarOf(n), true
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, child := range n.Content {
			v, ok := value(child)
			if _, nested := v.([]any); !ok || nested {
				return nil, false
			}
			list = append(list, v)
		}
		return list, true
	}
	return nil, false
}

func scalarOf(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return n.Value == "true" || n.Value == "True" || n.Value == "TRUE"
	case "!!int":
		var i int64
		if n.Decode(&i) == nil {
			return i
		}
		var u uint64
		if n.Decode(&u) == nil {
			return u
		}
	case "!!float":
		var f float64
		if n.Decode(&f) == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f
		}
	}
	return n.Value
}

// pairs calls f for every key of a mapping.
func pairs(n *yaml.Node, f func(key, val *yaml.Node)) {
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		f(n.Content[i], n.Content[i+1])
	}
}

// child returns the value of a key, nil where the mapping lacks it.
func child(n *yaml.Node, key string) *yaml.Node {
	var found *yaml.Node
	pairs(n, func(k, v *yaml.Node) {
		if k.Value == key {
			found = v
		}
	})
	return found
}

var legalName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]*$`)

// goodName checks a name that expressions and addresses will hold.
func (c *cellReader) goodName(n *yaml.Node, what string) bool {
	if legalName.MatchString(n.Value) && len(n.Value) <= 64 {
		return true
	}
	c.errorf(n, n.Value, "rename it, for example "+suggestName(n.Value), nil,
		"%s is named %q, want a letter, then letters, digits, dots, dashes and underscores, at most 64", what, n.Value)
	return false
}

func suggestName(wrote string) string {
	name := strings.Trim(regexp.MustCompile(`[^A-Za-z0-9_.-]+`).ReplaceAllString(wrote, "-"), "-.")
	if name == "" || !legalName.MatchString(name) {
		name = strings.TrimRight("n"+name, "-.")
	}
	return name[:min(len(name), 64)]
}

// record reads a mapping into JSON by the fields that describe it. A lone value stands for a list of one. Keys in extra are left to the
// caller.
func (c *cellReader) record(n *yaml.Node, what string, fields []schema.Field, extra ...string) (map[string]any, bool) {
	out, ok := map[string]any{}, true
	for _, f := range fields {
		if head, _, nested := strings.Cut(f.Path, "/"); !nested {
			out[f.Path] = f.Default
		} else if out[head] == nil {
			out[head] = map[string]any{}
		}
	}
	pairs(n, func(key, val *yaml.Node) {
		if slices.Contains(extra, key.Value) {
			return
		}
		v, good := c.entry(key, val, what, fields, extra)
		ok = ok && good
		if good {
			out[key.Value] = v
		}
	})
	for head, v := range out {
		if sub, isMap := v.(map[string]any); isMap && len(sub) == 0 {
			out[head], _ = c.record(nil, what, below(fields, head))
		}
	}
	return out, ok
}

func (c *cellReader) entry(key, val *yaml.Node, what string, fields []schema.Field, extra []string) (any, bool) {
	if sub := below(fields, key.Value); len(sub) > 0 {
		if val.Kind != yaml.MappingNode {
			c.errorf(val, val.Value, "write "+key.Value+": {"+sub[0].Path+": ...}", nil, "%s of %s is %s, want key: value pairs", key.Value, what, describe(val))
			return nil, false
		}
		return c.record(val, key.Value+" of "+what, sub)
	}
	i := slices.IndexFunc(fields, func(f schema.Field) bool { return f.Path == key.Value })
	if i < 0 {
		legal := append(topNames(fields), extra...)
		c.errorf(key, key.Value, nearHint(key.Value, legal), legal, "%s has no key %q, want %s", what, key.Value, oneOf(legal))
		return nil, false
	}
	return c.checked(val, fields[i])
}

func (c *cellReader) checked(val *yaml.Node, f schema.Field) (any, bool) {
	v, ok := value(val)
	if !ok {
		v = describe(val)
		c.errorf(val, "", "give "+f.Path+" a value", nil, "%s is %s, want a value", f.Path, v)
		return nil, false
	}
	if _, isList := v.([]any); !isList && v != nil && (f.Type == schema.Strings || f.Type == schema.Ints || f.Type == schema.Floats) {
		v = []any{v}
	}
	if f.Path == "seeds" {
		v = seedText(v)
	}
	if f.Path == "date" && val.ShortTag() == "!!timestamp" {
		v = val.Value
	}
	raw, err := f.Check(f.Path, v)
	if err != nil {
		c.report(c.fieldPos(val, err), problemOf(err))
		return nil, false
	}
	return raw, true
}

// fieldPos points at the element of a list that is wrong, where it is one element.
func (c *cellReader) fieldPos(val *yaml.Node, err error) Pos {
	f, ok := errors.AsType[*schema.FieldError](err)
	if ok && f.Index >= 0 && f.Index < len(val.Content) {
		return c.pos(val.Content[f.Index])
	}
	return c.pos(val)
}

// seedText writes seeds, which YAML may give as a number, a text or a list, in the one form that ParseSeeds reads.
func seedText(v any) any {
	list, ok := v.([]any)
	if !ok {
		if i, isInt := v.(int64); isInt {
			return strconv.FormatInt(i, 10)
		}
		return v
	}
	var parts []string
	for _, e := range list {
		parts = append(parts, fmt.Sprint(e))
	}
	if len(parts) == 1 && !strings.Contains(parts[0], "-") {
		parts[0] += "-" + parts[0] // a list of one is that seed, not a count
	}
	return strings.Join(parts, ",")
}

// below returns the fields of a nested struct with the prefix cut off.
func below(fields []schema.Field, head string) []schema.Field {
	var sub []schema.Field
	for _, f := range fields {
		if rest, ok := strings.CutPrefix(f.Path, head+"/"); ok {
			f.Path = rest
			sub = append(sub, f)
		}
	}
	return sub
}

func topNames(fields []schema.Field) []string {
	var names []string
	for _, f := range fields {
		name, _, _ := strings.Cut(f.Path, "/")
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
