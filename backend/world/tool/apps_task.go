package tool

import (
	"slices"
	"strings"
)

// scenarios is the number of kinds of tasks; the last is that of Challenge.
const scenarios = 5

func scenarioNames() []string { return []string{"pay", "move", "text", "charge", "mixed"} }

// part is one thing that a task asks for: a call to make last, and where its arguments come from.
type part struct {
	api  int
	args []string // words; "" for the one that a lookup gives
	from int      // the lookup, apiCount for none
	key  string   // what the lookup is asked
	said string   // in the user's words
}

// juncture is what the parts of an episode are about, by their places in the word lists.
type juncture struct {
	split           string
	who, others     []int // in the contacts, and not
	notes, files    []int
	from, to, third int // folders: with files, where they are to go, with other files
}

// records draws the database: three contacts with their accounts, two notes, four files in two folders.
func (a *apps) records(split string, d *dice) (db Database, j juncture) {
	people, folders := d.some(5, len(peopleWords())), d.some(4, len(folderWords()))
	j = juncture{split: split, who: people[:3], others: people[3:], notes: d.some(2, len(noteWords())), from: folders[0], third: folders[1], to: folders[2]}
	numbers := map[int]bool{}
	for _, p := range j.who {
		number := d.paired(p, len(numberWords()), split)
		for numbers[number] {
			number = (number + 2) % len(numberWords())
		}
		numbers[number] = true
		db.Set("contact", peopleWords()[p], "number", numberWords()[number])
		db.Set("wallet", peopleWords()[p], "owes", sumWords()[d.paired(p, len(sumWords()), split)])
	}
	for _, n := range j.notes {
		db.Set("note", noteWords()[n], "sum", sumWords()[d.paired(n, len(sumWords()), split)])
	}
	a.fill(&db, &j, d)
	return db, j
}

// fill puts two files into each of two folders: of two files in a folder the parity of one goes with the folder, as pairs ask, and so does
// that of the other.
func (a *apps) fill(db *Database, j *juncture, d *dice) {
	dates := d.some(4, len(dateWords()))
	for i := range 4 {
		folder := []int{j.from, j.third}[i/2]
		file := d.paired(folder, len(fileWords()), j.split)
		for slices.Contains(j.files, file) {
			file = (file + 2) % len(fileWords())
		}
		j.files = append(j.files, file)
		db.Set("file", fileWords()[file], "folder", folderWords()[folder])
		db.Set("file", fileWords()[file], "date", dateWords()[dates[i]])
	}
}

// parts draws what a variant of a scenario asks for.
func (a *apps) parts(scenario, variant int, j juncture, d *dice) []part {
	x, y, n := j.who[0], j.who[1], j.notes[0]
	switch scenario*3 + variant {
	case 0:
		return []part{settle(apiPay, x, n)}
	case 1:
		return []part{settle(apiPay, x, n), a.tag(n, j, d)}
	case 2:
		return []part{settle(apiPay, x, n), settle(apiPay, y, n)}
	case 3:
		return []part{moved(j)}
	case 4:
		return []part{moved(j), a.tag(n, j, d)}
	case 5:
		return []part{dropped(j)}
	case 6:
		return []part{a.enrolled(j, d), a.tag(n, j, d)}
	case 7:
		return []part{a.texted(x, j, d)}
	case 8:
		return []part{a.texted(x, j, d), a.enrolled(j, d)}
	case 9:
		return []part{due(apiCharge, x)}
	case 10:
		return []part{due(apiCharge, x), {api: apiForget, args: []string{peopleWords()[x]}, from: apiCount, said: "forget " + peopleWords()[x]}}
	case 11:
		return []part{settle(apiCharge, x, n)}
	case 12:
		return []part{due(apiPay, x), a.tag(n, j, d)}
	case 13:
		return []part{settle(apiCharge, x, n), dropped(j)}
	}
	return []part{a.texted(x, j, d), settle(apiPay, x, n)}
}

