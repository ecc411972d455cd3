// Package shelf holds the base models of this computer, ready to be trained and sampled: folders in the usual layout, and a small one
// with random weights that needs no file.
package shelf

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sync"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/local"
)

// About describes a base model.
type About struct {
	Name      string  // a path of letters, digits, -, _, . and /
	Arch      string  // family and size, in words
	Context   int     // most tokens of a sequence
	Vocab     int     // tokens are 0..Vocab-1
	Ends      []int32 // tokens that end a text
	Tokenizer string  // the folder that has it, "" where there is none
}

// Shelf is the core on which its models compute, one call at a time.
type Shelf struct {
	core *num.Core
	turn sync.Mutex
}

// New returns a shelf. The core must not be used by others.
func New(core *num.Core) *Shelf { return &Shelf{core: core} }

// Model is a base model. Its weights never change: training works on copies.
type Model struct {
	shelf *Shelf
	about About
	model *nn.Decoder
	tok   llm.Tokenizer
}

// Put makes a model of weights; tok may be nil.
func (s *Shelf) Put(about About, model *nn.Decoder, tok llm.Tokenizer) *Model {
	about.Context, about.Vocab = model.Shape.Context, model.Shape.Vocab
	if about.Arch == "" {
		about.Arch = arch(model.Shape)
	}
	return &Model{s, about, model, tok}
}

func arch(s nn.DecoderShape) string {
	family := "llama"
	if s.QKNorm {
		family = "qwen3"
	}
	return fmt.Sprintf("%s, %d layers, width %d, %d tokens", family, s.Layers, s.Width, s.Vocab)
}

// About describes the model.
func (m *Model) About() About { return m.about }

// Text is its tokenizer, nil where it has none.
func (m *Model) Text() llm.Tokenizer { return m.tok }

// Train makes a trainer of a copy.
func (m *Model) Train(ctx context.Context, o local.Options) (trainer.Trainer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	o.Lock = &m.shelf.turn
	return local.New(m.shelf.core, m.model, m.tok, o)
}

// Sampler samples the model itself.
func (m *Model) Sampler(ctx context.Context) (llm.Sampler, error) {
	t, err := m.Train(ctx, local.Options{})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	return t.Sampler(ctx)
}

// TinyName is the model that needs no file.
const TinyName = "loci/tiny"

// Tiny returns a model with random weights, always the same ones, whose 256 tokens are bytes: small enough that a test of a whole
// training takes seconds. Its weights are drawn here, with standard deviation 1/sqrt(in), so that they stay the same when the first
// weights of models that are trained for a paper are chosen otherwise.
func (s *Shelf) Tiny() *Model {
	m := nn.NewDecoderZero(nn.DecoderShape{
		Vocab: 256, Width: 64, Layers: 2, Heads: 4, KVHeads: 2, HeadDim: 16, Inner: 128, Context: 1024, Theta: 10000, Eps: 1e-5,
	})
	draw := rng.New(0, TinyName)
	for _, w := range m.Weights() {
		if len(w.Shape) < 2 {
			continue // gains of norms stay 1
		}
		in := w.Shape[0]
		if w == m.Embed || w == m.Head {
			in = w.Shape[1]
		}
		for i := range w.Data {
			w.Data[i] = float32(draw.Normal() / math.Sqrt(float64(in)))
		}
	}
	return s.Put(About{Name: TinyName}, m, Bytes{})
}

// depth is how many folders below the given one a model may lie.
const depth = 3

// Read reads the models of a folder: the folder itself when it holds one, else those below it. A model is named by its path from
// there. A folder that cannot be read as a model is an error of its own in the list; the others are returned all the same.
func (s *Shelf) Read(folder string) (models []*Model, errs []error) {
	folder = filepath.Clean(folder)
	if isModel(folder) {
		m, err := s.read(folder, filepath.Base(folder))
		if err != nil {
			return nil, []error{err}
		}
		return []*Model{m}, nil
	}
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() || path == folder {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		if isModel(path) {
			if m, err := s.read(path, filepath.ToSlash(name)); err == nil {
				models = append(models, m)
			} else {
				errs = append(errs, err)
			}
			return fs.SkipDir
		}
		if countFolders(name) >= depth {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		errs = append(errs, lab.Errorf(lab.Unavailable, "models below %q cannot be read: %w", folder, err))
	}
	return models, errs
}

func countFolders(name string) int {
	n := 1
	for dir := filepath.Dir(name); dir != "."; dir = filepath.Dir(dir) {
		n++
	}
	return n
}

func isModel(folder string) bool {
	info, err := os.Stat(filepath.Join(folder, "config.json"))
	return err == nil && info.Mode().IsRegular()
}

func (s *Shelf) read(folder, name string) (*Model, error) {
	f, err := llm.ReadFolder(folder)
	if err != nil {
		return nil, lab.Errorf(lab.CodeOf(err), "base model %q: %w", name, err)
	}
	abs, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	about := About{Name: name, Ends: f.Ends}
	if f.Tokenizer != nil {
		about.Tokenizer = abs
	}
	return s.Put(about, f.Model, f.Tokenizer), nil
}
