package chat

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

const (
	mostChunks  = 104
	leastWords  = 12 // of a chunk
	mostWords   = 24
	gistShare   = 0.8  // of the sentences on the protagonist's topics: those on the main one
	heroShare   = 0.35 // of chunks of facts: those about the protagonist
	chunksEach  = 3    // chunks for each further persona
	daysBetween = 2    // at most, from one event to the next
)

// Instance returns the instance of that seed in that split with as many chunks as Knobs.Chunks. An unknown split is an error of code invalid.
func (w *World) Instance(split string, seed uint64) (*Instance, error) {
	return w.InstanceOf(split, seed, w.knobs.Chunks)
}

// InstanceOf returns an instance with that many chunks, 2 to 104, whatever the knob says. Questions ask for what any of the chunks tells, the
// early ones as likely as the late ones, and one of them for the topic that the protagonist, of whom the first chunk of facts is, brings up
// most, where a chunk tells any.
func (w *World) InstanceOf(split string, seed uint64, chunks int) (*Instance, error) {
	side, err := w.sideOf(split)
	if err != nil {
		return nil, err
	}
	c := &cutter{w: w, side: side, dice: dice{key: ^seed}, in: &Instance{Split: split, Seed: seed}}
	c.cast(max(2, min(chunks, mostChunks)))
	for range cap(c.in.Chunks) {
		c.chunk()
	}
	c.questions()
	return c.in, nil
}

// cutter makes one instance.
type cutter struct {
	w    *World
	side int
	dice dice
	in   *Instance
	day  int

	who    []int    // the first one is the protagonist
	themes []string // of the protagonist, the main one first
	told   []told   // facts, events and labels in the order of chunks
	values map[slot]string
	topics map[string]int
}

// told is a fact with the chunk that tells it first.
type told struct {
	Fact
	attr, chunk int
}

func (c *cutter) cast(chunks int) {
	c.in.Chunks = make([]Chunk, 0, chunks)
	c.values, c.topics = map[slot]string{}, map[string]int{}
	for n := min(2+chunks/chunksEach, len(c.w.lex.names)); len(c.who) < n; {
		if p := c.dice.below(len(c.w.lex.names)); !slices.Contains(c.who, p) {
			c.who = append(c.who, p)
		}
	}
	c.themes = part(c.w.sides.persona[c.who[0]][topic], c.side)
}

var chunkKinds = [...]ChunkKind{ChunkFacts, ChunkEvents, ChunkSamples, ChunkNoise}

func (c *cutter) chunk() {
	k := &c.w.knobs
	kind := chunkKinds[c.dice.kind([]float64{k.Facts, k.Events, k.Samples, k.Noise})]
	if first := len(c.in.Chunks) == 0; first && kind == ChunkNoise {
		kind = chunkKinds[c.dice.kind([]float64{k.Facts, k.Events, k.Samples, 0})] // something is told in every instance
	}
	ch := Chunk{Number: len(c.in.Chunks) + 1, Kind: kind}
	var words []string
	switch kind {
	case ChunkFacts:
		words = c.facts(&ch)
	case ChunkEvents:
		words = c.events(&ch)
	case ChunkSamples:
		words = c.labelled(&ch)
	}
	for len(words) < leastWords {
		words = append(words, c.w.lex.chatter[c.dice.below(len(c.w.lex.chatter))]...)
		words = append(words, ".")
	}
	ch.Text = strings.Join(words, " ")
	c.in.Chunks = append(c.in.Chunks, ch)
}

// tell keeps a fact and returns its sentence.
func (c *cutter) tell(ch *Chunk, attr int, f Fact, sentence ...string) []string {
	f.Attribute = c.w.lex.attrs[attr].noun
	if ch.Facts = append(ch.Facts, f); attr == topic {
		c.topics[f.Values[0]]++
	}
	if !slices.ContainsFunc(c.told, func(t told) bool {
		return t.Persona == f.Persona && t.Attribute == f.Attribute && slices.Equal(t.Values, f.Values)
	}) {
		c.told = append(c.told, told{f, attr, ch.Number})
	}
	return append(strings.Fields(strings.Join(sentence, " ")), ".")
}

// facts tells two or three facts about one persona and, of the protagonist, what is talked about.
func (c *cutter) facts(ch *Chunk) (words []string) {
	at := 0
	if len(c.topics) > 0 && !c.dice.chance(heroShare) {
		at = c.dice.between(1, len(c.who)-1)
	}
	name := c.w.lex.names[c.who[at]]
	attrs := c.some(singles, c.dice.between(2, 3))
	for _, a := range attrs {
		v, ok := c.values[slot{at, a}]
		if !ok {
			pool := part(c.w.sides.persona[c.who[at]][a], c.side)
			v = pool[c.dice.below(len(pool))]
			c.values[slot{at, a}] = v
		}
		words = append(words, c.tell(ch, a, Fact{Persona: name, Op: Set, Values: []string{v}}, name, c.w.lex.attrs[a].verb, v)...)
	}
	if at == 0 {
		t := c.themes[0]
		if !c.dice.chance(gistShare) {
			t = c.themes[c.dice.between(1, len(c.themes)-1)]
		}
		words = append(words, c.tell(ch, topic, Fact{Persona: name, Op: Set, Values: []string{t}}, name, c.w.lex.attrs[topic].verb, t)...)
	}
	return words
}