// settle is to pay or charge a person what a note says.
func settle(api, who, note int) part {
	w, n := peopleWords()[who], noteWords()[note]
	return part{api: api, args: []string{w, ""}, from: apiShow, key: n, said: APIs()[api] + " " + w + " what " + n + " says"}
}

// due is to pay or charge a person what the person owes.
func due(api, who int) part {
	w := peopleWords()[who]
	return part{api: api, args: []string{w, ""}, from: apiOwed, key: w, said: APIs()[api] + " " + w + " what " + w + " owes"}
}

func (a *apps) tag(note int, j juncture, d *dice) part {
	args := []string{noteWords()[note], labelWords()[d.paired(note, len(labelWords()), j.split)]}
	return part{api: apiTag, args: args, from: apiCount, said: "tag " + strings.Join(args, " ")}
}

func moved(j juncture) part {
	from, to := folderWords()[j.from], folderWords()[j.to]
	return part{api: apiMove, args: []string{"", to}, from: apiNewest, key: from, said: "move newest of " + from + " to " + to}
}

func dropped(j juncture) part {
	from := folderWords()[j.from]
	return part{api: apiDrop, args: []string{""}, from: apiNewest, key: from, said: "drop newest of " + from}
}

func (a *apps) enrolled(j juncture, d *dice) part {
	args := []string{peopleWords()[j.others[0]], numberWords()[d.paired(j.others[0], len(numberWords()), j.split)]}
	return part{api: apiEnrol, args: args, from: apiCount, said: "enrol " + strings.Join(args, " ")}
}

func (a *apps) texted(who int, j juncture, d *dice) part {
	w, word := peopleWords()[who], messageWords()[d.paired(who, len(messageWords()), j.split)]
	return part{api: apiText, args: []string{"", word}, from: apiLookup, key: w, said: "text " + w + " " + word}
}

// sentence is the task in the user's words.
func sentence(parts []part) string {
	said := make([]string, len(parts))
	for i := range parts {
		said[i] = parts[i].said
	}
	return strings.Join(said, " then ")
}

// testsOf are what must hold at the end: every lookup was made, every call did what it was to do, and nothing else was changed.
func testsOf(db *Database, parts []part, forms [apiCount]form) (tests []Checked) {
	var touched []Key
	for i := range parts {
		p := &parts[i]
		args := slices.Clone(p.args)
		if p.from < apiCount {
			asked := say(p.from, forms[p.from], []string{p.key})
			tests = append(tests, Checked{Name: "asked " + asked, Holds: func(s *State) bool { return s.did(asked) }})
			args[slices.Index(args, "")] = run(db, p.from, []string{p.key}).Text
		}
		test, key := outcomeOf(p.api, args)
		tests, touched = append(tests, test), append(touched, key)
	}
	return append(tests, Untouched(*db, touched...))
}

// did says whether that very call was made and did not fail.
func (s *State) did(call string) bool {
	return slices.ContainsFunc(s.Steps, func(st Step) bool { return !st.Failed && st.Action.String() == call })
}

// outcomeOf is the test that a call was done, and what it may change.
func outcomeOf(api int, args []string) (Checked, Key) {
	kind, _ := subject(api)
	field := map[int]string{apiMove: "folder", apiPen: "number", apiTag: "label", apiEnrol: "number", apiPay: "paid", apiCharge: "charged", apiCap: "cap"}[api]
	switch api {
	case apiEnrol:
		return Equals(kind, args[0], field, args[1]), Key{kind, args[0], ""}
	case apiText:
		return Equals("message", args[0], "says", args[1]), Key{"message", args[0], ""}
	case apiDrop, apiWipe, apiForget:
		return Checked{Name: kind + " " + args[0] + " is gone", Holds: func(s *State) bool { return s.Data.Find(kind, args[0]) == nil }}, Key{kind, args[0], ""}
	}
	return Equals(kind, args[0], field, args[1]), Key{kind, args[0], field}
}
