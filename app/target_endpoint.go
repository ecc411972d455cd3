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
	"github.com/loci-lab/loci/backend/web"
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
	client, err := testClient(e)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	if !c.json {
		fmt.Fprintf(c.err, "One tiny question is asked; at a paid endpoint it costs a few tokens.\n")
	}
	var answers []target.Answer
	models, err := endpointSteps(ctx, client, e, func(a target.Answer) { answers = append(answers, a) })
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

// testClient asks an endpoint anew: what was answered before says nothing.
func testClient(e lab.Endpoint) (*openai.Client, error) {
	e.Cache = ""
	return openai.New(e, openai.Options{Tries: testTries, Wrong: 1, Idle: testIdle})
}

// pageTest is the test of a target as a page asks for it: nobody is asked at the terminal.
func (c *cli) pageTest(env *env) web.TestTarget {
	return func(ctx context.Context, name string, told func(target.Answer)) ([]string, error) {
		secrets := notedSecrets{pageSecrets{env.secrets, env.store}, env.store}
		all, err := target.Read(c.targetsPath())
		if err != nil {
			return nil, err
		}
		if m, err := all.Machine(name); err == nil {
			return nil, c.machineSteps(ctx, secrets, m, told)
		}
		if kind, _ := all.Has(name); kind == "service" {
			models, _, err := c.trySteps(ctx, secrets, name, told)
			return models, err
		}
		e, err := c.endpoint(ctx, secrets, name)
		if err != nil {
			return nil, err
		}
		client, err := testClient(e)
		if err != nil {
			return nil, err
		}
		defer func() { _ = client.Close() }()
		return endpointSteps(ctx, client, e, told)
	}
}

// endpointSteps tells the steps that went well.
func endpointSteps(ctx context.Context, client *openai.Client, e lab.Endpoint, told func(target.Answer)) ([]string, error) {
	step := func(name string, do func() (string, error)) error {
		start := time.Now()
		said, err := do()
		if err == nil {
			told(target.Answer{Step: name, Said: said, Seconds: time.Since(start).Seconds()})
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
