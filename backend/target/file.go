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

	"github.com/loci-lab/loci/backend/file"
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
//	  my-gpu:
//	    rank: 32
//	    launch:
//	      program: skyrl
//	      on: cluster
//	      model-folder: /models/small
//	      backend: jax
//	      cards: 1
//	endpoints:
//	  my-model:
//	    url: http://127.0.0.1:11434/v1
//	    model: small:8b
//	    parallel: 4
//	    price-table:
//	      small:8b: {input: 0.1, cached: 0.02, output: 0.4}
//	machines:
//	  cluster:
//	    kind: slurm
//	    host: login.example.org
//
// Unknown keys are errors; what has its usual value is left out, and so are endpoints and machines where there is none.
const FileName = "targets.yaml"

const (
	version   = 1
	fileLimit = 1 << 20 // bytes
)

// Targets are all targets of a file, each kind in the order of its names. A name stands once, whatever the kind.
type Targets struct {
	Services  []Service
	Endpoints []Endpoint
	Machines  []Machine
}

// Read returns the targets of a file; none where there is no file. The errors of a wrong file are Invalid and begin with
// the path and the line.
func Read(path string) (Targets, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Targets{}, nil
	}
	if err != nil {
		return Targets{}, unavailable("read", path, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, fileLimit+1))
	if err != nil {
		return Targets{}, unavailable("read", path, err)
	}
	return Parse(path, text)
}

// Parse reads the text of a file; path is only for the errors.
func Parse(path string, text []byte) (Targets, error) {
	if len(text) > fileLimit {
		return Targets{}, lab.Errorf(lab.Invalid, "%s has more than %d bytes", path, fileLimit).WithHint("remove targets that are not used")
	}
	var doc yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return Targets{}, lab.Errorf(lab.Invalid, "%s is no YAML: %w", path, err).WithHint("mend that line, or move the file away and add the targets again")
	}
	if doc.Kind == 0 || len(doc.Content) == 0 {
		return Targets{}, lab.Errorf(lab.Invalid, "%s is empty, want version: %d and services", path, version).WithHint("remove the file, or put it back from a copy")
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return Targets{}, lab.Errorf(lab.Invalid, "%s has more than one document", path).WithHint("keep the first and remove the rest")
	}
	return reader{path}.file(doc.Content[0])
}

// Write puts these targets in place of the file, which is the old one or the new one whatever happens. It refuses targets that
// Check refuses and two of one name.
func Write(path string, all Targets) error {
	text, err := Format(all)
	if err != nil {
		return err
	}
	if err := file.Replace(path, text, 0o600); err != nil {
		return unavailable("written", path, err)
	}
	return nil
}

// Update changes the targets of a file while no other process does; Conflict names the process that is just doing so.
func Update(path string, change func(*Targets) error) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return unavailable("written", path, err)
	}
	lock, err := record.AcquireLock(path+".lock", "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	all, err := Read(path)
	if err != nil {
		return err
	}
	if err := change(&all); err != nil {
		return err
	}
	return Write(path, all)
}

