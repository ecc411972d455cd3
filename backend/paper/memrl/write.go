package memrl

import (
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Styles of what is stored. Which one a script gets is drawn; nothing that a retriever compares tells them apart, since all have the
// sentence of the task as their key.
const (
	schemaStyle    = "schema"    // which things, in which order
	literalStyle   = "literal"   // where this episode's things stood, in place of what they are
	truncatedStyle = "truncated" // the last step alone: what had to come before it is lost
	failedStyle    = "failed"    // a reflection: which step failed
	rawStyle       = "raw"       // all that was done
)

// written are the styles in the order of the metrics.
func written() []string {
	return []string{schemaStyle, literalStyle, truncatedStyle, failedStyle, rawStyle}
}

// mostFailed is how many steps a reflection names at most: the last ones.
const mostFailed = 4

// course is an episode as a writer sees it.
type course struct {
	task   lab.Experience    // the whole task as the world offers it
	rooms  map[string]string // in which room a place was found
	number int64             // of the episode, from 1
}

// courseOf takes the experience of the whole task, and where places were, from an episode that is over. told are all observations.
func courseOf(d world.Recalling, told []string, number int64) (course, bool) {
	c := course{rooms: map[string]string{}, number: number}
	for _, text := range told {
		for line := range strings.SplitSeq(text, "\n") {
			if w := strings.Fields(line); len(w) >= 4 && w[0] == "at" && w[2] == "in" {
				c.rooms[w[1]] = w[3]
			}
		}
	}
	for _, e := range d.Experiences() {
		if e.Kind == lab.OneTask {
			c.task = e
			return c, true
		}
	}
	return c, false
}

// draw is the style of an episode's script, from a number in [0,1).
func (k *RunKnobs) draw(u float64) string {
	switch {
	case k.Writer == Raw:
		return rawStyle
	case u < k.Literal:
		return literalStyle
	case u < k.Literal+k.Truncated:
		return truncatedStyle
	}
	return schemaStyle
}

// write makes what is stored of an episode: a script in a style where it succeeded, a reflection where it failed. The style stands in the
// entry's source, for the metrics alone.
func (c *course) write(style string) lab.Experience {
	e := c.task
	if style != rawStyle && !e.Success {
		style = failedStyle
	}
	e.Source = style + " " + e.Source
	if style != rawStyle {
		e.Text = c.styled(style)
	}
	return e
}

// styleOf is the style of an entry by its sources, "" where it has none.
func styleOf(e *lab.Entry) string {
	for _, source := range e.Sources {
		style, _, _ := strings.Cut(source, " ")
		for _, s := range written() {
			if s == style {
				return s
			}
		}
	}
	return ""
}

// styled writes the script of the episode anew.
func (c *course) styled(style string) string {
	head, body, ok := strings.Cut(c.task.Text, " : ")
	if !ok { // nothing was done that the house understood
		return c.task.Text
	}
	parts := strings.Split(body, " ; ")
	end := parts[len(parts)-1]
	steps := c.telling(parts[:len(parts)-1], style == failedStyle)
	switch style {
	case failedStyle:
		steps = steps[max(0, len(steps)-mostFailed):]
	case truncatedStyle:
		steps = steps[max(0, len(steps)-1):]
	case literalStyle:
		steps = c.places(parts, steps)
	}
	return head + " : " + strings.Join(append(steps, end), " ; ")
}

// telling keeps the steps that hang on the rules: what was used, and what was put where. Failures are kept where they are asked for; else a
// switch that gave way to another one is left out too.
func (c *course) telling(parts []string, failures bool) (steps []string) {
	for _, p := range parts {
		if failed := strings.HasSuffix(p, " fails") || strings.HasSuffix(p, " dead"); failed && (!failures || len(strings.Fields(p)) < 3) {
			continue
		}
		if last := len(steps) - 1; !failures && last >= 0 && c.turns(p) && c.turns(steps[last]) {
			steps = steps[:last]
		}
		if strings.HasPrefix(p, "use ") || strings.HasPrefix(p, "put ") {
			steps = append(steps, p)
		}
	}
	return steps
}

// turns tells whether a step turns a switch: what is used and is no place.
func (c *course) turns(step string) bool {
	what, ok := strings.CutPrefix(step, "use ")
	_, place := c.rooms[what]
	return ok && !place
}

// places tells where things stood: the spot where the first thing lay, and the rooms in the place of what was used and where it was put.
func (c *course) places(parts, steps []string) (all []string) {
	if len(parts) > 0 && strings.HasPrefix(parts[0], "go ") {
		all = append(all, parts[0])
	}
	for _, s := range steps {
		words := strings.Fields(s)
		last := words[len(words)-1]
		if room, ok := c.rooms[last]; ok {
			words[len(words)-1] = room
		} else if room, ok := c.rooms["panel"]; ok && c.turns(s) {
			words[len(words)-1] = room
		}
		all = append(all, strings.Join(words, " "))
	}
	return all
}
