package memoryr1

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world/chat"
)

// Slug names the paper.
const Slug = "memory-r1"

// Kinds of agents.
const (
	Tiny      = "tiny"
	Reference = "reference"
)

// Own is the kind of memory that the paper brings.
const Own = Slug

// Who decides what becomes of the bank.
const (
	Learned       = "learned"
	OracleManager = "oracle"
	DeleteThenAdd = "delete-then-add"
	AddAll        = "add-all"
	RandomManager = "random"
	NoManager     = "none"
)

// answerRate is the learning rate of the second stage.
func (k *RLKnobs) answerRate() float64 {
	if k.AnswerRate == 0 {
		return k.Rate
	}
	return k.AnswerRate
}

// Sections are the parts of a set-up.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: worlds()},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: Tiny, Doc: "tiny language model in two copies, the manager and the answer agent, warmed up on traces of both roles", New: func() any { return new(AgentKnobs) }},
			{Name: Reference, Doc: "a yardstick of the world, without memory of ours and without learning", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: mem.Section, Kinds: append([]schema.Kind{
			{Name: Own, Doc: "a bank of facts that a manager writes, changes and deletes", New: func() any { return new(MemoryKnobs) }},
		}, mem.Kinds()...)},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "two-stage", Doc: "first the manager, then the answer agent, each by the rewards of answers alone", New: func() any { return new(RLKnobs) }, Presets: presets()},
		}},
	}
}

// presets are the numbers of group-relative policy optimisation that differ here from those of other papers.
func presets() []schema.Preset {
	return []schema.Preset{
		{Path: "updates", Default: "90", Fast: "10"},
		{Path: "questions", Default: "48", Fast: "12"},
		{Path: "group", Default: "8", Fast: "4"},
	}
}

// worlds is ChatWorld as the paper takes it: questions for current values and lists, a reader that trusts the newest entry alone.
func worlds() []schema.Kind {
	kinds := chat.Worlds()
	for i := range kinds {
		kinds[i].Presets = []schema.Preset{{Path: "trust", Default: "1"}, {Path: "offer", Default: chat.OfferFacts},
			{Path: "current", Default: "0.5"}, {Path: "list", Default: "0.5"}, {Path: "multi_hop", Default: "0"}, {Path: "temporal", Default: "0"}, {Path: "unanswerable", Default: "0"}}
	}
	return kinds
}

// Readers that answer questions while the manager learns.
const (
	RuleReader  = "rule"
	ModelReader = "model"
)

// Algorithms of the second stage.
const (
	GRPO = "grpo"
	PPO  = "ppo"
)

// Orders in which an answer agent reads entries.
const (
	BestLast = "best-last" // the one that fits best next to the question
	Written  = "written"   // as they were written, the newest last
)

// Rewards of one question.
const (
	Exact   = "em"
	Overlap = "f1"
)

// mostSlots bounds the entries that a manager or an answer agent sees: their places are words of the tokenizer.
const mostSlots = 24

// AgentKnobs are the sizes of the model and what it was warmed up on. Both roles begin from the same warm start.
type AgentKnobs struct {
	base.ModelKnobs
	Steps     int     `json:"warm_steps" doc:"supervised steps that make the warm start" unit:"steps" default:"6000" fast:"400" min:"0" max:"10000000" main:"true" group:"warm start" pitfall:"too few, and the operation that learning is to discover is never sampled: read merge_groups"`
	Batch     int     `json:"warm_batch" doc:"fresh traces of each supervised step" default:"32" min:"1" max:"65536" group:"warm start"`
	WarmRate  float64 `json:"warm_rate" doc:"highest learning rate of the warm start" default:"0.002" min:"0.000001" max:"1" group:"warm start"`
	Habit     float64 `json:"habit" doc:"share of the manager's traces that delete and then add, as a prompted manager does where facts look alike" default:"0.5" min:"0" max:"1" main:"true" group:"warm start"`
	Noise     float64 `json:"noise" doc:"share of the manager's traces with a random operation; the rest does what the oracle does" default:"0.1" min:"0" max:"1" group:"warm start"`
	Distract  float64 `json:"distracted" doc:"share of the answer agent's traces that answer from the newest entry about the attribute asked, whoever's it is" default:"0.6" min:"0" max:"1" main:"true" group:"warm start"`
	WrongPick float64 `json:"wrong_pick" doc:"share of the answer agent's traces that select any entry and answer from it" default:"0.1" min:"0" max:"1" group:"warm start"`
	Answers   float64 `json:"answers" doc:"share of traces that are the answer agent's" default:"0.5" min:"0" max:"1" group:"warm start"`
	Order     string  `json:"order" doc:"order in which the answer agent reads entries: the one that fits best last, or the newest last" default:"best-last" enum:"best-last,written" group:"warm start"`
	WarmSeed  int     `json:"warm_seed" doc:"seed of the warm start, which all seeds of a notebook share" default:"0" min:"0" max:"1000000" group:"warm start"`
}

