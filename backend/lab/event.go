package lab

import (
	"encoding/json"
	"math"
)

// Kind names an event in a record, on the stream and in the interface.
type Kind string

// The closed set of event kinds. NewEvent knows every one; a test demands it.
const (
	KindStart      Kind = "start"
	KindMetric     Kind = "metric"
	KindEpisode    Kind = "episode"
	KindStep       Kind = "step"
	KindContext    Kind = "context"
	KindMemory     Kind = "memory"
	KindProgress   Kind = "progress"
	KindLog        Kind = "log"
	KindCheckpoint Kind = "checkpoint"
	KindEnd        Kind = "end"
)

// Kinds lists all event kinds in the order in which a person meets them.
func Kinds() []Kind {
	return []Kind{KindStart, KindMetric, KindEpisode, KindStep, KindContext, KindMemory, KindProgress, KindLog, KindCheckpoint, KindEnd}
}

// Event is one entry of a run's record. Events hold no wall-clock time and nothing else that differs between two runs of the same
// set-up and seed: the record's frame holds the time, so that two records can be compared but for times.
type Event interface{ Kind() Kind }

// Emitter receives the events of a run in order. Emit may block when the disk is slow; it returns an error when the event could
// not be kept, and the run must then stop.
type Emitter interface {
	Emit(ev Event) error
}

// Start is the first event of every record: what was run, by which code, on which kernel.
type Start struct {
	Key      string `json:"key"`            // run key: hash of set-up, code identity, data and seed
	Setup    Setup  `json:"setup"`          // resolved set-up
	Arm      string `json:"arm"`            // name in the notebook
	Case     string `json:"case"`           // name in the notebook, "" where there are no cases
	Seed     uint64 `json:"seed"`           //
	Code     string `json:"code"`           // code identity of paper and world
	Commit   string `json:"commit"`         // version control revision of the build, "" when unknown
	Kernel   string `json:"kernel"`         // kernel family of the numeric core
	Machine  string `json:"machine"`        // operating system, architecture, processor, cores
	Notebook string `json:"notebook"`       // path as the user gave it
	Fork     *Fork  `json:"fork,omitempty"` // of a run that goes on from a place of another
}

// Metric is one number at one place of the x axis. Name, unit and direction stand in the paper's MetricSpec.
type Metric struct {
	Name  string `json:"name"`
	X     int64  `json:"x"` // environment steps or episodes, as the spec says
	Value Float  `json:"value"`
}

// Why an episode ended.
const (
	EndTerminal = "terminal" // the world says so
	EndHorizon  = "horizon"  // out of time
	EndFailed   = "failed"   // the run could not finish it; never scored as a wrong answer
)

// Episode sums up one episode when it ends. Steps, contexts and memory operations of it were emitted before, where kept.
type Episode struct {
	ID      int64            `json:"id"`
	Split   string           `json:"split"` // train or the name of an evaluation, for example "eval" or "n10"
	Seed    uint64           `json:"seed"`  // of the world; with the split it makes the episode again
	X       int64            `json:"x"`     // environment steps of training when it was played
	Steps   int              `json:"steps"`
	Return  Float            `json:"return"`
	Success bool             `json:"success"`
	Why     string           `json:"why"`
	Memory  Float            `json:"memory"`  // size of the memory at the end: entries, or numbers carried from step to step
	Context Float            `json:"context"` // largest context: tokens, or steps of history that the policy could see
	Detail  bool             `json:"detail"`  // steps were kept
	Omitted int              `json:"omitted"` // training episodes before this one whose steps were not kept, since the last kept one
	Numbers map[string]Float `json:"numbers,omitempty"`
}

