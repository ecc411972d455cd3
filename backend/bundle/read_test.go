package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// forged is an archive that is made anew from a good one, with a wrong somewhere.
type forged struct {
	names []string
	parts map[string][]byte
	mode  map[string]fs.FileMode
}

func forge(t testing.TB) *forged {
	t.Helper()
	path, _ := exported(t, Options{Detail: Usual()})
	f := open(t, path)
	out := &forged{parts: map[string][]byte{}, mode: map[string]fs.FileMode{}}
	for _, z := range f.zip.File {
		var b bytes.Buffer
		if err := f.copyTo(t.Context(), &b, z.Name); err != nil {
			t.Fatal(err)
		}
		out.put(z.Name, b.Bytes())
	}
	return out
}

func (f *forged) put(name string, body []byte) {
	f.names = append(f.names, name)
	f.parts[name] = body
}

// listed puts a part in and the manifest right.
func (f *forged) listed(t testing.TB, name string, body []byte) {
	f.put(name, body)
	sum := sha256.Sum256(body)
	f.change(t, func(m *Manifest) {
		m.Parts = append(m.Parts, Part{Name: name, Bytes: int64(len(body)), Hash: hex.EncodeToString(sum[:])})
	})
}

func (f *forged) change(t testing.TB, edit func(m *Manifest)) {
	t.Helper()
	var m Manifest
	if err := json.Unmarshal(f.parts[manifestName], &m); err != nil {
		t.Fatal(err)
	}
	edit(&m)
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	f.parts[manifestName] = text
}

