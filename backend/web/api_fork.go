package web

import "github.com/loci-lab/loci/backend/lab"

// The messages of forks. Steps are counted from 0 on the wire.
//
//	GET  run/{key}/fork?episode=E&step=T            ForkPlace  (what may be done there, and the forks of the run)
//	POST run/{key}/fork               ForkAsk       ForkView   (begins it, or returns the one that is there)
//	GET  fork/{key}                                 ForkView
//	GET  fork/{key}/chart?dark=0|1                  Chart      (the pairs)
//	POST fork/{key}/stop                            ForkView

// ForkPlace is what may be done at a step of an episode.
type ForkPlace struct {
	Can     []string    `json:"can"`     // drop, edit, act; none where why says so
	Why     string      `json:"why"`     // why nothing can be done
	Look    bool        `json:"look"`    // one look is offered: the model answers the same way each time
	Replays int         `json:"replays"` // paired replays that are offered
	Cost    string      `json:"cost"`    // of the replays: "about 40 s", "about $0.12"
	Entries []ForkEntry `json:"entries"` // that the agent had before it there
	Action  string      `json:"action"`  // what it did
	Forks   []ForkView  `json:"forks"`   // of the run, newest first
}

// ForkEntry is an entry that may be dropped or rewritten.
type ForkEntry struct {
	Bank string `json:"bank"`
	ID   string `json:"id"`
	Text string `json:"text"`
}

// ForkAsk asks for a fork.
type ForkAsk struct {
	Episode int64        `json:"episode"`
	Step    int          `json:"step"`
	Changes []lab.Change `json:"changes"`
	Replays int          `json:"replays"`
	Whole   bool         `json:"whole"` // to the end of the run
}

// ForkView is a fork as it stands.
type ForkView struct {
	Key      string       `json:"key"` // of its run
	Title    string       `json:"title"`
	Words    string       `json:"words"` // what is changed
	Parent   string       `json:"parent"`
	Episode  int64        `json:"episode"`
	Step     int          `json:"step"`
	Changes  []lab.Change `json:"changes"`
	Whole    bool         `json:"whole"`
	State    string       `json:"state"` // queued, running, done, failed, cancelled
	Phase    string       `json:"phase"`
	Done     int64        `json:"done"`
	Total    int64        `json:"total"` // 0 where it is not known
	Left     string       `json:"left"`  // "3 to 5 s left", "" where it is not known
	Error    *APIError    `json:"error"`
	Outcome  *ForkOutcome `json:"outcome"` // of the one look
	Effect   *ForkEffect  `json:"effect"`  // of the pairs
	Sentence string       `json:"sentence"`
	MadeMS   int64        `json:"made_ms"`
}

// ForkOutcome is the episode as it was, and as the fork made it.
type ForkOutcome struct {
	WasReturn  lab.Float `json:"was_return"`
	WasSuccess bool      `json:"was_success"`
	WasSteps   int       `json:"was_steps"`
	Return     lab.Float `json:"return"`
	Success    bool      `json:"success"`
	Steps      int       `json:"steps"`
	First      int       `json:"first"` // first step that differs, -1 for none
}

// ForkEffect is changed less unchanged over the pairs, with 95 % Student t intervals and the exact two-sided sign-flip p.
type ForkEffect struct {
	Pairs       int       `json:"pairs"`
	Return      lab.Float `json:"return"`
	ReturnLow   lab.Float `json:"return_low"`
	ReturnHigh  lab.Float `json:"return_high"`
	ReturnP     lab.Float `json:"return_p"`
	Success     lab.Float `json:"success"`
	SuccessLow  lab.Float `json:"success_low"`
	SuccessHigh lab.Float `json:"success_high"`
	SuccessP    lab.Float `json:"success_p"`
	Same        bool      `json:"same"` // all pairs are the same: nothing depends on chance
}
