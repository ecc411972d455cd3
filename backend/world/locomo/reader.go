package locomo

import (
	"strings"

	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/grade"
)

// rule answers a question with words of one recalled line: the one that has most stems of the question, of equal ones that which stands
// last. Asked when, it says the line's date; else what was said there. A question that shares no stem with any line is refused. It finds
// no answer that must be put together, so its scores say little: it is there so that a run needs no model.
type rule struct{}

var _ world.Reader = rule{}

// Begin has nothing to forget.
func (rule) Begin() {}

// Answer answers what was told out of the lines.
func (rule) Answer(told string, recalled []string) string {
	question, asks := strings.CutPrefix(told, asking)
	if !asks {
		return ""
	}
	wanted := map[string]bool{}
	for _, s := range grade.Stems(question) {
		wanted[s] = !common(s)
	}
	best, most := "", 0
	for _, line := range recalled {
		n, seen := 0, map[string]bool{}
		for _, s := range grade.Stems(line) {
			if wanted[s] && !seen[s] {
				seen[s] = true
				n++
			}
		}
		if n > 0 && n >= most {
			best, most = line, n
		}
	}
	if most == 0 {
		return refusal
	}
	date, said := split(best)
	if strings.HasPrefix(strings.ToLower(question), "when") && date != "" {
		return date
	}
	return said
}

// split parts a line into its date, without the time of day, and what was said, without the speaker.
func split(line string) (date, said string) {
	head, rest, ok := strings.Cut(line, ": ")
	if !ok {
		return "", line
	}
	if when, _, dated := strings.Cut(head, ","); dated {
		if _, day, timed := strings.Cut(when, " on "); timed {
			year := strings.TrimSpace(head[len(when)+1:])
			year, _, _ = strings.Cut(year, ",")
			date = day + ", " + year
		}
	}
	return date, rest
}

// common says of stems that they tell nothing of what is asked.
func common(stem string) bool {
	switch stem {
	case "what", "when", "where", "who", "which", "how", "why", "did", "do", "doe", "is", "ar", "wa", "were", "ha", "have", "had", "be", "would",
		"to", "of", "in", "on", "for", "with", "at", "from", "by", "hi", "her", "their", "it", "that", "thi":
		return true
	}
	return false
}
