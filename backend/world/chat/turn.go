package chat

// TurnKind is what a turn does.
type TurnKind string

// The kinds of turns.
const (
	KindNew        TurnKind = "new"
	KindAdd        TurnKind = "add"
	KindChange     TurnKind = "change"
	KindContradict TurnKind = "contradict"
	KindParaphrase TurnKind = "paraphrase"
	KindRemove     TurnKind = "remove"
	KindExpire     TurnKind = "expire"
	KindEvent      TurnKind = "event"
	KindChatter    TurnKind = "chatter"
)

// Turn is one turn of a dialogue. Persons speak of themselves by name.
type Turn struct {
	Session int // from 1
	Number  int // from 1, over all sessions
	Day     int // each turn has its own, rising
	Kind    TurnKind
	Speaker string
	Text    string // without its day, but for events
	Facts   []Fact // Extract(Text): none for chatter, else one; Day is 0 but for events
}

// Line is the turn with its day, as it is told and as a memory may keep it.
func (t *Turn) Line() string {
	if t.Kind == KindEvent {
		return t.Text
	}
	return dayed(t.Day, t.Text)
}

// QuestionKind is what a question takes.
type QuestionKind string

// The kinds of questions.
const (
	AskCurrent      QuestionKind = "current"      // a single value
	AskList         QuestionKind = "list"         // all values of a list
	AskMultiHop     QuestionKind = "multi-hop"    // the persona is named by another fact
	AskTemporal     QuestionKind = "temporal"     // since when, what before, which day, which first
	AskUnanswerable QuestionKind = "unanswerable" // nobody has told: gold is unknown
	AskLabel        QuestionKind = "label"        // of a sample
	AskGist         QuestionKind = "gist"         // the topic that a persona brings up most
)

// Question is one question with its answer.
type Question struct {
	Kind      QuestionKind
	Text      string
	Gold      []string // a set; ["unknown"] where nobody has told or the value has expired
	Evidence  []int    // numbers of the turns or chunks that tell it
	Persona   string   // whom it is about
	Attribute string   // and what
}

// Conversation is one dialogue with its questions.
type Conversation struct {
	Split     string
	Seed      uint64
	Personas  []string
	Turns     []Turn
	Questions []Question // asked behind the last turn

	w *World
}

// ChunkKind is what a chunk holds.
type ChunkKind string

// The kinds of chunks.
const (
	ChunkFacts   ChunkKind = "F"
	ChunkEvents  ChunkKind = "E"
	ChunkSamples ChunkKind = "L"
	ChunkNoise   ChunkKind = "N"
)

// Chunk is one piece of text, 12 to 24 words.
type Chunk struct {
	Number int // from 1
	Kind   ChunkKind
	Text   string
	Facts  []Fact // Extract(Text)
}

// Instance is a list of chunks with its questions.
type Instance struct {
	Split     string
	Seed      uint64
	Chunks    []Chunk
	Questions []Question
}
