package hop

import (
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/world"
)

// Draws of an episode, each kind from its own range.
const (
	drawCount    = 0
	drawNumber   = 1
	drawSubjects = 1 << 8
	drawChain    = 1 << 12
	drawMiss     = 1 << 16
	drawAliases  = 1 << 18
	drawValues   = 1 << 20
	drawLeads    = 1 << 32
	drawIDs      = 1 << 40
	splitKey     = 0x686f70 // of the draw that gives a fact to a split, the same in every episode
)

// corpus holds the facts of one episode. They are drawn when they are asked for.
type corpus struct {
	w    *World
	side uint64
	key  uint64
}

// mostTries bounds the draws for the leads of one search.
const mostTries = 1 << 12

// Fact says that a relation of an entity is another entity; of the alias table, whom an alias names.
type Fact struct{ Relation, Of, Is string }

// Key is what a search for the fact asks: boss ana.
func (f Fact) Key() string { return f.Relation + " " + f.Of }

// String is the sentence of the fact.
func (f Fact) String() string { return f.Key() + " " + Is + " " + f.Is }

func (c *corpus) draw(i uint64) uint64 { return world.Draw(c.key, i) }

// value is the entity that relation r of entity x is: any other one of the split's half for r and x.
func (c *corpus) value(r, x int) int {
	var possible []int
	for y := range c.w.knobs.Entities {
		if y != x && world.Draw(splitKey, uint64(r<<16|x<<8|y))&1 == c.side {
			possible = append(possible, y)
		}
	}
	return possible[world.Pick(c.draw(drawValues+uint64(r<<8|x)), len(possible))]
}

func (c *corpus) fact(r, x int) Fact {
	l := c.w.lex
	return Fact{l.relations[r], l.entities[x], l.entities[c.value(r, x)]}
}

// shuffled are n of 0..size-1 in an order of chance.
func (c *corpus) shuffled(from uint64, n, size int) []int {
	all := make([]int, size)
	for i := range all {
		all[i] = i
	}
	for i := range n {
		j := i + world.Pick(c.draw(from+uint64(i)), size-i)
		all[i], all[j] = all[j], all[i]
	}
	return all[:n]
}

// subjects are the entities in the order in which questions are about them; as many aliases name the first of them.
func (c *corpus) subjects() []int {
	return c.shuffled(drawSubjects, c.w.knobs.Entities, c.w.knobs.Entities)
}

// aliases are the aliases of the first subjects, in their order.
func (c *corpus) aliases() []int {
	n := len(c.w.lex.aliases)
	return c.shuffled(drawAliases, n, n)
}

// named is the entity that an alias names in this episode; ok is false where it names none.
func (c *corpus) named(alias int) (x int, ok bool) {
	at, subjects := slices.Index(c.aliases(), alias), c.subjects()
	if c.w.knobs.Aliases == 0 || at >= len(subjects) {
		return 0, false
	}
	return subjects[at], true
}

// look returns the fact that a search asks for; ok is false where the corpus has none.
func (c *corpus) look(relation, of string) (f Fact, ok bool) {
	l := c.w.lex
	if a, known := l.alias[of]; relation == Alias && known {
		x, ok := c.named(a)
		return Fact{Alias, of, l.entities[x]}, ok
	}
	r, knownR := l.relation[relation]
	x, knownX := l.entity[of]
	if !knownR || !knownX || r >= c.w.knobs.Relations || x >= c.w.knobs.Entities {
		return Fact{}, false
	}
	return c.fact(r, x), true
}

// leads are the useless facts of the search in that turn: none is the one looked for, no two are the same.
func (c *corpus) leads(turn int, relation, of string, avoid Fact) []Fact {
	k, from := &c.w.knobs, drawLeads+uint64(turn)<<16
	n := k.Leads + world.Pick(c.draw(from), k.Spread+1)
	var all []Fact
	for i := uint64(1); len(all) < n && i < mostTries; i++ { // a small corpus may have fewer facts than leads are wanted
		r, x := world.Pick(c.draw(from+4*i), k.Relations), world.Pick(c.draw(from+4*i+1), k.Entities)
		if world.Unit(c.draw(from+4*i+2)) < k.Alike {
			r, x = c.alike(c.draw(from+4*i+3), relation, of, r, x)
		}
		if f := c.fact(r, x); f.Key() != avoid.Key() && f.Key() != relation+" "+of && !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	return all
}

// alike puts the relation or the entity that was looked for in the place of a drawn one.
func (c *corpus) alike(coin uint64, relation, of string, r, x int) (int, int) {
	if same, ok := c.w.lex.entity[of]; ok && coin&3 == 0 && same < c.w.knobs.Entities {
		return r, same
	}
	if same, ok := c.w.lex.relation[relation]; ok && same < c.w.knobs.Relations {
		return same, x
	}
	return r, x
}

// Question is what an episode asks.
type Question struct {
	Number string   // its word; "" where questions have none
	Chain  []string // relations, the one to be asked last first, as they are read
	Of     string   // the entity or its alias
	Steps  []Fact   // the searches that answer it, in order
}

// Answer is the right one.
func (q Question) Answer() string { return q.Steps[len(q.Steps)-1].Is }

// String is the question as it is read: boss mother ana.
func (q Question) String() string { return strings.Join(q.Chain, " ") + " " + q.Of }

// questions draws those of the episode: no two are about the same entity, and no two have the same answer.
func (c *corpus) questions() []Question {
	k := &c.w.knobs
	n := k.Least + world.Pick(c.draw(drawCount), k.Most-k.Least+1)
	subjects, aliases := c.subjects(), c.aliases()
	var all []Question
	used := map[string]bool{}
	for i := uint64(0); len(all) < n; i++ {
		at := int(i) % len(subjects)
		alias := ""
		if at < len(aliases) && world.Unit(c.draw(drawChain+i*8)) < k.Aliases {
			alias = c.w.lex.aliases[aliases[at]]
		}
		q := c.question(drawChain+i*8, subjects[at], alias)
		// After two rounds over all entities the answers may be the same: no size of world can loop here.
		if used[q.Answer()] && int(i) < 2*len(subjects) {
			continue
		}
		used[q.Answer()] = true
		all = append(all, q)
	}
	c.number(all)
	return all
}

// number gives consecutive numbers to questions where the world has them. The first is any that leaves room for the others, so that whoever
// met few questions an episode met every number.
func (c *corpus) number(questions []Question) {
	if !c.w.knobs.Numbered {
		return
	}
	first := world.Pick(c.draw(drawNumber), MostNumber-len(questions)+1)
	for i := range questions {
		questions[i].Number = c.w.lex.labels[first+i]
	}
}

// question chains relations from an entity, named by an alias where there is one.
func (c *corpus) question(from uint64, x int, alias string) Question {
	k, l := &c.w.knobs, c.w.lex
	q := Question{Of: l.entities[x]}
	if alias != "" {
		q.Of, q.Steps = alias, append(q.Steps, Fact{Alias, alias, q.Of})
	}
	hops := 1 + world.Pick(c.draw(from+1), k.Hops)
	for h := range hops {
		f := c.fact(world.Pick(c.draw(from+2+uint64(h)), k.Relations), x)
		q.Steps, q.Chain = append(q.Steps, f), append([]string{f.Relation}, q.Chain...)
		x = l.entity[f.Is]
	}
	return q
}