// All names of the targets, in order.
func (all Targets) names() []string {
	var names []string
	for _, s := range all.Services {
		names = append(names, s.Name)
	}
	for _, e := range all.Endpoints {
		names = append(names, e.Name)
	}
	for _, m := range all.Machines {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	return names
}

// Has tells whether there is a target of that name, and of which kind.
func (all Targets) Has(name string) (kind string, ok bool) {
	if slices.ContainsFunc(all.Services, func(s Service) bool { return s.Name == name }) {
		return "service", true
	}
	if slices.ContainsFunc(all.Endpoints, func(e Endpoint) bool { return e.Name == name }) {
		return "endpoint", true
	}
	if i := slices.IndexFunc(all.Machines, func(m Machine) bool { return m.Name == name }); i >= 0 {
		return all.Machines[i].Kind, true
	}
	return "", false
}

// Service returns the service of that name, or NotFound with the names there are.
func (all Targets) Service(name string) (Service, error) {
	i := slices.IndexFunc(all.Services, func(s Service) bool { return s.Name == name })
	if i >= 0 {
		return all.Services[i], nil
	}
	return Service{}, all.missing("service", name)
}

// Endpoint returns the endpoint of that name, or NotFound with the names there are.
func (all Targets) Endpoint(name string) (Endpoint, error) {
	i := slices.IndexFunc(all.Endpoints, func(e Endpoint) bool { return e.Name == name })
	if i >= 0 {
		return all.Endpoints[i], nil
	}
	return Endpoint{}, all.missing("endpoint", name)
}

// Machine returns the machine of that name, or NotFound with the names there are.
func (all Targets) Machine(name string) (Machine, error) {
	i := slices.IndexFunc(all.Machines, func(m Machine) bool { return m.Name == name })
	if i >= 0 {
		return all.Machines[i], nil
	}
	var names []string
	for _, m := range all.Machines {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	if kind, ok := all.Has(name); ok {
		return Machine{}, lab.Errorf(lab.NotFound, "target %q is of kind %s and carries no runs out, those that do are %q", name, kind, append([]string{"here"}, names...)).
			WithHint("write model: %s %s for a model, or choose another target", kind, name)
	}
	return Machine{}, lab.Errorf(lab.NotFound, "there is no target %q that carries runs out, only %q", name, append([]string{"here"}, names...)).
		WithHint("`loci target add %s --ssh USER@HOST` adds one, `loci target list` lists them", cmp.Or(name, "NAME"))
}

// Remove takes the target of that name out, or is NotFound with the names there are. A service that Loci has started, and a machine on which
// it has, are a Conflict: nobody would know of what runs there.
func (all *Targets) Remove(name string) error {
	if _, ok := all.Has(name); !ok {
		return all.missing("", name)
	}
	for _, s := range all.Services {
		if s.Launch == nil || s.Launch.Started == "" {
			continue
		}
		if s.Name == name || s.Launch.On == name {
			return lab.Errorf(lab.Conflict, "service %q was started on %s and not stopped", s.Name, s.Launch.On).WithHint("loci target stop %s", s.Name)
		}
	}
	all.drop(name)
	return nil
}

// Started notes the name of the folder of a service that was started, "" once it was stopped.
func (all *Targets) Started(name, id string) error {
	i := slices.IndexFunc(all.Services, func(s Service) bool { return s.Name == name && s.Launch != nil })
	if i < 0 {
		return all.missing("service", name)
	}
	l := *all.Services[i].Launch
	l.Started = id
	all.Services[i].Launch = &l
	return nil
}

func (all *Targets) drop(name string) {
	all.Services = slices.DeleteFunc(all.Services, func(s Service) bool { return s.Name == name })
	all.Endpoints = slices.DeleteFunc(all.Endpoints, func(e Endpoint) bool { return e.Name == name })
	all.Machines = slices.DeleteFunc(all.Machines, func(m Machine) bool { return m.Name == name })
}

// missing is the error for a name that is not there, or is one of another kind; kind "" is any.
func (all Targets) missing(kind, name string) error {
	if other, ok := all.Has(name); ok && kind != "" {
		return lab.Errorf(lab.NotFound, "target %q is of kind %s and no %s, the %ss are %q", name, other, kind, kind, all.kind(kind)).
			WithHint("write model: %s %s, or choose another name", other, name)
	}
	if kind == "" {
		return lab.Errorf(lab.NotFound, "there is no target %q, only %q", name, all.names()).WithHint("`loci target list` lists them, `loci target add %s` adds it", cmp.Or(name, "NAME"))
	}
	return lab.Errorf(lab.NotFound, "there is no target %q of kind %s, only %q", name, kind, all.kind(kind)).
		WithHint("`loci target list` lists all, `loci target add %s --%s URL` adds it", cmp.Or(name, "NAME"), kind)
}

// kind returns the names of one kind, in order.
func (all Targets) kind(kind string) []string {
	return slices.DeleteFunc(all.names(), func(name string) bool { k, _ := all.Has(name); return k != kind })
}

func unavailable(done, path string, err error) error {
	return lab.Errorf(lab.Unavailable, "%q cannot be %s: %w", path, done, err).
		WithHint("check that there is space on the disk and that this account may write there, or choose another data folder with LOCI_HOME")
}

// at begins an error with its place.
func at(path string, line int, format string, args ...any) *lab.Error {
	return lab.Errorf(lab.Invalid, "%s:%d: %s", path, line, fmt.Sprintf(format, args...))
}