// events tells two or three of them, each with its day. A persona goes to a place once.
func (c *cutter) events(ch *Chunk) (words []string) {
	for range c.dice.between(2, 3) {
		c.day = min(c.day+c.dice.between(0, daysBetween), calendar)
		at := c.dice.below(len(c.who))
		pool := part(c.w.sides.persona[c.who[at]][visited], c.side)
		v, name := pool[c.dice.below(len(pool))], c.w.lex.names[c.who[at]]
		if c.wasThere(name, v) {
			continue
		}
		f := Fact{Persona: name, Op: Add, Values: []string{v}, Day: max(1, c.day)}
		words = append(words, c.tell(ch, visited, f, dayed(f.Day, name), c.w.lex.attrs[visited].verb, v)...)
	}
	return words
}

func (c *cutter) wasThere(name, place string) bool {
	return slices.ContainsFunc(c.told, func(t told) bool { return t.attr == visited && t.Persona == name && t.Values[0] == place })
}

// labelled tells three labels. The label of a sample is the same whenever it is told, and in one split only.
func (c *cutter) labelled(ch *Chunk) (words []string) {
	for _, i := range c.some(len(c.w.lex.samples), 3) {
		name := c.w.lex.samples[i]
		v := ""
		if at := slices.IndexFunc(c.told, func(t told) bool { return t.attr == label && t.Persona == name }); at >= 0 {
			v = c.told[at].Values[0]
		} else {
			pool := part(c.w.sides.sample[i], c.side)
			v = pool[c.dice.below(len(pool))]
		}
		words = append(words, c.tell(ch, label, Fact{Persona: name, Op: Set, Values: []string{v}}, sample, name, "label", v)...)
	}
	return words
}

// some draws k different numbers of 0..n-1.
func (c *cutter) some(n, k int) (list []int) {
	for len(list) < k {
		if i := c.dice.below(n); !slices.Contains(list, i) {
			list = append(list, i)
		}
	}
	return list
}

// questions asks for one topic and then for what was told, each fact as likely within its kind, no question twice.
func (c *cutter) questions() {
	if t, ok := c.mainTopic(); ok {
		c.in.Questions = append(c.in.Questions, t)
	}
	k := &c.w.knobs
	weights := []float64{k.AskFacts, k.AskEvents, k.AskSamples}
	left := [3][]told{}
	for _, t := range c.told {
		switch {
		case t.attr < singles:
			left[0] = append(left[0], t)
		case t.attr == visited:
			left[1] = append(left[1], t)
		case t.attr == label:
			left[2] = append(left[2], t)
		}
	}
	places := slices.Clone(left[1])
	for len(c.in.Questions) < k.Questions {
		for i := range left {
			if len(left[i]) == 0 {
				weights[i] = 0
			}
		}
		if weights[0]+weights[1]+weights[2] == 0 {
			break
		}
		kind := c.dice.kind(weights)
		i := c.dice.below(len(left[kind]))
		t := left[kind][i]
		left[kind] = slices.Delete(left[kind], i, i+1)
		c.in.Questions = append(c.in.Questions, c.ask(t, places))
	}
}

// ask asks for one thing told; of events one in three questions is for the order of two of the same persona, where there are two.
func (c *cutter) ask(t told, places []told) Question {
	q := query{persona: t.Persona, attr: t.attr, bridge: -1}
	ask := Question{Kind: AskCurrent, Gold: slices.Clone(t.Values), Evidence: []int{t.chunk}, Persona: t.Persona, Attribute: t.Attribute}
	switch t.attr {
	case label:
		q.form, ask.Kind = askLabel, AskLabel
	case visited:
		q.form, q.value, ask.Kind, ask.Gold = askWhen, t.Values[0], AskTemporal, []string{strconv.Itoa(t.Day)}
		other := slices.IndexFunc(places, func(o told) bool { return o.Persona == t.Persona && o.Day != t.Day })
		if other >= 0 && c.dice.chance(1.0/3) {
			o := places[other]
			q.form, q.value, q.other = askFirst, min(t.Values[0], o.Values[0]), max(t.Values[0], o.Values[0])
			first := slices.MinFunc([]told{t, o}, func(a, b told) int { return cmp.Compare(a.Day, b.Day) })
			ask.Gold, ask.Evidence = slices.Clone(first.Values), []int{t.chunk, o.chunk}
		}
	}
	ask.Text = c.w.lex.asking(q)
	return ask
}

// mainTopic asks for the topic that was brought up most, where one was.
func (c *cutter) mainTopic() (Question, bool) {
	best, most, tied := "", 0, false
	for _, t := range c.themes {
		switch n := c.topics[t]; {
		case n > most:
			best, most, tied = t, n, false
		case n == most:
			tied = true
		}
	}
	if most == 0 || tied {
		return Question{}, false
	}
	name := c.w.lex.names[c.who[0]]
	ask := Question{Kind: AskGist, Gold: []string{best}, Persona: name, Attribute: "topic", Text: c.w.lex.asking(query{form: askTopic, persona: name, attr: topic, bridge: -1})}
	for _, ch := range c.in.Chunks {
		if slices.ContainsFunc(ch.Facts, func(f Fact) bool { return f.Attribute == "topic" && f.Values[0] == best }) {
			ask.Evidence = append(ask.Evidence, ch.Number)
		}
	}
	return ask, true
}