// Step is one decision of a kept episode.
type Step struct {
	Episode int64            `json:"episode"`
	T       int              `json:"t"`
	Saw     string           `json:"saw"`    // observation in words
	Action  string           `json:"action"` // action in words
	Reward  Float            `json:"reward"`
	Done    bool             `json:"done"`
	Scene   *Scene           `json:"scene,omitempty"`
	Numbers map[string]Float `json:"numbers,omitempty"` // value estimate, action probabilities, junction right
	State   []Float          `json:"state,omitempty"`   // what a picture of the paper asks for, for example forget gates [H]
}

// Scene is a picture of a step: marks on a grid that the page draws in its own colours.
type Scene struct {
	W     int    `json:"w"`
	H     int    `json:"h"`
	Marks []Mark `json:"marks"`
}

// Mark is one thing on the grid. Shape and label carry the meaning; Tone picks a colour but never alone.
type Mark struct {
	X     int    `json:"x"`
	Y     int    `json:"y"`
	Shape string `json:"shape"` // wall, floor, agent, goal, cue, cube, ghost, arrow-up, arrow-down
	Label string `json:"label,omitempty"`
	Tone  int    `json:"tone,omitempty"` // place in the row of arm colours, 0 is neutral
}

// Block is a part of a context: system, task, memory, history, tool.
type Block struct {
	Name    string   `json:"name"`
	Text    string   `json:"text,omitempty"`
	Tokens  []int32  `json:"tokens,omitempty"` // the very ids given to the model
	Count   int      `json:"count"`            // tokens, or steps of history
	Dropped int      `json:"dropped,omitempty"`
	Entries []string `json:"entries,omitempty"` // memory entries that stand in this block
}

// Context is exactly what a model saw at a step.
type Context struct {
	Episode int64   `json:"episode"`
	T       int     `json:"t"`
	Limit   int     `json:"limit"`
	Blocks  []Block `json:"blocks"`
}

// MemoryOp is what happened to the bank.
type MemoryOp string

// The five operations. A read changes nothing but is an event like the others.
const (
	OpWrite  MemoryOp = "write"
	OpChange MemoryOp = "change"
	OpMerge  MemoryOp = "merge"
	OpRead   MemoryOp = "read"
	OpDelete MemoryOp = "delete"
)

// Entry is one unit of a bank as it stands after an operation: a line, an edge, a slot, a vector.
type Entry struct {
	ID      string           `json:"id"`
	Type    string           `json:"type,omitempty"` // what the memory calls it: episode, schema, persona, edge
	Text    string           `json:"text"`
	Tokens  int              `json:"tokens"`
	Numbers map[string]Float `json:"numbers,omitempty"` // value, uses, age and what else the memory keeps
	Sources []string         `json:"sources,omitempty"` // entries and episodes it came from
	Labels  []string         `json:"labels,omitempty"`
	Vector  []Float          `json:"vector,omitempty"` // embedding, where it is part of the state
}

// Hit is one candidate of a read, with the parts of its score. Near misses have Used false.
type Hit struct {
	Entry string           `json:"entry"`
	Rank  int              `json:"rank"` // from 1
	Score Float            `json:"score"`
	Parts map[string]Float `json:"parts,omitempty"` // similarity, value, recency: they make up Score as the reason says
	Used  bool             `json:"used"`
	Why   string           `json:"why,omitempty"` // why not used: below gate, over budget, rank
}

// Memory is one operation on a bank. Before and After rebuild the bank at any moment; both are nil for a read.
type Memory struct {
	Op      MemoryOp `json:"op"`
	Bank    string   `json:"bank"` // a run may have several
	Episode int64    `json:"episode"`
	T       int      `json:"t"`
	Entry   string   `json:"entry,omitempty"` // "" for a read
	Before  *Entry   `json:"before,omitempty"`
	After   *Entry   `json:"after,omitempty"`
	Sources []string `json:"sources,omitempty"` // entries merged into After
	Reason  string   `json:"reason"`
	Query   string   `json:"query,omitempty"`
	Hits    []Hit    `json:"hits,omitempty"`
	Size    int      `json:"size"`   // entries after the operation
	Tokens  int      `json:"tokens"` // tokens of the bank after the operation
}

