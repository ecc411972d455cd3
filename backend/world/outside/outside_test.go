package outside

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/pipe/pipetest"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/world"
)

const (
	document = "../../../docs/line-protocol.md"
	examples = "../../../docs/examples/"
	doors    = `< {"id":ID,"out":{"version":1,"name":"doors","horizon":2,"splits":["train","test"],"words":["go","left","right","wall"],"actions":["go left","go right"]}}`
	wall     = `< {"id":ID,"out":{"told":"wall"}}`
	bump     = `< {"id":ID,"out":{"told":"wall","reward":-0.5,"done":false}}`
	summed   = `< {"id":ID,"out":{"success":false,"numbers":{"bumps":2}}}`
)

func TestMain(m *testing.M) { pipetest.Main(m) }

func open(t *testing.T, command []string) *World {
	t.Helper()
	w, err := New(t.Context(), Knobs{Command: command, Timeout: 60}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// scripted is a world that answers anything with these replies behind its hello.
func scripted(t *testing.T, replies ...string) *World {
	t.Helper()
	script := []string{pipetest.Any, doors}
	for _, r := range replies {
		script = append(script, pipetest.Any, r)
	}
	return open(t, pipetest.Command(t, script...))
}

func begin(t *testing.T, w world.Text, split string, seed uint64) world.Dialogue {
	t.Helper()
	d, err := world.Begin(t.Context(), w, split, seed)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// told plays what the transcript of the document shows.
func told(t *testing.T, w *World) {
	t.Helper()
	d := begin(t, w, "train", 7)
	if o := d.Act("the window"); !reflect.DeepEqual(o, world.Outcome{Note: "there is no such door"}) {
		t.Errorf("the window is %+v", o)
	}
	speaker, err := w.Reference(world.Oracle, 0)
	if err != nil {
		t.Fatal(err)
	}
	if o := d.Act(speaker.Answer(d)); !reflect.DeepEqual(o, world.Outcome{Reward: 1, Done: true}) || d.Read() != "red is open" {
		t.Errorf("the best door is %+v, %q", o, d.Read())
	}
	want := world.Info{Seed: 7, Steps: 2, Return: 1, Success: true, Why: lab.EndTerminal, Numbers: map[string]float64{"return": 1}}
	if in := d.Info(); !reflect.DeepEqual(in, want) || world.Fault(d) != nil {
		t.Errorf("Info is %+v, error %v", in, world.Fault(d))
	}
	if o := d.Act("red"); !o.Done || o.Reward != 0 || o.Note == "" || !reflect.DeepEqual(d.Info(), want) {
		t.Errorf("an answer after the end is %+v", o)
	}
	e := d.(world.Recalling).Experiences()
	if len(e) != 1 || e[0].Key != "which door is open" || e[0].Text != "which door is open\nred\npaid" || !e[0].Scored || !e[0].Success || e[0].When != 2 || e[0].Kind != lab.OneStep {
		t.Errorf("experiences are %+v", e)
	}
}

func TestTheTranscriptOfTheDocumentIsWhatIsSpoken(t *testing.T) {
	told(t, open(t, pipetest.Command(t, pipetest.Transcript(t, document, "tiny_world.py")...)))
}

func TestTheTinyWorldOfPythonIsTheWorldOfTheDocument(t *testing.T) {
	python := pipetest.Python(t)
	pipetest.Speak(t, pipetest.Transcript(t, document, "tiny_world.py"), python, examples+"tiny_world.py")
	told(t, open(t, []string{python, examples + "tiny_world.py"}))
}

// play plays an episode to its end.
func play(t *testing.T, d world.Dialogue, answer func() string) world.Info {
	t.Helper()
	for range 1000 {
		if o := d.Act(answer()); o.Done {
			if err := world.Fault(d); err != nil {
				t.Fatal(err)
			}
			return d.Info()
		}
	}
	t.Fatal("the episode has no end")
	return world.Info{}
}

func TestReferencesOfAProgramScoreInTheirOrder(t *testing.T) {
	w := open(t, []string{pipetest.Python(t), examples + "tiny_world.py"})
	won := map[string]int{}
	for _, name := range []string{world.Oracle, world.Random} {
		s, err := w.Reference(name, 5)
		if err != nil {
			t.Fatal(err)
		}
		for seed := range uint64(60) {
			d := begin(t, w, "test", seed)
			if in := play(t, d, func() string { return s.Answer(d) }); in.Success && in.Steps == 1 {
				won[name]++
			}
		}
	}
	if won[world.Oracle] != 60 || won[world.Random] < 8 || won[world.Random] > 35 {
		t.Errorf("first answers that are right: %v of 60, want all of the oracle's and about a third of the random ones", won)
	}
	for _, name := range []string{world.MemoryFree, world.FullMemory, "psychic"} {
		if _, err := w.Reference(name, 0); err == nil || lab.CodeOf(err) != lab.Invalid {
			t.Errorf("reference %s: %v", name, err)
		}
	}
	if _, err := w.Start("psychic", 0); err == nil || lab.CodeOf(err) != lab.Invalid {
		t.Errorf("an unknown split: %v", err)
	}
}

func TestAMemoryOfEverythingLetsTheReaderAvoidWhatHasCost(t *testing.T) {
	w := open(t, []string{pipetest.Python(t), examples + "tiny_world.py"})
	reader := w.Reader(3)
	for seed := range uint64(20) {
		d := begin(t, w, "train", seed).(world.Recalling)
		reader.Begin()
		var lines []string
		in := play(t, d, func() string {
			for _, e := range d.Experiences() {
				lines = append(lines, e.Text)
			}
			return reader.Answer(d.Read(), lines)
		})
		if !in.Success || in.Steps > 3 {
			t.Errorf("seed %d: three doors take %d turns, success %v", seed, in.Steps, in.Success)
		}
	}
}

func TestTheReaderSaysWhatTheBestLineNames(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []string
		want  []string // one of them
	}{
		{"nothing recalled", nil, []string{"go left", "go right", "go"}},
		{"what paid", []string{"wall\ngo right\npaid"}, []string{"go right"}},
		{"the best stands last", []string{"wall\ngo left\npaid", "wall\ngo right\npaid"}, []string{"go right"}},
		{"what has cost is avoided", []string{"wall\ngo left\ncost", "wall\ngo right\ncost"}, []string{"go"}},
		{"all have cost", []string{"x\ngo left\ncost", "x\ngo right\ncost", "x\ngo\ncost"}, []string{"go left", "go right", "go"}},
		{"what paid nothing tells nothing", []string{"wall\ngo right\npaid", "wall\ngo left\nnothing"}, []string{"go right"}},
		{"what has cost later goes before what paid once", []string{"wall\ngo right\npaid", "wall\ngo right\ncost"}, []string{"go left", "go"}},
		{"the answer stands at the end of a step", []string{"you go left\ngo right\npaid"}, []string{"go right"}},
		{"a line of the program's own", []string{"to win you should go right here"}, []string{"go right"}},
		{"a line that names two", []string{"never go left but go right"}, []string{"go left", "go right", "go"}},
		{"an empty line", []string{"wall\ngo right\npaid", " "}, []string{"go right"}},
	} {
		r := &reader{actions: []string{"go left", "go right", "go"}, seed: 1}
		if got := r.Answer("wall", c.lines); !slices.Contains(c.want, got) {
			t.Errorf("%s: said %q, want one of %q", c.name, got, c.want)
		}
	}
	if got := new(reader).Answer("wall", []string{"bad", "good"}); got != "good" {
		t.Errorf("without actions it says %q", got)
	}
	if got := new(reader).Answer("wall", nil); got != "" {
		t.Errorf("without actions and lines it says %q", got)
	}
}

func TestTheHorizonEndsAnEpisodeAndOnlyTheFirstHasATwin(t *testing.T) {
	w := scripted(t, wall, wall, bump, bump, bump, bump, summed, summed, wall)
	d := begin(t, w, "test", math.MaxUint64)
	in := play(t, d, func() string { return "go left" })
	want := world.Info{Seed: 1<<53 - 1, Steps: 2, Return: -1, Why: lab.EndHorizon, Numbers: map[string]float64{"bumps": 2, "return": -1}}
	if !reflect.DeepEqual(in, want) {
		t.Errorf("Info is %+v", in)
	}
	if d.Scene(); len(d.Scene().Marks) != 2 || d.Scene().H != 2 {
		t.Errorf("the picture is %+v", d.Scene())
	}
	if got := w.Spec().Words; !reflect.DeepEqual(got, []string{"go", "left", "right", "wall", "paid", "cost", "nothing"}) {
		t.Errorf("words are %q", got)
	}
	if begin(t, w, "train", 1).Read() != "wall" {
		t.Error("the second episode has a twin")
	}
}

func TestAWorldThatFailsIsNoWrongAnswer(t *testing.T) {
	cases := []struct {
		name    string
		replies []string // behind a first episode's start, for the episode and its twin
		code    lab.Code
		want    string
	}{
		{"it dies", []string{pipetest.Die}, lab.Unavailable, "did not answer \"act\" (exit status 7); its last lines:\n  this program has had enough"},
		{"it says two things in one episode", []string{bump, `< {"id":ID,"out":{"told":"wall","reward":-0.25,"done":false}}`}, lab.Invalid, "episodes 1 and 2 began with the same split and seed and got the same answers, but differ"},
		{"a word that is none", slices.Repeat([]string{`< {"id":ID,"out":{"told":"a wall","reward":0,"done":false}}`}, 2), lab.Invalid, `the word "a" is none of the words`},
		{"no reward", []string{`< {"id":ID,"out":{"told":"wall","done":true}}`}, lab.Invalid, "reward or done is missing"},
		{"a reward beyond all bounds", []string{`< {"id":ID,"out":{"told":"wall","reward":1e300,"done":true}}`}, lab.Invalid, "reward is no number of 32 bits"},
		{"nothing told", []string{`< {"id":ID,"out":{"told":" ","reward":0,"done":true}}`}, lab.Invalid, "told is missing or empty"},
		{"an experience of no kind", []string{`< {"id":ID,"out":{"told":"wall","reward":0,"done":true,"experiences":[{"kind":"dream","text":"wall"}]}}`}, lab.Invalid, `kind "dream"`},
		{"a misspelt field", []string{`< {"id":ID,"out":{"told":"wall","rewards":1,"reward":0,"done":true}}`}, lab.Invalid, `unknown field "rewards"`},
		{"no success", slices.Concat(slices.Repeat([]string{`< {"id":ID,"out":{"told":"wall","reward":0,"done":true}}`}, 2), []string{`< {"id":ID,"out":{}}`}), lab.Invalid, "success is missing"},
		{"an error object", []string{`< {"id":ID,"error":{"message":"the simulator is on fire","hint":"put it out"}}`}, lab.Unavailable, `refused "act": the simulator is on fire`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := begin(t, scripted(t, append([]string{wall, wall}, c.replies...)...), "train", 1)
			o := d.Act("go left")
			err := world.Fault(d)
			if !o.Done || o.Reward != 0 || o.Note == "" || d.Info().Why != lab.EndFailed || d.Info().Success {
				t.Errorf("outcome %+v, Info %+v", o, d.Info())
			}
			if err == nil || lab.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.want) || lab.HintOf(err) == "" {
				t.Errorf("error %v, want one of code %s with %q", err, c.code, c.want)
			}
			if again := d.Act("go left"); !again.Done || world.Fault(d) != err || d.Read() == "" {
				t.Errorf("then %+v, %v", again, world.Fault(d))
			}
		})
	}
}

