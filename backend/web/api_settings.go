package web

import (
	"encoding/json"

	"github.com/loci-lab/loci/backend/settings"
)

// All paths lie under /api/. The value of a secret goes in and never out.
//
//	GET  settings                                  SettingsPage
//	POST settings/set            SettingChange     SettingsPage   (400 names what is wrong; the old value stays)
//	POST settings/reset          SettingChange     SettingsPage   (no name: all)
//	GET  folders                                   FoldersPage
//	GET  secrets                                   SecretsPage
//	POST secret/set              SecretChange      SecretsPage
//	POST secret/remove           SecretChange      SecretsPage
//	POST secret/unlock           SecretChange      SecretsPage
//	GET  bin?limit=N&offset=N                      BinPage
//	POST run/{key}/delete                          BinPage
//	POST run/{key}/restore                         BinPage
//	POST bin/empty               BinWord           BinPage        (400 without the word)
//	GET  find?q=TEXT&run=KEY                       Found          (for the search everywhere: runs, and entries of the memory of one)

// SettingsPage is every setting with its value.
type SettingsPage struct {
	Groups   []settings.Group `json:"groups"`
	Settings []SettingState   `json:"settings"`
	Aside    []string         `json:"aside"` // broken values that were put aside at this start
}

// SettingState is a setting and its value.
type SettingState struct {
	settings.Setting
	Value     json.RawMessage `json:"value"`
	ChangedMS int64           `json:"changed_ms"` // 0 where it has its default
	Usual     string          `json:"usual"`      // the default in words
}

// SettingChange is a new value, or the wish for the default.
type SettingChange struct {
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"`
}

// Folder is where something lies.
type Folder struct {
	Name  string `json:"name"`
	Path  string `json:"path"`
	Doc   string `json:"doc"`
	Bytes int64  `json:"bytes"`
	Files int64  `json:"files"`
}

// FoldersPage says where the data lie and how they are moved.
type FoldersPage struct {
	Folders  []Folder `json:"folders"`
	DiskFree int64    `json:"disk_free"` // bytes, negative where it is not known
	Move     string   `json:"move"`
}

// SecretsPage is every secret without its value.
type SecretsPage struct {
	Secrets []SecretRow `json:"secrets"`
	Missing []SecretRow `json:"missing"` // names that targets want and that have no value
	File    string      `json:"file"`    // state of the encrypted file: none, locked, open
}

// SecretRow tells of one secret.
type SecretRow struct {
	Name    string   `json:"name"`
	Kept    string   `json:"kept"`    // where, in words
	Targets []string `json:"targets"` // that use it
	UsedMS  int64    `json:"used_ms"` // when a run or a test last took it, 0 where that is not known
}

// SecretChange carries what a person typed about a secret. It is never logged and no error repeats it.
type SecretChange struct {
	Name       string `json:"name"`
	Value      string `json:"value"`
	Passphrase string `json:"passphrase"`
}

// BinPage is a page of the bin, the oldest first.
type BinPage struct {
	Total int      `json:"total"`
	Days  int      `json:"days"` // that a run waits
	Runs  []BinRow `json:"runs"`
}

// BinRow is a deleted run.
type BinRow struct {
	RunRow
	Paper   string `json:"paper"`
	SinceMS int64  `json:"since_ms"`
	GoneMS  int64  `json:"gone_ms"` // when its record is removed
}

// BinWord is typed by a person who wants the bin emptied.
type BinWord struct {
	Word string `json:"word"`
}

// Found are runs that match what was typed into the search everywhere.
type Found struct {
	Runs   []FoundRun  `json:"runs"`
	Total  int         `json:"total"`
	Memory *MemoryPage `json:"memory"` // entries of the run that is open, nil where it has none
}

// FoundRun is a run with the names that tell it apart.
type FoundRun struct {
	RunRow
	Paper    string `json:"paper"`
	Notebook string `json:"notebook"`
}
