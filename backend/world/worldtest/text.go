package worldtest

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// TextOptions say what is particular to one text world.
type TextOptions struct {
	New func() (world.Text, error)
	// Random and MemoryFree bound the success of these references from above, in [0, 1], up to chance. A world in which nothing need
	// be remembered says MemoryFree: 1; one that does without memory-free success leaves it at what guessing gives.
	Random, MemoryFree float64
	// Episodes that each reference plays, and seeds of each split that are compared; 0 means 1000.
	Episodes int
}

// Text checks the whole contract of a text world.
func Text(t *testing.T, o TextOptions) {
	t.Helper()
	if o.Episodes == 0 {
		o.Episodes = 1000
	}
	checks := []struct {
		name string
		run  func(*testing.T, TextOptions)
	}{
		{"the spec names distinct words and splits, train first", textSpec},
		{"the same seed gives the same episode byte for byte", textSameSeed},
		{"splits share no item", textSplits},
		{"all that is read and all that references say is made of the world's words", textWords},
		{"an episode is used once and sums itself up", textOnce},
		{"no answer panics, pays without bound or outlasts the horizon", textJunk},
		{"pictures are deterministic and stay on the grid", textPictures},
		{"the references of a text world score in their order", textReferences},
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.run(t, o) })
	}
}

