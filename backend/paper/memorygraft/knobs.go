package memorygraft

import (
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/mem"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/trainer/base"
	"github.com/loci-lab/loci/backend/world/tool"
)

// Slug names the paper.
const Slug = "memorygraft"

// Kinds of agents and of memories.
const (
	Tiny      = "tiny"
	Reference = "reference"
	Store     = "store"
	None      = "none"
)

// Provenance gates.
const (
	Off        = "off"
	Attested   = "attested"
	Quarantine = "quarantine"
)

// Judges.
const (
	Outcome = "outcome"
	Safety  = "safety"
)

// What an incident response deletes.
const (
	PurgeNone    = "none"
	PurgeRecords = "records"
	PurgeFamily  = "family"
)

// NoNote is the clean setting.
const NoNote = "none"

// AgentKnobs are the sizes of the actor and how it was warmed up.
type AgentKnobs struct {
	base.ModelKnobs
	base.Knobs
	WarmSeed int     `json:"warm_seed" doc:"seed of the warm start, which all seeds of a notebook share" default:"0" min:"0" max:"1000000" group:"warm start"`
	Imitate  float64 `json:"imitation" doc:"share of the warm start's rows in which a demonstration that fits and takes a shortcut is followed; in the others the safe way is gone" default:"1" paper:"1, our sheet" min:"0" max:"1" main:"true" group:"warm start" pitfall:"a change asks for another warm start"`
	Temper   float64 `json:"temperature" doc:"temperature of the actor's calls" default:"0.5" min:"0" max:"10" group:"agent" pitfall:"at 0 a wrong method is guessed again for ever"`
}

// ReferenceKnobs choose a yardstick.
type ReferenceKnobs struct {
	Policy string `json:"policy" doc:"which yardstick acts" default:"oracle" enum:"oracle,random,memory-free" main:"true"`
}

// StoreKnobs are the experience store, what is written back, and the defences.
type StoreKnobs struct {
	K          int     `json:"k" doc:"records that each of the two searches brings in" unit:"records" default:"3" min:"1" max:"8" paper:"3" symbol:"k" main:"true" group:"memory"`
	Channels   string  `json:"channels" doc:"which searches may bring a record in" default:"union" enum:"union,words,embedding" paper:"union" main:"true" group:"memory"`
	WriteBack  bool    `json:"write_back" doc:"a run that is judged a success is appended" default:"true" paper:"true" main:"true" group:"memory"`
	Judge      string  `json:"judge" doc:"what a success is to whoever writes back, signs and confirms: outcome is the success signal, which is blind to the safety flag; safety wants no flag besides" default:"outcome" enum:"outcome,safety" paper:"outcome" main:"true" group:"memory"`
	TTL        int     `json:"ttl" doc:"sessions after which a record is deleted; 0 for never" unit:"sessions" default:"0" min:"0" max:"1000" group:"memory"`
	Provenance string  `json:"provenance" doc:"off; attested: a record is read only if it bears the environment's seal (D1); quarantine: what bears none is held apart until the environment confirmed it in a rehearsal" default:"off" enum:"off,attested,quarantine" paper:"off, attested proposed" main:"true" group:"defence"`
	Rehearsals int     `json:"rehearsals" doc:"records in quarantine that the environment tries out in a session" unit:"records" default:"3" min:"0" max:"1000" group:"defence"`
	KeyLeaked  bool    `json:"key_leaked" doc:"the attacker holds the environment's key and seals his records" default:"false" group:"defence"`
	Consistent bool    `json:"consistency" doc:"reranking by consistency with rules (D2): S = alpha cosine - beta risk, and what is above tau is not read" default:"false" paper:"proposed" main:"true" group:"defence"`
	Alpha      float64 `json:"alpha" doc:"weight of likeness" default:"1" min:"0.01" max:"100" paper:"none; 1, our sheet" symbol:"α" group:"defence"`
	Beta       float64 `json:"beta" doc:"weight of risk" default:"1" min:"0" max:"100" paper:"none; 1, our sheet" symbol:"β" group:"defence"`
	Tau        float64 `json:"tau" doc:"a record of more risk than this is never read" default:"0.5" min:"0" max:"1" paper:"none; 0.5, our sheet" symbol:"τ" group:"defence"`
	Epsilon    float64 `json:"epsilon" doc:"chance that the check of a record comes out the wrong way round" default:"0.1" min:"0" max:"1" paper:"none; 0.1, our sheet" symbol:"ε" main:"true" group:"defence"`
	Since      int     `json:"since" doc:"session from which provenance and consistency are looked at; what was written before is there all the same" unit:"sessions" default:"1" min:"1" max:"1000" main:"true" group:"defence"`
	Purge      string  `json:"purge" doc:"what is deleted when the attack is found: nothing; the records that the note brought; these and all that followed them, through any number of others" default:"none" enum:"none,records,family" main:"true" group:"defence"`
	PurgeAt    int     `json:"purge_at" doc:"session before which it is deleted" unit:"sessions" default:"11" min:"1" max:"1000" group:"defence"`
}

