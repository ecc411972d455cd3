package app

import (
	"errors"

	"github.com/loci-lab/loci/backend/catalog"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/stats"
)

// vocabulary is what notebooks of this build may name: the catalog's papers and the claim language.
type vocabulary struct{}

var _ notebook.Vocabulary = vocabulary{}

func (vocabulary) Papers() []string { return catalog.Slugs() }

func (vocabulary) Sections(paper string) ([]schema.Section, bool) {
	p, err := catalog.Find(paper)
	return p.Sections, err == nil
}

func (vocabulary) Metrics(paper string) []lab.MetricSpec {
	p, err := catalog.Find(paper)
	if err != nil {
		return nil
	}
	return p.Card.Metrics
}

func (v vocabulary) CheckExpr(paper, expr string, arms, cases []string) error {
	known := stats.Known{Arms: arms, Cases: cases}
	for _, m := range v.Metrics(paper) {
		known.Metrics = append(known.Metrics, m.Name)
	}
	_, err := stats.ParseExpr(expr, known)
	return placed(err)
}

func (vocabulary) CheckBound(holds string) error {
	_, err := stats.ParseBound(holds)
	return placed(err)
}

// placed carries the place of a syntax error over to the notebook, which knows the line.
func placed(err error) error {
	if err == nil {
		return nil
	}
	s, ok := errors.AsType[*stats.SyntaxError](err)
	if !ok {
		return err
	}
	return &notebook.ExprError{Offset: s.Offset, Value: s.Value, Legal: s.Legal, Err: err}
}

// papers makes the methods of set-ups for the scheduler.
type papers struct{ vocabulary }

func (papers) New(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error) {
	return catalog.Method(setup, seed, bench)
}

func (papers) Code(setup lab.Setup) (string, error) { return catalog.CodeOf(setup) }
