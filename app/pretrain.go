package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/trainer/base"
)

// pretrainParts is how often the bar moves while a warm start is made.
const pretrainParts = 200

func (c *cli) pretrainCommand() *cobra.Command {
	var pick choice
	cmd := &cobra.Command{
		Use:   "pretrain NOTEBOOK",
		Short: "Make the warm starts that the runs of a notebook share",
		Long: "Make the warm starts that the runs of a notebook share: tiny language models trained on traces of the world's oracle. A run makes its\n" +
			"warm start itself where it is missing; this command makes them ahead, so that runs begin at once. Each is a model folder in the usual\n" +
			"layout below LOCI_HOME/bases. Stopped, it goes on from its last checkpoint when it is called again, and the result is the same to the bit.",
		Example: "  loci pretrain experiments/delethink.md\n  loci pretrain experiments/delethink.md --budget fast",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withEnv(cmd.Context(), func(ctx context.Context, e *env) error {
				doc, err := e.load(args[0])
				if err != nil {
					return err
				}
				return c.pretrain(ctx, e, doc, &pick)
			})
		},
	}
	pick.flags(cmd.Flags())
	return cmd
}

// pretrain makes every warm start of the planned runs once.
func (c *cli) pretrain(ctx context.Context, e *env, doc *notebook.Document, pick *choice) error {
	opt, err := pick.options()
	if err != nil {
		return err
	}
	plan, err := e.owner.Plan(ctx, doc, opt)
	if err != nil {
		return err
	}
	made := map[string]bool{}
	for _, r := range plan.Runs {
		m, err := e.base(r.Setup)
		if err != nil {
			return err
		}
		if m == nil {
			continue
		}
		if !made[m.Key] {
			err = c.makeBase(ctx, m)
		}
		made[m.Key] = true
		if err = errors.Join(err, m.Close()); err != nil {
			return err
		}
	}
	if len(made) == 0 {
		fmt.Fprintln(c.err, "The runs of this notebook have no warm start.")
	}
	return nil
}

// base returns the maker of a set-up's warm start, nil where there is none.
func (e *env) base(setup lab.Setup) (*base.Maker, error) {
	p, err := catalog.Find(setup.Paper)
	if err != nil || p.Base == nil {
		return nil, err
	}
	bench := e.owner.Bench
	bench.Code = p.Code()
	return p.Base(setup, bench)
}

// prepare makes the warm start of a set-up ahead, so that its first run begins at once. It does nothing where there is none.
func (e *env) prepare(ctx context.Context, setup lab.Setup) error {
	m, err := e.base(setup)
	if err != nil || m == nil {
		return err
	}
	return errors.Join(m.To(ctx, m.Steps()), m.Close())
}

// makeBase makes one warm start and says what came of it.
func (c *cli) makeBase(ctx context.Context, m *base.Maker) error {
	began, first := time.Now(), -1
	b := newBar(c.err)
	defer b.end()
	for part := range pretrainParts {
		if err := m.To(ctx, m.Steps()*(part+1)/pretrainParts); err != nil {
			if ctx.Err() != nil {
				return lab.Errorf(lab.Cancelled, "stopped at step %d of %d; what was done is kept", m.Step(), m.Steps()).WithHint("run the same command again to continue")
			}
			return err
		}
		if first < 0 {
			first = m.Step()
		}
		b.draw(float64(m.Step())/float64(max(m.Steps(), 1)), describeBase(m, first, time.Since(began)))
	}
	loss := 0.0
	if curve := m.Curve(); len(curve) > 0 {
		loss = curve[len(curve)-1].Loss
	}
	if c.json {
		return c.print(map[string]any{"type": "base", "key": m.Key, "folder": m.Dir(), "world": m.Spec.World, "steps": m.Steps(), "loss": loss})
	}
	fmt.Fprintf(c.out, "%s: %s, %d steps, loss %.3f nats\n%s\n", m.Key, m.Spec.World, m.Steps(), loss, m.Dir())
	return nil
}

// describeBase says how far a warm start is; first is where this process took it up.
func describeBase(m *base.Maker, first int, spent time.Duration) string {
	text := fmt.Sprintf("warm start: step %d of %d", m.Step(), m.Steps())
	if done := m.Step() - first; done > 0 && m.Step() < m.Steps() {
		left := time.Duration(float64(spent) / float64(done) * float64(m.Steps()-m.Step()))
		text += ", " + timeLeft(left*8/10, left*13/10)
	}
	return text
}