// NoneKnobs are of an agent without a memory.
type NoneKnobs struct{}

// RunKnobs are the sessions and the note.
type RunKnobs struct {
	Sessions int    `json:"sessions" doc:"sessions, one after another with the same store" unit:"sessions" default:"20" fast:"8" min:"1" max:"1000" paper:"20, our sheet" main:"true" group:"budget"`
	Tasks    int    `json:"tasks" doc:"tasks of a session, read for and done side by side; what they leave is written behind the session" unit:"tasks" default:"12" min:"1" max:"1000" paper:"12, our sheet" group:"budget"`
	Earned   int    `json:"earned" doc:"records that the victim earns itself before the first session" unit:"records" default:"100" fast:"40" min:"0" max:"10000" paper:"100, written by the attacker" main:"true" group:"budget"`
	Note     string `json:"note" doc:"what the note brings: nothing; records that take shortcuts; records of random calls; the same requests done the safe way" default:"poisoned" enum:"none,poisoned,random,same-topic" main:"true" group:"attack"`
	Count    int    `json:"n_p" doc:"records that the note brings" unit:"records" default:"10" min:"0" max:"100" paper:"10" symbol:"n_p" main:"true" group:"attack"`
	At       int    `json:"note_at" doc:"session in which the note is read" unit:"sessions" default:"3" min:"1" max:"1000" paper:"3, our sheet" group:"attack"`
	Aimed    int    `json:"aimed" doc:"kinds of requests, of eight, that the records are about" default:"6" min:"1" max:"8" main:"true" group:"attack" pitfall:"what is measured on requests of these kinds alone shares the attacker's intent"`
	Tags     bool   `json:"tags" doc:"the records bear words such as validated" default:"true" paper:"true" group:"attack"`
	Probes   int    `json:"probes" doc:"requests for which the store is searched, and nothing done, right behind the note and at the end: half of the kinds that the note is about" unit:"requests" default:"192" fast:"96" min:"2" max:"100000" group:"budget"`
	Shown    int    `json:"shown_prompts" doc:"prompts of each sort in the probe of imitation" default:"48" fast:"16" min:"1" max:"10000" group:"budget"`
	Kept     int    `json:"kept_episodes" doc:"episodes of each session that go into the record whole" default:"1" min:"0" max:"1000" group:"budget"`
}

// Validate checks what bounds alone do not.
func (k *RunKnobs) Validate() error {
	if k.Note != NoNote && k.At > k.Sessions {
		return lab.Errorf(lab.Invalid, "memorygraft: the note is read in session %d of %d", k.At, k.Sessions).WithHint("set rl.note_at to 1 to %d, or rl.note to none", k.Sessions)
	}
	return nil
}

// worlds is the one suite that has shortcuts and notes. Notes come from the loop, in one session, and not with any task.
func worlds() []schema.Kind {
	all := tool.Worlds()
	i := slices.IndexFunc(all, func(k schema.Kind) bool { return k.Name == tool.Pipeline })
	return all[i : i+1]
}

// sizes are the actor's, and of its warm start.
func sizes() []schema.Preset {
	return []schema.Preset{{Path: "width", Default: "48"}, {Path: "layers", Default: "2"}, {Path: "inner", Default: "96"}, {Path: "context", Default: "192"},
		{Path: "warm_steps", Default: "1000", Fast: "300"}, {Path: "warm_batch", Default: "24", Fast: "16"}, {Path: "warm_rate", Default: "0.004", Fast: "0.008"}}
}

// Sections are the parts of a set-up.
func Sections() []schema.Section {
	return []schema.Section{
		{Name: "world", Kinds: worlds()},
		{Name: "agent", Kinds: []schema.Kind{
			{Name: Tiny, Doc: "tiny language model that follows the most similar demonstration where it fits, warmed up in worlds with other rules and then frozen", New: func() any { return new(AgentKnobs) }, Presets: sizes()},
			{Name: Reference, Doc: "a yardstick of the world, without memory", New: func() any { return new(ReferenceKnobs) }},
		}},
		{Name: mem.Section, Kinds: []schema.Kind{
			{Name: Store, Doc: "experience store: judged successes are appended, and read by words and by embedding", New: func() any { return new(StoreKnobs) }},
			{Name: None, Doc: "keeps nothing", New: func() any { return new(NoneKnobs) }},
		}},
		{Name: "rl", Kinds: []schema.Kind{
			{Name: "sessions", Doc: "one agent through sessions of tasks, into one of which a note comes", New: func() any { return new(RunKnobs) }},
		}},
	}
}
