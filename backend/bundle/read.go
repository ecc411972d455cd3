package bundle

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/loci-lab/loci/backend/lab"
)

// Limits of what is read. An archive may come from a stranger.
type Limits struct {
	File     int64 // bytes of the archive
	Total    int64 // bytes of all parts
	Parts    int
	Ratio    int64 // how many times larger than in the archive a part may be, from RatioOver bytes on
	Manifest int64 // bytes
	Notebook int64 // bytes
}

// RatioOver is the size in bytes above which the ratio counts: little texts that repeat themselves may shrink a lot.
const RatioOver = 1 << 20

// Usually are the limits of Loci: what deflate can make of zeros is 1,030 times, what records come to below 100.
func Usually() Limits {
	return Limits{File: 4 << 30, Total: 16 << 30, Parts: 50_000, Ratio: 400, Manifest: 32 << 20, Notebook: 8 << 20}
}

var (
	checkpointName = regexp.MustCompile(`^checkpoint-[0-9]{1,18}\.ckpt$`)
	runPart        = regexp.MustCompile(`^content/runs/([0-9a-z][0-9a-z-]{7,79})/(record|checkpoint-[0-9]{1,18}\.ckpt)$`)
	keyName        = regexp.MustCompile(`^[0-9a-z][0-9a-z-]{7,79}$`)
)

// File is an archive whose structure and manifest were checked. Its content counts only after Check.
type File struct {
	Manifest Manifest
	limits   Limits
	zip      *zip.Reader
	parts    map[string]*zip.File
	close    func() error
}

// Open opens an archive and refuses everything that is not exactly what its manifest says. It writes nothing.
//
// Errors: not-found, invalid with the first thing that is wrong, unavailable.
func Open(path string, limits Limits) (*File, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, lab.Errorf(lab.NotFound, "%q does not exist", path).WithHint("look for the file, or ask who shared it for another copy")
	}
	if err != nil {
		return nil, lab.Errorf(lab.Unavailable, "%q cannot be read: %w", path, err).WithHint("see whether the file is readable")
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(lab.Errorf(lab.Unavailable, "%q cannot be read: %w", path, err), f.Close())
	}
	if !info.Mode().IsRegular() {
		return nil, errors.Join(lab.Errorf(lab.Invalid, "%q is no file", path).WithHint("name a file that ends in %s", Suffix), f.Close())
	}
	out, err := Read(f, info.Size(), limits)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	out.close = f.Close
	return out, nil
}

// Read is Open for bytes that lie elsewhere.
func Read(r io.ReaderAt, size int64, limits Limits) (*File, error) {
	if size > limits.File {
		return nil, refused("the file has %d bytes, want at most %d", size, limits.File)
	}
	z, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // paths are looked at below, with better words
		return nil, refused("the file is no whole archive: %v", err)
	}
	f := &File{limits: limits, zip: z, parts: map[string]*zip.File{}, close: func() error { return nil }}
	if err := f.structure(size); err != nil {
		return nil, err
	}
	if err := f.manifest(); err != nil {
		return nil, err
	}
	return f, f.agree()
}

// Close frees the file.
func (f *File) Close() error { return f.close() }

func refused(format string, args ...any) error {
	e := lab.Errorf(lab.Invalid, format, args...)
	e.Msg = "the experiment file is refused: " + e.Msg
	return e.WithHint("ask who shared it for another copy; nothing of it was kept and nothing was run")
}

// structure looks at the list of parts: their number, names, kinds and sizes.
func (f *File) structure(size int64) error {
	if len(f.zip.File) > f.limits.Parts {
		return refused("it has %d parts, want at most %d", len(f.zip.File), f.limits.Parts)
	}
	var total uint64
	folded := map[string]string{}
	for _, z := range f.zip.File {
		if err := checkName(z.Name); err != nil {
			return err
		}
		if other, ok := folded[strings.ToLower(z.Name)]; ok {
			if other == z.Name {
				return refused("part %q is in it twice", z.Name)
			}
			return refused("parts %q and %q are one on systems that do not tell small letters from capitals", other, z.Name)
		}
		folded[strings.ToLower(z.Name)] = z.Name
		if err := f.checkEntry(z); err != nil {
			return err
		}
		total += z.UncompressedSize64
		if total > uint64(f.limits.Total) {
			return refused("its parts have more than %d bytes", f.limits.Total)
		}
		f.parts[z.Name] = z
	}
	return f.apart(size)
}

