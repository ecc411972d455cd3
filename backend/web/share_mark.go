package web

import (
	"path/filepath"

	"github.com/loci-lab/loci/backend/bundle"
)

// markFile lies beside a notebook that came from a shared file. Its name begins with a dot, so that no list shows it.
func markFile(at place) string {
	return filepath.Join(filepath.Dir(at.file), "."+filepath.Base(at.file)+".imported.json")
}

// imported says where a notebook of the reader's own folder came from, "" where it was made here.
func (p places) imported(at place) string {
	if at.readOnly() {
		return ""
	}
	o, ok := bundle.ReadOrigin(markFile(at))
	if !ok {
		return ""
	}
	return o.String()
}

// markImported notes where a notebook came from.
func (s *Server) markImported(path string, o bundle.Origin) error {
	at, err := s.notebooks.places.find(path)
	if err != nil {
		return err
	}
	return o.Write(markFile(at))
}

// importedRun says where the record of a run came from, "" where it was made here.
func (s *Server) importedRun(key string) string {
	record, err := s.cfg.Owner.Record(key)
	if err != nil {
		return ""
	}
	o, ok := bundle.ReadOrigin(filepath.Join(filepath.Dir(record), bundle.ImportedFile))
	if !ok {
		return ""
	}
	return o.String()
}
