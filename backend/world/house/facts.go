package house

import (
	"math/bits"
	"strings"

	"github.com/loci-lab/loci/backend/world"
)

// key names one thing that the rules settle.
type key struct {
	about topic
	a, b  int
}

type topic uint8

const (
	holds topic = iota // class: receptacle
	fits               // state, material: appliance of those that make the state
	power              // appliance: switch
	home               // noun, number: receptacle
	likes              // person, need: item of the need
	seat               // person: seat
)

// options is the number of answers that a key may have in a world.
func (k *Knobs) options(about topic) int {
	switch about {
	case holds, home:
		return k.Receptacles
	case fits:
		return k.Appliances
	case power:
		return k.Switches
	}
	return perClass
}

// beliefs settle keys, truly or by guessing.
type beliefs interface {
	settle(k key) int
}

// truth is what the rules say in an episode.
type truth struct {
	rules *rules
	clock uint64
}

func (t truth) settle(k key) int {
	switch k.about {
	case holds:
		return t.rules.holds[k.a]
	case fits:
		return t.rules.fits[k.a][k.b] % perClass
	case power:
		return max(t.rules.power[k.a], 0)
	case home:
		return t.rules.home[k.a][k.b]
	case likes:
		return t.rules.likes(k.a, k.b, t.clock) % perClass
	}
	return t.rules.seat(k.a, t.clock)
}

// guess settles every key by chance, out of one observation: it goes on with what that shows to be begun and was not refused, and else draws;
// equal salts draw alike in equal places.
type guess struct {
	w    *World
	v    *view
	salt uint64
}

func (g guess) settle(k key) int {
	if at, ok := g.begun(k); ok {
		return at
	}
	salt := world.Draw(g.salt, uint64(g.v.at)<<8+uint64(g.v.said))
	return world.Pick(world.Draw(salt, uint64(k.about)<<32+uint64(k.a)<<16+uint64(k.b)), g.w.knobs.options(k.about))
}

// begun is the answer that the place where one stands gives to a key, or the switch that is on.
func (g guess) begun(k key) (at int, ok bool) {
	l, v := g.w.lex, g.v
	if k.about == power {
		return v.on, v.on != none && v.said != dead
	}
	if v.said != worked {
		return 0, false
	}
	at = l.placeAt[v.at]
	switch l.placeKinds[v.at] {
	case aReceptacle:
		return at, k.about == holds || k.about == home && v.shut
	case anAppliance:
		return at % perClass, k.about == fits && stateOf(at) == k.a
	case aSeat:
		return at, k.about == seat
	}
	return 0, false
}

// facts settle keys by what was seen: what worked, else one of those that have not failed. The newest observation counts.
type facts struct {
	lex   *lexicon
	knobs *Knobs
	salt  uint64
	yes   map[key]int
	no    map[key]uint32 // one bit each
}

func newFacts(l *lexicon, k *Knobs, salt uint64) *facts {
	return &facts{lex: l, knobs: k, salt: salt, yes: map[key]int{}, no: map[key]uint32{}}
}

func (f *facts) settle(k key) int {
	if v, ok := f.yes[k]; ok {
		return v
	}
	n := f.knobs.options(k.about)
	left := ^f.no[k] & (1<<n - 1)
	if left == 0 {
		left = 1<<n - 1
	}
	at := world.Pick(world.Draw(f.salt, uint64(k.about)<<32+uint64(k.a)<<16+uint64(k.b)), bits.OnesCount32(left))
	for ; at > 0; at-- {
		left &= left - 1
	}
	return bits.TrailingZeros32(left)
}

// note takes in that an answer was right or wrong. What contradicts a belief ends it: rules may have changed.
func (f *facts) note(k key, answer int, right bool) {
	if answer < 0 || answer >= f.knobs.options(k.about) {
		return
	}
	if right {
		f.yes[k] = answer
		delete(f.no, k)
		return
	}
	if was, ok := f.yes[k]; ok {
		if was != answer {
			return
		}
		delete(f.yes, k)
	}
	if f.no[k] |= 1 << answer; f.no[k] == 1<<f.knobs.options(k.about)-1 {
		f.no[k] = 1 << answer // all failed once: things changed meanwhile
	}
}

