// Package settings is the list of everything that a person may set about Loci itself. A setting never moves a number of a run. Each
// stands here once, with its default, its legal values and what it does; the library keeps the values that differ.
package settings

import (
	"encoding/json"
	"runtime"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
)

// Kind says how a setting is shown and what its JSON is.
type Kind string

// The kinds of settings.
const (
	Choice Kind = "choice" // a string, one of Legal
	Whole  Kind = "whole"  // a whole number from Min to Max
	Number Kind = "number" // a number from Min to Max
	Switch Kind = "switch" // true or false
	Keys   Kind = "keys"   // an object: command -> its bindings, a list of strings
)

// Option is a legal value of a choice, with its words.
type Option struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// Setting describes one value that a person may set.
type Setting struct {
	Name    string          `json:"name"` // group.name, as the library keeps it
	Group   string          `json:"group"`
	Title   string          `json:"title"`
	Doc     string          `json:"doc"`     // what it means, and what follows from it
	Counts  string          `json:"counts"`  // since when a new value counts
	Kind    Kind            `json:"kind"`    //
	Default json.RawMessage `json:"default"` // as the value
	Min     float64         `json:"min"`     // of numbers
	Max     float64         `json:"max"`
	Unit    string          `json:"unit"`  // of numbers, "" for a count
	Legal   []Option        `json:"legal"` // of choices
	Zero    string          `json:"zero"`  // what 0 means where it means something of its own
}

// Group is a part of the list.
type Group struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Doc   string `json:"doc"`
}

// Names of the settings that the program itself reads.
const (
	Look        = "look.mode"
	Motion      = "look.motion"
	Smoothing   = "charts.smoothing"
	Bindings    = "keys.bindings"
	Jobs        = "limits.jobs"
	Threads     = "limits.threads"
	Memory      = "limits.memory"
	OpenRecords = "limits.open-records"
	FreeDisk    = "limits.free-disk"
	Dollars     = "limits.dollars"
	BinDays     = "limits.bin-days"
	ExportNames = "privacy.export-names"
	Notices     = "privacy.notices"
)

const (
	atOnce    = "at once, on every open page"
	nextStart = "from the next start of Loci"
	nextRun   = "for runs that begin from then on"
)

// Groups lists the parts in the order in which they are shown.
func Groups() []Group {
	return []Group{
		{"look", "Look", "Light or dark, and whether things move."},
		{"charts", "Charts", "How charts are drawn at first; each can be changed on its own."},
		{"keys", "Keys", "Every command has a button or a line in the search; none needs its key."},
		{"limits", "Limits", "What Loci may take of this computer and of your money."},
		{"privacy", "Privacy", "Nothing is sent anywhere unless you set up a target."},
	}
}

// All lists every setting in the order in which they are shown.
func All() []Setting {
	return slices.Concat(looks(), charts(), keys(), limits(), privacy())
}

func looks() []Setting {
	return []Setting{
		{Name: Look, Group: "look", Title: "Light or dark", Kind: Choice, Default: text("system"), Counts: atOnce,
			Doc:   "The colours of the pages. Printing and exports are always light.",
			Legal: []Option{{"system", "as the system"}, {"light", "light"}, {"dark", "dark"}}},
		{Name: Motion, Group: "look", Title: "Motion", Kind: Choice, Default: text("system"), Counts: atOnce,
			Doc:   "With less motion nothing slides, and live charts are drawn once a second.",
			Legal: []Option{{"system", "as the system"}, {"less", "less"}}},
	}
}

func charts() []Setting {
	return []Setting{
		{Name: Smoothing, Group: "charts", Title: "Smoothing", Kind: Whole, Default: number(0), Min: 0, Max: 1000, Unit: "points", Zero: "off", Counts: "for charts that are opened from then on",
			Doc: "Window of the moving mean of curves. The raw values stay behind it, and the window is written on the axis."},
	}
}

func keys() []Setting {
	return []Setting{{Name: Bindings, Group: "keys", Title: "Changed keys", Kind: Keys, Default: json.RawMessage("{}"), Counts: atOnce,
		Doc: "Commands that have other keys than at first."}}
}

func limits() []Setting {
	return []Setting{
		{Name: Jobs, Group: "limits", Title: "Runs at a time", Kind: Whole, Default: number(float64(runtime.NumCPU())), Min: 1, Max: 256, Counts: nextStart,
			Doc: "How many runs go on at once; the others wait. The default is the number of cores. --jobs on the command line comes before it."},
		{Name: Threads, Group: "limits", Title: "Threads of a run", Kind: Whole, Default: number(1), Min: 1, Max: 256, Counts: nextStart,
			Doc: "Workers inside one run; they change no number. More than 1 pays off for large models with few runs. --threads comes before it."},
		{Name: Memory, Group: "limits", Title: "Memory", Kind: Whole, Default: number(0), Min: 0, Max: 1 << 20, Unit: "MB", Zero: "no limit", Counts: nextStart,
			Doc: "What Loci tries to stay within: near it, memory is cleaned up more often, and work gets slower instead of larger."},
		{Name: OpenRecords, Group: "limits", Title: "Records kept open", Kind: Whole, Default: number(12), Min: 2, Max: 200, Counts: "at once",
			Doc: "How many runs stay read for the pages. One more takes the memory of its index, and opens again without reading."},
		{Name: FreeDisk, Group: "limits", Title: "Free disk", Kind: Number, Default: number(1), Min: 0, Max: 10000, Unit: "GB", Zero: "no floor", Counts: "at once",
			Doc: "With less space free where the data lie, no run begins and running work is paused."},
		{Name: Dollars, Group: "limits", Title: "Money of a run", Kind: Number, Default: number(0), Min: 0, Max: 1e6, Unit: "dollars", Zero: "no limit", Counts: nextRun,
			Doc: "The most that one run may spend at an endpoint with prices that has no limit of its own."},
		{Name: BinDays, Group: "limits", Title: "Bin", Kind: Whole, Default: number(30), Min: 1, Max: 3650, Unit: "days", Counts: "at once",
			Doc: "How long deleted runs wait in the bin before their records are removed."},
	}
}

func privacy() []Setting {
	return []Setting{
		{Name: ExportNames, Group: "privacy", Title: "Names in exports", Kind: Switch, Default: json.RawMessage("false"), Counts: "for exports from then on",
			Doc: "Keep paths of your home folder and the names of user and computer in what you share. Off leaves them out."},
		{Name: Notices, Group: "privacy", Title: "System notices", Kind: Switch, Default: json.RawMessage("false"), Counts: atOnce,
			Doc: "A notice of the system when work of over 1 min ends, fails, stalls or decides a claim. The browser asks you once. Others who see this screen can read it."},
	}
}

func text(s string) json.RawMessage {
	b, err := json.Marshal(s)
	if err != nil {
		return json.RawMessage(`""`)
	}
	return b
}

func number(x float64) json.RawMessage {
	b, err := json.Marshal(x)
	if err != nil {
		return json.RawMessage("0")
	}
	return b
}

// Find returns the setting of that name, or not-found with the names there are.
func Find(name string) (Setting, error) {
	all := All()
	i := slices.IndexFunc(all, func(s Setting) bool { return s.Name == name })
	if i >= 0 {
		return all[i], nil
	}
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.Name
	}
	return Setting{}, lab.Errorf(lab.NotFound, "there is no setting %.60q, only %q", name, names).WithHint("choose one of them")
}
