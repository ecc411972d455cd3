package target

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
)

// FileName is the file of a data folder in which the targets stand. A file as Write makes it:
//
//	version: 1
//	services:
//	  my-service:
//	    url: https://train.example.org
//	    secret: my-service
//	    base-model: small-1b
//	    rank: 32
//
// Unknown keys are errors; profile and insecure stand only where they are set.
const FileName = "targets.yaml"

const (
	version   = 1
	fileLimit = 1 << 20 // bytes
)

// Read returns the services of a file by name; none where there is no file. The errors of a wrong file are Invalid and begin with
// the path and the line.
func Read(path string) ([]Service, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unavailable("read", path, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, fileLimit+1))
	if err != nil {
		return nil, unavailable("read", path, err)
	}
	return Parse(path, text)
}

// Parse reads the text of a file; path is only for the errors.
func Parse(path string, text []byte) ([]Service, error) {
	if len(text) > fileLimit {
		return nil, lab.Errorf(lab.Invalid, "%s has more than %d bytes", path, fileLimit).WithHint("remove targets that are not used")
	}
	var doc yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, lab.Errorf(lab.Invalid, "%s is no YAML: %w", path, err).WithHint("mend that line, or move the file away and add the targets again")
	}
	if doc.Kind == 0 || len(doc.Content) == 0 {
		return nil, lab.Errorf(lab.Invalid, "%s is empty, want version: %d and services", path, version).WithHint("remove the file, or put it back from a copy")
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, lab.Errorf(lab.Invalid, "%s has more than one document", path).WithHint("keep the first and remove the rest")
	}
	return reader{path}.file(doc.Content[0])
}

// Write puts these services in place of the file, which is the old one or the new one whatever happens. It refuses services that
// Check refuses and two of one name.
func Write(path string, services []Service) error {
	text, err := Format(services)
	if err != nil {
		return err
	}
	if err := replace(path, text); err != nil {
		return unavailable("written", path, err)
	}
	return nil
}

// Update changes the services of a file while no other process does; Conflict names the process that is just doing so.
func Update(path string, change func([]Service) ([]Service, error)) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return unavailable("written", path, err)
	}
	lock, err := record.AcquireLock(path+".lock", "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	services, err := Read(path)
	if err != nil {
		return err
	}
	if services, err = change(services); err != nil {
		return err
	}
	return Write(path, services)
}

// entry is a service as it is written.
type entry struct {
	URL       string `yaml:"url"`
	Secret    string `yaml:"secret,omitempty"`
	BaseModel string `yaml:"base-model,omitempty"`
	Rank      int    `yaml:"rank"`
	Profile   string `yaml:"profile,omitempty"`
	Insecure  bool   `yaml:"insecure,omitempty"`
}

// Format returns the text of a file with these services, in the order of their names.
func Format(services []Service) ([]byte, error) {
	all := map[string]entry{}
	for _, s := range services {
		if err := s.Check(); err != nil {
			return nil, err
		}
		if _, ok := all[s.Name]; ok {
			return nil, lab.Errorf(lab.Conflict, "there are two targets %q", s.Name).WithHint("choose another name")
		}
		all[s.Name] = entry{s.URL, s.Secret, s.BaseModel, s.Rank, s.Profile, s.Insecure}
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	err := enc.Encode(struct {
		Version  int              `yaml:"version"`
		Services map[string]entry `yaml:"services"`
	}{version, all})
	if err := errors.Join(err, enc.Close()); err != nil {
		return nil, lab.Errorf(lab.Internal, "the targets cannot be written as YAML: %w", err)
	}
	return b.Bytes(), nil
}

// Find returns the service of that name, or NotFound with the names there are.
func Find(services []Service, name string) (Service, error) {
	names := make([]string, len(services))
	for i, s := range services {
		if s.Name == name {
			return s, nil
		}
		names[i] = s.Name
	}
	return Service{}, lab.Errorf(lab.NotFound, "there is no target %q, only %q", name, names).WithHint("`loci target list` lists them, `loci target add %s --service URL` adds it", cmp.Or(name, "NAME"))
}

func byName(services []Service) []Service {
	slices.SortFunc(services, func(a, b Service) int { return cmp.Compare(a.Name, b.Name) })
	return services
}

// replace writes a file so that after a crash or on a full disk it is the old one or the new one.
func replace(path string, text []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(text)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

func unavailable(done, path string, err error) error {
	return lab.Errorf(lab.Unavailable, "%q cannot be %s: %w", path, done, err).
		WithHint("check that there is space on the disk and that this account may write there, or choose another data folder with LOCI_HOME")
}

// at begins an error with its place.
func at(path string, line int, format string, args ...any) *lab.Error {
	return lab.Errorf(lab.Invalid, "%s:%d: %s", path, line, fmt.Sprintf(format, args...))
}
