package web

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/loci-lab/loci/backend/lab"
)

// A notebook's path in an address is one of three: experiments/NAME.md ships with the program, notebooks/NAME.md lies in the data
// folder, and an absolute path was named by the user at the start. Nothing else is ever opened.
const (
	shippedFolder = "experiments"
	ownFolder     = "notebooks"
	suffix        = ".md"
)

// places knows where notebooks may lie.
type places struct {
	shipped fs.FS
	own     string // folder of the user's notebooks
	named   *namedFiles
}

// namedFiles are the notebooks that the user named at the start or since, by absolute, clean paths.
type namedFiles struct {
	mu   sync.Mutex
	list []string
}

// add takes a file in and returns its path as addresses have it.
func (n *namedFiles) add(file string) (string, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return "", lab.Errorf(lab.Invalid, "notebook %q is no path: %w", file, err)
	}
	path := filepath.ToSlash(abs)
	n.mu.Lock()
	defer n.mu.Unlock()
	if !slices.Contains(n.list, path) {
		n.list = append(n.list, path)
	}
	return path, nil
}

func (n *namedFiles) all() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.list)
}

func newPlaces(cfg Config) (places, error) {
	p := places{shipped: cfg.Shipped, own: filepath.Join(cfg.Home, ownFolder), named: &namedFiles{}}
	for _, f := range cfg.Files {
		if _, err := p.named.add(f); err != nil {
			return p, err
		}
	}
	return p, nil
}

// place is where one notebook lies.
type place struct {
	path string // as in addresses
	file string // on disk; "" for one that ships
}

func (p place) readOnly() bool { return p.file == "" }

// find turns a path of an address into a place, and refuses every path outside of the three.
func (p places) find(address string) (place, error) {
	if slices.Contains(p.named.all(), address) {
		return place{address, filepath.FromSlash(address)}, nil
	}
	folder, name, _ := strings.Cut(address, "/")
	if !fs.ValidPath(address) || strings.ContainsAny(address, "\\:\x00") || path.Ext(name) != suffix {
		return place{}, outside(address)
	}
	switch folder {
	case shippedFolder:
		if p.shipped != nil {
			return place{address, ""}, nil
		}
	case ownFolder:
		if !strings.Contains(name, "/") && !strings.HasPrefix(name, ".") {
			return place{address, filepath.Join(p.own, name)}, nil
		}
	}
	return place{}, outside(address)
}

func outside(address string) error {
	return lab.Errorf(lab.NotFound, "notebook %q is not one of this server, want %s/NAME%s, %s/NAME%s or a file named at the start",
		address, shippedFolder, suffix, ownFolder, suffix).WithHint("open it with `loci open FILE`")
}

// read returns the bytes of a notebook.
func (p places) read(at place) ([]byte, error) {
	var body []byte
	var err error
	if at.readOnly() {
		body, err = fs.ReadFile(p.shipped, strings.TrimPrefix(at.path, shippedFolder+"/"))
	} else {
		err = p.inside(at)
		if err == nil {
			body, err = os.ReadFile(at.file)
		}
	}
	switch {
	case err == nil:
		return body, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, lab.Errorf(lab.NotFound, "notebook %q does not exist", at.path).WithHint("the Library lists the notebooks that ship")
	case lab.CodeOf(err) != lab.Internal:
		return nil, err
	}
	return nil, lab.Errorf(lab.Unavailable, "notebook %q cannot be read: %w", at.path, err).WithHint("see whether the file is readable")
}

// inside refuses links that lead out of the folder of own notebooks.
func (p places) inside(at place) error {
	if filepath.Dir(at.file) != p.own {
		return nil // named by the user: wherever it leads
	}
	info, err := os.Lstat(at.file)
	if err == nil && !info.Mode().IsRegular() {
		return lab.Errorf(lab.Invalid, "notebook %q is no plain file", at.path).WithHint("open what it points to with `loci open FILE`")
	}
	return err
}

// list returns the paths of own and named notebooks.
func (p places) list() []string {
	paths := p.named.all()
	entries, err := os.ReadDir(p.own)
	if err != nil {
		return paths // no folder yet
	}
	for _, e := range entries {
		if e.Type().IsRegular() && path.Ext(e.Name()) == suffix {
			paths = append(paths, ownFolder+"/"+e.Name())
		}
	}
	return paths
}

// free makes a new file for a copy and returns its place: NAME.md, else NAME-2.md and so on. A wanted name that is taken is an error.
func (p places) free(wanted, from string, body []byte) (place, error) {
	if err := os.MkdirAll(p.own, 0o755); err != nil {
		return place{}, lab.Errorf(lab.Unavailable, "folder %q cannot be made: %w", p.own, err).
			WithHint("free space, or set LOCI_HOME to a folder that can be written")
	}
	name := strings.TrimSuffix(wanted, suffix)
	if wanted == "" {
		name = strings.TrimSuffix(path.Base(from), suffix)
	}
	for i := 1; i < 1000; i++ {
		try := name
		if i > 1 {
			try += "-" + strconv.Itoa(i)
		}
		at, err := p.find(ownFolder + "/" + try + suffix)
		if err != nil {
			return place{}, lab.Errorf(lab.Invalid, "name %q cannot be a file's, want letters, digits, dots and dashes", wanted).WithHint("choose another name")
		}
		err = create(at.file, body)
		if err == nil {
			return at, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return place{}, lab.Errorf(lab.Unavailable, "notebook %q cannot be written: %w", at.path, err).
				WithHint("free space, or set LOCI_HOME to a folder that can be written")
		}
		if wanted != "" {
			return place{}, lab.Errorf(lab.Conflict, "notebook %q exists already", at.path).WithHint("choose another name")
		}
	}
	return place{}, lab.Errorf(lab.Conflict, "there are 999 copies of %q already", from).WithHint("give the copy a name")
}

// create writes a file that must not exist yet.
func create(file string, body []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	return errors.Join(err, f.Close())
}
