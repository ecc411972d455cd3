package web

import "github.com/loci-lab/loci/backend/lab"

// The messages of the Episode screen. The comment of APIError's file lists the addresses of the rest. An episode of -1 is the newest one
// whose steps were kept.
//
//	GET run/{key}/inspect?episode=E                                       InspectEpisode (the bar of the whole episode)
//	GET run/{key}/inspect/steps?episode=E&around=T&limit=N                InspectWindow  (rows of the step list)
//	GET run/{key}/inspect/step?episode=E&t=T                              InspectStep    (everything that is known of one step)
//	GET run/{key}/inspect/next?episode=E&t=T&by=1|-1&event=K              InspectNext    (K: read, write, error, reward, "" for any)
//	GET run/{key}/inspect/search?episode=E&q=TEXT&from=T&limit=N          InspectFound   (over all steps of the episode)
//	GET run/{key}/inspect/align?episode=E&other=KEY&other-episode=F       InspectAlign
//	GET run/{key}/inspect/entries?bank=B&at=MOMENT&ids=A,B,C              []EntryNote    (what a reading named, at its moment)
//	GET run/{key}/inspect/episodes?split=S&outcome=O&order=R&seed=N&...   InspectList    (for choosing)

// InspectEpisode is an episode as a whole: what it came to, and its lanes.
type InspectEpisode struct {
	Key      string      `json:"key"`
	Arm      string      `json:"arm"`
	Case     string      `json:"case"`
	Seed     uint64      `json:"seed"` // of the run
	Paper    string      `json:"paper"`
	Notebook string      `json:"notebook"`
	Title    string      `json:"title"`
	Episode  lab.Episode `json:"episode"` // ID -1: none was kept yet
	Ended    bool        `json:"ended"`   // its Episode event was written
	Steps    int         `json:"steps"`   // kept
	After    int         `json:"after"`   // memory operations behind the last step; they count with it
	Lanes    Lanes       `json:"lanes"`
	Damage   string      `json:"damage"` // why the record ends early, "" when it is whole
}

// Lanes are the bar of an episode: one column a step, or several steps a column where there are more than 2,000. Every column keeps the
// extremes and the counts of its steps, so that no single event is lost.
type Lanes struct {
	Per      int         `json:"per"`       // steps in a column; the last one may hold fewer
	RewardLo []lab.Float `json:"reward_lo"` // "NaN": no step of the column was kept
	RewardHi []lab.Float `json:"reward_hi"`
	Context  []int       `json:"context"` // largest context, -1 where none was kept
	Limit    []int       `json:"limit"`   // of that context, 0 for none
	Dropped  []int       `json:"dropped"` // most that a context of the column left out
	Reads    []int       `json:"reads"`
	Writes   []int       `json:"writes"`
	Changes  []int       `json:"changes"` // merges among them
	Deletes  []int       `json:"deletes"`
	Errors   []int       `json:"errors"`
	Turns    []int       `json:"turns"`    // steps whose reward is unlike that of the step before
	Sentence string      `json:"sentence"` // what the bar shows, in words
}

// InspectRow is one step in the list.
type InspectRow struct {
	T       int        `json:"t"`
	Action  string     `json:"action"` // beginning
	Saw     string     `json:"saw"`    // beginning
	Reward  lab.Float  `json:"reward"`
	Done    bool       `json:"done"`
	Kept    bool       `json:"kept"` // false: no step of this number is in the record
	Broken  bool       `json:"broken"`
	Error   bool       `json:"error"`
	Tokens  int        `json:"tokens"` // of the context, -1 where none was kept
	Limit   int        `json:"limit"`
	Dropped int        `json:"dropped"`
	Reads   int        `json:"reads"`
	Writes  int        `json:"writes"`
	Changes int        `json:"changes"`
	Deletes int        `json:"deletes"`
	Scene   *lab.Scene `json:"scene"`
}

// InspectWindow is a range of the step list.
type InspectWindow struct {
	From int          `json:"from"`
	Rows []InspectRow `json:"rows"`
}