func (f *File) checkEntry(z *zip.File) error {
	if mode := z.Mode(); mode&fs.ModeType != 0 {
		return refused("part %q is a link, a folder or a device, want plain files", z.Name)
	}
	if z.Flags&1 != 0 {
		return refused("part %q is encrypted", z.Name)
	}
	if z.Method != zip.Store && z.Method != zip.Deflate {
		return refused("part %q is compressed by method %d, want store or deflate", z.Name, z.Method)
	}
	if z.UncompressedSize64 > RatioOver && z.UncompressedSize64/max(z.CompressedSize64, 1) > uint64(f.limits.Ratio) {
		return refused("part %q grows %d times when it is opened, want at most %d", z.Name, z.UncompressedSize64/max(z.CompressedSize64, 1), f.limits.Ratio)
	}
	return nil
}

// apart refuses parts that lie on top of each other, as in archives that grow without end.
func (f *File) apart(size int64) error {
	type span struct {
		name     string
		from, to int64
	}
	var spans []span
	for _, z := range f.zip.File {
		at, err := z.DataOffset()
		if err != nil {
			return refused("part %q is damaged: %v", z.Name, err)
		}
		end := at + int64(z.CompressedSize64)
		if end < at || end > size {
			return refused("part %q ends outside of the file", z.Name)
		}
		spans = append(spans, span{z.Name, at, end})
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to {
			return refused("parts %q and %q lie on top of each other", spans[i-1].name, spans[i].name)
		}
	}
	return nil
}

