package web

import "github.com/loci-lab/loci/backend/lab"

// The messages of the Memory screen. A moment is the number of memory events of the run before it, over all banks; at left out, or -1, is
// the newest. bank left out is the one with the most events.
//
//	GET run/{key}/memory                                                 MemoryInfo
//	GET run/{key}/memory/page?bank&at&against&q&sort&group&offset&limit  MemoryPage   (60 rows at most)
//	GET run/{key}/memory/life?bank&at&entry                              MemoryLife
//	GET run/{key}/memory/ask?bank&at&text                                MemoryAnswer
//	GET run/{key}/memory/graph?bank&at&q&entry                           MemoryGraph
//	GET run/{key}/memory/map?bank&at&q                                   MemoryMap
//	GET run/{key}/memory/moment?episode&step&by                          MemoryPlace  (of a step; with at and by=-1 or 1 the moment one episode on)
//	GET run/{key}/memory/weights?at&dark                                 MemoryWeights (at counts kept steps with a state; moment=M snaps to the one before it)
//	GET run/{key}/memory/chart?of&bank&at&entry&number&dark              Chart        (of: size, reads, number, episodes)

// MemoryInfo is what the Memory screen knows before a moment is chosen.
type MemoryInfo struct {
	Key      string       `json:"key"`
	Title    string       `json:"title"` // of the notebook
	Arm      string       `json:"arm"`
	Case     string       `json:"case"`
	Seed     uint64       `json:"seed"`
	State    string       `json:"state"`
	Kind     string       `json:"kind"`    // of the memory, "" where the set-up chooses none
	Form     string       `json:"form"`    // what the memory is, in a sentence
	Reading  float64      `json:"reading"` // share of the record that is read; below 1 the rest of this message is not known yet
	Moments  int          `json:"moments"`
	Episodes int          `json:"episodes"` // that ended
	Banks    []MemoryBank `json:"banks"`    // the one with the most events first
	Marks    []MemoryMark `json:"marks"`    // episodes on the slider, joined where they are many
	Flaws    []MemoryFlaw `json:"flaws"`    // the first of them
	FlawsAll int          `json:"flaws_all"`
	States   int          `json:"states"` // kept steps that carry a state
	First    string       `json:"first"`  // where an earlier run of the notebook wrote first, "" where none is known
}

// MemoryBank is a bank of a run, as it stands at the newest moment.
type MemoryBank struct {
	Name    string   `json:"name"`
	Events  int      `json:"events"`
	Entries int      `json:"entries"`
	Tokens  int      `json:"tokens"`
	Numbers []string `json:"numbers"` // that its entries have
	Main    string   `json:"main"`    // the one that it is first looked at by
}

// MemoryMark is an episode on the slider: its memory events lie between two moments.
type MemoryMark struct {
	Episode int64 `json:"episode"`
	From    int   `json:"from"`
	To      int   `json:"to"`
}

// MemoryFlaw is an operation that contradicts the state before it.
type MemoryFlaw struct {
	Moment  int    `json:"moment"`
	Bank    string `json:"bank"`
	Entry   string `json:"entry"`
	Op      string `json:"op"`
	Episode int64  `json:"episode"`
	Step    int    `json:"step"`
	Text    string `json:"text"`
}

// MemoryPlace is a moment and where it lies: behind that step. Episode is -1 before the first event.
type MemoryPlace struct {
	Moment  int   `json:"moment"`
	Episode int64 `json:"episode"`
	Step    int   `json:"step"`
}

// MemoryPage is a part of a bank at a moment.
type MemoryPage struct {
	Bank       string            `json:"bank"`
	Place      MemoryPlace       `json:"place"`
	Against    *MemoryPlace      `json:"against"` // the earlier moment that it is compared with
	Entries    int               `json:"entries"` // that stand
	Tokens     int               `json:"tokens"`
	Total      int               `json:"total"` // that the filter chooses from: those that stand, and those deleted since the earlier moment
	Match      int               `json:"match"`
	Never      int               `json:"never"` // of those that match: never read
	Offset     int               `json:"offset"`
	Rows       []MemoryRow       `json:"rows"`
	Difference *MemoryDifference `json:"difference"`
	Groups     []MemoryGroup     `json:"groups"`
	Last       *MemoryEvent      `json:"last"` // the operation that led to this moment
}

// MemoryDifference counts what lies between two moments.
type MemoryDifference struct {
	Written  int `json:"written"`
	Changed  int `json:"changed"`
	Merged   int `json:"merged"`
	Deleted  int `json:"deleted"`
	Absorbed int `json:"absorbed"`
}

// MemoryGroup is a part of a bank, and the filter that shows it.
type MemoryGroup struct {
	Name   string `json:"name"`
	Filter string `json:"filter"`
	Count  int    `json:"count"`
	Tokens int    `json:"tokens"`
}

