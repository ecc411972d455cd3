package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/llm/openai"
	"github.com/loci-lab/loci/backend/target"
)

// What a test of an endpoint asks. The answer may be long, because some models think before they answer.
const (
	testQuestion = "Answer with the one word yes."
	testTokens   = 1024
	testTries    = 2
	testIdle     = time.Minute // a server that loads its model first may be silent so long
)

// endpointTest asks an endpoint for its models, its model one question and its embeddings model for one vector.
func (c *cli) endpointTest(ctx context.Context, name string) error {
	e, err := c.endpoint(ctx, c.secrets(), name)
	if err != nil {
		return err
	}
	e.Cache = "" // what was answered before says nothing
	client, err := openai.New(e, openai.Options{Tries: testTries, Wrong: 1, Idle: testIdle})
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	if !c.json {
		fmt.Fprintf(c.err, "One tiny question is asked; at a paid endpoint it costs a few tokens.\n")
	}
	var answers []target.Answer
	models, err := endpointSteps(ctx, client, e, &answers)
	c.answers(answers)
	if err != nil {
		return err
	}
	if c.json {
		return c.print(map[string]any{"type": "test", "name": name, "url": e.URL, "answers": answers, "models": models, "spent": client.Counts()})
	}
	for _, m := range models {
		fmt.Fprintln(c.out, "model", m)
	}
	fmt.Fprintln(c.out, "spent", client.Counts())
	return nil
}

// endpointSteps notes the steps that went well.
func endpointSteps(ctx context.Context, client *openai.Client, e lab.Endpoint, answers *[]target.Answer) ([]string, error) {
	step := func(name string, do func() (string, error)) error {
		start := time.Now()
		said, err := do()
		if err == nil {
			*answers = append(*answers, target.Answer{Step: name, Said: said, Seconds: time.Since(start).Seconds()})
		}
		return err
	}
	var models []string
	err := step("models", func() (string, error) {
		var err error
		if models, err = client.Models(ctx); lab.CodeOf(err) == lab.NotFound && err != nil {
			return "it lists none", nil // some servers do not
		}
		return fmt.Sprintf("%d models", len(models)), err
	})
	if err == nil && e.Model != "" {
		err = step("question", func() (string, error) {
			reply, err := client.Chat(ctx, llm.ChatRequest{Messages: []llm.Message{{Role: llm.User, Text: testQuestion}}, MaxTokens: testTokens})
			return fmt.Sprintf("%.40q", strings.TrimSpace(reply.Text)), err
		})
	}
	if err == nil && e.Embedding != "" {
		err = step("embedding", func() (string, error) {
			em, err := client.Embedder(ctx)
			if err != nil {
				return "", err
			}
			return fmt.Sprintf("%d numbers", em.Width()), nil
		})
	}
	return models, err
}
