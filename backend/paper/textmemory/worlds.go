package textmemory

import (
	"context"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/chat"
	"github.com/loci-lab/loci/backend/world/dataset"
	"github.com/loci-lab/loci/backend/world/grade"
	"github.com/loci-lab/loci/backend/world/hop"
	"github.com/loci-lab/loci/backend/world/house"
	"github.com/loci-lab/loci/backend/world/jsonl"
	"github.com/loci-lab/loci/backend/world/locomo"
	mathworld "github.com/loci-lab/loci/backend/world/math"
	"github.com/loci-lab/loci/backend/world/outside"
	"github.com/loci-lab/loci/backend/world/shop"
	"github.com/loci-lab/loci/backend/world/tool"
)

// family is a package of worlds that a memory can be put into.
type family struct {
	kinds  []schema.Kind
	prompt string // name of the file in prompts that tells a model how to answer there
	// fresh says that every episode is another life: what was kept in one is worth nothing in the next, so each begins with an empty memory.
	fresh bool
	// open makes the world of the kind's knobs; the bench finds its data, and the seed draws what is hidden in it for a whole run.
	open func(ctx context.Context, kind string, knobs any, bench lab.Bench, seed uint64) (world.Readable, error)
	// asked says that turns without a query only tell something and want no answer.
	asked bool
}

// families lists them in the order of the form.
func families() []family {
	return []family{
		{kinds: house.Worlds(), prompt: "house", open: openHouse},
		{kinds: chat.Worlds(), prompt: "chat", open: openChat, fresh: true, asked: true},
		{kinds: mathworld.Worlds(), prompt: "math", open: openMath},
		{kinds: hop.Worlds(), prompt: "hop", open: openHop, fresh: true},
		{kinds: shop.Worlds(), prompt: "shop", open: openShop},
		{kinds: suites(tool.Apps), prompt: "tool", open: openTool, fresh: true},
		{kinds: suites(tool.Services, tool.Pipeline), prompt: "tool", open: openTool},
		{kinds: locomo.Worlds(), prompt: "locomo", open: openLoCoMo, asked: true},
		{kinds: jsonl.Worlds(), prompt: "questions", open: openQuestions},
		{kinds: []schema.Kind{outside.Kind()}, prompt: "outside", open: openOutside},
	}
}

// familyOf returns the family of a set-up's world, and its knobs read.
func familyOf(setup lab.Setup) (f family, knobs any, err error) {
	kind := setup.Kind("world")
	for _, f := range families() {
		i := slices.IndexFunc(f.kinds, func(k schema.Kind) bool { return k.Name == kind })
		if i < 0 {
			continue
		}
		knobs := f.kinds[i].New()
		return f, knobs, setup.Section("world", knobs)
	}
	names := schema.Section{Kinds: worldKinds()}.Names()
	return f, nil, lab.Errorf(lab.Invalid, "world %q is unknown, want one of %q", kind, names).WithHint("set world.kind to one of %q", names)
}

func openHouse(_ context.Context, _ string, knobs any, _ lab.Bench, seed uint64) (world.Readable, error) {
	return house.New(*knobs.(*house.Knobs), seed)
}

func openChat(_ context.Context, _ string, knobs any, _ lab.Bench, _ uint64) (world.Readable, error) {
	return chat.New(*knobs.(*chat.Knobs))
}

func openShop(_ context.Context, _ string, knobs any, _ lab.Bench, seed uint64) (world.Readable, error) {
	return shop.New(*knobs.(*shop.Knobs), seed)
}

func openHop(_ context.Context, _ string, knobs any, _ lab.Bench, _ uint64) (world.Readable, error) {
	return hop.New(*knobs.(*hop.Knobs))
}

// suites are worlds of tools by their names. The forms of the apps hold for an episode, the rules of the others for a whole run.
func suites(names ...string) []schema.Kind {
	return slices.DeleteFunc(tool.Worlds(), func(k schema.Kind) bool { return !slices.Contains(names, k.Name) })
}

func openTool(_ context.Context, _ string, knobs any, _ lab.Bench, seed uint64) (world.Readable, error) {
	return tool.New(knobs, seed)
}

// openOutside starts the program: bench.Allow is asked before.
func openOutside(ctx context.Context, _ string, knobs any, bench lab.Bench, _ uint64) (world.Readable, error) {
	return outside.New(ctx, *knobs.(*outside.Knobs), bench.Allow)
}

func openMath(_ context.Context, _ string, knobs any, _ lab.Bench, _ uint64) (world.Readable, error) {
	w, err := mathworld.New(knobs)
	if err != nil {
		return nil, err
	}
	readable, ok := w.(world.Readable)
	if !ok {
		return nil, lab.Errorf(lab.Internal, "world %q has no rule that reads", w.Spec().Name)
	}
	return readable, nil
}

func openLoCoMo(_ context.Context, kind string, knobs any, bench lab.Bench, _ uint64) (world.Readable, error) {
	k := knobs.(*locomo.Knobs)
	text, err := dataset.Open(bench, k.Data, kind)
	if err != nil {
		return nil, err
	}
	f, err := locomo.Parse(k.Data, text)
	if err != nil {
		return nil, err
	}
	return locomo.New(*k, f)
}

func openQuestions(_ context.Context, kind string, knobs any, bench lab.Bench, _ uint64) (world.Readable, error) {
	k := knobs.(*jsonl.Knobs)
	text, err := dataset.Open(bench, k.Data, kind)
	if err != nil {
		return nil, err
	}
	items, err := jsonl.Parse(k.Data, text, *k)
	if err != nil {
		return nil, err
	}
	return jsonl.New(kind, *k, items)
}

// What a dialogue may tell beyond world.Recalling; one that does not tell has the answer in brackets.
type (
	// sessional says whether the last Act ended a session (never).
	sessional interface{ SessionEnded() bool }
	// living names the life that the episode belongs to (the whole run, or the episode in families that are fresh).
	living interface{ Life() string }
	// evident tells the Sources of the experiences that hold the answer to this turn's question, and what the question tests (nothing).
	evident interface {
		Evidence() []string
		Category() string
	}
	// graded tells how the last answer did by the rules of a benchmark (no scores).
	graded interface{ Scores() grade.Scores }
	// sized is a world that has so many episodes in a split and no more (without end).
	sized interface{ Size(split string) int }
)

// asks says whether this turn wants an answer.
func (f *family) asks(d world.Dialogue) bool {
	r, ok := d.(world.Recalling)
	return !f.asked || !ok || r.Query() != ""
}

func sessionEnded(d world.Dialogue) bool {
	s, ok := d.(sessional)
	return ok && s.SessionEnded()
}
