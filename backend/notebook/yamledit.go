package notebook

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/loci-lab/loci/backend/lab"
)

// yamlText is the YAML of one cell that is being edited in place: only the bytes that must change do, so that comments, order and style
// survive. Every edit is checked by reading the result again.
type yamlText struct {
	text string
	root *yaml.Node // nil when the text is empty
	end  string     // line end of the file
}

func readYAML(text, end string) (*yamlText, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, lab.Errorf(lab.Invalid, "the cell is no YAML: %v", err).WithHint("edit the cell as text")
	}
	y := &yamlText{text: text, end: end}
	if len(doc.Content) > 0 {
		y.root = doc.Content[0]
	}
	if y.root != nil && y.root.Kind != yaml.MappingNode {
		return nil, lab.Errorf(lab.Invalid, "the cell is no mapping").WithHint("edit the cell as text")
	}
	return y, nil
}

// setYAML returns the text with the value of a path replaced, added, or, for nil, taken away. Paths are keys from the root.
func setYAML(text, end string, path []string, v any) (string, error) {
	before, err := plainYAML(text)
	if err != nil {
		return "", lab.Errorf(lab.Invalid, "the cell is no YAML: %v", err).WithHint("edit the cell as text")
	}
	y, err := readYAML(text, end)
	if err != nil {
		return "", err
	}
	out := y.set(path, v)
	got, err := plainYAML(out)
	if want := withPath(before, path, v); err != nil || !reflect.DeepEqual(normal(got), normal(want)) {
		return "", lab.Errorf(lab.Invalid, "%s is written in a form that cannot be edited in place", strings.Join(path, "/")).WithHint("edit the cell as text")
	}
	return out, nil
}

func plainYAML(text string) (map[string]any, error) {
	var out map[string]any
	err := yaml.Unmarshal([]byte(text), &out)
	return out, err
}

// withPath is the slow and obvious form of setYAML, on values.
func withPath(m map[string]any, path []string, v any) map[string]any {
	out := maps.Clone(m)
	if out == nil {
		out = map[string]any{}
	}
	if len(path) > 1 {
		sub, _ := out[path[0]].(map[string]any)
		out[path[0]] = withPath(sub, path[1:], v)
	} else if v == nil {
		delete(out, path[0])
	} else {
		out[path[0]] = v
	}
	return out
}

// normal makes values comparable that YAML and JSON write differently: all numbers are their shortest text, an empty mapping is nothing.
func normal(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if e = normal(e); e != nil {
				out[k] = e
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = normal(e)
		}
		return out
	case string, bool, nil:
		return v
	}
	if raw, err := json.Marshal(v); err == nil {
		var n float64
		if json.Unmarshal(raw, &n) == nil {
			return n
		}
		return string(raw)
	}
	return v
}

func (y *yamlText) set(path []string, v any) string {
	if y.root == nil {
		if v == nil {
			return y.text
		}
		text := y.text
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += y.end
		}
		return text + y.pair(path, v, false) + y.end
	}
	return y.setIn(y.root, path, v)
}

func (y *yamlText) setIn(m *yaml.Node, path []string, v any) string {
	i := slices.IndexFunc(m.Content, func(n *yaml.Node) bool { return n.Value == path[0] })
	for i > 0 && i%2 != 0 { // a value may read like the key
		next := slices.IndexFunc(m.Content[i+1:], func(n *yaml.Node) bool { return n.Value == path[0] })
		if next < 0 {
			i = -1
			break
		}
		i += 1 + next
	}
	switch {
	case i < 0 && v == nil:
		return y.text
	case i < 0:
		return y.insert(m, y.pair(path, v, m.Style&yaml.FlowStyle != 0))
	case len(path) > 1 && m.Content[i+1].Kind == yaml.MappingNode && len(m.Content[i+1].Content) > 0:
		return y.setIn(m.Content[i+1], path[1:], v)
	case len(path) > 1 && v == nil:
		return y.text
	case v == nil:
		return y.remove(m, i)
	}
	return y.replace(m.Content[i], m.Content[i+1], nested(path[1:], v))
}

// nested wraps a value into the mappings of a path.
func nested(path []string, v any) any {
	for _, key := range slices.Backward(path) {
		v = map[string]any{key: v}
	}
	return v
}

func (y *yamlText) pair(path []string, v any, flow bool) string {
	return render(path[0], true) + ": " + render(nested(path[1:], v), flow || len(path) > 1)
}

// offset turns a node's place into a byte offset.
func (y *yamlText) offset(n *yaml.Node) int {
	at := 0
	for range n.Line - 1 {
		at += strings.IndexByte(y.text[at:], '\n') + 1
	}
	for range n.Column - 1 {
		_, size := utf8.DecodeRuneInString(y.text[at:])
		at += size
	}
	return at
}

func (y *yamlText) lineStart(at int) int { return strings.LastIndexByte(y.text[:at], '\n') + 1 }