// Progress says how far the run is, in its own unit.
type Progress struct {
	Done  int64  `json:"done"`
	Total int64  `json:"total"`
	Unit  string `json:"unit"` // steps, episodes, updates
}

// Log is a line for the person who watches.
type Log struct {
	Level string `json:"level"` // info, warn, error
	Text  string `json:"text"`
}

// Checkpoint says that the whole state of the run was kept in a file beside the record.
type Checkpoint struct {
	Unit  int64  `json:"unit"` // units of Advance completed
	File  string `json:"file"`
	Hash  string `json:"hash"` // SHA-256, hexadecimal
	Bytes int64  `json:"bytes"`
}

// The ways a run can end. A run without an End event was interrupted and can be continued.
const (
	StatusDone      = "done"
	StatusCancelled = "cancelled"
	StatusFailed    = "failed"
)

// End is the last event of a record.
type End struct {
	Status string           `json:"status"`
	Code   Code             `json:"code,omitempty"`
	Error  string           `json:"error,omitempty"`
	Hint   string           `json:"hint,omitempty"`
	Final  map[string]Float `json:"final,omitempty"` // last value of every metric
}

func (Start) Kind() Kind      { return KindStart }
func (Metric) Kind() Kind     { return KindMetric }
func (Episode) Kind() Kind    { return KindEpisode }
func (Step) Kind() Kind       { return KindStep }
func (Context) Kind() Kind    { return KindContext }
func (Memory) Kind() Kind     { return KindMemory }
func (Progress) Kind() Kind   { return KindProgress }
func (Log) Kind() Kind        { return KindLog }
func (Checkpoint) Kind() Kind { return KindCheckpoint }
func (End) Kind() Kind        { return KindEnd }

// DecodeEvent reads the payload of a frame of that kind. Unknown kinds and broken payloads are errors.
func DecodeEvent(kind Kind, payload []byte) (Event, error) {
	switch kind {
	case KindStart:
		return decode[Start](kind, payload)
	case KindMetric:
		return decode[Metric](kind, payload)
	case KindEpisode:
		return decode[Episode](kind, payload)
	case KindStep:
		return decode[Step](kind, payload)
	case KindContext:
		return decode[Context](kind, payload)
	case KindMemory:
		return decode[Memory](kind, payload)
	case KindProgress:
		return decode[Progress](kind, payload)
	case KindLog:
		return decode[Log](kind, payload)
	case KindCheckpoint:
		return decode[Checkpoint](kind, payload)
	case KindEnd:
		return decode[End](kind, payload)
	}
	return nil, Errorf(Invalid, "event kind %q is unknown, want one of %v", kind, Kinds())
}

func decode[E Event](kind Kind, payload []byte) (Event, error) {
	var ev E
	if err := json.Unmarshal(payload, &ev); err != nil {
		return nil, Errorf(Invalid, "event of kind %q cannot be read: %w", kind, err)
	}
	return ev, nil
}

// Float is a number that survives JSON: NaN and the infinities are written as strings, so that a gap stays a gap.
type Float float64

// MarshalJSON writes the shortest form that reads back to the same bits.
func (f Float) MarshalJSON() ([]byte, error) {
	v := float64(f)
	switch {
	case math.IsNaN(v):
		return []byte(`"NaN"`), nil
	case math.IsInf(v, 1):
		return []byte(`"+Inf"`), nil
	case math.IsInf(v, -1):
		return []byte(`"-Inf"`), nil
	}
	return json.Marshal(v)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (f *Float) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case `"NaN"`:
		*f = Float(math.NaN())
	case `"+Inf"`:
		*f = Float(math.Inf(1))
	case `"-Inf"`:
		*f = Float(math.Inf(-1))
	default:
		return json.Unmarshal(b, (*float64)(f))
	}
	return nil
}
