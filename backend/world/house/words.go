package house

import (
	"slices"
	"strconv"
)

// sort is what a word stands for.
type sort uint8

const (
	isOther sort = iota
	isNoun
	isClass
	isMaterial
	isNumber
	isPlace
	isRoom
	isSwitch
	isState
	isPerson
	isNeed
	isItem
)

// term is a word with its place in the list of its sort.
type term struct {
	sort sort
	at   int
}

// kind says what can be done at a place.
type kind uint8

const (
	aDoor kind = iota
	aSpot
	aReceptacle
	anAppliance
	aPanel
	aCounter
	aSeat
)

// Numbers of things in the lists.
const (
	perClass  = 4 // nouns of a class, appliances of a state, items of a need
	sideRooms = 6
	ids       = 9 // numbers of things that look alike
)

// lexicon holds the words of the world. It depends on no knob, so that one model serves all variants.
type lexicon struct {
	nouns, classes, materials, spots, rooms, receptacles []string
	appliances, switches, states, persons, needs, items  []string
	seats, numbers, places                               []string
	placeKinds                                           []kind
	placeAt                                              []int // place within the list of its kind
	terms                                                map[string]term
	words                                                []string
	spot0, receptacle0, appliance0, seat0                int // first place of that kind
}

// Places that there is one of.
const (
	door = iota
	panel
	counter
	singlePlaces
)

func newLexicon() *lexicon {
	l := &lexicon{
		nouns: []string{"mug", "plate", "bowl", "cup", "hammer", "brush", "ladle", "ruler", "ball", "doll", "ship", "horse",
			"vase", "pot", "jar", "can", "frame", "statue", "clock", "bell", "ring", "belt", "button", "crown"},
		classes:     []string{"dish", "tool", "toy", "vessel", "ornament", "jewel"},
		materials:   []string{"clay", "metal", "wood", "glass"},
		spots:       []string{"bed", "sofa", "chair", "stool", "rug", "mat"},
		rooms:       []string{"kitchen", "bathroom", "bedroom", "study", "attic", "cellar"},
		receptacles: []string{"drawer", "cabinet", "shelf", "box", "basket", "chest"},
		appliances: []string{"sink", "washer", "steamer", "polisher", "oven", "stove", "kettle", "grill", "fridge", "freezer", "fan", "cooler",
			"lamp", "torch", "lantern", "candle"},
		switches: []string{"red", "green", "blue", "white"},
		states:   []string{"clean", "hot", "cold", "lit"},
		persons:  []string{"ana", "ben", "cleo", "dan", "eva", "finn", "gus", "hana"},
		needs:    []string{"drink", "snack"},
		items:    []string{"tea", "milk", "water", "juice", "apple", "bread", "cheese", "nuts"},
		seats:    []string{"table", "desk", "bench", "tray"},
	}
	for n := range ids {
		l.numbers = append(l.numbers, strconv.Itoa(n+1))
	}
	l.layPlaces()
	l.collect()
	return l
}

// layPlaces numbers the places.
func (l *lexicon) layPlaces() {
	add := func(k kind, names ...string) (first int) {
		first = len(l.places)
		for i, name := range names {
			l.places, l.placeKinds, l.placeAt = append(l.places, name), append(l.placeKinds, k), append(l.placeAt, i)
		}
		return first
	}
	add(aDoor, "door")
	add(aPanel, "panel")
	add(aCounter, "counter")
	l.spot0 = add(aSpot, l.spots...)
	l.receptacle0 = add(aReceptacle, l.receptacles...)
	l.appliance0 = add(anAppliance, l.appliances...)
	l.seat0 = add(aSeat, l.seats...)
}

// collect lists all words and what they stand for.
func (l *lexicon) collect() {
	l.terms = map[string]term{}
	for _, list := range []struct {
		sort  sort
		words []string
	}{
		{isNoun, l.nouns}, {isClass, l.classes}, {isMaterial, l.materials}, {isNumber, l.numbers}, {isPlace, l.places}, {isRoom, l.rooms},
		{isSwitch, l.switches}, {isState, l.states}, {isPerson, l.persons}, {isNeed, l.needs}, {isItem, l.items},
		{isOther, []string{"go", "open", "take", "use", "put", "look", "in", "at", "task", "store", "wash", "heat", "cool", "raw", "bring", "to", "and", "hold", "nothing",
			"lies", "on", "see", "shut", "happens", "no", "power", "not", ":", ";", "works", "fails", "dead", "success", "failed"}},
	} {
		for i, word := range list.words {
			l.terms[word] = term{list.sort, i}
		}
		l.words = append(l.words, list.words...)
	}
}

// classOf is the class of a noun, needOf the need that an item serves, stateOf what an appliance makes.
func classOf(noun int) int      { return noun / perClass }
func needOf(item int) int       { return item / perClass }
func stateOf(appliance int) int { return appliance / perClass }

// verbOf is what is asked where things are to be brought into a state.
func verbOf(state int) string { return []string{"wash", "heat", "cool", "look at"}[state] }

// Words returns the words of the world in their fixed order.
func Words() []string { return slices.Clone(newLexicon().words) }