// Validate checks what bounds alone do not.
func (k *AgentKnobs) Validate() error {
	if err := k.ModelKnobs.Validate(); err != nil {
		return err
	}
	if k.Habit+k.Noise > 1 {
		return lab.Errorf(lab.Invalid, "%s: habit %v and noise %v come to more than 1", Slug, k.Habit, k.Noise).
			WithHint("set agent.habit and agent.noise so that their sum is at most 1")
	}
	return nil
}

// warm is the learning of the warm start.
func (k *AgentKnobs) warm() base.Knobs {
	return base.Knobs{Steps: k.Steps, Batch: k.Batch, Rate: k.WarmRate}
}

// ReferenceKnobs choose a yardstick.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick answers" default:"oracle" enum:"oracle,random,memory-free,full-memory" main:"true"`
}

// MemoryKnobs are the bank and who manages it.
type MemoryKnobs struct {
	Manager  string `json:"manager" doc:"who decides about the bank: the model, or a rule; none keeps nothing" default:"learned" enum:"learned,oracle,delete-then-add,add-all,random,none" main:"true" group:"memory"`
	Capacity int    `json:"capacity" doc:"most entries; behind it the one goes that was touched longest ago" default:"10" min:"1" max:"1000" main:"true" group:"memory" pitfall:"a bank that never overflows makes adding everything the best policy"`
	Shown    int    `json:"shown" doc:"related entries that the manager sees, by words in common" default:"4" min:"0" max:"24" group:"memory"`
}

// RLKnobs are the two stages of learning.
type RLKnobs struct {
	rl.GRPOKnobs
	AnswerUpdates   int     `json:"answer_updates" doc:"updates of the answer agent, the manager frozen; 0 leaves the warm start as it is" default:"40" fast:"6" min:"0" max:"1000000" main:"true" group:"budget"`
	AnswerQuestions int     `json:"answer_questions" doc:"questions of each update of the answer agent" default:"24" fast:"6" min:"1" max:"4096" group:"budget"`
	AnswerRate      float64 `json:"answer_rate" doc:"learning rate of the answer agent; 0 is that of the manager" default:"0" min:"0" max:"1" group:"learning"`
	Algorithm       string  `json:"algorithm" doc:"how the answer agent learns: groups without a critic, or a critic" default:"grpo" enum:"grpo,ppo" main:"true" group:"learning"`
	Critic          float64 `json:"critic" doc:"weight of the critic's loss, for algorithm ppo" default:"0.5" min:"0" max:"10" group:"learning"`
	Reader          string  `json:"reader" doc:"who answers while the manager learns: the rule that trusts the newest entry, or the frozen answer agent" default:"rule" enum:"rule,model" main:"true" group:"learning"`
	Reward          string  `json:"reward" doc:"reward of a question: exact match, or the F1 of its words" default:"em" enum:"em,f1" main:"true" group:"learning"`
	Linked          float64 `json:"linked" doc:"weight of the question that belongs to the turn; the rest goes to all other facts known so far" default:"0.5" min:"0" max:"1" group:"learning" pitfall:"at 1 a decision that drops other facts costs nothing"`
	OnPolicy        bool    `json:"own_banks" doc:"decisions are met in banks that the policy made itself; else in the oracle's, with wrong operations among them" default:"true" group:"learning"`
	WrongBanks      float64 `json:"wrong_banks" doc:"share of wrong operations in the oracle's banks" default:"0.15" min:"0" max:"1" group:"learning"`
	Candidates      int     `json:"candidates" doc:"entries that the answer agent sees, by words in common with the question" symbol:"K" default:"12" min:"1" max:"24" main:"true" group:"memory"`
	Distractors     int     `json:"distractors" doc:"entries of other conversations among those that it sees at least, as far as the number of candidates goes" default:"8" min:"0" max:"24" group:"memory"`
	Select          bool    `json:"select" doc:"the answer agent names the entries that it uses before it answers" default:"true" main:"true" group:"memory"`
	Pool            int     `json:"pool" doc:"conversations whose banks the frozen manager writes for the second stage" default:"160" fast:"16" min:"1" max:"1000000" group:"budget"`
	Extra           bool    `json:"more_supervised" doc:"spend the updates of both roles on more supervised steps instead of reinforcement: the control" default:"false" group:"learning"`
	Evaluations     int     `json:"evaluations" doc:"evaluations during each stage, evenly spread, the last at its end" default:"6" fast:"2" min:"1" max:"1000" group:"budget"`
	EvalTalks       int     `json:"eval_conversations" doc:"conversations of each evaluation during training" default:"40" fast:"12" min:"1" max:"100000" group:"budget"`
	TestTalks       int     `json:"test_conversations" doc:"conversations of each test, before and after each stage" default:"120" fast:"24" min:"1" max:"100000" group:"budget"`
}
