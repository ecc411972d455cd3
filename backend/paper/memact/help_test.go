package memact

import (
	"flag"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/papertest"
	"github.com/loci-lab/loci/backend/world/hop"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

type given = papertest.Given

// setup resolves the four sections at budget fast.
func setup(t testing.TB, world, agent, memory, learning given) lab.Setup {
	t.Helper()
	return papertest.Setup(t, Slug, "fast", Sections(), world, agent, memory, learning)
}

// small is a world of short search results and two or three questions.
func small() given { return given{"least": 2, "most": 3, "leads": 0, "entities": 12, "relations": 2} }

// tinier is a model that learns in seconds to search, to prune and to answer.
func tinier() given {
	return given{"kind": Tiny, "width": 32, "layers": 2, "heads": 2, "inner": 64, "context": 128, "warm_steps": 450, "warm_batch": 16, "warm_rate": 0.01, "warm_most": 3, "tool": 1.0, "due": 1}
}

// tight is a context that three search results do not fit into.
func tight() given { return given{"limit": 40} }

// brief is a training of three updates.
func brief() given {
	return given{"updates": 3, "questions": 3, "group": 4, "least": 2, "learning_rate": 0.003, "segments": 6, "evaluations": 2, "eval_episodes": 4, "test_episodes": 4}
}

// begin makes the method and closes it at the end of the test.
func begin(t testing.TB, s lab.Setup, seed uint64, bench lab.Bench) *method {
	t.Helper()
	return papertest.Begin[*method](t, s, seed, bench, New)
}

// run plays a set-up to its end.
func run(t testing.TB, s lab.Setup, bench lab.Bench) *papertest.Record {
	t.Helper()
	return papertest.Finish(t, begin(t, s, 1, bench))
}

// oneBase is a cache that the set-ups of a test share, so that their warm start is made once.
func oneBase(t *testing.T) lab.Bench { return lab.Bench{Cache: t.TempDir()} }

// quest is an episode of that many questions, whose search results bring so many leads.
func quest(t testing.TB, questions, leads int) (*hop.Episode, *llm.Words) {
	t.Helper()
	k := hop.Knobs{Least: questions, Most: questions, Hops: 1, Entities: 40, Relations: 6, Leads: leads, Each: 2, Spare: 2, IDs: true, Pays: hop.PaysAll}
	w, words, err := newWorld(k)
	if err != nil {
		t.Fatal(err)
	}
	e, err := w.Episode(hop.Test, 5)
	if err != nil {
		t.Fatal(err)
	}
	return e, words
}

// sat is a desk with that episode.
func sat(t testing.TB, k ContextKnobs, questions, leads int) *desk {
	t.Helper()
	e, words := quest(t, questions, leads)
	d, err := newDesk(&k, k.Mode == CurateMode, words, e)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