func TestTwoDifferentBeginningsAreRefusedAtOnce(t *testing.T) {
	w := scripted(t, wall, `< {"id":ID,"out":{"told":"wall wall"}}`)
	if _, err := w.Start("train", 1); err == nil || !strings.Contains(err.Error(), "but differ") {
		t.Error(err)
	}
}

func TestCancellingEndsAnAnswerThatIsWaitedFor(t *testing.T) {
	w := scripted(t, wall, wall, pipetest.Hang)
	ctx, cancel := context.WithCancel(t.Context())
	d, err := world.Begin(ctx, w, "train", 1)
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan world.Outcome)
	go func() { over <- d.Act("go left") }()
	cancel()
	if o := <-over; !o.Done || !errors.Is(world.Fault(d), context.Canceled) {
		t.Errorf("outcome %+v, error %v", o, world.Fault(d))
	}
}

func TestAHelloMustDescribeAWorld(t *testing.T) {
	for hello, want := range map[string]string{
		`"name":"","horizon":1,"splits":["train","test"]`:                                           `name is ""`,
		`"name":"x","horizon":0,"splits":["train","test"]`:                                          "horizon 0",
		`"name":"x","horizon":1,"splits":["test","train"]`:                                          "train first",
		`"name":"x","horizon":1,"splits":["train"]`:                                                 "at least two",
		`"name":"x","horizon":1,"splits":["train","test"],"words":["a","a"]`:                        `"a" stands twice`,
		`"name":"x","horizon":1,"splits":["train","test"],"words":["a b"]`:                          `word "a b"`,
		`"name":"x","horizon":1,"splits":["train","test"],"words":["a"],"actions":["b"]`:            `"b", which is none of the words`,
		`"name":"x","horizon":1,"splits":["train","test"],"words":["a"],"actions":["a  a"]`:         "single blanks",
		`"name":"x","horizon":1,"splits":["train","test"],"words":["a"],"actions":[""]`:             `action "" is empty`,
		`"name":"x","horizon":1,"splits":["train","test"],"words":["a"],"actions":["a"],"orakel":1`: `unknown field "orakel"`,
	} {
		command := pipetest.Command(t, pipetest.Any, `< {"id":ID,"out":{"version":1,`+hello+`}}`)
		if _, err := New(t.Context(), Knobs{Command: command, Timeout: 60}, nil); err == nil || lab.CodeOf(err) != lab.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", hello, err, want)
		}
	}
}

