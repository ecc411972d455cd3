package web

import (
	"context"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/loci-lab/loci/backend/settings"
)

// settingRoutes lists the addresses of the Settings screen.
func (s *Server) settingRoutes(m *http.ServeMux) {
	m.Handle("GET /api/settings", s.answer(s.settings))
	m.Handle("POST /api/settings/set", s.answer(s.setSetting))
	m.Handle("POST /api/settings/reset", s.answer(s.resetSetting))
	m.Handle("GET /api/folders", s.answer(s.folders))
	m.Handle("GET /api/secrets", s.answer(s.secrets))
	m.Handle("POST /api/secret/{verb}", s.answer(s.changeSecret))
	m.Handle("GET /api/bin", s.answer(s.bin))
	m.Handle("POST /api/bin/empty", s.answer(s.emptyBin))
	m.Handle("POST /api/run/{key}/delete", s.answer(s.deleteRun))
	m.Handle("POST /api/run/{key}/restore", s.answer(s.restoreRun))
	m.Handle("GET /api/find", s.answer(s.find))
}

func (s *Server) settings(*http.Request) (any, error) {
	book := s.cfg.Settings
	page := SettingsPage{Groups: settings.Groups(), Settings: []SettingState{}, Aside: book.Aside()}
	for _, one := range settings.All() {
		if one.Legal == nil {
			one.Legal = []settings.Option{}
		}
		state := SettingState{Setting: one, Usual: one.Say(one.Default)}
		value, changed := book.Value(one.Name)
		state.Value, state.ChangedMS = value, millis(changed)
		page.Settings = append(page.Settings, state)
	}
	return page, nil
}

func (s *Server) setSetting(r *http.Request) (any, error) {
	return s.changeSettings(r, func(ctx context.Context, book *settings.Book, c SettingChange) error {
		return book.Set(ctx, c.Name, c.Value, s.cfg.Now())
	})
}

func (s *Server) resetSetting(r *http.Request) (any, error) {
	return s.changeSettings(r, func(ctx context.Context, book *settings.Book, c SettingChange) error {
		return book.Reset(ctx, c.Name)
	})
}

// changeSettings changes the book and answers all of it. Pages read it again when they are looked at.
func (s *Server) changeSettings(r *http.Request, change func(context.Context, *settings.Book, SettingChange) error) (any, error) {
	book := s.cfg.Settings
	var c SettingChange
	if err := decode(r, &c); err != nil {
		return nil, err
	}
	if err := change(r.Context(), book, c); err != nil {
		return nil, err
	}
	return s.settings(r)
}

// folders measures what lies where. Links are not followed.
func (s *Server) folders(r *http.Request) (any, error) {
	page := FoldersPage{Folders: []Folder{}, DiskFree: -1,
		Move: "Stop Loci, move the whole folder, and start Loci with LOCI_HOME or --home set to its new place. Everything inside refers to its neighbours, so it moves as one."}
	for _, f := range []Folder{
		{Name: "data folder", Path: s.cfg.Home, Doc: "everything below, with the library and the settings"},
		{Name: "notebooks", Path: filepath.Join(s.cfg.Home, ownFolder), Doc: "your own notebooks, plain Markdown"},
		{Name: "runs", Path: filepath.Join(s.cfg.Home, "runs"), Doc: "records and checkpoints of runs; a record never changes"},
		{Name: "replies", Path: filepath.Join(s.cfg.Home, "replies"), Doc: "what endpoints answered, so that no question is paid twice"},
		{Name: "bases", Path: filepath.Join(s.cfg.Home, "bases"), Doc: "models that were trained before or imported"},
	} {
		if _, err := os.Stat(f.Path); err != nil {
			continue
		}
		if err := f.measure(r.Context()); err != nil {
			return nil, err
		}
		page.Folders = append(page.Folders, f)
	}
	if s.cfg.Computer != nil {
		page.DiskFree = s.cfg.Computer().DiskFree
	}
	return page, nil
}

func (f *Folder) measure(ctx context.Context) error {
	return filepath.WalkDir(f.Path, func(_ string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || !d.Type().IsRegular() {
			return nil // what is gone or out of reach has no size
		}
		if info, err := d.Info(); err == nil {
			f.Bytes, f.Files = f.Bytes+info.Size(), f.Files+1
		}
		return nil
	})
}

// paint is the attribute that gives the first paint its colours, "" where the system decides.
func (s *Server) paint() string {
	if mode := s.cfg.Settings.Text(settings.Look); slices.Contains([]string{"light", "dark"}, mode) {
		return mode
	}
	return ""
}
