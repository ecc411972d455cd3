package openai

import (
	"context"
	"time"

	api "github.com/sashabaranov/go-openai"

	"github.com/loci-lab/loci/backend/lab"
)

const (
	firstPause    = 500 * time.Millisecond
	longestPause  = 30 * time.Second
	longestAdvice = 5 * time.Minute // of Retry-After; a server that asks for more ends the run, which can be continued then
)

// usage is what an attempt cost.
type usage struct {
	prompt, reply int
	dollars       float64
}

// retry makes attempts until one goes well. attempt is told how many answers of no use came before; it returns what it cost in any case.
// dearest is the most that an attempt may cost, in dollars. The result is the number of attempts before the last.
func (c *Client) retry(ctx context.Context, dearest float64, attempt func(ctx context.Context, wrong int) (usage, *fault)) (int, error) {
	later, wrong := 0, 0
	for n := 0; ; n++ {
		f, err := c.once(ctx, dearest, func() (usage, *fault) { return attempt(ctx, wrong) })
		if err != nil {
			return n, err
		}
		if f == nil {
			return n, nil
		}
		if err := ctx.Err(); err != nil {
			return n, err
		}
		tried := 0
		switch f.remedy {
		case giveUp:
			return n, f.err
		case askLater:
			later++
			tried = later
			if later >= c.options.Tries || f.advice > longestAdvice {
				return n, tired(f, later)
			}
		case askAgain:
			wrong++
			tried = wrong
			c.count(func(k *Counts) { k.Wrong++ })
			if wrong >= c.options.Wrong {
				return n, tired(f, wrong)
			}
		}
		c.count(func(k *Counts) { k.Retries++ })
		if err := c.options.Wait(ctx, c.pause(f, tried)); err != nil {
			return n, err
		}
	}
}

// once makes one attempt within the caps: its turn in the minute, its share of the dollars, and a free slot.
func (c *Client) once(ctx context.Context, dearest float64, attempt func() (usage, *fault)) (*fault, error) {
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-c.slots }()
	if err := c.purse.take(ctx, dearest); err != nil {
		return nil, c.overspent(err)
	}
	var spent float64
	defer func() { c.purse.settle(dearest, spent) }()
	if err := c.pace.turn(ctx, c.options.Wait); err != nil {
		return nil, err
	}
	c.count(func(k *Counts) { k.Requests++ })
	u, f := attempt()
	spent = u.dollars
	c.count(func(k *Counts) {
		k.Prompt, k.Reply, k.Dollars = k.Prompt+u.prompt, k.Reply+u.reply, k.Dollars+u.dollars
	})
	return f, nil
}

// tired is the error behind the last attempt: it says how many there were.
func tired(f *fault, attempts int) error {
	e := *f.err
	if f.advice > longestAdvice {
		e.Msg += ", and asks to wait " + f.advice.Round(time.Second).String()
	} else if attempts > 1 {
		e.Msg = lab.Errorf(e.Code, "%s (attempt %d, the last)", e.Msg, attempts).Msg
	}
	return &e
}

// pause is how long to wait behind attempt n, from 1: what the server asks for, or evenly drawn from 0 to a bound that doubles ("full
// jitter"), so that clients that failed together do not come back together.
func (c *Client) pause(f *fault, n int) time.Duration {
	if f.remedy == askOnward {
		return 0
	}
	bound := min(firstPause<<min(max(n-1, 0), 10), longestPause)
	jitter := time.Duration(c.options.Draw() * float64(bound))
	if f.advice >= 0 {
		return f.advice + min(jitter, time.Second)
	}
	return jitter
}

// wait is the clock's.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// bytesPerToken is what a token is taken for where a server does not count.
const bytesPerToken = 4

// bill turns what the server counted into a cost; where it did not count, bytes are.
func (c *Client) bill(u *api.Usage, prompt, reply int) usage {
	if u == nil || u.PromptTokens <= 0 && u.CompletionTokens <= 0 {
		u = &api.Usage{PromptTokens: (prompt + bytesPerToken - 1) / bytesPerToken, CompletionTokens: (reply + bytesPerToken - 1) / bytesPerToken}
		c.count(func(k *Counts) { k.Estimated++ })
	}
	return usage{max(u.PromptTokens, 0), max(u.CompletionTokens, 0), c.price(max(u.PromptTokens, 0), max(u.CompletionTokens, 0))}
}

func (c *Client) price(prompt, reply int) float64 {
	return (float64(prompt)*c.endpoint.Prices[0] + float64(reply)*c.endpoint.Prices[1]) / 1e6
}
