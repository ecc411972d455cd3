package notebook

import (
	"fmt"
	"strings"
	"testing"
)

func TestTheFileIsCutIntoCells(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"headings begin prose cells", "# A\ntext\n\n## B\n", "prose-1[# A text] prose-2[## B]"},
		{"seven marks are no heading", "a\n####### b\n", "prose-1[a ####### b]"},
		{"a heading in code is code", "a\n```sh\n# b\n```\nc\n", "prose-1[a ```sh # b ``` c]"},
		{"a cell in code is code", "~~~\n```yaml run\nseeds: 1\n```\n~~~\n", "prose-1[~~~ ```yaml run seeds: 1 ``` ~~~]"},
		{"yaml without a kind is prose", "```yaml\na: 1\n```\n", "prose-1[```yaml a: 1 ```]"},
		{"tildes and longer fences", "~~~~yaml run\nseeds: 1\n~~~\n~~~~\n", "run[seeds: 1 ~~~]"},
		{"blank lines belong to nobody", "\n\na\n\n\n```yaml run\nseeds: 1\n```\n\n", "prose-1[a] run[seeds: 1]"},
		{"an open fence ends before the next cell", "```yaml run\nseeds: 1\n```yaml rl\nkind: ppo\n```\n", "run[seeds: 1] rl[kind: ppo]"},
		{"code that is never closed runs to the end", "```\n# a\n", "prose-1[``` # a]"},
		{"white space round the kind", "```   yaml   run  \nseeds: 1\n```   \n", "run[seeds: 1]"},
		{"names and numbers", "```yaml note\ntext: a\n```\n```yaml note\nname: b\ntext: a\n```\n```yaml note\ntext: c\n```\n", "note-1[text: a] note-b[name: b text: a] note-2[text: c]"},
		{"no line end at the end", "```yaml run\nseeds: 1\n```", "run[seeds: 1]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, _ := Parse("x.md", []byte(front+c.text), testVocab{})
			var got []string
			for _, cell := range d.Cells {
				got = append(got, fmt.Sprintf("%s[%s]", cell.ID, strings.Join(strings.Fields(cell.Text), " ")))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("cells %s\nwant  %s", strings.Join(got, " "), c.want)
			}
			if string(Print(d)) != front+c.text {
				t.Error("Print gives other bytes back")
			}
		})
	}
}