// MemoryRow is an entry at a moment.
type MemoryRow struct {
	ID      string               `json:"id"`
	Op      string               `json:"op"` // since the earlier moment: write, change, merge, delete, "" for nothing
	Type    string               `json:"type"`
	Text    string               `json:"text"`
	Cut     bool                 `json:"cut"` // the text goes on
	Tokens  int                  `json:"tokens"`
	Born    MemoryPlace          `json:"born"`
	Read    int                  `json:"read"` // times it was read and used
	Missed  int                  `json:"missed"`
	Helped  int                  `json:"helped"`
	Misled  int                  `json:"misled"`
	Numbers map[string]lab.Float `json:"numbers"`
	Since   map[string]lab.Float `json:"since"` // change of each number since the earlier moment
	Unsure  bool                 `json:"unsure"`
}

// MemoryLife is one entry with all that happened to it.
type MemoryLife struct {
	ID       string       `json:"id"`
	Bank     string       `json:"bank"`
	Stands   bool         `json:"stands"` // at the moment
	Life     int          `json:"life"`   // which of its lives this is, from 1
	Lives    int          `json:"lives"`
	Entry    lab.Entry    `json:"entry"` // as it stands, or stood last
	Row      MemoryRow    `json:"row"`
	Turns    []MemoryTurn `json:"turns"`
	Left     int          `json:"left"` // turns before the first one here
	Parents  []MemoryRow  `json:"parents"`
	Children []MemoryRow  `json:"children"`
	Absorbed []MemoryRow  `json:"absorbed"` // entries that were merged into it
	Into     *MemoryRow   `json:"into"`     // entry that it was merged into
	Episodes []MemoryUse  `json:"episodes"` // that used it, and what came of them
}

// MemoryTurn is one event in the life of an entry.
type MemoryTurn struct {
	Moment  int                  `json:"moment"` // before the event
	Op      string               `json:"op"`
	Episode int64                `json:"episode"`
	Step    int                  `json:"step"`
	Reason  string               `json:"reason"`
	Query   string               `json:"query"`
	Rank    int                  `json:"rank"` // of a read, 0 for none
	Used    bool                 `json:"used"`
	Why     string               `json:"why"` // why it was not used
	Score   lab.Float            `json:"score"`
	Parts   map[string]lab.Float `json:"parts"`
	Came    string               `json:"came"` // helped, misled, "" where the episode goes on
	Before  map[string]lab.Float `json:"before"`
	After   map[string]lab.Float `json:"after"`
	Text    string               `json:"text"` // after the event, where it changed
	Sources []string             `json:"sources"`
}

// MemoryUse is an episode that used an entry.
type MemoryUse struct {
	Episode int64     `json:"episode"`
	Reads   int       `json:"reads"`
	Prompts int       `json:"prompts"` // recorded prompts of it in which the entry stood
	Ended   bool      `json:"ended"`
	Success bool      `json:"success"`
	Return  lab.Float `json:"return"`
}

// MemoryEvent is an operation with its reason.
type MemoryEvent struct {
	Op      string `json:"op"`
	Entry   string `json:"entry"`
	Episode int64  `json:"episode"`
	Step    int    `json:"step"`
	Reason  string `json:"reason"`
	Query   string `json:"query"`
	Hits    int    `json:"hits"`
	Used    int    `json:"used"`
}

// MemoryAnswer is what a bank gives for a situation.
type MemoryAnswer struct {
	Text string      `json:"text"`
	By   string      `json:"by"`
	Note string      `json:"note"`
	Own  bool        `json:"own"` // the memory itself read
	Hits []lab.Hit   `json:"hits"`
	Rows []MemoryRow `json:"rows"` // beside Hits
}

// MemoryGraph is a part of a bank as nodes and lines in the unit square.
type MemoryGraph struct {
	Nodes []MemoryNode `json:"nodes"`
	Lines []MemoryLine `json:"lines"`
	Left  int          `json:"left"` // entries that are not shown
}

// MemoryNode is an entry in the graph.
type MemoryNode struct {
	ID   string  `json:"id"`
	Text string  `json:"text"`
	Type string  `json:"type"`
	Read int     `json:"read"`
	Gone bool    `json:"gone"`
	X    float64 `json:"x"`
	Y    float64 `json:"y"`
}

// MemoryLine joins two nodes by their places.
type MemoryLine struct {
	From   int    `json:"from"`
	To     int    `json:"to"`
	Kind   string `json:"kind"` // source, merge, together
	Weight int    `json:"weight"`
}

// MemoryMap is a bank in two dimensions.
type MemoryMap struct {
	Dots    []MemoryDot `json:"dots"`
	Grid    [][]int     `json:"grid"` // entries that are no dots, by rows; null where all are dots
	Dense   int         `json:"dense"`
	Number  string      `json:"number"` // that Dots carry
	Caption string      `json:"caption"`
}

// MemoryDot is an entry in the map.
type MemoryDot struct {
	ID    string    `json:"id"`
	Text  string    `json:"text"`
	X     float64   `json:"x"`
	Y     float64   `json:"y"`
	Read  int       `json:"read"`
	Value lab.Float `json:"value"`
}

// MemoryWeights is the state of an agent in the episode of a kept step.
type MemoryWeights struct {
	Place  MemoryPlace `json:"place"` // its moment counts kept steps
	First  int         `json:"first"` // kept step at which the episode begins
	Last   int         `json:"last"`
	Kept   int         `json:"kept"`
	Saw    string      `json:"saw"`
	Action string      `json:"action"`
	Values []lab.Float `json:"values"` // of the step
	Chart  Chart       `json:"chart"`
}
