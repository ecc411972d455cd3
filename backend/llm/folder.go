package llm

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/nn"
)

// Folder is a language model as it lies on disk in the usual layout: config.json, model.safetensors, tokenizer.json and small files
// beside them. Other programs read and write the same.
type Folder struct {
	Config
	Model     *nn.Decoder
	Tokenizer Tokenizer
}

// NewFolder returns the folder of a model and its tokenizer, to be written.
func NewFolder(m *nn.Decoder, t Tokenizer) *Folder {
	f := &Folder{Config: Config{Shape: m.Shape, Dtype: F32, Begin: -1}, Model: m, Tokenizer: t}
	if end := t.End(); end >= 0 {
		f.Ends = []int32{end}
	}
	return f
}

const configFileName = "config.json"

// ReadFolder reads a model of the Llama or the Qwen3 family with its tokenizer. Weights may be float32 or bfloat16, in one file or in
// several with an index. What is missing, damaged, of another family or does not fit together is a lab.Error; sizes are compared with
// the files before memory is taken.
func ReadFolder(dir string) (*Folder, error) {
	f, err := readFolder(dir)
	if err != nil {
		return nil, lab.Errorf(lab.CodeOf(err), "model folder %q: %w", dir, err)
	}
	return f, nil
}

func readFolder(dir string) (*Folder, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, readError("the folder", err)
	}
	if !info.IsDir() {
		return nil, lab.Errorf(lab.Invalid, "it is a file").WithHint("name the folder that holds config.json")
	}
	src, err := readSmall(dir, configFileName, configLimit)
	if err != nil {
		return nil, err
	}
	f := &Folder{}
	if f.Config, err = ParseConfig(src); err != nil {
		return nil, err
	}
	if f.Tokenizer, err = readTokenizer(dir, f.Ends); err != nil {
		return nil, err
	}
	if err := fits(f.Tokenizer, f.Shape); err != nil {
		return nil, err
	}
	f.Model, f.Dtype, err = readWeights(dir, f.Shape)
	return f, err
}

// fits checks that every token has a row in the embedding. Models may have more rows than tokens.
func fits(t Tokenizer, s nn.DecoderShape) error {
	if t.Size() > s.Vocab {
		return lab.Errorf(lab.Invalid, "the tokenizer has %d tokens, want at most the %d of the model's vocabulary", t.Size(), s.Vocab).
			WithHint("check that tokenizer.json and config.json belong to the same model")
	}
	return nil
}

// stored is a tokenizer that can lie in a folder.
type stored interface {
	// files returns the contents of tokenizer.json and of what lies beside it, by name.
	files() (map[string][]byte, error)
}

// Write stores the folder with its weights rounded to the type. The folder appears whole or not at all: it is written under another
// name beside its place, forced to disk and renamed. A folder that exists and is not empty is an error of code conflict; so no model
// is ever replaced. Adapters are added to the weights that are written (Decoder.Merged); the model itself keeps them.
func (f *Folder) Write(dir string, d Dtype) error {
	if err := f.write(filepath.Clean(dir), d); err != nil {
		return lab.Errorf(lab.CodeOf(err), "model folder %q: %w", dir, err)
	}
	return nil
}

func (f *Folder) write(dir string, d Dtype) error {
	m := f.Model
	if m.LoRA != nil {
		m = m.Merged()
	}
	files, err := f.small(m.Shape, d)
	if err != nil {
		return err
	}
	if err := vacant(dir); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+".*")
	if err != nil {
		return writeError(err)
	}
	defer os.RemoveAll(tmp) // finds nothing after the rename
	for _, name := range slices.Sorted(maps.Keys(files)) {
		err = errors.Join(err, writeFile(filepath.Join(tmp, name), func(w io.Writer) error {
			_, err := w.Write(files[name])
			return err
		}))
	}
	err = errors.Join(err, writeFile(filepath.Join(tmp, weightsFile), func(w io.Writer) error { return writeWeights(w, m, d) }))
	if err == nil {
		err = put(tmp, dir)
	}
	return writeError(err)
}

// small returns all files but the weights.
func (f *Folder) small(shape nn.DecoderShape, d Dtype) (map[string][]byte, error) {
	if d != F32 && d != BF16 {
		return nil, lab.Errorf(lab.Invalid, "the weights' type is %q, want %q or %q", d, F32, BF16)
	}
	t, ok := f.Tokenizer.(stored)
	if !ok {
		return nil, lab.Errorf(lab.Invalid, "the tokenizer is a %T, want a *llm.Words or a *llm.BPE", f.Tokenizer)
	}
	if err := fits(f.Tokenizer, shape); err != nil {
		return nil, err
	}
	files, err := t.files()
	if err != nil {
		return nil, err
	}
	c := f.Config
	c.Shape, c.Dtype = shape, d
	files[configFileName], err = c.JSON()
	return files, err
}

// vacant makes way for a new folder: nothing stands there, or an empty folder, which is removed.
func vacant(dir string) error {
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return writeError(err)
	case info.IsDir() && os.Remove(dir) == nil:
		return nil
	}
	return lab.Errorf(lab.Conflict, "it exists already").WithHint("choose another name, or move what is there away")
}

// put makes the new folder readable for all, forces its entries to disk and gives it its name.
func put(tmp, dir string) error {
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	if err := file.SyncDir(tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp, dir); err != nil {
		return err
	}
	return file.SyncDir(filepath.Dir(dir))
}

func writeFile(path string, fill func(io.Writer) error) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	buf := bufio.NewWriterSize(file, 1<<16)
	return errors.Join(fill(buf), buf.Flush(), file.Sync(), file.Close())
}

func writeError(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, fs.ErrExist) || errors.Is(err, syscall.ENOTEMPTY) {
		return lab.Errorf(lab.Conflict, "it exists already").WithHint("choose another name, or move what is there away")
	}
	return lab.Errorf(lab.Unavailable, "%w", err).WithHint("check that the folder above exists, may be written and has room")
}

// readSmall returns the contents of a file of a folder that has at most limit bytes.
func readSmall(dir, name string, limit int64) ([]byte, error) {
	file, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return nil, readError(name, err)
	}
	defer file.Close()
	src, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, readError(name, err)
	}
	if int64(len(src)) > limit {
		return nil, lab.Errorf(lab.Invalid, "%s has more than %d bytes, the most that is read", name, limit).
			WithHint("copy the model folder again")
	}
	return src, nil
}

func readError(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return lab.Errorf(lab.NotFound, "%s is missing", name).WithHint("check the path; a model folder holds %s, %s and %s", configFileName, weightsFile, tokenizerFile)
	}
	return lab.Errorf(lab.Unavailable, "%s cannot be read: %w", name, err)
}

// quote shows a piece of outside text, cut where it is long.
func quote(text string) string {
	if len(text) > quoteLimit {
		text = text[:quoteLimit] + "..."
	}
	return strconv.Quote(text)
}

// indented writes JSON for people and programs both, with signs such as < as they are.
func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("file of a model folder: %w", err)
	}
	return b.Bytes(), nil
}
