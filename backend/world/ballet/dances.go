package ballet

import "strings"

// Moves and places share the eight directions of the compass, clockwise from north.
const (
	compass = 8
	still   = 0 // move of a dancer that stands; move i+1 goes in direction i
	moves   = compass + 1
)

// Directions names the compass directions, clockwise from north.
func Directions() [compass]string {
	return [compass]string{"N", "NE", "E", "SE", "S", "SW", "W", "NW"}
}

// offsets are the directions as steps right and down.
func offsets() [compass][2]int {
	return [compass][2]int{{0, -1}, {1, -1}, {1, 0}, {1, 1}, {0, 1}, {-1, 1}, {-1, 0}, {-1, -1}}
}

// Dance is a fixed string of moves. Dances come in mirror pairs: 2i and 2i+1 make the same moves equally often, in another order.
type Dance struct {
	Name  string
	Moves []int8 // 1 to 8: direction + 1
}

// pairs is the number of mirror pairs.
const pairs = 3

// DanceCount is the number of dances.
const DanceCount = 2 * pairs

// Dances returns the six dances of that length, 8 or 16 moves. Plus and times, and the circle of 16 moves, are strings of the published
// Ballet environment (arXiv 2105.14039v1); cut to 8 the circle pair would no longer be balanced, so a ring through all eight directions
// takes its place there.
func Dances(length int) [DanceCount]Dance {
	third := [2]Dance{dance("ring_cw", "N NE E SE S SW W NW"), dance("ring_ccw", "N NW W SW S SE E NE")}
	repeat := 1
	if length == 16 {
		third = [2]Dance{dance("circle_cw", "N E S S W W N N E E S S W W N E"), dance("circle_ccw", "N W S S E E N N W W S S E E N W")}
		repeat = 2
	}
	return [DanceCount]Dance{
		dance("plus_cw", strings.Repeat("N S E W S N W E ", repeat)), dance("plus_ccw", strings.Repeat("N S W E S N E W ", repeat)),
		dance("times_cw", strings.Repeat("NE SW SE NW SW NE NW SE ", repeat)), dance("times_ccw", strings.Repeat("NW SE SW NE SE NW NE SW ", repeat)),
		third[0], third[1],
	}
}

func dance(name, steps string) Dance {
	d := Dance{Name: name}
	for _, s := range strings.Fields(steps) {
		for i, n := range Directions() {
			if n == s {
				d.Moves = append(d.Moves, int8(i+1))
			}
		}
	}
	return d
}

// moveName puts a move into words.
func moveName(move int8) string {
	if move == still {
		return "stands"
	}
	return "moves " + Directions()[move-1]
}

// Look names the looks of dancers: a colour and a shape.
func Look(i int) string {
	colours := [4]string{"red", "green", "blue", "yellow"}
	shapes := [6]string{"disc", "square", "star", "cross", "ring", "wedge"}
	return colours[i%4] + " " + shapes[i/4%6]
}
