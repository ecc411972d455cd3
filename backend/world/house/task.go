package house

import (
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/world"
)

// Splits; they share no pair of a thing and its material, its number or the spot where it lies, no pair of a place and its room, and no
// person. The rules are the same in both.
const (
	Train = "train"
	Test  = "test"
)

// Family is a family of tasks.
type Family int

// The families. Heat, Cool and Two have three phases.
const (
	Put       Family = iota // store a thing
	Look                    // look at a thing under a light
	Clean                   // store a thing clean
	Heat                    // store a thing hot
	Cool                    // store a thing cold
	Two                     // store two things
	Bring                   // exact-ids: bring one thing to a spot
	BringBoth               // exact-ids: bring two things to a spot
	Serve                   // habits: bring a person what the person likes, to where the person likes it
)

// String is the name of the family.
func (f Family) String() string {
	names := []string{"put", "look", "clean", "heat", "cool", "two", "bring", "bring-both", "serve"}
	if f < 0 || int(f) >= len(names) {
		return "unknown"
	}
	return names[f]
}

// Families lists the names of all families in the order of their values.
func Families() (names []string) {
	for f := Put; f <= Serve; f++ {
		names = append(names, f.String())
	}
	return names
}

// States that an appliance brings a thing into.
const (
	clean = iota
	hot
	cold
	lit
	raw = -1
)

// state is the one that the family asks for, raw for none.
func (f Family) state() int {
	switch f {
	case Look:
		return lit
	case Clean:
		return clean
	case Heat:
		return hot
	case Cool:
		return cold
	}
	return raw
}

// both says whether the task is about two things.
func (f Family) both() bool { return f == Two || f == BringBoth }

// thing is a noun with its material (hidden-rules) or its number (exact-ids), or an item of food (habits) with tag none.
type thing struct{ noun, tag int }

const none = -1

// Task is what an episode asks for. The same task can be played again and again, see World.Episode.
type Task struct {
	Split    string
	Family   Family
	Sentence string // a few words
	things   [2]thing
	place    int // exact-ids: where to bring them
	person   int // habits
	need     int
}

// count is the number of things of the task.
func (t *Task) count() int {
	switch {
	case t.Family == Serve:
		return 0
	case t.Family.both():
		return 2
	}
	return 1
}

// dice are the draws of one key in their order.
type dice struct{ key, drawn uint64 }

func (d *dice) below(n int) int {
	d.drawn++
	return world.Pick(world.Draw(d.key, d.drawn-1), n)
}

// draw makes a task of a split.
func (w *World) draw(split string, d *dice) Task {
	t := Task{Split: split, Family: w.asked[d.below(len(w.asked))], place: none}
	switch t.Family {
	case Serve:
		t.person, t.need = w.halves.person(split, d), d.below(len(w.lex.needs))
		t.things[0] = thing{none, none}
	case Bring, BringBoth:
		t.things[0], t.place = w.numbered(split, d), w.lex.spot0+d.below(len(w.lex.spots))
		for t.things[1] = w.numbered(split, d); t.things[1] == t.things[0]; {
			t.things[1] = w.numbered(split, d)
		}
	default:
		t.things[0] = w.made(split, d)
		for t.things[1] = w.made(split, d); classOf(t.things[1].noun) == classOf(t.things[0].noun); {
			t.things[1] = w.made(split, d)
		}
	}
	if !t.Family.both() {
		t.things[1] = thing{none, none}
	}
	t.Sentence = w.lex.sentence(&t)
	return t
}

// made is a thing of some material, numbered one of those that look alike.
func (w *World) made(split string, d *dice) thing {
	noun := d.below(len(w.lex.nouns))
	return thing{noun, pick(w.halves.materials[noun], split, d)}
}

func (w *World) numbered(split string, d *dice) thing {
	noun := d.below(alike) * perClass
	return thing{noun, pick(w.halves.numbers[noun], split, d)}
}

// alike is how many nouns exact-ids uses: the first of as many classes.
const alike = 4