// lineEnd returns the offset behind the line end that follows.
func (y *yamlText) lineEnd(at int) int {
	if i := strings.IndexByte(y.text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(y.text)
}

// afterKey returns the offset behind the colon of a key.
func (y *yamlText) afterKey(key *yaml.Node) int {
	at := y.offset(key)
	if key.Value != "" || key.Style != 0 { // an empty key has no end to look for
		at = y.stop(key, key)
	}
	if i := strings.IndexByte(y.text[at:], ':'); i >= 0 {
		return at + i + 1
	}
	return at
}

// stop returns the offset behind a node's last byte.
func (y *yamlText) stop(key, n *yaml.Node) int {
	at := y.offset(n)
	switch {
	case n.Kind == yaml.ScalarNode && n.Value == "" && n.Style == 0:
		return y.afterKey(key)
	case n.Kind == yaml.ScalarNode && n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		return quoteEnd(y.text, at)
	case n.Kind == yaml.ScalarNode && strings.HasPrefix(y.text[at:], n.Value) && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0:
		return at + len(n.Value)
	case n.Style&yaml.FlowStyle != 0:
		return flowEnd(y.text, at)
	case len(n.Content) > 0:
		last := n.Content[len(n.Content)-1]
		before := last
		if n.Kind == yaml.MappingNode {
			before = n.Content[len(n.Content)-2]
		}
		return y.stop(before, last)
	}
	return y.indented(key, at)
}

// indented returns the end of a text that runs over the lines that are indented deeper than its key.
func (y *yamlText) indented(key *yaml.Node, at int) int {
	end := y.lineEnd(at)
	stop := end
	for end < len(y.text) {
		next := y.lineEnd(end)
		l := y.text[end:next]
		if strings.TrimSpace(l) != "" {
			if len(l)-len(strings.TrimLeft(l, " ")) < key.Column {
				break
			}
			stop = next
		}
		end = next
	}
	return len(strings.TrimRight(y.text[:stop], "\r\n"))
}

func quoteEnd(text string, at int) int {
	if at >= len(text) {
		return len(text)
	}
	quote := text[at]
	for i := at + 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '"':
			i++
		case text[i] == quote && quote == '\'' && i+1 < len(text) && text[i+1] == quote:
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return len(text)
}

// flowEnd finds the bracket that closes the one at an offset.
func flowEnd(text string, at int) int {
	depth := 0
	for i := at; i < len(text); i++ {
		switch ch := text[i]; {
		case ch == '{' || ch == '[':
			depth++
		case ch == '}' || ch == ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case (ch == '"' || ch == '\'') && strings.ContainsRune(" ,:[{\n", rune(text[i-1])):
			i = quoteEnd(text, i) - 1
		case ch == '#' && strings.ContainsRune(" \n", rune(text[i-1])):
			for i+1 < len(text) && text[i+1] != '\n' {
				i++
			}
		}
	}
	return len(text)
}

func (y *yamlText) replace(key, n *yaml.Node, v any) string {
	from, to := y.offset(n), y.stop(key, n)
	text := render(v, true)
	empty := n.Kind == yaml.ScalarNode && n.Value == "" && n.Style == 0
	if empty || n.Line != key.Line {
		from, text = y.afterKey(key), " "+text
		to = max(to, from)
	}
	return y.text[:from] + text + y.text[to:]
}

func (y *yamlText) insert(m *yaml.Node, pair string) string {
	n := len(m.Content)
	if m.Style&yaml.FlowStyle != 0 {
		at := y.offset(m)
		if n == 0 {
			return y.text[:at+1] + pair + y.text[flowEnd(y.text, at)-1:]
		}
		at = y.stop(m.Content[n-2], m.Content[n-1])
		if rest := strings.TrimLeft(y.text[at:], " "); strings.HasPrefix(rest, ",") {
			at += len(y.text[at:]) - len(rest) + 1
			return y.text[:at] + " " + pair + y.text[at:]
		}
		return y.text[:at] + ", " + pair + y.text[at:]
	}
	at := y.lineEnd(y.stop(m.Content[n-2], m.Content[n-1]))
	head := y.text[:at]
	if !strings.HasSuffix(head, "\n") {
		head += y.end
	}
	return head + strings.Repeat(" ", m.Content[0].Column-1) + pair + y.end + y.text[at:]
}

func (y *yamlText) remove(m *yaml.Node, i int) string {
	key, val := m.Content[i], m.Content[i+1]
	from, to := y.offset(key), y.stop(key, val)
	if m.Style&yaml.FlowStyle == 0 {
		return y.text[:y.lineStart(from)] + y.text[y.lineEnd(to):]
	}
	if rest := strings.TrimLeft(y.text[to:], " "); strings.HasPrefix(rest, ",") {
		return y.text[:from] + strings.TrimLeft(rest[1:], " ")
	}
	head := strings.TrimRight(y.text[:from], " \r\n")
	return strings.TrimSuffix(head, ",") + y.text[to:]
}

// render writes a value on one line.
func render(v any, flow bool) string {
	n := nodeOf(v)
	if flow {
		n = &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Content: []*yaml.Node{n}}
	}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	if enc.Encode(n) != nil || enc.Close() != nil {
		return "" // setYAML finds that the value is missing
	}
	text := strings.TrimRight(out.String(), "\n")
	if flow {
		text = text[1 : len(text)-1]
	}
	return text
}

func nodeOf(v any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode}
	switch v := v.(type) {
	case map[string]any:
		n.Kind, n.Style = yaml.MappingNode, yaml.FlowStyle
		for _, k := range slices.Sorted(maps.Keys(v)) {
			n.Content = append(n.Content, nodeOf(k), nodeOf(v[k]))
		}
	case []any:
		n.Kind, n.Style = yaml.SequenceNode, yaml.FlowStyle
		for _, e := range v {
			n.Content = append(n.Content, nodeOf(e))
		}
	case string:
		n.Tag, n.Value = "!!str", v
		if strings.ContainsAny(v, "\n\r") {
			n.Style = yaml.DoubleQuotedStyle
		}
	case json.Number:
		n.Value = v.String()
	case bool:
		n.Tag, n.Value = "!!bool", map[bool]string{true: "true", false: "false"}[v]
	default:
		n.Tag, n.Value = "!!null", "null"
	}
	return n
}
