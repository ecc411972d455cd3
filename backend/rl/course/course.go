// Package course is the frame of methods that train in updates on whole episodes with one decision at their end: Course keeps the order of
// updates, examinations and the test, and Class plays the episodes. What an update is, and what is examined, stays with the method.
package course

import (
	"context"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl/exam"
)

// unit is how many updates one Advance makes at most.
const unit = 20

// Count is where a course stands; a method keeps it in its checkpoints.
type Count struct {
	Updates int
	Evals   int
	Tested  bool
	Book    exam.Book
}

// Course trains for Updates, examines before them, Evaluations times during them, evenly spread, and tests at the end.
type Course struct {
	Updates, Evaluations int
	Batch                int // episodes of an update
	Now                  Count

	Parameters func() []exam.Value // said once, before anything else; none of a reference
	Update     func(ctx context.Context, number int) ([]exam.Value, error)
	Evaluate   func(ctx context.Context, emit lab.Emitter) error
	Test       func(ctx context.Context, emit lab.Emitter) error
}

// Progress counts updates; the test is one more.
func (c *Course) Progress() lab.Progress {
	done := int64(c.Now.Updates)
	if c.Now.Tested {
		done++
	}
	return lab.Progress{Done: done, Total: int64(c.Updates) + 1, Unit: "updates"}
}

// Episodes is the x axis: episodes of training so far.
func (c *Course) Episodes() int64 { return int64(c.Now.Updates) * int64(c.Batch) }

// Advance trains for some updates and examines where that is due, or tests when all updates are done.
func (c *Course) Advance(ctx context.Context, emit lab.Emitter) (lab.Progress, error) {
	err := c.advance(ctx, emit)
	return c.Progress(), err
}

func (c *Course) advance(ctx context.Context, emit lab.Emitter) error {
	if c.Now.Evals == 0 {
		if err := c.begin(ctx, emit); err != nil {
			return err
		}
	}
	if c.Now.Updates >= c.Updates {
		err := c.Test(ctx, emit)
		c.Now.Tested = err == nil
		return err
	}
	if err := c.train(ctx, emit); err != nil {
		return err
	}
	if c.Now.Updates*c.Evaluations >= c.Now.Evals*c.Updates {
		return c.evaluate(ctx, emit)
	}
	return nil
}

func (c *Course) begin(ctx context.Context, emit lab.Emitter) error {
	if values := c.Parameters(); len(values) > 0 {
		if err := exam.Emit(emit, 0, values...); err != nil {
			return err
		}
	}
	return c.evaluate(ctx, emit)
}

func (c *Course) evaluate(ctx context.Context, emit lab.Emitter) error {
	if err := c.Evaluate(ctx, emit); err != nil {
		return err
	}
	c.Now.Evals++
	return nil
}

// train makes the next updates and emits the means of what they told, each in its place.
func (c *Course) train(ctx context.Context, emit lab.Emitter) error {
	n := min(unit, c.Updates-c.Now.Updates)
	var mean []exam.Value
	for i := range n {
		values, err := c.Update(ctx, c.Now.Updates)
		if err != nil {
			return err
		}
		if i == 0 {
			mean = make([]exam.Value, len(values))
		}
		for j, v := range values {
			mean[j].Name = v.Name
			mean[j].Value += 1 / float64(n) * v.Value
		}
		c.Now.Updates++
	}
	c.Now.Book.Skip(n * c.Batch)
	return exam.Emit(emit, c.Episodes(), mean...)
}
