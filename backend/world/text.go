package world

import "github.com/loci-lab/loci/backend/lab"

// TextSpec is the shape of a text world.
type TextSpec struct {
	Name string // as in a notebook
	// Words are all words that observations and actions are made of, in a fixed order: the vocabulary of the world's tokenizer. A world of
	// real texts has none: its vocabulary is open, and only models that bring their own tokenizer can be asked there.
	Words   []string
	Horizon int // turns after which an episode ends at the latest
}

// Text is a text world: it makes episodes from seeds without end. Training and test episodes come from splits that share no item.
type Text interface {
	Spec() TextSpec
	// Splits names the kinds of episodes, "train" first.
	Splits() []string
	// Start returns the episode of that seed in that split. Equal seeds give equal episodes, byte for byte.
	Start(split string, seed uint64) (Dialogue, error)
	// Reference returns one of References for this world; seed feeds the chance of those that use some.
	Reference(name string, seed uint64) (Speaker, error)
}

// Dialogue is one episode. It is used once and has no reset.
type Dialogue interface {
	// Read is what the agent is told at this turn: words of Spec, separated by single blanks or line ends.
	Read() string
	// Act answers the turn and says what came of it. An answer that cannot be understood is an outcome, not an error.
	Act(answer string) Outcome
	// Info sums the episode up; it is complete once an Outcome was Done.
	Info() Info
	// Scene draws the episode as it stands, with what a person needs to know to judge the next answer.
	Scene() lab.Scene
}

// Outcome is what came of one answer.
type Outcome struct {
	Reward float64
	Done   bool
	Note   string // what was wrong with the answer, in words; "" when it was understood
}

// Speaker is a reference: it answers turns and may look inside the dialogue that it was made for.
type Speaker interface {
	Answer(d Dialogue) string
}