// InspectStep is everything that is known of one step.
type InspectStep struct {
	T       int           `json:"t"`
	Step    *lab.Step     `json:"step"`    // nil when it was not kept or cannot be read
	Context *lab.Context  `json:"context"` // nil when it was not kept
	Before  *lab.Context  `json:"before"`  // of the last step before that kept one
	BeforeT int           `json:"before_t"`
	Reply   string        `json:"reply"`   // what the world said next, "" at the end
	Replied bool          `json:"replied"` // there is a next step
	Memory  []InspectOp   `json:"memory"`
	Moment  int64         `json:"moment"` // memory events of the run before this step was taken
	Broken  []BrokenEvent `json:"broken"`
}

// InspectOp is an operation on a memory at a step. Embeddings are left out: the page has no use for them.
type InspectOp struct {
	Op     lab.Memory `json:"op"`
	Moment int64      `json:"moment"` // memory events of the run up to and with this one
	After  bool       `json:"after"`  // behind the last step of the episode
	Sums   bool       `json:"sums"`   // the terms among the parts add up to the score
	Gate   string     `json:"gate"`   // how many candidates were kept out and why, in words
	WhatIf []WhatIf   `json:"what_if"`
}

// WhatIf says what a reading would have chosen with other weights, where the record holds all that is needed to know.
type WhatIf struct {
	Name string   `json:"name"` // with value at weight 0
	Used []string `json:"used"` // entries, best first
	In   []string `json:"in"`   // of those, not used then
	Out  []string `json:"out"`  // used then and not now
}

// EntryNote is what the page says of an entry beside its place in a reading.
type EntryNote struct {
	ID     string `json:"id"`
	Text   string `json:"text"`
	Type   string `json:"type"`
	Born   int64  `json:"born"` // episode in which it was written
	BornT  int    `json:"born_t"`
	Read   int    `json:"read"`   // times it was used before the moment
	Missed int    `json:"missed"` // times it was considered and not used
	Helped int    `json:"helped"` // of Read: in episodes that succeeded
	Misled int    `json:"misled"` // of Read: in episodes that failed
	Gone   bool   `json:"gone"`   // the bank does not hold it at the moment
}

// BrokenEvent is an event that cannot be read, as it stands in the record.
type BrokenEvent struct {
	Seq  int64  `json:"seq"`
	Kind string `json:"kind"`
	Raw  string `json:"raw"`
	Msg  string `json:"msg"`
}

// InspectNext is the next step of interest; T is -1 where there is none.
type InspectNext struct {
	T int `json:"t"`
}

// InspectFound are places where a text stands.
type InspectFound struct {
	Total int            `json:"total"` // steps in which it stands
	Steps int            `json:"steps"` // steps that were searched
	Hits  []InspectMatch `json:"hits"`
	More  bool           `json:"more"` // further steps hold it: ask again from the last one plus 1
}

// InspectMatch is the first place of a text in one step.
type InspectMatch struct {
	T      int    `json:"t"`
	Where  string `json:"where"` // saw, action, or the name of a block
	Before string `json:"before"`
	Hit    string `json:"hit"`
	After  string `json:"after"`
}

// InspectAlign compares two episodes step by step.
type InspectAlign struct {
	Other     InspectEpisode `json:"other"`      // without lanes
	SameWorld bool           `json:"same_world"` // same world, split and seed: a difference is the agent's doing
	Compared  string         `json:"compared"`   // what is compared, in words
	First     FirstDiff      `json:"first"`
	Differ    []int          `json:"differ"` // steps that differ in each column of the first episode's lanes
	Sentence  string         `json:"sentence"`
}

// FirstDiff are the first steps at which two episodes differ, -1 for never.
type FirstDiff struct {
	Any     int `json:"any"`
	Saw     int `json:"saw"`
	Action  int `json:"action"`
	Context int `json:"context"` // what the model was given
	Reward  int `json:"reward"`
}

// InspectList is a page of episodes for choosing.
type InspectList struct {
	Total    int           `json:"total"` // that fit the filter
	Kept     int           `json:"kept"`  // of the run, with steps
	All      int           `json:"all"`   // of the run
	Splits   []SplitCount  `json:"splits"`
	Episodes []lab.Episode `json:"episodes"`
}

// SplitCount says how many kept episodes a split has.
type SplitCount struct {
	Name   string `json:"name"`
	Kept   int    `json:"kept"`
	Solved int    `json:"solved"`
}