func buildText(t *testing.T, o TextOptions) world.Text {
	t.Helper()
	w, err := o.New()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func start(t *testing.T, w world.Text, split string, seed uint64) world.Dialogue {
	t.Helper()
	d, err := w.Start(split, seed)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func speaker(t *testing.T, w world.Text, name string) world.Speaker {
	t.Helper()
	s, err := w.Reference(name, 77)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// turn is one exchange of an episode.
type turn struct {
	read, answer string
	outcome      world.Outcome
}

// converse plays an episode to its end, which must come within the horizon.
func converse(t *testing.T, w world.Text, d world.Dialogue, answer func(d world.Dialogue) string) (turns []turn) {
	t.Helper()
	for range w.Spec().Horizon {
		read := d.Read()
		said := answer(d)
		turns = append(turns, turn{read, said, d.Act(said)})
		if turns[len(turns)-1].outcome.Done {
			return turns
		}
	}
	t.Fatalf("an episode goes on after %d turns, the horizon", w.Spec().Horizon)
	return nil
}

func textSpec(t *testing.T, o TextOptions) {
	w := buildText(t, o)
	s, splits := w.Spec(), w.Splits()
	if s.Name == "" || s.Horizon < 1 || len(s.Words) == 0 {
		t.Fatalf("spec is named %q, has %d words and a horizon of %d", s.Name, len(s.Words), s.Horizon)
	}
	seen := map[string]bool{}
	for _, word := range s.Words {
		if seen[word] || len(strings.Fields(word)) != 1 || strings.TrimSpace(word) != word {
			t.Errorf("word %q is there twice, empty or more than one", word)
		}
		seen[word] = true
	}
	if len(splits) < 2 || splits[0] != "train" || len(slices.Compact(slices.Sorted(slices.Values(splits)))) != len(splits) {
		t.Errorf("splits are %q, want at least two distinct ones, train first", splits)
	}
	if !reflect.DeepEqual(s, buildText(t, o).Spec()) {
		t.Error("two equal worlds have different specs")
	}
	if _, err := w.Start("psychic", 0); lab.CodeOf(err) != lab.Invalid || err == nil {
		t.Errorf("an unknown split gives error %v, want one of code invalid", err)
	}
	if _, err := w.Reference("psychic", 0); lab.CodeOf(err) != lab.Invalid || err == nil {
		t.Errorf("an unknown reference gives error %v, want one of code invalid", err)
	}
}

func textSameSeed(t *testing.T, o TextOptions) {
	a, b := buildText(t, o), buildText(t, o)
	for _, split := range a.Splits() {
		distinct := map[string]bool{}
		for seed := range uint64(50) {
			x, y := start(t, a, split, seed), start(t, b, split, seed)
			name := []string{world.Oracle, world.Random}[seed%2]
			xs, ys := converse(t, a, x, speaker(t, a, name).Answer), converse(t, b, y, speaker(t, b, name).Answer)
			if !reflect.DeepEqual(xs, ys) || !reflect.DeepEqual(x.Info(), y.Info()) {
				t.Fatalf("%s %d differs: %+v and %+v", split, seed, xs, ys)
			}
			distinct[fmt.Sprint(xs)] = true
		}
		if len(distinct) < 25 {
			t.Errorf("50 seeds of %s give %d different episodes", split, len(distinct))
		}
	}
}

// item is all that the agent is told when the oracle answers.
func item(t *testing.T, w world.Text, split string, seed uint64) string {
	var told []string
	for _, turn := range converse(t, w, start(t, w, split, seed), speaker(t, w, world.Oracle).Answer) {
		told = append(told, turn.read)
	}
	return strings.Join(told, "\n\n")
}

func textSplits(t *testing.T, o TextOptions) {
	w := buildText(t, o)
	from := map[string]string{}
	for _, split := range w.Splits() {
		for seed := range uint64(o.Episodes) {
			told := item(t, w, split, seed)
			if other := from[told]; other != "" && other != split {
				t.Fatalf("%s and %s share the item %q", other, split, told)
			}
			from[told] = split
		}
	}
}

func textWords(t *testing.T, o TextOptions) {
	w := buildText(t, o)
	known := map[string]bool{}
	for _, word := range w.Spec().Words {
		known[word] = true
	}
	for _, split := range w.Splits() {
		for seed := range uint64(200) {
			name := world.References()[seed%4]
			for _, turn := range converse(t, w, start(t, w, split, seed), speaker(t, w, name).Answer) {
				for _, word := range strings.Fields(turn.read + " " + turn.answer) {
					if !known[word] {
						t.Fatalf("%q of %s %d with the %s reference is no word of the world: %+v", word, split, seed, name, turn)
					}
				}
				if strings.TrimSpace(turn.read) == "" || strings.Contains(turn.read, "  ") {
					t.Fatalf("%q is empty or has two blanks in a row", turn.read)
				}
			}
		}
	}
}

func textOnce(t *testing.T, o TextOptions) {
	w := buildText(t, o)
	for seed := range uint64(40) {
		d := start(t, w, "train", seed)
		sum := 0.0
		turns := converse(t, w, d, speaker(t, w, world.References()[seed%4]).Answer)
		for _, turn := range turns {
			sum += turn.outcome.Reward
		}
		in := d.Info()
		if in.Steps != len(turns) || math.Abs(float64(in.Return)-sum) > 1e-6 || in.Why == "" || in.Seed >= 1<<53 || len(in.Numbers) == 0 {
			t.Fatalf("Info is %+v after %d turns that paid %v", in, len(turns), sum)
		}
		if again := d.Act(turns[0].answer); !again.Done || again.Reward != 0 || again.Note == "" || !reflect.DeepEqual(d.Info(), in) {
			t.Fatalf("an answer after the end gives %+v and Info %+v, want nothing paid or changed, and a note", again, d.Info())
		}
	}
}

// textJunk answers with words of the world in any order, cut and doubled oracle answers, and bytes that are no text.
func textJunk(t *testing.T, o TextOptions) {
	w := buildText(t, o)
	words := w.Spec().Words
	fixed := []string{"", " \n\t ", "\xff\xfe\x00", strings.Repeat(words[0]+" ", 5000), "99999999999999999999999", "-1", "<answer>", "</answer> <answer>"}
	for seed := range uint64(400) {
		drawn := uint64(0)
		junk := func(d world.Dialogue) string {
			drawn++
			r := world.Draw(seed, drawn)
			said := strings.Fields(speaker(t, w, world.Oracle).Answer(d))
			switch cut := world.Pick(world.Draw(r, 1), len(said)+1); r % 4 {
			case 0:
				return fixed[world.Pick(world.Draw(r, 2), len(fixed))]
			case 1:
				return strings.Join(said[:cut], " ")
			case 2:
				return strings.Join(append(said[cut:], said...), " ")
			}
			return babble(words, r)
		}
		for _, turn := range converse(t, w, start(t, w, w.Splits()[seed%2], seed), junk) {
			if math.IsNaN(turn.outcome.Reward) || math.Abs(turn.outcome.Reward) > 100 {
				t.Fatalf("answer %q pays %v", turn.answer, turn.outcome.Reward)
			}
		}
	}
}

func babble(words []string, r uint64) string {
	said := make([]string, 1+world.Pick(world.Draw(r, 3), 20))
	for i := range said {
		said[i] = words[world.Pick(world.Draw(r, uint64(i)+4), len(words))]
	}
	return strings.Join(said, " ")
}

func textPictures(t *testing.T, o TextOptions) {
	w := buildText(t, o)
	for seed := range uint64(40) {
		a, b := start(t, w, "train", seed), start(t, w, "train", seed)
		oracle := speaker(t, w, world.Oracle)
		for range w.Spec().Horizon {
			checkScene(t, a.Scene(), b.Scene())
			said := oracle.Answer(a)
			b.Act(said)
			if a.Act(said).Done {
				break
			}
		}
		checkScene(t, a.Scene(), b.Scene())
	}
}

func checkScene(t *testing.T, s, same lab.Scene) {
	t.Helper()
	if !reflect.DeepEqual(s, same) || len(s.Marks) == 0 {
		t.Fatalf("two equal episodes are drawn as %v and %v", s, same)
	}
	for _, m := range s.Marks {
		if m.X < 0 || m.X >= s.W || m.Y < 0 || m.Y >= s.H || m.Shape == "" {
			t.Fatalf("mark %+v is off the %d x %d grid or has no shape", m, s.W, s.H)
		}
		if m.Tone != 0 && m.Label == "" {
			t.Fatalf("mark %+v is told by colour alone", m)
		}
	}
}

func textReferences(t *testing.T, o TextOptions) {
	w := buildText(t, o)
	for _, split := range w.Splits() {
		scores := map[string]world.Score{}
		for _, name := range world.References() {
			s, n := speaker(t, w, name), 0
			for seed := range uint64(o.Episodes) {
				d := start(t, w, split, seed)
				if converse(t, w, d, s.Answer); d.Info().Success {
					n++
				}
			}
			scores[name] = world.Score{Episodes: o.Episodes, Success: float64(n) / float64(o.Episodes)}
			t.Logf("%-8s %-12s success %.3f", split, name, scores[name].Success)
		}
		ordered(t, scores)
		bounded(t, o, scores)
	}
}

func bounded(t *testing.T, o TextOptions, scores map[string]world.Score) {
	t.Helper()
	slack := 3 * 0.5 / math.Sqrt(float64(o.Episodes)) // three standard errors of a share, at most
	if s := scores[world.Oracle].Success; s < 0.99 {
		t.Errorf("the oracle succeeds in %.3f, want 0.99 or above", s)
	}
	if s := scores[world.FullMemory].Success; s < 0.9 {
		t.Errorf("full-memory succeeds in %.3f, want 0.9 or above", s)
	}
	if s := scores[world.Random].Success; s > o.Random+slack {
		t.Errorf("random succeeds in %.3f, want at most %.3f", s, o.Random)
	}
	if s := scores[world.MemoryFree].Success; s > o.MemoryFree+slack {
		t.Errorf("memory-free succeeds in %.3f, want at most %.3f", s, o.MemoryFree)
	}
}