// learn takes in a line of memory. Lines of other forms, and words that are none, teach nothing.
func (f *facts) learn(line string) {
	head, body, ok := strings.Cut(line, ":")
	if !ok {
		return
	}
	c := f.lex.about(strings.Fields(head))
	for part := range strings.SplitSeq(body, ";") {
		f.learnAction(&c, strings.Fields(part))
	}
}

// context is what the subject of a line says, and the switch that is on so far.
type context struct {
	noun, class, material, number int
	person, need, appliance, on   int
}

func (l *lexicon) about(words []string) (c context) {
	c = context{none, none, none, none, none, none, none, none}
	for _, w := range words {
		t, ok := l.terms[w]
		if !ok {
			continue
		}
		switch t.sort {
		case isNoun:
			if c.noun == none {
				c.noun, c.class = t.at, classOf(t.at)
			}
		case isClass:
			c.class = t.at
		case isMaterial:
			if c.material == none {
				c.material = t.at
			}
		case isNumber:
			if c.number == none {
				c.number = t.at
			}
		case isPerson:
			c.person = t.at
		case isNeed:
			c.need = t.at
		case isPlace:
			if l.placeKinds[t.at] == anAppliance {
				c.appliance = l.placeAt[t.at]
			}
		}
	}
	return c
}

// learnAction takes in one action of a line, as "use oven fails" or "not use oven".
func (f *facts) learnAction(c *context, words []string) {
	said := worked
	if n := len(words); n > 0 && words[0] == "not" {
		said, words = refused, words[1:]
	} else if n > 0 {
		switch words[n-1] {
		case "works":
			words = words[:n-1]
		case "fails":
			said, words = refused, words[:n-1]
		case "dead":
			said, words = dead, words[:n-1]
		}
	}
	if len(words) < 2 {
		return
	}
	last := f.lex.terms[words[len(words)-1]]
	switch words[0] {
	case "use":
		f.learnUse(c, last, said)
	case "put":
		f.learnPut(c, words, last, said)
	case "look":
		if c.noun != none && c.number != none && last.sort == isPlace && f.lex.placeKinds[last.at] == aReceptacle {
			f.note(key{home, c.noun, c.number}, f.lex.placeAt[last.at], said == worked)
		}
	case "take":
		if last.sort == isItem && c.person != none {
			f.note(key{likes, c.person, needOf(last.at)}, last.at%perClass, said == worked)
		}
	}
}

func (f *facts) learnUse(c *context, t term, said result) {
	switch {
	case t.sort == isSwitch && c.appliance != none:
		f.note(key{power, c.appliance, 0}, t.at, said == worked)
	case t.sort == isSwitch && said == worked:
		c.on = t.at
	case t.sort == isPlace && f.lex.placeKinds[t.at] == anAppliance:
		a := f.lex.placeAt[t.at]
		if c.on != none && powered(stateOf(a)) {
			f.note(key{power, a, 0}, c.on, said != dead)
		}
		if c.material != none && said != dead {
			f.note(key{fits, stateOf(a), c.material}, a%perClass, said == worked)
		}
	}
}

func (f *facts) learnPut(c *context, words []string, t term, said result) {
	if t.sort != isPlace || said == dead {
		return
	}
	at := f.lex.placeAt[t.at]
	switch f.lex.placeKinds[t.at] {
	case aReceptacle:
		class := c.class
		if noun := f.lex.terms[words[1]]; noun.sort == isNoun {
			class = classOf(noun.at)
		}
		if class != none && c.number == none {
			f.note(key{holds, class, 0}, at, said == worked)
		}
	case aSeat:
		if c.person != none {
			f.note(key{seat, c.person, 0}, at, said == worked)
		}
	}
}
