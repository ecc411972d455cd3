package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// Setting is one named value as JSON. Secrets are no settings.
type Setting struct {
	Name    string
	Value   json.RawMessage
	Changed time.Time
}

func scanSetting(rows *sql.Rows) (Setting, error) {
	var v Setting
	var value string
	var changed int64
	err := rows.Scan(&v.Name, &value, &changed)
	v.Value, v.Changed = json.RawMessage(value), at(changed)
	return v, err
}

// FindSetting decodes a setting into value, or returns not-found and leaves value as it is.
func (s *Store) FindSetting(ctx context.Context, name string, value any) error {
	v, err := one(ctx, s.readers, scanSetting, "SELECT name, value, changed_ms FROM settings WHERE name = ?", name)
	if errors.Is(err, sql.ErrNoRows) {
		return notFound("setting", name)
	}
	if err != nil {
		return sqlError(err, "setting %q cannot be read", name)
	}
	if err := json.Unmarshal(v.Value, value); err != nil {
		return lab.Errorf(lab.Invalid, "setting %q is %s: %w", name, v.Value, err)
	}
	return nil
}

// FindSettings returns all settings in the order of their names.
func (s *Store) FindSettings(ctx context.Context) ([]Setting, error) {
	v, err := all(ctx, s.readers, scanSetting, "SELECT name, value, changed_ms FROM settings ORDER BY name")
	return v, sqlError(err, "settings cannot be read")
}

// UpdateSetting sets a setting, new or not.
func (s *Store) UpdateSetting(ctx context.Context, name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return lab.Errorf(lab.Invalid, "setting %q cannot be written as JSON: %w", name, err)
	}
	return s.write(ctx, fmt.Sprintf("setting %q cannot be kept", name), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO settings (name, value, changed_ms) VALUES (?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_ms = excluded.changed_ms`, name, string(text), ms(s.now()))
		return err
	})
}

// DeleteSetting removes a setting; not-found when there is none.
func (s *Store) DeleteSetting(ctx context.Context, name string) error {
	return s.deleteOne(ctx, "setting", name, "DELETE FROM settings WHERE name = ?", name)
}