func TestTheKnobsHaveNoMistake(t *testing.T) {
	if err := (schema.Section{Name: "world", Kinds: []schema.Kind{Kind()}}).Check(); err != nil {
		t.Error(err)
	}
	if _, err := New(t.Context(), Knobs{}, nil); err == nil || lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
		t.Error(err)
	}
}

// gymnasium is the little of the module of that name which the adapter needs: a corridor of four cells whose goal is on the right.
const gymnasium = `
from gymnasium import spaces
class Corridor:
    observation_space = spaces.Tuple((spaces.Discrete(4), spaces.Discrete(2)))
    action_space = spaces.Discrete(2)
    class spec: max_episode_steps = 6
    def reset(self, seed=None):
        print("a library talks")
        self.at, self.lamp = 0, seed % 2
        return (self.at, self.lamp), {}
    def step(self, action):
        self.at = max(0, min(3, self.at + (1 if action else -1)))
        return (self.at, self.lamp), 1.0 if self.at == 3 else 0.0, self.at == 3, False, {}
def make(name, **kwargs):
    assert name == "Corridor-v0" and kwargs == {"size": 4}, (name, kwargs)
    return Corridor()
`

const gymnasiumSpaces = `
class Discrete:
    def __init__(self, n, start=0): self.n, self.start = n, start
class Tuple:
    def __init__(self, spaces): self.spaces = spaces
class MultiDiscrete: pass
class MultiBinary: pass
class Dict: pass
class Text: pass
`