// bytes zips it.
func (f *forged) bytes(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range f.names {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		if mode, ok := f.mode[name]; ok {
			h.SetMode(mode)
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.parts[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func read(b []byte) (*File, error) { return Read(bytes.NewReader(b), int64(len(b)), Usually()) }

func TestEveryRefusal(t *testing.T) {
	record := runsFolder + keyA + "/record"
	for _, c := range []struct {
		name  string
		wrong func(f *forged)
		words string
	}{
		{"an absolute path", func(f *forged) { f.put("/etc/passwd", nil) }, "absolute path"},
		{"a drive", func(f *forged) { f.put("C:evil.md", nil) }, "absolute path"},
		{"backslashes", func(f *forged) { f.put(`content\notebook\x.md`, nil) }, "absolute path"},
		{"a way out", func(f *forged) { f.put("content/../../x.md", nil) }, "leads out"},
		{"an empty element", func(f *forged) { f.put("content//x.md", nil) }, "leads out"},
		{"a folder", func(f *forged) { f.put("content/notebook/sub/", nil) }, "is a folder"},
		{"a device's name", func(f *forged) { f.put("content/notebook/con.md", nil) }, "keep for themselves"},
		{"another device's name", func(f *forged) { f.put("content/notebook/COM1.x.md", nil) }, "keep for themselves"},
		{"a trailing dot", func(f *forged) { f.put("content/notebook/x.", nil) }, "keep for themselves"},
		{"a control character", func(f *forged) { f.put("content/notebook/a\nb.md", nil) }, "no name has"},
		{"bytes that are no text", func(f *forged) { f.put("content/notebook/\xff.md", nil) }, "no name has"},
		{"a long name", func(f *forged) { f.put("content/notebook/"+strings.Repeat("a", 300)+".md", nil) }, "want 1 to 240"},
		{"a foreign part", func(f *forged) { f.put("content/run.sh", nil) }, "is none of an experiment"},
		{"a hidden notebook", func(f *forged) { f.put("content/notebook/.x.md", nil) }, "is none of an experiment"},
		{"a link", func(f *forged) {
			f.put("content/notebook/l.md", []byte("/etc/passwd"))
			f.mode["content/notebook/l.md"] = fs.ModeSymlink | 0o777
		}, "is a link"},
		{"a part twice", func(f *forged) { f.put(record, nil) }, "in it twice"},
		{"names that differ in case", func(f *forged) { f.put("content/notebook/DEMO.md", nil) }, "small letters from capitals"},
		{"a part that nobody listed", func(f *forged) { f.put("content/notebook/more.md", nil) }, "not in the manifest"},
		{"a missing part", func(f *forged) { f.names = slices.DeleteFunc(f.names, func(n string) bool { return n == resultsName }) }, "is missing"},
		{"no manifest", func(f *forged) {
			f.names = slices.DeleteFunc(f.names, func(n string) bool { return n == manifestName })
		}, "is missing"},
		{"a manifest that is no JSON", func(f *forged) { f.parts[manifestName] = []byte("{") }, "manifest cannot be read"},
		{"another kind of file", func(f *forged) { f.change(t, func(m *Manifest) { m.Kind = "holiday pictures" }) }, "holiday pictures"},
		{"a newer format", func(f *forged) { f.parts[manifestName] = []byte(`{"format":2,"kind":"loci experiment","new":[1]}`) }, "has format 2, this Loci reads up to 1"},
		{"no format", func(f *forged) { f.change(t, func(m *Manifest) { m.Format = 0 }) }, "format 0"},
		{"an unknown field", func(f *forged) {
			f.parts[manifestName] = bytes.Replace(f.parts[manifestName], []byte(`{`), []byte(`{"run_me":true,`), 1)
		}, "manifest cannot be read"},
		{"another size", func(f *forged) { f.parts[resultsName] = []byte("{ }") }, "was changed: it has"},
		{"a notebook that is not in it", func(f *forged) { f.change(t, func(m *Manifest) { m.Notebook = "content/notebook/other.md" }) }, "is not in it"},
		{"a notebook that is a record", func(f *forged) { f.change(t, func(m *Manifest) { m.Notebook = record }) }, "is not in it"},
		{"a key that is a path", func(f *forged) { f.change(t, func(m *Manifest) { m.Runs[0].Key = "../../../../etc" }) }, "is none"},
		{"a run twice", func(f *forged) { f.change(t, func(m *Manifest) { m.Runs = append(m.Runs, m.Runs[0]) }) }, "twice"},
		{"a run without record", func(f *forged) { f.change(t, func(m *Manifest) { m.Runs[0].Key = "cccccccccccccccccccccccc" }) }, "has no record"},
		{"a part of no run", func(f *forged) { f.listed(t, runsFolder+"cccccccccccccccccccccccc/checkpoint-1.ckpt", []byte("x")) }, "belongs to no run"},
		{"a bomb", func(f *forged) { f.listed(t, runsFolder+keyA+"/checkpoint-7.ckpt", make([]byte, 8<<20)) }, "times when it is opened"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := forge(t)
			c.wrong(f)
			_, err := read(f.bytes(t))
			invalid(t, err, c.words)
			if err != nil && lab.HintOf(err) == "" {
				t.Error("the error says nothing about what to do")
			}
		})
	}
}

func TestAChangedPartIsNamed(t *testing.T) {
	for _, name := range []string{notebookFolder + "demo.md", resultsName, setupsName, runsFolder + keyA + "/record"} {
		f := forge(t)
		b := bytes.Clone(f.parts[name])
		b[len(b)/2] ^= 1
		f.parts[name] = b
		file, err := read(f.bytes(t))
		if err != nil {
			t.Fatal(err)
		}
		invalid(t, file.Check(t.Context(), nil), `part "`+name+`" was changed`)
	}
}

func TestARecordOfAnotherRunIsRefused(t *testing.T) {
	f := forge(t)
	a, b := runsFolder+keyA+"/record", runsFolder+keyB+"/record"
	f.parts[a] = f.parts[b]
	f.change(t, func(m *Manifest) {
		for i, p := range m.Parts {
			if p.Name == a {
				sum := sha256.Sum256(f.parts[a])
				m.Parts[i] = Part{Name: a, Bytes: int64(len(f.parts[a])), Hash: hex.EncodeToString(sum[:])}
			}
		}
	})
	file, err := read(f.bytes(t))
	if err != nil {
		t.Fatal(err)
	}
	w, indexed := here(t)
	_, err = file.Keep(t.Context(), w)
	invalid(t, err, "is of another run")
	path, err := w.Record(keyA)
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(filepath.Dir(filepath.Dir(path))); len(left) > 0 || len(*indexed) > 0 {
		t.Errorf("%v and %v are left", left, *indexed)
	}
}

func TestLimitsOfNumberAndSize(t *testing.T) {
	b := forge(t).bytes(t)
	for _, c := range []struct {
		name  string
		limit func(l *Limits)
		words string
	}{
		{"bytes of the file", func(l *Limits) { l.File = 10 }, "want at most 10"},
		{"number of parts", func(l *Limits) { l.Parts = 2 }, "want at most 2"},
		{"bytes of all parts", func(l *Limits) { l.Total = 100 }, "more than 100 bytes"},
		{"bytes of the manifest", func(l *Limits) { l.Manifest = 100 }, "want at most 100"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := Usually()
			c.limit(&l)
			_, err := Read(bytes.NewReader(b), int64(len(b)), l)
			invalid(t, err, c.words)
		})
	}
}

func TestAPartThatLiesAboutItsSizeStopsAtIt(t *testing.T) {
	f := forge(t)
	big := bytes.Repeat([]byte("all work and no play makes a dull record\n"), 40_000)
	f.listed(t, runsFolder+keyA+"/checkpoint-7.ckpt", big)
	b := f.bytes(t)
	// The list of parts at the end of the file holds the size in four bytes; so does the descriptor behind the part.
	le := []byte{byte(len(big)), byte(len(big) >> 8), byte(len(big) >> 16), byte(len(big) >> 24)}
	b = bytes.ReplaceAll(b, le, []byte{1, 0, 0, 0})
	f2, err := read(b)
	if err == nil {
		f2.Manifest.Parts = slices.DeleteFunc(f2.Manifest.Parts, func(p Part) bool { return !strings.HasSuffix(p.Name, "7.ckpt") })
		err = f2.Check(t.Context(), nil)
	}
	if lab.CodeOf(err) != lab.Invalid {
		t.Errorf("error is %v, want an invalid one", err)
	}
}

func TestOverlappingPartsAreRefused(t *testing.T) {
	b := forge(t).bytes(t)
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	f := &File{limits: Usually(), zip: z, parts: map[string]*zip.File{}}
	z.File[1].CompressedSize64 = uint64(len(b)) / 2
	invalid(t, f.structure(int64(len(b))), "on top of each other")
}

func TestTornFilesAreRefused(t *testing.T) {
	b := forge(t).bytes(t)
	for _, n := range []int{0, 1, 100, len(b) / 2, len(b) - 1} {
		if _, err := read(b[:n]); lab.CodeOf(err) != lab.Invalid {
			t.Errorf("%d of %d bytes: error is %v, want invalid", n, len(b), err)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none.loci"), Usually()); lab.CodeOf(err) != lab.NotFound {
		t.Errorf("a missing file: %v", err)
	}
}

// FuzzRead: whatever the bytes are, reading never panics, and what passes the check reads to its end.
func FuzzRead(f *testing.F) {
	good := forge(f).bytes(f)
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	limits := Limits{File: 1 << 20, Total: 8 << 20, Parts: 100, Ratio: 400, Manifest: 1 << 20, Notebook: 1 << 20}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Read(bytes.NewReader(b), int64(len(b)), limits)
		if err != nil {
			if lab.CodeOf(err) == lab.Internal {
				t.Errorf("an error without a code: %v", err)
			}
			return
		}
		if file.Check(t.Context(), nil) != nil {
			return
		}
		for _, p := range file.Manifest.Parts {
			if err := file.copyTo(t.Context(), io.Discard, p.Name); err != nil {
				t.Errorf("a checked part cannot be read: %v", err)
			}
		}
	})
}
