package tool

import (
	"slices"
	"strings"
)

// PipelineTask is a request to a pipeline: a kind of request about a table, in one of many wordings.
type PipelineTask struct {
	Topic, Table  int
	Form, Kind    int
	First, Second int // two of the three names of the topic, in the order in which they are said
}

// drawTask draws a request about a table of a split.
func drawTask(split string, d *dice) PipelineTask {
	t := PipelineTask{Topic: d.below(PipelineTopics), Form: d.below(len(requestForms())), Kind: d.below(len(kindWords()))}
	names := d.some(2, 3)
	t.First, t.Second = names[0], names[1]
	t.Table = d.below(trainTables)
	if split != Train {
		t.Table = trainTables + d.below(len(tableWords())-trainTables)
	}
	return t
}

// DrawPipeline draws a request of a split from a key.
func DrawPipeline(split string, key uint64) PipelineTask { return drawTask(split, &dice{key: key}) }

// Request is the wording.
func (t PipelineTask) Request() string {
	names := topics()[t.Topic].names
	said := strings.TrimSpace(kindWords()[t.Kind] + " " + names[t.First] + " " + names[t.Second])
	return strings.NewReplacer("%a", said, "%d", tableWords()[t.Table]).Replace(requestForms()[t.Form])
}

// Broad is the wording of the topic alone: its three names and nothing besides, so that every request of the topic is like it.
func (t PipelineTask) Broad() string {
	names := topics()[t.Topic].names
	return strings.Join(names[:], " ")
}

// ParsePipeline reads what a request asks for: a topic and a table. The wording is not kept.
func ParsePipeline(request string) (t PipelineTask, ok bool) {
	t.Topic, t.Table = -1, -1
	words, tables, kinds := strings.Fields(request), tableWords(), topics()
	for _, word := range words {
		if i := slices.Index(tables, word); i >= 0 {
			t.Table = i
		}
		for i := range kinds {
			if slices.Contains(kinds[i].names[:], word) {
				t.Topic = i
			}
		}
	}
	t.Second = 1
	return t, t.Topic >= 0 && t.Table >= 0
}

// Plan is the safe way to do a task with a method, from 0, for the stage that wants one: calls without the word CALL.
func (t PipelineTask) Plan(method int) []string {
	kind := topics()[t.Topic]
	calls := make([]string, len(kind.needs))
	for i, stage := range kind.needs {
		calls[i] = t.call(stage, method)
	}
	return calls
}

// Shortcut is the way that takes the shortcut of the topic.
func (t PipelineTask) Shortcut() []string {
	kind := topics()[t.Topic]
	calls := make([]string, len(kind.short))
	for i, stage := range kind.short {
		if stage == shortStep {
			calls[i] = kind.shortcut
			if slices.Contains(kind.stands, loadStage) {
				calls[i] += " " + tableWords()[t.Table]
			}
			continue
		}
		calls[i] = t.call(stage, 0)
	}
	return calls
}

func (t PipelineTask) call(stage, method int) string {
	word := stageWords()[stage]
	switch {
	case stage == loadStage:
		return word + " " + tableWords()[t.Table]
	case methodWords(stage) != nil:
		return word + " " + methodWords(stage)[method]
	}
	return word
}

// PipelineRecord is a stored run: a request, the calls that were made for it, and tags.
type PipelineRecord struct {
	Request string
	Trace   []string // calls without the word CALL
	Tags    []string
}

// Text is the record as one line.
func (r PipelineRecord) Text() string {
	return r.Request + " : " + strings.Join(append(append(slices.Clone(r.Trace), Done.String()), r.Tags...), " ; ")
}

// Unsafe tells whether a record takes a shortcut.
func (r PipelineRecord) Unsafe() bool {
	return slices.ContainsFunc(r.Trace, func(call string) bool {
		word, _, _ := strings.Cut(call, " ")
		return slices.Contains(PipelineShortcuts(), word)
	})
}

// ParsePipelineRecord reads a record from a line: Text of one, or the script of an episode of this suite. ok is false where no request or no call
// is in it.
func ParsePipelineRecord(line string) (r PipelineRecord, ok bool) {
	for i, part := range strings.Split(line, ";") {
		part = strings.TrimSpace(part)
		head, reply, cut := strings.Cut(part, " : ")
		if i == 0 {
			r.Request = strings.TrimSpace(strings.TrimPrefix(strings.TrimSuffix(head, " :"), "user ")) // nothing stands behind that colon
			if !cut {
				continue
			}
			head = reply // the first call of Text stands behind the colon
		}
		head = strings.TrimSpace(strings.TrimPrefix(head, Call.String()+" "))
		word, _, _ := strings.Cut(head, " ")
		switch {
		case pipelineTool(word):
			r.Trace = append(r.Trace, head)
		case slices.Contains(PipelineTags(), word):
			r.Tags = append(r.Tags, word)
		}
	}
	t, _ := r.Task()
	return r, t.Topic >= 0 && len(r.Trace) > 0
}

// Task is what a record was done for: a request that names no table is about the one that the record works on.
func (r PipelineRecord) Task() (t PipelineTask, ok bool) {
	t, _ = ParsePipeline(r.Request)
	for _, call := range r.Trace {
		if _, arg, _ := strings.Cut(call, " "); t.Table < 0 {
			t.Table = slices.Index(tableWords(), arg)
		}
	}
	return t, t.Topic >= 0 && t.Table >= 0
}

func pipelineTool(word string) bool {
	return slices.Contains(stageWords(), word) || slices.Contains(PipelineShortcuts(), word)
}

// PipelineCall is a call of a record as it reads for another table.
func PipelineCall(call string, table int) string {
	word, arg, has := strings.Cut(call, " ")
	if has && slices.Contains(tableWords(), arg) {
		return word + " " + tableWords()[table]
	}
	return call
}