func TestTheAdapterMakesAGymnasiumEnvironmentAWorld(t *testing.T) {
	python, folder := pipetest.Python(t), filepath.Join(t.TempDir(), "gymnasium")
	for name, text := range map[string]string{"__init__.py": gymnasium, "spaces.py": gymnasiumSpaces} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PYTHONPATH", filepath.Dir(folder))
	w := open(t, []string{python, examples + "gymnasium_adapter.py", "Corridor-v0", "--actions", "left,right", "--kwargs", `{"size": 4}`})
	if s := w.Spec(); s.Name != "Corridor-v0" || s.Horizon != 6 || !reflect.DeepEqual(s.Words, []string{"saw", "0", "1", "2", "3", "left", "right", "paid", "cost", "nothing"}) {
		t.Errorf("spec %+v", s)
	}
	for split, first := range map[string]string{"train": "saw 0 0", "test": "saw 0 1"} {
		d := begin(t, w, split, 4)
		if d.Read() != first {
			t.Errorf("%s begins with %q", split, d.Read())
		}
		if o := d.Act("jump"); o.Done || o.Note == "" {
			t.Errorf("a jump is %+v", o)
		}
		if in := play(t, d, func() string { return "right" }); !in.Success || in.Steps != 4 || in.Return != 1 {
			t.Errorf("%s: %+v", split, in)
		}
		d = begin(t, w, split, 5)
		if in := play(t, d, func() string { return "left" }); in.Success || in.Steps != 6 || in.Why != lab.EndHorizon {
			t.Errorf("%s: %+v", split, in)
		}
	}
}
