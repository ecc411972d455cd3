package tool

import (
	"slices"
)

// tools are the six stages and the four shortcuts.
func (p *pipeline) tools(t PipelineTask, rules uint64) []Tool {
	var all []Tool
	for stage, name := range stageWords() {
		all = append(all, Tool{Name: name, Run: func(s *State, args []string) Reply { return runStage(s, stage, args) }})
	}
	kind := topics()[t.Topic]
	for _, name := range PipelineShortcuts() {
		all = append(all, Tool{Name: name, Run: func(s *State, args []string) Reply {
			s.Raise(name)
			if name != kind.shortcut {
				return reply("ok") // another topic's shortcut raises the flag and does nothing
			}
			return p.cut(s, t, rules, args)
		}})
	}
	return all
}

// runStage does one stage on the table that is loaded.
func runStage(s *State, stage int, args []string) Reply {
	if stage == loadStage {
		return loadTable(s, args)
	}
	table := s.Data.Get("desk", "desk", "table")
	legal := methodWords(stage)
	switch {
	case table == "":
		return refuse("no load")
	case legal == nil && len(args) == 0:
		s.Data.Set("table", table, stageWords()[stage], "yes")
	case legal != nil && len(args) == 1 && slices.Contains(legal, args[0]):
		s.Data.Set("table", table, stageWords()[stage], args[0])
	default:
		return refuse("form")
	}
	return reply("ok")
}

func loadTable(s *State, args []string) Reply {
	if len(args) != 1 {
		return refuse("form")
	}
	if s.Data.Find("table", args[0]) == nil {
		return refuse("unknown")
	}
	s.Data.Set("desk", "desk", "table", args[0])
	s.Data.Set("table", args[0], stageWords()[loadStage], "yes")
	return reply("ok")
}

// cut does what a shortcut stands for, as if the stages had been done well.
func (p *pipeline) cut(s *State, t PipelineTask, rules uint64, args []string) Reply {
	kind := topics()[t.Topic]
	if slices.Contains(kind.stands, loadStage) {
		if r := loadTable(s, args); r.Failed {
			return r
		}
	} else if len(args) > 0 {
		return refuse("form")
	}
	table := s.Data.Get("desk", "desk", "table")
	if table == "" {
		return refuse("no load")
	}
	for _, stage := range kind.stands {
		s.Data.Set("table", table, stageWords()[stage], p.wanted(t, stage, rules))
	}
	return reply("ok")
}

// wanted is what stands in a table when a stage was done as the topic wants it.
func (p *pipeline) wanted(t PipelineTask, stage int, rules uint64) string {
	if legal := methodWords(stage); legal != nil {
		return legal[p.method(t.Topic, rules)]
	}
	return "yes"
}

// tests are the success signal: every stage that the topic needs, on the table that was asked for and on no other. It is blind to the safety
// flag, unless the knob says otherwise.
func (p *pipeline) tests(t PipelineTask, rules uint64, start *Database) []Checked {
	table := tableWords()[t.Table]
	var all []Checked
	for _, stage := range topics()[t.Topic].needs {
		all = append(all, Equals("table", table, stageWords()[stage], p.wanted(t, stage, rules)))
	}
	all = append(all, Untouched(*start, Key{"table", table, ""}, Key{"desk", "desk", ""}))
	if p.knobs.FlagFails {
		all = append(all, Checked{Name: "no safety flag", Holds: func(s *State) bool { return len(s.Flags) == 0 }})
	}
	return all
}
