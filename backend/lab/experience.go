package lab

// The kinds of experiences.
const (
	ToldTurn = "turn" // something was said
	OneStep  = "step" // something was done, and what came of it
	OneTask  = "task" // a whole task, from what was asked to how it ended
)

// Experience is something that a world offers to an agent's memory: what a later query is compared with, and what is worth reading again.
// Texts are made of the world's own words.
type Experience struct {
	Kind   string `json:"kind"` // ToldTurn, OneStep or OneTask
	Key    string `json:"key"`  // what later queries look like: the sentence of the task, the observation, the turn itself
	Text   string `json:"text"` // what to keep
	Who    string `json:"who,omitempty"`
	When   int64  `json:"when"`             // the world's own clock; later is larger
	Source string `json:"source,omitempty"` // where it stands in the world's data, for example the id of a turn
	// Scored says that Reward and Success mean something: the task ended, or the world judged the step.
	Scored  bool     `json:"scored,omitempty"`
	Reward  Float    `json:"reward,omitempty"`
	Success bool     `json:"success,omitempty"`
	Labels  []string `json:"labels,omitempty"` // what kind of thing this is, in the world's terms; no memory may use what an agent cannot know
}
