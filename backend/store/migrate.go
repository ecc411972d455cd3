package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/loci-lab/loci/backend/lab"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one numbered file. Numbers rise by one from 1; a released file is never edited.
type migration struct {
	number int
	name   string
	text   string
}

func migrations() ([]migration, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql") // in the order of names
	if err != nil {
		return nil, err
	}
	var out []migration
	for i, name := range names {
		m := migration{name: name}
		if _, err := fmt.Sscanf(name, "migrations/%04d_", &m.number); err != nil || m.number != i+1 {
			return nil, lab.Errorf(lab.Internal, "migration %q is at place %d, want its number there", name, i+1)
		}
		text, err := fs.ReadFile(migrationFiles, name)
		if err != nil {
			return nil, err
		}
		m.text = string(text)
		out = append(out, m)
	}
	return out, nil
}

// migrate brings the database to the newest version, one transaction a step.
func (s *Store) migrate(ctx context.Context) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	var version int
	if err := s.writer.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return sqlError(err, "version of library %q cannot be read", s.path)
	}
	if version > len(steps) {
		return lab.Errorf(lab.Invalid, "library %q has version %d, this Loci knows 1 to %d", s.path, version, len(steps)).
			WithHint("use the newer Loci that made it, or choose another data folder with LOCI_HOME")
	}
	for _, m := range steps[version:] {
		err := s.write(ctx, fmt.Sprintf("library %q cannot take %s", s.path, m.name), func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, m.text); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", m.number))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
