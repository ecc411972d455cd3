package web

import "github.com/loci-lab/loci/backend/lab"

// The messages of the lesson view of a notebook: predict, run, compare, see why. The comment of APIError's file lists the addresses of
// the rest.
//
//	GET  lesson?path=P                     Lesson        (begins to prepare what its runs share)
//	POST lesson/start?path=P               LessonStart   (two arms, two seeds, budget fast)
//	GET  lesson/result?path=P              LessonResult
//	GET  lesson/why?path=P                 LessonWhy     (a step at which a wrong entry was read)

// Lesson is one question with two answers, and what would be run to find out.
type Lesson struct {
	Question string         `json:"question"` // Which arm will solve more?
	Metric   lab.MetricSpec `json:"metric"`   // what decides
	Arms     []LessonArm    `json:"arms"`     // two
	Means    string         `json:"means"`    // what the knobs mean in which the arms differ
	Chart    string         `json:"chart"`    // cell with the metric over time, "" where there is none
	Recorded string         `json:"recorded"` // where and when the results that are drawn before were made, "" without any
	Shown    string         `json:"shown"`    // budget of those results
	From     string         `json:"from"`     // notebook that they were made with
	Seeds    int            `json:"seeds"`
	Seconds  float64        `json:"seconds"` // that the runs will take, 0 when nothing is known
	Ready    bool           `json:"ready"`   // what the runs share is made; else the first episode waits for it
	Knobs    []string       `json:"knobs"`   // the paper's own: memory.lambda
	Paper    string         `json:"paper"`
	Done     bool           `json:"done"` // the runs were made here already
}

// LessonArm is one of the two answers.
type LessonArm struct {
	Name string `json:"name"`
	Says string `json:"says"` // its values of what the arms change
}

// LessonStart says what was begun, and where: a slow computer gets a copy of the notebook with smaller sizes.
type LessonStart struct {
	Path    string `json:"path"`
	Job     *Job   `json:"job"` // nil when nothing was missing
	Smaller string `json:"smaller"`
}

// LessonResult is what the runs say, against which a guess is held.
type LessonResult struct {
	Done     bool        `json:"done"` // all runs are over
	Arms     []LessonEnd `json:"arms"`
	Winner   string      `json:"winner"`   // "" for a tie, or before the end
	Sentence string      `json:"sentence"` // value solved 0.23 of the tasks, similarity 0.15
	Caution  string      `json:"caution"`  // 2 seeds: a hint, not proof
}

// LessonEnd is where one arm ended.
type LessonEnd struct {
	Arm    string      `json:"arm"`
	Values []lab.Float `json:"values"` // one a seed
	Mean   lab.Float   `json:"mean"`
	Keys   []string    `json:"keys"` // of its runs
}

// LessonWhy is a step at which an episode that failed had read an entry that helps nobody.
type LessonWhy struct {
	Key      string `json:"key"`
	Arm      string `json:"arm"`
	Seed     uint64 `json:"seed"`
	Episode  int64  `json:"episode"`
	Step     int    `json:"step"`
	Entry    string `json:"entry"`
	Text     string `json:"text"` // of the entry as it was read
	Sentence string `json:"sentence"`
}
