package tiny

import (
	"context"
	"math"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/nn"
	"github.com/loci-lab/loci/backend/num"
)

// Embedder embeds texts by a model's own hidden states: their mean over the tokens of a text, behind the last layer, at unit length. The
// weights must not change while it is in use. One goroutine uses it.
type Embedder struct {
	model *nn.Decoder
	tok   llm.Tokenizer
	tape  *num.Tape
}

// NewEmbedder makes the embedder of a model that stays as it is.
func NewEmbedder(core *num.Core, model *nn.Decoder, tok llm.Tokenizer) *Embedder {
	return &Embedder{model, tok, num.NewTape(core)}
}

// Width is the width of the model, D.
func (e *Embedder) Width() int { return e.model.Shape.Width }

// Embed returns one vector [D] for each text, zero for a text without tokens. Of a text longer than the model's context the beginning counts.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	all := make([][]float32, len(texts))
	for i, text := range texts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		ids, err := e.tok.Encode(text)
		if err != nil {
			return nil, lab.Errorf(lab.CodeOf(err), "text %d cannot be embedded: %w", i, err)
		}
		all[i] = e.one(ids[:min(len(ids), e.model.Shape.Context)])
	}
	return all, nil
}

func (e *Embedder) one(ids []int32) []float32 {
	out := make([]float32, e.Width())
	if len(ids) == 0 {
		return out
	}
	e.tape.Reset()
	row := nn.Row{Tokens: ids}
	for at := range ids {
		row.Reads = append(row.Reads, nn.Read{At: at})
	}
	packs, _ := nn.PackRows([]nn.Row{row}, 0)
	hidden := e.model.Hidden(e.tape, packs[0])
	e.tape.Core.K.SumRows(out, hidden.Data, hidden.Last(), hidden.Rows(), hidden.Last())
	norm := 0.0
	for _, v := range out {
		norm += float64(v) * float64(v)
	}
	for i, v := range out {
		out[i] = float32(float64(v) / max(math.Sqrt(norm), math.SmallestNonzeroFloat32))
	}
	return out
}
