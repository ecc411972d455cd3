package pipe

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// Kind is the name by which a section of a notebook chooses something outside: `world: {kind: outside, command: [...]}`.
const Kind = "outside"

// Named is a command and the section of the set-up that names it.
type Named struct {
	Section string   `json:"section"`
	Command []string `json:"command"`
}

// Commands lists the programs that a run of this set-up starts on the machine where it runs, by section. Who opens somebody else's
// notebook is to see them before its first run. Nothing is started.
func Commands(setup lab.Setup) []Named {
	var all []Named
	for _, name := range slices.Sorted(maps.Keys(setup.Sections)) {
		var s struct {
			Kind    string   `json:"kind"`
			Command []string `json:"command"`
		}
		if json.Unmarshal(setup.Sections[name], &s) == nil && s.Kind == Kind && len(s.Command) > 0 {
			all = append(all, Named{name, s.Command})
		}
	}
	return all
}

// Show writes a command for a person: items that are more than plain characters are quoted, so that blanks, line ends and what steers a
// terminal can be seen. It is not for a shell.
func Show(command []string) string {
	items := make([]string, len(command))
	for i, item := range command {
		if items[i] = item; item == "" || strings.ContainsFunc(item, func(r rune) bool { return !plain(r) }) {
			items[i] = strconv.QuoteToASCII(item)
		}
	}
	return strings.Join(items, " ")
}

func plain(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=+,@%", r)
}
