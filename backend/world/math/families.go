package mathworld

import "strings"

// Family is a kind of word problem: one story in two lengths.
type Family struct {
	Name    string
	HeldOut bool
	two     template
	three   template
}

// template is a story with slots and the equations that solve it. Slots a to d are numbers, n and m two people, t and u two things.
// An equation is two operands round a sign; digits name the results of former equations, counted from 1.
type template struct {
	text  string
	steps []string
}

// families lists six families for training and two that are held out. The held-out ones use words of the others only, so what is new
// in them is the story, not a word that training never showed.
func families() []Family {
	return []Family{
		{Name: "boxes",
			two:   template{"{n} has {a} boxes of {b} {t} and gives {c} away . how many {t} are left ?", []string{"a*b", "1-c"}},
			three: template{"{n} has {a} boxes of {b} {t} , gives {c} away and finds {d} . how many {t} does {n} have ?", []string{"a*b", "1-c", "2+d"}}},
		{Name: "pay",
			two:   template{"{n} buys {a} {t} for {b} coins each and a bag for {c} coins . how many coins does {n} pay ?", []string{"a*b", "1+c"}},
			three: template{"{n} buys {a} {t} for {b} coins each and {c} {u} for {d} coins each . how many coins does {n} pay ?", []string{"a*b", "c*d", "1+2"}}},
		{Name: "more",
			two:   template{"{n} has {a} {t} and {m} has {b} more . how many {t} do they have together ?", []string{"a+b", "a+1"}},
			three: template{"{n} has {a} {t} , {m} has {b} more and they lose {c} . how many {t} are left ?", []string{"a+b", "a+1", "2-c"}}},
		{Name: "day",
			two:   template{"{n} picks {a} {t} in the morning and {b} at noon and loses {c} . how many {t} are left ?", []string{"a+b", "1-c"}},
			three: template{"each day {n} picks {a} {t} in the morning and {b} at noon and loses {c} . how many {t} are left after {d} days ?", []string{"a+b", "1-c", "2*d"}}},
		{Name: "save",
			two:   template{"{n} saves {a} coins each day for {b} days and spends {c} . how many coins are left ?", []string{"a*b", "1-c"}},
			three: template{"{n} saves {a} coins each day for {b} days and spends {c} on each of {d} days . how many coins are left ?", []string{"a*b", "c*d", "1-2"}}},
		{Name: "times",
			two:   template{"{m} has {a} {t} . {n} has {b} times as many and gets {c} more . how many {t} does {n} have ?", []string{"a*b", "1+c"}},
			three: template{"{m} has {a} {t} . {n} has {b} times as many and gets {c} more . how many {t} do they have together ?", []string{"a*b", "1+c", "a+2"}}},
		{Name: "stock", HeldOut: true,
			two:   template{"{n} has {a} {t} and buys {b} boxes of {c} . how many {t} does {n} have ?", []string{"b*c", "a+1"}},
			three: template{"{n} has {a} {t} , buys {b} boxes of {c} and gives {d} away . how many {t} are left ?", []string{"b*c", "a+1", "2-d"}}},
		{Name: "rest", HeldOut: true,
			two:   template{"{n} has {a} {t} and loses {b} . {m} has {c} times as many as are left . how many {t} does {m} have ?", []string{"a-b", "1*c"}},
			three: template{"{n} has {a} {t} and loses {b} . {m} has {c} times as many as are left and gets {d} more . how many {t} does {m} have ?", []string{"a-b", "1*c", "2+d"}}},
	}
}

func people() []string {
	return []string{"ann", "ben", "cleo", "dan", "eva", "fay", "gus", "hal", "ida", "jon", "kim", "leo"}
}

func things() []string {
	return []string{"pens", "cups", "books", "stones", "apples", "shells", "stamps", "cards", "balls", "keys", "nuts", "roses"}
}

// cast fills the slots of a template.
type cast struct {
	numbers        [4]int // a to d
	people, things [2]int // n and m, t and u
}

// slot returns the name of the slot that a word of a template is, 0 for a plain word.
func slot(word string) byte {
	if len(word) == 3 && word[0] == '{' {
		return word[1]
	}
	return 0
}

// tell writes the story.
func (t template) tell(c cast, names, goods []string) string {
	var b strings.Builder
	b.Grow(2 * len(t.text))
	for i, word := range strings.Fields(t.text) {
		if i > 0 {
			b.WriteByte(' ')
		}
		switch s := slot(word); s {
		case 0:
			b.WriteString(word)
		case 'n', 'm':
			b.WriteString(names[c.people[s-'m']])
		case 't', 'u':
			b.WriteString(goods[c.things[s-'t']])
		default:
			b.WriteString(numeral(c.numbers[s-'a']))
		}
	}
	return b.String()
}

// hear reads the numbers of a story, false where the words are not those of this template. Who and what do not matter for the answer.
func (t template) hear(story []string) (numbers [4]int, ok bool) {
	words := strings.Fields(t.text)
	if len(words) != len(story) {
		return numbers, false
	}
	for i, word := range words {
		switch s := slot(word); {
		case s == 0 && word != story[i]:
			return numbers, false
		case s >= 'a' && s <= 'd':
			if numbers[s-'a'], ok = wholeNumber(story[i]); !ok {
				return numbers, false
			}
		}
	}
	return numbers, true
}

// work writes the equations, and says whether all their values lie in 0..LargestValue.
func (t template) work(numbers [4]int) (equations []Equation, ok bool) {
	equations = make([]Equation, 0, len(t.steps))
	for _, step := range t.steps {
		e := Equation{Left: operand(step[0], numbers, equations), Sign: step[1], Right: operand(step[2], numbers, equations)}
		if e.Value = e.result(); e.Value < 0 || e.Value > LargestValue {
			return nil, false
		}
		equations = append(equations, e)
	}
	return equations, true
}

func operand(name byte, numbers [4]int, before []Equation) int {
	if name >= 'a' {
		return numbers[name-'a']
	}
	return before[name-'1'].Value
}
