package openai

import (
	"context"
	"fmt"
	"sync"

	"github.com/loci-lab/loci/backend/lab"
)

// purse keeps to a cap of dollars. Every attempt puts aside the most that it can cost before it begins, and pays what it did cost behind
// it, so that requests that run side by side do not go over the cap together.
type purse struct {
	cap float64 // 0 is none

	mu    sync.Mutex
	spent float64
	aside float64
	freed chan struct{} // closed and made anew whenever something was settled
}

// capError says that a request does not fit any more.
type capError struct{ spent, next, cap float64 }

func (e capError) Error() string {
	return fmt.Sprintf("%.4g of %g dollars are spent", e.spent, e.cap)
}

// take puts an amount aside. While others have something aside it waits for what they leave over.
func (p *purse) take(ctx context.Context, dollars float64) error {
	if p.cap == 0 {
		return nil
	}
	for {
		p.mu.Lock()
		fits, alone := p.spent+p.aside+dollars <= p.cap, p.aside == 0
		if fits {
			p.aside += dollars
		}
		e, freed := capError{p.spent, dollars, p.cap}, p.freed
		p.mu.Unlock()
		switch {
		case fits:
			return nil
		case alone:
			return e
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// settle pays and gives the rest of what was put aside back.
func (p *purse) settle(aside, spent float64) {
	if p.cap == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spent += spent
	if p.aside -= aside; p.aside < 1e-12 {
		p.aside = 0
	}
	close(p.freed)
	p.freed = make(chan struct{})
}

// dearest is the most that an attempt may cost. A prompt has at most as many tokens as bytes; two bytes a token are taken, which no usual
// text has. An answer without a bound is taken for unboundedReply tokens.
func (c *Client) dearest(prompt, reply int) float64 {
	if reply <= 0 {
		reply = unboundedReply
	}
	return c.price(prompt/2+1, reply)
}

const unboundedReply = 4096 // tokens

// overspent is the error at a cap.
func (c *Client) overspent(err error) error {
	e, ok := err.(capError)
	if !ok {
		return err
	}
	return lab.Errorf(lab.Budget, "endpoint %q: this run has spent %.4g of its %g dollars, and the next request may cost %.4g", c.endpoint.Name, e.spent, e.cap, e.next).
		WithHint("raise --dollars of `loci target add %s --replace`, or continue the run, which may then spend as much again; what was answered is not paid twice", c.endpoint.Name)
}