// sentence puts a task into words.
func (l *lexicon) sentence(t *Task) string {
	switch t.Family {
	case Serve:
		return "bring " + l.persons[t.person] + " " + l.needs[t.need]
	case Bring, BringBoth:
		words := []string{"bring", l.name(t.things[0])}
		if t.Family == BringBoth {
			words = append(words, "and", l.name(t.things[1]))
		}
		return strings.Join(append(words, "to", l.places[t.place]), " ")
	case Look:
		return "look at " + l.name(t.things[0])
	case Two:
		return "store " + l.name(t.things[0]) + " and " + l.name(t.things[1])
	}
	if s := t.Family.state(); s != raw {
		return verbOf(s) + " and store " + l.name(t.things[0])
	}
	return "store " + l.name(t.things[0])
}

// name is a thing as observations tell it: clay mug, mug 7, tea.
func (l *lexicon) name(t thing) string {
	switch {
	case t.tag == none:
		return l.items[t.noun]
	case t.tag >= numbered:
		return l.nouns[t.noun] + " " + l.numbers[t.tag-numbered]
	}
	return l.materials[t.tag] + " " + l.nouns[t.noun]
}

// handle is a thing as actions name it: mug, mug 7, tea.
func (l *lexicon) handle(t thing) string {
	if t.tag == unknown || t.tag >= 0 && t.tag < numbered {
		return l.nouns[t.noun]
	}
	return l.name(t)
}

// numbered is the tag of number 1; smaller tags are materials.
const numbered = 100

// halves share all pairs out between the splits. They hang on no seed, so that all worlds with equal knobs have the same.
type halves struct {
	materials [len24][2][]int // of a noun, by split
	numbers   [len24][2][]int
	spots     [len24][2][]int
	rooms     [][2][]int // of a place
	persons   [2][]int
}

func newHalves(l *lexicon, familiar int) *halves {
	const seed = 20260318
	h := &halves{rooms: make([][2][]int, len(l.places))}
	for n := range h.materials {
		h.materials[n] = halve(seed, 0, n, 0, len(l.materials))
		for range familiar {
			held := h.materials[n][1]
			h.materials[n] = [2][]int{append(h.materials[n][0], held[0]), held[1:]}
		}
		h.numbers[n] = halve(seed, 1, n, numbered, ids)
		h.spots[n] = halve(seed, 2, n, l.spot0, len(l.spots))
	}
	for p := range h.rooms {
		h.rooms[p] = halve(seed, 3, p, 0, len(l.rooms))
	}
	h.persons = halve(seed, 4, 0, 0, len(l.persons))
	return h
}

// halve deals the numbers first..first+n-1 out to train and test in turn, after a shuffle.
func halve(seed uint64, list, of, first, n int) (half [2][]int) {
	d := dice{key: world.Draw(seed, uint64(list<<16+of))}
	order := make([]int, n)
	for i := range order {
		j := d.below(i + 1)
		order[i], order[j] = order[j], first+i
	}
	for i, v := range order {
		half[i%2] = append(half[i%2], v)
	}
	return half
}

// pick draws one of a half.
func pick(half [2][]int, split string, d *dice) int {
	mine := half[side(split)]
	return mine[d.below(len(mine))]
}

func side(split string) int {
	if split == Train {
		return 0
	}
	return 1
}

func (h *halves) person(split string, d *dice) int { return pick(h.persons, split, d) }

// Tasks lists n distinct tasks of a split, families in turn: the set that is replayed over epochs. The list of n tasks begins with the list
// of fewer. It ends early where a split has no more; an unknown split is an error of code invalid.
func (w *World) Tasks(split string, n int) ([]Task, error) {
	if !slices.Contains(w.Splits(), split) {
		return nil, unknownSplit(split, w.Splits())
	}
	d := dice{key: world.Draw(w.rules.seed, drawTasks+uint64(side(split)))}
	seen := map[string]bool{}
	var tasks []Task
	for try := 0; len(tasks) < n && try < 1000*n; try++ {
		t := w.draw(split, &d)
		if t.Family == w.asked[len(tasks)%len(w.asked)] && !seen[t.Sentence] || try >= 500*n && !seen[t.Sentence] {
			seen[t.Sentence] = true
			tasks = append(tasks, t)
		}
	}
	return tasks, nil
}
