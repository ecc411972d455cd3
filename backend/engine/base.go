package engine

import (
	"context"

	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/trainer"
	"github.com/loci-lab/loci/backend/trainer/local"
	"github.com/loci-lab/loci/backend/trainer/shelf"
)

// Base is a model that is lent out; shelf.Model is one. Train and Sampler are called by one goroutine at a time.
type Base interface {
	About() shelf.About
	// Text reads and writes token ids; nil where the model has no tokenizer. Stop texts need it.
	Text() llm.Tokenizer
	// Train makes a copy to be trained. Its calls are made by one goroutine at a time, and each is waited for.
	Train(ctx context.Context, o local.Options) (trainer.Trainer, error)
	// Sampler samples the base model itself.
	Sampler(ctx context.Context) (llm.Sampler, error)
}

// LoRA says which low-rank adapters are trained. Rank 0 trains all weights.
type LoRA struct {
	Rank      int    `json:"rank"`
	Seed      uint64 `json:"seed"`
	MLP       bool   `json:"mlp"`
	Attention bool   `json:"attention"`
	Head      bool   `json:"head"`
}

// train makes a trainer of a base model; what it keeps lies below the folder.
func (l LoRA) train(ctx context.Context, b Base, folder string) (trainer.Trainer, error) {
	return b.Train(ctx, local.Options{Rank: l.Rank, Seed: l.Seed, MLP: l.MLP, Attention: l.Attention, Unembed: l.Head, Folder: folder})
}
