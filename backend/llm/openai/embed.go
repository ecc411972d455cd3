package openai

import (
	"context"
	"encoding/json"
	"math"
	"strings"

	api "github.com/sashabaranov/go-openai"

	"github.com/loci-lab/loci/backend/lab"
)

const (
	mostTexts = 64      // of one request for embeddings
	mostWidth = 1 << 16 // of a vector
	mostBytes = 1 << 20 // of the texts of one request
)

// Embedder turns texts into vectors at an endpoint. Any number of goroutines may use it. It fulfils the memory's contract.
type Embedder struct {
	client *Client
	width  int
}

// Embedder asks for one vector, out of the cache where it is there, and so learns their width.
func (c *Client) Embedder(ctx context.Context) (*Embedder, error) {
	if c.endpoint.Embedding == "" {
		return nil, lab.Errorf(lab.Invalid, "endpoint %q has no embeddings model", c.endpoint.Name).
			WithHint("add it again with `loci target add %s --replace --embedding MODEL`", c.endpoint.Name)
	}
	e := &Embedder{client: c}
	first, err := e.ask(ctx, []string{"width"})
	if err != nil {
		return nil, err
	}
	e.width = len(first[0])
	return e, nil
}

// Width is the number of numbers of a vector, D.
func (e *Embedder) Width() int { return e.width }

// Embed returns one vector [D] of unit length for each text, in order; zero for a text without content, which is not sent. Vectors are
// kept by text, so that each text is paid once.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	all := make([][]float32, len(texts))
	var missing []int
	for i, text := range texts {
		switch {
		case strings.TrimSpace(text) == "":
			all[i] = make([]float32, e.width)
		case e.client.cached(text, &all[i]) && len(all[i]) == e.width:
		default:
			missing = append(missing, i)
		}
	}
	for len(missing) > 0 {
		n := batch(texts, missing)
		part := make([]string, n)
		for j, i := range missing[:n] {
			part[j] = texts[i]
		}
		vectors, err := e.ask(ctx, part)
		if err != nil {
			return nil, err
		}
		for j, i := range missing[:n] {
			all[i] = vectors[j]
		}
		missing = missing[n:]
	}
	return all, nil
}

// batch is how many of the missing texts go into one request.
func batch(texts []string, missing []int) int {
	bytes := 0
	for n, i := range missing {
		if bytes += len(texts[i]); n == mostTexts || n > 0 && bytes > mostBytes {
			return n
		}
	}
	return len(missing)
}

func (c *Client) cached(text string, into *[]float32) bool {
	key, err := c.key("embedding", c.endpoint.Embedding, text)
	if err != nil || !c.cache.get(key, into) {
		return false
	}
	c.count(func(n *Counts) { n.Cached++ })
	return true
}

// ask sends texts and keeps what comes.
func (e *Embedder) ask(ctx context.Context, texts []string) ([][]float32, error) {
	c, size := e.client, 0
	var vector []float32
	if e.width == 0 && c.cached(texts[0], &vector) && len(vector) > 0 {
		return [][]float32{vector}, nil
	}
	for _, text := range texts {
		size += len(text)
	}
	var vectors [][]float32
	_, err := c.retry(ctx, c.price(size/2+len(texts), 0), func(ctx context.Context, _ int) (usage, *fault) {
		var u usage
		var f *fault
		vectors, u, f = e.once(ctx, texts, size)
		return u, f
	})
	if err != nil {
		if ctx.Err() == nil {
			c.count(func(n *Counts) { n.Failed++ })
		}
		return nil, err
	}
	for i, text := range texts {
		key, err := c.key("embedding", c.endpoint.Embedding, text)
		if err != nil {
			return nil, err
		}
		if err := c.cache.put(key, vectors[i]); err != nil {
			return nil, err
		}
	}
	return vectors, nil
}

// once makes one attempt.
func (e *Embedder) once(ctx context.Context, texts []string, size int) ([][]float32, usage, *fault) {
	c := e.client
	x := &exchange{}
	request := api.EmbeddingRequestStrings{Input: texts, Model: api.EmbeddingModel(c.endpoint.Embedding), EncodingFormat: api.EmbeddingEncodingFormatFloat}
	reply, err := c.api.CreateEmbeddings(context.WithValue(ctx, exchangeKey{}, x), request)
	if err != nil {
		return nil, usage{}, c.refusedWhole(x, err)
	}
	if x.status >= 300 {
		return nil, usage{}, c.refused(x, nil)
	}
	u := c.bill(&reply.Usage, size, 0)
	vectors, what := e.order(reply.Data, len(texts))
	if what != "" {
		return nil, u, c.useless(x, what)
	}
	return vectors, u, nil
}

// refusedWhole sorts the failure of a request that is answered in one piece: one that cannot be read is a page, cut off, or of another layout.
func (c *Client) refusedWhole(x *exchange, err error) *fault {
	switch {
	case x.status < 200 || x.status >= 300:
		return c.refused(x, err)
	case x.html():
		return c.useless(x, "answers with a page in HTML, so it is no model's address or a proxy stands before it")
	case x.kept.Len() > 0 && json.Valid(x.kept.Bytes()):
		return c.useless(x, "answers in another layout than the interface's")
	}
	return c.broken(x, err)
}

// order puts the vectors in the order of the texts; what is wrong with them, in words, or "".
func (e *Embedder) order(data []api.Embedding, n int) ([][]float32, string) {
	if len(data) != n {
		return nil, "answers with another number of vectors than of texts"
	}
	vectors := make([][]float32, n)
	for _, d := range data {
		width := len(d.Embedding)
		switch {
		case d.Index < 0 || d.Index >= n || vectors[d.Index] != nil:
			return nil, "answers with vectors that are not numbered from 0 on"
		case width == 0 || width > mostWidth || e.width != 0 && width != e.width || width != len(data[0].Embedding):
			return nil, "answers with vectors of another width"
		}
		v, ok := unit(d.Embedding)
		if !ok {
			return nil, "answers with a vector of no direction"
		}
		vectors[d.Index] = v
	}
	return vectors, ""
}

// unit brings a vector to length 1; false where it has none.
func unit(v []float32) ([]float32, bool) {
	square := 0.0
	for _, x := range v {
		square += float64(x) * float64(x)
	}
	length := math.Sqrt(square)
	if !(length > 0) || math.IsInf(length, 0) {
		return nil, false
	}
	u := make([]float32, len(v))
	for i, x := range v {
		u[i] = float32(float64(x) / length)
	}
	return u, true
}