// checkName takes only names that this format has, and says of others what is wrong with them.
func checkName(name string) error {
	switch {
	case name == "", len(name) > 240:
		return refused("a part has a name of %d bytes, want 1 to 240", len(name))
	case !utf8.ValidString(name), strings.ContainsFunc(name, unicode.IsControl):
		return refused("part %q has characters in its name that no name has", name)
	case strings.HasPrefix(name, "/"), strings.Contains(name, `\`), strings.Contains(name, ":"):
		return refused("part %q has an absolute path", name)
	case !fs.ValidPath(strings.TrimSuffix(name, "/")):
		return refused("part %q has a path that leads out of its folder", name)
	case strings.HasSuffix(name, "/"):
		return refused("part %q is a folder, want plain files", name)
	}
	for element := range strings.SplitSeq(name, "/") {
		if reserved(element) {
			return refused("part %q has a name that some systems keep for themselves", name)
		}
	}
	if name == manifestName || name == resultsName || name == setupsName || runPart.MatchString(name) {
		return nil
	}
	if base, ok := strings.CutPrefix(name, notebookFolder); ok && plainNotebook(base) {
		return nil
	}
	return refused("part %q is none of an experiment", name)
}

// plainNotebook tells whether a notebook may have that file name.
func plainNotebook(base string) bool {
	return strings.HasSuffix(base, ".md") && len(base) > 3 && len(base) <= 120 && !strings.HasPrefix(base, ".") && !strings.ContainsAny(base, `/\:*?"<>|`)
}

// reserved are names that Windows gives to devices or cannot keep.
func reserved(element string) bool {
	stem, _, _ := strings.Cut(strings.ToLower(element), ".")
	stem = strings.TrimRight(stem, " ")
	if slices.Contains([]string{"con", "prn", "aux", "nul"}, stem) {
		return true
	}
	if len(stem) == 4 && (strings.HasPrefix(stem, "com") || strings.HasPrefix(stem, "lpt")) && stem[3] >= '0' && stem[3] <= '9' {
		return true
	}
	return strings.HasSuffix(element, ".") || strings.HasSuffix(element, " ")
}

// manifest reads the manifest; a newer format is told before anything else in it is believed.
func (f *File) manifest() error {
	text, err := f.bytes(manifestName, f.limits.Manifest)
	if err != nil {
		return err
	}
	var head struct {
		Format int    `json:"format"`
		Kind   string `json:"kind"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return refused("its manifest cannot be read: %v", err)
	}
	if head.Kind != kind {
		return refused("it is %q, want %q", head.Kind, kind)
	}
	if head.Format > Format {
		return lab.Errorf(lab.Invalid, "the experiment file has format %d, this Loci reads up to %d", head.Format, Format).WithHint("get a newer Loci")
	}
	if head.Format < 1 {
		return refused("its manifest has format %d, want 1 to %d", head.Format, Format)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f.Manifest); err != nil {
		return refused("its manifest cannot be read: %v", err)
	}
	return nil
}

// agree compares the manifest with what is there.
func (f *File) agree() error {
	m := f.Manifest
	seen := map[string]bool{manifestName: true}
	for _, p := range m.Parts {
		z := f.parts[p.Name]
		if z == nil {
			return refused("part %q is missing", p.Name)
		}
		if seen[p.Name] {
			return refused("part %q is in the manifest twice", p.Name)
		}
		seen[p.Name] = true
		if p.Bytes < 0 || uint64(p.Bytes) != z.UncompressedSize64 {
			return refused("part %q was changed: it has %d bytes, want %d", p.Name, z.UncompressedSize64, p.Bytes)
		}
	}
	for name := range f.parts {
		if !seen[name] {
			return refused("part %q is not in the manifest", name)
		}
	}
	if base, ok := strings.CutPrefix(m.Notebook, notebookFolder); !ok || !plainNotebook(base) || !seen[m.Notebook] {
		return refused("its notebook %q is not in it", m.Notebook)
	}
	runs := map[string]bool{}
	for _, r := range m.Runs {
		if !keyName.MatchString(r.Key) || runs[r.Key] {
			return refused("run %q is none, or in the manifest twice", r.Key)
		}
		runs[r.Key] = true
		if !seen[runsFolder+r.Key+"/"+recordName] {
			return refused("run %s has no record in it", r.Key)
		}
	}
	for name := range f.parts {
		if found := runPart.FindStringSubmatch(name); found != nil && !runs[found[1]] {
			return refused("part %q belongs to no run of the manifest", name)
		}
	}
	return nil
}

// Notebook returns the file name and text of the notebook, checked against its hash.
func (f *File) Notebook() (name string, text []byte, err error) {
	text, err = f.bytes(f.Manifest.Notebook, f.limits.Notebook)
	if err == nil {
		err = f.whole(f.Manifest.Notebook, text)
	}
	return strings.TrimPrefix(f.Manifest.Notebook, notebookFolder), text, err
}

// Results returns verdicts and table as they were shared, checked against their hash.
func (f *File) Results() (json.RawMessage, error) {
	text, err := f.bytes(resultsName, f.limits.Manifest)
	if err == nil {
		err = f.whole(resultsName, text)
	}
	return text, err
}

func (f *File) whole(name string, text []byte) error {
	sum := sha256.Sum256(text)
	if hex.EncodeToString(sum[:]) != f.hash(name) {
		return changed(name)
	}
	return nil
}

func (f *File) hash(name string) string {
	for _, p := range f.Manifest.Parts {
		if p.Name == name {
			return p.Hash
		}
	}
	return ""
}

func changed(name string) error {
	return refused("part %q was changed since it was shared: its hash is another", name)
}

// bytes reads a small part whole.
func (f *File) bytes(name string, most int64) ([]byte, error) {
	z := f.parts[name]
	if z == nil {
		return nil, refused("part %q is missing", name)
	}
	if z.UncompressedSize64 > uint64(most) {
		return nil, refused("part %q has %d bytes, want at most %d", name, z.UncompressedSize64, most)
	}
	var out bytes.Buffer
	err := f.copyTo(context.Background(), &out, name)
	return out.Bytes(), err
}

// copyTo copies a part and stops where it is larger than the list of parts says.
func (f *File) copyTo(ctx context.Context, w io.Writer, name string) error {
	z := f.parts[name]
	if z == nil {
		return refused("part %q is missing", name)
	}
	r, err := z.Open()
	if err != nil {
		return refused("part %q is damaged: %v", name, err)
	}
	defer r.Close()
	buf, n := make([]byte, 64<<10), int64(0)
	for {
		if err := ctx.Err(); err != nil {
			return lab.Errorf(lab.Cancelled, "stopped while part %q was read", name)
		}
		k, err := r.Read(buf)
		if n += int64(k); n > int64(z.UncompressedSize64) {
			return refused("part %q is larger than it says", name)
		}
		if _, werr := w.Write(buf[:k]); werr != nil {
			return werr
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil { // also a checksum of the archive that does not fit
			return refused("part %q is damaged or was changed: %v", name, err)
		}
	}
}

// Check reads every part and compares its hash. progress may be nil.
func (f *File) Check(ctx context.Context, progress func(done, total int64, part string)) error {
	var done, total int64
	for _, p := range f.Manifest.Parts {
		total += p.Bytes
	}
	for _, p := range f.Manifest.Parts {
		sum := sha256.New()
		if err := f.copyTo(ctx, sum, p.Name); err != nil {
			return err
		}
		if hex.EncodeToString(sum.Sum(nil)) != p.Hash {
			return changed(p.Name)
		}
		done += p.Bytes
		if progress != nil {
			progress(done, total, p.Name)
		}
	}
	return nil
}
