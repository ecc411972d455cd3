package web

import "github.com/loci-lab/loci/backend/target"

// All paths lie under /api/.
//
//	GET  targets                                   TargetsPage
//	POST target                  TargetChange      TargetsPage   (adds, or replaces one of that name)
//	POST target/{name}/remove                      TargetRow     (what was removed, so that it can be put back)
//	POST target/{name}/test                        TargetTest    (begins; read its steps as they come)
//	GET  target/{name}/test                        TargetTest
//	POST target/{name}/start                       TargetTest    (of a service that Loci starts: begins, read as a test)
//	POST target/{name}/stop      ServiceStop       TargetTest    (ends it; read as a test)
//	GET  target/{name}/state?lines                 ServiceState  (asks the machine)

// TargetsPage is where work may run.
type TargetsPage struct {
	Computer Computer     `json:"computer"`
	Targets  []TargetRow  `json:"targets"`
	Kinds    []TargetKind `json:"kinds"`
}

// Computer is this one.
type Computer struct {
	Name        string     `json:"name"` // system, cores and processor in words; no name of host or user
	Cores       int        `json:"cores"`
	Kernel      string     `json:"kernel"`       // family of the numeric core
	MemoryTotal int64      `json:"memory_total"` // bytes; negative where it is not known, as below
	MemoryFree  int64      `json:"memory_free"`
	DiskTotal   int64      `json:"disk_total"` // of the disk where the data lie
	DiskFree    int64      `json:"disk_free"`
	GPUs        []string   `json:"gpus"`      // names; Loci computes on processors and lists them for services on this computer
	AtATime     int        `json:"at_a_time"` // runs
	AskedMS     int64      `json:"asked_ms"`
	Work        TargetWork `json:"work"`
}

// TargetWork is what runs at a target now.
type TargetWork struct {
	Running int      `json:"running"`
	Queued  int      `json:"queued"`
	Failed  int      `json:"failed"`
	Runs    []RunRow `json:"runs"` // failed first, then running, then waiting; at most 200
}

// TargetRow is one target as it is set up, and what is known of it.
type TargetRow struct {
	target.Form
	Address    string      `json:"address"`     // where it is, for people
	Here       bool        `json:"here"`        // a program on this computer
	Runs       bool        `json:"runs"`        // it carries runs out
	Started    bool        `json:"started"`     // a service that Loci has started there
	Services   []string    `json:"services"`    // that Loci has started on this machine
	SecretKept bool        `json:"secret_kept"` // its secret has a value, or it wants none
	Price      string      `json:"price"`
	Past       TargetPast  `json:"past"`
	Work       TargetWork  `json:"work"`
	Test       *TargetTest `json:"test"` // the last one, nil where there was none
}

// TargetPast is what the last finished runs there came to, as ranges; the lows and highs are 0 where Runs is 0.
type TargetPast struct {
	Runs      int     `json:"runs"`
	SecondsLo float64 `json:"seconds_lo"`
	SecondsHi float64 `json:"seconds_hi"`
	DollarsLo float64 `json:"dollars_lo"`
	DollarsHi float64 `json:"dollars_hi"`
}

// TargetKind describes what may be set up.
type TargetKind struct {
	Name   string         `json:"name"`
	Title  string         `json:"title"`
	Doc    string         `json:"doc"`
	Sends  string         `json:"sends"` // what leaves this computer
	Fields []target.Blank `json:"fields"`
	Starts []target.Form  `json:"starts"`
}

// TargetChange sets a target up.
type TargetChange struct {
	target.Form
	Replace bool `json:"replace"`
}

// TargetTest is a check of a target, or its start or stop, step by step.
type TargetTest struct {
	Name    string     `json:"name"`
	Doing   string     `json:"doing"` // test, start, stop
	Now     string     `json:"now"`   // what it waits for, "" where it says nothing
	AtMS    int64      `json:"at_ms"`
	Running bool       `json:"running"`
	OK      bool       `json:"ok"`
	Steps   []TestStep `json:"steps"`
	Models  []string   `json:"models"`
	Error   *APIError  `json:"error"`
}

// ServiceStop ends a service.
type ServiceStop struct {
	Keep bool `json:"keep"` // its folder there stays, with checkpoints and log
}

// ServiceState is how a service stands that Loci starts.
type ServiceState struct {
	State   string `json:"state"` // waiting, running, gone
	Why     string `json:"why"`
	Address string `json:"address"` // as its machine sees it
	Log     string `json:"log"`     // its last lines
	AskedMS int64  `json:"asked_ms"`
}

// TestStep is one step of a check.
type TestStep struct {
	Name    string  `json:"name"`
	State   string  `json:"state"` // queued, running, done, failed
	Said    string  `json:"said"`
	Seconds float64 `json:"seconds"`
}
